"""What a machine takes over from its host, because both live on the same network.

Package sources and apt's settings for them, extra certificate authorities, and pip's package
index. All of it is read when an image is built; none of it is in the repository.
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mattone import process
from mattone.errors import HostError

CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_COMPONENTS = frozenset(("main", "contrib", "non-free", "non-free-firmware", "restricted", "universe", "multiverse"))
# Settings without which the host's own sources may not answer.
_APT_SETTINGS = (
    "Acquire::Check-Valid-Until",
    "Acquire::Check-Date",
    "Acquire::http::Proxy",
    "Acquire::https::Proxy",
)
_INDEX_OPTIONS = ("index-url", "extra-index-url", "find-links", "trusted-host")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Of one host: distribution and suite (`debian`, `bookworm`), sources in deb822 form, apt options, and so on."""

    distribution: str
    suite: str
    sources: str
    apt_options: tuple[str, ...]
    certificates: tuple[tuple[str, str], ...]  # file name, PEM text
    pip: str
    environment: str


def read(root: Path = Path("/"), environment: Mapping[str, str] | None = None) -> Surroundings:
    """Look around on this host. Raises HostError when it is neither Debian nor Ubuntu, or has no usable sources."""
    variables = os.environ if environment is None else environment
    release = _os_release(root / "etc/os-release")
    distribution, suite = release.get("ID", ""), release.get("VERSION_CODENAME", "")
    if distribution not in ("debian", "ubuntu") or not suite:
        raise HostError(
            f"machine images are built from Debian or Ubuntu, this host is {distribution or 'unknown'!r}",
            hint="run on Debian 12 or Ubuntu 24.04",
        )
    authorities = root / "usr/local/share/ca-certificates"
    certificates = tuple((path.name, path.read_text()) for path in sorted(authorities.glob("*.crt")))
    return Surroundings(
        distribution=distribution,
        suite=suite,
        sources=_sources(root, distribution, suite),
        apt_options=_apt_options(),
        certificates=certificates,
        pip=pip_settings(_pip_options(root, variables), own_authorities=bool(certificates)),
        environment=_environment_file(own_authorities=bool(certificates)),
    )


def _os_release(path: Path) -> dict[str, str]:
    try:
        pairs = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
        return {key: value.strip().strip("\"'") for key, value in pairs}
    except OSError:
        return {}


def _sources(root: Path, distribution: str, suite: str) -> str:
    stanzas: list[str] = []
    folder = root / "etc/apt"
    for path in (folder / f"sources.list.d/{distribution}.sources", folder / "sources.list"):
        if path.exists():
            parse = stanzas_of_deb822 if path.suffix == ".sources" else stanzas_of_list
            stanzas += parse(path.read_text(), distribution, suite)
    if not stanzas:
        raise HostError(
            f"no {distribution} package sources for {suite} were found on this host",
            hint=f"expected in /etc/apt/sources.list.d/{distribution}.sources or /etc/apt/sources.list",
        )
    return "\n\n".join(_resolved(stanza, root) for stanza in stanzas) + "\n"


def stanzas_of_deb822(text: str, distribution: str, suite: str) -> list[str]:
    """The distribution's own stanzas of a file in deb822 form (sources.list(5)), comments left out."""
    found: list[str] = []
    for block in re.split(r"\n[ \t]*\n", text):
        lines = [line for line in block.splitlines() if line.strip() and not line.startswith("#")]
        fields = {
            key.strip().lower(): value.strip()
            for key, _, value in (line.partition(":") for line in lines if ":" in line)
        }
        components = [part for part in fields.get("components", "").split() if part in _COMPONENTS]
        suites = [part for part in fields.get("suites", "").split() if _own_suite(part, suite)]
        uris = [uri for uri in fields.get("uris", "").split() if not uri.startswith(("cdrom:", "file:"))]
        types = fields.get("types", "").split()
        if fields.get("enabled", "yes").lower() == "no" or "deb" not in types or not (components and suites and uris):
            continue
        found.append(_stanza(uris, suites, components, distribution))
    return found


