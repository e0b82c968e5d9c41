"""`mattone fetch-imports`: fetch what templates import by URL into the store, and name it in the import map."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_DONE, EXIT_ERROR, InputError, MattoneError, Place

if TYPE_CHECKING:
    from mattone.pins.imports import Fetched

EXAMPLES = (
    "mattone fetch-imports                       what the catalogue and the type library import",
    "mattone fetch-imports page.yaml             what these files import, in any folder",
    "mattone fetch-imports --upgrade             ask every URL again, and take what is there now",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE", help="templates and libraries (those of the platform)")
    parser.add_argument("--upgrade", action="store_true", help="ask every URL again, those in the map too")
    parser.add_argument("--import-map", type=Path, metavar="FILE", help="the map to read and write (imports.lock.yaml)")
    common(parser)


def run(files: Sequence[str], upgrade: bool, import_map: Path | None, repo: Path, output: str) -> int:
    """Fetch, write the map where it changed, and exit with 1 when an import could not be fetched."""
    from mattone.commands._checking import files_of, scope
    from mattone.files import write_atomic
    from mattone.pins.imports import dump, fetch_imports
    from mattone.pins.store import default_store
    from mattone.tosca.files import DEAD, IMPORT_MAP, is_digest

    root = scope(files, repo, import_map).root
    chosen = import_map or root / IMPORT_MAP
    before = _written(chosen)
    resolver = files_of(root, import_map if before else None)
    paths = [Path(file).absolute().relative_to(root).as_posix() for file in files] if files else _platform(repo)
    found = fetch_imports(paths, resolver, resolver.urls, default_store(), anew=upgrade)
    urls = {url: target if target == DEAD or is_digest(target) else before[url] for url, target in found.urls.items()}
    after = {**before, **urls} if files else urls  # what other files import is not known then
    if after != before:
        write_atomic(chosen, dump(after))
    _report(found, chosen.name, after != before, output)
    return EXIT_ERROR if found.problems else EXIT_DONE


def _written(file: Path) -> dict[str, str]:
    """The map as it is written; empty when there is none."""
    from mattone.tosca.files import parse_import_map

    if file.suffix == ".tsv":
        raise InputError("a map in tab-separated values is not written", place=Place(str(file)), hint="use YAML")
    return parse_import_map(str(file), file.read_bytes()) if file.is_file() else {}


def _platform(repo: Path) -> tuple[str, ...]:
    from mattone.checks.components import templates
    from mattone.platform.site import open_site

    return templates(open_site(repo).files)


def _report(found: Fetched, name: str, changed: bool, output: str) -> None:
    from mattone import terminal
    from mattone.tosca.files import DEAD

    for problem in found.problems:
        terminal.complain(MattoneError(problem.message, place=problem.place, hint=problem.hint))
    if output == "json":
        problems = [{"place": str(one.place), "message": one.message, "hint": one.hint} for one in found.problems]
        terminal.say_json({"imports": found.urls, "downloads": found.downloads, "problems": problems})
        return
    dead = sum(target == DEAD for target in found.urls.values())
    state = "changed" if changed else "as it was"
    terminal.say(f"{len(found.urls)} URLs imported, {dead} dead, {found.downloads} fetched; {name} is {state}")
