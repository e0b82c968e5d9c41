"""Functions of TOSCA 2.0: TOSCA paths, the built-in signatures, and functions that a file defines (2.0, chapter 10)."""

from __future__ import annotations

from typing import Any

from mattone.checks.calls import Call, check_call
from mattone.checks.context import Context, Here
from mattone.checks.tosca_path import PathWalk
from mattone.errors import Place
from mattone.tosca.constraints import of_type
from mattone.tosca.definitions import Schema, schema_of
from mattone.tosca.functions import argument_of, bare, function_of
from mattone.tosca.measures import measure_of
from mattone.tosca.signatures import BUILT_IN, KINDS, PATHS, Signature
from mattone.tosca.source import Key
from mattone.tosca.spots import Spot, did_you_mean, show
from mattone.tosca.template import mapping
from mattone.tosca.types import Scope, named
from mattone.tosca.values import ValueChecker, resolve


class _Alone(Spot):
    """The place of an argument without brackets: it is its own list."""

    __slots__ = ()

    def at(self, *more: Key) -> Spot:
        return Spot(self.document, self.keys + more[1:])

    def place(self, *more: Key) -> Place:
        return self.document.place(*self.keys, *more[1:])


class GraphCall(Call):
    """One call: is it well formed, and what type of value does it give.

    subject  the schema of what `$value` stands for, inside a validation clause
    """

    def __init__(self, context: Context, here: Here, subject: Schema | None = None) -> None:
        super().__init__(context, here)
        self.subject = subject

    def result(self, name: str, argument: Any, spot: Spot) -> Schema | None:
        """Check one call and those in its arguments; the schema of what it gives, where that can be told."""
        if name == "get_input":
            return self.get_input(argument, spot)
        if name in PATHS:
            return self._along(name, argument, spot)
        if name == "value":
            return self.nested(self.subject, argument if isinstance(argument, list) else [argument], 0, spot)
        built_in = BUILT_IN.get(name)
        if built_in is not None:
            return self._built_in(name, built_in, argument, spot)
        return self._defined(name, argument, spot)

    def _along(self, name: str, argument: Any, spot: Spot) -> Schema | None:
        if not isinstance(argument, list) or len(argument) < 2:
            self.malformed(spot, f"`${name}` needs a path and a name", f"`${name}: [SELF, name]`")
            return None
        walk = PathWalk(self.context, self.here, argument, spot)
        reached = walk.run()
        if reached.type is None or not reached.type.whole:
            return None
        if walk.at >= len(argument):
            self.malformed(spot, f"`${name}` says where to read, and not what", "End the list with a name.")
            return None
        read = argument[walk.at]
        if not isinstance(read, str) or function_of(read, self.context.scope.dialect):
            return None
        if name == "get_artifact":
            self._artifact(reached.type.members("artifacts"), reached, read, spot.at(walk.at))
            return None
        attributes = name == "get_attribute"
        known = reached.members(attributes)
        if read not in known:
            what, rule = ("attribute", "TOSCA1043") if attributes else ("property", "TOSCA1042")
            owner = f"capability `{reached.capability.name}`" if reached.capability else reached.type.name
            message = f"{owner} has no {what} `{show(read)}`"
            self.context.out.add(rule, message, spot.place(walk.at), did_you_mean(read, known))
            return None
        definition = known[read]
        return self.nested(definition.schema if definition else None, argument, walk.at + 1, spot)

    def _artifact(self, members: Any, reached: Any, read: str, spot: Spot) -> None:
        node = self.context.whole.nodes.get(reached.node)
        known = {*members, *(one for one, _, _ in named(node.raw.get("artifacts") if node else None))}
        if reached.type.kind == "node" and read not in known:
            message = f"{reached.type.name} has no artifact `{show(read)}`"
            self.context.out.add("TOSCA1048", message, spot.place(), did_you_mean(read, known))

    def _built_in(self, name: str, signature: Signature, argument: Any, spot: Spot) -> Schema | None:
        if not isinstance(argument, list):
            if len(signature.arguments) != 1:
                self.malformed(spot, f"`${name}` needs a list of arguments", f"`${name}: [...]`")
                return None
            argument, spot = [argument], _Alone(spot.document, spot.keys)  # people leave out the brackets
        most = len(signature.arguments) + len(signature.optional)
        if len(argument) < len(signature.arguments) or (not signature.rest and len(argument) > most):
            wanted = _count(len(signature.arguments), None if signature.rest else most)
            self.malformed(spot, f"`${name}` takes {wanted}, and {len(argument)} are given")
            return None
        results = [self._given(one, spot.at(index)) for index, one in enumerate(argument)]
        given = [primitive for primitive, _ in results]
        kinds = (*signature.arguments, *signature.optional)
        for index, primitive in enumerate(given):
            kind = kinds[index] if index < len(kinds) else signature.rest
            allowed = KINDS.get(kind)
            if allowed is not None and primitive and primitive not in allowed and primitive != "any":
                if primitive == "text" and allowed & _WRITTEN:
                    continue
                message = f"argument {index + 1} of `${name}` must be {_one_of(allowed)}, not {_word(primitive)}"
                self.context.out.add("TOSCA1046", message, spot.place(index))
        if name in _COMPARING:
            self._compared(argument, [schema for _, schema in results], spot)
        result = signature.result or _of_arguments(name, given)
        return Schema(result, self.context.scope, spot) if result else None

    def _compared(self, arguments: list[Any], schemas: list[Schema | None], spot: Spot) -> None:
        """A literal that is compared with a value of a known type must be one of that type."""
        known = next((one for one in schemas if one is not None and resolve(one)[0] is None and resolve(one)[1]), None)
        if known is None:
            return
        for index, one in enumerate(arguments):
            listed = isinstance(one, list)
            for at, literal in enumerate(one if listed else [one]):
                place = (index, at) if listed else (index,)
                if isinstance(literal, (dict, list)) or function_of(literal, self.context.scope.dialect):
                    continue
                if not fitting_literal(known, literal):
                    message = f"`{show(literal)}` is compared with a value of type {known.type}, and is none"
                    self.context.out.add("TOSCA1024", message, spot.place(*place))

    def _given(self, argument: Any, spot: Spot) -> tuple[str, Schema | None]:
        """The primitive type of an argument (`text` for a literal text, empty where it cannot be told), and its schema.

        A literal has no schema.
        """
        name = function_of(argument, self.context.scope.dialect)
        if name:
            inner, keys = argument_of(argument, name)
            found = self.result(bare(name), inner, spot.at(*keys))
            return primitive_of(found), found
        if isinstance(argument, (list, dict)):
            self._inside(argument, spot)
        return _LITERALS.get(argument.__class__, ""), None

    def _inside(self, value: Any, spot: Spot) -> None:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            if not check_call(self.context, inner, None, spot.at(key), self.here) and isinstance(inner, (dict, list)):
                self._inside(inner, spot.at(key))

    def _defined(self, name: str, argument: Any, spot: Spot) -> Schema | None:
        """A function that a file defines. One that none defines may be known to the orchestrator (10.4)."""
        found = self.context.scope.function(name)
        self._inside([argument], spot) if isinstance(argument, (list, dict)) else None
        if found is None:
            if self.context.scope.complete:
                known = [*self.context.scope.functions, *self.context.scope.dialect.functions]
                message = f"function `${show(name)}` is neither built in nor defined"
                hint = did_you_mean(name, known, "Define it under `functions`: then its arguments are checked.")
                self.context.out.add("TOSCA2014", message, spot.key_place(), hint)
            return None
        raw, at, scope = found
        signatures = mapping(raw, "signatures") or (raw.get("signatures") if isinstance(raw, dict) else None)
        written = [one for one in (signatures if isinstance(signatures, list) else []) if isinstance(one, dict)]
        arguments = argument if isinstance(argument, list) else [argument]
        fitting = [one for one in written if _takes(one, len(arguments))]
        if written and not fitting:
            message = f"no signature of `${show(name)}` takes {len(arguments)} arguments"
            self.context.out.add("TOSCA1046", message, spot.place(), f"It is defined at {at.key_place()}.")
        if len(fitting) != 1:
            return None
        self._arguments(fitting[0], arguments, name, spot, scope)
        return schema_of(fitting[0].get("result"), at, scope)

    def _arguments(self, signature: dict[Any, Any], arguments: list[Any], name: str, spot: Spot, scope: Scope) -> None:
        wanted = [*_list(signature.get("arguments")), *_list(signature.get("optional_arguments"))]
        checker = ValueChecker(
            self.context.out, lambda value, schema, at: check_call(self.context, value, schema, at, self.here)
        )
        for index, one in enumerate(arguments):
            schema = schema_of(wanted[min(index, len(wanted) - 1)], spot, scope) if wanted else None
            if schema is not None:
                checker.check(one, schema, spot.at(index), f"argument {index + 1} of `${show(name)}`")


