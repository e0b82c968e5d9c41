"""`mattone pipeline`: run a pipeline of the embedded forge, on a merge request or the default branch."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_DONE, EXIT_FINDINGS, InputError

if TYPE_CHECKING:
    from mattone.forges.local.forge import LocalForge
    from mattone.platform.site import Site

EXAMPLES = (
    "mattone pipeline 3                          check, lock and plan merge request !3; comment the plan",
    "mattone pipeline main                       apply what is merged",
    "mattone pipeline main --confirm school/notebooks",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", metavar="IID|BRANCH", help="a merge request's number, or the default branch")
    confirm = "confirm a deletion by name; may be repeated"
    parser.add_argument("--confirm", action="append", default=[], metavar="GROUP/NAME", help=confirm)
    common(parser)


def run(what: str, confirm: Sequence[str], repo: Path, output: str) -> int:
    """Run it, showing each stage's lines.

    A merge request's ends with 3 when a stage failed, the deployment with that stage's own code.
    """
    from mattone.forges.choose import open_forge
    from mattone.forges.local.forge import LocalForge
    from mattone.platform.site import open_site

    site = open_site(repo)
    forge = open_forge(site.repository, site.settings.forge)
    if not isinstance(forge, LocalForge):
        raise InputError("pipelines of this forge run on its own runners", hint="push, and look there")
    number = what.removeprefix("!")
    if number.isdecimal():
        return _merge_request(forge, int(number), output)
    if what == forge.default_branch():
        return _deployment(site, forge, confirm, output)
    raise InputError(f"{what!r} is neither a merge request nor the default branch", hint="`mattone mr list`")


def _merge_request(forge: LocalForge, iid: int, output: str) -> int:
    from mattone import terminal
    from mattone.forges.interface import PipelineState
    from mattone.reconcile.show import MARKER
    from mattone.runners.local import BOT, run_merge_request

    request, comment = run_merge_request(forge, iid, terminal.note)
    forge.comment(iid, comment, BOT, MARKER)
    pipeline = request.pipeline
    stages = pipeline.stages if pipeline else ()
    if output == "json":
        rows = [{"name": name, "state": state, "seconds": seconds} for name, state, seconds in stages]
        terminal.say_json({"merge_request": iid, "stages": rows, "comment": comment})
    else:
        for name, state, seconds in stages:
            terminal.say(f"{name}: {state} in {seconds:.1f} s")
        terminal.say(f"the plan is a comment on !{iid}: `mattone mr show {iid}`")
    passed = pipeline is not None and pipeline.state is PipelineState.SUCCESS
    return EXIT_DONE if passed else EXIT_FINDINGS


def _deployment(site: Site, forge: LocalForge, confirm: Sequence[str], output: str) -> int:
    from mattone import terminal
    from mattone.runners.local import run_deployment

    results = run_deployment(forge, site.workspace, confirm, terminal.note)
    if output == "json":
        rows = [{"name": r.stage.name, "exit_code": r.code, "seconds": round(r.seconds, 2)} for r in results]
        terminal.say_json({"branch": forge.default_branch(), "stages": rows})
    else:
        for result in results:
            terminal.say(f"{result.stage.name}: exit code {result.code} in {result.seconds:.1f} s")
    return results[-1].code
