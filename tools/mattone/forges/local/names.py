"""Outside text at the forge's door: accounts, branches, titles and bodies, checked and cleaned."""

from __future__ import annotations

import re

from mattone import redact
from mattone.errors import InputError
from mattone.git import Repository

LONGEST_NAME = 200  # characters; a branch's components become file names
LONGEST_TITLE = 255  # characters, GitLab's limit
LARGEST_BODY = 1 << 20  # bytes of UTF-8, GitLab's limit for descriptions and notes

_ACCOUNT = re.compile(r"\w[\w.@+-]*(?: [\w.@+-]+)*")
_MARKER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}")


def account(name: str) -> str:
    """The name of an account. Raises InputError when it could be mistaken for something else."""
    if len(name) <= LONGEST_NAME and _ACCOUNT.fullmatch(name):
        return name
    raise InputError(
        f"{redact.one_line(name, 80)!r} is no account name", hint="letters, digits, and . _ - @ + between them"
    )


def branch(repository: Repository, name: str) -> str:
    """A branch name that git takes and a terminal shows as it is. Raises InputError."""
    harmless = not name.startswith("-") and len(name) <= LONGEST_NAME and redact.visible(name) == name
    if harmless and not _has_surrogates(name):
        result = repository.run("check-ref-format", "--branch", name, accept=(0, 1, 128, 129))
        if result.code == 0 and result.output == f"{name}\n":
            return name
    raise InputError(
        f"{redact.one_line(name, 80)!r} is no branch name",
        hint=f"at most {LONGEST_NAME} characters that `git check-ref-format --branch` accepts",
    )


def title(text: str) -> str:
    """A title on one line, cleaned. Raises InputError when empty or too long."""
    if len(text) > LONGEST_TITLE:
        raise InputError(f"the title has {len(text)} characters, at most {LONGEST_TITLE} fit", hint="shorten it")
    cleaned = redact.one_line(_encodable(text), 8 * LONGEST_TITLE)
    if not cleaned:
        raise InputError("a merge request needs a title", hint="say in a few words what it changes")
    return cleaned


def body(text: str, what: str) -> str:
    """A description or comment, cleaned, with plain newlines. Raises InputError when over 1 MiB."""
    cleaned = redact.visible(_encodable(text).replace("\r\n", "\n"))
    size = len(cleaned.encode())
    if size > LARGEST_BODY:
        raise InputError(f"the {what} has {size:,} bytes, at most {LARGEST_BODY:,} fit", hint="shorten it")
    return cleaned


def marker(text: str) -> str:
    """The marker of a sticky comment. Raises InputError."""
    if not text or _MARKER.fullmatch(text):
        return text
    raise InputError(f"{redact.one_line(text, 80)!r} is no comment marker", hint="letters, digits, and . _ : / -")


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _encodable(text: str) -> str:
    """Text in which bytes that were no UTF-8 (surrogates) are visible escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
