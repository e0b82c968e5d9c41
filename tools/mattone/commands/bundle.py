"""`mattone bundle`: what an engine receives, as one reproducible archive, made from a lock or checked against it."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mattone.cli import common
from mattone.errors import EXIT_DONE, EXIT_FINDINGS, InputError

if TYPE_CHECKING:
    from mattone.pins.csar import Archive
    from mattone.pins.lock import Lock
    from mattone.pins.releases import Releases
    from mattone.platform.site import Site

EXAMPLES = (
    "mattone bundle school/notebooks                  write school-notebooks.csar here",
    "mattone bundle school/notebooks -o out.csar --bom out.cdx.json",
    "mattone bundle --all -o bundles                  bundles/school/notebooks.csar, .cdx.json, and so on",
    "mattone bundle --verify school-notebooks.csar    rebuild it from its lock, and name each file that differs",
    "mattone bundle --recorded school/notebooks       what the last operation used, from the lock in its record",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployment", nargs="?", metavar="GROUP/NAME", help="which deployment")
    parser.add_argument(
        "-o", "--out", type=Path, metavar="FILE", help="where to write it (GROUP-NAME.csar); with --all: the folder"
    )
    parser.add_argument("--bom", type=Path, metavar="FILE", help="write its bill of materials here too")
    parser.add_argument(
        "--recorded",
        action="store_true",
        help="from the lock of the newest record; its digest must be the recorded one",
    )
    parser.add_argument("--all", action="store_true", help="of every deployment, with its bill of materials beside it")
    parser.add_argument("--verify", type=Path, metavar="FILE", help="rebuild this bundle and compare; write nothing")
    common(parser)


def run(
    deployment: str | None,
    out: Path | None,
    bom: Path | None,
    recorded: bool,
    all: bool,
    verify: Path | None,
    repo: Path,
    output: str,
) -> int:
    """Write the bundle of a deployment, or compare one with what its lock makes."""
    if verify is not None:
        if out or bom or recorded or all:
            raise InputError("--verify writes nothing", hint="leave out --out, --bom, --recorded and --all")
        return _verify(verify, deployment, repo, output)
    if all:
        if deployment or bom or recorded:
            raise InputError("--all is of every deployment, as it is locked", hint="give it nothing but --out FOLDER")
        return _make_all(out or Path("bundles"), repo, output)
    if deployment is None:
        raise InputError("which deployment?", hint="`mattone bundle GROUP/NAME`, or `mattone bundle --verify FILE`")
    return _make(deployment, out, bom, recorded, repo, output)


def _make(deployment: str, out: Path | None, bom: Path | None, recorded: bool, repo: Path, output: str) -> int:
    from mattone.pins.csar import make
    from mattone.pins.releases import Releases
    from mattone.platform.deployments import split_id
    from mattone.platform.site import open_site

    split_id(deployment)
    _refuse_folders(out, bom)
    site = open_site(repo)
    releases = Releases(site.repository, "HEAD")
    lock, expected = _recorded(repo, deployment) if recorded else (_present(site, releases, deployment), "")
    made = make(releases, lock)
    if expected and made.digest != expected:
        raise InputError(
            f"the record of {deployment} names the bundle {expected}, its lock makes {made.digest} here",
            hint="the sources were rewritten, or another version of mattone renders otherwise: see `mattone trace`",
        )
    _show([_write(made, lock, out or Path(f"{deployment.replace('/', '-')}.csar"), bom)], output)
    return EXIT_DONE


def _make_all(folder: Path, repo: Path, output: str) -> int:
    """Look at every lock before the first bundle is written; then one after the other, so that memory holds one."""
    from mattone.pins.csar import make
    from mattone.pins.releases import Releases
    from mattone.platform.deployments import load_all
    from mattone.platform.refuse import refuse
    from mattone.platform.site import open_site

    site = open_site(repo)
    releases = Releases(site.repository, "HEAD")
    wanted, findings = load_all(site.files)
    refuse(findings)
    locks = [_present(site, releases, name) for name in wanted]
    rows = [
        _write(make(releases, lock), lock, folder / f"{lock.deployment}.csar", folder / f"{lock.deployment}.cdx.json")
        for lock in locks
    ]
    _show(rows, output, {"bundles": rows})
    return EXIT_DONE


def _write(made: Archive, lock: Lock, target: Path, bom: Path | None) -> dict[str, Any]:
    from mattone import digests
    from mattone.files import write_atomic

    write_atomic(target, made.data)
    if bom is not None:
        write_atomic(bom, made.bill)
    return {
        "deployment": lock.deployment,
        "file": str(target),
        "bundle": made.digest,
        "digest": digests.of_bytes(made.data),
        "bytes": len(made.data),
        "lock": lock.digest,
    }


def _show(rows: Sequence[Mapping[str, Any]], output: str, document: Mapping[str, Any] | None = None) -> None:
    from mattone import terminal

    if output == "json":
        terminal.say_json(document or rows[0])
        return
    for row in rows:
        terminal.say(f"{row['deployment']}: {row['file']}, {row['bytes'] / 1000:.0f} kB")
        terminal.say(f"bundle:  {row['bundle']}")
        terminal.say(f"archive: {row['digest']}")
    if not rows:
        terminal.say("no deployments; `mattone request` asks for one")


def _refuse_folders(*targets: Path | None) -> None:
    """Before anything is made. Raises InputError."""
    for target in targets:
        if target is not None and target.is_dir():
            raise InputError(f"{str(target)!r} is a folder", hint="name the file to write")


def _present(site: Site, releases: Releases, deployment: str) -> Lock:
    """The lock beside the deployment's file, verified. Raises InputError when there is none, or it does not fit."""
    from mattone.errors import Place
    from mattone.pins.lock import parse
    from mattone.pins.resolve import verify
    from mattone.platform.deployments import load_all, lock_path
    from mattone.platform.refuse import refuse

    wanted, findings = load_all(site.files, [deployment])
    refuse(findings)
    path = lock_path(deployment)
    data = site.files.read(path)
    if data is None:
        raise InputError("there is no lock", place=Place(path), hint=f"run `mattone lock {deployment}`")
    lock = parse(path, data)
    verify(releases, lock, wanted[deployment])
    return lock


