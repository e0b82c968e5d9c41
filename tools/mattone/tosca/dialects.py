"""What differs between the Simple Profile (1.0 to 1.3) and TOSCA 2.0 besides their keynames, as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mattone.tosca import grammar

UNBOUNDED = 10**9


class Dialect(NamedTuple):
    """One way to write TOSCA.

    elements    the grammar, `root` the element that a whole file is, `service` its section with node templates
    primitives  names of the built-in data types
    normative   whether built-in types of nodes, relationships, ... are there without an import
    functions   names of the built-in functions; `sigil` is what a call begins with
    entities    words that stand for an entity where a function names one
    limits      keyname that says how often a requirement may be fulfilled; `unlimited` when it is left out
    sources, targets  keynames of a type for the node types that its relationships may come from and lead to
    bare        operations may stand in an interface without a section of their own
    refines     a definition of a name that is inherited adds to it, keyname by keyname
    whole       elements whose sections may not stand there empty
    """

    elements: Mapping[str, Mapping[str, str]]
    root: str
    service: str
    primitives: frozenset[str]
    normative: bool
    functions: frozenset[str]
    sigil: str
    entities: frozenset[str]
    limits: str
    unlimited: tuple[int, int]
    sources: str
    targets: str
    bare: bool
    refines: bool
    whole: frozenset[str] = frozenset()

    def __hash__(self) -> int:
        return hash(self.root)  # there is one of each


SIMPLE = Dialect(
    elements=grammar.ELEMENTS,
    root="service_template",
    service="topology_template",
    primitives=frozenset(
        """
        string integer float boolean timestamp null range version list map bytes any json xml
        scalar-unit.size scalar-unit.time scalar-unit.frequency scalar-unit.bitrate
        """.split()  # noqa: SIM905 # a list of so many words is easier to read
    ),
    normative=True,
    functions=frozenset(
        """
        get_input get_property get_attribute get_operation_output get_artifact get_nodes_of_type concat join token
        """.split()  # noqa: SIM905
    ),
    sigil="",
    entities=frozenset({"SELF", "HOST", "SOURCE", "TARGET"}),
    limits="occurrences",
    unlimited=(1, 1),
    sources="valid_source_types",
    targets="valid_target_types",
    bare=True,
    refines=False,
)


def dialect_of(document: object) -> Dialect:
    """The dialect of a file's value; the Simple Profile where the file does not say."""
    version = document.get("tosca_definitions_version") if isinstance(document, dict) else None
    if version != "tosca_2_0":
        return SIMPLE
    from mattone.tosca.dialect_2_0 import TOSCA_2_0  # read with the first file that needs it

    return TOSCA_2_0