def _takes(signature: dict[Any, Any], count: int) -> bool:
    """Whether a signature takes this many arguments (10.4)."""
    needed, optional = _list(signature.get("arguments")), _list(signature.get("optional_arguments"))
    if signature.get("variadic") is True:
        return count >= len(needed)
    return len(needed) <= count <= len(needed) + len(optional)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _count(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least} argument{'s' if least != 1 else ''}"
    return f"{least} argument{'s' if least != 1 else ''}" if least == most else f"{least} to {most} arguments"


def primitive_of(schema: Schema | None) -> str:
    """The primitive type behind a schema; `map` for a complex one, empty where it cannot be told."""
    if schema is None:
        return ""
    complex_type, primitive, _ = resolve(schema)
    return "map" if complex_type is not None else primitive


def _of_arguments(name: str, given: list[str]) -> str:
    """The type of what takes its type from its arguments (10.2.3.2, 10.2.5)."""
    first = given[0] if given else ""
    if name == "concat":
        return {"text": "string", "string": "string", "list": "list"}.get(first, "")
    if name == "quotient" and first in ("integer", "float"):
        return "float"
    if name in ("sum", "difference", "product", "remainder") and set(given) == {"integer"}:
        return "integer"
    return "float" if given and set(given) <= {"integer", "float"} else ""


def _one_of(kinds: frozenset[str]) -> str:
    return " or ".join(f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}" for kind in sorted(kinds))


def _word(primitive: str) -> str:
    return f"{'an' if primitive[0] in 'aeiou' else 'a'} {'string' if primitive == 'text' else primitive}"


def fitting_literal(schema: Schema, literal: Any) -> bool:
    """Whether a literal can be compared with values of a schema."""
    _, primitive, _ = resolve(schema)
    if primitive == "scalar":
        measure = measure_of(schema)
        return is_number(literal) or measure is None or not measure.problem(literal)
    if primitive in ("list", "map", "any", "nil", "bytes"):
        return True
    return of_type(primitive, literal)


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_COMPARING = frozenset({"equal", "valid_values", "greater_than", "greater_or_equal", "less_than", "less_or_equal"})
_LITERALS: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "float",
    str: "text",
    list: "list",
    dict: "map",
}
_WRITTEN = frozenset({"string", "timestamp", "scalar", "version", "bytes"})  # types whose values are written as text
