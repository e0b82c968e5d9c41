"""What an editor has open: texts, the folders they belong to, and which file is what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types as lsp
from pygls.uris import to_fs_path

from mattone.lsp.folders import Overlay, is_plain, root_of
from mattone.lsp.kinds import Kind, kind_of
from mattone.lsp.text import Encoding, Text


@dataclass(frozen=True, slots=True)
class Opened:
    """One open document. `path` is that below `root`; `plain`: no symbolic link leads to it."""

    uri: str
    file: Path
    root: Path
    path: str
    text: Text
    plain: bool

    @property
    def kind(self) -> Kind:
        return kind_of(self.path, self.text.source)


@dataclass
class Session:
    """The open documents of one editor; changed by the server's loop alone."""

    encoding: Encoding = lsp.PositionEncodingKind.Utf16
    folders: list[Path] = field(default_factory=list)
    import_map: Path | None = None
    documents: dict[str, Opened] = field(default_factory=dict)
    generation: int = 0  # grows with every change of any file

    def open(self, uri: str, source: str, version: int | None) -> Opened | None:
        """Take a document in; None when it is no file."""
        name = to_fs_path(uri)
        if not name:
            return None
        file = Path(name)
        if "\0" in name or not file.is_absolute():
            return None
        root = root_of(file, self.folders)
        path = file.relative_to(root).as_posix()
        made = Opened(uri, file, root, path, Text(source, version, self.encoding), is_plain(root, path))
        self.documents[uri] = made
        return made

    def change(
        self, uri: str, changes: Iterable[lsp.TextDocumentContentChangeEvent], version: int | None
    ) -> Opened | None:
        """Apply an editor's changes, one after the other; None when the document is not open."""
        known = self.documents.get(uri)
        if known is None:
            return None
        text = known.text
        for change in changes:
            text = text.changed(change, version)
        made = Opened(uri, known.file, known.root, known.path, text, known.plain)
        self.documents[uri] = made
        return made

    def overlay(self, root: Path) -> Overlay:
        """The files of a folder as they are now; later changes are not seen."""
        texts = {
            one.path: one.text.source.encode("utf-8", "surrogatepass")
            for one in self.documents.values()
            if one.root == root and one.plain
        }
        return Overlay(root, texts, self._urls(root))

    def _urls(self, root: Path) -> Mapping[str, str]:
        """What imports of URLs stand for below a folder. Raises InputError when the map cannot be used there."""
        from mattone.tosca.files import IMPORT_MAP, read_import_map

        chosen = self.import_map or root / IMPORT_MAP
        return read_import_map(chosen, root) if self.import_map or chosen.is_file() else {}

    def text_of(self, file: Path) -> Text:
        """The text of a file as the editor has it, else as it lies on disk; an empty one when it cannot be read."""
        for one in list(self.documents.values()):
            if one.file == file:
                return one.text
        return Text(_on_disk(file), None, self.encoding)

    def uri_of(self, file: Path) -> str:
        """The editor's own spelling of a file's address, where it has one."""
        return next((one.uri for one in list(self.documents.values()) if one.file == file), file.as_uri())


def _on_disk(file: Path) -> str:
    from mattone.tosca.limits import MAX_BYTES

    try:
        if not file.is_file() or file.stat().st_size > MAX_BYTES:
            return ""
        with file.open(encoding="utf-8", errors="replace", newline="") as opened:
            return opened.read()
    except OSError:
        return ""
