"""`release/`: what is wrong in it is told with its place."""

from __future__ import annotations

import pytest

from mattone.errors import FindingsError, InputError
from mattone.platform.components import Kind
from mattone.releases.changelog import Changelogs, inserted, section_of
from mattone.releases.settings import COMPONENTS, CONVENTIONAL, SETTINGS, TEMPLATE, load_release_settings
from mattone.versions import Version
from tests.releases.workshop import RELEASE_FILES, Workshop
from tests.small import FILES, MemoryTree


def tree(**changes: str | None) -> MemoryTree:
    paths = {"components": COMPONENTS, "settings": SETTINGS, "template": TEMPLATE}
    texts = {**FILES, **RELEASE_FILES, **{paths[name]: text or "" for name, text in changes.items()}}
    return MemoryTree({path: text for path, text in texts.items() if text or path not in paths.values()})


def test_the_settings_of_this_repository_are_those_for_repositories_without_any() -> None:
    found = load_release_settings(tree())
    assert (found.minor, found.patch, found.other) == (CONVENTIONAL.minor, CONVENTIONAL.patch, CONVENTIONAL.other)
    assert [one.path for one in found.components(tree())] == [
        "ansible-roles/base", "ansible-roles/web", "catalog/page", "tosca-types",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["components", "settings", "template"])
def test_a_file_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(InputError, match="missing") as caught:
        load_release_settings(tree(**{name: None}))
    assert str(caught.value.place).startswith("release/")


ENTRY = "components:\n  - {kind: KIND, path: PATH, tag: TAG}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("components: 3\n", "must be a list"),
        ("components: [3]\n", "must be a mapping"),
        ("{", "YAML"),
        ("more: 1\ncomponents: []\n", "unknown field"),
        (ENTRY.replace("KIND", "rolle"), "no kind of component 'rolle'"),
        (ENTRY.replace("KIND", "role").replace("PATH", "roles/*"), "must be 'ansible-roles/\\*'"),
        (ENTRY.replace("KIND", "types").replace("PATH", "tosca-types").replace("TAG", "v"), "must be 'tosca-types/v'"),
    ],
)
def test_components_that_are_not_as_the_platform_has_them(text: str, message: str) -> None:
    with pytest.raises((InputError, FindingsError), match=message) as caught:
        load_release_settings(tree(components=text))
    assert COMPONENTS in str(caught.value.place) or COMPONENTS in caught.value.message


def test_a_kind_that_is_not_listed_is_not_released() -> None:
    found = load_release_settings(tree(components=RELEASE_FILES[COMPONENTS].split("  - kind: role")[0]))
    assert found.kinds == (Kind.SERVICE, Kind.TYPES)
    assert [one.path for one in found.components(tree())] == ["catalog/page", "tosca-types"]


GOOD = RELEASE_FILES[SETTINGS]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "not TOML"),
        ("x = 1\n", "x is not used"),
        (GOOD.replace('"conventional"', '"emoji"'), "must be 'conventional'"),
        (GOOD.replace("minor_tags", "minor_tag"), "commit_parser_options.minor_tag is not used"),
        (GOOD.replace('["feat"]', '"feat"'), "must be a list of commit types"),
        (GOOD.replace('["feat"]', '["feat|.*"]'), "must be a list of commit types"),
        (GOOD.replace("[semantic_release.commit_parser_options]", "[semantic_release.changelog]"), "is not used"),
        ("[semantic_release]\ncommit_parser = 'conventional'\n", "is missing"),
    ],
)
def test_settings_that_have_no_effect_or_make_no_sense(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_release_settings(tree(settings=text))
    assert SETTINGS in str(caught.value.place)


@pytest.mark.parametrize(
    "text", ["{% if %}", "{{ version | nothing }}", "{{ version.nothing.more }}", "{% include '/etc/passwd' %}"]
)
def test_a_template_that_cannot_be_rendered_is_told(workshop: Workshop, text: str) -> None:
    workshop.change("feat: more", "ansible-roles/web/tasks/main.yml")
    with pytest.raises(InputError, match="template of changelogs") as caught:
        Changelogs(text, "2026-03-01").section(workshop.planned("ansible-roles/web"))
    assert TEMPLATE in str(caught.value.place)


def test_a_template_sees_nothing_of_python(workshop: Workshop) -> None:
    workshop.change("feat: more", "ansible-roles/web/tasks/main.yml")
    made = Changelogs("{{ sections.__class__.__mro__ }}{{ ''.__class__ }}", "2026-03-01")
    with pytest.raises(InputError, match="template of changelogs"):
        made.section(workshop.planned("ansible-roles/web"))


ONE, TWO = Version(1, 0, 0), Version(2, 0, 0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "# Changelog of web\n\n## 2.0.0\n\n- New.\n"),
        ("# Mine\n", "# Mine\n\n## 2.0.0\n\n- New.\n"),
        ("# Mine\n\n## 1.0.0\n\n- Old.\n", "# Mine\n\n## 2.0.0\n\n- New.\n\n## 1.0.0\n\n- Old.\n"),
        ("# Mine\n\n## v2.0.0 (by hand)\n", "# Mine\n\n## v2.0.0 (by hand)\n"),
        ("## 2.0.01\n", "## 2.0.0\n\n- New.\n\n## 2.0.01\n"),
    ],
)
def test_where_a_section_goes(before: str, after: str) -> None:
    assert inserted(before, "web", TWO, "## 2.0.0\n\n- New.\n") == after


def test_a_section_is_found_by_its_version() -> None:
    text = "# Mine\n\n## 2.0.0 (2026-03-01)\n\n- New.\n\n## 1.0.0\n\n- Old.\n"
    assert section_of(text, TWO) == "## 2.0.0 (2026-03-01)\n\n- New.\n"
    assert section_of(text, ONE) == "## 1.0.0\n\n- Old.\n"
    assert section_of(text, Version(1, 0, 1)) == ""
