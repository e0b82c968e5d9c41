"""The result cache: never a stale answer, never a failure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from mattone.checks.cache import Resolver, cached_check
from mattone.checks.template import check_templates
from mattone.errors import InputError
from mattone.findings import Finding
from tests.checks.support import LIBRARY
from tests.tosca.support import FILES, PATH, TEMPLATE, TYPES, resolver


class Counted:
    """The real check, which counts how often it ran."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, paths: Sequence[str], find: Resolver) -> tuple[Finding, ...]:
        self.runs += 1
        return check_templates(paths, find)


def test_an_unchanged_template_is_not_checked_again_and_the_answer_is_the_same(tmp_path: Path) -> None:
    check = Counted()
    files = {**FILES, PATH: TEMPLATE.replace("- host: server", "- host: sever")}
    first = cached_check([PATH], resolver(files), tmp_path, check)
    second = cached_check([PATH], resolver(files), tmp_path, check)
    assert check.runs == 1
    assert first == second
    assert [one.rule for one in second] == ["TOSCA1032"]


@pytest.mark.parametrize(
    "changed",
    [
        {PATH: TEMPLATE.replace("- host: server", "- host: sever")},
        {LIBRARY: TYPES.replace("{type: boolean, required: false}", "{type: bool, required: false}")},
        {LIBRARY: None},
    ],
    ids=["template", "imported library", "import gone"],
)
def test_a_change_of_anything_that_was_read_is_seen(tmp_path: Path, changed: dict[str, str | None]) -> None:
    check = Counted()
    assert cached_check([PATH], resolver(FILES), tmp_path, check) == ()
    files = {path: text for path, text in {**FILES, **changed}.items() if text is not None}
    assert cached_check([PATH], resolver(files), tmp_path, check) == check_templates([PATH], resolver(files))
    assert check.runs == 2


def test_an_import_that_appears_is_seen(tmp_path: Path) -> None:
    check = Counted()
    without = {PATH: TEMPLATE}
    assert [one.rule for one in cached_check([PATH], resolver(without), tmp_path, check)][:1] == ["TOSCA1005"]
    assert cached_check([PATH], resolver(FILES), tmp_path, check) == ()


def test_a_refusal_is_remembered_as_a_refusal(tmp_path: Path) -> None:
    def refuse(_base: str, _reference: str) -> tuple[str, bytes] | None:
        raise InputError("a symbolic link")

    check = Counted()
    first = cached_check([PATH], refuse, tmp_path, check)
    assert cached_check([PATH], refuse, tmp_path, check) == first
    assert check.runs == 1
    assert cached_check([PATH], resolver(FILES), tmp_path, check) == ()


@pytest.mark.parametrize(
    "junk", [b"", b"{", b"[]", b'{"calls": [[1]], "findings": []}', b'{"calls": [], "findings": [[1]]}']
)
def test_a_broken_entry_is_the_same_as_none(tmp_path: Path, junk: bytes) -> None:
    check = Counted()
    cached_check([PATH], resolver(FILES), tmp_path, check)
    (entry,) = tmp_path.iterdir()
    entry.write_bytes(junk)
    assert cached_check([PATH], resolver(FILES), tmp_path, check) == ()
    assert check.runs == 2


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert cached_check([PATH], resolver(FILES), tmp_path / "file" / "cache", Counted()) == ()
