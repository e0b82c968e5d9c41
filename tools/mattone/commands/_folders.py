"""The templates and type files below a folder: what is checked when a folder is named."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from mattone.errors import InputError
from mattone.redact import one_line

# The keyname that every TOSCA file has at its top (1.3, 3.10.3.1), in block style, quoted or not, or in a flow mapping.
_DECLARED = re.compile(rb"""^(?:\xef\xbb\xbf)?(?:\{\s*)?["']?tosca_definitions_version["']?\s*:""", re.MULTILINE)


class Expanded(NamedTuple):
    """Files to check, each once.

    looked_at  what decided which they are: absolute paths of files, and of folders with a `/` at the end
    """

    files: tuple[Path, ...]
    looked_at: tuple[str, ...] = ()


def expand(targets: Sequence[str]) -> Expanded:
    """The files that targets stand for: a file for itself, whatever it holds, and a folder for its TOSCA files.

    Hidden folders and symbolic links are passed over. Raises InputError for a folder without any, and OSError for one
    that cannot be read.
    """
    files: dict[Path, None] = {}
    looked_at: list[str] = []
    for target in targets:
        if not Path(target).is_dir():
            files[Path(target)] = None
            continue
        found = list(_templates(Path(target), looked_at))
        if not found:
            hint = "a file that is named itself is checked whatever it holds"
            raise InputError(f"there is no TOSCA template or type file below {one_line(target, 120)!r}", hint=hint)
        files.update(dict.fromkeys(found))
    return Expanded(tuple(files), tuple(looked_at))


def _templates(top: Path, looked_at: list[str]) -> Iterator[Path]:
    for folder, inner, names in os.walk(top, onerror=_refuse):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        looked_at.append(os.path.join(os.path.abspath(folder), ""))  # noqa: PTH100, PTH118 # the slash is meant
        for name in sorted(names):
            file = Path(folder, name)
            if name.endswith((".yaml", ".yml")) and not file.is_symlink() and file.is_file():
                looked_at.append(os.path.abspath(file))  # noqa: PTH100 # no link is followed
                if _DECLARED.search(file.read_bytes()):
                    yield file


def _refuse(error: OSError) -> NoReturn:
    raise error
