"""The house rule on imports: they point down, and adapters know neither commands nor each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import mattone

PACKAGE = Path(mattone.__file__).parent

# From the top down; what stands in one row may import from its own row and from every row below.
LAYERS = (
    {"__main__", "cli"},
    {"commands"},
    {"lsp"},
    {"reconcile", "records", "releases", "runners"},
    {"engines", "forges", "machines", "secrets"},
    {"pins", "checks", "compat"},
    {"platform", "tosca"},
    {"errors", "process", "git", "http", "redact", "files", "digests", "versions", "terminal", "findings", "replay"}
    | {"nearest", "workers"},
)
PORTS = ("engines", "forges", "machines", "secrets")
ADAPTERS = (
    ("engines", "infrastructure_manager"),
    ("engines", "indigo_orchestrator"),
    ("forges", "local"),
    ("machines", "podman"),
    ("secrets", "environment"),
)


def modules() -> Iterator[tuple[tuple[str, ...], ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        yield parts, ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[tuple[str, ...]]:
    """What a module imports from this package, at run time or for types, as parts below `mattone`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "mattone":
            parts = tuple(node.module.split(".")[1:])
            yield from ([parts] if parts else [(alias.name,) for alias in node.names])
        elif isinstance(node, ast.Import):
            yield from (tuple(a.name.split(".")[1:]) for a in node.names if a.name.startswith("mattone."))


def layer(part: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if part in names)


def test_every_module_has_its_layer() -> None:
    known = set().union(*LAYERS) | {"__init__"}
    assert {parts[0] for parts, _ in modules()} <= known


def test_imports_point_down() -> None:
    up = [
        f"{'.'.join(parts)} imports {'.'.join(found)}"
        for parts, tree in modules()
        if parts[0] != "__init__"
        for found in imports(tree)
        if found[0] not in {"__version__", "cli"} and layer(found[0]) < layer(parts[0])
    ]
    assert up == []


def test_adapters_import_no_other_adapter() -> None:
    wrong = [
        f"{'.'.join(parts)} imports {'.'.join(found)}"
        for parts, tree in modules()
        if parts[:2] in ADAPTERS
        for found in imports(tree)
        if found[:2] in ADAPTERS and found[:2] != parts[:2]
    ]
    assert wrong == []


def test_interfaces_hold_protocols_and_values_alone() -> None:
    for port in PORTS:
        tree = ast.parse((PACKAGE / port / "interface.py").read_text(encoding="utf-8"))
        kinds = {type(node) for node in tree.body}
        assert kinds <= {ast.Expr, ast.ImportFrom, ast.Import, ast.ClassDef, ast.Assign, ast.AnnAssign}, port
