"""What an engine cannot do to a deployment that lives, said before it is tried: it would say yes and do nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mattone.engines.interface import Capabilities
from mattone.tosca.template import NodeTemplate, ServiceTemplate, mapping

# Capabilities of a machine whose properties are decided when it is made: size, and operating system.
_MADE_WITH = ("host", "os")
_DISKS = frozenset({"tosca.nodes.BlockStorage", "tosca.nodes.Storage.BlockStorage"})


@dataclass(frozen=True, slots=True)
class Firm:
    """Inputs of a template that not every engine can change later.

    bare   those without a default: there is nothing that they could go back to
    sizes  those that a machine's size or operating system, or a disk's size, is taken from, with their defaults
    """

    bare: frozenset[str] = frozenset()
    sizes: Mapping[str, Any] = field(default_factory=dict)


EVERYTHING = Capabilities(resize_in_place=True, unset_inputs=True, start_stop=True)
NOTHING_FIRM = Firm()


def firm_inputs(template: ServiceTemplate) -> Firm:
    """The inputs of a template, sorted by what may be hard about them.

    A size that reaches a machine through a property of another node is not seen.
    """
    bare = frozenset(name for name, definition in template.inputs.items() if not definition.has_default)
    used = {name for node in template.nodes.values() for part in _made_with(node) for name in _inputs(part)}
    return Firm(bare, {name: one.default for name, one in template.inputs.items() if name in used})


def impossible(changed: Sequence[tuple[str, Any, Any]], firm: Firm, can: Capabilities) -> str:
    """Why an engine cannot bring changed inputs about while the deployment lives; "" when it can.

    changed  name, old and new value of each; None where the file says nothing and the default counts
    """
    kept = [name for name, _, new in changed if new is None and name in firm.bare and not can.unset_inputs]
    sized = [name for name, old, new in changed if not can.resize_in_place and _resizes(name, old, new, firm)]
    words = []
    if kept:
        words.append(f"the engine cannot take back {', '.join(kept)}, which has no default: give it a value")
    if sized:
        words.append(f"the engine changes no machine or disk that exists ({', '.join(sized)}): restore the old value")
    return f"{'; '.join(words)}, or delete it and ask again" if words else ""


def _resizes(name: str, old: Any, new: Any, firm: Firm) -> bool:
    """Whether it comes to another size: a default that is written down is none."""
    if name not in firm.sizes:
        return False
    default = firm.sizes[name]
    return bool((default if old is None else old) != (default if new is None else new))


def _made_with(node: NodeTemplate) -> Iterator[Any]:
    for capability in _MADE_WITH:
        yield mapping(mapping(node.raw, "capabilities"), capability)
    if node.type is not None and _DISKS & {one.name for one in node.type.lineage}:
        yield mapping(node.raw, "properties").get("size")


def _inputs(value: Any) -> Iterator[str]:
    """The inputs that an expression takes values from."""
    if isinstance(value, dict):
        name = value.get("get_input")
        name = name[0] if isinstance(name, list) and name else name
        if isinstance(name, str):
            yield name
        for inner in value.values():
            yield from _inputs(inner)
    elif isinstance(value, list):
        for item in value:
            yield from _inputs(item)
