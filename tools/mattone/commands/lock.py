"""`mattone lock`: resolve deployments' version ranges to exact versions and digests."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_DONE, InputError, Place

if TYPE_CHECKING:
    from mattone.pins.lock import Lock
    from mattone.pins.releases import Releases
    from mattone.platform.deployments import Deployment
    from mattone.platform.site import Site

EXAMPLES = (
    "mattone lock school/notebooks               write its lock, keep what still fits",
    "mattone lock --locked                       fail when a lock is missing or out of date",
    "mattone lock --upgrade school/notebooks     move everything to the newest in range",
    "mattone lock --upgrade-component ansible-roles/jupyterlab",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployments", nargs="*", metavar="GROUP/NAME", help="which (all)")
    parser.add_argument("--locked", action="store_true", help="write nothing; fail when a lock does not fit")
    parser.add_argument("--upgrade", action="store_true", help="move every component to the newest in range")
    parser.add_argument(
        "--upgrade-component", action="append", default=[], metavar="PATH", help="move this component; may be repeated"
    )
    common(parser)


def run(
    deployments: Sequence[str], locked: bool, upgrade: bool, upgrade_component: Sequence[str], repo: Path, output: str
) -> int:
    """Write or check the locks of the named deployments, or of all."""
    from mattone import terminal
    from mattone.pins.releases import Releases
    from mattone.platform.deployments import load_all
    from mattone.platform.refuse import refuse
    from mattone.platform.site import open_site

    site = open_site(repo)
    wanted, findings = load_all(site.files, deployments)
    refuse(findings)
    move = frozenset[str]() if upgrade else frozenset(upgrade_component) or None
    releases = Releases(site.repository, "HEAD")
    _refuse_unknown(site, upgrade_component)
    rows = [_check(site, releases, item) if locked else _write(site, releases, item, move) for item in wanted.values()]
    if output == "json":
        terminal.say_json({"locks": rows})
    elif not rows:
        terminal.say("no deployments; `mattone request` asks for one")
    else:
        for row in rows:
            terminal.say(f"{row['deployment']}: {row['state']}")
    return EXIT_DONE


def _refuse_unknown(site: Site, components: Sequence[str]) -> None:
    from mattone.platform.components import TYPES, ComponentId, Kind, names
    from mattone.platform.fields import did_you_mean

    kinds = (Kind.SERVICE, Kind.ROLE)
    known = [TYPES.path, *(ComponentId(kind, name).path for kind in kinds for name in names(site.files, kind))]
    for path in components:
        if path not in known:
            raise InputError(f"there is no component {path!r}", hint=did_you_mean(path, known))


def _check(site: Site, releases: Releases, deployment: Deployment) -> dict[str, str]:
    from mattone.pins.resolve import verify

    lock = _present(site, deployment)
    if lock is None:
        raise InputError(
            "there is no lock", place=Place(_path(deployment)), hint=f"run `mattone lock {deployment.id}` and commit it"
        )
    verify(releases, lock, deployment)
    return {"deployment": deployment.id, "state": "the lock fits", "digest": lock.digest}


def _write(site: Site, releases: Releases, deployment: Deployment, move: frozenset[str] | None) -> dict[str, str]:
    from mattone.files import write_atomic
    from mattone.pins.lock import dump
    from mattone.pins.resolve import Resolver

    before = _present(site, deployment)
    lock = Resolver(releases).lock(deployment, before, move)
    if lock == before:
        return {"deployment": deployment.id, "state": "no change", "digest": lock.digest}
    write_atomic(site.root / _path(deployment), dump(lock))
    state = f"{'changed' if before else 'locked'}: {len(lock.pins)} components"
    return {"deployment": deployment.id, "state": state, "digest": lock.digest}


def _present(site: Site, deployment: Deployment) -> Lock | None:
    from mattone.pins.lock import parse

    data = site.files.read(_path(deployment))
    return None if data is None else parse(_path(deployment), data)


def _path(deployment: Deployment) -> str:
    from mattone.platform.deployments import lock_path

    return lock_path(deployment.id)
