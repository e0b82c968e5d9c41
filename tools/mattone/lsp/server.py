"""The server: which request is answered by what. Nothing here knows TOSCA."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.io_ import run_async
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from mattone import __version__
from mattone.lsp.actions import FIX_ALL
from mattone.lsp.checking import Checks
from mattone.lsp.desk import Desk
from mattone.lsp.session import Session
from mattone.lsp.stdio import StandardInput, StandardOutput

_log = logging.getLogger(__name__)


class Server(LanguageServer):
    """One editor's server; `session` and `checks` belong to it."""

    def __init__(self, import_map: Path | None = None) -> None:
        super().__init__("mattone", __version__)
        self.session = Session(import_map=import_map)
        self.checks = Checks(self.session, self.text_document_publish_diagnostics)
        self.orderly = False  # the editor said `shutdown` before it left
        self.desk = Desk(self.session)
        for method, handler in SYNCHRONISATION.items():
            self.feature(method)(handler)
        for method, answer in ANSWERS.items():
            self.feature(method, OPTIONS.get(method))(answer)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Into the log on standard error; a dialog for each defect would keep people from working."""
        _log.error("%s: %s", getattr(source, "__name__", source), error)

    def serve(self) -> int:
        """Serve on standard input and output until the editor leaves; the exit code that the protocol asks for."""
        output = StandardOutput()

        async def main() -> None:
            self.protocol.set_writer(output)
            await self._converse(StandardInput(_stdin()))

        return self._run(main())

    def serve_tcp(self, host: str, port: int) -> int:
        """Serve one connection."""

        async def main() -> None:
            ended = asyncio.Event()

            async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                listener.close()
                self.protocol.set_writer(writer)
                try:
                    await self._converse(reader)
                finally:
                    ended.set()

            listener = await asyncio.start_server(connected, host, port)
            _log.warning("listening on %s:%d", *listener.sockets[0].getsockname()[:2])
            await ended.wait()

        return self._run(main())

    async def _converse(self, reader: Any) -> None:
        import threading

        await run_async(threading.Event(), reader, self.protocol, _log, self.report_server_error)

    def _run(self, main: Any) -> int:
        try:
            asyncio.run(main)
        except SystemExit:  # the protocol's `exit`; its code is worked out below
            pass
        except (BrokenPipeError, ConnectionError):
            _log.warning("the editor is gone")
        return 0 if self.orderly else 1


def _stdin() -> Any:
    import sys

    return sys.stdin.buffer


def _folders(params: lsp.InitializeParams) -> list[Path]:
    uris = [folder.uri for folder in params.workspace_folders or []] or [params.root_uri or ""]
    return [Path(name) for uri in uris if (name := to_fs_path(uri))]


def _initialize(ls: Server, params: lsp.InitializeParams) -> None:
    ls.session.folders = _folders(params)
    ls.session.encoding = ls.workspace.position_encoding or ls.session.encoding


def _initialized(ls: Server, _params: lsp.InitializedParams) -> None:
    workspace = ls.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace else None
    if watching and watching.dynamic_registration:
        patterns = [lsp.FileSystemWatcher(f"**/*.{end}") for end in ("yaml", "yml")]
        options = lsp.DidChangeWatchedFilesRegistrationOptions(patterns)
        one = lsp.Registration("files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        ls.client_register_capability(lsp.RegistrationParams([one]))


def _shutdown(ls: Server, _params: None) -> None:
    ls.orderly = True


def _workspace_folders(ls: Server, _params: lsp.DidChangeWorkspaceFoldersParams) -> None:
    ls.session.folders = [Path(name) for uri in ls.workspace.folders if (name := to_fs_path(uri))]


def _opened(ls: Server, params: lsp.DidOpenTextDocumentParams) -> None:
    document = params.text_document
    one = ls.session.open(document.uri, document.text, document.version)
    if one is not None:
        ls.checks.touch(one.file, at_once=True)


def _changed(ls: Server, params: lsp.DidChangeTextDocumentParams) -> None:
    one = ls.session.change(params.text_document.uri, params.content_changes, params.text_document.version)
    if one is not None:
        ls.checks.touch(one.file)


def _saved(ls: Server, params: lsp.DidSaveTextDocumentParams) -> None:
    one = ls.session.documents.get(params.text_document.uri)
    if one is not None:
        ls.checks.touch(one.file)


def _closed(ls: Server, params: lsp.DidCloseTextDocumentParams) -> None:
    one = ls.session.documents.pop(params.text_document.uri, None)
    if one is not None:
        ls.checks.close(one.uri, one.file)
        ls.desk.forget(one.uri)


def _watched(ls: Server, params: lsp.DidChangeWatchedFilesParams) -> None:
    for change in params.changes:
        name = to_fs_path(change.uri)
        if name:
            ls.checks.touch(Path(name))


SYNCHRONISATION: Mapping[str, Callable[..., None]] = {
    lsp.INITIALIZE: _initialize,
    lsp.INITIALIZED: _initialized,
    lsp.SHUTDOWN: _shutdown,
    lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: _workspace_folders,
    lsp.TEXT_DOCUMENT_DID_OPEN: _opened,
    lsp.TEXT_DOCUMENT_DID_CHANGE: _changed,
    lsp.TEXT_DOCUMENT_DID_SAVE: _saved,
    lsp.TEXT_DOCUMENT_DID_CLOSE: _closed,
    lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES: _watched,
}


async def _hover(ls: Server, params: lsp.HoverParams) -> lsp.Hover | None:
    return await ls.desk.ask(
        ls.desk.hover, params.text_document.uri, params.position, ls.checks.findings(params.text_document.uri)
    )


async def _definition(ls: Server, params: lsp.DefinitionParams) -> lsp.Location | None:
    return await ls.desk.ask(ls.desk.definition, params.text_document.uri, params.position)


async def _references(ls: Server, params: lsp.ReferenceParams) -> list[lsp.Location] | None:
    uri, declared = params.text_document.uri, params.context.include_declaration
    return await ls.desk.ask(ls.desk.references, uri, params.position, declared)


async def _symbols(ls: Server, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol] | None:
    return await ls.desk.ask(ls.desk.symbols, params.text_document.uri)


async def _actions(ls: Server, params: lsp.CodeActionParams) -> list[lsp.CodeAction] | None:
    uri, only = params.text_document.uri, params.context.only
    kinds = [str(getattr(one, "value", one)) for one in only] if only is not None else None
    return await ls.desk.ask(ls.desk.actions, uri, params.range, kinds, ls.checks.findings(uri))


async def _completion(ls: Server, params: lsp.CompletionParams) -> lsp.CompletionList | None:
    return await ls.desk.ask(ls.desk.completion, params.text_document.uri, params.position)


ANSWERS: Mapping[str, Callable[..., Any]] = {
    lsp.TEXT_DOCUMENT_CODE_ACTION: _actions,
    lsp.TEXT_DOCUMENT_COMPLETION: _completion,
    lsp.TEXT_DOCUMENT_HOVER: _hover,
    lsp.TEXT_DOCUMENT_DEFINITION: _definition,
    lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL: _symbols,
    lsp.TEXT_DOCUMENT_REFERENCES: _references,
}
OPTIONS: Mapping[str, Any] = {
    lsp.TEXT_DOCUMENT_CODE_ACTION: lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix, FIX_ALL]),
    lsp.TEXT_DOCUMENT_COMPLETION: lsp.CompletionOptions(trigger_characters=[" ", "{", "[", ",", ":", "."]),
}
