"""For a deployment of each service: lock, delete the caches, bundle in another place: the same bytes."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.catalog.files import SERVICES
from tests.forges.site import git
from tests.pins.places import DEPLOYMENT, Place, clone, platform_of

YEARS = 7 * 365 * 24 * 3600
OTHER = (
    ("TZ", "Pacific/Kiritimati"), ("LC_ALL", "C"), ("LANG", "C"), ("PYTHONHASHSEED", "4242"),
    ("SOURCE_DATE_EPOCH", "1000000000"), ("USER", "somebody"),
)  # fmt: skip


@pytest.mark.parametrize("service", SERVICES)
def test_two_places_make_the_same_bytes(tmp_path: Path, service: str) -> None:
    root = platform_of(tmp_path / "one", service)
    here = Place(tmp_path / "one", variables=(("PYTHONHASHSEED", "1"), ("TZ", "UTC"), ("LC_ALL", "C.UTF-8")))
    assert here.run("lock").returncode == 0
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=lock")
    first = here.bundle()
    here.forget()
    there = Place(tmp_path / "a folder/of\u00e4other name", mask=0o077, shift=YEARS, variables=OTHER)
    clone(root, there.folder)
    second = there.bundle()
    assert (first["bundle"], first["digest"], first["lock"]) == (second["bundle"], second["digest"], second["lock"])
    data = (here.folder / "out.csar").read_bytes()
    assert (there.folder / "out.csar").read_bytes() == data
    done = there.run("bundle", "--verify", str(here.folder / "out.csar"), DEPLOYMENT)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(tmp_path).encode() not in data
    assert here.bundle() == {**first, "file": str(here.folder / "out.csar")}


def test_the_other_clock_is_another_clock(tmp_path: Path) -> None:
    """Else the test above would show nothing: whoever wrote the time of day into a bundle would be seen."""
    place = Place(tmp_path, shift=YEARS)
    (tmp_path / "platform").mkdir()
    place.run("--version")
    ask = "import time; print(time.time_ns() // 10**9, time.localtime().tm_year)"
    code = [sys.executable, "-c", ask]
    said = subprocess.run(code, env={"PYTHONPATH": str(tmp_path / "clock")}, capture_output=True, text=True, check=True)
    seconds, year = map(int, said.stdout.split())
    assert abs(seconds - time.time() - YEARS) < 3600
    assert year - time.localtime().tm_year in (6, 7)
