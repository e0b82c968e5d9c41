"""Files of others may hold anything: reading what they need never raises, and never takes long."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattone.errors import InputError
from mattone.pins import spelling
from mattone.pins.charts import charts_in, dependencies_in, repositories_in
from mattone.pins.images import images_of
from mattone.pins.needs import needs_of
from mattone.tosca.source import load

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
PATHS = (
    "meta/main.yml", "requirements.yml", "meta/requirements.yml", "galaxy.yml", "MANIFEST.json", "tasks/main.yml",
    "defaults/main.yml", "templates/a.yml.j2", "compose.yml", "Chart.yaml", "values.yaml",
)  # fmt: skip
WORDS = st.sampled_from([
    "dependencies", "collections", "roles", "role", "src", "name", "version", "image", "repository", "tag",
    "registry", "services", "kind", "apiVersion", "include_role", "kubernetes.core.helm", "helm_repository",
    "chart_ref", "chart_version", "repo_url", "collection_info", "web_image", "web_image_tag", "source", "type",
    "git", "digest",
])  # fmt: skip
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=20),
    st.sampled_from(["a.b,1.0", "git+https://h/x|y", "h.org/x:1", "{{ web_image }}", "{{ x", "a/b"]),
    st.sampled_from(["helm install a b --version", "helm repo add x", "helm pull"]),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


def read(path: str, data: bytes) -> None:
    files = {path: (False, data)}
    needs_of(files, "who")
    images_of(files, "who")
    text = data.decode("utf-8", "replace")
    list(charts_in(text, path, repositories_in(text)))
    list(dependencies_in(load(path, data).value, path))


@given(st.sampled_from(PATHS), st.binary(max_size=200))
def test_any_bytes(path: str, data: bytes) -> None:
    read(path, data)


@given(st.sampled_from(PATHS), VALUES)
def test_any_values_where_other_ones_belong(path: str, value: object) -> None:
    read(path, json.dumps(value).encode())


@given(st.text(max_size=60))
def test_any_text_as_a_reference(text: str) -> None:
    spelling.image(text)
    for parse in (spelling.role, spelling.collection):
        with contextlib.suppress(InputError):
            assert parse(text).name


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        "&a [*a]",
        "a: &a {image: *a}",
        "image: " + "{{ a }}" * 10_000,
        "image: " + "a" * 100_000,
        "image: " + "a-" * 50_000 + "!",
        "helm install " + "a " * 100_000,
        "helm repo add " * 20_000,
        "helm install '" + "x" * 100_000,
        "image: x\n" * 50_000 + "{% x %}",
        "\n".join(f"v{n}_image: '{{{{ v{n + 1}_image }}}}{{{{ v{n + 1}_image }}}}'" for n in range(60)),
    ],
)
@pytest.mark.timeout(20)
def test_texts_that_are_made_to_take_long(text: str) -> None:
    for path in ("tasks/main.yml", "defaults/main.yml", "meta/main.yml", "templates/a.yml.j2"):
        read(path, text.encode())


def test_every_reference_of_public_templates_is_understood() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"{CORPUS} is not here: the public templates are no part of the repository")
    written: set[tuple[str, str]] = set()
    for path in sorted(CORPUS.rglob("*.y*ml")):
        waiting = [load(path.name, path.read_bytes()).value]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                kind = str(value.get("type"))
                if kind.startswith("tosca.artifacts.AnsibleGalaxy.") and isinstance(value.get("file"), str):
                    written.add((kind.rsplit(".", 1)[1], value["file"]))
                waiting += value.values()
            elif isinstance(value, list):
                waiting += value
    assert len(written) > 50
    parse = {"role": spelling.role, "collection": spelling.collection}
    refused = []
    for kind, reference in written:
        try:
            found = parse[kind](reference)
        except InputError:
            refused.append((kind, reference))
        else:
            assert found.name
    assert refused == []
