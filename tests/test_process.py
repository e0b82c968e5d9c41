"""The door to programs: what they print, how they fail, and that nothing of them is left."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mattone import process, redact
from mattone.errors import HostError, TransientError

PYTHON = sys.executable


def python(text: str, *arguments: str) -> list[str]:
    return [PYTHON, "-c", text, *arguments]


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for a condition; fail when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come about"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """Whether a process runs; a zombie, which only waits to be reaped, does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def test_output_errors_and_code_are_kept_apart() -> None:
    result = process.run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"), accept=(3,))
    assert (result.code, result.output, result.errors) == (3, "out\n", "err\n")


def test_arguments_are_no_shell_text() -> None:
    hostile = "; touch /tmp/never `id` $(id) *"
    assert process.run(python("import sys; print(sys.argv[1])", hostile)).output == hostile + "\n"


def test_stdin_reaches_the_program_and_without_it_there_is_nothing_to_read() -> None:
    read = "import sys; print(len(sys.stdin.buffer.read()))"
    assert process.run(python(read), stdin=b"x" * 300_000).output == "300000\n"
    assert process.run(python(read), stdin="ü").output == "2\n"
    assert process.run(python(read)).output == "0\n"


def test_an_environment_replaces_the_whole_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTER", "seen")
    show = python("import os; print(os.environ.get('OUTER'), os.environ.get('INNER'))")
    assert process.run(show, env={"INNER": "1"}).output == "None 1\n"
    assert process.run(show).output == "seen None\n"


def test_a_failure_names_the_command_the_code_and_the_last_words() -> None:
    lines = "; ".join(f"print('line {n}', file=sys.stderr)" for n in range(9))
    with pytest.raises(process.CommandFailed, match=r"failed with code 4: line 3 \| .*line 8") as caught:
        process.run(python(f"import sys; {lines}; sys.exit(4)"))
    assert "line 2" not in caught.value.message
    assert caught.value.result.code == 4


def test_a_failure_shows_no_secret_and_drives_no_terminal() -> None:
    value = secrets.token_urlsafe(18)
    redact.register([value])
    with pytest.raises(process.CommandFailed) as caught:
        process.run(python("import sys; sys.exit('\\x1b[2J' + sys.argv[1])", value))
    assert value not in caught.value.message
    assert "\x1b" not in caught.value.message


def test_a_program_that_is_not_there_is_said_so() -> None:
    with pytest.raises(HostError, match="'no-such-program' is not installed") as caught:
        process.run(["no-such-program"])
    assert "doctor" in caught.value.hint
    with pytest.raises(HostError, match="not installed"):
        process.require("no-such-program", hint="install it")


def test_a_missing_folder_is_not_blamed_on_the_program(tmp_path: Path) -> None:
    with pytest.raises(HostError) as caught:
        process.run([PYTHON, "--version"], cwd=tmp_path / "gone")
    assert str(tmp_path / "gone") in caught.value.message
    assert "not installed" not in caught.value.message


def test_a_file_that_is_no_program_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    with pytest.raises(HostError, match="cannot start"):
        process.run([str(tmp_path / "text")])


def test_lines_are_seen_while_the_program_runs() -> None:
    seen: list[str] = []
    text = "import sys; print('one', flush=True); print('two', file=sys.stderr, flush=True); print('three')"
    result = process.run(python(text), on_line=seen.append)
    assert seen == ["one", "two", "three"]
    assert result.output == "one\ntwo\nthree\n"


@pytest.mark.parametrize("followed", [False, True])
def test_a_time_limit_ends_the_program_and_says_so(followed: bool) -> None:
    begun = time.monotonic()
    with pytest.raises(TransientError, match="did not end within 0 s and was stopped"):
        process.run(["sleep", "60"], timeout=0.3, on_line=(lambda _line: None) if followed else None)
    assert time.monotonic() - begun < 20


def test_a_time_limit_holds_for_a_program_that_prints_all_the_time() -> None:
    text = "import time\nwhile True: print('x', flush=True); time.sleep(0.01)"
    with pytest.raises(TransientError, match="did not end"):
        process.run(python(text), timeout=0.6, on_line=lambda _line: None)


def test_much_input_and_much_output_do_not_block_each_other() -> None:
    echo = "import sys\nfor line in sys.stdin: sys.stdout.write(line)"
    lines: list[str] = []
    result = process.run(
        python(echo), stdin="x" * 99 + "\n" + ("y" * 99 + "\n") * 20_000, on_line=lines.append, timeout=30
    )
    assert len(lines) == 20_001
    assert len(result.output) == 2_000_100


def test_a_program_that_does_not_read_its_input_is_no_broken_pipe() -> None:
    text = "import os; os.close(0); print('done')"
    result = process.run(python(text), stdin=b"x" * 1_000_000, on_line=lambda _line: None)
    assert result.output == "done\n"


@pytest.mark.parametrize("ending", ["timeout", "interrupt"])
def test_nothing_of_a_stopped_program_is_left_not_even_what_ignores_sigterm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(process, "GRACE", 0.5)
    note = tmp_path / "pid"
    stubborn = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"open({str(note)!r}, 'w').write(str(os.getpid())); print('up', flush=True); time.sleep(60)"
    )
    starter = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {stubborn!r}]); time.sleep(60)"

    def interrupt(_line: str) -> None:
        raise KeyboardInterrupt

    if ending == "interrupt":
        with pytest.raises(KeyboardInterrupt):
            process.run(python(starter), on_line=interrupt)
    else:
        with pytest.raises(TransientError):
            process.run(python(starter), timeout=2.5)
    until(note.exists)
    until(lambda: not lives(int(note.read_text())))


def test_a_detached_program_outlives_the_call_and_writes_to_its_file(tmp_path: Path) -> None:
    output = tmp_path / "log"
    text = "import os; print(os.getsid(0) == os.getpid(), flush=True); import time; time.sleep(60)"
    child = process.detach(python(text), cwd=tmp_path, env=dict(os.environ), output=output)
    try:
        until(lambda: output.read_text() == "True\n")
        assert output.stat().st_mode & 0o777 == 0o600
    finally:
        process.end_group(child)
    assert not lives(child.pid)


def test_a_detached_program_that_cannot_start_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="cannot start 'no-such-program'"):
        process.detach(["no-such-program"], cwd=tmp_path, env={}, output=tmp_path / "log")


def test_an_interrupt_ends_what_the_threads_run_and_starts_no_more() -> None:
    code = (
        "import os\n"
        "from mattone import process\n"
        "def work(number):\n"
        "    os.write(1, b'at it\\n')\n"
        "    process.run(['sleep', '60'])\n"
        "with process.parallel(2) as workers:\n"
        "    workers.map(work, range(4))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(process.__file__).parents[1])}
    child = subprocess.Popen(python(code), env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert [child.stdout.readline() for _ in range(2)] == ["at it\n"] * 2
    begun = time.monotonic()
    child.send_signal(signal.SIGINT)
    rest, errors = child.communicate(timeout=30)
    assert time.monotonic() - begun < 25
    assert rest == ""
    assert "KeyboardInterrupt" in errors
