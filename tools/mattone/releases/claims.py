"""What commit messages claim: Conventional Commits, read by python-semantic-release's parser.

Conventional Commits 1.0.0 (https://www.conventionalcommits.org/en/v1.0.0/). Squashed commits in one
message are read one by one. The parser takes a quarter of a second to load and sees only messages
in which a quick look finds something to parse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mattone.releases.log import Logged
from mattone.releases.settings import ReleaseSettings
from mattone.versions import Bump

if TYPE_CHECKING:
    from semantic_release.commit_parser.conventional.parser import ConventionalCommitParser
    from semantic_release.commit_parser.token import ParsedMessageResult

_REVERTED = re.compile(r"^This reverts (?:commit )?([0-9a-f]{7,64})\b", re.MULTILINE)
_REVERT_SUBJECT = re.compile(r'^Revert "(?P<what>.+)"|^revert(?:\([^)\n]+\))?!?: (?P<words>.+)')
_REFERENCES = re.compile(r"^(?:Refs?|Reverts?): *([0-9a-f]{7,64})\b", re.MULTILINE)
_DRAFT = re.compile(r"^\s*(?:(?:\[?(?:Draft|WIP)\]?:?)\s+)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one conventional message says: its type, its scope ("" without), the bump it claims, its words.

    `breaking` are the texts of its `BREAKING CHANGE` footers; `request` the merge request that its
    subject names, as in `!12`.
    """

    kind: str
    scope: str
    bump: Bump
    subject: str
    breaking: tuple[str, ...] = ()
    request: str = ""

    @property
    def line(self) -> str:
        """The claim as the subject of a commit."""
        mark = "!" if self.bump is Bump.MAJOR else ""
        return f"{self.kind}{f'({self.scope})' if self.scope else ''}{mark}: {self.subject}"


class Claims:
    """Reads messages by the settings; each is read once."""

    def __init__(self, settings: ReleaseSettings) -> None:
        self._settings = settings
        words = "|".join(map(re.escape, settings.types))
        self._quick = re.compile(rf"^[\t ]*(?:[*-][\t ]+)?(?:{words})(?:\([^\n]+\))?!?:\s", re.MULTILINE)
        self._known: dict[str, tuple[Claim, ...]] = {}

    def of(self, commit: Logged) -> tuple[Claim, ...]:
        """The claims of a commit; a merge has some only where its subject itself is conventional."""
        known = self._known.get(commit.id)
        if known is None:
            merge = len(commit.parents) > 1
            known = self._known[commit.id] = self.parse(commit.subject if merge else commit.message)
        return known

    def parse(self, message: str) -> tuple[Claim, ...]:
        """The claims of a message, none when it is no conventional commit."""
        if self._quick.search(message) is None:
            return () if reverted_subject(message) is None else (_reverting(message),)
        parsed = (self._parser.parse_message(one) for one in self._parser.unsquash_commit_message(message))
        found = tuple(_claim(one) for one in parsed if one is not None)
        return found or (() if reverted_subject(message) is None else (_reverting(message),))

    def title(self, text: str) -> tuple[Claim, ...]:
        """The claims of a merge request's title; marks of drafts are no part of it."""
        return self.parse(_DRAFT.sub("", text).split("\n", 1)[0])

    @cached_property
    def _parser(self) -> ConventionalCommitParser:
        from semantic_release.commit_parser.conventional.options import ConventionalCommitParserOptions
        from semantic_release.commit_parser.conventional.parser import ConventionalCommitParser

        given = self._settings
        options = ConventionalCommitParserOptions(
            minor_tags=given.minor,
            patch_tags=given.patch,
            other_allowed_tags=given.other,
            allowed_tags=given.types,
        )
        return ConventionalCommitParser(options)


def _claim(parsed: ParsedMessageResult) -> Claim:
    # A subject that itself looks like a footer, `fix: closes: #1`, is none of the descriptions.
    words = (*parsed.descriptions, *parsed.breaking_descriptions, *parsed.release_notices, *parsed.linked_issues, "")
    return Claim(
        kind=parsed.type,
        scope=parsed.scope,
        bump=Bump(max(0, parsed.bump.value - _PSR_PATCH + 1)),
        subject=words[0],
        breaking=parsed.breaking_descriptions,
        request=parsed.linked_merge_request,
    )


_PSR_PATCH = 2  # python-semantic-release's LevelBump: none 0, pre-release 1, patch 2, minor 3, major 4


def _reverting(message: str) -> Claim:
    """What `git revert`, GitHub and GitLab write; a revert of something released is a repair."""
    breaking = tuple(re.findall(r"^BREAKING[ -]CHANGE: (.+)$", message, re.MULTILINE))
    return Claim("revert", "", Bump.MAJOR if breaking else Bump.PATCH, reverted_subject(message) or "", breaking)


def reverted_subject(message: str) -> str | None:
    """The subject of the commit that a message says it reverts, None when it reverts none."""
    found = _REVERT_SUBJECT.match(message)
    return None if found is None else found["what"] or found["words"]


def effective(commits: Sequence[Logged]) -> tuple[tuple[Logged, ...], Mapping[str, str]]:
    """The commits, newest first, that are left when reverts took back what they name.

    A revert and the commit it reverts both vanish when both are among them; a revert of what is not
    among them, of something released before, stays. The revert of a revert brings its commit back.
    Returns the commits that are left, and what vanished with the id of the revert.
    """
    taken: dict[str, str] = {}
    spent: set[str] = set()
    for at, commit in enumerate(commits):
        if commit.id in taken or (subject := reverted_subject(commit.message)) is None:
            continue
        targets = _targets(commit.message, subject, commits[at + 1 :])
        taken.update({target.id: commit.id for target in targets if target is not None})
        if None not in targets:
            spent.add(commit.id)
    left = tuple(commit for commit in commits if commit.id not in taken and commit.id not in spent)
    return left, taken


def _targets(message: str, subject: str, older: Sequence[Logged]) -> tuple[Logged | None, ...]:
    """The commits that a revert names, by id or else by subject; None for one that is not among the older ones."""
    prefixes = (*_REVERTED.findall(message), *_REFERENCES.findall(message))
    if not prefixes:
        return (next((other for other in older if other.subject == subject), None),)
    return tuple(next((other for other in older if other.id.startswith(prefix)), None) for prefix in prefixes)
