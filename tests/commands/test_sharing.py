"""Several processes find what one does: the same bytes, the same exit code, the same kept answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mattone
from dev.bench import synthetic
from mattone.checks.template import check_templates
from mattone.commands import _sharing
from mattone.commands._checking import Seen, files_of

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
_USER = "tosca_definitions_version: tosca_simple_yaml_1_3\nimports: [{}]\ntopology_template: {{ node_templates: {} }}\n"


_NAMES = ["library.yaml", *(f"user-{number}.yaml" for number in range(12)), "broken.yaml", "link.yaml", "absent.yaml"]
_CHANGED = st.none() | st.frozensets(st.sampled_from(_NAMES), max_size=3)


def _write(folder: Path) -> None:
    """A library, and templates that import it, each other, and what is not there; half of them with defects."""
    texts = {"library.yaml": synthetic.library(40).replace("type: integer", "type: integr", 3)}
    for number in range(12):
        node = f"{{ a: {{ type: example.nodes.Kind{number * 5} }} }}"
        other = ("library.yaml", f"user-{(number + 5) % 12}.yaml", "nowhere.yaml")[number % 3]
        texts[f"user-{number}.yaml"] = _USER.format(other, node)
    texts["broken.yaml"] = "a: [\n"
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "link.yaml").symlink_to("library.yaml")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("files")
    _write(made)
    return made


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(names=st.lists(st.sampled_from(_NAMES), min_size=1, unique=True), since=_CHANGED, jobs=st.integers(2, 5))
def test_findings_and_what_was_read_are_those_of_one_process(
    folder: Path, names: list[str], since: frozenset[str] | None, jobs: int
) -> None:
    alone, shared = Seen(files_of(folder, None)), Seen(files_of(folder, None))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_sharing, "_WORTH", 1)
        found = _sharing.check_shared(names, shared, since, jobs)
    assert found == check_templates(names, alone, since)
    assert _lasting(shared) == _lasting(alone)


def _lasting(seen: Seen) -> dict[str, str] | None:
    return None if seen.states is None else {k: v for k, v in seen.states.items() if not v.startswith("link-")}


def _run(folder: Path, *words: str) -> tuple[int, bytes, bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(mattone.__file__).parent.parent)}
    command = [sys.executable, "-m", "mattone", "validate", *words]
    cache = {"MATTONE_CACHE": str(folder / "cache")} if os.access(folder, os.W_OK) else {}
    done = subprocess.run(command, cwd=folder, env={**environment, **cache}, capture_output=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the public templates are not here")
@pytest.mark.parametrize("form", ["text", "json"])
def test_the_corpus_has_the_same_report_whatever_the_number_of_processes(form: str) -> None:
    files = sorted(path.relative_to(CORPUS).as_posix() for path in CORPUS.rglob("*.y*ml"))
    words = ["--no-cache", "--format", form, "--import-map", "IMPORT_MAP.tsv", *files]
    assert _run(CORPUS, "--jobs", "3", *words) == _run(CORPUS, "--jobs", "1", *words)


def test_an_answer_of_several_processes_is_kept_and_a_change_seen(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.yaml").write_text(synthetic.template(800), "utf-8")
    words = ["--jobs", "3", "a.yaml", "b.yaml", "c.yaml"]
    assert _run(tmp_path, *words)[:2] == (0, b"No findings.\n")
    (entry,) = (tmp_path / "cache/answers").iterdir()
    entry.write_bytes(entry.read_bytes().replace(b"No findings", b"From the cache"))
    assert _run(tmp_path, *words)[1] == b"From the cache.\n"
    (tmp_path / "c.yaml").write_text(synthetic.template(800).replace("- host: server_7\n", "- host: servr_7\n"))
    assert _run(tmp_path, *words) == _run(tmp_path, "--jobs=1", *words[2:])
    assert _run(tmp_path, *words)[0] == 3


@pytest.mark.parametrize("word", ["0", "-1", "many", "257", "\N{SUPERSCRIPT TWO}"])
def test_a_number_of_processes_that_is_none_is_refused(tmp_path: Path, word: str) -> None:
    code, _, errors = _run(tmp_path, f"--jobs={word}", "a.yaml")
    assert code == 1
    assert b"from 1 to 256" in errors
