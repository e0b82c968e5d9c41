"""Interfaces and operations: what can be called, with what, and what it runs (1.3, 3.7.5)."""

from __future__ import annotations

from mattone.compat.operations import Operation, operations_of
from mattone.compat.pair import Pair
from mattone.compat.sameness import same
from mattone.tosca.spots import Spot, show
from mattone.tosca.types import named


def compare_interfaces(pair: Pair) -> None:
    """Compare the interfaces of a type, and the operations of an interface type."""
    sections = ("interfaces",) if pair.new.kind != "interface" else tuple({*pair.old.raw, *pair.new.raw})
    if not (pair.moved or any(one in pair.old.raw or one in pair.new.raw for one in sections)):
        return
    _types(pair)
    old, new = operations_of(pair.old), operations_of(pair.new)
    for interface, operations in old.items():
        if interface in new:
            _operations(pair, interface, operations, new[interface])
        else:
            _gone(pair, interface, operations)
    for interface in new:
        if interface not in old and not pair.untold(pair.old):
            spot = _spot(pair, interface, pair.new.spot)
            pair.out.add("COMPAT2150", f"{pair.name}, interface {show(interface)}", "it is new", None, spot)


def _gone(pair: Pair, interface: str, operations: dict[str, Operation]) -> None:
    if pair.untold(pair.new):
        return
    inherited = [one for one in operations.values() if pair.lost(one.spot)]
    subject = f"{pair.name}, interface {show(interface)}"
    if inherited and len(inherited) == len(operations):
        pair.out.follow(pair.name, subject)
    else:
        pair.out.add("COMPAT1150", subject, "it is gone", _spot(pair, interface, pair.old.spot), None)


def _spot(pair: Pair, interface: str, spot: Spot) -> Spot:
    return spot.at("interfaces", interface) if pair.new.kind != "interface" else spot


def _types(pair: Pair) -> None:
    """The types that a type gives its interfaces: another one than a descendant of the former breaks."""
    new = {name: raw for name, raw, _ in named(pair.new.raw.get("interfaces"))}
    for name, raw, keys in named(pair.old.raw.get("interfaces")):
        before, after = (one.get("type") if isinstance(one, dict) else None for one in (raw, new.get(name)))
        if name not in new or before is None or same(before, after):
            continue
        found = pair.new.scope.find("interface", after) if after is not None else None
        if found is not None and any(one.name == before for one in found.lineage):
            continue
        why = f"its type was {show(before)} and is {show(after or 'none')}"
        subject = f"{pair.name}, interface {show(name)}"
        pair.out.add(
            "COMPAT1155", subject, why, pair.old.spot.at("interfaces", *keys), _spot(pair, name, pair.new.spot)
        )


def _operations(pair: Pair, interface: str, old: dict[str, Operation], new: dict[str, Operation]) -> None:
    prefix = f"operation {show(interface)}." if interface else "operation "
    for name, own in old.items():
        what, other = f"{prefix}{show(name)}", new.get(name)
        if other is not None:
            if not pair.elsewhere(own.spot, other.spot):
                _operation(pair, what, own, other)
        elif pair.lost(own.spot):
            pair.out.follow(pair.name, f"{pair.name}, {what}")
        elif not pair.untold(pair.new):
            pair.out.add("COMPAT1151", f"{pair.name}, {what}", "it is gone", own.spot, None)
    for name, other in new.items():
        if name not in old and not pair.untold(pair.old) and (pair.moved or not pair.lost(other.spot)):
            pair.out.add("COMPAT2151", f"{pair.name}, {prefix}{show(name)}", "it is new", None, other.spot)


def _operation(pair: Pair, what: str, old: Operation, new: Operation) -> None:
    for name, own in old.inputs.items():
        inner, other = f"{what}, input {show(name)}", new.inputs.get(name)
        if other is not None:
            pair.values.definition(pair.subject(inner, own.spot, other.spot), own, other)
        elif name not in new.wired:
            pair.out.add("COMPAT1152", f"{pair.name}, {inner}", "it is gone", own.spot, None)
    for name, other in new.inputs.items():
        if name not in old.inputs and name not in old.wired:
            must = other.required and not other.has_default
            why = "it is new, and must be given" if must else "it is new"
            rule = "COMPAT1153" if must else "COMPAT2153"
            pair.out.add(rule, f"{pair.name}, {what}, input {show(name)}", why, None, other.spot)
    for name in old.outputs:
        if name not in new.outputs:
            pair.out.add("COMPAT1154", f"{pair.name}, {what}, output {show(name)}", "it is gone", old.spot, None)
    for name in new.outputs:
        if name not in old.outputs:
            pair.out.add("COMPAT2154", f"{pair.name}, {what}, output {show(name)}", "it is new", None, new.spot)
    _implementation(pair, what, old, new)


def _implementation(pair: Pair, what: str, old: Operation, new: Operation) -> None:
    subject = f"{pair.name}, {what}"
    if old.implementation and not new.implementation:
        pair.out.add("COMPAT1156", subject, "nothing implements it any more", old.spot, new.spot)
    elif old.implementation != new.implementation:
        was, now = (", ".join(show(one, 100) for one in side.implementation) or "nothing" for side in (old, new))
        pair.out.add("COMPAT3150", subject, f"it ran {was} and runs {now}", old.spot, new.spot)
    if not same(dict(old.wired), dict(new.wired)):
        names = sorted(
            name
            for name in {*old.wired, *new.wired}
            if name not in old.wired or name not in new.wired or not same(old.wired[name], new.wired[name])
        )
        why = f"what it is given for {', '.join(show(one) for one in names)} is another value"
        pair.out.add("COMPAT3152", subject, why, old.spot, new.spot)
