"""Where the thing under a cursor is defined."""

from __future__ import annotations

import re
from importlib import util
from pathlib import Path

from lsprotocol import types as lsp

from mattone.errors import Place
from mattone.lsp.folders import is_plain
from mattone.lsp.report import token_end
from mattone.lsp.session import Session
from mattone.lsp.subject import File, Input, Subject
from mattone.lsp.text import Text
from mattone.tosca.artifacts import file_problem
from mattone.tosca.spots import Spot

_LATER = "later-types.yaml"
_ROLE = re.compile(r"(?:[\w-]+\.)*([a-z][a-z0-9_]*)(?:,[\w.]*)?")  # a role's name as Galaxy has it, and a version
_SHIPPED = "tosca-parser/"


def spot_of(subject: Subject) -> Spot | None:
    """Where a subject is defined; None for words of the language and for files."""
    if isinstance(subject, Input):
        return subject.definition.spot
    found = getattr(subject, "spot", None)
    return found if isinstance(found, Spot) else None


def location(session: Session, root: Path, path: str, subject: Subject) -> lsp.Location | None:
    """Where a subject of the file at `path` below `root` is defined; None when that is nowhere."""
    if isinstance(subject, File):
        return _file(session, root, path, subject.reference)
    spot = spot_of(subject)
    if spot is None:
        return None
    place = spot.key_place()
    file = _source(root, place)
    return Location(session, file).of(place) if file is not None else None


def _source(root: Path, place: Place) -> Path | None:
    """The file of a place: below the root, or one of those that the normative types come from."""
    if place.path == _LATER:
        return Path(util.find_spec("mattone.tosca").submodule_search_locations[0]) / _LATER  # type: ignore[union-attr,index]
    if place.path.startswith(_SHIPPED):
        spec = util.find_spec("toscaparser")
        folders = list(spec.submodule_search_locations or ()) if spec else []
        return Path(folders[0]) / place.path.removeprefix(_SHIPPED) if folders else None
    return root / place.path


def _file(session: Session, root: Path, path: str, reference: str) -> lsp.Location | None:
    target, problem = file_problem(path, reference)
    role = _ROLE.fullmatch(reference)
    names = [] if problem else [target]
    names += [f"ansible-roles/{role[1]}/{inner}" for inner in ("role.yaml", "tasks/main.yml")] if role else []
    for name in names:
        if is_plain(root, name) and (root / name).is_file():
            start = lsp.Position(0, 0)
            return lsp.Location(session.uri_of(root / name), lsp.Range(start, start))
    return None


class Location:
    """Places of one file as an editor counts them."""

    def __init__(self, session: Session, file: Path) -> None:
        self.uri = session.uri_of(file)
        self.text: Text = session.text_of(file)

    def of(self, place: Place) -> lsp.Location:
        begin = self.text.at(place)
        return lsp.Location(self.uri, self.text.range(begin, token_end(self.text, begin)))
