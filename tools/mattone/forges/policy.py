"""What a merge needs: approvals by whom, for which files. Pure functions over `mattone.toml`.

The table is read from the protected branch alone, so that a merge request cannot loosen the
rules that judge it::

    [merge]
    approvals = 1                          # default 1; 0 asks for nobody
    approvers = ["alice", "bob"]           # absent: anyone but the author

    [[merge.rules]]                        # as in CODEOWNERS, the last rule that matches a path wins
    paths = ["deployments/school/**"]
    approvals = 2                          # absent: as in [merge]
    approvers = ["carol", "dan", "erin"]   # absent: anyone but the author

Every rule that a changed file falls under has to be satisfied; files under no rule fall
under `[merge]` itself. In a pattern `*` and `?` stay within one folder, `**` crosses folders.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

from mattone.errors import InputError, Place
from mattone.forges.accounts import same_account

FILE = "mattone.toml"

_MOST_APPROVALS = 100
_MERGE = re.compile(r"\s*\[\s*merge\s*\]")
_RULE = re.compile(r"\s*\[\[\s*merge\s*\.\s*rules\s*\]\]")
_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Rule:
    """How many of whom must approve.

    approvals   how many accounts other than the author's; 0 asks for nobody
    approvers   whose approvals count; absent: anyone's but the author's
    paths       the files that the rule is for: `*` and `?` stay in one folder, `**` crosses folders
    """

    approvals: int = 1
    approvers: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    def claims(self, path: str) -> bool:
        return not self.paths or any(_pattern(glob).fullmatch(path) for glob in self.paths)

    def counts(self, user: str) -> bool:
        return not self.approvers or any(same_account(user, name) for name in self.approvers)


@dataclass(frozen=True, slots=True)
class MergePolicy:
    """The rule for everything, and the rules for some paths in the order of the file."""

    default: Rule = Rule()
    rules: tuple[Rule, ...] = ()

    def rule_for(self, path: str) -> Rule:
        """The last rule that claims a path (forward slashes, from the repository's root)."""
        return next((rule for rule in reversed(self.rules) if rule.claims(path)), self.default)


def shortfalls(policy: MergePolicy, changed: Iterable[str], author: str, approved_by: Iterable[str]) -> tuple[str, ...]:
    """What is missing for a merge, one sentence a rule; empty when the policy is satisfied.

    `changed` holds the paths that the merge would change, `approved_by` the accounts that
    approved the very head that would be merged. The author's own approval never counts.
    """
    claimed: dict[Rule, list[str]] = {}
    for path in changed:
        claimed.setdefault(policy.rule_for(path), []).append(path)
    others = _distinct(user for user in approved_by if not same_account(user, author))
    missing = []
    for rule, paths in (claimed or {policy.default: []}).items():
        lacking = rule.approvals - sum(rule.counts(user) for user in others)
        if lacking > 0:
            missing.append(_sentence(rule, lacking, paths, author))
    return tuple(missing)


def _distinct(users: Iterable[str]) -> list[str]:
    found: list[str] = []
    for user in users:
        if not any(same_account(user, other) for other in found):
            found.append(user)
    return found


def _sentence(rule: Rule, lacking: int, paths: list[str], author: str) -> str:
    able = [name for name in rule.approvers if not same_account(name, author)]
    whose = " or ".join(able) if rule.approvers else f"anyone but {author}"
    where = f" for {', '.join(rule.paths)}" if rule.paths else ""
    shown = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
    changed = f" (changed: {shown})" if rule.paths else ""
    missing = f"{lacking} {'approval' if lacking == 1 else 'approvals'} missing{where}{changed}"
    return f"{missing}, by {whose}" if whose else f"{missing}, and its author {author} is the only approver"


@lru_cache(maxsize=256)
def _pattern(glob: str) -> re.Pattern[str]:
    glob = glob + "**" if glob.endswith("/") else glob
    words = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    return re.compile("".join(words.get(part) or re.escape(part) for part in parts), re.DOTALL)


def parse(data: bytes | None, path: str = FILE) -> MergePolicy:
    """The policy in a `mattone.toml`, whose absence (None) is the default policy.

    `path` is how messages name the file. Raises InputError with the place of the first defect.
    """
    if data is None:
        return MergePolicy()
    return _Reader(_text(data, path), path).policy()


def _text(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(f"{path} is not UTF-8 text", place=Place(path, line)) from None


class _Reader:
    """The `[merge]` table of one file; remembers the text to say where a defect stands."""

    def __init__(self, text: str, path: str) -> None:
        self._lines = text.splitlines()
        self._path = path
        try:
            self._document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = _PLACE.search(str(error))
            line, column = (int(found[1] or 0), int(found[2] or 0)) if found else (0, 0)
            place = Place(path, line or max(len(self._lines), 1), column)
            raise InputError(f"not valid TOML: {_PLACE.sub('', str(error))}", place=place) from None

    def policy(self) -> MergePolicy:
        merge = self._document.get("merge", {})
        if not isinstance(merge, dict):
            self._refuse("'merge' must be a table", None, "merge")
        self._known(merge, {"approvals", "approvers", "rules"}, None)
        default = Rule(self._approvals(merge, 1, None), self._names(merge, "approvers", None))
        self._reachable(default, None)
        rules = merge.get("rules", [])
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            self._refuse("'merge.rules' must be tables: [[merge.rules]]", None, "rules")
        return MergePolicy(default, tuple(self._rule(rule, n, default) for n, rule in enumerate(rules)))

    def _rule(self, table: Mapping[str, Any], number: int, default: Rule) -> Rule:
        self._known(table, {"paths", "approvals", "approvers"}, number)
        paths = self._names(table, "paths", number)
        if not paths:
            self._refuse("a merge rule needs 'paths'", number, "paths", hint='paths = ["deployments/group/**"]')
        for glob in paths:
            if glob.startswith("/") or ".." in glob.split("/"):
                self._refuse(f"the path {glob!r} must be relative to the repository's root", number, "paths")
        approvals = self._approvals(table, default.approvals, number)
        rule = Rule(approvals, self._names(table, "approvers", number), paths)
        self._reachable(rule, number)
        return rule

    def _approvals(self, table: Mapping[str, Any], default: int, number: int | None) -> int:
        value = table.get("approvals", default)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_APPROVALS:
            return value
        self._refuse(f"'approvals' must be a whole number from 0 to {_MOST_APPROVALS}", number, "approvals")

    def _names(self, table: Mapping[str, Any], key: str, number: int | None) -> tuple[str, ...]:
        value = table.get(key)
        if value is None:
            return ()
        if isinstance(value, list) and value and all(isinstance(name, str) and name.strip() for name in value):
            return tuple(value)
        self._refuse(f"'{key}' must be a list of at least one text", number, key)

    def _known(self, table: Mapping[str, Any], known: set[str], number: int | None) -> None:
        for key in table:
            if key not in known:
                hint = f"known here: {', '.join(sorted(known))}"
                self._refuse(f"unknown field {key!r} in the merge policy", number, key, hint=hint)

    def _reachable(self, rule: Rule, number: int | None) -> None:
        if rule.approvers and len(_distinct(rule.approvers)) < rule.approvals:
            message = f"{rule.approvals} approvals are asked for, but there are {len(rule.approvers)} approvers"
            self._refuse(message, number, "approvals")

    def _refuse(self, message: str, number: int | None, key: str, hint: str = "") -> NoReturn:
        raise InputError(message, place=self._place(number, key), hint=hint)

    def _place(self, number: int | None, key: str) -> Place:
        """The line of a key in `[merge]` (None) or in the rule of that number; tomllib keeps no positions."""
        header, skip = (_MERGE, 0) if number is None else (_RULE, number)
        starts = [line for line, text in enumerate(self._lines) if header.match(text)]
        if len(starts) <= skip:
            return Place(self._path)
        start = starts[skip]
        wanted = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        for line in range(start + 1, len(self._lines)):
            if self._lines[line].lstrip().startswith("["):
                break
            if wanted.match(self._lines[line]):
                return Place(self._path, line + 1, 1)
        return Place(self._path, start + 1, 1)
