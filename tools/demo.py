"""The main story, once, for real: from a file in git to a running service and a record that explains it.

Every step is a command that a user types; it is printed before it runs, with the seconds it took
after. `--clean` leaves the machine as it was. Where real machines cannot run, everything that
needs none is done, and the step that needs one says why and ends the demo with an error.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".mattone" / "demo"
FORGE = HOME / "forge.git"
PLATFORM = HOME / "platform"
WORKSPACE = PLATFORM / ".mattone"
DEPLOYMENT = "school/notebooks"
SCRATCH = "school/scratch"

_started = time.monotonic()
_color = sys.stdout.isatty() and "NO_COLOR" not in os.environ


class Stopped(Exception):
    """A step could not be done; the text says which and what to do."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--clean", action="store_true", help="remove everything that the demo made")
    parser.add_argument(
        "--keep-cache", action="store_true", help="with --clean: keep images and the engine's environment"
    )
    options = parser.parse_args()
    try:
        if options.clean:
            return clean(keep_cache=options.keep_cache)
        return story()
    except Stopped as stop:
        print(f"\n{_paint('31', 'stopped:')} {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; `make demo-clean` removes what was made", file=sys.stderr)
        return 130


# The story


def story() -> int:
    """Every step in order; each raises Stopped when it cannot be done."""
    lacking = what_is_missing()
    steps: tuple[tuple[str, Callable[[], None]], ...] = (
        ("A clean start: an embedded forge serves this platform, and trusts the key that signs records", serve),
        ("A researcher asks for JupyterLab: a merge request with the file and its lock", ask),
        ("The merge request's pipeline checks, verifies the lock and plans", check_request),
        ("It is approved and merged", lambda: merge(2)),
        ("The merged state is applied: a real machine, configured over SSH", lambda: deploy(lacking)),
        ("The service answers", visit),
        ("How was it made, and is that true?", explain),
        ("Applying again changes nothing", lambda: mattone("apply")),
        ("A changed input is a plan with one change, and an update", change),
        ("A second deployment comes and goes: deleting is asked for and confirmed", come_and_go),
    )
    for number, (title, action) in enumerate(steps, start=1):
        with step(number, len(steps), title):
            action()
    farewell()
    return 0


def what_is_missing() -> str:
    """Why real machines cannot run here, in one line; empty when they can."""
    from mattone.machines import doctor
    from mattone.platform.site import cache_folder

    able, reason = doctor.verdict(doctor.check(cache_folder()))
    if not able:
        print(_paint("33", reason))
        print("everything that needs none is shown; the step that needs one will stop the demo\n")
    return "" if able else reason


def serve() -> None:
    clean(keep_cache=True, quiet=True)
    HOME.mkdir(parents=True)
    mattone("forge", "create", str(FORGE), "--clone", str(PLATFORM), "--repo", str(ROOT), at=ROOT)
    token = secrets.token_urlsafe(24)
    WORKSPACE.mkdir(mode=0o700)
    store = WORKSPACE / "secrets.env"
    store.touch(mode=0o600)
    store.write_text(f"NOTEBOOK_TOKEN={token}\n", encoding="utf-8")
    print(f"a new token for JupyterLab lies in {store.relative_to(ROOT)}, readable by you alone")
    mattone("keys", "trust", "--author", "operator")
    mattone("pipeline", "1")
    merge(1)


def ask() -> None:
    mattone(
        "request", "jupyterlab", DEPLOYMENT, "--description", "Notebooks for the analysis course",
        "--set", "num_cpus=1", "--set", "mem_size='2 GB'", "--set", "volume_size='1 GB'",
        "--secret", "token=env:NOTEBOOK_TOKEN", "--author", "researcher", "--yes",
    )  # fmt: skip


def check_request() -> None:
    mattone("pipeline", "2")
    mattone("mr", "show", "2")


def merge(number: int) -> None:
    mattone("mr", "approve", str(number), "--user", "maintainer")
    mattone("mr", "merge", str(number), "--user", "maintainer")
    git("pull", "--quiet", "--ff-only")


def deploy(lacking: str) -> None:
    if lacking:
        raise Stopped(
            f"this step needs a real machine, and {lacking}\n`mattone doctor` says how to get what is missing"
        )
    mattone("pipeline", "main")


def visit() -> None:
    url = outputs(DEPLOYMENT)["endpoint"]
    status = api(url, "api/status")
    print(f"{url} answers: {status}")


def explain() -> None:
    mattone("trace", DEPLOYMENT)
    mattone("verify", DEPLOYMENT)


def change() -> None:
    mattone("request", "-", DEPLOYMENT, "--set", "num_cpus=2", "--author", "researcher", "--yes")
    mattone("pipeline", "3")
    merge(3)
    mattone("pipeline", "main")
    visit()


