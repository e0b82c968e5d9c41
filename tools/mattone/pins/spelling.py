"""How this field writes what it needs from elsewhere: roles, collections, images and charts, in every spelling.

Sources: ansible-galaxy's requirements ("Installing content" in Ansible Galaxy's user guide), the
Infrastructure Manager's `AnsibleGalaxy` artifacts, the reference grammar of the Open Container Initiative's
distribution (docker.io and `library/` when left out).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mattone.errors import InputError
from mattone.redact import one_line

_GALAXY = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")
_COLLECTION = re.compile(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*")
_HOST = r"(?P<host>[A-Za-z0-9.-]+\.[A-Za-z0-9.-]+(?::\d+)?|[A-Za-z0-9.-]+:\d+|localhost)"
_PATH = r"(?P<path>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
_IMAGE = re.compile(
    rf"(?:{_HOST}/)?{_PATH}(?::(?P<tag>[A-Za-z0-9_][\w.-]{{0,127}}))?(?:@(?P<digest>sha256:[0-9a-f]{{64}}))?"
)
_NAME = re.compile(r"[A-Za-z0-9_]+([.-]+[A-Za-z0-9_]+)*-*")
_THREE = re.compile(r"[^,]*,\s*[A-Za-z_][\w.-]*")  # version and name; a range has commas too
_SCP = re.compile(r"[\w.-]+@[\w.-]+:")


@dataclass(frozen=True, slots=True)
class Spelled:
    """A role or collection as it is asked for.

    name     under which it is installed: `namespace.name` of Galaxy, the name after `|`, or the repository's
    version  as asked for: a tag, branch, commit or range; empty: any
    source   the URL of a git repository or an archive, or another name on Galaxy; empty: Galaxy has it by its name
    """

    name: str
    version: str
    source: str

    def __post_init__(self) -> None:
        """Raises InputError for a name that could not be that of a folder."""
        if not is_name(self.name):
            raise InputError(
                f"{one_line(self.name, 80)!r} cannot be the name of a role or collection",
                hint="letters, digits, `_`, `-` and inner dots; after a URL, `|name` gives one",
            )


def is_name(text: str) -> bool:
    """Whether a role or collection can have this name, which becomes part of folders' names."""
    return _NAME.fullmatch(text) is not None


def role(written: str) -> Spelled:
    """`name,version`, `git+URL,version`, `URL|name`, `URL,version|name`, `URL,version,name`.

    A name without a dot and without a URL is a role of the platform itself. Raises InputError.
    """
    reference, _, alias = (part.strip() for part in written.partition("|"))
    address, _, rest = (part.strip() for part in reference.partition(","))
    version, _, name = (part.strip() for part in rest.rpartition(",")) if _THREE.fullmatch(rest) else (rest, "", "")
    name = alias or name
    if is_url(address):
        source = address.removeprefix("git+")
        return Spelled(name or _from_url(source), version, source)
    if not address or re.search(r"[\s/\\]", address):
        raise InputError(
            f"`{one_line(written, 120)}` names no role", hint="write `namespace.name,1.2.3` or `git+URL,1.2.3`"
        )
    return Spelled(name or address, version, address if name and name != address else "")


def collection(written: str) -> Spelled:
    """`namespace.name,version`, `namespace.name:version`, `git+URL,version`. Raises InputError."""
    reference, _, alias = (part.strip() for part in written.partition("|"))
    address, _, version = (part.strip() for part in reference.partition(","))
    if is_url(address):
        source = address.removeprefix("git+")
        return Spelled(alias or _from_url(source), version, source)
    address, _, version = (part.strip() for part in re.sub(r"[:,]", "\n", reference, count=1).partition("\n"))
    if not _COLLECTION.fullmatch(address):
        raise InputError(
            f"`{one_line(written, 120)}` names no collection", hint="write `namespace.name,1.2.3` or `git+URL,1.2.3`"
        )
    return Spelled(address, version, "")


def is_galaxy_name(name: str) -> bool:
    """Whether a role's name is one of Galaxy's, `namespace.name`, rather than a role of the platform."""
    return _GALAXY.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Image:
    """A container image: its registry and path, and the tag or digest asked for (one may be empty)."""

    registry: str
    path: str
    tag: str
    digest: str

    @property
    def name(self) -> str:
        return f"{self.registry}/{self.path}"


def image(written: str) -> Image | None:
    """An image reference with Docker's defaults put in, or None when it is none."""
    found = _IMAGE.fullmatch(written.strip())
    if found is None or len(written) > 500:
        return None
    host, path = found["host"] or "docker.io", found["path"]
    if host in {"index.docker.io", "registry-1.docker.io"}:
        host = "docker.io"
    if host == "docker.io" and "/" not in path:
        path = f"library/{path}"
    tag, digest = found["tag"] or "", found["digest"] or ""
    return Image(host, path, tag or ("" if digest else "latest"), digest)


def is_url(text: str) -> bool:
    """Whether a role's or collection's source is an address rather than a name on Galaxy."""
    return "://" in text or text.startswith("git+") or _SCP.match(text) is not None


def _from_url(url: str) -> str:
    """The name that ansible-galaxy gives what it takes from a URL: that of the repository or archive."""
    last = re.split(r"[/:]", url.split("?")[0].split("#")[0].rstrip("/"))[-1]
    return re.sub(r"(\.git|\.tar\.gz|\.tgz)$", "", last) or last
