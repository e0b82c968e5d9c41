"""TOSCA's built-in types, from the data file that tosca-parser ships, and a file of what later versions added.

Only the data file is used: importing tosca-parser takes longer than checking a template.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import util
from pathlib import Path

from mattone.errors import HostError
from mattone.tosca.source import load
from mattone.tosca.spots import Spot
from mattone.tosca.types import KINDS, Scope, TypeDef

_FILE = "elements/TOSCA_definition.yaml"
_LATER = "later-types.yaml"


@lru_cache(maxsize=1)
def normative() -> Scope:
    """The scope of TOSCA's built-in types. Raises HostError when tosca-parser is not installed."""
    scope = Scope()
    later = (Path(__file__).parent / _LATER).read_bytes()
    for path, data in ((f"tosca-parser/{_FILE}", _data()), (_LATER, later)):
        document = load(path, data)
        for kind, (section, _) in KINDS.items():
            for name, raw in (document.value.get(section) or {}).items():
                scope.define(TypeDef(kind, name, raw, Spot(document, (section, name)), scope, normative=True))
    for alias, name in document.value["aliases"].items():
        found = scope.find("capability", name)
        if found is not None:
            scope.define(found, alias=alias)
    return scope


def _data() -> bytes:
    spec = util.find_spec("toscaparser")  # finds the folder without importing the package
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        file = Path(folder) / _FILE
        if file.is_file():
            return file.read_bytes()
    raise HostError("TOSCA's normative types are missing", hint="install tosca-parser, which ships them")
