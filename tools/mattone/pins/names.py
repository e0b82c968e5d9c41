"""What an engine is given for the roles, collections and images that a template names: what the lock names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mattone.errors import InputError
from mattone.pins.external import External
from mattone.redact import one_line
from mattone.tosca.spots import Spot


@dataclass(frozen=True, slots=True)
class LockedNames:
    """The names that a lock allows.

    roles     a role of the platform to the folder of the bundle that holds it
    external  the lock's entries from elsewhere
    """

    roles: Mapping[str, str]
    external: tuple[External, ...] = ()

    def __call__(self, kind: str, written: str, spot: Spot) -> str:
        """The locked name. Raises InputError, with its place, for what the lock does not name."""
        name = written.strip()
        if kind == "role" and name in self.roles:
            return self.roles[name]
        raise InputError(
            f"the {kind} `{one_line(written, 120)}` is not in the lock",
            place=spot.place(),
            hint="A role of this platform is named under `roles:` of the service; then run `mattone lock`.",
        )
