"""TOSCA 2.0 as a dialect: what it changes besides keynames, as data."""

from __future__ import annotations

from mattone.tosca import grammar_2_0
from mattone.tosca.dialects import UNBOUNDED, Dialect
from mattone.tosca.signatures import BUILT_IN, PATHS

# OASIS Standard TOSCA 2.0: 9.1 types, 10.2 functions, 8.5 `count_range`, 6.7.2 no built-in types.
TOSCA_2_0 = Dialect(
    elements=grammar_2_0.ELEMENTS,
    root="tosca_file",
    service="service_template",
    primitives=frozenset("string integer float boolean bytes nil timestamp scalar version list map".split()),  # noqa: SIM905
    normative=False,
    functions=frozenset({"get_input", "value", *PATHS, *BUILT_IN}),
    sigil="$",
    entities=frozenset({"SELF"}),
    limits="count_range",
    unlimited=(0, UNBOUNDED),
    sources="valid_source_node_types",
    targets="valid_target_node_types",
    bare=False,
    refines=True,
    whole=frozenset({"tosca_file", "service_template"}),
)
