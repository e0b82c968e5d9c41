"""TOSCA's built-in types under every name that the standard gives them."""

from __future__ import annotations

import pytest

from mattone.tosca.definitions import capabilities_of, properties_of, requirements_of
from mattone.tosca.normative import normative
from mattone.tosca.types import KINDS


@pytest.mark.parametrize(
    ("kind", "written", "name"),
    [
        ("node", "tosca.nodes.Compute", "tosca.nodes.Compute"),
        ("node", "Compute", "tosca.nodes.Compute"),
        ("node", "tosca:Compute", "tosca.nodes.Compute"),
        ("node", "network.Port", "tosca.nodes.network.Port"),
        ("node", "Port", "tosca.nodes.network.Port"),
        ("node", "Storage.BlockStorage", "tosca.nodes.Storage.BlockStorage"),
        ("capability", "Endpoint.Admin", "tosca.capabilities.Endpoint.Admin"),
        ("capability", "tosca.capabilities.Compute", "tosca.capabilities.Container"),
        ("relationship", "HostedOn", "tosca.relationships.HostedOn"),
        ("data", "Credential", "tosca.datatypes.Credential"),
        ("interface", "Standard", "tosca.interfaces.node.lifecycle.Standard"),
    ],
)
def test_full_short_and_qualified_names_are_found(kind: str, written: str, name: str) -> None:
    found = normative().find(kind, written)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("name", ["tosca.nodes.Nothing", "Nothing", "", "tosca.nodes.", None, [], {"a": 1}])
def test_anything_else_is_not_found(name: object) -> None:
    assert normative().find("node", name) is None


def test_every_ancestor_of_every_normative_type_is_there_and_every_member_can_be_read() -> None:
    for kind in KINDS:
        for name in normative().names(kind):
            found = normative().find(kind, name)
            assert found is not None
            assert found.whole, name
            assert None not in properties_of(found).values(), name
            for capability in capabilities_of(found).values():
                assert capability.type is not None, name
            for requirement in requirements_of(found).values():
                assert normative().find("capability", requirement.capability), name


def test_a_later_type_stands_where_its_older_counterpart_is_wanted() -> None:
    newer = normative().find("node", "tosca.nodes.Storage.BlockStorage")
    older = normative().find("node", "tosca.nodes.BlockStorage")
    assert newer is not None
    assert older is not None
    assert newer.is_a(older)
    assert not older.is_a(newer)
