"""An applier for a session: the pieces of apply put together."""

from __future__ import annotations

import getpass
from collections.abc import Callable

from mattone.reconcile.apply import Applier, Origin
from mattone.reconcile.session import Session
from mattone.reconcile.wishes import BundlePreparer


def make_applier(session: Session, report: Callable[[str], None], permit: Callable[[], None] = lambda: None) -> Applier:
    """`report` receives what is going on while the applier works; `permit` is asked before anything is begun."""
    stores = tuple(session.secret_stores.values())
    preparer = BundlePreparer(session.releases, session.site.folder("bundles"), stores)
    origin = Origin(session.environment, session.revision, _who(), session.merge_request_of)
    return Applier(session.engine, session.journal, session.records, preparer, origin, report, permit=permit)


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
