"""The pages of docs/reference/, each a function from the code to Markdown."""

from __future__ import annotations

from dev.reference import commands, errors, files, rules, settings
from dev.reference.markdown import joined

_TITLES = {
    "commands.md": "every command: usage, options, examples",
    "exit-codes.md": "how commands end, and the errors behind it",
    "settings.md": "`mattone.toml`, environment variables, places on disk",
    "files.md": "deployment, service, role, type library, provider and group files",
    "lock.md": "the lock of a deployment",
    "record.md": "the record of an operation",
    "rules/README.md": "every rule that `mattone validate` can report",
}


def pages() -> dict[str, str]:
    """Every page by its path below docs/reference/."""
    made = {
        "commands.md": commands.page(),
        "exit-codes.md": errors.page(),
        "settings.md": settings.page(),
        "files.md": files.files_page(),
        "lock.md": files.lock_page(),
        "record.md": files.record_page(),
        **{f"rules/{name}": text for name, text in rules.pages().items()},
    }
    return {"README.md": _index(), **made}


def _index() -> str:
    said = "Written from the code by `make docs`; `make check` fails when a page is out of date."
    names = {name: name.removesuffix(".md").removesuffix("/README") for name in _TITLES}
    return joined(["# Reference", "", said, "", *(f"- [{names[name]}]({name}): {_TITLES[name]}" for name in _TITLES)])
