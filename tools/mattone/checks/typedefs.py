"""Type definitions checked by themselves: a library's defects are found before a node uses the type (1.3, 3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mattone.checks.calls import check_call, check_calls
from mattone.checks.context import Context, Here
from mattone.checks.operations import check_inputs, check_interface_type, check_operation, known_inputs
from mattone.checks.refinement import check_filter, check_refinement
from mattone.tosca import constraints
from mattone.tosca.artifacts import file_problem, is_file_artifact
from mattone.tosca.definitions import (
    PropertyDef,
    Schema,
    capabilities_of,
    own_properties,
    properties_of,
    property_of,
    requirements_of,
)
from mattone.tosca.operations import bodies, interface_type
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.types import KINDS, TypeDef, named
from mattone.tosca.values import ValueChecker, resolve


def check_types(context: Context) -> None:
    """Check every type that the document itself defines."""
    for kind, (section, _) in KINDS.items():
        value = context.document.value.get(section)
        for name, raw, _ in named(value if isinstance(value, dict) else None):
            found = context.scope.find(kind, name)
            if found is None or found.spot.document is not context.document:
                found = TypeDef(kind, name, raw, context.root.at(section, name), context.scope)
            _TypeCheck(context, found).run()


class _TypeCheck:
    def __init__(self, context: Context, kind: TypeDef) -> None:
        self.context = context
        self.kind = kind
        self.here = Here(kind, template=False)

    def run(self) -> None:
        self._ancestry()
        for section in ("properties", "attributes"):
            if isinstance(self.kind.raw.get(section), dict):
                for definition in filter(None, self._own(section).values()):
                    check_definition(self.context, definition, self.here)
        self._refinement()
        if self.kind.kind == "data":
            self._data()
        for _, raw, keys in named(self.kind.raw.get("capabilities")):
            self._capability(raw, self.kind.spot.at("capabilities", *keys))
        for _, raw, keys in named(self.kind.raw.get("requirements")):
            self._requirement(raw, self.kind.spot.at("requirements", *keys))
        for section, kinds in _LISTS.get(self.kind.kind, {}).items():
            self._names(section, kinds)
        self._interfaces()
        if self.kind.kind == "interface":
            check_interface_type(self.context, self.kind)
        if self.kind.kind == "policy":
            from mattone.checks.triggers import check_triggers

            check_triggers(self.context, self.kind.raw.get("triggers"), self.kind.spot.at("triggers"), template=False)
        artifacts = self.kind.raw.get("artifacts")
        check_artifacts(self.context, artifacts, self.kind.spot.at("artifacts"), self.here)

    def _refinement(self) -> None:
        if self.context.scope.dialect.refines:
            from mattone.checks.definitions_2_0 import check_definitions

            check_definitions(self.context, self.kind)
        else:
            check_refinement(self.context, self.kind)

    def _own(self, section: str) -> Mapping[str, PropertyDef | None]:
        """The definitions that stand in the type itself; in 2.0 with what they inherit where they refine it."""
        if not self.context.scope.dialect.refines:
            return own_properties(self.kind, section)
        known, own = properties_of(self.kind, section), named(self.kind.raw.get(section))
        return {name: known.get(name) for name, _, _ in own}

    def _ancestry(self) -> None:
        derived = self.kind.raw.get("derived_from")
        spot = self.kind.spot.at("derived_from")
        if derived is None or (self.kind.kind == "data" and self.kind.scope.is_primitive(derived)):
            return
        parent = self.context.type(self.kind.kind, derived, spot)
        last = self.kind.lineage[-1]
        if parent is not None and last.parent is not None and self.kind in (last.parent, *last.parent.lineage):
            message = f"`{show(self.kind.name)}` derives from itself"
            self.context.out.add("TOSCA1011", message, spot.place())

    def _data(self) -> None:
        raw = self.kind.raw
        if isinstance(raw.get("constraints"), list):
            schema = Schema(self.kind.name, self.context.scope, self.kind.spot, raw["constraints"])
            check_clauses(self.context, schema, self.kind.spot.at("constraints"))

    def _capability(self, raw: Any, spot: Spot) -> None:
        long = raw if isinstance(raw, dict) else {"type": raw}
        at = spot.at("type") if isinstance(raw, dict) else spot
        self.context.type("capability", long.get("type"), at)
        own = capabilities_of(self.kind).get(str(spot.keys[-1])) if self.context.scope.dialect.refines else None
        sections = {"properties": own.properties, "attributes": own.attributes} if own else {}
        for section in ("properties", "attributes"):
            check_properties(self.context, long.get(section), spot.at(section), self.here, sections.get(section))
        self._occurrences(long, spot)
        sources = self.context.scope.dialect.sources
        for index, source in enumerate(_list(long.get(sources))):
            self.context.type("node", source, spot.at(sources, index))

    def _requirement(self, raw: Any, spot: Spot) -> None:
        if not isinstance(raw, dict):
            self.context.type("capability", raw, spot)
            return
        wanted = self.context.scope.find("node", raw.get("node"))
        if not self._symbolic(raw.get("capability"), wanted):
            self.context.type("capability", raw.get("capability"), spot.at("capability"))
        self.context.type("node", raw.get("node"), spot.at("node"))
        relationship = raw.get("relationship")
        if isinstance(relationship, dict):
            self.context.type("relationship", relationship.get("type"), spot.at("relationship", "type"))
        else:
            self.context.type("relationship", relationship, spot.at("relationship"))
        self._occurrences(raw, spot)
        if self.context.scope.dialect.refines:
            name = str(spot.keys[-1])
            from mattone.checks.validations import check_condition

            own = requirements_of(self.kind).get(name)
            here = Here(own.relationship_type if own else None, None, False, name, self.kind)
            check_condition(self.context, raw.get("node_filter"), spot.at("node_filter"), here)
        else:
            check_filter(self.context, raw.get("node_filter"), wanted, spot.at("node_filter"))

    def _symbolic(self, name: Any, node: TypeDef | None) -> bool:
        """Whether a requirement of 2.0 names a capability of its node type in place of a capability type (8.4)."""
        if not self.context.scope.dialect.refines or node is None or not isinstance(name, str):
            return False
        return not node.whole or name in node.members("capabilities")

    def _occurrences(self, raw: dict[Any, Any], spot: Spot) -> None:
        limits = self.context.scope.dialect.limits
        value = raw.get(limits)
        if value is None:
            return
        if not (isinstance(value, list) and len(value) == 2 and _limits(*value)):
            message = f"`{limits}` must be two numbers of at least 0, `[least, most]`, or `[least, UNBOUNDED]`"
            self.context.out.add("TOSCA1003", message, spot.place(limits))

    def _names(self, section: str, kinds: tuple[str, ...]) -> None:
        for index, name in enumerate(_list(self.kind.raw.get(section))):
            if not any(self.context.scope.find(kind, name) for kind in kinds):
                self.context.type(kinds[0], name, self.kind.spot.at(section, index))

    def _interfaces(self) -> None:
        spot = self.kind.spot.at("interfaces")
        inherited = self.kind.parent.members("interfaces") if self.kind.parent else {}
        for name, raw, keys in named(self.kind.raw.get("interfaces")):
            found = interface_type(self.kind, name)
            if found == (None, False) and name not in inherited and self.kind.whole and self.context.scope.complete:
                message = f"interface `{show(name)}` has no type, and no ancestor of {self.kind.name} has it"
                hint = did_you_mean(name, inherited, "Give it a `type`.")
                self.context.out.add("TOSCA1050", message, spot.key_place(*keys), hint)
            check_interface(self.context, name, raw, spot.at(*keys), self.here, found)


_LISTS: dict[str, dict[str, tuple[str, ...]]] = {
    "relationship": {
        "valid_target_types": ("capability", "node"),
        "valid_capability_types": ("capability",),
        "valid_target_node_types": ("node",),
        "valid_source_node_types": ("node",),
    },
    "capability": {
        "valid_source_types": ("node",),
        "valid_source_node_types": ("node",),
        "valid_relationship_types": ("relationship",),
    },
    "group": {"members": ("node",)},
    "policy": {"targets": ("node", "group")},
}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _limits(low: Any, high: Any) -> bool:
    return _count(low) and (high == "UNBOUNDED" or (_count(high) and low <= high))


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def check_properties(
    context: Context, section: Any, spot: Spot, here: Here, refined: Mapping[str, PropertyDef | None] | None = None
) -> None:
    """Check property, attribute or parameter definitions: their types, constraints and defaults.

    refined  the definitions with what they inherit, where they may refine it
    """
    for name, raw, keys in named(section if isinstance(section, dict) else None):
        known = property_of(name, raw, spot.at(*keys), context.scope) if refined is None else refined.get(name)
        definition = known if known is None or known.spot == spot.at(*keys) else None
        if definition is not None:
            check_definition(context, definition, here)


def check_definition(context: Context, definition: PropertyDef, here: Here) -> None:
    """Check one property or parameter definition by itself."""
    if definition.schema.spot.document is context.document:
        context.schema(definition.schema)
    if context.scope.dialect.refines:
        from mattone.checks.validations import check_validations

        check_validations(context, definition.schema, here)
    check_clauses(context, definition.schema, definition.spot.at("constraints"))
    for part, key in ((definition.schema.entry, "entry_schema"), (definition.schema.key, "key_schema")):
        if part is not None:
            check_clauses(context, part, definition.spot.at(key, "constraints"))
    if definition.has_default and definition.default is not None:
        checker = ValueChecker(context.out, lambda value, schema, at: check_call(context, value, schema, at, here))
        label = f"the default of `{show(definition.name)}`"
        checker.check(definition.default, definition.schema, definition.spot.at("default"), label)


def check_clauses(context: Context, schema: Schema, spot: Spot) -> None:
    """Check the constraint clauses of a schema, which stand at `spot`."""
    complex_type, primitive, _ = resolve(schema)
    if complex_type is None and not primitive:
        return
    for index, clause in enumerate(schema.constraints or ()):
        if not (isinstance(clause, dict) and len(clause) == 1):
            message = "a constraint is one operator with its value, as `- greater_than: 1`"
            context.out.add("TOSCA1024", message, spot.place(index))
    for index, operator, operand in constraints.clauses(schema):
        problem = constraints.operand_problem(operator, operand, "map" if complex_type else primitive)
        if problem:
            hint = "" if operator in constraints.OPERATORS else did_you_mean(operator, constraints.OPERATORS)
            context.out.add("TOSCA1024", problem, spot.place(index, operator), hint)


def check_artifacts(context: Context, section: Any, spot: Spot, here: Here) -> None:
    """Check artifact definitions: types, and file references of files."""
    for _, raw, keys in named(section):
        at = spot.at(*keys)
        if not isinstance(raw, dict):
            continue
        context.type("artifact", raw.get("type"), at.at("type"))
        if isinstance(raw.get("file"), str) and "repository" not in raw and is_file_artifact(raw, context.scope):
            check_file(context, raw["file"], at.at("file"))
        check_calls(context, {key: inner for key, inner in raw.items() if key != "type"}, at, here)


def check_file(context: Context, reference: str, spot: Spot) -> None:
    """Warn of a file reference that is no path inside the repository: it cannot be bundled as it is."""
    _, problem = file_problem(spot.document.path, reference)
    if problem:
        hint = "Put the file into the repository and name it relative to this one."
        context.out.add("TOSCA2005", f"file reference `{show(reference, 100)}` {problem}", spot.place(), hint)


def check_interface(
    context: Context, name: str, raw: Any, spot: Spot, here: Here, found: tuple[TypeDef | None, bool]
) -> None:
    """Check an interface of a type or a template: its type, its operations, their files and inputs."""
    if not isinstance(raw, dict):
        return
    if "type" in raw:
        context.type("interface", raw["type"], spot.at("type"))
    kind, declared = found
    if kind is None and not declared and here.kind is not None and here.kind.whole and "type" not in raw:
        # A full type name in place of a name is how version 1.0 wrote it; any other name needs a type.
        known = [*here.kind.members("interfaces"), "Standard"]
        if name not in here.kind.members("interfaces") and context.scope.complete:
            message = f"{here.kind.name} has no interface `{show(name)}`"
            context.out.add("TOSCA1050", message, spot.key_place(), did_you_mean(name, known))
    check_inputs(context, raw.get("inputs"), spot.at("inputs"), here, known_inputs(here, name, ""))
    for operation, body, at in bodies(raw, spot):
        check_operation(context, name, operation, kind, at, here)
        _operation(context, body, at, here, known_inputs(here, name, str(operation)))


def _operation(context: Context, body: Any, spot: Spot, here: Here, known: Mapping[str, PropertyDef]) -> None:
    if not isinstance(body, dict):
        body, inner = {"implementation": body}, spot
    else:
        inner = spot.at("implementation")
    implementation = body.get("implementation")
    names = set(here.kind.members("artifacts")) if here.kind else set()
    if here.node is not None:
        names |= {name for name, _, _ in named(here.node.raw.get("artifacts"))}
    _inline_artifacts(context, implementation, inner)
    for reference, at in _references(implementation, inner):
        if reference not in names:
            check_file(context, reference, at)
    check_inputs(context, body.get("inputs"), spot.at("inputs"), here, known)


def _inline_artifacts(context: Context, implementation: Any, spot: Spot) -> None:
    """The types of artifacts that an implementation defines in place (1.3, 3.6.17; 2.0, 11.8)."""
    if not isinstance(implementation, dict):
        return
    parts = [(implementation.get("primary"), spot.at("primary"))]
    dependencies = spot.at("dependencies")
    parts += [(one, dependencies.at(n)) for n, one in enumerate(_list(implementation.get("dependencies")))]
    for one, at in parts:
        if isinstance(one, dict):
            context.type("artifact", one.get("type"), at.at("type"))


def _references(implementation: Any, spot: Spot) -> list[tuple[str, Spot]]:
    if isinstance(implementation, str):
        return [(implementation, spot)]
    if not isinstance(implementation, dict):
        return []
    found = []
    for key in ("primary", "file"):
        inner = implementation.get(key)
        inner, at = (inner.get("file"), spot.at(key, "file")) if isinstance(inner, dict) else (inner, spot.at(key))
        if isinstance(inner, str):
            found.append((inner, at))
    for index, one in enumerate(_list(implementation.get("dependencies"))):
        if isinstance(one, str):
            found.append((one, spot.at("dependencies", index)))
    return found
