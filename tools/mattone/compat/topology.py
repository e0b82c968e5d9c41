"""Topologies before and after: what a service asks for, what it gives back, what it can stand for (1.3, 3.9)."""

from __future__ import annotations

from mattone.compat.changes import Collector
from mattone.compat.library import Side
from mattone.compat.results import schema_of_output
from mattone.compat.sameness import same
from mattone.compat.values import Position, Subject, Values
from mattone.tosca.definitions import Schema
from mattone.tosca.spots import Spot, show
from mattone.tosca.template import Output, ServiceTemplate, mapping, template_of
from mattone.tosca.types import TypeDef


def compare_topologies(before: Side, after: Side, out: Collector, types: bool) -> None:
    """Compare the topology of every document that both sides have.

    types  the types are compared by themselves, so that what changed in one is not said of each input again
    """
    values = Values(out, lambda one: types and _is_shared(one, before, after))
    for name, document in after.roots.items():
        other = before.roots.get(name)
        new = template_of(after.workspace, document)
        old = template_of(before.workspace, other) if other is not None else None
        if old is not None and new is not None and (old.topology or new.topology):
            compare_topology(old, new, out, values)


def _is_shared(one: TypeDef, before: Side, after: Side) -> bool:
    key = (one.kind, one.name)
    return key in before.types and key in after.types


def compare_topology(old: ServiceTemplate, new: ServiceTemplate, out: Collector, values: Values) -> None:
    """Compare two versions of one service template."""
    found = len(out)
    _inputs(old, new, out, values)
    _outputs(old, new, out, values)
    _substitution(old, new, out)
    if len(out) == found and not same(dict(old.topology), dict(new.topology)):
        spots = [Spot(one.document, (one.section,)) for one in (old, new)]
        out.add("COMPAT3202", _title(new), "what it is made of changed, behind the same inputs and outputs", *spots)


def _title(one: ServiceTemplate) -> str:
    return f"template {one.path}"


def _inputs(old: ServiceTemplate, new: ServiceTemplate, out: Collector, values: Values) -> None:
    for name, own in old.inputs.items():
        other = new.inputs.get(name)
        if other is None:
            out.add("COMPAT1210", f"input {show(name)}", "it is gone: deployments that give it are refused", own.spot)
        else:
            values.definition(Subject(f"input {show(name)}", Position.GIVEN, own.spot, other.spot), own, other)
    for name, other in new.inputs.items():
        if name not in old.inputs:
            must = other.required and not other.has_default
            rule, why = ("COMPAT1211", "it is new, and must be given") if must else ("COMPAT2211", "it is new")
            out.add(rule, f"input {show(name)}", why, None, other.spot)


def _outputs(old: ServiceTemplate, new: ServiceTemplate, out: Collector, values: Values) -> None:
    for name, own in old.outputs.items():
        other = new.outputs.get(name)
        if other is None:
            out.add("COMPAT1220", f"output {show(name)}", "it is gone", own.spot, None)
            continue
        before, after = _schema(old, own), _schema(new, other)
        if before is not None and after is not None:
            values.schema(Subject(f"output {show(name)}", Position.READ, own.spot, other.spot), before, after)
    for name, other in new.outputs.items():
        if name not in old.outputs:
            out.add("COMPAT2220", f"output {show(name)}", "it is new", None, other.spot)


def _schema(template: ServiceTemplate, one: Output) -> Schema | None:
    return schema_of_output(template, one)


def _substitution(old: ServiceTemplate, new: ServiceTemplate, out: Collector) -> None:
    """What the topology can stand for: its node type, and what of that is mapped to its inside (1.3, 3.10)."""
    before, after = (mapping(one.topology, "substitution_mappings") for one in (old, new))
    spots = [Spot(one.document, (one.section, "substitution_mappings")) for one in (old, new)]
    if not before and not after:
        return
    if not after:
        out.add("COMPAT1201", "substitution mapping", "it is gone: the template stands for no node now", spots[0], None)
        return
    if not before:
        out.add("COMPAT2201", "substitution mapping", "it is new", None, spots[1])
        return
    _node_type(old, new, out, spots)
    for section in ("properties", "attributes", "capabilities", "requirements", "interfaces"):
        own, other = mapping(before, section), mapping(after, section)
        for name in own:
            if name not in other:
                spot = spots[0].at(section, name)
                out.add("COMPAT1201", f"substitution mapping, {section} {show(name)}", "it is gone", spot, None)
        for name in other:
            if name not in own:
                spot = spots[1].at(section, name)
                out.add("COMPAT2201", f"substitution mapping, {section} {show(name)}", "it is new", None, spot)


def _node_type(old: ServiceTemplate, new: ServiceTemplate, out: Collector, spots: list[Spot]) -> None:
    before, after = (mapping(one.topology, "substitution_mappings").get("node_type") for one in (old, new))
    if same(before, after):
        return
    found = new.scope.find("node", after)
    why = f"it stood for a {show(before)} and stands for a {show(after)}"
    if found is not None and any(one.name == before for one in found.lineage):
        out.add("COMPAT2202", "substitution mapping", f"{why}, a descendant", *spots)
    else:
        out.add("COMPAT1202", "substitution mapping", why, *spots)
