"""The command line: every ending is an exit code and one clear message, never a traceback."""

from __future__ import annotations

import errno
import json
import os
import secrets
import signal
import stat
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mattone import cli, redact
from mattone.errors import (
    ApplyFailed,
    FindingsError,
    HostError,
    InputError,
    LockHeld,
    MattoneError,
    OutcomeUnknown,
    Place,
    PolicyDenied,
    RemoteError,
    TransientError,
)
from tests.forges.site import git

TOOLS = Path(cli.__file__).resolve().parents[1]


def mattone(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """A real process: `mattone WORDS`."""
    environment = {**os.environ, "PYTHONPATH": str(TOOLS), **options.pop("env", {})}
    command = [sys.executable, "-P", "-m", "mattone", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False, **options)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], int]], None]]:
    """Makes `mattone status` do what a test wants; SIGTERM is given back its old meaning."""
    before = signal.getsignal(signal.SIGTERM)

    def put(act: Callable[[], int]) -> None:
        module = ModuleType("mattone.commands.status")
        module.arguments = lambda parser: cli.common(parser)  # type: ignore[attr-defined]
        module.run = lambda repo, output: act()  # type: ignore[attr-defined]
        module.EXAMPLES = ("mattone status",)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "mattone.commands.status", module)

    yield put
    signal.signal(signal.SIGTERM, before)


