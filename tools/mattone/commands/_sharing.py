"""Checking many files by several processes: the findings of one, in a part of its time."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

from mattone.checks.template import check_templates
from mattone.commands._checking import Seen
from mattone.errors import Place
from mattone.findings import Finding, finding
from mattone.tosca.normative import normative
from mattone.tosca.spots import Collector
from mattone.workers import shared_out, shares

_WORTH = 150_000  # bytes of templates that take ten times as long as starting a worker


def check_shared(paths: Sequence[str], seen: Seen, changed: Set[str] | None, jobs: int) -> tuple[Finding, ...]:
    """What `check_templates` finds, by at most so many processes where there is enough to do.

    Neighbours go to the same process, for they tend to import the same files. What several import is read by each,
    and checked by the one whose file it is.
    """
    runs = [paths[run] for run in shares([seen.size(path) for path in paths], jobs, _WORTH)]
    if len(runs) == 1:
        return check_templates(paths, seen, changed)
    normative()  # once, before there are several who need it

    def work(run: Sequence[str]) -> tuple[list[tuple[str, str, tuple[Any, ...], str]], Any]:
        found = check_templates(run, seen, changed, set(paths).difference(run))
        return [(one.rule, str(one.message), tuple(one.place), str(one.hint)) for one in found], seen.states

    out = Collector()
    for found, states in shared_out(runs, work):
        out.extend(finding(rule, message, Place(*place), hint) for rule, message, place, hint in found)
        seen.join(states)
    return out.findings()
