"""Roles before and after: arguments, nested ones too, defaults, platforms, and what only their tests use."""

from __future__ import annotations

import pytest

from mattone.compat.compare import compare_components
from mattone.platform.components import ComponentId, Kind
from tests.compat.support import MemoryTree

ROLE = ComponentId(Kind.ROLE, "web")
MANIFEST = {"role.yaml": "name: web\nversion: 1.0.0\ndescription: A web server.\n"}


def compare(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str]]:
    trees = [
        MemoryTree({f"ansible-roles/web/{path}": text for path, text in {**MANIFEST, **files}.items()})
        for files in (before, after)
    ]
    return [(one.id, one.subject) for one in compare_components(trees[0], trees[1], ROLE).changes]


def specs(options: str) -> dict[str, str]:
    return {"meta/argument_specs.yml": f"argument_specs: {{main: {{options: {{{options}}}}}}}\n"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a: {type: int}", "a: {type: list}", ["COMPAT1110"]),
        ("a: {type: int}", "a: {type: float}", ["COMPAT2111"]),
        ("a: {}", "a: {type: str}", []),
        ("a: {type: list, elements: str}", "a: {type: list, elements: int}", ["COMPAT1110"]),
        ("a: {type: list, elements: str}", "a: {type: list}", ["COMPAT2111"]),
        ("a: {type: str}", "a: {type: str, required: true}", ["COMPAT1112"]),
        ("a: {type: str, required: true}", "a: {type: str}", ["COMPAT2112"]),
        ("a: {choices: [x, y]}", "a: {choices: [x]}", ["COMPAT1114"]),
        ("a: {choices: [x]}", "a: {choices: [x, y]}", ["COMPAT2114"]),
        ("a: {}", "a: {choices: [x]}", ["COMPAT1114"]),
        ("a: {choices: [x]}", "a: {}", ["COMPAT2114"]),
        ("a: {default: 1}", "a: {default: 2}", ["COMPAT2115"]),
        ("a: {default: 1}", "a: {}", ["COMPAT2115"]),
        ("a: {}", "a: {default: 1}", ["COMPAT2113"]),
        ("a: {type: dict, options: {b: {type: str}}}", "a: {type: dict, options: {}}", ["COMPAT1301"]),
        ("a: {type: dict, options: {}}", "a: {type: dict, options: {b: {required: true}}}", ["COMPAT1302"]),
    ],
)
def test_arguments(before: str, after: str, expected: list[str]) -> None:
    found = compare(specs(before), specs(after))
    assert [rule for rule, _ in found if rule != "COMPAT3302"] == expected


def test_a_variable_that_no_argument_describes_counts_as_one() -> None:
    assert compare({"defaults/main.yml": "web_port: 80\n"}, {"defaults/main.yml": "web_port: 443\n"}) == [
        ("COMPAT2115", "role web, argument web_port")
    ]
    assert compare({"defaults/main.yml": "web_port: 80\n"}, {"defaults/main.yml": "{}\n"})[0][0] == "COMPAT1301"


def test_a_default_said_in_two_files_changes_once() -> None:
    before = {**specs("web_port: {default: 80}"), "defaults/main.yml": "web_port: 80\n"}
    after = {**specs("web_port: {default: 443}"), "defaults/main.yml": "web_port: 443\n"}
    assert compare(before, after) == [("COMPAT2115", "role web, argument web_port")]


def test_all_versions_of_a_system_are_more_than_one() -> None:
    one, every = (
        {"meta/main.yml": f"galaxy_info: {{platforms: [{{name: Debian, versions: [{v}]}}]}}\n"}
        for v in ("bookworm", "all, bookworm")
    )
    assert [rule for rule, _ in compare(one, every)] == ["COMPAT2311"]
    assert [rule for rule, _ in compare(every, one)] == ["COMPAT1311"]


def test_what_only_tests_use_is_no_change() -> None:
    assert compare({"molecule/default/converge.yml": "a"}, {"molecule/default/converge.yml": "b"}) == []


def test_a_broken_file_makes_the_answer_unknown() -> None:
    tree = MemoryTree(
        {"ansible-roles/web/role.yaml": MANIFEST["role.yaml"], "ansible-roles/web/meta/main.yml": "a: [\n"}
    )
    found = compare_components(tree, tree, ROLE)
    assert (found.verdict, found.changes) == ("unknown", ())
