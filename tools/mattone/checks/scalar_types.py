"""Data types of TOSCA 2.0 that derive from built-in ones: scalars with units, lists, maps (2.0, 9.1.2.2 and 9.2)."""

from __future__ import annotations

from typing import Any

from mattone.checks.context import Context, Here
from mattone.checks.derivation import check_schema
from mattone.checks.validations import check_validations
from mattone.tosca.definitions import Schema, text
from mattone.tosca.measures import multiplier, multipliers, number_of
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.types import TypeDef
from mattone.tosca.values import own_schema

_SCALAR = ("data_type", "units", "canonical_unit", "prefixes")


def check_data_type(context: Context, kind: TypeDef) -> None:
    """Check what a data type of 2.0 says of the values of the built-in type that it derives from."""
    raw, spot = kind.raw, kind.spot
    base = kind.lineage[-1].raw.get("derived_from")
    primitive = str(base) if kind.whole and context.scope.is_primitive(base) else ""
    if raw.get("derived_from") is None and not raw.get("properties") and not any(key in raw for key in _SCALAR):
        message = f"data type `{show(kind.name)}` says nothing of its values"
        context.out.add("TOSCA1013", message, spot.key_place(), "Give it `derived_from` or `properties`.")
    if primitive and raw.get("properties"):
        message = f"`{show(kind.name)}` derives from {primitive}, whose values have no properties"
        context.out.add("TOSCA1013", message, spot.key_place("properties"))
    for key in _SCALAR:
        if key in raw and kind.whole and primitive != "scalar":
            message = f"`{key}` is for types that derive from `scalar`"
            context.out.add("TOSCA1012", message, spot.key_place(key), "Write `derived_from: scalar`.")
    if primitive == "scalar":
        _Scalar(context, kind).check()
    own = own_schema(kind)
    if own is not None:
        check_validations(context, own, Here(None, template=False))
    if primitive in ("list", "map") or "entry_schema" in raw or "key_schema" in raw:
        schema = Schema(kind.name, kind.scope, spot, None, own.entry if own else None, own.key if own else None)
        check_schema(context, schema, spot, raw)


class _Scalar:
    """The rules of 9.1.2.2 for one scalar type."""

    def __init__(self, context: Context, kind: TypeDef) -> None:
        self.context = context
        self.kind = kind
        self.units: dict[str, float] = {}
        self.prefixes: dict[str, float] = {}
        self.number, scope = "float", kind.scope
        for owner in reversed(kind.lineage):
            self.units.update(multipliers(owner.raw.get("units")))
            self.prefixes.update(multipliers(owner.raw.get("prefixes")))
            if text(owner.raw.get("data_type")):
                self.number, scope = owner.raw["data_type"], owner.scope
        self.base = number_of(self.number, scope.find("data", self.number))
        known = scope.find("data", self.number) is not None or scope.is_primitive(self.number)
        self.unknown = not known

    def check(self) -> None:
        raw = self.kind.raw
        if self.unknown:
            self.context.type("data", raw.get("data_type"), self.kind.spot.at("data_type"))
        elif not self.base and "data_type" in raw:
            self._say(f"a scalar's number is an integer or a float, not {show(self.number)}", "data_type")
        if self.kind.parent is not None:
            for key in ("data_type", "canonical_unit"):
                if key in raw:
                    self._say(f"a type that derives from a scalar type cannot change its `{key}`", key)
        if not self.units:
            self._say("a scalar type needs `units`: at least one name with the multiplier 1", "units")
            return
        for section in ("units", "prefixes"):
            self._multipliers(section, raw.get(section))
        if 1 not in self.units.values():
            self._say("one unit must have the multiplier 1", "units")
        if self.prefixes:
            self._prefixes()
        self._canonical()

    def _multipliers(self, section: str, values: Any) -> None:
        for name, written in values.items() if isinstance(values, dict) else ():
            factor = multiplier(written)
            spot = self.kind.spot.at(section, name)
            if factor is None:
                self._at(spot, f"the multiplier of `{show(name)}` must be a number, not `{show(written)}`")
            elif factor <= 0:
                self._at(spot, f"the multiplier of `{show(name)}` must be more than 0")
            elif self.base == "integer" and factor != int(factor):
                self._at(spot, f"the multiplier of `{show(name)}` must be whole: the numbers of this type are")

    def _prefixes(self) -> None:
        if 1 not in self.prefixes.values() and "prefixes" in self.kind.raw:
            self._say("one prefix must have the multiplier 1", "prefixes", 'Add `"": 1`: the unit without a prefix.')
        if len(self.units) > 1 and "prefixes" in self.kind.raw:
            self._say("with `prefixes` there can be only one unit", "prefixes", "Write each unit with its prefixes.")

    def _canonical(self) -> None:
        written = self.kind.raw.get("canonical_unit")
        ones = [name for name, factor in self.units.items() if factor == 1]
        inherited = any("canonical_unit" in one.raw for one in self.kind.lineage)
        if len(ones) > 1 and not inherited and not self.prefixes:
            names = ", ".join(f"`{show(name)}`" for name in ones)
            self._say(f"several units have the multiplier 1 ({names}): one must be the `canonical_unit`", "units")
        if not isinstance(written, str):
            return
        prefixes = self.prefixes or {"": 1.0}
        whole = {p + u: factor * more for u, factor in self.units.items() for p, more in prefixes.items()}
        if written not in whole:
            self._say(f"`{show(written)}` is no unit of this type", "canonical_unit", did_you_mean(written, whole))
        elif whole[written] != 1:
            self._say(f"the canonical unit must have the multiplier 1, and `{show(written)}` has not", "canonical_unit")

    def _say(self, message: str, key: str, hint: str = "") -> None:
        self._at(self.kind.spot.at(key), message, hint)

    def _at(self, spot: Spot, message: str, hint: str = "") -> None:
        self.context.out.add("TOSCA1012", message, spot.key_place(), hint)
