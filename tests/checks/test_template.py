"""One defect put into a sound template, or into the library it imports: found, at its line, alone."""

from __future__ import annotations

import pytest

from mattone.checks.template import check_template, check_templates
from mattone.errors import InputError, Place
from tests.checks.support import LIBRARY, check, edited, place
from tests.tosca.support import FILES, PATH, TEMPLATE, TYPES, resolver


def test_a_sound_template_and_its_library_have_no_findings() -> None:
    assert check() == ()


TEMPLATE_DEFECTS = [
    ("tosca_simple_yaml_1_3", "tosca_simple_yaml_9_9", "TOSCA1001", 1),
    ("topology_template:", "topology_templat:", "TOSCA1002", 7),
    ("    server:\n      type: example.Server", "    server:\n      typ: example.Server", "TOSCA1002", 27),
    ("    size:\n      value: {get_input: size}", "    size:\n      value: {get_input: siz}", "TOSCA1040", 40),
    ("{get_input: users}", "{get_input: user}", "TOSCA1040", 29),
    ("type: example.App", "type: example.Ap", "TOSCA1010", 21),
    ("        title: {get_input: title}", "        titel: {get_input: title}", "TOSCA1020", 23),
    ("        title: {get_input: title}", "        title: 12", "TOSCA1022", 23),
    ("        title: {get_input: title}", "        title: {get_input: title}\n        port: 70000", "TOSCA1023", 24),
    ("        title: {get_input: title}", "        title: {get_input: users}", "TOSCA1045", 23),
    ("{get_input: cpus}", "0", "TOSCA1023", 33),
    ("{get_input: memory}", "4", "TOSCA1022", 34),
    ("            mem_size", "            memory", "TOSCA1020", 34),
    ("        host:\n          prop", "        hosts:\n          prop", "TOSCA1030", 31),
    ("- host: server", "- hots: server", "TOSCA1031", 25),
    ("- host: server", "- host: sever", "TOSCA1032", 25),
    ("- host: server", "- host: app", "TOSCA1033", 25),
    ("- host: server", "- host: {node: server, capability: os}", "TOSCA1033", 25),
    ("- host: server", "- host: {node: server, capability: nothing}", "TOSCA1033", 25),
    ("- host: server", "- host: {node: server, relationship: tosca.relationships.ConnectsTo}", "TOSCA1035", 25),
    ("- host: server", "- host: server\n        - host: server", "TOSCA1036", 24),
    ("[server, public_address]", "[sever, public_address]", "TOSCA1041", 38),
    ("[server, public_address]", "[server, public_adress]", "TOSCA1043", 38),
    ("[server, public_address]", "[server]", "TOSCA1044", 38),
    ("default: 2, ", "default: two, ", "TOSCA1022", 10),
    ("default: 2, ", "default: 9, ", "TOSCA1023", 10),
    ("[{in_range: [1, 8]}]", "[{in_range: [8, 1]}]", "TOSCA1024", 10),
    ("[{in_range: [1, 8]}]", "[{in_rang: [1, 8]}]", "TOSCA1024", 10),
    ("[{valid_values: [small, large]}]", "[{greater_than: 3}]", "TOSCA1024", 12),
    ("[{min_length: 3}]", "[{pattern: '(a)\\1'}]", "TOSCA1024", 9),
    ("entry_schema: {type: example.User}", "entry_schema: {type: example.Usr}", "TOSCA1010", 18),
    ("../../tosca-types/example.yaml", "../../tosca-types/exampel.yaml", "TOSCA1005", 6),
    ("description: A page", "description: [A page]\n# ", "TOSCA1003", 2),
]


@pytest.mark.parametrize(("old", "new", "rule", "line"), TEMPLATE_DEFECTS)
def test_a_defect_of_a_template_is_found_at_its_line(old: str, new: str, rule: str, line: int) -> None:
    found = [one for one in check(edited(old, new)) if one.severity == "error"]
    assert f"{rule} template.yaml:{line}" in [place(one) for one in found]
    assert len({(one.rule, one.place.line) for one in found}) <= 2, found


