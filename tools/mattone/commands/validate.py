"""`mattone validate`: every error of the platform's files at once, each with its place."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_DONE, EXIT_FINDINGS

if TYPE_CHECKING:
    from mattone.checks.cache import Resolver
    from mattone.checks.report import Read
    from mattone.findings import Finding
    from mattone.platform.site import Site

EXAMPLES = (
    "mattone validate                            the whole platform: catalogue, types, roles, deployments",
    "mattone validate school/notebooks           one deployment",
    "mattone validate page.yaml types/*.yaml     templates and type libraries, in any folder",
    "mattone validate --fix page.yaml            mend what is mechanical, then check",
    "mattone validate --format sarif > findings.sarif",
)
_FORMATS = ("text", "json", "sarif", "junit", "gitlab", "github")


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "targets", nargs="*", metavar="GROUP/NAME|FILE", help="only these deployments or templates (everything)"
    )
    parser.add_argument("--format", choices=_FORMATS, help="of the report (as --output)")
    parser.add_argument("--import-map", type=Path, metavar="FILE", help="what imports of URLs stand for (YAML or TSV)")
    parser.add_argument(
        "--waivers", type=Path, metavar="FILE", help="accepted findings (waivers.yaml of the repository)"
    )
    parser.add_argument("--fix", action="store_true", help="mend what is mechanical in the files checked, then check")
    parser.add_argument("--no-cache", action="store_true", help="check anew what has not changed")
    common(parser)


def run(
    targets: Sequence[str],
    format: str | None,
    import_map: Path | None,
    waivers: Path | None,
    fix: bool,
    no_cache: bool,
    repo: Path,
    output: str,
) -> int:
    """Check, report, and exit with 3 when there are errors."""
    import gc

    from mattone.findings import Severity

    gc.disable()  # a short life with many objects and few cycles: collecting would only cost time
    files = [target for target in targets if _is_file(target)]
    if files and len(files) == len(targets):
        found, read, root = _check_files(files, import_map, no_cache)
        if fix and _fixed(files, found, root):
            found, read, root = _check_files(files, import_map, no_cache)
    else:
        found, read, root = _check_platform(targets, repo)
        if fix and _fixed([str(root / one.place.path) for one in found], found, root):
            found, read, root = _check_platform(targets, repo)
    found = _waived(found, root, waivers)
    _print(found, format or output, read)
    return EXIT_FINDINGS if any(one.severity is Severity.ERROR for one in found) else EXIT_DONE


def _is_file(target: str) -> bool:
    return target.endswith((".yaml", ".yml")) or Path(target).is_file()


def _fixed(files: Sequence[str], found: Sequence[Finding], root: Path) -> bool:
    """Fix the files, say so on stderr, and tell whether any changed."""
    from mattone import terminal
    from mattone.checks.fixes import fix_files

    paths = [Path(file).absolute().relative_to(root).as_posix() for file in files]
    changed = fix_files(root, paths, found)
    for path, number in changed.items():
        terminal.note(f"fixed {path}: {number}")
    return bool(changed)


def _print(found: Sequence[Finding], chosen: str, read: Read) -> None:
    from mattone import redact
    from mattone.checks.formats import FORMATS

    ordered = sorted(found, key=lambda one: (one.place, one.rule, one.message))
    print(redact.clean(FORMATS[chosen](ordered, read)), end="", flush=True)


def _check_files(files: Sequence[str], import_map: Path | None, no_cache: bool) -> tuple[Sequence[Finding], Read, Path]:
    """Check files in the folder they share with the work directory, or in their own."""
    from mattone.checks.cache import cache_folder, cached_check
    from mattone.tosca.files import FileResolver, read_import_map

    root = _root([Path(file) for file in files] + ([import_map] if import_map else []))
    resolver = FileResolver(root, read_import_map(import_map, root) if import_map else {})
    paths = [Path(file).absolute().relative_to(root).as_posix() for file in files]

    def read(path: str) -> bytes | None:
        found = resolver("", path)
        return found[1] if found else None

    if no_cache:
        return _checked(paths, resolver), read, root
    return cached_check(paths, resolver, cache_folder(), _checked), read, root


def _checked(paths: Sequence[str], resolver: Resolver) -> tuple[Finding, ...]:
    from mattone.checks.template import check_templates

    return check_templates(paths, resolver)


def _root(files: Sequence[Path]) -> Path:
    """The repository around the work directory, or the work directory; else the folder that holds all the files."""
    import os

    here = Path.cwd()
    around = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    absolute = [Path(os.path.abspath(file)) for file in files]  # noqa: PTH100 - `resolve` would follow links
    if all(file.is_relative_to(around) for file in absolute):
        return around
    return Path(os.path.commonpath([file.parent for file in absolute]))


def _check_platform(deployments: Sequence[str], repo: Path) -> tuple[Sequence[Finding], Read, Path]:
    from mattone.platform.site import open_site

    site = open_site(repo)
    return _findings(site, deployments), site.files.read, site.root


def _findings(site: Site, deployments: Sequence[str]) -> tuple[Finding, ...]:
    from mattone.checks.components import check_components, check_federation, check_workspace, templates
    from mattone.checks.template import check_templates
    from mattone.pins.bundle import tree_resolver
    from mattone.pins.releases import Releases
    from mattone.reconcile.wishes import collect

    tree = site.files
    found: tuple[Finding, ...] = ()
    if not deployments:
        found += check_templates(templates(tree), tree_resolver(tree))
        found += check_components(tree)
        if site.repository.resolve("HEAD") is not None:
            found += check_workspace(site.at("HEAD"))
    broken = check_federation(tree)
    if broken:
        return (*found, *broken)
    return (*found, *collect(tree, Releases(site.repository, "HEAD"), deployments)[1])


def _waived(found: Sequence[Finding], root: Path, file: Path | None) -> Sequence[Finding]:
    """The findings without those that a waiver accepts, and with those about the waivers themselves."""
    path = file or root / "waivers.yaml"
    if file is None and not path.is_file():
        return found
    import datetime

    from mattone.checks.waivers import apply_waivers, read_waivers

    waivers, problems = read_waivers(path.name, path.read_bytes(), datetime.datetime.now(datetime.UTC).date())
    standing, _ = apply_waivers(found, waivers)
    return [*standing, *problems]
