"""What stands in a bundle for the roles, collections and images that a template or a playbook names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mattone.errors import InputError
from mattone.pins import spelling
from mattone.pins.external import External, ExternalKind
from mattone.pins.vendored import role_folder
from mattone.redact import one_line
from mattone.tosca.spots import Spot


@dataclass(frozen=True, slots=True)
class LockedNames:
    """The names that a lock allows.

    platform  a role of the platform to the folder of the bundle that holds it
    external  the lock's entries from elsewhere
    """

    platform: Mapping[str, str]
    external: tuple[External, ...] = ()

    @property
    def folders(self) -> tuple[str, ...]:
        """Every role's folder in the bundle, sorted."""
        return tuple(sorted({*self.platform.values(), *map(role_folder, self._all(ExternalKind.ROLE))}))

    @property
    def collections(self) -> tuple[str, ...]:
        """Every collection in the bundle, sorted."""
        return tuple(sorted(entry.name for entry in self._all(ExternalKind.COLLECTION)))

    def role(self, written: str) -> str | None:
        """The folder of a role, as a file of the platform names it; None: not in the lock.

        A role of the platform comes first: nothing from elsewhere can take its place. A role of a
        locked collection, `namespace.collection.role`, keeps its name: it lies in the collection.
        """
        return self.platform.get(written) or self._elsewhere(written)

    def role_elsewhere(self, written: str) -> str | None:
        """The same as a file of a role from elsewhere names it: there, what it required comes first."""
        return self._elsewhere(written) or self.platform.get(written)

    def _elsewhere(self, written: str) -> str | None:
        try:
            name = spelling.role(written).name
        except InputError:
            return None
        entry = self._entry(ExternalKind.ROLE, name)
        if entry is not None:
            return role_folder(entry)
        collection = ".".join(written.split(".")[:2])
        return written if written.count(".") >= 2 and self._entry(ExternalKind.COLLECTION, collection) else None

    def __call__(self, kind: str, written: str, spot: Spot) -> str:
        """What a template is given for an artifact. Raises InputError, with its place, for what the lock does not name.

        A role becomes its folder's name, a collection its exact version, an image is given its digest.
        """
        name = written.strip()
        found = {"role": self.role, "collection": self._collection, "image": self._image}.get(kind)
        given = found(name) if found is not None else None
        if given is None:
            raise InputError(
                f"the {kind} `{one_line(written, 120)}` is not in the lock",
                place=spot.place(),
                hint="A role of this platform is named under `roles:` of the service; then run `mattone lock`.",
            )
        return given

    def _all(self, kind: ExternalKind) -> list[External]:
        return [entry for entry in self.external if entry.kind is kind]

    def _entry(self, kind: ExternalKind, name: str) -> External | None:
        return next((entry for entry in self._all(kind) if entry.name == name), None)

    def _collection(self, written: str) -> str | None:
        try:
            entry = self._entry(ExternalKind.COLLECTION, spelling.collection(written).name)
        except InputError:
            return None
        if entry is None:
            return None
        return f"git+{entry.source},{entry.commit}" if entry.commit else f"{entry.name},{entry.version}"

    def _image(self, written: str) -> str | None:
        one = spelling.image(written)
        if one is None:
            return None
        same = (entry for entry in self._all(ExternalKind.IMAGE) if (entry.name, entry.version) == (one.name, one.tag))
        entry = next(same, None)
        if entry is None:
            return None
        tag = f":{one.tag}" if one.tag else ""
        return f"{one.name}{tag}@{entry.digest}" if entry.pinned else f"{one.name}{tag}"
