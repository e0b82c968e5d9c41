"""A language client for tests: it speaks JSON-RPC with a real `python -m mattone lsp` over real pipes."""

from __future__ import annotations

import itertools
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import mattone

PATIENCE = 30.0  # seconds; the host may be busy
UTF16 = "utf-16"


class Failed(Exception):
    """The server answered a request with an error."""


class Client:
    """One server process. `published` holds the newest diagnostics of each uri, `versions` what they are of."""

    def __init__(self, *words: str, cwd: Path | None = None) -> None:
        environment = {**os.environ, "PYTHONPATH": str(Path(mattone.__file__).parent.parent)}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mattone", "lsp", *words],
            stdin=pipe, stdout=pipe, stderr=pipe, env=environment, cwd=cwd,
        )  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.stdin: IO[bytes] = self.process.stdin
        self.messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.published: dict[str, list[dict[str, Any]]] = {}
        self.versions: dict[str, int | None] = {}
        self.asked: list[dict[str, Any]] = []  # requests of the server
        self.errors: list[str] = []
        self._told: queue.Queue[str] = queue.Queue()
        self._ids = itertools.count(1)
        self._threads = [
            threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True),
            threading.Thread(target=self._drain, args=(self.process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _read(self, stream: IO[bytes]) -> None:
        while True:
            length = 0
            while (line := stream.readline()).strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if not line:
                self.messages.put(None)
                return
            self.messages.put(json.loads(stream.read(length)))

    def _drain(self, stream: IO[bytes]) -> None:
        for line in stream:
            self.errors.append(line.decode("utf-8", "replace"))
            self._told.put(self.errors[-1])

    def told(self) -> str:
        """The next line on standard error."""
        return self._told.get(timeout=PATIENCE)

    # What goes out

    def raw(self, body: bytes) -> None:
        self.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.stdin.flush()

    def _send(self, message: dict[str, Any]) -> None:
        self.raw(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def notify(self, method: str, params: Any = None) -> None:
        self._send({"method": method, "params": params})

    def begin(self, method: str, params: Any = None) -> int:
        """Send a request and do not wait for its answer."""
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": params})
        return number

    def request(self, method: str, params: Any = None) -> Any:
        return self.answer(self.begin(method, params))

    # What comes in

    def answer(self, number: int) -> Any:
        while True:
            message = self._next(time.monotonic() + PATIENCE)
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise Failed(message["error"]["message"])
                return message.get("result")

    def _next(self, end: float) -> dict[str, Any]:
        message = self.messages.get(timeout=max(end - time.monotonic(), 0.001))
        if message is None:
            raise EOFError("".join(self.errors))
        if message.get("method") == "textDocument/publishDiagnostics":
            params = message["params"]
            self.published[params["uri"]] = params["diagnostics"]
            self.versions[params["uri"]] = params.get("version")
        elif "method" in message and "id" in message:
            self.asked.append(message)
            self._send({"id": message["id"], "result": None})
        return message

    def until(self, holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Read messages until a condition holds."""
        end = time.monotonic() + seconds
        while not holds():
            try:
                self._next(end)
            except queue.Empty:
                last = str({uri: found for uri, found in self.published.items() if found})[:3000]
                raise AssertionError(f"it did not come to be; published: {last}\n{self.errors[-20:]}") from None

    def rules(self, uri: str) -> list[str]:
        return [one["code"] for one in self.published.get(uri, [])]

    def checked(self, uri: str, version: int) -> list[dict[str, Any]]:
        """The diagnostics of a version of an open document."""
        self.until(lambda: self.versions.get(uri) == version)
        return self.published[uri]

    # What editors do

    def initialize(self, *folders: Path, encodings: Sequence[str] = (UTF16,), watching: bool = False) -> dict[str, Any]:
        result = self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": None,
                "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name} for folder in folders],
                "capabilities": {
                    "general": {"positionEncodings": list(encodings)},
                    "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": watching}},
                },
            },
        )
        self.notify("initialized", {})
        assert isinstance(result, dict)
        return result

    def open(self, file: Path, text: str | None = None, version: int = 1) -> str:
        """Open a document, with what lies on disk when no text is given; returns its uri."""
        source = file.read_bytes().decode() if text is None else text
        document = {"uri": file.as_uri(), "languageId": "yaml", "version": version, "text": source}
        self.versions.pop(file.as_uri(), None)
        self.notify("textDocument/didOpen", {"textDocument": document})
        return file.as_uri()

    def change(self, uri: str, version: int, *changes: dict[str, Any]) -> None:
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})

    def replace(self, uri: str, version: int, text: str) -> None:
        self.change(uri, version, {"text": text})

    def close(self, uri: str) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def at(self, method: str, uri: str, line: int, character: int, **more: Any) -> Any:
        """A request about a position."""
        position = {"line": line, "character": character}
        return self.request(f"textDocument/{method}", {"textDocument": {"uri": uri}, "position": position, **more})

    # How it ends

    def leave(self) -> int:
        """Shut the server down as editors do; its exit code."""
        self.request("shutdown")
        self.notify("exit")
        return self.process.wait(PATIENCE)

    def end(self) -> None:
        """Make sure that nothing is left."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join(PATIENCE)
        self.stdin.close()


def span(line: int, begin: int, end: int) -> dict[str, Any]:
    """A range within one line."""
    return {"start": {"line": line, "character": begin}, "end": {"line": line, "character": end}}
