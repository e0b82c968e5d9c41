"""Runs the pipelines of the embedded forge: what GitLab or Jenkins do elsewhere, by the same commands.

A merge request's pipeline checks the result of the merge, not the branch alone, in a clone of its
own that is thrown away, and with an environment from which everything secret was taken. The
deployment pipeline applies the default branch's head.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mattone import process
from mattone.errors import EXIT_CHANGES, InputError
from mattone.forges.interface import MergeRequest, Pipeline, PipelineState
from mattone.forges.local.forge import LocalForge
from mattone.git import Repository
from mattone.releases.settings import COMPONENTS

BOT = "pipeline"
WAIVERS = "waivers.yaml"
TIMEOUT = 7200.0  # seconds for one stage

_PACKAGES = Path(__file__).resolve().parents[2]  # where this very mattone is imported from

# What a merge request's jobs may know of their surroundings; no secret has these names.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TERM", "VIRTUAL_ENV", "XDG_CACHE_HOME")


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: its name and the words after `mattone`; `accept` lists the exit codes that pass."""

    name: str
    arguments: tuple[str, ...]
    accept: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class StageResult:
    """How a stage ended: exit code, what it printed, seconds."""

    stage: Stage
    code: int
    output: str
    seconds: float

    @property
    def passed(self) -> bool:
        return self.code in self.stage.accept


def merge_request_stages(base: str, markdown: Path, waivers: Path, title: str | None = None) -> tuple[Stage, ...]:
    """Check, lock, plan: nothing that writes anywhere but to the plan's file.

    title  of the merge request, whose claims are judged; None where nothing is released
    """
    plan = ("plan", "--detailed-exitcode", "--base", base, "--markdown", str(markdown))
    claims = ("release", "--check", "HEAD^1..HEAD", f"--title={title}")
    return (
        Stage("check", ("validate", "--waivers", str(waivers))),
        *([Stage("claims", claims)] if title is not None else []),
        Stage("lock", ("lock", "--locked")),
        Stage("plan", plan, (0, EXIT_CHANGES)),
    )


def deployment_stages(confirmed: Sequence[str]) -> tuple[Stage, ...]:
    """Check once more what was merged, then apply it."""
    confirm = tuple(word for name in confirmed for word in ("--confirm", name))
    return (Stage("check", ("validate",)), Stage("apply", ("apply", *confirm)))


def run_merge_request(forge: LocalForge, iid: int, on_line: Callable[[str], None]) -> tuple[MergeRequest, str]:
    """Run the pipeline of a merge request's head.

    Returns the merge request with its pipeline, and the text of the plan comment (empty when
    the plan stage was not reached). Raises InputError for a conflict with the target.
    """
    request = forge.merge_request(iid)
    with tempfile.TemporaryDirectory(prefix="mattone-pipeline-") as folder:
        clone = _merged_clone(forge, request, Path(folder) / "platform")
        markdown, waivers = Path(folder) / "plan.md", Path(folder) / WAIVERS
        # Nobody waives their own findings: what the default branch accepts counts.
        waivers.write_bytes(forge.repository.read(f"refs/heads/{request.target_branch}", WAIVERS) or b"")
        # Whether there are releases is what the default branch says, too.
        released = forge.repository.read(f"refs/heads/{request.target_branch}", COMPONENTS) is not None
        stages = merge_request_stages(request.base, markdown, waivers, request.title if released else None)
        # A workspace of its own: the clone's `.mattone` is what a merge request may have brought.
        environment = {**_without_secrets(), "MATTONE_WORKSPACE": str(Path(folder) / "workspace")}
        try:
            results = _run(stages, clone.root, environment, on_line, _status(forge, request))
        except BaseException:  # a time limit or an interrupt: it must not look as if it still ran
            forge.set_pipeline(request.iid, Pipeline(request.head, PipelineState.CANCELED))
            raise
        comment = markdown.read_text(encoding="utf-8") if markdown.exists() else _failure(results)
    return forge.merge_request(iid), comment


