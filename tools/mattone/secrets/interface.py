"""The port to secret values: references go in, values come out, in the memory of apply alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SecretReference:
    """`<scheme>:<path>` as written in a deployment, for example `env:JUPYTER_TOKEN`."""

    scheme: str
    path: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.path}"


@dataclass(frozen=True, slots=True)
class Secret:
    """A value and the version of it that the store gave; its repr never shows the value."""

    value: str
    version: str

    def __repr__(self) -> str:
        return f"Secret(version={self.version!r})"


class SecretStore(Protocol):
    @property
    def scheme(self) -> str: ...

    def read(self, path: str) -> Secret:
        """The current value. Raises InputError when there is none, RemoteError otherwise."""
