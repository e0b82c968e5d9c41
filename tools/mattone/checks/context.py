"""What the checks of one document work with."""

from __future__ import annotations

from typing import NamedTuple

from mattone.tosca.definitions import Schema
from mattone.tosca.source import Document
from mattone.tosca.spots import Collector, Spot, did_you_mean, show
from mattone.tosca.template import NodeTemplate, ServiceTemplate
from mattone.tosca.types import KINDS, Scope, TypeDef


class Context(NamedTuple):
    """A document under check, the types it sees, and where findings go.

    template  what the document itself holds: this is what is checked
    whole     what it becomes with its base template, the same when it has none: names are looked up here
    open      names may stand in a base template that was not found: an unknown one is not reported
    """

    document: Document
    scope: Scope
    template: ServiceTemplate
    whole: ServiceTemplate
    out: Collector
    open: bool = False

    @property
    def root(self) -> Spot:
        return Spot(self.document)

    def type(self, kind: str, name: object, spot: Spot) -> TypeDef | None:
        """The type of this name; reported when it is known that there is none."""
        if not isinstance(name, str):
            return None
        found = self.scope.find(kind, name)
        if found is None and self.scope.complete:
            other = self.scope.kind_of(name)
            if other:
                message = f"`{show(name)}` is a type of kind {other}, and one of kind {kind} is needed here"
                self.out.add("TOSCA1010", message, spot.place())
            else:
                section = KINDS[kind][0].replace("_", " ").removesuffix("s")
                hint = did_you_mean(name, self.scope.names(kind), "Define it, or import the file that does.")
                self.out.add("TOSCA1010", f"there is no {section} `{show(name)}`", spot.place(), hint)
        return found

    def schema(self, schema: Schema | None) -> None:
        """Report the unknown data types in a schema and in those of its entries and keys."""
        if schema is None:
            return
        if not schema.scope.is_primitive(schema.type):
            where = schema.spot.at("type") if schema.spot.document.has(*schema.spot.keys, "type") else schema.spot
            self.type("data", schema.type, where)
        self.schema(schema.entry)
        self.schema(schema.key)


class Here(NamedTuple):
    """What SELF means where a function stands.

    node         the node template that it stands in; for a relationship, the one that it begins at
    template     it stands in a topology, where node templates have names; not in a type definition
    inputs       names that `get_input` reads there besides the template's: of the workflow that it stands in
    requirement  SELF is the relationship that fulfils this requirement of the node, or of a node of type `source`
    """

    kind: TypeDef | None
    node: NodeTemplate | None = None
    template: bool = True
    requirement: str = ""
    source: TypeDef | None = None
    inputs: frozenset[str] = frozenset()
