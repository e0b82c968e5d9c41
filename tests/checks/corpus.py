"""What the checker says of a collection of public templates, as the tables of `docs/explanation/corpus.md`.

`python -m tests.checks.corpus FOLDER` writes its tables anew; the folder has an `IMPORT_MAP.tsv`. With a number
after it, so many mutants of every file are checked instead.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from mattone.checks.registry import rule
from mattone.checks.template import check_template, check_templates
from mattone.findings import Finding, Severity
from mattone.tosca.files import FileResolver
from mattone.tosca.imports import Resolver
from mattone.tosca.source import load
from tests.checks.junk import dump, mutant

MARK = "<!-- written by tests/checks/corpus.py -->\n\n"
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "corpus.md"


def check(folder: Path) -> tuple[list[str], tuple[Finding, ...]]:
    """The paths of all templates and libraries below a folder, and every finding on them."""
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.y*ml"))
    return paths, check_templates(paths, _resolver(folder))


def _resolver(folder: Path) -> FileResolver:
    with (folder / "IMPORT_MAP.tsv").open(encoding="utf-8") as file:
        return FileResolver(folder, {row["url"]: row["local_path"] for row in csv.DictReader(file, delimiter="\t")})


def destroyed(folder: Path, seeds: Iterable[int], every: int = 1) -> int:
    """Check one mutant of every so-manieth file for each seed; how many there were. A crash is the caller's to see."""
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.y*ml"))[::every]
    resolver = _resolver(folder)
    number = 0
    for path in paths:
        sound = load(path, (folder / path).read_bytes()).value
        for seed in seeds:
            changed = dump(mutant(sound, seed)).encode()
            check_template(path, _Overlay(resolver, path, changed))
            number += 1
    return number


class _Overlay:
    """A resolver that gives one file another content."""

    def __init__(self, below: Resolver, path: str, data: bytes) -> None:
        self._below, self._path, self._data = below, path, data

    def __call__(self, base: str, reference: str, /) -> tuple[str, bytes] | None:
        found = self._below(base, reference)
        return (self._path, self._data) if found is not None and found[0] == self._path else found


def counts(found: Iterable[Finding]) -> list[str]:
    """A row a rule: id, title, findings, files, and what decides it."""
    number: Counter[str] = Counter()
    files: defaultdict[str, set[str]] = defaultdict(set)
    for one in found:
        number[one.rule] += 1
        files[one.rule].add(one.place.path)
    rows = ["| rule | what | findings | files | decided by |", "|---|---|---|---|---|"]
    for name in sorted(number):
        known = rule(name)
        rows.append(f"| {name} | {known.title} | {number[name]} | {len(files[name])} | {known.clause} |")
    return rows


def refusals(found: Iterable[Finding]) -> list[str]:
    """A row an error: where, which rule, what, and what decides it."""
    rows = ["| where | rule | why it is refused | clause |", "|---|---|---|---|"]
    for one in found:
        if one.severity is Severity.ERROR:
            where = one.place.path.replace("__", "/", 1)
            clause = rule(one.rule).clause.replace("TOSCA Simple Profile ", "")
            message = one.message.replace("|", "\\|")
            rows.append(f"| `{where}:{one.place.line}` | {one.rule} | {message} | {clause} |")
    return rows


def groups(paths: Iterable[str], found: Iterable[Finding]) -> list[str]:
    """A row a collection: files, refused, with warnings alone, without either."""
    worst: dict[str, int] = {}
    rank = {Severity.ERROR: 2, Severity.WARNING: 1}
    for one in found:
        worst[one.place.path] = max(worst.get(one.place.path, 0), rank.get(one.severity, 0))
    by_group: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for path in paths:
        by_group[path.split("/", 1)[0].replace("__", "/")][worst.get(path, 0)] += 1
    rows = ["| collection | files | refused | accepted with warnings | accepted without |", "|---|---|---|---|---|"]
    return rows + [f"| {name} | {sum(c.values())} | {c[2]} | {c[1]} | {c[0]} |" for name, c in sorted(by_group.items())]


def tables(folder: Path) -> str:
    """The three tables of the page."""
    paths, found = check(folder)
    parts = (("Accepted and refused", groups(paths, found)), ("Findings", counts(found)), ("Errors", refusals(found)))
    return "\n\n".join(f"## {title}\n\n" + "\n".join(rows) for title, rows in parts) + "\n"


def written() -> str:
    """The tables as they stand on the page."""
    return PAGE.read_text("utf-8").partition(MARK)[2]


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(f"{destroyed(Path(sys.argv[1]), range(int(sys.argv[2])))} mutants checked without a crash")
        sys.exit(0)
    text = PAGE.read_text("utf-8").partition(MARK)[0]
    PAGE.write_text(text + MARK + tables(Path(sys.argv[1])), "utf-8")
