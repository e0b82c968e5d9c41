"""Exit codes and the error tree, from `mattone.errors`."""

from __future__ import annotations

import inspect

from dev.reference.markdown import code, fence, joined, table
from mattone import cli, errors


def page() -> str:
    """Raises ValueError when the tree in the docstring is not that of the classes."""
    tree = "\n".join(line for line in (inspect.getdoc(errors) or "").splitlines() if line.startswith("    "))
    rows = [[code(kind.__name__), str(kind.exit_code), inspect.getdoc(kind) or ""] for kind in classes()]
    for name, number, _ in rows:
        if not any(name.strip("`") in line and f" {number}  " in line for line in tree.splitlines()):
            raise ValueError(f"the tree of mattone.errors lacks {name} with exit code {number}")
    return joined(
        [
            "# Exit codes",
            "",
            "Every command ends with one of these, so that a script can tell the endings apart.",
            "",
            *table(["code", "meaning"], _codes()),
            "",
            "A pipeline of the embedded forge ends with the code of the stage that failed; a merge request's pipeline",
            "that did not pass ends with 3.",
            "",
            "## Errors",
            "",
            "Each error says in one message what is wrong, where (file, line, column, when it stands in a file), and",
            "what to do. With `--output json` it is one JSON object on standard error:",
            '`{"error": {"message", "place", "hint", "exit_code"}}`.',
            "",
            *fence(inspect.cleandoc(tree)),
            "",
            *table(["error", "code", "raised when"], rows),
        ]
    )


def classes() -> list[type[errors.MattoneError]]:
    """Every error class, parents first."""
    found = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, errors.MattoneError)]
    return sorted(found, key=lambda kind: len(kind.__mro__))


def _codes() -> list[list[str]]:
    listed = cli._EXIT_CODES.strip().removeprefix("exit codes: ").replace("\n", " ")
    pairs = [part.strip().partition(" ") for part in listed.split(",")]
    stated = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    if {int(number) for number, _, _ in pairs} != stated:
        raise ValueError("`mattone --help` and mattone.errors name different exit codes")
    return [[number, text] for number, _, text in pairs]
