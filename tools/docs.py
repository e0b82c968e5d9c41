"""Write the reference pages of docs/reference/ from the code, or say which of them are out of date.

`python tools/docs.py` writes, `--check` writes nothing and exits with 1 when a page is missing, out of date, or
made by nobody. The pages depend on the sources alone: no network, no time, no terminal width.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from dev.reference import pages
from dev.report import ROOT

FOLDER = ROOT / "docs" / "reference"


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Write docs/reference/ from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when a page is out of date")
    options = parser.parse_args(words)
    try:
        if not options.check:
            write(FOLDER)
            return 0
        stale = out_of_date(FOLDER)
    except ValueError as error:  # something in the code lacks its words
        print(f"the reference cannot be written: {error}", file=sys.stderr)
        return 1
    print("\n".join([*stale, "run `make docs`"]) if stale else "the reference pages are up to date")
    return int(bool(stale))


def write(folder: Path) -> None:
    """Write every page into a folder, and remove pages that nothing makes any more."""
    made = pages()
    for name, text in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in folder.rglob("*.md"):
        if path.relative_to(folder).as_posix() not in made:
            path.unlink()


def out_of_date(folder: Path) -> list[str]:
    """What differs between a folder and the pages as they should be: one line a page, with the first difference."""
    made = pages()
    found = [f"{name}: {why}" for name, text in made.items() if (why := _difference(folder / name, text))]
    extra = {path.relative_to(folder).as_posix() for path in folder.rglob("*.md")} - set(made)
    return found + [f"{name}: nothing makes this page" for name in sorted(extra)]


def _difference(path: Path, text: str) -> str:
    if not path.is_file():
        return "missing"
    present = path.read_text(encoding="utf-8")
    if present == text:
        return ""
    lines = difflib.unified_diff(present.splitlines(), text.splitlines(), n=0, lineterm="")
    return next((line for line in lines if not line.startswith(("---", "+++", "@@"))), "line endings differ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
