"""An index of the records, to find one among many by machine, engine's id, operation or component.

It is made from the branch and can be made again: a SQLite file in the cache, brought up to date
with the records that were appended since, and thrown away when it does not fit the branch.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mattone.errors import InputError, Place
from mattone.git import Entry
from mattone.records.envelope import content_of
from mattone.records.store import RecordStore

_FORMAT = 1
_SCHEMA = """
CREATE TABLE state (format INTEGER, tip TEXT);
CREATE TABLE record (
  path TEXT PRIMARY KEY, deployment TEXT, sequence INTEGER, operation TEXT, action TEXT, outcome TEXT, ended TEXT,
  remote_id TEXT, provider TEXT
) WITHOUT ROWID;
CREATE TABLE machine (path TEXT, name TEXT, address TEXT);
CREATE TABLE pin (path TEXT, name TEXT, kind TEXT, version TEXT, digest TEXT, pinned_commit TEXT);
CREATE INDEX by_deployment ON record (deployment, sequence);
CREATE INDEX by_operation ON record (operation);
CREATE INDEX by_remote ON record (remote_id);
CREATE INDEX by_name ON machine (name);
CREATE INDEX by_address ON machine (address);
CREATE INDEX by_pin ON pin (name);
"""
# Of the newest record of each deployment that says what is at the engine, unless it says that nothing is.
_USES = """
SELECT deployment, sequence, name, kind, version, digest FROM (
  SELECT path, deployment, sequence, max(sequence) FROM record
  WHERE remote_id != '' OR (action = 'delete' AND outcome = 'succeeded')
  GROUP BY deployment HAVING NOT (action = 'delete' AND outcome = 'succeeded')
) JOIN pin USING (path) WHERE name = ? ORDER BY deployment, version
"""


@dataclass(frozen=True, slots=True)
class Use:
    """A live deployment that was made with a component: by which record, and which version of it."""

    deployment: str
    sequence: int
    name: str
    kind: str
    version: str
    digest: str


class RecordIndex:
    """Answers questions about all records of a store's environment. `folder` is the cache."""

    def __init__(self, store: RecordStore, folder: Path) -> None:
        self._store = store
        self._path = folder / "records" / f"{store.name}.sqlite"

    def deployment_of(self, text: str) -> str | None:
        """The deployment that a machine's name or address, the engine's id or an operation's id belongs to, or None.

        An address that was used again belongs to who had it last.
        """
        query = """
            SELECT deployment, ended FROM record WHERE operation = :text OR remote_id = :text
            UNION SELECT deployment, ended FROM machine JOIN record USING (path) WHERE name = :text OR address = :text
            ORDER BY ended DESC LIMIT 1"""
        with self._opened() as database:
            row = database.execute(query, {"text": text}).fetchone()
        return str(row[0]) if row else None

    def uses(self, name: str) -> tuple[Use, ...]:
        """Every live deployment that was made with a component, by the component's name."""
        with self._opened() as database:
            return tuple(Use(*row) for row in database.execute(_USES, (name,)))

    def components(self) -> tuple[str, ...]:
        """The names of all components that any record names."""
        with self._opened() as database:
            return tuple(str(row[0]) for row in database.execute("SELECT DISTINCT name FROM pin ORDER BY name"))

    def _opened(self) -> closing[sqlite3.Connection]:
        """The database, up to date; one that is damaged or of another format is made anew."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return closing(self._current())
        except sqlite3.DatabaseError:
            self._path.unlink(missing_ok=True)
            return closing(self._current())

    def _current(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=60, isolation_level=None)
        try:
            database.execute("BEGIN IMMEDIATE")  # two commands at once: the second finds it done
            self._bring_up_to_date(database)
            database.execute("COMMIT")
        except BaseException:
            database.close()
            raise
        return database

    def _bring_up_to_date(self, database: sqlite3.Connection) -> None:
        tip = self._store.tip or ""
        known = _tip(database)
        if known == tip:
            return
        appended = self._store.appended(known) if known else None
        if appended is None:
            _make_anew(database)
            appended = self._store.entries()
        for table, rows in _rows(self._store, appended):
            marks = ", ".join("?" * len(rows[0]))
            database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - our own table names
        database.execute("UPDATE state SET tip = ?", (tip,))


def _tip(database: sqlite3.Connection) -> str | None:
    """The commit that the index stands at, empty for no records yet; None when it is new, or of another format."""
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'state'").fetchone():
        return None
    row = database.execute("SELECT tip FROM state WHERE format = ?", (_FORMAT,)).fetchone()
    return str(row[0]) if row else None


def _make_anew(database: sqlite3.Connection) -> None:
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        database.execute(f"DROP TABLE {table}")
    for statement in _SCHEMA.split(";\n"):
        database.execute(statement)
    database.execute("INSERT INTO state VALUES (?, '')", (_FORMAT,))


def _rows(store: RecordStore, entries: Iterable[Entry]) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Table and rows of each record."""
    for entry in entries:
        record = _read(entry.path, store.repository.blob(entry.blob))
        yield "record", [_record(entry.path, record)]
        machines = [(entry.path, one.get("name", ""), one.get("address", "")) for one in record["machines"]]
        pins = [(entry.path, *_pin(row)) for rows in _locked(record) for row in rows]
        for table, rows in (("machine", machines), ("pin", pins)):
            if rows:
                yield table, rows


def _read(path: str, data: bytes) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(content_of(path, data))
        record["machines"] = [one for one in record["machines"] if isinstance(one, dict)]
        record["lock"] = record["lock"] if isinstance(record["lock"], dict) else {}
        record["sequence"] = int(record["sequence"])
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        hint = "`mattone verify` says what else does not hold"
        raise InputError("the record is damaged", place=Place(path), hint=hint) from error
    return record


def _record(path: str, record: dict[str, Any]) -> tuple[Any, ...]:
    texts = ("deployment", "sequence", "operation", "action", "outcome")
    ended, remote = record["times"].get("ended", ""), record["engine"].get("id", "")
    return (path, *(record[name] for name in texts), ended, remote, record["provider"])


def _locked(record: dict[str, Any]) -> tuple[list[dict[str, Any]], ...]:
    return tuple(record["lock"].get(name, []) for name in ("components", "external"))


def _pin(row: dict[str, Any]) -> tuple[Any, ...]:
    name = row.get("component") or row.get("name", "")
    return name, row.get("kind", ""), row.get("version", ""), row.get("digest", ""), row.get("commit", "")
