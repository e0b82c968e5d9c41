"""GitLab pipelines hold to GitLab's own schema, and job templates use exactly the inputs that they declare.

A template is two YAML documents: a header with `spec: inputs`, and the jobs (GitLab: CI/CD inputs).
check-jsonschema reads one document a file, so each part is checked on its own.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import yaml

from dev.report import ROOT, Status
from dev.sources import gitlab_pipelines
from mattone import process

_USE = re.compile(r"\$\[\[\s*inputs\.([\w-]+)")


def check() -> tuple[Status, str]:
    names = gitlab_pipelines()
    problems = [f"{name}: {problem}" for name in names for problem in inputs((ROOT / name).read_text("utf-8"))]
    with tempfile.TemporaryDirectory() as folder:
        written: list[str] = []
        for name in names:
            for number, part in enumerate(parts((ROOT / name).read_text("utf-8"))):
                path = Path(folder) / f"{name.replace('/', '_')}.part{number}.yml"
                path.write_text(part, "utf-8")
                written.append(str(path))
        if written:
            problems += _by_schema(written)
    return (Status.FAILED, "\n".join(problems)) if problems else (Status.PASSED, f"{len(names)} files")


def parts(text: str) -> list[str]:
    """The YAML documents of a file, as texts; comments alone make none."""
    found = re.split(r"^---\s*$", text, flags=re.MULTILINE)
    return [part for part in found if yaml.safe_load(part) is not None]


def inputs(text: str) -> list[str]:
    """What is wrong with the inputs of a template: those used but not declared, and the other way round."""
    documents = parts(text)
    header = yaml.safe_load(documents[0]) if documents else {}
    declared = set(header.get("spec", {}).get("inputs", {}))
    used = set(_USE.findall(text))
    return [f"input {name} is used but not declared" for name in sorted(used - declared)] + [
        f"input {name} is declared but not used" for name in sorted(declared - used)
    ]


def _by_schema(paths: list[str]) -> list[str]:
    program = str(Path(sys.executable).parent / "check-jsonschema")
    result = process.run([program, "--builtin-schema", "vendor.gitlab-ci", *paths], accept=range(-64, 256))
    return [] if result.code == 0 else [(result.output + result.errors).strip()]
