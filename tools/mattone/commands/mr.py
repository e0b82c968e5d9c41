"""`mattone mr`: list, show, discuss, approve, merge and close merge requests."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mattone.cli import common
from mattone.errors import EXIT_DONE, InputError

if TYPE_CHECKING:
    from mattone.forges.interface import Forge, MergeRequest
    from mattone.git import Repository

EXAMPLES = (
    "mattone mr list                             the open ones",
    "mattone mr list --state all --output json",
    "mattone mr show 3                           with its pipeline, plan and discussion",
    "mattone mr comment 3 'Is 8 GB enough?'      or `-` to read standard input",
    "mattone mr approve 3 --head 1a2b3c4         refused if something was pushed since",
    "mattone mr merge 3 --user carol",
    "mattone mr close 3",
    "mattone mr open my-branch --title 'New role'",
)

_LARGEST_INPUT = 4 << 20  # characters read from standard input; the forge refuses bodies over 1 MiB
_SHORTEST_HEAD = 7  # digits


def arguments(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="one row a merge request, the newest first")
    listing.add_argument("--state", choices=("opened", "merged", "closed", "all"), default="opened", help="(opened)")
    common(listing)
    _on_one(actions.add_parser("show", help="everything about one, with its discussion"))
    comment = actions.add_parser("comment", help="add a comment")
    _on_one(comment, by="who comments")
    comment.add_argument("text", metavar="TEXT", help="in Markdown; `-` reads standard input")
    comment.add_argument("--marker", default="", metavar="WORD", help="replace the comment that has this marker")
    for action, summary in (("approve", "approve the head"), ("merge", "merge into the default branch")):
        child = actions.add_parser(action, help=summary)
        _on_one(child, by=f"who wants to {action} it")
        child.add_argument("--head", default="", metavar="SHA", help="refuse unless this is still the head")
    _on_one(actions.add_parser("close", help="close without merging; the branch stays"), by="who closes it")
    opening = actions.add_parser("open", help="ask to merge a pushed branch")
    opening.add_argument("branch", metavar="BRANCH")
    opening.add_argument("--title", required=True, help="one line: what it changes")
    opening.add_argument("--description", default="", metavar="TEXT", help="why, in Markdown")
    _who(opening, "who asks")
    common(opening)


def _on_one(parser: ArgumentParser, by: str = "") -> None:
    parser.add_argument("iid", type=_number, metavar="NUMBER", help="as `mattone mr list` shows it")
    if by:
        _who(parser, by)
    common(parser)


def _who(parser: ArgumentParser, by: str) -> None:
    parser.add_argument("--user", default="", metavar="ACCOUNT", help=f"{by} (git's user.name)")


def _number(word: str) -> int:
    digits = word.removeprefix("!")
    if digits.isascii() and digits.isdecimal() and len(digits) <= 9:
        return int(digits)
    raise ArgumentTypeError(f"{word!r} is no number of a merge request")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for; `iid` 0 where an action is on none."""

    iid: int = 0
    user: str = ""
    head: str = ""
    state: str = ""
    text: str = ""
    marker: str = ""
    branch: str = ""
    title: str = ""
    description: str = ""


def run(action: str, repo: Path, output: str, **options: str | int) -> int:
    """Do one action on the forge behind `origin`. `options` are the fields of `Wish`."""
    from dataclasses import replace

    from mattone.forges.choose import open_forge
    from mattone.platform.site import open_site

    wish = Wish(**options)  # type: ignore[arg-type] # the parser declares each field with its type
    site = open_site(repo)
    forge = open_forge(site.repository, site.settings.forge)
    if action not in ("list", "show"):
        wish = replace(wish, user=_account(site.repository, wish.user))
    answer, text = ACTIONS[action](forge, wish)
    _say(answer if output == "json" else text)
    return EXIT_DONE


def _say(answer: str | dict[str, object]) -> None:
    from mattone import terminal

    if isinstance(answer, str):
        terminal.say(answer)
    else:
        terminal.say_json(answer)


def _account(repository: Repository, user: str) -> str:
    name = user or repository.run("config", "--get", "user.name", accept=(0, 1)).output.strip()
    if not name:
        raise InputError("nobody knows who you are", hint="give --user, or `git config user.name YOU`")
    return name


Answer = tuple[dict[str, object], str]  # for programs, for people


def _list(forge: Forge, wish: Wish) -> Answer:
    from mattone import terminal
    from mattone.forges import show
    from mattone.forges.interface import MergeState

    found = forge.merge_requests(None if wish.state == "all" else MergeState(wish.state))
    rows = [show.as_row(request) for request in found]
    kind = {"all": "", "opened": "open "}.get(wish.state, f"{wish.state} ")
    text = terminal.table(rows, show.COLUMNS) if rows else f"no {kind}merge requests"
    return {"merge_requests": [show.as_value(request) for request in found]}, text


def _show(forge: Forge, wish: Wish) -> Answer:
    from dataclasses import asdict

    from mattone.forges import show

    request, comments = forge.merge_request(wish.iid), forge.comments(wish.iid)
    value: dict[str, object] = {"merge_request": show.as_value(request)}
    value["comments"] = [asdict(comment) for comment in comments]
    return value, show.as_text(request, comments)


def _comment(forge: Forge, wish: Wish) -> Answer:
    from dataclasses import asdict

    text = sys.stdin.read(_LARGEST_INPUT) if wish.text == "-" else wish.text
    comment = forge.comment(wish.iid, text, wish.user, wish.marker)
    return {"comment": asdict(comment)}, f"comment {comment.id} on !{wish.iid}"


def _approve(forge: Forge, wish: Wish) -> Answer:
    request = forge.approve(wish.iid, wish.user, _full_head(forge, wish))
    return _about(request, f"!{request.iid} approved at {request.head} by {', '.join(request.approved_by)}")


def _merge(forge: Forge, wish: Wish) -> Answer:
    request = forge.merge(wish.iid, wish.user, _full_head(forge, wish))
    next_step = f"next: `mattone pipeline {request.target_branch}` applies what is merged"
    return _about(request, f"!{request.iid} merged as {request.merge_commit}\n{next_step}")


def _full_head(forge: Forge, wish: Wish) -> str:
    """The head that the user means: the current one when none or its beginning was given."""
    current = forge.merge_request(wish.iid).head
    short = len(wish.head) >= _SHORTEST_HEAD and current.startswith(wish.head)
    return current if short or not wish.head else wish.head


def _close(forge: Forge, wish: Wish) -> Answer:
    request = forge.close(wish.iid, wish.user)
    return _about(request, f"!{request.iid} closed; the branch {request.source_branch} stays")


def _open(forge: Forge, wish: Wish) -> Answer:
    request = forge.open(wish.branch, wish.title, wish.description, wish.user)
    return _about(request, f"opened !{request.iid}: {request.title}\nnext: `mattone pipeline {request.iid}` checks it")


def _about(request: MergeRequest, text: str) -> Answer:
    from mattone.forges import show

    return {"merge_request": show.as_value(request)}, text


ACTIONS: dict[str, Callable[[Forge, Wish], Answer]] = {
    "list": _list,
    "show": _show,
    "comment": _comment,
    "approve": _approve,
    "merge": _merge,
    "close": _close,
    "open": _open,
}
