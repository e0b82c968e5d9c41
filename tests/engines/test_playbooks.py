"""One playbook a node: operations in order, inputs that can be nothing but values, no file from outside the bundle."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mattone.engines.infrastructure_manager.playbooks import literal, operations, playbook
from mattone.engines.infrastructure_manager.topology import Topology, read
from mattone.errors import InputError
from tests.engines.bundle import ROLE, Bundle, write_bundle

ADDRESSES = {"server": ["192.0.2.1"]}


def _decoded(text: str) -> Any:
    return json.loads(base64.b64decode(text.split('"')[1]))


def test_the_plays_carry_the_inputs_and_nothing_that_im_sets(bundle: Bundle) -> None:
    topology = Topology(read(bundle.template(text="say {{ lookup('pipe', 'id') }}")), ADDRESSES)
    (play,) = yaml.safe_load(playbook(topology, "greeting", bundle.files))
    assert set(play) == {"roles", "vars"}
    assert play["roles"] == [{"role": ROLE}]
    assert play["vars"]["greeting_delay"] == 0
    assert _decoded(play["vars"]["greeting_text"]) == "say {{ lookup('pipe', 'id') }}"
    assert _decoded(play["vars"]["greeting_words"]) == ["192.0.2.1", "{{ 6 * 7 }}", 'it\'s "quoted"']
    assert playbook(topology, "server", bundle.files) == ""


@pytest.mark.parametrize("value", [True, 7, 1.5, "plain text", "/srv/x", "user@example.org", "a=b:c"])
def test_a_harmless_value_stays_readable(value: Any) -> None:
    assert literal(value) == value


@pytest.mark.parametrize(
    "value", ["", "{{ 1 }}", "{% if %}", "'", '"', "line\nbreak", "ü", " lead", "a#b", None, [], {"a": [1]}, "!vault"]
)
def test_any_other_value_arrives_as_it_is_and_is_no_template(value: Any) -> None:
    text = literal(value)
    assert _decoded(text) == value
    assert text.startswith('{{ "')
    assert text.endswith('" | b64decode | from_json }}')


def _with_interfaces(bundle: Bundle, interfaces: str) -> Topology:
    template = bundle.template()
    template["topology_template"]["node_templates"]["greeting"]["interfaces"] = yaml.safe_load(interfaces)
    return Topology(read(template), ADDRESSES)


def test_a_template_changes_inputs_and_adds_operations_of_its_type(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "bundle")
    (bundle.files / "artifacts" / "first.yml").write_text("- tasks: [{debug: {}}]\n- tasks: [{meta: noop}]\n")
    topology = _with_interfaces(
        bundle,
        """
        Standard:
          inputs: {shared: 1}
          operations:
            configure: {inputs: {greeting_text: other}}
            create: {implementation: {primary: artifacts/first.yml}, inputs: {own: 2}}
        """,
    )
    assert list(operations(topology, "greeting")) == ["create", "configure"]
    first, second, third = yaml.safe_load(playbook(topology, "greeting", bundle.files))
    assert first == {"tasks": [{"debug": {}}], "vars": {"shared": 1, "own": 2}}
    assert second == {"tasks": [{"meta": "noop"}], "vars": {"shared": 1, "own": 2}}
    assert third["vars"]["greeting_text"] == "other"
    assert third["vars"]["greeting_delay"] == 0


@pytest.mark.parametrize(
    ("implementation", "message"),
    [
        ("file:///etc/passwd", "names a file that is not in the bundle"),
        ("../../../../etc/passwd", "names a file that is not in the bundle"),
        ("https://example.org/x.yaml", "is no file of the bundle"),
        ("file://example.org/x.yaml", "is no file of the bundle"),
        ("artifacts/missing.yaml", "names a file that is not in the bundle"),
        ("artifacts/script.sh", "is no Ansible playbook"),
        ("artifacts/link.yaml", "names a file that is not in the bundle"),
        ("artifacts/broken.yaml", "cannot be read"),
        ("artifacts/tasks.yaml", "is no playbook"),
        ("artifacts/imports.yaml", "cannot import others"),
    ],
)
def test_an_implementation_that_is_no_playbook_of_the_bundle_is_refused(
    tmp_path: Path, implementation: str, message: str
) -> None:
    bundle = write_bundle(tmp_path / "bundle")
    artifacts = bundle.files / "artifacts"
    (artifacts / "script.sh").write_text("id\n")
    (artifacts / "link.yaml").symlink_to("/etc/hostname")
    (artifacts / "broken.yaml").write_text("- hosts: [\n")
    (artifacts / "tasks.yaml").write_text("just: this\n")
    (artifacts / "imports.yaml").write_text("- import_playbook: /etc/ansible/site.yml\n")
    topology = _with_interfaces(bundle, f"Standard: {{configure: '{implementation}'}}")
    with pytest.raises(InputError, match=message):
        playbook(topology, "greeting", bundle.files)


def test_an_input_that_ansible_will_only_print_is_refused(bundle: Bundle) -> None:
    topology = _with_interfaces(
        bundle, "Standard: {configure: {inputs: {x: {get_attribute: [server, ansible_output, y]}}}}"
    )
    with pytest.raises(InputError, match="needs what Ansible prints later"):
        playbook(topology, "greeting", bundle.files)
