"""`mattone lock`: resolve deployments' version ranges to exact versions and digests."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_DONE, InputError, Place

if TYPE_CHECKING:
    from mattone.pins.complete import World
    from mattone.pins.lock import Lock
    from mattone.pins.releases import Releases
    from mattone.platform.deployments import Deployment
    from mattone.platform.site import Site

EXAMPLES = (
    "mattone lock school/notebooks               write its lock, keep what still fits",
    "mattone lock --locked                       fail when a lock is missing or out of date",
    "mattone lock --frozen                       resolve nothing; fetch and verify what the locks name",
    "mattone lock --upgrade school/notebooks     move everything to the newest in range",
    "mattone lock --upgrade-component ansible-roles/jupyterlab",
    "mattone lock --upgrade-component geerlingguy.docker",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("deployments", nargs="*", metavar="GROUP/NAME", help="which (all)")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--locked", action="store_true", help="write nothing; fail when a lock is out of date")
    mode.add_argument(
        "--frozen", action="store_true", help="take locks as they are: resolve nothing, fetch and verify what they name"
    )
    mode.add_argument("--upgrade", action="store_true", help="move everything to the newest in range")
    parser.add_argument(
        "--upgrade-component",
        action="append",
        default=[],
        metavar="NAME",
        help="move this component, by its path, or this entry from elsewhere, by its name; may be repeated",
    )
    common(parser)


def run(
    deployments: Sequence[str],
    locked: bool,
    frozen: bool,
    upgrade: bool,
    upgrade_component: Sequence[str],
    repo: Path,
    output: str,
) -> int:
    """Write or check the locks of the named deployments, or of all."""
    from mattone import terminal
    from mattone.platform.deployments import load_all
    from mattone.platform.refuse import refuse

    if upgrade_component and (locked or frozen):
        raise InputError(
            f"--{'locked' if locked else 'frozen'} writes nothing, --upgrade-component moves something",
            hint="leave out one of them",
        )
    desk = _desk(repo)
    wanted, findings = load_all(desk.site.files, deployments)
    refuse(findings)
    move = frozenset[str]() if upgrade else frozenset(upgrade_component) or None
    _refuse_unknown(desk, list(wanted.values()), upgrade_component)
    rows = [_row(desk, item, locked, frozen, move) for item in wanted.values()]
    if output == "json":
        terminal.say_json({"locks": rows})
    elif not rows:
        terminal.say("no deployments; `mattone request` asks for one")
    else:
        for row in rows:
            terminal.say(f"{row['deployment']}: {row['state']}")
    return EXIT_DONE


@dataclass(frozen=True, slots=True)
class _Desk:
    site: Site
    releases: Releases
    world: World

    def present(self, deployment: Deployment) -> Lock | None:
        from mattone.pins.lock import parse

        data = self.site.files.read(_path(deployment))
        return None if data is None else parse(_path(deployment), data)


def _desk(repo: Path) -> _Desk:
    from mattone.pins.complete import world_of
    from mattone.pins.releases import Releases
    from mattone.platform.site import open_site

    site = open_site(repo)
    return _Desk(site, Releases(site.repository, "HEAD"), world_of(site))


def _refuse_unknown(desk: _Desk, deployments: Sequence[Deployment], names_: Sequence[str]) -> None:
    from mattone.platform.components import TYPES, ComponentId, Kind, names
    from mattone.platform.fields import did_you_mean

    if not names_:
        return
    files = desk.site.files
    known = [
        TYPES.path,
        *(ComponentId(kind, name).path for kind in (Kind.SERVICE, Kind.ROLE) for name in names(files, kind)),
    ]
    known += sorted({entry.name for one in deployments if (lock := desk.present(one)) for entry in lock.external})
    for name in names_:
        if name not in known:
            raise InputError(f"there is no component {name!r}", hint=did_you_mean(name, known))


def _row(
    desk: _Desk, deployment: Deployment, locked: bool, frozen: bool, move: frozenset[str] | None
) -> dict[str, str]:
    before = desk.present(deployment)
    if before is None and (locked or frozen):
        hint = f"run `mattone lock {deployment.id}` and commit it"
        raise InputError("there is no lock", place=Place(_path(deployment)), hint=hint)
    if frozen and before is not None:
        return _frozen(desk, deployment, before)
    if locked and before is not None:
        return _check(desk, deployment, before)
    return _write(desk, deployment, before, move)


def _frozen(desk: _Desk, deployment: Deployment, lock: Lock) -> dict[str, str]:
    from mattone.pins.complete import obtain
    from mattone.pins.resolve import verify

    verify(desk.releases, lock, deployment)
    number = obtain(lock, desk.world)
    state = f"as locked: {len(lock.pins)} components" + (f", {number} from elsewhere" if lock.external else "")
    return {"deployment": deployment.id, "state": state, "digest": lock.digest}


def _check(desk: _Desk, deployment: Deployment, lock: Lock) -> dict[str, str]:
    from mattone.pins.changes import changes
    from mattone.pins.complete import make_lock
    from mattone.pins.resolve import verify

    verify(desk.releases, lock, deployment)
    again = make_lock(desk.releases, deployment, desk.world, lock).lock
    if again != lock:
        raise InputError(
            f"the lock is out of date: {'; '.join(changes(lock, again))}",
            place=Place(_path(deployment)),
            hint=f"run `mattone lock {deployment.id}` and commit it",
        )
    return {"deployment": deployment.id, "state": "the lock fits", "digest": lock.digest}


def _write(desk: _Desk, deployment: Deployment, before: Lock | None, move: frozenset[str] | None) -> dict[str, str]:
    from mattone import terminal
    from mattone.files import write_atomic
    from mattone.pins.complete import make_lock
    from mattone.pins.lock import dump

    made = make_lock(desk.releases, deployment, desk.world, before, move)
    for note in made.notes:
        terminal.note(f"note: {note}")
    lock = made.lock
    if lock == before:
        return {"deployment": deployment.id, "state": "no change", "digest": lock.digest}
    write_atomic(desk.site.root / _path(deployment), dump(lock))
    elsewhere = f", {len(lock.external)} from elsewhere" if lock.external else ""
    state = f"{'changed' if before else 'locked'}: {len(lock.pins)} components{elsewhere}"
    return {"deployment": deployment.id, "state": state, "digest": lock.digest}


def _path(deployment: Deployment) -> str:
    from mattone.platform.deployments import lock_path

    return lock_path(deployment.id)
