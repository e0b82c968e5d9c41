"""The bill of materials of a bundle: every pin of the lock as a component (CycloneDX 1.6, ECMA-424).

It says nothing but what lock and bundle say: no time, no machine, no version of a tool. Its serial number is
made from the bundle's digest, so equal bundles have equal bills.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mattone.pins.external import External, ExternalKind
from mattone.pins.lock import Lock, Pin
from mattone.platform.components import Kind
from mattone.platform.tree import Tree
from mattone.tosca.source import load

if TYPE_CHECKING:
    from cyclonedx.model import HashType, Property
    from cyclonedx.model.component import Component, Pedigree
    from cyclonedx.model.license import License


def make(lock: Lock, digest: str, tree: Tree) -> bytes:
    """The bill as JSON.

    digest  of the bundle's files: the digest of the whole
    tree    the locked files, where roles state their licences
    """
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot6

    version = str(lock.service.version)
    whole = Component(name=lock.deployment, type=ComponentType.APPLICATION, version=version, hashes=_hashes(digest))
    whole.bom_ref.value = lock.deployment
    parts = {pin.component.path: _component(pin, tree) for pin in lock.pins.values()}
    parts |= {reference(entry): _external(entry) for entry in lock.external}
    bom = Bom(components=parts.values(), serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"mattone:bundle:{digest}"))
    bom.metadata.component = whole
    needs = _needs(lock)
    for name, component in {lock.deployment: whole, **parts}.items():
        bom.register_dependency(component, [parts[needed] for needed in sorted(needs.get(name, ()))])
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    del document["metadata"]["timestamp"]  # the library always sets one
    return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def reference(entry: External) -> str:
    """What the bill calls an entry: the same in every bill that has it, and no other entry's name."""
    return f"{entry.kind.value} {entry.name} {entry.version or '-'} {entry.source}"


def differing(expected: bytes, found: bytes) -> tuple[str, ...]:
    """The components that two bills do not describe alike, by reference; empty when it is something else."""
    ours, theirs = _by_reference(expected), _by_reference(found)
    return tuple(sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)))


def _by_reference(data: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(data)
        rows = [document["metadata"]["component"], *document["components"]]
        needs = {row["ref"]: row.get("dependsOn") for row in document["dependencies"]}
        return {str(row["bom-ref"]): (row, needs.get(row["bom-ref"])) for row in rows}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _needs(lock: Lock) -> Mapping[str, set[str]]:
    """Reference of who asks to the references of what it asks for, from each pin's `required_by`."""
    named: dict[str, list[str]] = {lock.deployment: [lock.deployment]}
    for entry in lock.external:
        named.setdefault(entry.name, []).append(reference(entry))
    needs: dict[str, set[str]] = {lock.deployment: {lock.service.component.path}}
    asked = [(pin.component.path, pin.required_by) for pin in lock.pins.values()]
    asked += [(reference(entry), entry.required_by) for entry in lock.external]
    for needed, required_by in asked:
        for name in required_by:
            for one in named.get(name) or [_component_of(lock, name)]:
                needs.setdefault(one, set()).add(needed)
    return needs


def _component_of(lock: Lock, path: str) -> str:
    """The component that a file of the platform belongs to; the deployment itself when it is none's."""
    paths = (pin.component.path for pin in lock.pins.values())
    return next((one for one in paths if path == one or path.startswith(f"{one}/")), lock.deployment)


def _component(pin: Pin, tree: Tree) -> Component:
    from cyclonedx.model.component import Component, ComponentType

    from mattone.pins.purls import of_component

    which = pin.component
    group, _, name = which.path.rpartition("/")
    return Component(
        name=name,
        group=group or None,
        version=str(pin.version),
        type=ComponentType.APPLICATION if which.kind is Kind.SERVICE else ComponentType.LIBRARY,
        bom_ref=which.path,
        purl=of_component(group, name, str(pin.version)),
        hashes=_hashes(pin.digest),
        licenses=_licences(pin, tree),
        pedigree=_commit(pin.commit),
        properties=_properties(kind=which.kind.value, constraint=pin.constraint),
    )


def _external(entry: External) -> Component:
    from cyclonedx.model.component import Component, ComponentType

    from mattone.pins.purls import of_external

    types = {ExternalKind.IMAGE: ComponentType.CONTAINER, ExternalKind.TYPES: ComponentType.FILE}
    facts = {"kind": entry.kind.value, "constraint": entry.constraint, "layer": str(entry.layer)}
    return Component(
        name=entry.name,
        version=entry.version or None,
        type=types.get(entry.kind, ComponentType.LIBRARY),
        bom_ref=reference(entry),
        purl=of_external(entry),
        hashes=_hashes(entry.digest),
        pedigree=_commit(entry.commit),
        properties=_properties(**facts, source=entry.source, **({} if entry.pinned else {"pinned": "false"})),
    )


def _hashes(digest: str) -> list[HashType]:
    from cyclonedx.model import HashAlgorithm, HashType

    return [HashType(alg=HashAlgorithm.SHA_256, content=digest.removeprefix("sha256:"))] if digest else []


def _commit(commit: str) -> Pedigree | None:
    from cyclonedx.model.component import Commit, Pedigree

    return Pedigree(commits=[Commit(uid=commit)]) if commit else None


def _properties(**facts: str) -> Sequence[Property]:
    from cyclonedx.model import Property

    return [Property(name=f"mattone:{name}", value=value) for name, value in facts.items() if value]


def _licences(pin: Pin, tree: Tree) -> list[License]:
    """What a role's `meta/main.yml` states: an SPDX identifier or expression, or words of its own."""
    from cyclonedx.contrib.license.factories import LicenseFactory

    path = f"{pin.component.path}/meta/main.yml"
    data = tree.read(path) if pin.component.kind is Kind.ROLE else None
    value = load(path, data).value if data is not None else None
    about = value.get("galaxy_info") if isinstance(value, dict) else None
    stated = about.get("license") if isinstance(about, dict) else None
    return [LicenseFactory().make_from_string(stated)] if isinstance(stated, str) and stated else []