def stanzas_of_list(text: str, distribution: str, suite: str) -> list[str]:
    """The distribution's own lines of a sources.list in one-line form, as deb822 stanzas."""
    found: list[str] = []
    for line in text.splitlines():
        match = re.fullmatch(r"\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]*?)\s*(?:#.*)?", line)
        if match is None:
            continue
        options, uri, name, rest = match.groups(default="")
        keyring = re.search(r"signed-by=(\S+)", options)
        foreign = keyring is not None and keyring.group(1) != _keyring(distribution)
        components = [part for part in rest.split() if part in _COMPONENTS]
        if foreign or uri.startswith(("cdrom:", "file:")) or not _own_suite(name, suite) or not components:
            continue
        found.append(_stanza([uri], [name], components, distribution))
    return found


def _own_suite(name: str, suite: str) -> bool:
    return name in (suite, f"{suite}-updates", f"{suite}-security") or name.startswith(f"{suite}/updates")


def _keyring(distribution: str) -> str:
    return f"/usr/share/keyrings/{distribution}-archive-keyring.gpg"


def _stanza(uris: list[str], suites: list[str], components: list[str], distribution: str) -> str:
    return (
        f"Types: deb\nURIs: {' '.join(uris)}\nSuites: {' '.join(suites)}\n"
        f"Components: {' '.join(components)}\nSigned-By: {_keyring(distribution)}"
    )


def _resolved(stanza: str, root: Path) -> str:
    # Cloud images name their mirrors in a file of the host, which a machine does not have.
    def first(match: re.Match[str]) -> str:
        try:
            lines = (root / match.group(1).lstrip("/")).read_text().splitlines()
        except OSError:
            return match.group(0)
        return next((line.split()[0] for line in lines if line.strip() and not line.startswith("#")), match.group(0))

    return re.sub(r"mirror\+file:(\S+)", first, stanza)


def _apt_options() -> tuple[str, ...]:
    found: list[str] = []
    for setting in _APT_SETTINGS:
        value = process.run(["apt-config", "shell", "VALUE", setting], accept=range(256), timeout=30).output
        match = re.fullmatch(r"VALUE='([^'\"\\]*)'\s*", value)
        if match and match.group(1):
            found.append(f'{setting} "{match.group(1)}";')
    return tuple(found)


def _pip_options(root: Path, variables: Mapping[str, str]) -> dict[str, str]:
    home = Path(variables.get("HOME", "/nonexistent"))
    files = [
        root / "etc/xdg/pip/pip.conf",
        root / "etc/pip.conf",
        home / ".pip/pip.conf",
        home / ".config/pip/pip.conf",
    ]
    if variables.get("PIP_CONFIG_FILE", os.devnull) != os.devnull:
        files.append(Path(variables["PIP_CONFIG_FILE"]))
    parser = configparser.RawConfigParser()
    found: dict[str, str] = {}
    for path in files:
        try:
            parser.read(path)
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue  # pip itself will say so
    for option in _INDEX_OPTIONS:
        value = variables.get("PIP_" + option.upper().replace("-", "_")) or parser.get("global", option, fallback="")
        if value:
            found[option] = value
    return found


def pip_settings(options: Mapping[str, str], *, own_authorities: bool) -> str:
    """The text of /etc/pip.conf for a machine: the host's indexes that are reached over the network.

    An index in a folder of the host, or on its loopback, is left out: a machine cannot reach it.
    """
    lines: list[str] = []
    for option, value in options.items():
        kept = [word for word in value.split() if option == "trusted-host" or _reachable(word)]
        if kept:
            lines.append(f"{option} = " + "\n    ".join(kept))
    if own_authorities:
        lines.append(f"cert = {CA_BUNDLE}")
    return "[global]\n" + "\n".join(lines) + "\n" if lines else ""


def _reachable(location: str) -> bool:
    return re.match(r"https?://(?!([^/@]*@)?(localhost|127\.|\[::1\]))", location) is not None


def _environment_file(*, own_authorities: bool) -> str:
    # Python tools and node carry certificate authorities of their own and must be told about the system's.
    names = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS") if own_authorities else ()
    return "".join([f'PATH="{_PATH}"\n', *(f"{name}={CA_BUNDLE}\n" for name in names)])
