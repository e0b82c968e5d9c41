"""Runs inside the Infrastructure Manager's own environment: sets its configuration, closes the door, starts it.

Started as a script by `supervisor.py` and never imported by mattone. IM reads its configuration only
from fixed system paths, and two of its defaults are unsafe on a shared host: any user name and
password may log in, and a posted template is parsed, with every file that it names, before anybody
is asked for a password. So this script replaces the configuration files by one JSON file of the
workspace and puts a gate before the REST API: a request without the workspace's key is answered
with 401 and goes no further.

Argument: the configuration file, `{"key": "...", "config": {NAME: value}, "contextualization": {"folder", "overlay"}}`.
"""

from __future__ import annotations

import configparser
import hmac
import json
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

KEY_HEADER = b"x-mattone-key"


class Gate:
    """ASGI middleware: only who knows the workspace's key gets through."""

    def __init__(self, app: Callable[[Message, Receive, Send], Awaitable[None]], key: str) -> None:
        self._app = app
        self._key = key.encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(KEY_HEADER, b"")
            if not hmac.compare_digest(given, self._key):
                await send(
                    {"type": "http.response.start", "status": 401, "headers": [(b"content-type", b"text/plain")]}
                )
                await send({"type": "http.response.body", "body": b"this engine belongs to a mattone workspace\n"})
                return
        await self._app(scope, receive, send)


def main(path: str) -> None:
    """Configure IM from the file at `path` and serve until told to stop."""
    os.umask(0o077)  # its database and logs hold the templates with their secrets
    settings = json.loads(Path(path).read_text(encoding="utf-8"))
    configparser.ConfigParser.read = _read_nothing  # type: ignore[method-assign,assignment]
    from IM.config import Config

    for name, value in settings["config"].items():
        if not hasattr(Config, name):
            raise SystemExit(f"this version of IM has no setting {name}")
        setattr(Config, name, value)
    _lay_out(Path(Config.CONTEXTUALIZATION_DIR), settings["contextualization"])
    Config.CONTEXTUALIZATION_DIR = settings["contextualization"]["folder"]
    Config.RECIPES_DIR = Config.CONTEXTUALIZATION_DIR + "/AnsibleRecipes"

    from IM import im_service
    from IM.rest.REST import app

    app.add_middleware(Gate, key=settings["key"])
    sys.argv = sys.argv[:1]
    im_service.main()


def _read_nothing(*_arguments: object, **_options: object) -> list[str]:
    """In place of `ConfigParser.read`: a configuration of another IM on this host is not ours."""
    return []


def _lay_out(original: Path, wanted: dict[str, str]) -> None:
    """What IM copies to the controller, in a folder of the workspace, with our agent in place of its own.

    Its helper tasks (`utils`) belong to playbooks that our agent does not run.
    """
    folder = Path(wanted["folder"])
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(original, folder, ignore=shutil.ignore_patterns("__pycache__", "tasks", "templates"))
    shutil.copytree(wanted["overlay"], folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))


if __name__ == "__main__":
    main(sys.argv[1])
