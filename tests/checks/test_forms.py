"""Request forms: every defect of the form itself, and every disagreement with template and manifest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mattone.checks.forms import check_form, check_forms
from mattone.findings import Finding
from mattone.pins.bundle import tree_resolver
from mattone.platform.forms import load_form
from mattone.platform.formtags import FIELD_FIELDS, TAGS
from mattone.platform.schemas import form_schema
from mattone.platform.tree import WorkTree
from mattone.tosca.imports import Workspace
from tests.small import MemoryTree

ROOT = Path(__file__).parents[2]
TEMPLATE = """\
tosca_definitions_version: tosca_simple_yaml_1_3
data_types:
  tosca.datatypes.indigo.network.PortSpec:
    properties: {source: {type: integer}}
  tosca.datatypes.indigo.User:
    properties: {os_user_name: {type: string}}
topology_template:
  inputs:
    title: {type: string, default: Hello}
    size: {type: string, default: small, constraints: [{valid_values: [small, large]}]}
    memory: {type: scalar-unit.size, default: 2 GB, constraints: [{in_range: [1 GB, 8 GB]}]}
    cpus: {type: integer, default: 1}
    key: {type: string, metadata: {secret: "true"}, default: ""}
    colours: {type: list, default: [], entry_schema: {type: string, constraints: [{valid_values: [red, blue]}]}}
    ports: {type: map, default: {}, entry_schema: {type: tosca.datatypes.indigo.network.PortSpec}}
    users: {type: list, default: [], entry_schema: {type: tosca.datatypes.indigo.User}}
