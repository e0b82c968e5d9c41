"""Every reference of a definition replaced by what the engine is given for it: files, roles, collections, images.

What stands in properties and inputs is data, not a reference, and stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mattone.errors import InputError
from mattone.tosca.artifacts import registry_kind, repository_path
from mattone.tosca.spots import Spot, show
from mattone.tosca.types import Scope

_NOT_OPERATIONS = frozenset(
    ("type", "inputs", "outputs", "description", "derived_from", "version", "metadata", "attributes")
)


class References(Protocol):
    """What a document is given in place of each reference that it makes."""

    def file(self, path: str, spot: Spot, /) -> str:
        """For a file of the repository, by its path there."""

    def name(self, kind: str, written: str, spot: Spot, /) -> str:
        """For something from a registry: `role`, `collection`, `image` or another kind, as written."""


def rewritten(raw: Any, spot: Spot, scope: Scope, references: References, names: frozenset[str]) -> Any:
    """A definition (of a type, template, group or workflow) with every reference replaced.

    names  the artifacts of the entity: an implementation may name one of them instead of a file

    Raises InputError, with its place, for a reference that leads out of the repository, that only
    the engine could work out, or that names a repository of its own.
    """
    return _Rewriter(scope, references, names).definition(raw, spot)


def operations(raw: Any, spot: Spot, scope: Scope, references: References) -> Any:
    """The same for an interface type, whose operations stand beside its other keys."""
    return _Rewriter(scope, references, frozenset()).operations(raw, spot)


@dataclass(frozen=True, slots=True)
class _Rewriter:
    scope: Scope
    references: References
    names: frozenset[str]

    def definition(self, raw: Any, spot: Spot) -> Any:
        if not isinstance(raw, dict):
            return raw
        made = dict(raw)
        parts: Mapping[str, Callable[[Any, Spot], Any]] = {
            "artifacts": self._artifacts,
            "interfaces": self._interfaces,
            "requirements": self._requirements,
            "implementation": self._implementation,  # of a workflow (1.3, 3.8.7)
            "triggers": self._triggers,
        }
        for key, part in parts.items():
            if key in raw:
                made[key] = part(raw[key], spot.at(key))
        return made

    def operations(self, raw: Any, spot: Spot) -> Any:
        """An interface (1.3, 3.7.5): operations beside its other keys, or below keys of their own."""
        if not isinstance(raw, dict):
            return raw
        made = {}
        for key, inner in raw.items():
            at = spot.at(key)
            if key in ("operations", "notifications") and isinstance(inner, dict):
                made[key] = {name: self._operation(one, at.at(name)) for name, one in inner.items()}
            else:
                made[key] = inner if key in _NOT_OPERATIONS else self._operation(inner, at)
        return made

    def _interfaces(self, section: Any, spot: Spot) -> Any:
        if not isinstance(section, dict):
            return section
        return {name: self.operations(raw, spot.at(name)) for name, raw in section.items()}

    def _triggers(self, section: Any, spot: Spot) -> Any:
        """Triggers of a policy, whose `action` was an operation before 1.2 (1.1, 3.5.16)."""
        if not isinstance(section, dict):
            return section
        made = {}
        for name, raw in section.items():
            action = raw.get("action") if isinstance(raw, dict) else None
            made[name] = raw
            if isinstance(action, dict):
                made[name] = {**raw, "action": self._operation(action, spot.at(name, "action"))}
        return made

    def _operation(self, raw: Any, spot: Spot) -> Any:
        if isinstance(raw, str):
            return self._called(raw, spot)
        if not isinstance(raw, dict) or "implementation" not in raw:
            return raw
        return {**raw, "implementation": self._implementation(raw["implementation"], spot.at("implementation"))}

    def _implementation(self, raw: Any, spot: Spot) -> Any:
        """1.3, 3.6.17: a name or path, or both forms of a mapping: an artifact, or `primary` with `dependencies`."""
        if not isinstance(raw, dict) or "file" in raw:
            return self._called(raw, spot)
        made = dict(raw)
        if "primary" in raw:
            made["primary"] = self._called(raw["primary"], spot.at("primary"))
        if isinstance(raw.get("dependencies"), list):
            at = spot.at("dependencies")
            made["dependencies"] = [self._called(one, at.at(n)) for n, one in enumerate(raw["dependencies"])]
        elif raw.get("dependencies") is not None:
            made["dependencies"] = self._called(raw["dependencies"], spot.at("dependencies"))
        unknown = raw.keys() - {"primary", "dependencies", "timeout", "operation_host", "description"}
        if unknown:
            raise _not_written_out(spot)
        return made

    def _called(self, raw: Any, spot: Spot) -> Any:
        if raw is None or (isinstance(raw, str) and raw in self.names):
            return raw
        if isinstance(raw, dict) and "file" not in raw:
            raise _not_written_out(spot)
        return self._artifact(raw, spot)

    def _artifacts(self, section: Any, spot: Spot) -> Any:
        if isinstance(section, list):
            return [self._artifacts(item, spot.at(index)) for index, item in enumerate(section)]
        if not isinstance(section, dict):
            return section
        return {name: self._artifact(raw, spot.at(name)) for name, raw in section.items()}

    def _artifact(self, raw: Any, spot: Spot) -> Any:
        if isinstance(raw, str):
            return self.references.file(repository_path(raw, spot), spot)
        if not isinstance(raw, dict):
            raise _not_written_out(spot)
        if "file" not in raw:
            return raw
        at = spot.at("file")
        if not isinstance(raw["file"], str):
            raise _not_written_out(at)
        if raw.get("repository") is not None:
            raise InputError(
                f"the repository `{show(raw['repository'])}` is not locked: nothing can be taken from there",
                place=spot.place("repository"),
                hint="Put the file into this repository and name it relative to this one.",
            )
        kind = registry_kind(raw, self.scope)
        if kind:
            return {**raw, "file": self.references.name(kind, raw["file"], at)}
        return {**raw, "file": self.references.file(repository_path(raw["file"], at), at)}

    def _requirements(self, section: Any, spot: Spot) -> Any:
        """Requirements whose relationship may bring interfaces of its own."""
        if not isinstance(section, list):
            return section
        return [self._requirement(one, spot.at(number)) for number, one in enumerate(section)]

    def _requirement(self, requirement: Any, spot: Spot) -> Any:
        if not isinstance(requirement, dict):
            return requirement
        made = dict(requirement)
        for name, raw in requirement.items():
            relationship = raw.get("relationship") if isinstance(raw, dict) else None
            if isinstance(relationship, dict):
                own = _Rewriter(self.scope, self.references, frozenset())
                made[name] = {**raw, "relationship": own.definition(relationship, spot.at(name, "relationship"))}
        return made


def _not_written_out(spot: Spot) -> InputError:
    return InputError(
        "what is run must be written out as a file or the name of an artifact",
        place=spot.place(),
        hint="What only the engine could work out cannot be locked.",
    )
