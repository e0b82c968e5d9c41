"""The documentation: reference pages are those of the code, links lead somewhere, commands run as they are written."""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import docs
from dev import links
from dev.reference import commands, markdown, pages
from dev.report import ROOT
from dev.sources import files
from mattone import cli
from tests.scenarios.platform import Platform

_BLOCK = re.compile(r"^```console test\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CHANGING = ((re.compile(r"\b[0-9a-f]{7,64}\b"), "HEX"), (re.compile(r"\b\d+\.\d s"), "N s"))


# The reference


def test_reference_pages_are_those_of_the_code() -> None:
    assert docs.out_of_date(docs.FOLDER) == []


def test_page_that_was_edited_lost_or_made_by_nobody_is_told(tmp_path: Path) -> None:
    docs.write(tmp_path)
    assert docs.out_of_date(tmp_path) == []
    (tmp_path / "lock.md").unlink()
    (tmp_path / "extra.md").write_text("old\n")
    (tmp_path / "settings.md").write_text("# Setting\n")
    told = docs.out_of_date(tmp_path)
    assert [line.split(": ")[:2] for line in told if not line.startswith("settings")] == [
        ["lock.md", "missing"],
        ["extra.md", "nothing makes this page"],
    ]
    assert any(line.startswith("settings.md: ") for line in told)
    docs.write(tmp_path)
    assert docs.out_of_date(tmp_path) == []
    assert not (tmp_path / "extra.md").exists()


@pytest.mark.parametrize("columns", ["20", "200"])
def test_pages_do_not_depend_on_the_terminal(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = pages()
    monkeypatch.setenv("COLUMNS", columns)
    assert pages() == before


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_example_of_a_command_is_understood_by_its_parser(command: str) -> None:
    page = commands.page()
    section = page.partition(f"## mattone {command}\n")[2].partition("\n## ")[0]
    examples = section.partition("Examples:\n\n```text\n")[2].partition("```")[0].splitlines()
    commands_of_it = [line for line in examples if not line.startswith("#")]
    assert commands_of_it
    for line in commands_of_it:
        words = shlex.split(re.split(r"  +| > ", line)[0])
        assert words[0] == "mattone"
        cli._top_parser(command).parse_args(words[1:])  # raises InputError when it is not


def test_usage_shows_needed_words_bare_and_the_others_in_brackets() -> None:
    parser = argparse.ArgumentParser(prog="mattone x")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("others", nargs="*", metavar="OTHER")
    parser.add_argument("-q", "--quiet", action="store_true")
    parser.add_argument("--title", required=True)
    parser.add_argument("--as", choices=("text", "json"))
    assert commands.usage(parser) == "mattone x NAME [OTHER ...] [--quiet] --title TITLE [--as text|json]"


def test_field_without_a_description_is_refused() -> None:
    @dataclasses.dataclass
    class Told:
        """What is told.

        size    in bytes,
                never negative
        a, b    two of a kind
        """

        size: int
        a: str
        b: str

    assert markdown.described(Told) == {"size": "in bytes, never negative", "a": "two of a kind", "b": "two of a kind"}

    @dataclasses.dataclass
    class Untold(Told):
        """What is told.

        size  in bytes
        """

    with pytest.raises(ValueError, match="says nothing of a, b"):
        markdown.described(Untold)


# Links


def test_every_link_in_every_page_leads_somewhere() -> None:
    assert links.broken(ROOT, files()) == []


def test_broken_links_are_told_with_their_line_and_code_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "other.md").write_text("# A `code` heading, twice\n\n# A code heading twice\n")
    (tmp_path / "page.md").write_text(
        "[good](docs/other.md#a-code-heading-twice) [again](docs/other.md#a-code-heading-twice-1) [folder](docs)\n"
        "[gone](docs/gone.md) [no heading](docs/other.md#nothing) [own](#here) [out](../x.md)\n"
        "`[in code](gone.md)` [far](https://example.org/gone)\n"
        "```text\n[fenced](gone.md)\n# Here\n```\n"
    )
    told = links.broken(tmp_path, ["page.md", "docs/other.md"])
    assert told == [
        "page.md:2: docs/gone.md: there is no such file",
        "page.md:2: docs/other.md#nothing: there is no such heading",
        "page.md:2: #here: there is no such heading",
        "page.md:2: ../x.md: there is no such file",
    ]


# Commands


def _pages_with_commands() -> list[str]:
    return [name for name in files() if name.endswith(".md") and _BLOCK.search((ROOT / name).read_text("utf-8"))]


@pytest.mark.parametrize("page", _pages_with_commands())
def test_commands_of_a_page_run_as_written_and_print_what_it_shows(page: str, tmp_path: Path) -> None:
    """The page's blocks of the kind `console test`, in one shell, in a checkout (tutorial) or a clone of a platform."""
    if "tutorial" in page:
        start = tmp_path / "mattone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(start)], check=True)
    else:
        start = Platform.create(tmp_path, tmp_path / "cache").clone
    shown = "".join(block[1] for block in _BLOCK.finditer((ROOT / page).read_text("utf-8")))
    typed = [line[2:] for line in shown.splitlines() if line.startswith("$ ")]
    outputs = re.split(r"^\$ .*\n", shown, flags=re.MULTILINE)[1:]
    for command, printed, wanted in zip(typed, _run(typed, start, tmp_path), outputs, strict=True):
        assert _alike(printed, wanted.splitlines()), f"{page}: $ {command}\n" + "\n".join(printed)


def _run(typed: list[str], start: Path, scratch: Path) -> list[list[str]]:
    """The lines that each command printed, typed one after the other; `mattone` is the one of this checkout."""
    program = scratch / "bin" / "mattone"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m mattone "$@"\n')
    program.chmod(0o755)
    home = scratch / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = researcher\n\temail = researcher@example.org\n")
    environment = {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "tools"),
        "HOME": str(home),
        "LAB_TOKEN": "not-used-by-what-needs-no-machine",
        "LC_ALL": "C.UTF-8",
    }
    marker = "=== end of a command ==="
    script = "".join(f"{command}\necho '{marker}'\n" for command in typed)
    done = subprocess.run(
        ["bash", "-u"], input=script, cwd=start, env=environment, text=True, timeout=240,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    parts = done.stdout.split(f"{marker}\n")
    assert len(parts) == len(typed) + 1, done.stdout
    return [part.splitlines() for part in parts[:-1]]


def _alike(printed: list[str], wanted: list[str]) -> bool:
    """Whether the lines are the same but for digests and seconds; `...` stands for any text within a line."""
    if len(printed) != len(wanted):
        return False
    pairs = zip(map(_steady, printed), map(_steady, wanted), strict=True)
    return all(re.fullmatch(re.escape(want).replace(r"\.\.\.", ".*"), line) for line, want in pairs)


def _steady(line: str) -> str:
    for pattern, replacement in _CHANGING:
        line = pattern.sub(replacement, line)
    return line


def test_a_page_whose_output_is_not_what_the_command_prints_is_told() -> None:
    assert _alike(["merged as 0123abcd", "check: success in 1.3 s"], ["merged as 5e6f7a8b", "check: success in 0.9 s"])
    assert _alike(["forge: /somewhere/forge.git"], ["forge: .../forge.git"])
    assert not _alike(["merged"], ["opened"])
    assert not _alike(["merged", "more"], ["merged"])
