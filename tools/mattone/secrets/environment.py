"""Secrets from environment variables, or from the workspace's `secrets.env`: `env:NAME`."""

from __future__ import annotations

import hmac
import os
import re
import secrets as random
import stat
from collections.abc import Mapping
from pathlib import Path

from mattone.errors import InputError, Place
from mattone.files import write_atomic
from mattone.secrets.interface import Secret

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHORTEST = 8


class EnvironmentStore:
    """Reads `NAME` from the environment, else from `<folder>/secrets.env` (`NAME=value` lines, mode 0600).

    A variable has no version of its own, so the version is a keyed digest of the value: it
    changes with the value and tells nothing about it without the workspace's key.
    """

    scheme = "env"

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._environment = os.environ if environment is None else environment

    def read(self, path: str) -> Secret:
        if not _NAME.fullmatch(path):
            raise InputError(f"{path!r} is not the name of an environment variable", hint="for example env:MY_TOKEN")
        value = self._environment.get(path) or self._from_file(path)
        if not value:
            raise InputError(
                f"the secret env:{path} has no value",
                hint=f"export {path}, or put a line {path}=... into {self._file}",
            )
        if len(value) < _SHORTEST:
            raise InputError(f"the secret env:{path} is shorter than {_SHORTEST} characters", hint="use a longer one")
        return Secret(value, self._version(value))

    @property
    def _file(self) -> Path:
        return self._folder / "secrets.env"

    def _from_file(self, name: str) -> str:
        try:
            mode = stat.S_IMODE(self._file.stat().st_mode)
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return ""
        except UnicodeDecodeError as error:
            raise InputError("not UTF-8 text", place=Place(str(self._file)), hint="save the file as UTF-8") from error
        if mode & 0o077:
            raise InputError(
                "others may read this file", place=Place(str(self._file)), hint=f"run `chmod 600 {self._file}`"
            )
        pairs = (line.partition("=") for line in lines if not line.lstrip().startswith("#"))
        return next((value for key, _, value in pairs if key.strip() == name), "")

    def _version(self, value: str) -> str:
        key_file = self._folder / "version.key"
        if not key_file.exists():
            write_atomic(key_file, random.token_bytes(32), 0o600)
        return hmac.new(key_file.read_bytes(), value.encode(), "sha256").hexdigest()[:12]
