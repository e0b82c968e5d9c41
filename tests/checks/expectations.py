"""What tosca-parser's own tests expect, held against what mattone says of the same input.

`python -m tests.checks.expectations CHECKOUT` runs the tests of a checkout of tosca-parser with its doors watched
(`expectations_process.py`), makes a template of whatever a test hands to one, and prints how often both agree
whether it is sound, and every case where they do not. Nothing of the checkout is written or kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mattone.checks.template import check_template
from mattone.findings import Finding, Severity
from mattone.redact import one_line
from mattone.tosca.files import FileResolver
from mattone.tosca.imports import Resolver
from mattone.tosca.inputs import check_inputs
from mattone.tosca.normative import normative
from mattone.tosca.source import Key, load
from mattone.tosca.template import load_template
from mattone.tosca.types import KINDS

_FOLDER = "samples/tests"
_DATA = f"{_FOLDER}/data"
# What a property, policy or trigger by itself refers to is not handed over.
_REFERENCES = ("TOSCA1040", "TOSCA1041", "TOSCA1042", "TOSCA1043", "TOSCA1061", "TOSCA1067")
_OWN = "expectation.yaml"  # the name of a template made here, in a folder of the checkout where none of this name is


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one passed test says of one input.

    kind       what was handed over: a file, a topology, a property with its value, ...
    exception  that the test expects, empty when it expects none; with its message
    ours       our first error, empty when we accept
    """

    test: str
    kind: str
    exception: str
    message: str
    ours: str

    @property
    def agrees(self) -> bool:
        return bool(self.exception) == bool(self.ours)


@dataclass(frozen=True, slots=True)
class _Case:
    """A template that stands for what a test handed over.

    path    where it lies or would lie in the checkout; `text`: what it holds, None when it lies there
    values  for its inputs
    within  only findings on this part of it count
    alone   findings on what it imports do not count
    beside  rules that say nothing here, as the test hands over a part without what is around it
    """

    path: str
    text: str | None = None
    values: Mapping[str, Any] | None = None
    within: tuple[Key, ...] = ()
    alone: bool = False
    beside: tuple[str, ...] = ()


