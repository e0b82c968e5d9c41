"""An applier for a session: the pieces of apply put together."""

from __future__ import annotations

import getpass
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from mattone.reconcile.apply import Applier, Origin
from mattone.reconcile.session import Session
from mattone.reconcile.wishes import BundlePreparer
from mattone.records.model import Action


def make_applier(
    session: Session,
    report: Callable[[str], None],
    permit: Callable[[], None] = lambda: None,
    stop: threading.Event | None = None,
    slot: AbstractContextManager[Any] | None = None,
) -> Applier:
    """An applier of the session.

    report  receives what is going on while it works
    permit  is asked before anything is begun
    stop    when set, it waits for the engine no longer
    slot    is held while the engine is at work
    """
    stores = tuple(session.secret_stores.values())
    preparer = BundlePreparer(session.releases, session.site.folder("bundles"), stores)
    origin = Origin(session.environment, session.revision, _who(), session.merge_request_of)
    settings = session.site.settings.apply
    timeouts = {Action.CREATE: settings.create_timeout, Action.UPDATE: settings.update_timeout}
    return Applier(
        session.engine, session.journal, session.records, preparer, origin, report, permit=permit,
        stop=stop or threading.Event(), slot=slot or nullcontext(), timeouts=timeouts,
    )  # fmt: skip


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