LIBRARY_DEFECTS = [
    ("derived_from: tosca.nodes.Compute", "derived_from: tosca.nodes.Comput", "TOSCA1010", 22),
    ("derived_from: tosca.nodes.Root", "derived_from: example.Unused", "TOSCA1011", 44),
    ("entry_schema: {type: example.User}", "entry_schema: {type: example.Usr}", "TOSCA1010", 27),
    ("host: {type: example.Host}", "host: {type: example.Hots}", "TOSCA1010", 29),
    ("{type: example.Port, default: 80}", "{type: example.Port, default: 0}", "TOSCA1023", 33),
    ("{type: example.Port, default: 80}", "{type: example.Port, default: eighty}", "TOSCA1022", 33),
    ("{type: boolean, required: false}", "{type: bool, required: false}", "TOSCA1010", 7),
    ("{type: boolean, required: false}", "{type: boolean, requird: false}", "TOSCA1002", 7),
    ("{type: boolean, required: false}", "{required: false}", "TOSCA1004", 7),
    ("{get_property: [SELF, title]}", "{get_property: [SELF, titel]}", "TOSCA1042", 42),
    ("constraints: [{in_range: [1, 65535]}]", "constraints: [{in_range: [1]}]", "TOSCA1024", 11),
    ("type: tosca.artifacts.AnsibleGalaxy.role}", "type: tosca.artifacts.AnsibleGalaxy.rol}", "TOSCA1010", 36),
    ("      Standard:\n", "      Standart:\n", "TOSCA1050", 38),
    ("        configure:\n", "        configur:\n", "TOSCA1051", 39),
    ("gpus: {type: integer, required: false}", "gpus: {type: integer, required: maybe}", "TOSCA1003", 19),
]


@pytest.mark.parametrize(("old", "new", "rule", "line"), LIBRARY_DEFECTS)
def test_a_defect_of_a_library_is_found_in_the_library_alone(old: str, new: str, rule: str, line: int) -> None:
    found = [one for one in check(edited(old, new, library=True), LIBRARY) if one.severity == "error"]
    assert [place(one) for one in found] == [f"{rule} example.yaml:{line}"]


@pytest.mark.parametrize(("old", "new", "rule", "line"), LIBRARY_DEFECTS)
def test_a_defect_of_a_library_causes_no_flood_in_its_templates(old: str, new: str, rule: str, line: int) -> None:
    found = [one for one in check(edited(old, new, library=True)) if one.severity == "error"]
    assert f"{rule} example.yaml:{line}" in [place(one) for one in found]
    assert len([one for one in found if one.place.path == PATH]) <= 2, found


def test_a_broken_import_hides_nothing_else_and_causes_no_flood() -> None:
    text = TEMPLATE.replace("example.yaml", "gone.yaml").replace("{get_input: cpus}", "{get_input: cpu}")
    found = [place(one) for one in check({**FILES, PATH: text})]
    assert found == ["TOSCA1005 template.yaml:6", "TOSCA2001 template.yaml:10", "TOSCA1040 template.yaml:33"]


def test_an_import_that_is_no_yaml_is_reported_where_it_is_broken() -> None:
    found = [place(one) for one in check({**FILES, LIBRARY: TYPES + "broken: [\n"})]
    assert found == ["YAML1001 example.yaml:46"]


def test_a_required_property_that_is_missing_is_shown_at_the_node() -> None:
    (found,) = (
        one
        for one in check(edited("      properties:\n        title: {get_input: title}\n", ""))
        if one.rule != "TOSCA2001"
    )
    assert found.rule == "TOSCA1021"
    assert found.place == Place(PATH, 20, 5)
    assert found.message == "node `app` lacks `title`, which example.App requires"


def test_all_errors_come_at_once() -> None:
    text = (
        TEMPLATE.replace("{get_input: cpus}", "0")
        .replace("- host: server", "- host: sever")
        .replace("[server, p", "[sever, p")
    )
    found = [place(one) for one in check({**FILES, PATH: text}) if one.severity == "error"]
    assert found == ["TOSCA1032 template.yaml:25", "TOSCA1023 template.yaml:33", "TOSCA1041 template.yaml:38"]