def gather(checkout: Path) -> tuple[tuple[Expectation, ...], tuple[str, ...], int]:
    """Every different expectation, the tests that fail here (they need a network), and how many tests there are."""
    with tempfile.TemporaryDirectory() as scratch:
        answer = Path(scratch, "answer.json")
        program = Path(__file__).with_name("expectations_process.py")
        command = [sys.executable, str(program), str(checkout), str(answer)]
        subprocess.run(command, check=True, timeout=280, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        found = json.loads(answer.read_text("utf-8"))
    different: dict[str, dict[str, Any]] = {}
    for one in found["records"]:
        said = {key: value for key, value in one.items() if key not in ("test", "message")}
        different.setdefault(json.dumps(said, sort_keys=True, default=str), one)
    expectations = (_expectation(one, checkout.resolve()) for one in different.values())
    return tuple(one for one in expectations if one is not None), tuple(found["failed"]), found["tests"]


def _expectation(record: dict[str, Any], checkout: Path) -> Expectation | None:
    case = _CASES[record["kind"]](record, checkout) if record["kind"] in _CASES else None
    if case is None:
        return None
    ours = next((one for one in _check(case, checkout) if one.severity is Severity.ERROR), None)
    said = f"{ours.place.path}:{ours.place.line}: {ours.rule} {ours.message}" if ours is not None else ""
    test = record["test"].removeprefix("toscaparser.tests.")
    return Expectation(test, record["kind"], record["exception"], one_line(record["message"], 300), said)


def _check(case: _Case, checkout: Path) -> Iterable[Finding]:
    resolver = _resolver(case, checkout)
    found = check_template(case.path, resolver)
    if case.alone:
        found = tuple(one for one in found if one.place.path == case.path)
    if case.within and case.text is not None:
        document = load(case.path, case.text.encode())
        begin, end = document.span(*case.within)
        first, last = (document.text.count("\n", 0, where) + 1 for where in (begin, end))
        key = document.key_place(*case.within).line
        found = tuple(one for one in found if min(first, key) <= one.place.line <= last)
    found = tuple(one for one in found if one.rule not in case.beside)
    template, _ = load_template(case.path, resolver) if case.values else (None, ())
    if template is not None and case.values:
        # The tests hand over values for all kinds of templates; that one is for no input is no defect of the template.
        values = {name: value for name, value in case.values.items() if name in template.inputs}
        found += check_inputs(values, template, load("inputs.yaml", yaml.safe_dump({"inputs": values}).encode()))
    return found


def _resolver(case: _Case, checkout: Path) -> Resolver:
    files = FileResolver(checkout, {})

    def find(base: str, reference: str) -> tuple[str, bytes] | None:
        if case.text is not None and not base and reference == case.path:
            return case.path, case.text.encode()
        path = reference.partition("://")[2].partition("/")[2]
        if path and (checkout / _DATA / path).is_file():  # the tests put these files in the place of URLs
            return files("", f"{_DATA}/{path}")
        return files(base, _relative(base, reference, checkout))

    return find


def _relative(base: str, reference: str, checkout: Path) -> str:
    """A reference by its whole path, of a file in the checkout, as a relative one: we import no others."""
    if not reference.startswith(f"{checkout}/"):
        return reference
    return os.path.relpath(reference, (checkout / base).parent)


def _dump(document: Mapping[str, Any]) -> str:
    return yaml.safe_dump({"tosca_definitions_version": "tosca_simple_yaml_1_2", **document}, sort_keys=False)


def _made(document: Mapping[str, Any], within: tuple[Key, ...] = (), **more: Any) -> _Case:
    return _Case(f"{_FOLDER}/{_OWN}", _dump(document), within=within, **more)


def _file(record: dict[str, Any], checkout: Path) -> _Case | None:
    path = Path(record["path"])
    return _Case(path.relative_to(checkout).as_posix(), values=record["values"]) if path.is_file() else None


def _topology(record: dict[str, Any], _checkout: Path) -> _Case:
    document = {**sections(record["types"]), "topology_template": record["topology"]}
    within = ("topology_template", "node_templates", record["node"]) if "node" in record else ()
    return _made(document, within, values=record["values"])


def _property(record: dict[str, Any], _checkout: Path) -> _Case:
    """A node type with the property, and a node with the value."""
    raw, value = dict(record["raw"]), record["value"]
    given = value is not None
    types = {**(record.get("types") or {}), "example.Holder": {"derived_from": "tosca.nodes.Root"}}
    types["example.Holder"]["properties"] = {"value": raw if given else {**raw, "required": False}}
    node = {"type": "example.Holder", **({"properties": {"value": value}} if given else {})}
    return _made({**sections(types), "topology_template": {"node_templates": {"holder": node}}}, beside=_REFERENCES)


def _imports(record: dict[str, Any], checkout: Path) -> _Case | None:
    path, tpl = record["path"], record["tpl"] if isinstance(record["tpl"], dict) else {}
    folder = Path(path).resolve().parent if isinstance(path, str) and path else checkout / _FOLDER
    if not folder.is_relative_to(checkout):
        return None
    document = {key: tpl[key] for key in ("repositories",) if key in tpl}
    here = folder.relative_to(checkout).as_posix()
    return _Case(f"{here}/{_OWN}", _dump({**document, "imports": record["imports"]}), alone=True)


def _policy(record: dict[str, Any], _checkout: Path) -> _Case:
    policies = [{record["name"]: record["raw"]}]
    return _made({**sections(record["types"]), "topology_template": {"policies": policies}}, beside=_REFERENCES)


def _trigger(record: dict[str, Any], _checkout: Path) -> _Case:
    policy = {"type": "tosca.policies.Root", "triggers": {record["name"]: record["raw"]}}
    return _made({"topology_template": {"policies": [{"holder": policy}]}}, beside=_REFERENCES)


def _input(record: dict[str, Any], _checkout: Path) -> _Case:
    values = {record["name"]: record["value"]} if record["value"] is not None else {}
    return _made({"topology_template": {"inputs": {record["name"]: record["raw"]}}}, values=values)


_CASES = {
    "file": _file,
    "document": lambda record, _: _Case(
        f"{_FOLDER}/{_OWN}", yaml.safe_dump(record["document"], sort_keys=False), values=record["values"]
    ),
    "topology": _topology,
    "property": _property,
    "imports": _imports,
    "repository": lambda record, _: _made({"repositories": {record["name"]: record["raw"]}}),
    "policy": _policy,
    "trigger": _trigger,
    "input": _input,
}


def sections(types: Mapping[str, Any]) -> dict[str, Any]:
    """Type definitions of any kind, which tosca-parser keeps in one mapping, in their sections."""
    found: dict[str, Any] = {}
    for name, raw in types.items():
        found.setdefault(KINDS[_kind(name, types)][0], {})[name] = raw
    return found


_TOLD = (
    ("valid_target_types", "relationship"),
    ("requirements", "node"),
    ("capabilities", "node"),
    ("members", "group"),
)


def _kind(name: str, types: Mapping[str, Any]) -> str:
    seen: list[Any] = []
    base: Any = name
    while base in types and base not in seen:
        known = normative().kind_of(str(base))
        if known:
            return known
        seen.append(base)
        base = types[base].get("derived_from") if isinstance(types[base], dict) else None
    by_name = next((kind for kind, (_, prefix) in KINDS.items() if str(base).startswith(prefix)), "")
    keys = types[name] if isinstance(types[name], dict) else {}
    return by_name or normative().kind_of(str(base)) or next((kind for key, kind in _TOLD if key in keys), "data")


def render(found: tuple[Expectation, ...], failed: tuple[str, ...], tests: int) -> str:
    """The rate, by kind of input too, and the cases where both disagree."""
    agreed = sum(one.agrees for one in found)
    lines = [
        f"{tests} tests of tosca-parser, {len(failed)} of which fail here; the others have {len(found)} expectations.",
        f"mattone agrees with {agreed} of them ({agreed / max(len(found), 1):.1%}).",
    ]
    for kind in dict.fromkeys(one.kind for one in found):
        of_kind = [one for one in found if one.kind == kind]
        lines.append(f"  {kind}: {sum(one.agrees for one in of_kind)} of {len(of_kind)}")
    for one in sorted((one for one in found if not one.agrees), key=lambda one: (bool(one.exception), one.test)):
        lines += [
            f"{one.test} ({one.kind})",
            f"  tosca-parser: {f'{one.exception}: {one.message}' if one.exception else 'accepted'}",
            f"  mattone: {one_line(one.ours, 300) or 'accepted'}",
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(render(*gather(Path(sys.argv[1]))))
