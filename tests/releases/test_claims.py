"""Reading messages: any text at all, and a quick look that never overlooks what the parser would find."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mattone.releases.claims import Claims, reverted_subject
from mattone.releases.settings import CONVENTIONAL
from mattone.versions import Bump

CLAIMS = Claims(CONVENTIONAL)
PARTS = st.sampled_from(
    [
        "feat",
        "fix",
        "docs",
        "revert",
        "(web)",
        "(a, b)",
        "!",
        ": ",
        ":",
        " ",
        "  ",
        "\n",
        "\n\n",
        "\t",
        "\r\n",
        "* ",
        "- ",
        "words of it",
        "BREAKING CHANGE: all",
        "BREAKING-CHANGE: ",
        "commit 1234567\n",
        "Author: A <a@b>\n",
        "Squashed commit of the following:\n",
        "(!12)",
        "(#3)",
        'Revert "',
        '"',
        "Closes: #1",
        "\u2028",
        "é",
    ]
)


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    for claim in CLAIMS.parse(text):
        assert claim.bump in Bump


@given(st.lists(PARTS, max_size=14).map("".join))
@example("feat: a b\n\n*  fix(x)!: c d")
@example("  - feat: a b")
@example("feat: BREAKING CHANGE: all")
@example("fix: closes: #1")
def test_the_quick_look_overlooks_nothing_that_the_parser_finds(message: str) -> None:
    parser = CLAIMS._parser
    theirs = [one for text in parser.unsquash_commit_message(message) if (one := parser.parse_message(text))]
    ours = [claim for claim in CLAIMS.parse(message) if claim.kind != "revert" or theirs]
    assert [claim.kind for claim in ours] == [one.type for one in theirs]


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        ('Revert "feat: more"', "feat: more"),
        ('Revert "Revert "feat: more""', 'Revert "feat: more"'),
        ("revert: feat: more", "feat: more"),
        ("revert(web)!: feat: more", "feat: more"),
        ("Reverted some things", None),
        ("docs: revert: no", None),
    ],
)
def test_what_a_message_reverts(message: str, subject: str | None) -> None:
    assert reverted_subject(message) == subject


@pytest.mark.parametrize("title", ["Draft: feat!: x", "[Draft] feat!: x", "WIP: feat!: x", "  draft: WIP: feat!: x"])
def test_marks_of_drafts_are_no_part_of_a_title(title: str) -> None:
    assert [(claim.kind, claim.bump) for claim in CLAIMS.title(title)] == [("feat", Bump.MAJOR)]


def test_a_title_is_one_line() -> None:
    assert CLAIMS.title("Words\n\nfeat: x y") == ()
