"""Anchors: signed tags on the branch of records, so that what was there one day cannot be missed later.

A chain shows that nothing in the middle is gone; only something outside of it shows that its end
is not gone. An anchor `anchors/<environment>/<date>-<commit>` fixes the whole branch, all chain
heads included, by the commit that it is on; its message is a signed in-toto statement.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from mattone.errors import MattoneError, Place, RemoteError
from mattone.platform.keys import TrustedKey
from mattone.records.signing import BadSignature, SigningKey, payload_of, signer_of
from mattone.records.statement import STATEMENT
from mattone.records.store import BRANCH, RecordStore

PREDICATE = "urn:mattone:anchor:v1"


def make(store: RecordStore, key: SigningKey) -> str:
    """Sign a tag on the newest commit of the branch and push it; its name, empty when there are no records.

    What is anchored already is not anchored again. Raises RemoteError when the forge refuses it.
    """
    tip = store.tip
    if tip is None:
        return ""
    prefix = _prefix(store.environment)
    known = next((name for name, commit in _fetched(store).items() if commit == tip), "")
    if known:
        return prefix + known
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    name = f"{prefix}{made[:10]}-{tip[:12]}"
    message = key.seal(_statement(store.environment, tip, made)).decode()
    tag = store.repository.write_tag(name, tip, message)
    pushed = store.repository.run("push", "--quiet", "origin", f"{tag}:refs/tags/{name}", accept=(0, 1, 128))
    if pushed.code != 0:
        raise RemoteError(f"the forge refused the anchor: {pushed.errors.strip()}")
    return name


def lost(store: RecordStore, keys: Mapping[bytes, TrustedKey], only: Sequence[str] = ()) -> tuple[str, ...]:
    """What anchors say is missing or changed, and anchors that nobody signed who counts; empty when all hold.

    only  the deployments to look for changed files of, by default all: among many records that takes long
    """
    said: list[str] = []
    newest = ""
    for name, commit in sorted(_fetched(store).items()):
        try:
            _check(store, name, commit, keys)
        except MattoneError as error:
            said.append(f"the anchor {name} does not count: {error.message}")
            continue
        newest = commit
        if store.tip is None or not store.repository.contains(store.tip, commit):
            said.append(f"the branch {BRANCH!r} no longer holds what the anchor {name} fixed: its end was cut off")
    return (*said, *_touched(store, newest, only))


def _touched(store: RecordStore, since: str, only: Sequence[str]) -> list[str]:
    """Files that a commit since an anchor (or ever) changed or removed: records are only added."""
    if store.tip is None:
        return []
    which = [f"{since}..{store.tip}"] if since and store.repository.contains(store.tip, since) else [store.tip]
    under = [f"records/{store.environment}/{name}" for name in only] or ["records"]
    form = ("--format=", "--name-only", "--no-renames", "--diff-filter=DMT", "-z")
    names = store.repository.run("log", *form, *which, "--", *under).output
    return [
        f"{name}: it was changed or removed after it was written" for name in sorted(set(names.split("\0"))) if name
    ]


def _check(store: RecordStore, name: str, commit: str, keys: Mapping[bytes, TrustedKey]) -> None:
    """Raises BadSignature when an anchor's statement is not signed by a key that counts, or is about another commit."""
    place = Place(f"refs/tags/{_prefix(store.environment)}{name}")
    message = store.repository.run("cat-file", "tag", _ref(store.environment, name)).output.partition("\n\n")[2]
    envelope = message.strip().encode()
    signer = keys[signer_of(envelope, list(keys), place)]
    statement = json.loads(payload_of(envelope))
    made = str(statement["predicate"]["made"])
    refusal = signer.refusal(store.environment, made)
    if not refusal and _statement(store.environment, commit, made) != payload_of(envelope):
        refusal = "its statement is about something else"
    if refusal:
        raise BadSignature(refusal, place=place)


def _fetched(store: RecordStore) -> dict[str, str]:
    """Name of each anchor of the environment at the forge to the commit that it is on."""
    where = _ref(store.environment, "")
    fetched = store.repository.run(
        "fetch", "--quiet", "--no-tags", "--prune", "origin",
        f"+refs/tags/{_prefix(store.environment)}*:{where}*", accept=(0, 1, 128),
    )  # fmt: skip
    if fetched.code != 0:
        raise RemoteError(f"cannot fetch the anchors: {fetched.errors.strip()}")
    return {ref.removeprefix(where): commit for ref, commit in store.repository.refs(where).items()}


def _prefix(environment: str) -> str:
    return f"anchors/{environment}/"


def _ref(environment: str, name: str) -> str:
    return f"refs/mattone/{_prefix(environment)}{name}"


def _statement(environment: str, commit: str, made: str) -> bytes:
    value = {
        "_type": STATEMENT,
        "subject": [{"name": f"refs/heads/{BRANCH}", "digest": {"gitCommit": commit}}],
        "predicateType": PREDICATE,
        "predicate": {"environment": environment, "made": made},
    }
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
