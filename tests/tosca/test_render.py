"""Rendering: one document that holds everything, in an order that never changes."""

from __future__ import annotations

import pytest
import yaml

from mattone.errors import InputError
from mattone.tosca.render import render
from mattone.tosca.template import load_template
from tests.tosca.support import FILES, PATH, TEMPLATE, TYPES, resolver, template

MARKS = {"mattone_deployment": "g/n", "mattone_operation": "op-1"}


def test_the_document_holds_the_needed_types_and_no_imports() -> None:
    made = render(template(), {"title": "Hello"}, MARKS, lambda path: f"https://files/{path}")
    assert "imports" not in made
    assert list(made["node_types"]) == ["example.App", "example.Server"]
    assert list(made["data_types"]) == ["example.Port", "example.User"]
    assert list(made["capability_types"]) == ["example.Host"]
    assert list(made["artifact_types"]) == ["tosca.artifacts.AnsibleGalaxy.role"]
    assert made["metadata"] == {"display_name": "Page", **MARKS}


def test_values_replace_defaults_and_functions_stay() -> None:
    made = render(template(), {"title": "Hello", "cpus": 4}, MARKS, str)
    inputs = made["topology_template"]["inputs"]
    assert (inputs["title"]["default"], inputs["cpus"]["default"], inputs["memory"]["default"]) == ("Hello", 4, "4 GB")
    assert made["topology_template"]["node_templates"]["app"]["properties"]["title"] == {"get_input": "title"}


def test_file_references_become_repository_paths_and_galaxy_names_stay() -> None:
    seen: list[str] = []

    def files(path: str) -> str:
        seen.append(path)
        return f"/bundle/{path}"

    made = render(template(), {"title": "Hello"}, MARKS, files)
    app = made["node_types"]["example.App"]
    assert app["interfaces"]["Standard"]["configure"]["implementation"] == "/bundle/tosca-types/artifacts/app.yaml"
    assert app["artifacts"]["role"]["file"] == "community.docker,3.4.0"
    assert seen == ["tosca-types/artifacts/app.yaml"]


@pytest.mark.parametrize(
    ("written", "implementation"),
    [
        ("configure: run.sh", "configure"),
        ("configure: {implementation: run.sh}", "implementation"),
        ("configure: {implementation: {primary: run.sh, dependencies: [lib.sh]}}", "primary"),
        ("operations: {configure: run.sh}", "operations"),
    ],
)
def test_every_form_of_implementation_is_passed_through(written: str, implementation: str) -> None:
    text = TEMPLATE.replace(
        "      requirements:\n", f"      interfaces: {{Standard: {{{written}}}}}\n      requirements:\n", 1
    )
    seen: list[str] = []

    def files(path: str) -> str:
        seen.append(path)
        return path

    render(template({**FILES, PATH: text}), {"title": "Hello"}, MARKS, files)
    assert "catalog/page/run.sh" in seen
    assert ("catalog/page/lib.sh" in seen) == (implementation == "primary")


@pytest.mark.parametrize(
    "reference", ["/etc/passwd", "file:///etc/passwd", "https://x/y.yaml", "../../../etc/passwd", "~/x"]
)
def test_references_out_of_the_repository_are_refused_with_their_place(reference: str) -> None:
    types = TYPES.replace("artifacts/app.yaml", reference)
    with pytest.raises(InputError) as caught:
        render(template({**FILES, "tosca-types/example.yaml": types}), {"title": "Hello"}, MARKS, str)
    assert str(caught.value.place) == "tosca-types/example.yaml:40:27"


def test_a_missing_input_an_unknown_input_and_a_lost_import_are_refused() -> None:
    with pytest.raises(InputError, match="input `title` has no value"):
        render(template(), {}, MARKS, str)
    with pytest.raises(InputError, match="has no input `titel`"):
        render(template(), {"titel": "x"}, MARKS, str)
    lost, _ = load_template(PATH, resolver({PATH: TEMPLATE}))
    assert lost is not None
    with pytest.raises(InputError, match="is not found"):
        render(lost, {"title": "x"}, MARKS, str)


