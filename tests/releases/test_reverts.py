"""Reverts, as git, GitHub, GitLab and Conventional Commits write them."""

from __future__ import annotations

import pytest

from tests.releases.workshop import LIBRARY, WEB, Workshop

TASKS, TYPES = f"{WEB}/tasks/main.yml", f"{LIBRARY}/page.yaml"


def revert(workshop: Workshop, commit: str = "HEAD") -> str:
    workshop.git("revert", "--no-edit", commit)
    return workshop.head()


def test_a_commit_and_its_revert_vanish(workshop: Workshop) -> None:
    commit = workshop.change("feat!: other", TASKS)
    workshop.change("fix: small", TASKS)
    workshop.git("revert", "--no-edit", "--strategy-option=theirs", commit)
    planned = workshop.planned(WEB)
    assert str(planned.version) == "1.0.1"
    assert [entry.claim.subject for entry in planned.entries] == ["small"]


def test_the_revert_of_a_revert_brings_the_commit_back(workshop: Workshop) -> None:
    workshop.change("feat: more", TASKS)
    revert(workshop)
    revert(workshop)
    assert workshop.versions() == {WEB: "1.1.0"}


def test_a_revert_of_something_released_is_a_patch(workshop: Workshop) -> None:
    workshop.change("feat: more", TASKS)
    workshop.tag(f"{WEB}/v1.1.0")
    revert(workshop)
    planned = workshop.planned(WEB)
    assert str(planned.version) == "1.1.1"
    assert [(entry.claim.kind, entry.claim.subject) for entry in planned.entries] == [("revert", "feat: more")]


def test_what_is_released_in_one_component_and_not_in_another_is_reverted_in_each_its_own_way(
    workshop: Workshop,
) -> None:
    workshop.change("feat: both", TASKS, TYPES)
    workshop.tag(f"{WEB}/v1.1.0")
    revert(workshop)
    assert workshop.versions() == {WEB: "1.1.1"}


@pytest.mark.parametrize(
    "message",
    [
        "revert: feat: more",
        "revert: feat: more\n\nThis reverts commit {id}.",
        "revert: take it back\n\nRefs: {short}",
        'Revert "feat: more"',
        'Revert "feat: more"\n\nThis reverts commit {id}.\n\nSee merge request !7',
        'Revert "feat: more (!5)"\n\nThis reverts commit {id}, reversing changes made to {head}.',
    ],
)
def test_spellings_of_a_revert(workshop: Workshop, message: str) -> None:
    head = workshop.head()
    commit = workshop.change("feat: more", TASKS)
    workshop.change("fix: between", TYPES)
    workshop.git("revert", "--no-commit", commit)
    workshop.save(message.format(id=commit, short=commit[:8], head=head))
    assert workshop.versions() == {LIBRARY: "1.0.1"}


def test_a_revert_that_breaks_says_so_in_its_footer(workshop: Workshop) -> None:
    commit = workshop.change("feat: more", TASKS)
    workshop.tag(f"{WEB}/v1.1.0")
    workshop.git("revert", "--no-commit", commit)
    workshop.save(f'Revert "feat: more"\n\nThis reverts commit {commit}.\n\nBREAKING CHANGE: more is gone')
    assert workshop.versions()[WEB] == "2.0.0"


def test_a_subject_that_only_speaks_of_a_revert_reverts_nothing(workshop: Workshop) -> None:
    commit = workshop.change("feat: more", TASKS)
    workshop.change(f"docs: why we do not revert\n\nThis reverts commit {commit}.", TASKS)
    assert workshop.versions() == {WEB: "1.1.0"}
