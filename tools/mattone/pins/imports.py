"""Imports of URLs: fetched once into the store, named by digest in a map that is committed, read from there."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mattone import http
from mattone.errors import InputError, MattoneError, Place, RemoteError
from mattone.pins.sources import GitSource, shown
from mattone.pins.store import Store, default_store
from mattone.platform.tree import Tree
from mattone.redact import one_line
from mattone.tosca.files import DEAD, IMPORT_MAP, is_digest, parse_import_map
from mattone.tosca.imports import Resolver, import_entries
from mattone.tosca.limits import MAX_BYTES
from mattone.tosca.paths import import_url, is_git_url, relative_path
from mattone.tosca.source import Document, load

_HEADER = "# Written by `mattone fetch-imports`: what each imported URL stands for. Commit it.\n"
_MOST = 2000  # files of one run; a server can make up new ones for ever
_GONE = (404, 410)
_PARTS = re.compile(r"tosca_definitions_version|imports|topology_template|service_template|[a-z]+_types")


@dataclass(frozen=True, slots=True)
class Problem:
    """An import that could not be fetched: where it is written, and why."""

    place: Place
    message: str
    hint: str = ""


@dataclass(slots=True)
class Fetched:
    """What a run found: the new map, how many files came from the network, and what failed."""

    urls: dict[str, str] = field(default_factory=dict)
    downloads: int = 0
    problems: list[Problem] = field(default_factory=list)


def fetch_imports(paths: Iterable[str], read: Resolver, known: Mapping[str, str], store: Store, anew: bool) -> Fetched:
    """Fetch every URL that files import, directly or not, into the store.

    read   finds files by their path; URLs are never asked of it
    known  the present map; its digests hold unless `anew`: then every URL is asked again

    One import that fails does not keep others from being fetched; its entry stays as it was.
    """
    return _Walk(read, known, store, anew).run(paths)


class _Walk:
    def __init__(self, read: Resolver, known: Mapping[str, str], store: Store, anew: bool) -> None:
        self._read = read
        self._known = known
        self._store = store
        self._anew = anew
        self._found = Fetched()
        self._seen: set[str] = set()
        self._waiting: deque[Document] = deque()

    def run(self, paths: Iterable[str]) -> Fetched:
        for path in paths:
            self._file(path, Place(path))
        while self._waiting:
            document = self._waiting.popleft()
            for reference, _, spot in import_entries(document):
                url = import_url(document.path, reference)
                if url is None:
                    self._file(relative_path(document.path, reference), spot.place())
                elif url not in self._seen:
                    self._url(url, spot.place())
        return self._found

    def _file(self, path: str, place: Place) -> None:
        if path in self._seen:
            return
        self._seen.add(path)
        try:
            found = self._read("", path)
        except MattoneError as error:
            self._say(place, error)
            return
        if found is not None:  # else a finding of `mattone validate`
            self._waiting.append(load(*found))

    def _url(self, url: str, place: Place) -> None:
        self._seen.add(url)
        known = self._known.get(url)
        try:
            if len(self._seen) > _MOST:
                raise InputError(f"more than {_MOST} files import each other", hint="does a server make them up?")
            if known is not None and known != DEAD and not is_digest(known):
                self._found.urls[url] = known  # a file of the repository
                self._file(known, place)
                return
            data = self._content(url, known)
        except MattoneError as error:
            self._say(place, error)
            if isinstance(error, http.StatusError) and error.download.status in _GONE:
                self._found.urls[url] = DEAD
            elif known is not None:
                self._found.urls[url] = known
            return
        self._waiting.append(load(url, data))

    def _content(self, url: str, known: str | None) -> bytes:
        def get() -> bytes:
            self._found.downloads += 1
            return read_url(url)

        if known is not None and known != DEAD and not self._anew:
            self._found.urls[url] = known
            return self._store.obtain(known, url, get)
        data = get()
        self._found.urls[url] = self._store.put(data)
        return data

    def _say(self, place: Place, error: MattoneError) -> None:
        self._found.problems.append(Problem(place, error.message, error.hint))


def read_url(url: str) -> bytes:
    """The TOSCA file at a URL, from the network.

    Raises InputError for a URL that is not followed, RemoteError when what is there is no TOSCA
    file, and what `http.download` and `GitSource` raise.
    """
    if is_git_url(url):
        data, kind = _from_git(url), ""
    elif url.startswith(("https://", "http://")):
        if "@" in url.split("/")[2]:
            raise InputError(f"the URL {shown(url)} holds a user or password", hint="imports cannot carry secrets")
        got = http.download(url, limit=MAX_BYTES, headers={"Accept": "text/plain, application/yaml, */*;q=0.5"})
        data, kind = got.body, got.headers.get("content-type", "")
    else:
        raise InputError(
            f"imports of {shown(url)} are not followed", hint="https://, http:// and git+https://...#REF:PATH are"
        )
    _refuse_no_tosca(url, data, kind)
    return data


def _from_git(url: str) -> bytes:
    """`git+URL#REF:PATH`; a ref is a tag, a branch, a commit, or empty for the newest."""
    address, _, rest = url.removeprefix("git+").partition("#")
    ref, separator, path = rest.rpartition(":")
    if not separator or not path.strip("/"):
        raise InputError(f"{shown(url)} names no file", hint="write git+URL#REF:PATH, for example ...#v1.0:types.yaml")
    source = GitSource.at(address)
    refs = source.refs()
    names = (f"refs/tags/{ref}", f"refs/heads/{ref}") if ref else ("HEAD",)
    commit = next((refs[name] for name in names if name in refs), ref if re.fullmatch(r"[0-9a-f]{40}", ref) else "")
    if not commit:
        raise RemoteError(f"{shown(address)} has no tag or branch {one_line(ref, 80)!r}")
    data = source.file(commit, path.strip("/"))
    if data is None:
        raise RemoteError(f"{shown(address)} has no file {one_line(path, 120)!r} at {ref or 'its newest commit'}")
    return data


def _refuse_no_tosca(url: str, data: bytes, kind: str) -> None:
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if "text/html" in kind or start.startswith((b"<!doctype html", b"<html")):
        raise RemoteError(
            f"{shown(url)} is an HTML page, no TOSCA file", hint="name the raw file: `/raw/` rather than `/blob/`"
        )
    document = load(url, data)
    if document.broken:
        first = document.findings[0]
        raise RemoteError(f"what is at {shown(url)} cannot be used: line {first.place.line}: {first.message}")
    keys = document.value if isinstance(document.value, dict) else {}
    if not any(isinstance(key, str) and _PARTS.fullmatch(key) for key in keys):
        raise RemoteError(f"what is at {shown(url)} is no TOSCA file: it has no section of one")


def dump(urls: Mapping[str, str]) -> bytes:
    """The map's file: sorted, no times, the same bytes for the same map."""
    import yaml

    if not urls:
        return _HEADER.encode() + b"{}\n"
    text = yaml.safe_dump(dict(urls), sort_keys=True, default_flow_style=False, allow_unicode=True, width=10_000)
    return (_HEADER + text).encode()


def map_of(tree: Tree) -> dict[str, str]:
    """The import map of a platform repository; empty when it has none. Raises InputError."""
    data = tree.read(IMPORT_MAP)
    return parse_import_map(IMPORT_MAP, data) if data is not None else {}


def with_imports(local: Resolver, urls: Mapping[str, str], store: Store | None = None) -> Resolver:
    """A resolver that finds imports of URLs through a map, in the store; all else is found by `local`.

    urls  URL to digest, or to a path that `local` finds
    """
    content = (store or default_store()).get

    def resolve(base: str, reference: str, /) -> tuple[str, bytes] | None:
        from mattone.tosca.files import from_map

        url = import_url(base, reference)
        if url is None:
            return local(base, reference)
        return from_map(url, urls, content, lambda path: local("", path))

    return resolve
