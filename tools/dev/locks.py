"""The locks belong to pyproject.toml: every dependency it names is locked, at a version it allows, with hashes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from dev.report import ROOT, Status

LOCKS = {"run": ("build",), "dev": ("build", "test", "check", "roles", "lock")}
ENGINE = "tools/mattone/engines/infrastructure_manager/requirements"


def check() -> tuple[Status, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = {f"tools/requirements/{name}.txt": wanted(project, groups) for name, groups in LOCKS.items()}
    asked[f"{ENGINE}.txt"] = listed((ROOT / f"{ENGINE}.in").read_text("utf-8"))
    problems = [
        f"{path}: {problem}" for path, names in asked.items() for problem in compare(names, locked(ROOT / path))
    ]
    if problems:
        return Status.FAILED, "\n".join([*problems, "`make lock` resolves them anew"])
    return Status.PASSED, ""


def wanted(project: dict[str, Any], groups: tuple[str, ...]) -> list[str]:
    """The requirements (PEP 508 texts) of the project itself and of some of its dependency groups (PEP 735)."""
    found = list(project["project"]["dependencies"])
    for group in groups:
        found += project["dependency-groups"][group]
    return found


def listed(text: str) -> list[str]:
    """The requirements of a plain list, one a line; comments and empty lines are left out."""
    return [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]


def locked(path: Path) -> dict[str, list[tuple[str, bool]]]:
    """From a package's canonical name to the versions that a lock pins it to, and whether each has a hash."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found: dict[str, list[tuple[str, bool]]] = {}
    for entry in path.read_text("utf-8").replace("\\\n", " ").splitlines():
        text, *hashes = entry.split(" --hash=")
        if text.strip() and not text.startswith("#"):
            requirement = Requirement(text.strip())
            pin = str(requirement.specifier).removeprefix("==")
            found.setdefault(canonicalize_name(requirement.name), []).append((pin, bool(hashes)))
    return found


def compare(requirements: list[str], pins: dict[str, list[tuple[str, bool]]]) -> list[str]:
    """What is wrong with the pins: a sentence for each package that is absent, out of range or without a hash."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    problems = [f"{name} has no hash" for name, entries in pins.items() if not all(hashed for _, hashed in entries)]
    for requirement in map(Requirement, requirements):
        entries = pins.get(canonicalize_name(requirement.name), [])
        if not entries:
            problems.append(f"{requirement.name} is not locked")
        problems += [
            f"{requirement.name} {pin} is not {requirement.specifier}"
            for pin, _ in entries
            if not requirement.specifier.contains(pin, prereleases=True)
        ]
    return problems
