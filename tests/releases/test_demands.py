"""What changes demand, found by comparing with the last release; real git, real types."""

from __future__ import annotations

import datetime

from mattone.platform.tree import RevisionTree
from mattone.releases.demands import RENAMED, Comparing
from mattone.releases.model import ComponentRelease
from mattone.releases.source import open_source
from mattone.versions import Bump
from tests.releases.workshop import BASE, LIBRARY, PAGE, WEB, Workshop
from tests.small import FILES

TYPES = f"{LIBRARY}/page.yaml"


def planned(workshop: Workshop) -> dict[str, ComponentRelease]:
    demands = Comparing(workshop.repository, RevisionTree(workshop.repository, workshop.head()))
    return {release.component.path: release for release in workshop.plan(demands=demands).releases}


def types(old: str, new: str) -> dict[str, str | None]:
    text = FILES[TYPES]
    assert old in text
    return {TYPES: text.replace(old, new)}


def test_a_property_that_is_gone_is_a_major_version_whatever_the_commit_says(workshop: Workshop) -> None:
    workshop.change("fix: tidy up", files=types('      word: {type: string, default: ""}\n', ""))
    found = planned(workshop)
    assert str(found[LIBRARY].version) == "2.0.0"
    assert (found[LIBRARY].claimed, found[LIBRARY].demanded) == (Bump.PATCH, Bump.MAJOR)
    assert "word" in found[LIBRARY].demand.reasons[0].message
    assert [(one.requirement.path, one.new) for one in found[PAGE].ranges] == [(LIBRARY, "^2.0")]


def test_a_new_property_is_a_minor_version(workshop: Workshop) -> None:
    workshop.change("chore: more", files=types("      title:", "      size: {type: integer, default: 1}\n      title:"))
    assert str(planned(workshop)[LIBRARY].version) == "1.1.0"


def test_what_commits_claim_beyond_what_is_demanded_holds(workshop: Workshop) -> None:
    workshop.change("feat!: we say that it breaks", files=types("A page", "A page") if "A page" in FILES[TYPES] else {
        TYPES: FILES[TYPES] + "# words\n"
    })  # fmt: skip
    assert str(planned(workshop)[LIBRARY].version) == "2.0.0"


def test_a_breaking_change_that_was_taken_back_demands_nothing(workshop: Workshop) -> None:
    workshop.change("fix: out with it", files=types('      word: {type: string, default: ""}\n', ""))
    workshop.change("fix: and in again", files={TYPES: FILES[TYPES]})
    assert planned(workshop)[LIBRARY].demanded is Bump.NONE


def test_an_input_that_is_gone_breaks_the_service(workshop: Workshop) -> None:
    template = FILES[f"{PAGE}/template.yaml"]
    changed = template.replace("    cpus: {type: integer, default: 1, description: Cores.}\n", "").replace(
        "{get_input: cpus}", "1"
    )
    workshop.change("refactor: fewer inputs", files={f"{PAGE}/template.yaml": changed})
    assert str(planned(workshop)[PAGE].version) == "2.0.0"


def test_a_role_with_another_task_is_a_patch_without_a_word(workshop: Workshop) -> None:
    workshop.change("refactor: otherwise", f"{WEB}/tasks/main.yml")
    found = planned(workshop)
    assert str(found[WEB].version) == "1.0.1"
    assert BASE not in found


def test_a_renamed_component_breaks_who_names_it(workshop: Workshop) -> None:
    workshop.git("mv", WEB, "ansible-roles/pages")
    role = FILES[f"{WEB}/role.yaml"].replace("name: web", "name: pages")
    workshop.change("refactor: a better name", files={"ansible-roles/pages/role.yaml": role})
    found = planned(workshop)["ansible-roles/pages"]
    assert str(found.version) == "2.0.0"
    assert [one.rule for one in found.demand.reasons] == [RENAMED]


def waiver(path: str, expires: str) -> dict[str, str | None]:
    fields = {"rule": "COMPAT1101", "path": path, "reason": "Nobody gave it.", "owner": "ada", "expires": expires}
    return {"waivers.yaml": "waivers:\n  - " + "\n    ".join(f"{key}: {value}" for key, value in fields.items()) + "\n"}


def tomorrow() -> str:
    return (datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1)).isoformat()


def test_a_change_that_is_waived_demands_nothing(workshop: Workshop) -> None:
    workshop.change("fix: tidy up", files=types('      word: {type: string, default: ""}\n', ""))
    assert planned(workshop)[LIBRARY].demanded is Bump.MAJOR
    workshop.change("chore: accept it", files=waiver(f"{LIBRARY}/*.yaml", tomorrow()))
    assert planned(workshop)[LIBRARY].demanded is Bump.NONE
    workshop.change("chore: elsewhere", files=waiver(f"{PAGE}/*.yaml", tomorrow()))
    assert planned(workshop)[LIBRARY].demanded is Bump.MAJOR
    workshop.change("chore: too late", files=waiver(f"{LIBRARY}/*.yaml", "2020-01-01"))
    assert planned(workshop)[LIBRARY].demanded is Bump.MAJOR


def test_an_untouched_repository_has_nothing_to_compare(workshop: Workshop) -> None:
    source, _ = open_source(workshop.repository, "HEAD")
    assert [source.demands(lineage).bump for lineage in source.lineages.values()] == [Bump.NONE] * 4