"""
SERVICE = """\
name: page
version: 1.0.0
display_name: Page
description: A page.
tosca_types: ^1.0
updatable: [title]
"""
HEAD = "tabs: {page: Page}\ninputs:\n"
SHOWN = "tab: page, label: X"


def tree(form: str) -> MemoryTree:
    folder = "catalog/page"
    return MemoryTree(
        {f"{folder}/template.yaml": TEMPLATE, f"{folder}/service.yaml": SERVICE, f"{folder}/form.yaml": form}
    )


def found(form: str) -> tuple[Finding, ...]:
    files = tree(form)
    return check_form(files, "page", Workspace(tree_resolver(files)))


def told(fields: str) -> list[str]:
    """Line, the word that stands at the place, rule and message of each finding of a form with these fields."""
    lines = (HEAD + fields).splitlines()
    return [
        f"{one.place.line} {_word(lines[one.place.line - 1][one.place.column - 1 :])}: {one.rule} {one.message}"
        for one in found(HEAD + fields)
    ]


def _word(text: str) -> str:
    return re.split("[:,}]|]", text, maxsplit=1)[0]


GOOD = [
    f"  title: {{tag_type: text, {SHOWN}, updatable: true, placeholder: a, info_box: b, warning: c, default: d}}\n",
    f"  size: {{tag_type: select, {SHOWN}, values: {{small: Small, large: Large}}}}\n",
    f"  memory: {{tag_type: select, {SHOWN}, values: [2 GB, 4096 MB]}}\n",
    f"  memory: {{tag_type: scalar-unit.size, {SHOWN}, default: 8 GB}}\n",
    f"  cpus: {{tag_type: select, {SHOWN}, values: {{1: One, 2: Two}}}}\n",
    f"  cpus: {{tag_type: integer, {SHOWN}, group_overrides: {{school: {{default: 4}}}}}}\n",
    f"  key: {{tag_type: password, {SHOWN}, printable: false}}\n",
    f"  key: {{tag_type: random_password, printable: false}}\n  cpus: {{tag_type: integer, {SHOWN}}}\n",
    f"  colours: {{tag_type: multiselect, {SHOWN}, values: [red, blue]}}\n",
    f"  colours: {{tag_type: list, {SHOWN}, entry_type: string}}\n",
    f'  title: {{tag_type: multiselect, {SHOWN}, values: [a, b], delimiter: ",", updatable: true}}\n',
    f"  ports: {{tag_type: map, {SHOWN}, entry_type: PortSpec, required_ports: {{ssh: {{source: 22}}}}}}\n",
    f"  users: {{tag_type: list, {SHOWN}, entry_type: ssh_user}}\n  title: {{tag_type: hidden, updatable: true}}\n",
    f"  users: {{tag_type: ssh_user}}\n  cpus: {{tag_type: integer, {SHOWN}}}\n",
    "  flavour:\n    tag_type: combined\n    tab: page\n    label: X\n"
    "    values: {little: {cpus: 1, memory: 1 GB}, much: {cpus: 8, memory: 8 GB}}\n",
    "  account: {tag_type: ldap_user, inputs: {username: title, password: key}}\n"
    f"  cpus: {{tag_type: integer, {SHOWN}}}\n",
    f"  size: {{tag_type: radio, {SHOWN}, values: [small, large]}}\n"
    f"  memory: {{tag_type: dependent_select, {SHOWN}, parent: size, values: {{small: [1 GB], large: [4 GB]}}}}\n",
    f"  size: {{tag_type: select, {SHOWN}, values: [small, large]}}\n"
    "  cpus: {tag_type: dependent_definition, parent: size, values: {small: few, large: many}}\n"
    f"  few: {{tag_type: select, {SHOWN}, values: [1, 2]}}\n  many: {{tag_type: integer, {SHOWN}}}\n",
]


@pytest.mark.parametrize("fields", GOOD)
def test_a_sound_form_has_no_finding_and_fits_the_schema(fields: str) -> None:
    assert told(fields) == []
    jsonschema.Draft202012Validator(form_schema()).validate(yaml.safe_load(HEAD + fields))


BAD = [
    (f"  titel: {{tag_type: text, {SHOWN}}}\n", ["3 titel: FORM1101 the template has no input `titel`"]),
    (
        f"  cpus: {{tag_type: text, {SHOWN}}}\n",
        ["3 text: FORM1103 a text cannot fill input `cpus`, which is of type integer"],
    ),
    (
        f"  memory: {{tag_type: select, {SHOWN}, values: [2 GB, 9 GB, 4]}}\n",
        [
            "3 9 GB: FORM1104 the choice `9 GB` must be between 1 GB and 8 GB",
            "3 4: FORM1104 the choice `4` must be a scalar-unit.size, not `4`",
        ],
    ),
    (
        f"  size: {{tag_type: select, {SHOWN}, values: {{small: A, medium: B}}}}\n",
        ["3 medium: FORM1104 the choice `medium` must be one of: small, large"],
    ),
    (
        f"  cpus: {{tag_type: integer, {SHOWN}, default: many, group_overrides: {{school: {{default: 1.5}}}}}}\n",
        [
            "3 many: FORM1104 the default of `cpus` must be an integer, not the text `many`",
            "3 1.5: FORM1104 the default of `cpus` must be an integer, not `1.5`",
        ],
    ),
    (
        f"  ports: {{tag_type: map, {SHOWN}, entry_type: PortSpec, required_ports: {{ssh: {{sorce: 22}}}}}}\n",
        [
            "3 ssh: FORM1104 entry `ssh` of `required_ports` of `ports` lacks `source`, which "
            "tosca.datatypes.indigo.network.PortSpec requires",
            "3 sorce: FORM1104 tosca.datatypes.indigo.network.PortSpec has no property `sorce`",
        ],
    ),
    (
        f"  users: {{tag_type: list, {SHOWN}, entry_type: PortSpec}}\n",
        ["3 PortSpec: FORM1103 entries of input `users` are of type tosca.datatypes.indigo.User, which no PortSpec is"],
    ),
    (f"  key: {{tag_type: text, {SHOWN}}}\n", ["3 text: FORM1105 input `key` is a secret, and a text shows it"]),
    (
        f"  key: {{tag_type: password, {SHOWN}}}\n",
        ["3 key: FORM1105 input `key` is a secret, and would be shown afterwards"],
    ),
    (
        f"  key: {{tag_type: random_password, printable: false, {SHOWN}, default: guess}}\n",
        ["3 default: FORM1105 input `key` is a secret: a default is for everybody to read"],
    ),
    (
        f"  cpus: {{tag_type: integer, {SHOWN}, updatable: true}}\n",
        ["3 updatable: FORM1106 the form lets `cpus` change, and catalog/page/service.yaml:6:12 does not"],
    ),
    (
        f"  title: {{tag_type: text, {SHOWN}}}\n",
        ["3 title: FORM1106 the form does not let `title` change, and catalog/page/service.yaml:6:12 does"],
    ),
    (
        f"  colours: {{tag_type: multiselect, {SHOWN}, values: [red, green], delimiter: x}}\n",
        ["3 delimiter: FORM1103 input `colours` is a list: no `delimiter` there"],
    ),
    (
        f"  colours: {{tag_type: multiselect, {SHOWN}, values: [red, green]}}\n",
        ["3 green: FORM1104 the choice `green` must be one of: red, blue"],
    ),
    (
        "  flavour: {tag_type: combined, tab: page, label: X, values: {big: {cpu: 8, memory: 9 GB}}}\n",
        [
            "3 cpu: FORM1101 the template has no input `cpu`",
            "3 9 GB: FORM1104 the value for input `memory` must be between 1 GB and 8 GB",
        ],
    ),
]


@pytest.mark.parametrize(("fields", "findings"), BAD)
def test_what_the_template_does_not_take_is_found_at_its_place(fields: str, findings: list[str]) -> None:
    assert told(fields) == findings


def test_a_change_for_a_group_that_the_federation_does_not_have_is_told() -> None:
    form = HEAD + f"  cpus: {{tag_type: integer, {SHOWN}, group_overrides: {{shool: {{default: 4}}, 1: {{}}}}}}\n"
    files = MemoryTree({**tree(form).texts, "federation/groups/school.yaml": "group: school\n"})
    found = check_forms(files, tree_resolver(files), {"federation/groups/school.yaml"})
    assert [(one.rule, one.place.line, one.message) for one in found if one.rule == "FORM2002"] == [
        ("FORM2002", 3, "the federation has no group `shool`: nobody sees this"),
        ("FORM2002", 3, "the federation has no group `1`: nobody sees this"),
    ]
    assert "`school`" in found[0].hint or "'school'" in found[0].hint


ITSELF = [
    (f"  size: {{tag_type: slect, {SHOWN}}}\n", "there is no tag_type 'slect'", "did you mean 'select'"),
    (f"  size: {{tag_type: select, {SHOWN}, values: []}}\n", "not a list", ""),
    (f"  size: {{tag_type: toggle, {SHOWN}, values: [small, large, both]}}\n", "a toggle has two states", ""),
    ("  size: {tag_type: select, tab: pgae, label: X, values: [small]}\n", "there is no tab 'pgae'", "'page'"),
    ("  size: {tag_type: hidden, default: small}\n", "no field is on the tab 'page'", ""),
    (f"  size: {{tag_type: hidden, {SHOWN}, rows: 3}}\n", "has no 'rows'", "It is for: textarea."),
    (
        f"  size: {{tag_type: dependent_select, {SHOWN}, parent: titel, values: {{a: [small]}}}}\n"
        f"  title: {{tag_type: select, {SHOWN}, updatable: true, values: [a]}}\n",
        "parent 'titel': there is no such field",
        "did you mean 'title'?",
    ),
    (
        f"  size: {{tag_type: dependent_select, {SHOWN}, parent: title, values: {{a: [small]}}}}\n"
        f"  title: {{tag_type: select, {SHOWN}, updatable: true, values: [a, b]}}\n",
        "nothing is offered when 'title' is 'b'",
        "Add an entry for 'b'.",
    ),
    (
        f"  size: {{tag_type: dependent_definition, {SHOWN}, parent: title, values: {{a: sizes}}}}\n"
        f"  title: {{tag_type: select, {SHOWN}, updatable: true, values: [a]}}\n",
        "there is no field 'sizes'",
        "'size'",
    ),
    (
        f"  size: {{tag_type: dependent_select, {SHOWN}, parent: size, values: {{small: [small]}}}}\n",
        "parent 'size': it is no select",
        "",
    ),
    (
        f"  cpus: {{tag_type: integer, {SHOWN}, group_overrides: {{school: {{defualt: 1}}}}}}\n",
        "unknown field 'defualt'",
        "'default'",
    ),
    ("  cpus: [integer]\n", "must be a mapping, not a list", ""),
]


@pytest.mark.parametrize(("fields", "message", "hint"), ITSELF)
def test_a_form_that_is_wrong_by_itself_is_told_why(fields: str, message: str, hint: str) -> None:
    form = "tabs: {page: Page}\ninputs:\n" + fields
    findings = [one for one in found(form) if message in one.message]
    assert len(findings) == 1, [one.message for one in found(form)]
    assert hint in findings[0].hint


def test_what_is_wrong_with_one_field_hides_nothing_of_the_others() -> None:
    fields = f"  size: {{tag_type: slect, {SHOWN}}}\n  cpus: {{tag_type: boolean, {SHOWN}}}\n  memry: 1\n"
    assert [one.rule for one in found(HEAD + fields)] == ["FORM1005", "FORM1103", "FORM1001"]


def test_a_form_of_a_template_that_cannot_be_read_is_checked_by_itself() -> None:
    files = MemoryTree(
        {"catalog/page/service.yaml": SERVICE, "catalog/page/form.yaml": HEAD + "  a: {tag_type: txt}\n"}
    )
    findings = check_forms(files, tree_resolver(files))
    assert {one.rule for one in findings} == {"FORM1005"}


def test_a_service_without_a_form_is_sound() -> None:
    files = MemoryTree({"catalog/page/service.yaml": SERVICE, "catalog/page/template.yaml": TEMPLATE})
    assert load_form(files, "page") == (None, ())
    assert check_forms(files, tree_resolver(files)) == ()


def test_only_forms_that_a_change_can_have_an_effect_on_are_checked() -> None:
    files = tree(HEAD + "  a: {tag_type: txt}\n")
    resolver = tree_resolver(files)
    assert check_forms(files, resolver, {"catalog/other/template.yaml", "README.md"}) == ()
    for path in ("catalog/page/template.yaml", "catalog/page/service.yaml", "tosca-types/network.yaml"):
        assert check_forms(files, resolver, {path})


def test_every_form_of_the_repository_is_sound_and_fits_the_schema() -> None:
    files = WorkTree(ROOT)
    assert check_forms(files, tree_resolver(files)) == ()
    jsonschema.Draft202012Validator.check_schema(form_schema())
    forms = sorted(ROOT.glob("catalog/*/form.yaml"))
    assert forms
    for file in forms:
        jsonschema.Draft202012Validator(form_schema()).validate(yaml.safe_load(file.read_text("utf-8")))


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just(["a"]), st.just({"a": "b"}),
    st.just({"a": {}}), st.sampled_from([*TAGS, "size", "cpus"]),
)  # fmt: skip


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(["size", "cpus", "x"]), st.dictionaries(st.sampled_from([*FIELD_FIELDS]), JUNK)))
def test_no_form_is_too_strange(fields: dict[str, dict[str, Any]]) -> None:
    form = {"tabs": {"page": "Page"}, "inputs": fields}
    findings = found(yaml.safe_dump(form))
    assert all(one.message and one.place.line >= 1 for one in findings)
    if not findings:
        jsonschema.Draft202012Validator(form_schema()).validate(form)
