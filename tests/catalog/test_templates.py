"""The services' templates and the type library: mattone's own check, and stock tosca-parser as a second opinion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from toscaparser.common.exception import ValidationError
from toscaparser.tosca_template import ToscaTemplate

from mattone.checks.template import check_template
from mattone.pins.bundle import tree_resolver
from mattone.platform.tree import WorkTree
from tests.catalog.files import ROOT, SERVICES, TYPE_FILES, copy_for_parser, service, template_inputs

KEY = "ssh-ed25519 " + "A" * 68 + " ada@laptop"
USER = {"os_user_name": "ada", "os_user_add_to_sudoers": True, "os_user_ssh_public_key": KEY}
PORTS = {"web": {"protocol": "tcp", "source": 8080, "remote_cidr": "192.0.2.0/24"}}
REQUIRED: dict[str, dict[str, Any]] = {"single-vm": {}, "jupyterlab": {"token": "0123456789abcdef"}}


def _parse(name: str, folder: Path, inputs: dict[str, Any]) -> ToscaTemplate:
    return ToscaTemplate(str(copy_for_parser(name, folder)), parsed_params=REQUIRED[name] | inputs)


@pytest.mark.parametrize(
    "path", [f"catalog/{name}/template.yaml" for name in SERVICES] + [f"tosca-types/{path.name}" for path in TYPE_FILES]
)
def test_our_own_check_finds_nothing(path: str) -> None:
    assert check_template(path, tree_resolver(WorkTree(ROOT))) == ()


@pytest.mark.parametrize("name", SERVICES)
def test_the_template_parses_with_its_defaults(name: str, tmp_path: Path) -> None:
    parsed = _parse(name, tmp_path, {})
    assert "server" in {node.name for node in parsed.nodetemplates}
    assert {"endpoint", "address"} <= {output.name for output in parsed.outputs}


@pytest.mark.parametrize("name", SERVICES)
def test_the_template_parses_with_accounts_ports_and_a_disk(name: str, tmp_path: Path) -> None:
    inputs = {"os_users": [USER], "ports": PORTS, "volume_size": "10 GB", "num_cpus": 2, "mem_size": "4 GB"}
    parsed = _parse(name, tmp_path, inputs)
    server = next(node for node in parsed.nodetemplates if node.name == "server")
    assert server.get_capabilities()["host"].get_property_value("num_cpus") == 2
    assert [target.name for target in server.related_nodes] == ["volume"]


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize(
    "account",
    [USER | {"os_user_name": "Ada Lovelace"}, USER | {"os_user_ssh_public_key": "{{ lookup('env', 'HOME') }}"}],
    ids=["a name with capitals and a space", "a key that is an Ansible expression"],
)
def test_the_types_refuse_accounts_that_are_none(name: str, account: dict[str, Any], tmp_path: Path) -> None:
    template = copy_for_parser(name, tmp_path)
    document = yaml.safe_load(template.read_text(encoding="utf-8"))
    # tosca-parser checks values that stand in the template, not those that arrive as inputs.
    document["topology_template"]["node_templates"]["server"]["properties"]["os_users"] = [account]
    template.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(ValidationError):
        ToscaTemplate(str(template), parsed_params=REQUIRED[name])


@pytest.mark.parametrize("name", SERVICES)
def test_every_input_is_described_and_used(name: str) -> None:
    text = str(service(name, "template.yaml")["topology_template"])
    for field, definition in template_inputs(name).items():
        assert definition["description"].strip()
        assert f"{{'get_input': '{field}'}}" in text


@pytest.mark.parametrize("name", SERVICES)
def test_secret_inputs_have_no_default_and_every_other_has_one(name: str) -> None:
    for definition in template_inputs(name).values():
        secret = definition.get("metadata", {}).get("secret") == "true"
        assert ("default" in definition) is not secret


@pytest.mark.parametrize("name", SERVICES)
def test_every_output_is_described(name: str) -> None:
    outputs = service(name, "template.yaml")["topology_template"]["outputs"]
    assert all(output["description"].strip() for output in outputs.values())
