"""Plans from what commits claim, with real git."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from mattone.errors import InputError
from mattone.git import Repository
from mattone.releases.model import Demand, Reason
from mattone.versions import Bump
from tests.forges.site import git
from tests.releases.workshop import BASE, EVERY, LIBRARY, PAGE, WEB, Workshop
from tests.small import FILES, closing

TASKS = f"{WEB}/tasks/main.yml"


def test_without_a_change_there_is_nothing_to_release(workshop: Workshop) -> None:
    assert workshop.versions() == {}


@pytest.mark.parametrize(
    ("message", "version"),
    [
        ("feat: more", "1.1.0"),
        ("fix: less", "1.0.1"),
        ("perf: faster", "1.0.1"),
        ("feat!: other", "2.0.0"),
        ("fix(web)!: other", "2.0.0"),
        ("docs: words\n\nBREAKING CHANGE: the words mean something else", "2.0.0"),
        ("refactor: the same\n\nMore about it.\n\nReviewed-by: A\nBREAKING-CHANGE: not the same at all", "2.0.0"),
        ("feat(web): more\n\nA body with a list:\n\n- one\n- two\n", "1.1.0"),
    ],
)
def test_types_marks_and_footers_claim_a_bump(workshop: Workshop, message: str, version: str) -> None:
    workshop.change(message, TASKS)
    assert workshop.versions()[WEB] == version


@pytest.mark.parametrize("message", ["docs: words", "chore: nothing", "Feat: capital", "feature: x", "more", "feat:x"])
def test_other_messages_claim_nothing(workshop: Workshop, message: str) -> None:
    workshop.change(message, TASKS)
    assert workshop.versions() == {}


def test_a_commit_counts_for_the_components_whose_files_it_changed(workshop: Workshop) -> None:
    workshop.change("feat: both", TASKS, f"{BASE}/files/run.sh")
    workshop.change("fix: neither", "docs/words.md", "ansible-roles/web-other/notes.md", "catalog/README.md")
    assert workshop.versions() == {BASE: "1.1.0", WEB: "1.1.0"}


def test_a_scope_that_names_a_touched_component_leaves_the_others_a_patch(workshop: Workshop) -> None:
    workshop.change("feat(web): drop a task", TASKS, f"{BASE}/files/run.sh", f"{PAGE}/README.md")
    assert workshop.versions() == {BASE: "1.0.1", WEB: "1.1.0", PAGE: "1.0.1"}


@pytest.mark.parametrize("scope", ["ansible-roles/web", "roles", "ansible-roles", "web, page", "role"])
def test_a_scope_may_be_a_path_a_folder_a_kind_or_several_names(workshop: Workshop, scope: str) -> None:
    workshop.change(f"feat({scope}): more", TASKS, f"{LIBRARY}/page.yaml")
    assert workshop.versions() == {WEB: "1.1.0", LIBRARY: "1.0.1"}


def test_a_scope_that_names_nothing_it_touched_narrows_nothing(workshop: Workshop) -> None:
    workshop.change("feat(page): more", TASKS)
    workshop.change("feat(cli): more", f"{LIBRARY}/page.yaml")
    assert workshop.versions() == {WEB: "1.1.0", LIBRARY: "1.1.0"}


def test_a_tag_on_a_commit_outside_the_component_counts(workshop: Workshop) -> None:
    workshop.change("feat: before the tag", TASKS)
    workshop.change("docs: elsewhere", "docs/words.md")
    workshop.tag(f"{WEB}/v1.5.0")
    assert workshop.versions() == {}
    workshop.change("fix: after the tag", TASKS)
    assert workshop.versions() == {WEB: "1.5.1"}


def test_tags_are_annotated_or_not_and_in_any_order(workshop: Workshop) -> None:
    first = workshop.change("feat: one", TASKS)
    second = workshop.change("feat: two", TASKS)
    workshop.git("tag", f"{WEB}/v1.2.0", second)
    workshop.git("tag", f"{WEB}/v1.1.0", first)
    workshop.change("fix: three", TASKS)
    assert workshop.versions() == {WEB: "1.2.1"}


def test_tags_of_others_and_tags_that_are_no_versions_do_not_count(workshop: Workshop) -> None:
    workshop.change("feat: one", TASKS)
    for tag in (f"{WEB}/latest", f"{WEB}/v1.2", "v7.0.0", f"other/{WEB}/v3.0.0", f"{WEB}-more/v8.0.0"):
        workshop.tag(tag)
    assert workshop.versions() == {WEB: "1.1.0"}


def test_a_version_that_has_a_tag_on_another_branch_is_taken(workshop: Workshop) -> None:
    workshop.git("switch", "--quiet", "--create", "side")
    workshop.change("feat: on the side", TASKS)
    workshop.tag(f"{WEB}/v1.1.0")
    workshop.git("switch", "--quiet", "main")
    workshop.change("feat: on main", TASKS)
    assert workshop.versions() == {WEB: "1.2.0"}


def test_a_branch_of_an_old_version_gets_versions_of_its_own(workshop: Workshop) -> None:
    workshop.change("feat!: the new world", TASKS)
    workshop.tag(f"{WEB}/v2.0.0")
    workshop.git("switch", "--quiet", "--create", "maintenance", "HEAD~1")
    workshop.change("fix: the old world", TASKS)
    assert workshop.versions() == {WEB: "1.0.1"}


@pytest.fixture
def merged(workshop: Workshop) -> Workshop:
    """A branch of two commits without meaning, merged; the message of the merge is still to be given."""
    workshop.git("switch", "--quiet", "--create", "topic")
    workshop.change("wip", TASKS)
    workshop.change("more wip", f"{PAGE}/README.md")
    workshop.git("switch", "--quiet", "main")
    workshop.change("docs: main goes on", "docs/words.md")
    workshop.git("merge", "--quiet", "--no-ff", "--no-edit", "topic")
    return workshop


def test_commits_of_a_merged_branch_count_and_git_s_merge_message_does_not(workshop: Workshop) -> None:
    workshop.git("switch", "--quiet", "--create", "topic")
    workshop.change("feat: more", TASKS)
    workshop.git("switch", "--quiet", "main")
    workshop.change("fix: repaired", f"{LIBRARY}/page.yaml")
    workshop.git("merge", "--quiet", "--no-ff", "--message=Merge branch 'topic'\n\nfeat!: in the body", "topic")
    assert workshop.versions() == {WEB: "1.1.0", LIBRARY: "1.0.1"}


def test_a_conventional_merge_counts_for_all_that_it_brings(merged: Workshop) -> None:
    assert merged.versions() == {}
    merged.git("commit", "--quiet", "--amend", "--message=feat: the topic (!7)")
    assert merged.versions() == {WEB: "1.1.0", PAGE: "1.1.0"}
    assert merged.planned(WEB).entries[0].claim.request == "!7"


def test_what_was_released_on_one_parent_of_a_merge_is_released(workshop: Workshop) -> None:
    workshop.git("switch", "--quiet", "--create", "topic")
    workshop.change("feat: on the topic", TASKS)
    workshop.tag(f"{WEB}/v1.1.0")
    workshop.git("switch", "--quiet", "main")
    workshop.change("fix: on main", TASKS.replace("tasks", "handlers"))
    workshop.git("merge", "--quiet", "--no-ff", "--no-edit", "topic")
    assert workshop.versions() == {WEB: "1.1.1"}


def test_every_commit_of_a_squashed_merge_counts(workshop: Workshop) -> None:
    body = "* feat(web): more of it\n\n* fix(page): a word mended\n\n* docs: a sentence more"
    workshop.change(f"A better page (!12)\n\n{body}", TASKS, f"{PAGE}/README.md")
    assert workshop.versions() == {WEB: "1.1.0", PAGE: "1.0.1"}
    assert [entry.claim.kind for entry in workshop.planned(WEB).entries] == ["feat", "fix", "docs"]


def test_a_renamed_component_keeps_its_history_and_breaks_who_names_it(workshop: Workshop) -> None:
    workshop.change("fix: before", TASKS)
    workshop.git("mv", WEB, "ansible-roles/pages")
    role = FILES[f"{WEB}/role.yaml"].replace("name: web", "name: pages")
    workshop.change("feat(pages)!: rename the role web", files={"ansible-roles/pages/role.yaml": role})
    assert workshop.versions() == {"ansible-roles/pages": "2.0.0"}
    planned = workshop.planned("ansible-roles/pages")
    assert [entry.claim.subject for entry in planned.entries] == ["rename the role web", "before"]
    assert planned.last is not None
    assert planned.last.tag == f"{WEB}/v1.0.0"


def test_a_component_moved_from_another_layout_keeps_its_tags(workshop: Workshop) -> None:
    workshop.git("mv", WEB, "old-web")
    workshop.save("chore: as it was long ago")
    workshop.tag("old-web/v1.7.0")
    workshop.git("mv", "old-web", WEB)
    workshop.save("refactor: where roles belong")
    assert workshop.versions() == {}
    workshop.change("fix: there", TASKS)
    assert workshop.versions() == {WEB: "1.7.1"}


def test_a_copied_component_is_a_new_one(workshop: Workshop) -> None:
    role = FILES[f"{WEB}/role.yaml"].replace("name: web", "name: copy").replace("1.0.0", "0.1.0")
    workshop.change("feat: another role", files={"ansible-roles/copy/role.yaml": role})
    assert workshop.versions() == {"ansible-roles/copy": "0.1.0"}


def test_the_first_release_has_the_version_that_the_manifest_states(tmp_path: Path) -> None:
    with closing(Workshop(tmp_path / "new", released=False)) as made:
        assert isinstance(made, Workshop)
        assert made.versions() == dict.fromkeys(EVERY, "1.0.0")


def test_a_higher_version_in_the_manifest_is_somebody_s_decision(workshop: Workshop) -> None:
    role = FILES[f"{WEB}/role.yaml"].replace("1.0.0", "3.0.0")
    workshop.change("docs: we call it 3", files={f"{WEB}/role.yaml": role})
    assert workshop.versions(WEB) == {WEB: "3.0.0", PAGE: "1.0.1"}
    assert workshop.planned(WEB).stated


def test_a_higher_version_in_the_manifest_never_lowers_what_is_computed(workshop: Workshop) -> None:
    role = FILES[f"{WEB}/role.yaml"].replace("1.0.0", "1.0.1")
    workshop.change("feat: more", files={f"{WEB}/role.yaml": role})
    assert workshop.versions(WEB) == {WEB: "1.1.0"}


def test_pre_releases_count_up_and_end_in_the_release(workshop: Workshop) -> None:
    workshop.change("feat: more", TASKS)
    assert workshop.versions(WEB, label="rc") == {WEB: "1.1.0-rc.1"}
    workshop.tag(f"{WEB}/v1.1.0-rc.1")
    assert workshop.versions(WEB, label="rc") == {}
    workshop.change("fix: better", TASKS)
    assert workshop.versions(WEB, label="rc") == {WEB: "1.1.0-rc.2"}
    workshop.tag(f"{WEB}/v1.1.0-rc.2")
    workshop.change("feat!: other", TASKS)
    assert workshop.versions(WEB, label="rc") == {WEB: "2.0.0-rc.1"}
    assert workshop.versions(WEB, label="beta") == {WEB: "2.0.0-beta.1"}
    workshop.tag(f"{WEB}/v2.0.0-rc.1")
    assert workshop.versions(WEB) == {WEB: "2.0.0", PAGE: "1.0.1"}


def test_a_pre_release_leaves_what_requires_it_alone(workshop: Workshop) -> None:
    workshop.change("feat!: other", f"{LIBRARY}/page.yaml")
    assert workshop.versions(label="rc") == {LIBRARY: "2.0.0-rc.1"}


def test_what_changes_demand_counts_when_commits_claim_less(workshop: Workshop) -> None:
    workshop.change("fix: a small thing", f"{LIBRARY}/page.yaml")
    demand = Demand((Reason("X1", Bump.MAJOR, "the property title is gone"),))
    planned = workshop.planned(LIBRARY, lambda _: demand)
    assert (str(planned.version), planned.claimed, planned.demanded) == ("2.0.0", Bump.PATCH, Bump.MAJOR)


def test_a_component_that_no_commit_touched_is_not_compared(workshop: Workshop) -> None:
    asked: list[str] = []

    def demands(lineage: object) -> Demand:
        asked.append(str(getattr(lineage, "component", "")))
        return Demand()

    workshop.change("docs: words", TASKS)
    workshop.plan(demands=demands)
    assert asked == [WEB]


def test_an_unknown_component_is_refused_with_the_nearest_name(workshop: Workshop) -> None:
    with pytest.raises(InputError, match="no component 'catalog/pag'") as caught:
        workshop.plan("catalog/pag")
    assert "catalog/page" in caught.value.hint


def test_a_shallow_clone_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    workshop.change("fix: more", TASKS)
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{workshop.root}", str(tmp_path / "shallow"))
    from tests.releases.workshop import source

    with pytest.raises(InputError, match="shallow clone") as caught:
        source(Repository(tmp_path / "shallow"))
    assert "--unshallow" in caught.value.hint


def test_the_plan_is_the_same_whatever_the_order_of_tags(workshop: Workshop) -> None:
    for number in range(6):
        workshop.change(f"feat: step {number}", TASKS, f"{BASE}/files/run.sh")
        workshop.tag(f"{(WEB, BASE)[number % 2]}/v1.{number + 1}.0")
    workshop.change("fix: last", TASKS, f"{BASE}/files/run.sh")
    expected = workshop.plan()
    found = workshop.source()
    from mattone.releases.lineage import TAGS, lineages

    tags = list(workshop.repository.refs(TAGS).items())
    for seed in range(10):
        random.Random(seed).shuffle(tags)  # noqa: S311 - the same orders every time
        assert lineages(tuple(found.lineages), dict(tags), found.history) == found.lineages
    assert [str(release.version) for release in expected.releases] == ["1.6.1", "1.6.0"]