def _verify(file: Path, deployment: str | None, repo: Path, output: str) -> int:
    from mattone import terminal
    from mattone.pins.releases import Releases
    from mattone.pins.verification import compare
    from mattone.platform.site import open_site

    site = open_site(repo)
    releases = Releases(site.repository, "HEAD")
    lock, found = compare(releases, file.name, _content(file))
    if deployment is not None and lock != _present(site, releases, deployment):
        raise InputError(
            f"{file.name} was made from another lock than {deployment} has now",
            hint=f"it is a bundle of {lock.deployment}; `mattone bundle {deployment}` makes one of the present lock",
        )
    if output == "json":
        rows = [{"path": one.path, "problem": one.problem} for one in found]
        terminal.say_json({"file": str(file), "deployment": lock.deployment, "same": not found, "differences": rows})
    elif found:
        for one in found:
            terminal.say(f"{one.path}: {one.problem}")
        terminal.say(
            f"{file.name} is not what its lock makes: {len(found)} {'difference' if len(found) == 1 else 'differences'}"
        )
    else:
        terminal.say(f"{file.name}: every byte is what its lock makes, for {lock.deployment}")
    return EXIT_FINDINGS if found else EXIT_DONE


def _content(file: Path) -> bytes:
    if not file.is_file():
        raise InputError(f"there is no file {str(file)!r}", hint="`mattone bundle GROUP/NAME` makes one")
    return file.read_bytes()


def _recorded(repo: Path, deployment: str) -> tuple[Lock, str]:
    """The lock of the newest record that has a bundle, and the bundle's digest."""
    import json

    from mattone.pins.lock import parse
    from mattone.reconcile.session import Session

    for record in reversed(Session.open(repo).records.history(deployment).records):
        if record.bundle:
            return parse(record.path, json.dumps(record.lock).encode()), record.bundle  # JSON is YAML too
    raise InputError(
        f"no record of {deployment!r} names a bundle", hint="nothing was applied yet: see `mattone status`"
    )
