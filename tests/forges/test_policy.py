"""The merge policy of mattone.toml: what it asks for, and how its defects are said."""

from __future__ import annotations

import pytest

from mattone.errors import InputError
from mattone.forges.policy import MergePolicy, Rule, parse, shortfalls

SCHOOL = b"""
[other]
kept = "for others"

[merge]
approvals = 1

[[merge.rules]]
paths = ["deployments/**"]
approvals = 2

[[merge.rules]]
paths = ["deployments/school/**", "*.md"]
approvals = 1
approvers = ["alice", "Bob"]
"""


def test_without_a_file_or_a_table_one_approval_by_anyone_but_the_author() -> None:
    assert parse(None) == parse(b"") == parse(b"[apply]\nx = 1\n") == MergePolicy(Rule(1))
    assert shortfalls(parse(None), ["a"], "alice", []) == ("1 approval missing, by anyone but alice",)
    assert shortfalls(parse(None), ["a"], "alice", ["alice", "ALICE"]) != ()
    assert shortfalls(parse(None), ["a"], "alice", ["bob"]) == ()


def test_the_last_matching_rule_wins_and_all_rules_of_the_changes_must_be_satisfied() -> None:
    policy = parse(SCHOOL)
    assert policy.rule_for("deployments/physics/x.yaml").approvals == 2
    assert policy.rule_for("deployments/school/deep/x.yaml").approvers == ("alice", "Bob")
    assert policy.rule_for("catalog/x/service.yaml") == policy.default
    changed = ["deployments/physics/x.yaml", "deployments/school/y.yaml", "tools/z.py"]
    assert shortfalls(policy, changed, "alice", []) == (
        "2 approvals missing for deployments/** (changed: deployments/physics/x.yaml), by anyone but alice",
        "1 approval missing for deployments/school/**, *.md (changed: deployments/school/y.yaml), by Bob",
        "1 approval missing, by anyone but alice",
    )
    assert len(shortfalls(policy, changed, "alice", ["carol", "dan"])) == 1
    assert shortfalls(policy, changed, "alice", ["carol", "bob"]) == ()


def test_the_same_account_in_two_spellings_is_one_approval() -> None:
    assert shortfalls(MergePolicy(Rule(2)), ["a"], "alice", ["bob", "BOB"]) != ()


def test_an_author_who_is_the_only_approver_is_said_so() -> None:
    policy = parse(b'[merge]\napprovers = ["alice"]\n')
    assert shortfalls(policy, ["a"], "alice", ["alice", "bob"]) == (
        "1 approval missing, and its author alice is the only approver",
    )


def test_no_approvals_asked_for() -> None:
    assert shortfalls(parse(b"[merge]\napprovals = 0\n"), ["a"], "alice", []) == ()


@pytest.mark.parametrize(
    ("glob", "path", "claimed"),
    [
        ("deployments/school/**", "deployments/school/a/b.yaml", True),
        ("deployments/school/**", "deployments/schoolyard/b.yaml", False),
        ("deployments/school/", "deployments/school/a/b.yaml", True),
        ("deployments/*", "deployments/school/b.yaml", False),
        ("deployments/*/b.yaml", "deployments/school/b.yaml", True),
        ("**/service.yaml", "service.yaml", True),
        ("**/service.yaml", "catalog/x/service.yaml", True),
        ("**/service.yaml", "catalog/x/my-service.yaml", False),
        ("**", "any/thing", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a.c", "abc", False),
        ("[ab].txt", "a.txt", False),
        ("deployments/school/**", "deployments/school/line\nbreak", True),
    ],
)
def test_patterns(glob: str, path: str, claimed: bool) -> None:
    assert Rule(paths=(glob,)).claims(path) is claimed


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        (b"[merge]\napprovals =\n", 2, 12, "not valid TOML"),
        (b"[merge]\napprovals = 1\napprovals = 2\n", 3, 14, "not valid TOML"),
        (b'[merge]\nx = "', 2, 0, "not valid TOML"),
        (b"a = 1\nb = '\xff'\n", 2, 0, "not UTF-8"),
        (b"merge = 1\n", 0, 0, "'merge' must be a table"),
        (b"[merge]\n\napprovals = true\n", 3, 1, "whole number from 0 to 100"),
        (b"[merge]\napprovals = -1\n", 2, 1, "whole number from 0 to 100"),
        (b"[merge]\naprovals = 1\n", 2, 1, "unknown field 'aprovals'"),
        (b"[merge]\napprovers = []\n", 2, 1, "at least one text"),
        (b"[merge]\napprovals = 2\napprovers = ['a']\n", 2, 1, "2 approvals are asked for, but there are 1"),
        (b"[merge]\nrules = 3\n", 2, 1, r"\[\[merge.rules\]\]"),
        (b"[[merge.rules]]\npaths=['a']\n\n[[merge.rules]]\napprovals = 1\n", 4, 1, "needs 'paths'"),
        (b"[[merge.rules]]\npaths = ['/a']\n", 2, 1, "relative to the repository's root"),
        (b"[[merge.rules]]\npaths = ['../a']\n", 2, 1, "relative to the repository's root"),
        (b"[[merge.rules]]\npath = ['a']\n", 2, 1, "unknown field 'path'"),
    ],
)
def test_a_bad_policy_is_one_message_with_its_place(text: bytes, line: int, column: int, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parse(text, "main:mattone.toml")
    assert caught.value.place is not None
    assert (caught.value.place.path, caught.value.place.line) == ("main:mattone.toml", line)
    assert not column or caught.value.place.column == column
