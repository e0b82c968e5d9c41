"""What checking costs beside other checkers, side by side in one run; the figures go to reports/bench-checking.md."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from dev.apart import python_of
from dev.bench import synthetic
from dev.bench.measure import Runs, in_turns, ratio
from dev.report import ROOT
from mattone.errors import MattoneError

ROUNDS = 5
_LIMIT = 60.0  # seconds for one run; puccini needs minutes for 1,000 nodes
_CORPUS = (ROOT.parent / "shared" / "corpus").resolve()  # answers about links are not kept
_HEAD = (
    "| checked | `validate`, cold | again | tosca-parser | cold | again | memory | puccini | cold |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def files(folder: Path) -> Iterator[tuple[str, list[str], bool]]:
    """Name and files of everything that is measured, and whether the rivals take it (they check one file a run)."""
    synthetic_ones = {
        "one server, 6 lines": ("small.yaml", synthetic.smallest()),
        **{f"{n:,} nodes": (f"nodes-{n}.yaml", synthetic.template(n)) for n in (10, 100, 1000, 5000)},
        "a library of 3,000 types, by itself": ("library.yaml", synthetic.library(3000)),
        "a template that imports that library": ("user.yaml", synthetic.user("library.yaml")),
    }
    for name, text in synthetic_ones.values():
        (folder / name).write_text(text, "utf-8")
    for title, (name, text) in synthetic_ones.items():
        yield f"{title}, {len(text) // 1000 or 1} kB", [str(folder / name)], True
    if _CORPUS.is_dir():
        large = _CORPUS / "grycap__tosca/templates/nifi.yaml"
        yield "a large public template, 14 kB", [str(large)], True
        every = sorted(str(path) for path in _CORPUS.rglob("*.y*ml"))
        yield f"{len(every)} public templates and libraries, in one run", every, False


def commands(paths: list[str], rivals: bool, puccini: list[str]) -> dict[str, list[str]]:
    """The commands by name; those of mattone with the import map where the files are public ones."""
    beside = Path(sys.executable).parent
    options = ["--import-map", str(_CORPUS / "IMPORT_MAP.tsv")] if str(_CORPUS) in paths[0] else []
    check = [str(beside / "mattone"), "validate", *options, *paths]
    found = {"cold": check, "again": check}
    if rivals:
        found["tosca-parser"] = [str(beside / "tosca-parser"), "--template-file", *paths]
        if puccini:
            found["puccini"] = [*puccini, *paths]
    return found


def row(title: str, found: Mapping[str, Runs]) -> str:
    """A line of the table; `refused` where a rival ended with an error, so that its time says little."""
    cold, again = found["cold"], found["again"]
    other, third = found.get("tosca-parser"), found.get("puccini")
    cells = [title, _figures(cold), f"{again.least:.3f} s", _figures(other)]
    cells += [ratio(other, cold), ratio(other, again)] if other else ["-", "-"]
    cells.append(f"{cold.memory / other.memory:.1f}" if other and other.done else "-")
    cells += [_figures(third), ratio(third, cold) if third else "-"]
    return "| " + " | ".join(cells) + " |"


def _figures(runs: Runs | None) -> str:
    if runs is None:
        return "-"
    if runs.late or not runs.done:
        return f"over {_LIMIT:.0f} s"
    refused = "" if runs.done[0].code in (0, 3) else ", refused"
    return f"{runs.least:.3f} s, {runs.memory:.0f} MB{refused}"


def main(rounds: int = ROUNDS) -> int:
    """Measure, print a row as soon as it is there, and write the table."""
    print(
        f"\nCPU time, least of {rounds} runs in turns; ratios: median (least to most). Load {os.getloadavg()[0]:.1f}."
    )
    print(_HEAD, flush=True)
    lines = [_HEAD]
    puccini = _puccini()
    with tempfile.TemporaryDirectory() as folder:
        for number, (title, paths, rivals) in enumerate(files(Path(folder))):
            caches = Path(folder) / f"caches-{number}"
            lines.append(row(title, in_turns(commands(paths, rivals, puccini), caches, rounds, _LIMIT)))
            print(lines[-1], flush=True)
    report = ROOT / "reports/bench-checking.md"
    report.parent.mkdir(exist_ok=True)
    report.write_text("\n".join(lines) + "\n", "utf-8")
    return 0


def _puccini() -> list[str]:
    """The rival, whose package has no command, as one; nothing, with a word, where it cannot be installed."""
    try:
        python = python_of("rivals")
    except MattoneError as error:
        print(f"without puccini: {error.message}")
        return []
    return [python, "-c", "import sys, puccini.tosca; puccini.tosca.compile(sys.argv[1])"]