def test_an_open_requirement_is_an_error_when_nothing_fits_and_a_warning_when_two_do() -> None:
    without = edited("      requirements:\n        - host: server\n", "")
    assert check(without) == ()
    two = without[PATH].replace("    server:\n", "    second: {type: example.Server}\n    server:\n")
    assert [one.rule for one in check({**FILES, PATH: two})] == ["TOSCA2012"]
    none = (
        without[PATH].replace("type: example.Server", "type: tosca.nodes.ObjectStorage").replace("users: {", "name: {")
    )
    assert "TOSCA1034" in [one.rule for one in check({**FILES, PATH: none})]


@pytest.mark.parametrize(
    "imports",
    [
        "- ../../tosca-types/example.yaml",
        "- types: ../../tosca-types/example.yaml",
        "- file: ../../tosca-types/example.yaml",
        "- types: {file: ../../tosca-types/example.yaml}",
    ],
)
def test_every_form_of_import_is_read(imports: str) -> None:
    assert check(edited("- ../../tosca-types/example.yaml", imports)) == ()


def test_a_namespace_prefix_is_part_of_every_type_name() -> None:
    long = "- {file: ../../tosca-types/example.yaml, namespace_prefix: ex}"
    text = TEMPLATE.replace("- ../../tosca-types/example.yaml", long)
    assert {one.rule for one in check({**FILES, PATH: text})} == {"TOSCA1010"}
    prefixed = text.replace("type: example.", "type: ex:example.")
    assert check({**FILES, PATH: prefixed}) == ()


def test_imports_in_a_circle_are_read_once() -> None:
    circle = TYPES.replace("data_types:", "imports: [example.yaml]\ndata_types:", 1)
    assert check({**FILES, LIBRARY: circle}) == ()


def test_a_missing_file_and_a_refused_file_are_findings() -> None:
    (missing,) = check({"a.yaml": ""}, "b.yaml")
    assert (missing.rule, missing.place.path) == ("TOSCA1007", "b.yaml")

    def refuse(_base: str, reference: str) -> tuple[str, bytes] | None:
        raise InputError("symbolic links are not followed", place=Place(reference), hint="replace it")

    (refused,) = check_template("a.yaml", refuse)
    assert (refused.rule, refused.message) == ("TOSCA1007", "symbolic links are not followed")


@pytest.mark.parametrize("text", ["", "- a\n", "text\n", "12\n"])
def test_a_file_that_is_no_template_is_one_error(text: str) -> None:
    assert [one.rule for one in check({"a.yaml": text}, "a.yaml")] == ["TOSCA1008"]


def test_many_templates_share_one_reading_of_their_library() -> None:
    broken = TYPES.replace("{type: boolean, required: false}", "{type: bool, required: false}")
    files = {**FILES, LIBRARY: broken, "catalog/other/template.yaml": TEMPLATE}
    found = check_templates([PATH, "catalog/other/template.yaml", LIBRARY, "gone.yaml"], resolver(files))
    assert [place(one) for one in found] == ["TOSCA1007 gone.yaml:1", "TOSCA1010 example.yaml:7"]


def test_concat_of_nothing_is_malformed() -> None:
    files = edited("{get_attribute: [server, public_address]}", "{concat: []}")
    assert [place(one) for one in check(files)] == ["TOSCA1044 template.yaml:38"]


def test_host_of_what_nothing_hosts_leads_nowhere() -> None:
    files = edited("users: {get_input: users}", "users: {get_property: [HOST, users]}")
    found = [one for one in check(files) if one.rule == "TOSCA1041"]
    assert [one.message for one in found] == ["`HOST` leads nowhere: example.Server is hosted by nothing"]


def test_host_of_hosted_software_is_followed() -> None:
    files = edited("title: {get_input: title}", "title: {get_property: [HOST, name]}")
    assert not [one for one in check(files) if one.rule == "TOSCA1041"]
