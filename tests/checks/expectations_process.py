"""Run tosca-parser's own tests, and write down what each of them gives it and what comes of that.

`python expectations_process.py CHECKOUT FILE`, in a process of its own and without network: the outermost calls into
tosca-parser are noted while its tests run, with their arguments as plain values and the exception that they end with.
A test that passes makes what it noted an expectation; what other tests noted is dropped.
"""

from __future__ import annotations

import datetime
import functools
import json
import socket
import sys
import unittest
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

_Record = dict[str, Any]


def _refuse(*_arguments: Any, **_named: Any) -> NoReturn:
    raise OSError("no network here")


def plain(value: Any, depth: int = 30) -> Any:
    """A copy as plain values; None stands for what is none."""
    if isinstance(value, Mapping):
        return {str(key) if isinstance(key, str) else key: plain(inner, depth - 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner, depth - 1) for inner in value]
    if isinstance(value, str):
        return str(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value if isinstance(value, (bool, int, float)) or value is None else repr(value)


class Notebook:
    """What was noted, by test."""

    def __init__(self) -> None:
        self.test = ""
        self.inside = False
        self.records: list[_Record] = []

    def watch(self, owner: type, name: str, what: Callable[..., _Record | None], only_failures: bool = False) -> None:
        """Note every outermost call of a method.

        what           gives from a call's arguments what is noted of it; None when that cannot be compared
        only_failures  a call that succeeds says nothing yet: another method judges
        """
        original = getattr(owner, name)

        @functools.wraps(original)
        def watched(*arguments: Any, **named: Any) -> Any:
            if self.inside or not self.test:
                return original(*arguments, **named)
            noted = what(*arguments, **named)
            self.inside = True
            try:
                return self._call(original, arguments, named, noted, only_failures)
            finally:
                self.inside = False

        setattr(owner, name, watched)

    def _call(self, original: Any, arguments: Any, named: Any, noted: _Record | None, only_failures: bool) -> Any:
        from toscaparser.common.exception import ExceptionCollector

        before = len(ExceptionCollector.exceptions)
        try:
            result = original(*arguments, **named)
        except Exception as error:
            self._write(noted, type(error).__name__, str(error))
            raise
        collected = ExceptionCollector.exceptions[before:] if ExceptionCollector.collecting else []
        if collected:
            self._write(noted, type(collected[0]).__name__, str(collected[0]))
        elif not only_failures:
            self._write(noted, "", "")
        return result

    def _write(self, noted: _Record | None, exception: str, message: str) -> None:
        if noted is not None:
            self.records.append({**noted, "test": self.test, "exception": exception, "message": message})


class _Result(unittest.TestResult):
    """Keeps what passed tests noted."""

    def __init__(self, notebook: Notebook) -> None:
        super().__init__()
        self.notebook = notebook
        self.kept: list[_Record] = []

    def startTest(self, test: unittest.TestCase) -> None:  # unittest's name
        super().startTest(test)
        self.notebook.records = []
        self.notebook.test = test.id()

    def addSuccess(self, test: unittest.TestCase) -> None:  # unittest's name
        super().addSuccess(test)
        self.kept += self.notebook.records

    def stopTest(self, test: unittest.TestCase) -> None:  # unittest's name
        super().stopTest(test)
        self.notebook.test = ""


def watch_all(notebook: Notebook) -> None:
    """Watch every door of tosca-parser whose input can be said as a template."""
    from toscaparser import (
        dataentity,
        imports,
        nodetemplate,
        parameters,
        policy,
        properties,
        repositories,
        topology_template,
        tosca_template,
        triggers,
    )
    from toscaparser.elements import constraints, scalarunit
    from toscaparser.utils import validateutils

    note = notebook.watch
    note(tosca_template.ToscaTemplate, "__init__", _template)
    note(topology_template.TopologyTemplate, "__init__", _topology)
    note(nodetemplate.NodeTemplate, "__init__", _node, only_failures=True)
    note(nodetemplate.NodeTemplate, "validate", _node_validated)
    note(imports.ImportsLoader, "__init__", _imports)
    note(
        repositories.Repository,
        "__init__",
        lambda _self, name, raw: {"kind": "repository", "name": plain(name), "raw": plain(raw)},
    )
    note(policy.Policy, "__init__", _policy)
    note(
        triggers.Triggers,
        "__init__",
        lambda _self, name, raw: {"kind": "trigger", "name": plain(name), "raw": plain(raw)},
    )
    note(
        parameters.Input,
        "validate",
        lambda self, value=None: {
            "kind": "input",
            "name": plain(self.name),
            "raw": plain(self.schema.schema),
            "value": plain(value),
        },
    )
    note(
        properties.Property,
        "validate",
        lambda self: {
            "kind": "property",
            "raw": plain(self.schema.schema),
            "value": plain(self.value),
            "types": plain(self.custom_def),
        },
    )
    note(
        dataentity.DataEntity,
        "validate",
        lambda self: {
            "kind": "property",
            "raw": {"type": self.datatype.type},
            "value": plain(self.value),
            "types": plain(self.custom_def),
        },
    )
    note(
        constraints.Constraint,
        "validate",
        lambda self, value: {
            "kind": "property",
            "value": plain(value),
            "raw": {"type": self.property_type, "constraints": [{self.constraint_key: plain(self.constraint_value)}]},
        },
    )
    note(constraints.Constraint, "__new__", _constraint, only_failures=True)
    for name, kind in (("Size", "size"), ("Time", "time"), ("Frequency", "frequency")):
        owner = getattr(scalarunit, f"ScalarUnit_{name}")
        note(
            owner,
            "validate_scalar_unit",
            lambda self, kind=kind: {
                "kind": "property",
                "raw": {"type": f"scalar-unit.{kind}"},
                "value": plain(self.value),
            },
        )
    note(
        validateutils.TOSCAVersionProperty,
        "__init__",
        lambda _self, version: {"kind": "property", "raw": {"type": "version"}, "value": plain(version)},
    )


def _template(
    _self: Any,
    path: Any = None,
    parsed_params: Any = None,
    a_file: bool = True,
    yaml_dict_tpl: Any = None,
    local_defs: Any = None,
) -> _Record | None:
    values = plain(parsed_params) or {}
    if path and a_file and str(path).endswith((".yaml", ".yml")) and not local_defs:
        return {"kind": "file", "path": str(Path(path).resolve()), "values": values}
    if path is None and yaml_dict_tpl and not local_defs:
        return {"kind": "document", "document": plain(yaml_dict_tpl), "values": values}
    return {"kind": "not comparable", "why": "an archive, a URL, or definitions handed over in Python"}


def _topology(
    _self: Any,
    template: Any,
    custom_defs: Any,
    rel_types: Any = None,
    parsed_params: Any = None,
    sub_mapped_node_template: Any = None,
) -> _Record | None:
    if not isinstance(template, Mapping) or sub_mapped_node_template is not None:
        return None
    types = {**(plain(rel_types) or {}), **(plain(custom_defs) or {})}
    return {"kind": "topology", "topology": plain(template), "types": types, "values": plain(parsed_params) or {}}


def _node(_self: Any, name: Any, node_templates: Any, custom_def: Any = None, *_others: Any, **_named: Any) -> _Record:
    return {
        "kind": "topology",
        "topology": {"node_templates": plain(node_templates)},
        "types": plain(custom_def) or {},
        "node": plain(name),
        "values": {},
    }


def _node_validated(self: Any, *_arguments: Any) -> _Record:
    return _node(None, self.name, self.templates, self.custom_def)


def _imports(
    _self: Any, importslist: Any, path: Any, type_definition_list: Any = None, tpl: Any = None, *_others: Any
) -> _Record:
    return {"kind": "imports", "imports": plain(importslist), "path": plain(path), "tpl": plain(tpl)}


def _policy(_self: Any, name: Any, raw: Any, *_others: Any, custom_def: Any = None, **_named: Any) -> _Record:
    types = plain(custom_def or (_others[3] if len(_others) > 3 else None))
    return {"kind": "policy", "name": plain(name), "raw": plain(raw), "types": types or {}}


def _constraint(_owner: Any, property_name: Any = None, property_type: Any = None, constraint: Any = None) -> _Record:
    return {
        "kind": "property",
        "raw": {"type": plain(property_type), "constraints": [plain(constraint)]},
        "value": None,
    }


def main(checkout: Path, answer: Path) -> None:
    """Run the tests of a checkout of tosca-parser and write what they expect, as JSON."""
    sys.path.insert(0, str(checkout))
    socket.socket.connect = _refuse  # type: ignore[method-assign]
    socket.getaddrinfo = _refuse
    notebook = Notebook()
    watch_all(notebook)
    suite = unittest.TestLoader().discover(str(checkout / "toscaparser" / "tests"), top_level_dir=str(checkout))
    result = _Result(notebook)
    suite.run(result)
    failed = [test.id() for test, _ in (*result.failures, *result.errors)]
    answer.write_text(json.dumps({"tests": result.testsRun, "failed": failed, "records": result.kept}), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
