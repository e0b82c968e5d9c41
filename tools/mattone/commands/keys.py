"""`mattone keys`: the key that signs records, and how a platform comes to trust it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mattone.cli import common
from mattone.errors import EXIT_DONE

if TYPE_CHECKING:
    from mattone.reconcile.session import Session

EXAMPLES = (
    "mattone keys new                            make this workspace's key",
    "mattone keys show                           its public half, as federation/keys.yaml has it",
    "mattone keys trust --author carol           open the merge request that adds it there",
    "mattone keys list                           the keys that the platform trusts",
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=("new", "show", "trust", "list"))
    parser.add_argument("--owner", default="", metavar="TEXT", help="who or what signs with it (mattone apply)")
    parser.add_argument("--author", default="", metavar="NAME", help="who asks to trust it (git's user.name)")
    common(parser)


def run(action: str, owner: str, author: str, repo: Path, output: str) -> int:
    """Make a key, print its public half, ask to trust it, or list the trusted ones. No private key is ever printed."""
    from mattone.reconcile.apply import now
    from mattone.reconcile.session import Session
    from mattone.reconcile.trust import entry

    session = Session.open(repo)
    if action == "list":
        _list(session, output)
        return EXIT_DONE
    if action == "new":
        _make(session)
    public = session.signing_key.public
    made = entry(public, session.environment, owner or f"mattone apply of {session.environment}", now())
    if action == "trust":
        _trust(repo, author, made, output)
    else:
        _show(session, public, made, output)
    return EXIT_DONE


def _make(session: Session) -> None:
    from mattone.records import signing

    signing.write_key(signing.workspace_key(session.site.folder()), signing.SigningKey.generate())


def _trust(repo: Path, author: str, made: dict[str, Any], output: str) -> None:
    from mattone import terminal
    from mattone.reconcile import request, trust

    desk = request.start(repo, author)
    opened = request.open_merge_request(desk, trust.propose(desk, made))
    if output == "json":
        terminal.say_json({"merge_request": opened.iid, "key": made})
    else:
        terminal.say(f"opened !{opened.iid}: {opened.title}")
        terminal.say("records signed with it count once that is merged")


def _show(session: Session, public: bytes, made: dict[str, Any], output: str) -> None:
    import yaml

    from mattone import terminal
    from mattone.platform.keys import KEYS
    from mattone.records.signing import key_id

    trusted = public in session.trusted_keys
    if output == "json":
        terminal.say_json({"key": made, "id": key_id(public), "trusted": trusted})
        return
    state = "trusted already" if trusted else f"`mattone keys trust` asks for it to be merged into {KEYS}"
    terminal.say(f"# {key_id(public)}: {state}")
    terminal.say(yaml.safe_dump({"keys": [made]}, sort_keys=False).rstrip())


def _list(session: Session, output: str) -> None:
    from mattone import terminal
    from mattone.platform.keys import KEYS
    from mattone.reconcile.apply import now
    from mattone.records.signing import key_id

    rows = [
        {
            "id": key_id(key.public),
            "owner": key.owner,
            "environments": sorted(key.environments),
            "from": key.since,
            "until": key.until,
            "revoked": key.revoked,
            "refused": key.refusal(session.environment, now()),
        }
        for key in session.trusted_keys.values()
    ]
    if output == "json":
        terminal.say_json({"keys": rows})
    elif not rows:
        terminal.say(f"this platform trusts no key yet; `mattone keys show` prints what {KEYS} needs")
    for row in rows if output != "json" else ():
        terminal.say(f"{str(row['id'])[:16]}  {row['owner']}: {row['refused'] or 'counts'}")