def raising(error: BaseException) -> Callable[[], int]:
    def act() -> int:
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MattoneError("x"), 1),
        (InputError("x"), 1),
        (HostError("x"), 1),
        (RemoteError("x"), 1),
        (TransientError("x"), 1),
        (FindingsError("x"), 3),
        (PolicyDenied("x"), 4),
        (LockHeld("x"), 5),
        (ApplyFailed("x"), 6),
        (OutcomeUnknown("x"), 7),
        (ValueError("x"), 70),
        (RecursionError("x"), 70),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 0),
        (PermissionError(errno.EACCES, "Permission denied", "some/file"), 1),
    ],
)
def test_every_ending_has_its_exit_code(
    command: Callable[[Callable[[], int]], None],
    error: BaseException,
    code: int,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    command(raising(error))
    assert cli.main(["status"]) == code
    assert "Traceback" not in capfd.readouterr().err


def test_an_error_is_one_message_with_place_and_hint(
    command: Callable[[Callable[[], int]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    command(raising(InputError("it is bad", place=Place("a.yaml", 3, 5), hint="mend it")))
    assert cli.main(["status"]) == 1
    assert capsys.readouterr() == ("", "error: a.yaml:3:5: it is bad\n hint: mend it\n")


@pytest.mark.parametrize("words", [["status", "--output", "json"], ["status", "--output=json"]])
def test_errors_are_json_when_json_was_asked_for(
    command: Callable[[Callable[[], int]], None], capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    value = secrets.token_urlsafe(18)
    redact.register([value])
    command(raising(PolicyDenied(f"no {value}", place=Place("a.yaml", 3, 5), hint="mend it")))
    assert cli.main(words) == 4
    shown = json.loads(capsys.readouterr().err)
    assert shown == {"error": {"message": "no (secret)", "place": "a.yaml:3:5", "hint": "mend it", "exit_code": 4}}


def test_a_defect_writes_a_log_for_its_owner_alone_and_says_where(
    command: Callable[[Callable[[], int]], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    value = secrets.token_urlsafe(18)
    redact.register([value])
    command(raising(ZeroDivisionError(f"with {value}\x1b")))
    assert cli.main(["status"]) == 70
    shown = capsys.readouterr().err
    (log,) = (tmp_path / "state/mattone").iterdir()
    assert str(log) in shown
    assert "defect" in shown
    assert value not in shown
    assert "\x1b" not in shown
    text = log.read_text()
    assert "Traceback" in text
    assert value not in text
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700


def test_a_defect_without_a_place_for_its_log_is_still_no_traceback(
    command: Callable[[Callable[[], int]], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nothing-can-be-made-here")
    command(raising(ZeroDivisionError("x")))
    assert cli.main(["status"]) == 70
    shown = capsys.readouterr().err
    assert "internal error: ZeroDivisionError: x" in shown
    assert "with that file" not in shown


def test_a_defect_is_json_when_json_was_asked_for(
    command: Callable[[Callable[[], int]], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    command(raising(ZeroDivisionError("x")))
    assert cli.main(["status", "--output", "json"]) == 70
    assert json.loads(capsys.readouterr().err)["error"]["exit_code"] == 70


def test_a_person_without_a_home_gets_no_traceback(tmp_path: Path) -> None:
    """Nobody knows where to write the log: HOME is unset, and the user has no entry anywhere."""
    text = (
        "import sys; sys.argv = ['mattone', 'status']; from mattone import cli; "
        "cli._dispatch = lambda _words: 1 / 0; sys.exit(cli.main())"
    )
    drop = ["setpriv", "--reuid=54321", "--clear-groups"] if os.geteuid() == 0 else []
    environment = {"PYTHONPATH": str(TOOLS), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [*drop, "/usr/bin/env", "python3", "-B", "-c", text],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if "Permission denied" in done.stderr and "mattone" not in done.stderr:
        pytest.skip("another user may not read this checkout")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["statsu"], "there is no command 'statsu'", "did you mean `mattone status`?"),
        (["frobnicate"], "there is no command 'frobnicate'", "`mattone --help` lists the commands"),
        (["a\x1b[2Jb"], "there is no command 'a\\x1b[2Jb'", "lists the commands"),
        (["plan", "--frobnicate"], "unrecognized arguments: --frobnicate", "see `mattone"),
        (["trace"], "the following arguments are required: GROUP/NAME", "see `mattone trace --help`"),
        (["trace", "x", "--sequence", "one"], "invalid int value: 'one'", "see `mattone trace --help`"),
        (["plan", "--output", "xml"], "invalid choice: 'xml'", "see `mattone plan --help`"),
    ],
)
def test_a_wrong_command_line_is_one_message_with_a_hint(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str, hint: str
) -> None:
    assert cli.main(words) == 1
    shown = capsys.readouterr().err
    assert message in shown.replace("\\\\x1b", "\\x1b")
    assert hint in shown


def test_without_words_it_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in cli.COMMANDS)
    assert "exit codes: 0 done" in shown


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_has_a_help_with_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert f"examples:\n  mattone {name}" in shown
    parser = ArgumentParser()
    cli._module(name).arguments(parser)
    for one in _leaves(parser):
        assert {"--repo", "--output"} <= {word for action in one._actions for word in action.option_strings}


def _leaves(parser: ArgumentParser) -> list[ArgumentParser]:
    """The parser itself, or those of its subcommands."""
    below = [
        child for action in parser._actions if isinstance(action.choices, dict) for child in action.choices.values()
    ]
    return below or [parser]


def test_starting_up_imports_nothing_slow() -> None:
    text = "import sys; from mattone import cli; cli.main([]); print(*sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, env={"PYTHONPATH": str(TOOLS)}, check=True
    )
    loaded = set(done.stderr.split())
    slow = {"yaml", "git", "requests", "rich", "toscaparser", "asyncio", "email", "ssl", "hypothesis"}
    assert not slow & loaded
    assert not {name for name in loaded if name.startswith("mattone.commands.")}


def test_interrupting_a_real_process_ends_with_130(tmp_path: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        text = (
            "import sys, time\nfrom mattone import cli\n"
            "def wait(_words):\n    print('up', flush=True)\n    time.sleep(60)\n"
            "cli._dispatch = wait\nsys.exit(cli.main(['status']))\n"
        )
        child = subprocess.Popen([sys.executable, "-c", text], stdout=-1, stderr=-1, env={"PYTHONPATH": str(TOOLS)})
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        child.send_signal(number)
        _, errors = child.communicate(timeout=30)
        assert (child.returncode, errors) == (130, b"interrupted\n")


def test_a_reader_that_has_enough_is_no_error() -> None:
    shell = f"{sys.executable} -m mattone --help | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", shell], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(TOOLS)}, check=False
    )
    assert done.stdout.splitlines()[1:] == ["0"]
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("where", "message"),
    [("empty", "is no platform repository"), ("outside", "is not inside a git repository"), ("gone", "is not inside")],
)
def test_a_folder_that_is_no_platform_is_said_so(tmp_path: Path, where: str, message: str) -> None:
    folder = tmp_path / where
    if where != "gone":
        folder.mkdir()
    if where == "empty":
        git(folder, "init", "--quiet")
    done = mattone("plan", "--repo", str(folder))
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert "hint: " in done.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system to fill")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0755", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_one_message_and_leaves_what_was_there(
    small_disk: Path, command: Callable[[Callable[[], int]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    from mattone.files import write_atomic

    path = small_disk / "x.lock.yaml"
    write_atomic(path, b"old")

    def fill() -> int:
        write_atomic(path, b"x" * 200_000)
        return 0

    command(fill)
    assert cli.main(["status"]) == 1
    shown = capsys.readouterr().err
    assert "error: No space left on device" in shown
    assert "free some space" in shown
    assert [(found.name, found.read_bytes()) for found in small_disk.iterdir()] == [("x.lock.yaml", b"old")]
