"""When what is checked: a moment after the last change, one check at a time, and nothing that is stale."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types as lsp

from mattone.errors import MattoneError
from mattone.findings import Finding
from mattone.lsp.check import Outcome, check, refused
from mattone.lsp.kinds import Kind
from mattone.lsp.report import diagnostics
from mattone.lsp.session import Opened, Session
from mattone.lsp.stdio import in_thread

PAUSE = 0.15  # seconds without a change before a check begins; half of what the last check took, where that is more

Publish = Callable[[lsp.PublishDiagnosticsParams], None]
_log = logging.getLogger(__name__)


@dataclass
class Checks:
    """Checks the open documents of a session and publishes what they find.

    A document's findings in the files that it imports are published for those files, unless they are
    open: then their own check tells.
    """

    session: Session
    publish: Publish
    pause: float = PAUSE
    outcomes: dict[str, tuple[Opened, Outcome]] = field(default_factory=dict)  # by uri of what was checked
    _due: set[str] = field(default_factory=set)
    _shown: dict[str, set[Path]] = field(default_factory=dict)  # files with findings, by uri of what was checked
    _timer: asyncio.TimerHandle | None = None
    _running: asyncio.Task[None] | None = None
    _took: float = 0.0

    def touch(self, file: Path, at_once: bool = False) -> None:
        """A file has changed, in the editor or on disk: check it if it is open, and what depends on it."""
        self.session.generation += 1
        documents = self.session.documents
        affected = {uri for uri, one in documents.items() if one.file == file or self._depends(uri, file)}
        if affected:
            self._due |= affected
            self._wait(0.0 if at_once else max(self.pause, self._took / 2))

    def findings(self, uri: str) -> tuple[Finding, ...]:
        """What the last check of a document found, when the document is as it was then."""
        known = self.outcomes.get(uri)
        return known[1].findings if known is not None and self.session.documents.get(uri) is known[0] else ()

    def _depends(self, uri: str, file: Path) -> bool:
        known = self.outcomes.get(uri)
        if known is None or not file.is_relative_to(known[0].root):
            return False
        return known[1].depends_on(file.relative_to(known[0].root).as_posix())

    def close(self, uri: str, file: Path) -> None:
        """A document is closed: what it showed goes, and what depends on it reads the file on disk again."""
        self.outcomes.pop(uri, None)
        self._due.discard(uri)
        for one in {*self._shown.pop(uri, set()), file}:
            self._show(one, closed=uri if one == file else "")
        self.touch(file)

    def _wait(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._begin)

    def _begin(self) -> None:
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._check_due())

    async def _check_due(self) -> None:
        """Check what is due, one document after the other, until nothing is."""
        while self._due:
            one = self.session.documents.get(self._due.pop())
            if one is None or one.kind is Kind.OTHER:
                if one is not None:
                    self._tell(one, Outcome((), frozenset()))
                continue
            begun = time.monotonic()
            outcome = await self._checked(one)
            self._took = time.monotonic() - begun
            if self.session.documents.get(one.uri) is one:
                self._tell(one, outcome)

    async def _checked(self, one: Opened) -> Outcome:
        try:
            overlay = self.session.overlay(one.root)
            return await in_thread(lambda: check(overlay, one.path, one.kind))
        except MattoneError as error:
            return Outcome((refused(error, one.path),), frozenset({one.path}))
        except (OSError, RuntimeError, ValueError, TypeError, LookupError, AttributeError):
            # A defect of one check must not end the server; the next change tries again.
            _log.exception("the check of %s failed", one.path)
            return Outcome((), frozenset({one.path}))

    def _tell(self, one: Opened, outcome: Outcome) -> None:
        self.outcomes[one.uri] = (one, outcome)
        files = {one.root / finding.place.path for finding in outcome.findings}
        before = self._shown.get(one.uri, set())
        self._shown[one.uri] = files
        for file in {*files, *before, one.file}:
            self._show(file)

    def _show(self, file: Path, closed: str = "") -> None:
        """Publish all that is known of one file."""
        own = next((uri for uri, one in self.session.documents.items() if one.file == file), "")
        owners = [own] if own else list(self.outcomes)
        root, found = file.parent, dict[Finding, None]()
        for uri in owners:
            if uri in self.outcomes:
                opened, outcome = self.outcomes[uri]
                mine = [one for one in outcome.findings if opened.root / one.place.path == file]
                found.update(dict.fromkeys(mine))
                root = opened.root
        text = self.session.text_of(file)
        uri = closed or self.session.uri_of(file)
        version = text.version if own else None
        self.publish(lsp.PublishDiagnosticsParams(uri, diagnostics(found, text, root), version))