def test_rendering_is_reproducible_and_leaves_the_template_alone() -> None:
    loaded = template()
    before = yaml.safe_dump(loaded.document.value)
    first = yaml.safe_dump(render(loaded, {"title": "a", "cpus": 1}, MARKS, str), sort_keys=False)
    second = yaml.safe_dump(render(template(), {"cpus": 1, "title": "a"}, MARKS, str), sort_keys=False)
    assert first == second
    assert "&id" not in first
    assert yaml.safe_dump(loaded.document.value) == before


def test_shared_anchors_are_written_out() -> None:
    text = TEMPLATE.replace("        title: {get_input: title}\n", "        title: &t {get_input: title}\n", 1)
    text = text.replace("      value: {get_input: size}", "      value: [*t, {get_input: size}]")
    made = yaml.safe_dump(render(template({**FILES, PATH: text}), {"title": "a"}, MARKS, str))
    assert "&id" not in made


def prefixed(text: str) -> str:
    """The shared template with its types imported under a prefix."""
    long = "- {file: ../../tosca-types/example.yaml, namespace_prefix: ex}"
    text = text.replace("- ../../tosca-types/example.yaml", long)
    return text.replace("type: example.", "type: ex:example.")


def test_types_under_a_prefix_go_by_the_name_they_are_defined_under() -> None:
    values = {"title": "Hello"}
    found = template({**FILES, PATH: prefixed(TEMPLATE)})
    assert render(found, values, MARKS, str) == render(template(), values, MARKS, str)


def test_a_value_that_looks_like_a_type_under_a_prefix_is_left_alone() -> None:
    text = prefixed(TEMPLATE).replace("title: {get_input: title}", 'title: "ex:example.App"', 1)
    made = render(template({**FILES, PATH: text}), {"title": "Hello"}, MARKS, str)
    assert made["topology_template"]["node_templates"]["app"]["properties"]["title"] == "ex:example.App"


OTHER = """\
tosca_definitions_version: tosca_simple_yaml_1_3
imports: [{file: example.yaml, namespace_prefix: base}]
node_types:
  example.App: {derived_from: PARENT}
"""
TWINS = """\
tosca_definitions_version: tosca_simple_yaml_1_3
imports:
  - {file: ../../tosca-types/other.yaml, namespace_prefix: new}
  - {file: ../../tosca-types/example.yaml, namespace_prefix: old}
topology_template:
  node_templates:
    one: {type: new:example.App}
    two: {type: TYPE, properties: {title: Hello}}
"""


def twins(kind: str, parent: str = "tosca.nodes.Root") -> dict[str, str]:
    files = {"tosca-types/other.yaml": OTHER.replace("PARENT", parent)}
    return {**FILES, **files, PATH: TWINS.replace("TYPE", kind)}


def test_a_type_that_nothing_needs_is_no_twin_and_two_that_are_needed_are_refused() -> None:
    made = render(template(twins("tosca.nodes.Root")), {}, MARKS, str)
    assert made["node_types"] == {"example.App": {"derived_from": "tosca.nodes.Root"}}
    for files in (twins("old:example.App"), twins("tosca.nodes.Root", parent="base:example.App")):
        with pytest.raises(InputError) as caught:
            render(template(files), {}, MARKS, str)
        assert "two different node types are called `example.App`" in caught.value.message
        assert caught.value.place is not None
        assert "tosca-types/" in caught.value.hint + caught.value.place.path


def test_a_type_that_hides_a_normative_one_is_the_one_that_is_rendered() -> None:
    own = (
        "tosca_definitions_version: tosca_simple_yaml_1_3\nnode_types:\n"
        "  tosca.nodes.Compute: {derived_from: tosca.nodes.Root, properties: {own: {type: string, default: x}}}\n"
        "topology_template:\n  node_templates:\n"
        "    a: {type: tosca.nodes.Compute}\n    b: {type: tosca.nodes.SoftwareComponent}\n"
    )
    made = render(template({PATH: own}), {}, MARKS, str)
    assert "own" in made["node_types"]["tosca.nodes.Compute"]["properties"]
