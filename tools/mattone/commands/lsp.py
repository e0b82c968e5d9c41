"""`mattone lsp`: the language server that an editor starts."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from mattone.cli import common
from mattone.errors import InputError

EXAMPLES = (
    "mattone lsp                            for an editor, on standard input and output",
    "mattone lsp --tcp 127.0.0.1:2087       one connection, to look at what is said",
)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--stdio", action="store_true", help="speak on standard input and output (that is what it does)"
    )
    parser.add_argument("--tcp", default="", metavar="HOST:PORT", help="wait for one connection on a loopback address")
    parser.add_argument("--import-map", type=Path, metavar="FILE", help="what imports of URLs stand for (YAML or TSV)")
    parser.add_argument(
        "--log", choices=("error", "warning", "info", "debug"), default="warning", help="what goes to stderr (warning)"
    )

    common(parser)


def run(stdio: bool, tcp: str, import_map: Path | None, log: str, repo: Path, output: str) -> int:
    """Serve until the editor says `exit`: 0 after an orderly shutdown, else 1."""
    del repo, output  # each file belongs to the repository that it lies in
    import logging

    from mattone.lsp.server import Server

    if stdio and tcp:
        raise InputError("--stdio and --tcp exclude each other")
    address = _address(tcp) if tcp else None
    logging.basicConfig(level=log.upper(), format="%(levelname)s %(name)s: %(message)s")
    server = Server(import_map.absolute() if import_map else None)
    return server.serve_tcp(*address) if address else server.serve()


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if host not in _LOOPBACK:
        raise InputError(f"--tcp: {host!r} is no loopback address", hint="it is for debugging: 127.0.0.1:2087")
    if not (port.isdecimal() and int(port) < 65536):
        raise InputError(f"--tcp: {port!r} is no port", hint="a number up to 65535; 0 takes a free one")
    return host, int(port)
