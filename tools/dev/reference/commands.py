"""Every command from its argument parser: the very one that the command line uses."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from dev.reference.markdown import code, fence, joined, table
from mattone import cli


def page() -> str:
    lines = [
        "# Commands",
        "",
        "`mattone COMMAND --help` prints the same. [Exit codes](exit-codes.md) are the same for all commands.",
        "",
        *table(
            ["command", "what it does"], [[f"[{name}](#mattone-{name})", text] for name, text in cli.COMMANDS.items()]
        ),
    ]
    for name in cli.COMMANDS:
        lines += ["", *_section(name)]
    return joined(lines)


def _section(name: str) -> list[str]:
    parser = _parser(name)
    lines = [f"## mattone {name}", "", parser.description or "", "", *fence(usage(parser))]
    lines += _options(parser)
    for child in _children(parser):
        lines += ["", f"### {child.prog}", "", _summary(parser, child), "", *fence(usage(child)), *_options(child)]
    heading, _, examples = (parser.epilog or "").partition("\n")
    assert heading == "examples:"  # noqa: S101 - every command has some
    return [*lines, "", "Examples:", "", *fence("\n".join(line.strip() for line in examples.splitlines()))]


def _parser(name: str) -> argparse.ArgumentParser:
    commands = _subparsers(cli._top_parser(name))
    assert commands is not None  # noqa: S101 - made by the line above
    found: argparse.ArgumentParser = commands.choices[name]
    return found


def _subparsers(parser: argparse.ArgumentParser) -> argparse._SubParsersAction[argparse.ArgumentParser] | None:
    return next((action for action in parser._actions if isinstance(action, argparse._SubParsersAction)), None)


def _children(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    found = _subparsers(parser)
    yield from found.choices.values() if found is not None else ()


def _summary(parser: argparse.ArgumentParser, child: argparse.ArgumentParser) -> str:
    found = _subparsers(parser)
    assert found is not None  # noqa: S101 - it has this child
    helps = {action.dest: action.help or "" for action in found._choices_actions}
    text = helps[child.prog.rsplit(" ", 1)[-1]]
    return f"{text[:1].upper()}{text[1:]}."


def usage(parser: argparse.ArgumentParser) -> str:
    """One line; argparse's own differs between versions of Python and with the terminal's width."""
    words = [parser.prog]
    for action in _shown(parser):
        word = " ".join(part for part in (_flag(action), _value(action)) if part)
        words.append(word if action.required and action.nargs not in ("?", "*") else f"[{word}]")
    return " ".join(words)


def _options(parser: argparse.ArgumentParser) -> list[str]:
    rows = [
        [code(" ".join(part for part in (_flag(action), _value(action)) if part)), _meaning(action)]
        for action in _shown(parser)
    ]
    return ["", *table(["argument", "meaning"], rows)]


def _shown(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Arguments before options, each in the order of its declaration; `--help` is everywhere."""
    found = [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]
    return sorted(found, key=lambda action: bool(action.option_strings))


def _flag(action: argparse.Action) -> str:
    return max(action.option_strings, key=len, default="")


def _value(action: argparse.Action) -> str:
    if isinstance(action, argparse._SubParsersAction):
        return str(action.metavar)
    if action.nargs == 0:
        return ""
    if action.choices is not None:
        return "|".join(str(choice) for choice in action.choices)
    name = str(action.metavar or (action.dest.upper() if action.option_strings else action.dest))
    return f"{name} ..." if action.nargs in ("*", "+") else name


def _meaning(action: argparse.Action) -> str:
    if isinstance(action, argparse._SubParsersAction):
        return "one of those below"
    return (action.help or "").replace("%(default)s", str(action.default))
