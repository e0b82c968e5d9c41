"""Seeded mutation testing of the checker: one defect at a known line of a sound template or library.

    python -m tests.checks.mutations [--count 1000] [--seed 1]

Each mutation is an edit within one line of the text, so that the line where a finding belongs is
known: the edited line, or for something removed also the line that should have held it.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mattone.checks.template import check_template
from mattone.findings import Severity
from mattone.tosca.functions import FUNCTIONS
from mattone.tosca.imports import Resolver
from mattone.tosca.source import Document, Key, load
from tests.checks import samples_2_0
from tests.checks.samples import SAMPLES
from tests.tosca.support import resolver


@dataclass(frozen=True, slots=True)
class Mutation:
    """One defect: what was done, in which file, the text with it, and the lines where it may be reported."""

    operator: str
    path: str
    text: str
    lines: frozenset[int]
    what: str


# Keys whose own keys are names of the author's choice: renaming one of them is no defect of its line.
_NAMED = frozenset(
    """
    inputs outputs node_templates relationship_templates groups policies artifacts metadata dsl_definitions ports
    node_types data_types capability_types relationship_types interface_types artifact_types policy_types
    group_types repositories workflows steps imports geo limits units prefixes functions
    """.split()  # noqa: SIM905 # a list of so many words is easier to read
)
_TYPE_SECTIONS = (
    "node_types",
    "capability_types",
    "relationship_types",
    "data_types",
    "artifact_types",
    "policy_types",
)
_TYPES = ("type", "derived_from", "capability", "relationship", "entry_schema", "node_type", "data_type")
_TOPOLOGIES = ("topology_template", "service_template")
# Functions whose arguments are references: of 1.x, and of 2.0, whose paths are longer.
_REFERRING = frozenset(FUNCTIONS - {"concat", "join", "token"})
_PATHS = frozenset({"$get_property", "$get_attribute"})


def mutations(path: str, document: Document) -> Iterator[Mutation]:
    """Every mutation of a document."""
    for keys, value in _walk(document.value, ()):
        yield from _of_key(path, document, keys)
        yield from _of_value(path, document, keys, value)


def _walk(value: Any, keys: tuple[Key, ...]) -> Iterator[tuple[tuple[Key, ...], Any]]:
    if keys:
        yield keys, value
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from _walk(inner, (*keys, key))


def _edit(document: Document, begin: int, end: int, new: str) -> str:
    return document.text[:begin] + new + document.text[end:]


def _in_type(keys: tuple[Key, ...]) -> bool:
    return keys[0] in _TYPE_SECTIONS


def _free(keys: tuple[Key, ...]) -> bool:
    """Whether the last key is a name that its author may choose."""
    *above, last = keys
    if not isinstance(last, str) or last in FUNCTIONS or last.startswith("$"):
        return True
    if above and keys[0] == "interface_types" and above[-1] in ("operations", "inputs"):
        return True
    if keys[:2] == ("service_template", "outputs") and last == "value":
        return True  # without it, 2.0 reads the mapping as the value itself (9.8)
    parent = above[-1] if above else ""
    if any(isinstance(key, str) and (key in FUNCTIONS or key.startswith("$")) for key in above) or parent in _NAMED:
        return True
    if "metadata" in above or "inputs" in above[2:]:
        # Operations may have any input; of template inputs, only what is inside one is a keyname.
        return not (above[:1] and above[0] in _TOPOLOGIES and above[1:2] == ["inputs"] and "inputs" not in above[2:])
    if _in_type(keys) and parent in ("properties", "attributes", "capabilities", "requirements", "interfaces"):
        return True
    if _in_type(keys) and len(above) >= 2 and above[-2] == "requirements":
        return True
    if keys[0] == "interface_types" and len(keys) == 3:
        return True
    return isinstance(parent, int) and len(above) > 1 and above[-2] == "policies"


def _of_key(path: str, document: Document, keys: tuple[Key, ...]) -> Iterator[Mutation]:
    last = keys[-1]
    if not isinstance(last, str) or _free(keys):
        return
    place = document.key_place(*keys)
    begin = _offset(document.text, place.line, place.column)
    if not document.text.startswith(last, begin):
        return
    text = _edit(document, begin, begin + len(last), last + "q")
    yield Mutation("rename", path, text, frozenset({place.line}), "/".join(map(str, keys)))


def _offset(text: str, line: int, column: int) -> int:
    return sum(len(one) + 1 for one in text.split("\n")[: line - 1]) + column - 1


def _of_value(path: str, document: Document, keys: tuple[Key, ...], value: Any) -> Iterator[Mutation]:
    begin, end = document.span(*keys)
    line = document.place(*keys).line
    lines, what = frozenset({line}), "/".join(map(str, keys))
    if "\n" in document.text[begin:end]:
        return
    for operator, new in _replacements(keys, value):
        yield Mutation(operator, path, _edit(document, begin, end, new), lines, what)
    if _removable(keys):
        whole = _edit(document, begin, end, "null") if keys[-1] != "type" else ""
        parents = {document.key_place(*keys[:-1]).line, document.key_place(*keys[:-2]).line, line}
        if whole:
            yield Mutation("empty", path, whole, frozenset(parents), what)


def _removable(keys: tuple[Key, ...]) -> bool:
    return len(keys) > 2 and keys[-1] in ("title", "size") and keys[-2] == "properties" and not _in_type(keys)


def _replacements(keys: tuple[Key, ...], value: Any) -> Iterator[tuple[str, str]]:
    yield from _other_names(keys, value)
    last = keys[-1]
    above = keys[-2] if len(keys) > 1 else ""
    if _assigned(keys) or last == "default":
        yield from _wrong_types(value)
    if last in ("greater_or_equal", "less_or_equal", "min_length", "max_length", "in_range") and "constraints" in keys:
        yield "constraint", "[oops]"
    if "validation" in keys and isinstance(value, int) and isinstance(above, str) and above.startswith("$"):
        yield "constraint", "oops"
    if last in ("occurrences", "count_range"):
        yield "occurrences", "[2, 1]"
    if last == "required":
        yield "keyname value", "maybe"


def _other_names(keys: tuple[Key, ...], value: Any) -> Iterator[tuple[str, str]]:
    """For a value that names something, a name that nothing has."""
    if not isinstance(value, str):
        return
    last = keys[-1]
    above = keys[-2] if len(keys) > 1 else ""
    if _names_type(keys, value):
        yield "type name", value + "q"
    if (above in _REFERRING and last in (0, 1)) or (above in _PATHS and last in (0, 1, 2)):
        yield "reference", value + "q"
    if last in ("get_input", "$get_input"):
        yield "reference", value + "q"
    if _is_target(keys) or above == "directives" or last in ("inline", "call_operation"):
        yield "target", value + "q"
    if keys[0] == "imports" and value.endswith(".yaml"):
        yield "import", value.replace(".yaml", ".yml")
    if keys[0] == "imports" and last == "profile":
        yield "import", value + "q"


def _names_type(keys: tuple[Key, ...], value: str) -> bool:
    if "metadata" in keys or "description" in keys or _assigned(keys):
        return False
    named = keys[-1] in _TYPES or (keys[-1] == "node" and "." in value)
    listed = len(keys) > 1 and str(keys[-2]).startswith("valid_") and str(keys[-2]).endswith("_types")
    return (named and keys[-2:] != ("interfaces", "type") and not isinstance(value, bool)) or listed


def _is_target(keys: tuple[Key, ...]) -> bool:
    if keys[0] not in _TOPOLOGIES:
        return False
    if "requirements" in keys and "node_templates" in keys:
        at = keys.index("requirements")
        return len(keys) == at + 3 or (len(keys) == at + 4 and keys[-1] == "node")
    return len(keys) > 2 and keys[-2] in ("members", "targets")


def _assigned(keys: tuple[Key, ...]) -> bool:
    return keys[0] in _TOPOLOGIES and len(keys) > 2 and keys[-2] == "properties" and keys[1] == "node_templates"


def _wrong_types(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, bool):
        yield "value type", "perhaps"
    elif isinstance(value, (int, float)):
        yield "value type", "many"
    elif isinstance(value, str):
        yield "value type", "[1, 2]"
        if value[:1].isdigit():
            yield "value type", "plenty"
    elif isinstance(value, list):
        yield "value type", "single"


def resolver_of(files: dict[str, str]) -> Resolver:
    """Finds the files of a sample, and the profile of the one of 2.0."""
    return samples_2_0.find(files) if samples_2_0.PROFILE_PATH in files else resolver(files)


def found(mutation: Mutation, files: dict[str, str]) -> bool:
    """Whether the checker reports an error at the line of the defect."""
    errors = [
        one
        for one in check_template(mutation.path, resolver_of({**files, mutation.path: mutation.text}))
        if one.severity is Severity.ERROR
    ]
    return any(one.place.path == mutation.path and one.place.line in mutation.lines for one in errors)


def sample(count: int, seed: int) -> list[tuple[Mutation, dict[str, str]]]:
    """So many mutations of the samples, drawn evenly over the operators where there are enough."""
    by_operator: dict[str, list[tuple[Mutation, dict[str, str]]]] = {}
    for files in SAMPLES:
        for path, text in files.items():
            for one in mutations(path, load(path, text.encode())):
                by_operator.setdefault(one.operator, []).append((one, files))
    chance = random.Random(seed)  # noqa: S311 # a seed that anybody can repeat is the point
    for candidates in by_operator.values():
        chance.shuffle(candidates)
    chosen: list[tuple[Mutation, dict[str, str]]] = []
    while len(chosen) < count and any(by_operator.values()):
        chosen += [candidates.pop() for candidates in by_operator.values() if candidates]
    return chosen[:count]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how many seeded defects the checker finds at the right line.")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    total: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for mutation, files in sample(options.count, options.seed):
        total[mutation.operator] += 1
        if not found(mutation, files):
            missed[mutation.operator] += 1
            print(f"missed: {mutation.operator} {mutation.path}:{min(mutation.lines)} {mutation.what}")
    for operator, number in sorted(total.items()):
        print(f"{operator:15} {number - missed[operator]:5} of {number}")
    print(
        f"{'all':15} {total.total() - missed.total():5} of {total.total()} ({1 - missed.total() / total.total():.1%})"
    )


if __name__ == "__main__":
    main()
