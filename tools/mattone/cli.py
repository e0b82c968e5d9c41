"""Parse the command line, run one command, turn every ending into an exit code.

A command is a module of `mattone.commands` with `arguments(parser)`, which declares what it
takes, and `run(...)`, a typed function of just those values that returns an exit code. Only
the chosen command's module is imported, so `mattone --help` and small commands start fast.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType, ModuleType
from typing import NoReturn

from mattone import __version__, redact
from mattone.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, HostError, InputError, MattoneError

COMMANDS = {
    "validate": "check services, types and deployments; every error at once",
    "compat": "say what changed between two versions, and the bump it demands",
    "explain": "say what a finding means and how to mend it",
    "lsp": "help editors: findings, completion, documentation while one types",
    "fetch-imports": "fetch what templates import by URL, so that checks need no network",
    "schema": "give editors what they need to complete and check deployments",
    "request": "ask for a deployment: write its file and open the merge request",
    "lock": "resolve version ranges to exact versions and digests",
    "bundle": "make the archive of all that an engine receives, or check one",
    "outdated": "show what locks could move to, and who holds it back",
    "plan": "show what applying would do",
    "apply": "bring the merged state about",
    "resolve": "end an operation of which nobody knows what became of it",
    "release": "make the next versions of what changed",
    "history": "list a component's versions: what each claimed, what it demanded",
    "status": "list deployments: wanted, applied, running",
    "trace": "tell how a deployment was made",
    "drift": "say what no longer is as it was recorded",
    "diff": "compare what two operations made",
    "affected": "list live deployments that were made with a component",
    "replay": "rebuild what a record says from its pins, and compare",
    "rollback": "open the merge request that restores an earlier state",
    "verify": "check that records are signed, chained and complete",
    "keys": "make and show the key that signs records",
    "outputs": "show a deployment's outputs",
    "log": "show what the engine did for a deployment",
    "machines": "list machines",
    "start": "switch a deployment's machines on",
    "stop": "switch a deployment's machines off",
    "mr": "work with merge requests",
    "pipeline": "run a pipeline of the embedded forge",
    "forge": "make an embedded forge",
    "doctor": "say what this host lacks and how to get it",
}

_EXIT_CODES = "\n\nexit codes: 0 done, 1 error, 2 changes present, 3 findings, 4 denied by policy, 5 lock held, \
6 apply failed,\n7 outcome unknown, 70 internal error, 130 interrupted"


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal. argparse makes one for every argument: only the one that is shown asks how wide."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=80)

    def format_help(self) -> str:
        import shutil

        self._width = shutil.get_terminal_size().columns - 2
        return super().format_help()


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are ours: one message, a hint, exit code 1."""

    def error(self, message: str) -> NoReturn:
        raise InputError(redact.one_line(message), hint=f"see `{self.prog} --help`")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; nothing escapes, nothing prints a traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = _wants_json(words)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        return _dispatch(words)
    except MattoneError as error:
        _report(error, as_json)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) has what it wanted; keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        _report(_host_error(error), as_json)
        return HostError.exit_code
    except Exception as error:  # noqa: BLE001 - the last line of defence, and the only one
        _report_defect(error, as_json)
        return EXIT_INTERNAL


def _dispatch(words: list[str]) -> int:
    known = _chosen(words)
    parser = _top_parser(known)
    options = vars(parser.parse_args(words))
    command = options.pop("command", None)
    if command is None:
        parser.print_help()
        return 0
    module = _module(command)
    return int(module.run(**options))


def _chosen(words: Sequence[str]) -> str | None:
    first = next((word for word in words if not word.startswith("-")), None)
    if first is None or first in COMMANDS:
        return first
    import difflib

    near = difflib.get_close_matches(first, COMMANDS, n=1)
    hint = f"did you mean `mattone {near[0]}`?" if near else "`mattone --help` lists the commands"
    raise InputError(f"there is no command {redact.one_line(first, 60)!r}", hint=hint)


def _top_parser(known: str | None) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="mattone",
        description="GitOps for TOSCA services on federated research clouds.",
        formatter_class=_Help,
        epilog="`mattone COMMAND --help` shows a command's options and examples." + _EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"mattone {__version__}")
    commands = parser.add_subparsers(
        dest="command",
        metavar="COMMAND",
        parser_class=_Parser,
        prog="mattone",  # argparse would ask for the terminal's width to find it
    )
    for name, summary in COMMANDS.items():
        if known is None or name == known:
            child = commands.add_parser(
                name,
                help=summary,
                description=summary[0].upper() + summary[1:] + ".",
                formatter_class=_Help,
            )
            if name == known:
                _configure(name, child)
    return parser


def _configure(name: str, parser: argparse.ArgumentParser) -> None:
    module = _module(name)
    module.arguments(parser)
    parser.epilog = "examples:\n" + "\n".join(f"  {line}" for line in module.EXAMPLES)


def _module(command: str) -> ModuleType:
    return importlib.import_module(f"mattone.commands.{command.replace('-', '_')}")


def common(parser: argparse.ArgumentParser) -> None:
    """The two options that every command takes: which repository, and text or JSON."""
    parser.add_argument(
        "--repo", type=Path, default=Path(), metavar="PATH", help="a folder inside the platform repository (here)"
    )
    parser.add_argument("--output", choices=("text", "json"), default="text", help="for people or for programs (text)")


def _wants_json(words: Sequence[str]) -> bool:
    return "--output=json" in words or any(
        first == "--output" and second == "json" for first, second in itertools.pairwise(words)
    )


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _report(error: MattoneError, as_json: bool) -> None:
    if not as_json:
        from mattone import terminal

        terminal.complain(error)
        return
    place = str(error.place) if error.place else ""
    _report_json(error.message, place, error.hint, error.exit_code)


def _report_json(message: str, place: str, hint: str, code: int) -> None:
    import json

    fields = {"message": redact.clean(message), "place": place, "hint": hint, "exit_code": code}
    print(redact.clean(json.dumps({"error": fields})), file=sys.stderr)


def _host_error(error: OSError) -> HostError:
    import errno

    where = f" ({error.filename})" if error.filename else ""
    hints = {
        errno.ENOSPC: "free some space and run it again; what was there before is untouched",
        errno.EROFS: "the file system is read-only",
        errno.EACCES: "check the owner and mode of the file and of its folders",
        errno.EDQUOT: "the disk quota is used up; free some space and run it again",
    }
    return HostError(f"{error.strerror or error}{where}", hint=hints.get(error.errno or 0, ""))


def _report_defect(error: Exception, as_json: bool) -> None:
    log = _crash_log(error)
    where = f"; the details are in {log}" if log else ""
    message = redact.visible(f"internal error: {type(error).__name__}: {error}{where}")
    hint = f"this is a defect of mattone; please report it{' with that file' if log else ''}"
    if as_json:
        _report_json(message, "", hint, EXIT_INTERNAL)
    else:
        print(f"{message}\n hint: {hint}", file=sys.stderr)


def _crash_log(error: Exception) -> Path | None:
    import time
    import traceback

    text = f"mattone {__version__}\nargv: {sys.argv[1:]}\n\n{''.join(traceback.format_exception(error))}"
    try:
        state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "mattone"
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = state / f"crash-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.log"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(redact.clean(text))
    except (OSError, RuntimeError):  # no room, no right, or no home folder
        return None
    return path


if __name__ == "__main__":
    sys.exit(main())
