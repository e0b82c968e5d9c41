"""Merge requests that claim less than they change; real git, real processes."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mattone.errors import EXIT_DONE, EXIT_FINDINGS, InputError
from mattone.forges.interface import PipelineState
from mattone.forges.local import LocalForge
from mattone.releases.check import Change, Judgement, judge
from mattone.runners.local import run_merge_request
from mattone.versions import Bump
from tests.releases.workshop import LIBRARY, PAGE, WEB, Workshop
from tests.small import FILES

TYPES = f"{LIBRARY}/page.yaml"
WORD = '      word: {type: string, default: ""}\n'


@pytest.fixture
def topic(workshop: Workshop) -> Workshop:
    """On a branch of its own, to be merged into main."""
    workshop.git("switch", "--quiet", "--create", "topic")
    return workshop


def without_word(workshop: Workshop, message: str) -> None:
    workshop.change(message, files={TYPES: FILES[TYPES].replace(WORD, "")})


def judged(workshop: Workshop, title: str = "", squash: bool = False) -> dict[str, Judgement]:
    found = judge(workshop.repository, Change("main", "HEAD", title, squash))
    return {one.component.path: one for one in found}


@pytest.mark.parametrize("message", ["fix: tidy up", "feat: better", "docs: words", "tidy up"])
def test_a_breaking_change_that_is_not_called_one_is_too_little(topic: Workshop, message: str) -> None:
    without_word(topic, message)
    found = judged(topic)[LIBRARY]
    assert found.short
    assert "word" in found.demand.reasons[0].message
    assert found.demand.reasons[0].place is not None


@pytest.mark.parametrize("message", ["fix!: tidy up", "docs: words\n\nBREAKING CHANGE: word is gone"])
def test_a_breaking_change_that_is_called_one_is_enough(topic: Workshop, message: str) -> None:
    without_word(topic, message)
    assert not judged(topic)[LIBRARY].short


def test_one_of_several_commits_may_say_it(topic: Workshop) -> None:
    without_word(topic, "wip")
    topic.change("feat(types)!: word is gone", TYPES)
    assert not judged(topic)[LIBRARY].short


def test_a_patch_needs_no_claim(topic: Workshop) -> None:
    topic.change("refactor: otherwise", f"{WEB}/tasks/main.yml")
    found = judged(topic)[WEB]
    assert (found.commits, found.demand.bump, found.short) == (Bump.NONE, Bump.PATCH, False)


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("fix: tidy up", True),
        ("fix(types)!: tidy up", False),
        ("Draft: feat!: tidy up", False),
        ("WIP: [Draft] feat: tidy up", True),
        ("Tidy up the types", False),
        ("", False),
    ],
)
def test_a_conventional_title_must_not_claim_less_than_the_commits(topic: Workshop, title: str, short: bool) -> None:
    without_word(topic, "feat!: word is gone")
    assert judged(topic, title)[LIBRARY].short is short


@pytest.mark.parametrize(("title", "short"), [("feat!: tidy up", False), ("feat: more", True), ("Tidy up", True)])
def test_of_a_squashed_merge_the_title_is_all_that_counts(topic: Workshop, title: str, short: bool) -> None:
    without_word(topic, "wip" if "!" in title else "feat!: word is gone")
    assert judged(topic, title, squash=True)[LIBRARY].short is short


def test_only_what_the_merge_request_brings_is_judged(topic: Workshop) -> None:
    topic.change("feat: more", f"{WEB}/tasks/main.yml")
    topic.git("switch", "--quiet", "main")
    without_word(topic, "fix: on main meanwhile")
    topic.git("switch", "--quiet", "topic")
    assert set(judged(topic)) == {WEB}


def test_what_was_never_released_cannot_be_broken(topic: Workshop) -> None:
    topic.git("switch", "--quiet", "main")
    more = FILES[TYPES].replace(WORD, f"{WORD}      size: {{type: integer, default: 1}}\n")
    topic.change("feat: a size", files={TYPES: more})
    topic.git("switch", "--quiet", "--create", "second")
    topic.change("fix: no size after all", files={TYPES: FILES[TYPES] + "# words\n"})
    found = judged(topic)[LIBRARY]
    assert (found.demand.bump < Bump.MAJOR, found.short) == (True, False)


def test_a_component_that_is_removed_breaks(topic: Workshop) -> None:
    topic.git("rm", "-r", "--quiet", WEB)
    topic.save("chore: nobody uses it")
    assert judged(topic)[WEB].short
    topic.git("commit", "--quiet", "--amend", "--message=feat!: remove the role web")
    assert not judged(topic)[WEB].short


def test_a_component_that_is_renamed_breaks(topic: Workshop) -> None:
    topic.git("mv", WEB, "ansible-roles/pages")
    role = FILES[f"{WEB}/role.yaml"].replace("name: web", "name: pages")
    topic.change("refactor: a better name", files={"ansible-roles/pages/role.yaml": role})
    assert judged(topic)["ansible-roles/pages"].short
    assert WEB not in judged(topic)


def test_nobody_waives_their_own_findings(topic: Workshop) -> None:
    expires = (datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1)).isoformat()
    text = f"waivers:\n  - {{rule: COMPAT1101, path: '**', reason: Mine., owner: mallory, expires: {expires}}}\n"
    without_word(topic, "fix: tidy up")
    topic.change("chore: accept it", files={"waivers.yaml": text})
    assert judged(topic)[LIBRARY].short
    topic.git("switch", "--quiet", "main")
    topic.change("chore: accept it", files={"waivers.yaml": text})
    topic.git("switch", "--quiet", "topic")
    topic.git("rebase", "--quiet", "main")
    assert not judged(topic)[LIBRARY].short


def test_a_new_component_breaks_nothing(topic: Workshop) -> None:
    role = FILES[f"{WEB}/role.yaml"].replace("name: web", "name: new")
    topic.change("chore: a role", files={"ansible-roles/new/role.yaml": role})
    assert not judged(topic)["ansible-roles/new"].short


@pytest.mark.parametrize("text", ["main", "..HEAD", "", "nothing..HEAD", "main..nothing"])
def test_what_is_no_range_is_refused(topic: Workshop, text: str) -> None:
    with pytest.raises(InputError):
        judge(topic.repository, Change.parse(text, "", False))


def test_the_command_fails_with_the_reasons(topic: Workshop) -> None:
    without_word(topic, "fix: tidy up")

    def mattone(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mattone", "release", "--repo", str(topic.root), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    done = mattone("--check", "main..HEAD", "--title", "fix: tidy up")
    assert done.returncode == EXIT_FINDINGS
    assert "claims too little" in done.stdout
    assert f"{TYPES}:" in done.stdout
    assert "property word" in done.stdout
    found = json.loads(mattone("--check", "main...", "--output", "json").stdout)["components"]
    assert [(one["component"], one["commits"], one["demanded"]) for one in found] == [(LIBRARY, "patch", "major")]
    assert mattone("--check", "HEAD..HEAD").returncode == EXIT_DONE


@pytest.fixture
def forge(topic: Workshop, tmp_path: Path) -> Iterator[LocalForge]:
    topic.git("switch", "--quiet", "main")
    made = LocalForge.create(tmp_path / "forge.git", topic.repository)
    topic.git("push", "--quiet", "--tags", made.url)
    topic.git("switch", "--quiet", "topic")
    yield made
    made.close_reader()


def test_the_embedded_pipeline_fails_at_what_claims_too_little(topic: Workshop, forge: LocalForge) -> None:
    template = FILES[f"{PAGE}/template.yaml"].replace(", word: {get_input: secret_word}", "")
    topic.change("fix: no word", files={f"{PAGE}/template.yaml": template})
    without_word(topic, "fix: tidy up")
    topic.git("push", "--quiet", forge.url, "topic")
    request = forge.open("topic", "fix: tidy up", "", "alice")
    lines: list[str] = []
    failed, comment = run_merge_request(forge, request.iid, lines.append)
    assert failed.pipeline is not None
    stages = [(name, state) for name, state, _ in failed.pipeline.stages]
    assert ("claims", PipelineState.FAILED) in stages, lines
    assert "property word" in comment
