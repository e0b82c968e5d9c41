"""Does a value fit a schema: primitive and complex types, entries, constraints, functions in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mattone.tosca import constraints, units
from mattone.tosca.definitions import PropertyDef, Schema, properties_of, schema_of, validations_of
from mattone.tosca.spots import Collector, Spot, did_you_mean, show
from mattone.tosca.types import TypeDef

# What a hook says of a value that is no plain value: True when it dealt with it.
Hook = Callable[[Any, Schema, Spot], bool]

_EXAMPLES = {
    "scalar-unit.size": "4 GB",
    "scalar-unit.time": "30 s",
    "scalar-unit.frequency": "2.4 GHz",
    "scalar-unit.bitrate": "100 Mbps",
    "version": "1.2.3",
    "timestamp": "2024-05-01T10:00:00Z",
    "range": "[1, 4]",
    "boolean": "true",
}


class Rules(NamedTuple):
    """The ids under which a checker reports."""

    type: str = "TOSCA1022"
    constraint: str = "TOSCA1023"
    unknown: str = "TOSCA1020"
    missing: str = "TOSCA1021"


class ValueChecker:
    """Checks values and reports what does not fit.

    hook  asked first about every mapping: functions in templates, secret references in deployments
    """

    def __init__(self, out: Collector, hook: Hook, rules: Rules | None = None) -> None:
        self.out = out
        self.hook = hook
        self.rules = rules or Rules()

    def check(self, value: Any, schema: Schema, spot: Spot, label: str, hint: str = "") -> None:
        """Report everything in `value`, which stands at `spot`, that the schema does not allow.

        label  how messages name the value: "property `size`", "input `ports`"
        hint   added to the type's own, for example where the input is declared
        """
        if (isinstance(value, dict) or (isinstance(value, str) and value[:1] == "$")) and self.hook(
            value, schema, spot
        ):
            return
        complex_type, primitive, inherited = resolve(schema)
        if complex_type is not None:
            self._complex(value, complex_type, spot, label, hint)
        elif not primitive:
            return
        elif primitive == "scalar":
            if not self._measure(value, schema, spot, label, hint):
                return
        elif not constraints.of_type(primitive, value) and not _yaml_1_2(primitive, value, schema):
            self._wrong_type(value, primitive, spot, label, hint)
            return
        elif primitive in ("list", "map"):
            for one in (schema, *inherited):
                self._entries(value, one, spot, label, hint)
        for one in (schema, *inherited):
            self._constraints(value, one, "map" if complex_type else primitive, spot, label, hint)

    def _wrong_type(self, value: Any, primitive: str, spot: Spot, label: str, hint: str) -> None:
        kind = f"a {primitive}" if primitive[0] not in "aio" else f"an {primitive}"
        given = "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else f"`{show(value)}`"
        if isinstance(value, str) and primitive in ("integer", "float", "boolean"):
            given = f"the text `{show(value)}`"
        advice = ""
        if primitive == "string" and isinstance(value, (int, float)):
            begin, end = spot.document.span(*spot.keys)
            advice = f'Quote it: `"{show(spot.document.text[begin:end] or value)}"`.'
        elif primitive in ("integer", "float") and isinstance(value, str) and _number(value):
            advice = "Remove the quotes."
        elif primitive in units.SPELLED:
            advice = f"Write a number and a unit ({units.SPELLED[primitive]}), for example `{_EXAMPLES[primitive]}`."
        elif primitive in _EXAMPLES:
            advice = f"For example `{_EXAMPLES[primitive]}`."
        self.out.add(self.rules.type, f"{label} must be {kind}, not {given}", spot.place(), _both(advice, hint))

    def _entries(self, value: Any, schema: Schema, spot: Spot, label: str, hint: str) -> None:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, entry in pairs:
            if schema.entry is not None and not fits_at_once(entry, schema.entry):
                self.check(entry, schema.entry, spot.at(key), f"entry `{show(key)}` of {label}", hint)
            if schema.key is not None and isinstance(value, dict) and not fits_at_once(key, schema.key):
                self.check(key, schema.key, spot.at(key), f"key `{show(key)}` of {label}", hint)

    def _complex(self, value: Any, kind: TypeDef, spot: Spot, label: str, hint: str) -> None:
        if not isinstance(value, dict):
            given = "a list" if isinstance(value, list) else f"`{show(value)}`"
            fields = ", ".join(f"`{name}`" for name in list(kind.members("properties"))[:8])
            advice = f"{kind.name} has the fields {fields}." if fields else ""
            message = f"{label} must be a mapping of type {kind.name}, not {given}"
            self.out.add(self.rules.type, message, spot.place(), _both(advice, hint))
            return
        self.fields(value, properties_of(kind), spot, f"{kind.name}", label, kind.whole, hint)

    def fields(
        self,
        value: dict[Any, Any],
        known: dict[str, PropertyDef | None],
        spot: Spot,
        owner: str,
        label: str,
        whole: bool,
        hint: str = "",
    ) -> None:
        """Check the values of named properties: unknown ones, missing ones, and each by its schema.

        owner  what has these properties, for messages; whole  whether `known` is all of them
        """
        for name, one in value.items():
            definition = known.get(name)
            if definition is not None:
                if not fits_at_once(one, definition.schema):
                    self.check(one, definition.schema, spot.at(name), f"`{show(name)}` of {label}", hint)
            elif name not in known and whole:
                message = f"{owner} has no property `{show(name)}`"
                self.out.add(self.rules.unknown, message, spot.key_place(name), _both(did_you_mean(name, known), hint))
        lacking = [
            name
            for name, definition in known.items()
            if name not in value and definition is not None and definition.required and not definition.has_default
        ]
        if lacking and any(isinstance(key, str) and key.startswith("$") for key in value):
            return
        for name in lacking:
            message = f"{label} lacks `{name}`, which {owner} requires"
            self.out.add(self.rules.missing, message, spot.key_place(), hint)

    def _constraints(self, value: Any, schema: Schema, primitive: str, spot: Spot, label: str, hint: str) -> None:
        for _, operator, operand in constraints.clauses(schema):
            if constraints.operand_problem(operator, operand, primitive):
                continue  # reported where it is written
            broken = constraints.violation(operator, operand, primitive, value)
            if broken:
                self.out.add(self.rules.constraint, f"{label} {broken}", spot.place(), hint)
        for one in schema.validations:
            from mattone.tosca import expressions  # only 2.0 has them

            if expressions.evaluate(one.clause, value, schema) is False:
                message = f"{label} is not valid: {show(one.clause, 120)} does not hold"
                where = f"The validation clause stands at {one.spot.key_place()}."
                self.out.add(self.rules.constraint, message, spot.place(), _both(where, hint))

    def _measure(self, value: Any, schema: Schema, spot: Spot, label: str, hint: str) -> bool:
        """Whether a value is a number with one of the units of a scalar type of 2.0 (9.1.2.2)."""
        from mattone.tosca import measures  # only 2.0 has them

        measure = measures.measure_of(schema)
        problem = measure.problem(value) if measure is not None else ""
        if problem:
            advice = f"Units of {schema.type}: {measure.listed()}." if measure is not None else ""
            self.out.add(self.rules.type, f"{label} {problem}", spot.place(), _both(advice, hint))
        elif measure is not None and measure.number is not None:
            self.check(measure.part(value), measure.number, spot, f"the number of {label}", hint)
        return not problem


def fits_at_once(value: Any, schema: Schema) -> bool:
    """Whether a value is seen to fit without looking further, as most do: of a simple type without constraints."""
    if value.__class__ is not _SIMPLE.get(schema.type) or schema.constraints or schema.validations:
        return False
    return value.__class__ is not str or value[:1] != "$"  # which begins a function of 2.0


_SIMPLE = {"string": str, "integer": int, "float": float, "boolean": bool}


def resolve(schema: Schema) -> tuple[TypeDef | None, str, tuple[Schema, ...]]:
    """Complex data type, or primitive type, behind a schema, and the schemas that its type inherits from.

    ("", with no type) means that it is not known; that was or will be reported where it is written.
    """
    if schema.scope.is_primitive(schema.type):
        return None, schema.type, ()
    found = schema.scope.find("data", schema.type)
    if found is None:
        return None, "", ()
    inherited = []
    for owner in found.lineage:
        base = owner.raw.get("type") or owner.raw.get("derived_from")
        known = owner.once("schema", own_schema)
        if known is not None:
            inherited.append(known)
        if owner.scope.is_primitive(base):
            return None, str(base), tuple(inherited)
    return (found if found.whole else None), "", tuple(inherited)


def own_schema(kind: TypeDef) -> Schema | None:
    """What a data type itself asks of its values besides its ancestors and properties; None when nothing."""
    raw, spot, scope = kind.raw, kind.spot, kind.scope
    if not any(key in raw for key in ("constraints", "validation", "entry_schema", "key_schema")):
        return None
    given = raw.get("constraints")
    return Schema(
        kind.name,
        scope,
        spot,
        given if isinstance(given, list) else None,
        schema_of(raw.get("entry_schema"), spot.at("entry_schema"), scope),
        schema_of(raw.get("key_schema"), spot.at("key_schema"), scope),
        validations_of(raw, spot) if scope.dialect.refines else (),
    )


def _yaml_1_2(primitive: str, value: Any, schema: Schema) -> bool:
    """Whether a text is a number of YAML 1.2, which 2.0 is written in, that YAML 1.1 reads as text: `0o17`, `1.0e3`."""
    if primitive not in ("integer", "float") or not schema.scope.dialect.sigil or not isinstance(value, str):
        return False
    from mattone.tosca.measures import number

    found = number(value) if value[:2] == "0o" or "e" in value.lower() else None
    return isinstance(found, int) or (primitive == "float" and found is not None)


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _both(*hints: str) -> str:
    return " ".join(hint for hint in hints if hint)
