"""Imports of URLs: fetched from real servers, kept by digest, read without a network."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mattone
from mattone.pins.imports import Fetched, dump, fetch_imports, with_imports
from mattone.pins.store import Store
from mattone.tosca.files import DEAD, FileResolver, parse_import_map
from mattone.tosca.paths import import_url
from tests.checks.test_commands import run
from tests.pins.elsewhere import Elsewhere
from tests.web import Page, Web, redirect, serving, trickling

LIBRARY = "tosca_definitions_version: tosca_simple_yaml_1_3\n"
TEMPLATE = "tosca_definitions_version: tosca_simple_yaml_1_3\ndescription: x\nimports:\n"


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MATTONE_CACHE", str(tmp_path / "cache"))
    made = tmp_path / "work"
    made.mkdir()
    return made


def library(*imports: str, types: str = "") -> str:
    listed = f"imports: {json.dumps(imports)}\n" if imports else ""
    return LIBRARY + listed + (f"node_types: {{{types}: {{derived_from: tosca.nodes.Root}}}}\n" if types else "")


def template(folder: Path, *imports: str, name: str = "page.yaml") -> None:
    (folder / name).write_text(TEMPLATE + "".join(f"  - {one}\n" for one in imports))


def fetched(folder: Path, known: dict[str, str] | None = None, anew: bool = False) -> Fetched:
    store = Store(folder.parent / "cache" / "store")
    paths = sorted(path.name for path in folder.glob("*.yaml"))
    return fetch_imports(paths, FileResolver(folder), known or {}, store, anew)


def problem(folder: Path) -> str:
    (one,) = fetched(folder).problems
    assert str(one.place).startswith("page.yaml:4:")
    return one.message


def test_everything_that_is_imported_is_fetched_once_and_found_without_network(folder: Path, web: Web) -> None:
    web.pages |= {
        "/v1/all.yaml": library("parts/a.yaml", "/v1/parts/b.yaml"),
        "/v1/parts/a.yaml": library("b.yaml", types="example.A"),
        "/v1/parts/b.yaml": library("../all.yaml", types="example.B"),  # a circle
    }
    template(folder, f"{web.url}/v1/all.yaml", f"named: {web.url}/v1/parts/b.yaml")
    template(folder, f"{web.url}/v1/all.yaml", name="second.yaml")
    found = fetched(folder)
    assert (found.problems, found.downloads, len(web.asked)) == ([], 3, 3)
    assert sorted(found.urls) == [f"{web.url}/v1/{name}.yaml" for name in ("all", "parts/a", "parts/b")]
    again = fetched(folder, found.urls)
    assert (again.urls, again.downloads, len(web.asked)) == (found.urls, 0, 3)
    resolver = with_imports(FileResolver(folder), found.urls, Store(folder.parent / "cache" / "store"))
    path, data = resolver(f"{web.url}/v1/parts/a.yaml", "b.yaml") or ("", b"")
    assert (path, data.decode()) == (f"{web.url}/v1/parts/b.yaml", web.pages["/v1/parts/b.yaml"])
    assert resolver("page.yaml", f"{web.url}/v1/other.yaml") is None
    assert len(web.asked) == 3


def test_a_repository_of_the_template_is_part_of_the_url(folder: Path, web: Web) -> None:
    web.pages["/v1/a.yaml"] = library()
    text = TEMPLATE + f"  - {{file: a.yaml, repository: types}}\nrepositories: {{types: {web.url}/v1/}}\n"
    (folder / "page.yaml").write_text(text)
    assert list(fetched(folder).urls) == [f"{web.url}/v1/a.yaml"]


def test_a_changed_byte_at_the_source_is_named(folder: Path, web: Web) -> None:
    web.pages["/a.yaml"] = library(types="example.A")
    template(folder, f"{web.url}/a.yaml")
    known = fetched(folder).urls
    web.pages["/a.yaml"] = library(types="example.B")
    for piece in (folder.parent / "cache").rglob("*"):
        if piece.is_file():
            piece.unlink()
    found = fetched(folder, known)
    assert f"{web.url}/a.yaml is not what was locked" in found.problems[0].message
    assert found.urls == known
    moved = fetched(folder, known, anew=True)
    assert moved.problems == []
    assert moved.urls != known


HOSTILE: dict[str, tuple[object, str]] = {
    "an HTML page": (Page(b"<!DOCTYPE html><title>x", kind="text/html; charset=utf-8"), "is an HTML page"),
    "an HTML page that says it is text": (b"\n\xef\xbb\xbf<html><body>", "is an HTML page"),
    "no UTF-8": (b"tosca_definitions_version: \xff\n", "cannot be used: line 1"),
    "no YAML": ("a: [\n", "cannot be used: line"),
    "an error page with status 200": ("404: Not Found\n", "is no TOSCA file"),
    "a text": ("hello", "is no TOSCA file"),
    "nothing": (b"", "is no TOSCA file"),
    "aliases that explode": (
        "imports: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in itertools.pairwise("abcdefgh")),
        "cannot be used",
    ),
    "more than allowed": (b"# " + b"x" * 5_000_001, "larger than 5000000 bytes"),
    "a circle of redirects": (redirect("/a.yaml"), "round in a circle"),
    "a redirect to a file": (redirect("file:///etc/passwd"), "refused to follow"),
    "a server that is busy": (Page(b"", status=503), "HTTP 503"),
    "a server that forbids": (Page(b"", status=403), "HTTP 403"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_type_file_is_refused_with_its_reason(folder: Path, web: Web, case: str) -> None:
    web.pages["/a.yaml"], message = HOSTILE[case]  # type: ignore[assignment]
    template(folder, f"{web.url}/a.yaml")
    assert message in problem(folder)
    assert fetched(folder).urls == {}


def test_a_slow_trickle_is_given_up(folder: Path, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.pages["/a.yaml"] = trickling(b"# x\n", 0.05)
    monkeypatch.setattr("mattone.http.download.__kwdefaults__", {"headers": None, "seconds": 0.5, "silence": 5.0})
    template(folder, f"{web.url}/a.yaml")
    assert "not done within" in problem(folder)


def test_a_server_that_makes_up_imports_for_ever(folder: Path, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mattone.pins.imports._MOST", 30)
    web.pages |= {f"/{number}.yaml": library(f"{number + 1}.yaml") for number in range(100)}
    template(folder, f"{web.url}/0.yaml")
    found = fetched(folder)
    assert "more than 30 files import each other" in found.problems[0].message
    assert len(web.asked) <= 30


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/a.yaml", "http://me:word@127.0.0.1/a.yaml", "git+ext::sh://x#a:b"]
)
def test_urls_that_are_not_followed(folder: Path, url: str) -> None:
    template(folder, f"'{url}'")
    message = problem(folder)
    assert "word@" not in message


def test_one_failure_hides_no_other_and_a_dead_url_is_remembered(folder: Path, web: Web) -> None:
    web.pages |= {"/good.yaml": library(), "/gone.yaml": Page(b"", status=410)}
    template(folder, *(f"{web.url}/{name}.yaml" for name in ("missing", "good", "gone")))
    found = fetched(folder)
    assert [str(one.place) for one in found.problems] == ["page.yaml:4:5", "page.yaml:6:5"]
    assert {url.rsplit("/", 1)[1]: target for url, target in found.urls.items() if target == DEAD} == {
        "missing.yaml": DEAD, "gone.yaml": DEAD,
    }  # fmt: skip
    web.pages["/missing.yaml"] = library()
    assert len(fetched(folder, found.urls).problems) == 1  # asked again


def test_a_library_in_a_git_repository(folder: Path, tmp_path: Path) -> None:
    files = {
        "types/all.yaml": library("parts/a.yaml"),
        "types/parts/a.yaml": library("../../b.yaml"),
        "b.yaml": library(),
    }
    types = Elsewhere(tmp_path / "types", files, "v1.0.0")
    types.commit({"b.yaml": "broken: ["})
    address = f"git+{types.url}"
    template(folder, f'"{address}#v1.0.0:types/all.yaml"')
    found = fetched(folder)
    assert found.problems == []
    assert sorted(found.urls) == [
        f"{address}#v1.0.0:{path}" for path in ("b.yaml", "types/all.yaml", "types/parts/a.yaml")
    ]
    for reference, message in {
        "#v9:types/all.yaml": "has no tag or branch 'v9'",
        "#v1.0.0:none.yaml": "has no file 'none.yaml' at v1.0.0",
        "#:b.yaml": "cannot be used: line",
        "#v1.0.0": "names no file",
    }.items():
        template(folder, f'"{address}{reference}"')
        assert message in problem(folder)


@pytest.mark.parametrize(
    ("base", "reference", "expected"),
    [
        ("a/b.yaml", "c.yaml", None),
        ("a/b.yaml", "https://h/x.yaml", "https://h/x.yaml"),
        ("https://h/a/b.yaml", "c.yaml", "https://h/a/c.yaml"),
        ("https://h/a/b.yaml", "../c.yaml", "https://h/c.yaml"),
        ("https://h/a/b.yaml?raw=1", "c.yaml", "https://h/a/c.yaml"),
        ("git+https://h/x.git#v1:a/b.yaml", "../c.yaml", "git+https://h/x.git#v1:c.yaml"),
        ("git+https://h/x.git#v1:a/b.yaml", "https://h/c.yaml", "https://h/c.yaml"),
    ],
)
def test_where_relative_imports_of_urls_lead(base: str, reference: str, expected: str | None) -> None:
    assert import_url(base, reference) == expected


URLS = st.from_regex(r"https?://[a-z]{1,5}/[a-zA-Z0-9_./: #-]{0,12}", fullmatch=True)
TARGETS = st.one_of(st.just(DEAD), st.from_regex(r"sha256:[0-9a-f]{64}", fullmatch=True), st.just("types/a.yaml"))


@given(st.dictionaries(URLS, TARGETS, max_size=6), st.randoms())
def test_the_map_is_read_back_and_its_bytes_know_no_order(urls: dict[str, str], chance: object) -> None:
    shuffled = list(urls.items())
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert dump(dict(shuffled)) == dump(urls)
    assert parse_import_map("imports.lock.yaml", dump(urls)) == urls


# The commands


def test_fetch_then_validate_without_a_server(folder: Path) -> None:
    with serving() as web:
        web.pages |= {"/a.yaml": library("b.yaml"), "/b.yaml": library(types="example.B")}
        template(folder, f"{web.url}/a.yaml")
        before = run(folder, "validate", "page.yaml")
        assert "TOSCA1005" in before.stdout
        done = run(folder, "fetch-imports", "page.yaml")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "2 URLs imported, 0 dead, 2 fetched; imports.lock.yaml is changed\n"
        assert web.asked == ["/a.yaml", "/b.yaml"]
    after = run(folder, "validate", "page.yaml")
    assert "TOSCA1005" not in after.stdout
    text = (folder / "imports.lock.yaml").read_text()
    assert run(folder, "fetch-imports", "page.yaml").stdout.endswith("0 fetched; imports.lock.yaml is as it was\n")
    assert (folder / "imports.lock.yaml").read_text() == text


def test_findings_of_an_imported_file_stand_at_its_url(folder: Path, web: Web) -> None:
    web.pages["/a.yaml"] = library() + "node_types: {example.A: {derived_from: example.Missing}}\n"
    template(folder, f"{web.url}/a.yaml")
    run(folder, "fetch-imports", "page.yaml")
    (folder / "page.yaml").write_text((folder / "page.yaml").read_text() + (
        "topology_template: {node_templates: {a: {type: example.A}}}\n"))  # fmt: skip
    shown = run(folder, "validate", "page.yaml").stdout
    assert f"{web.url}/a.yaml:2:" in shown
    assert "example.Missing" in shown


def test_a_dead_import_and_one_that_is_not_in_the_store_are_findings(folder: Path, web: Web) -> None:
    template(folder, f"{web.url}/a.yaml")
    done = run(folder, "fetch-imports", "page.yaml")
    assert done.returncode == 1
    assert "page.yaml:4:5: GET" in done.stderr
    assert "nothing was at this URL when imports were fetched" in run(folder, "validate", "page.yaml").stdout
    (folder / "imports.lock.yaml").write_text(f"{web.url}/a.yaml: sha256:{'0' * 64}\n")
    shown = run(folder, "validate", "page.yaml").stdout
    assert "was not fetched yet" in shown
    assert "mattone fetch-imports" in shown


@pytest.mark.parametrize(
    "text", ["[]", "a: [", "x: y", "https://h/a: 7", "https://h/a: sha256:77", "https://h/a: dead/../../x"]
)
def test_a_map_that_is_none_is_said_with_its_place(folder: Path, text: str) -> None:
    template(folder)
    (folder / "imports.lock.yaml").write_text(text + "\n")
    for command in ("validate", "fetch-imports"):
        done = run(folder, command, "page.yaml")
        assert done.returncode == 1
        assert "imports.lock.yaml" in done.stderr


def test_damage_in_the_store_is_found_and_mended(folder: Path, web: Web) -> None:
    web.pages["/a.yaml"] = library(types="example.A")
    template(folder, f"{web.url}/a.yaml")
    run(folder, "fetch-imports", "page.yaml")
    (piece,) = (folder.parent / "cache/store/sha256").rglob("?" * 62)
    piece.chmod(0o644)
    piece.write_text(library(types="example.EVIL"))
    done = run(folder, "validate", "page.yaml", "--no-cache")
    assert "is damaged" in done.stdout
    assert "EVIL" not in done.stdout
    assert "was damaged and is fetched again" in run(folder, "fetch-imports", "page.yaml").stderr
    assert piece.read_text() == web.pages["/a.yaml"]


def test_runs_at_once_write_one_map(folder: Path, web: Web) -> None:
    web.pages |= {f"/{number}.yaml": library(types=f"example.T{number}") for number in range(8)}
    template(folder, *(f"{web.url}/{number}.yaml" for number in range(8)))
    command = [sys.executable, "-m", "mattone", "fetch-imports", "page.yaml"]
    environment = {
        "PYTHONPATH": str(Path(mattone.__file__).parent.parent),
        "MATTONE_CACHE": str(folder.parent / "cache"), "PATH": "/usr/bin:/bin",
    }  # fmt: skip
    running = [subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE) for _ in range(4)]
    assert [child.wait(60) for child in running] == [0] * 4
    for child in running:
        assert child.stdout is not None
        child.stdout.close()
    assert len(parse_import_map("m", (folder / "imports.lock.yaml").read_bytes())) == 8
    assert "TOSCA1005" not in run(folder, "validate", "page.yaml").stdout
