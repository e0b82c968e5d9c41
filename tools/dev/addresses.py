"""No file names a package registry or a mirror, nor a path of the machine it was written on.

Which packages are used is in the locks, by hash; where they come from is the business of each
machine's own configuration. So are the places of checkouts and homes.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from dev.report import ROOT, Status
from dev.sources import files
from mattone import process

# written in pieces, so that this file passes its own check
_REGISTRIES = [
    r"(?:files\.)?python" + r"hosted\.org",
    r"(?:test\.)?py" + r"pi\.org/(?:simple|pypi)",
    r"registry\.npm" + r"js\.(?:org|com)",
    r"(?:deb|ftp|security|snapshot|httpredir)\.deb" + r"ian\.org",
    r"(?:archive|security|ports|old-releases)\.ub" + r"untu\.com",
    r"galaxy\.ansible\.com/(?:api|download)",
]
# an option followed by an address, unless that is one of the names kept for examples (RFC 2606) or this machine
_EXAMPLE = r"(?!\S*(?:\.(?:example|test|invalid)|example\.(?:org|com|net)|localhost|127\.0\.0\.1)\b)"
_OPTIONS = [
    rf"(?:index-{'url'}|find-{'links'})[ =]+{_EXAMPLE}https?:",
    rf"trusted-{'host'}[ =]+{_EXAMPLE}[\w-]+\.\w",
]
_SHARED_FOLDERS = {"/", "/root", "/home", "/srv", "/opt", "/usr", "/var", "/mnt", "/builds", tempfile.gettempdir()}


def patterns() -> re.Pattern[str]:
    """What no file may hold: known registries, options that name one, and this machine's own."""
    own = [re.escape(text) for text in [*_machine_paths(), *_configured_hosts()]]
    return re.compile("|".join([*_REGISTRIES, *_OPTIONS, *own]))


def find(root: Path, names: list[str], pattern: re.Pattern[str]) -> list[str]:
    """Each occurrence as `path:line: text`; files that are not text are passed over."""
    found: list[str] = []
    for name in names:
        try:
            lines = (root / name).read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            if match := pattern.search(line):
                found.append(f"{name}:{number}: {match[0]}")
    return found


def check() -> tuple[Status, str]:
    found = find(ROOT, files(), patterns())
    if found:
        return Status.FAILED, "\n".join([*found, "take these out: each machine's own configuration names them"])
    return Status.PASSED, ""


def _machine_paths() -> list[str]:
    """This checkout, its repository, the folders that they are in, the home: with a slash, so as not to hit words."""
    common = process.run(["git", "rev-parse", "--path-format=absolute", "--git-common-dir"], cwd=ROOT).output.strip()
    places = (ROOT, Path(common).parent)
    folders = {str(Path.home())}.union(*({str(place), str(place.parent)} for place in places))
    return sorted(f"{folder}/" for folder in folders - _SHARED_FOLDERS)


def _configured_hosts() -> list[str]:
    """The hosts that pip and npm of this machine are set up to ask, where they are not the public ones."""
    config = os.environ.get("PIP_CONFIG_FILE", "")
    texts = [
        value
        for name, value in os.environ.items()
        if re.fullmatch(r"(?i)(pip|uv|npm_config)_.*(index|registry).*", name)
    ]
    for place in (config, "/etc/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf", "~/.npmrc"):
        path = Path(place).expanduser()
        if place and path.is_file():
            texts.append(path.read_text("utf-8", "replace"))
    urls = re.findall(r"https?://[^\s'\"]+", "\n".join(texts))
    return sorted({host for url in urls if (host := urlsplit(url).hostname) and host not in {"localhost", "127.0.0.1"}})