def come_and_go() -> None:
    mattone("request", "single-vm", SCRATCH, "--set", "mem_size='512 MB'", "--author", "researcher", "--yes")
    mattone("pipeline", "4")
    merge(4)
    mattone("pipeline", "main")
    mattone("machines")
    mattone("request", "-", SCRATCH, "--delete", "--author", "researcher", "--yes")
    mattone("pipeline", "5")
    merge(5)
    mattone("pipeline", "main", "--confirm", SCRATCH)
    mattone("machines")


def farewell() -> None:
    url = outputs(DEPLOYMENT)["endpoint"]
    token = (WORKSPACE / "secrets.env").read_text(encoding="utf-8").partition("=")[2].strip()
    here = PLATFORM.relative_to(ROOT)
    print(
        f"""
{_paint("1", "JupyterLab runs and is yours to look at.")}
  {url}lab?token={token}

Go on in the clone, `cd {here}` and `export PATH={ROOT}/.venv/bin:$PATH`:
  mattone status                               what is wanted, applied and running
  mattone trace {DEPLOYMENT}               how it was made
  mattone machines                             its machine, address and sizes
  mattone log {DEPLOYMENT}                 what the engine did
  mattone stop {DEPLOYMENT}                switch it off; `start` switches it on
  mattone request                              ask for something else
  mattone mr list                              merge requests

`make demo-clean` leaves the machine as it was."""
    )


# Cleaning


def clean(*, keep_cache: bool, quiet: bool = False) -> int:
    """Stop the engine, remove machines, networks, mounts and files; with the cache when asked."""
    if WORKSPACE.is_dir():
        from mattone.commands._teardown import teardown

        teardown(PLATFORM)
    shutil.rmtree(HOME, ignore_errors=True)
    if HOME.exists():
        raise Stopped(f"{HOME} cannot be removed")
    with contextlib.suppress(OSError):  # somebody else may keep something there
        HOME.parent.rmdir()
    if not keep_cache:
        from mattone.platform.site import cache_folder

        shutil.rmtree(cache_folder(), ignore_errors=True)
    if not quiet:
        print("the demo's machines, networks, processes and files are gone" + ("" if keep_cache else ", its cache too"))
    return 0


# Small helpers


def mattone(*words: str, at: Path = PLATFORM) -> None:
    """Run one command, shown as a user would type it. Raises Stopped when it fails."""
    print(_paint("36", f"$ mattone {' '.join(_shown(word) for word in words)}"), flush=True)
    command = [sys.executable, "-m", "mattone", *words]
    child = subprocess.Popen(command, cwd=at)
    try:
        code = child.wait()
    except KeyboardInterrupt:
        child.wait()  # it has had the interrupt too, and ends what it started
        raise
    if code != 0:
        raise Stopped(f"`mattone {' '.join(words)}` ended with code {code}")


def outputs(deployment: str) -> dict[str, str]:
    import json

    command = [sys.executable, "-m", "mattone", "outputs", deployment, "--output", "json"]
    text = subprocess.run(command, cwd=PLATFORM, check=True, capture_output=True, text=True).stdout
    found: dict[str, str] = json.loads(text)["outputs"]
    return found


def api(url: str, path: str) -> str:
    """JupyterLab's answer to an API call with our token, over its self-signed HTTPS."""
    import ssl
    import urllib.request

    token = (WORKSPACE / "secrets.env").read_text(encoding="utf-8").partition("=")[2].strip()
    request = urllib.request.Request(url + path, headers={"Authorization": f"token {token}"})  # noqa: S310
    # The certificate was made on the machine a moment ago; nobody vouches for it yet.
    context = ssl._create_unverified_context()  # noqa: S323
    with urllib.request.urlopen(request, context=context, timeout=20) as answer:  # noqa: S310
        return str(answer.read().decode())


def git(*words: str) -> None:
    subprocess.run(["git", "-C", str(PLATFORM), *words], check=True)


def _shown(word: str) -> str:
    import shlex

    path = word.replace(str(ROOT) + "/", "")
    return shlex.quote(path if path != str(ROOT) else ".")


@contextmanager
def step(number: int, total: int, title: str) -> Iterator[None]:
    print(_paint("1", f"\n[{number}/{total}] {title}"), flush=True)
    begun = time.monotonic()
    yield
    now = time.monotonic()
    print(
        _paint("32", f"[{number}/{total}] done in {now - begun:.1f} s ({now - _started:.1f} s since the start)"),
        flush=True,
    )


def _paint(code: str, text: str) -> str:
    return f"\033[{code}m{text}\033[0m" if _color else text


if __name__ == "__main__":
    sys.exit(main())