def run_deployment(
    forge: LocalForge, workspace: Path, confirmed: Sequence[str], on_line: Callable[[str], None]
) -> tuple[StageResult, ...]:
    """Run the deployment pipeline on the default branch's head, with the workspace's state and credentials."""
    with tempfile.TemporaryDirectory(prefix="mattone-pipeline-") as folder:
        clone = Repository.clone(forge.url, Path(folder) / "platform", forge.default_branch())
        environment = {**os.environ, "MATTONE_WORKSPACE": str(workspace)}
        return _run(deployment_stages(confirmed), clone.root, environment, on_line, lambda _results, _running: None)


def _merged_clone(forge: LocalForge, request: MergeRequest, path: Path) -> Repository:
    """A clone at the commit that merging would make; no ref of the forge moves."""
    target = forge.repository.resolve(f"refs/heads/{request.target_branch}")
    if target is None:
        raise InputError(f"the branch {request.target_branch!r} does not exist")
    clone = Repository.clone(forge.url, path, request.target_branch)
    clone.run("fetch", "--quiet", "origin", request.head)
    tree, conflicts = clone.merge_tree(target, request.head)
    if conflicts:
        raise InputError(
            f"!{request.iid} conflicts with {request.target_branch}: {', '.join(conflicts)}",
            hint=f"merge {request.target_branch} into {request.source_branch} and push",
        )
    merged = clone.write_commit(tree, [target, request.head], f"Merge !{request.iid} to test it")
    clone.run("checkout", "--quiet", "--detach", merged)
    return clone


def _run(
    stages: Sequence[Stage],
    folder: Path,
    environment: Mapping[str, str],
    on_line: Callable[[str], None],
    on_change: Callable[[Sequence[StageResult], Stage | None], None],
) -> tuple[StageResult, ...]:
    """Run stages in order until one fails."""
    results: list[StageResult] = []
    for stage in stages:
        on_change(results, stage)
        on_line(f"--- {stage.name}: mattone {' '.join(stage.arguments[:2])}")
        begun = time.monotonic()
        done = process.run(
            # -P: the folder holds what a merge request brought; none of it may be imported.
            [sys.executable, "-P", "-m", "mattone", *stage.arguments],
            cwd=folder,
            env={**environment, "PYTHONPATH": _import_path()},
            timeout=TIMEOUT,
            accept=range(-64, 256),  # below zero: ended by that signal
            on_line=on_line,
        )
        results.append(StageResult(stage, done.code, done.output, time.monotonic() - begun))
        if not results[-1].passed:
            break
    on_change(results, None)
    return tuple(results)


def _import_path() -> str:
    """Where this very process finds packages, as absolute paths: the same code runs in the stage."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join([str(_PACKAGES), *(str(Path(entry).absolute()) for entry in given if entry)])


def _without_secrets() -> dict[str, str]:
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


def _status(forge: LocalForge, request: MergeRequest) -> Callable[[Sequence[StageResult], Stage | None], None]:
    """Keeps the merge request's pipeline status as the stages go on."""

    def update(results: Sequence[StageResult], running: Stage | None) -> None:
        done = [(r.stage.name, _state(r), round(r.seconds, 2)) for r in results]
        if running is not None:
            state = PipelineState.RUNNING
            done.append((running.name, PipelineState.RUNNING, 0.0))
        else:
            state = PipelineState.SUCCESS if all(r.passed for r in results) else PipelineState.FAILED
        forge.set_pipeline(request.iid, Pipeline(request.head, state, tuple(done)))

    return update


def _state(result: StageResult) -> PipelineState:
    return PipelineState.SUCCESS if result.passed else PipelineState.FAILED


def _failure(results: Sequence[StageResult]) -> str:
    """The comment of a pipeline that did not reach a plan: what failed, in its own words, as code."""
    last = results[-1]
    # Four backticks, and none that could close them inside: outside text stays inside the fence.
    body = last.output.strip().replace("```", "'''")[-20_000:]
    return f"### The stage `{last.stage.name}` failed\n\n````text\n{body}\n````\n"
