"""What the grammar allows and a reviewer would not: secrets in clear, open ports, circles, missing words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mattone.checks.context import Context
from mattone.tosca.definitions import PropertyDef
from mattone.tosca.dialects import Dialect
from mattone.tosca.functions import function_of
from mattone.tosca.source import Key
from mattone.tosca.spots import Spot, show
from mattone.tosca.template import NodeTemplate, mapping
from mattone.tosca.types import named

_SECRET = re.compile(r"passw(or)?d|passphrase|secret|token|private_?key|credential|api_?key", re.IGNORECASE)
_HARMLESS = re.compile(r"url|endpoint|_type|user|name|public|path|_id$|expir|ttl|length", re.IGNORECASE)
_WORLD = frozenset({"0.0.0.0/0", "::/0"})
# Services that are not made to face the world: databases, caches, orchestrators, container engines.
_INNER = {
    2375: "Docker",
    2379: "etcd",
    3306: "MySQL",
    5432: "PostgreSQL",
    6379: "Redis",
    9200: "Elasticsearch",
    10250: "kubelet",
    11211: "memcached",
    27017: "MongoDB",
}
_OUTER = frozenset({22, 80, 443})  # what one expects to be open: SSH, HTTP, HTTPS
_METADATA = ("display_name",)


def check_hygiene(context: Context) -> None:
    """Check a document with a topology for what a reviewer would ask about."""
    if not context.template.topology:
        return
    for name, definition in context.template.inputs.items():
        _input(context, name, definition)
    for node in context.template.nodes.values():
        _ports(context, node)
    _circles(context)
    _catalogue(context)


def _input(context: Context, name: str, definition: PropertyDef) -> None:
    if not definition.description.strip():
        message = f"input `{show(name)}` has no description: nobody but you knows what to enter"
        context.out.add("TOSCA3001", message, definition.spot.key_place())
    if definition.schema.type != "string" or not _SECRET.search(name) or _HARMLESS.search(name):
        return
    if isinstance(definition.default, str) and definition.default.strip():
        message = f"input `{show(name)}` looks like a secret, and its default is written here for everybody to read"
        hint = 'Remove the default; a deployment names a secret by `{secret: "vault:..."}`.'
        context.out.add("TOSCA2004", message, definition.spot.place("default"), hint)


def _ports(context: Context, node: NodeTemplate) -> None:
    for capability, raw, _ in named(node.raw.get("capabilities")):
        for section in ("ports", "publish_ports"):
            value = mapping(raw, "properties").get(section)
            for keys, port in _specs(value, context.scope.dialect):
                _port(context, node, port, ("capabilities", capability, "properties", section, *keys))


def _specs(value: Any, dialect: Dialect) -> Iterator[tuple[tuple[Key, ...], dict[Any, Any]]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, port in pairs:
        if isinstance(port, dict) and not function_of(port, dialect):
            yield (key,), port


def _port(context: Context, node: NodeTemplate, port: dict[Any, Any], keys: tuple[Key, ...]) -> None:
    limited = port.get("remote_cidr")
    if limited is not None and not (isinstance(limited, str) and limited in _WORLD):
        return
    number = next((port[key] for key in ("source", "target") if isinstance(port.get(key), int)), None)
    service = _INNER.get(number) if number is not None else None
    spot = node.spot.at(*keys)
    if service is not None:
        message = f"port {number} ({service}) is open to the whole world"
        hint = "Limit it with `remote_cidr`, or leave it closed: nodes of one deployment reach each other anyway."
        context.out.add("TOSCA2009", message, spot.place(), hint)
    elif number not in _OUTER and "description" not in port and not _remarked(context, spot):
        what = f"port {number}" if number is not None else "a range of ports"
        message = f"{what} is open to the whole world, and nothing says why"
        context.out.add("TOSCA3004", message, spot.key_place(), "Limit it with `remote_cidr`, or say why in a comment.")


def _remarked(context: Context, spot: Spot) -> bool:
    """Whether a comment belongs to a part of the document: on the line above it, or behind one of its lines."""
    lines = context.document.text.splitlines()
    first = spot.key_place().line
    end = context.document.text.count("\n", 0, context.document.span(*spot.keys)[1]) + 1
    own = [line.strip() for line in lines[first - 1 : max(first, end)]]
    while own[1:] and (not own[-1] or own[-1].startswith("#")):
        own.pop()  # what follows in block style is of the next part
    above = lines[first - 2].strip() if first > 1 else ""
    return above.startswith("#") or any(" #" in line for line in own)


def _circles(context: Context) -> None:
    """Requirements that lead back to their own node: no engine can order such a deployment."""
    targets = {node.name: list(_targets(context, node)) for node in context.whole.nodes.values()}
    done: set[str] = set()
    for start in targets:
        path = [start] if start not in done else []
        ways = [iter(targets[start])] if path else []
        while ways:
            name, keys = next(ways[-1], ("", ()))
            if not name:
                ways.pop()
                done.add(path.pop())
            elif name in path:
                _circle(context, path, name, keys)
            elif name not in done:
                path.append(name)
                ways.append(iter(targets[name]))


def _circle(context: Context, path: list[str], name: str, keys: tuple[Key, ...]) -> None:
    around = [*path[path.index(name) :], name]
    message = f"requirements go in a circle: {show(' > '.join(around), 200)}"
    place = context.whole.nodes[path[-1]].spot.place(*keys)
    context.out.add("TOSCA1037", message, place, "Remove one of them: nothing in the circle could be created first.")


def _targets(context: Context, node: NodeTemplate) -> Iterator[tuple[str, tuple[Key, ...]]]:
    for _, raw, keys in named(node.raw.get("requirements")):
        target = raw.get("node") if isinstance(raw, dict) else raw
        target = target[0] if isinstance(target, list) and target else target
        if isinstance(target, str) and target in context.whole.nodes:
            yield target, ("requirements", *keys)


def _catalogue(context: Context) -> None:
    missing = [key for key in _METADATA if not context.template.metadata.get(key)]
    if missing:
        message = f"`metadata` lacks {', '.join(f'`{key}`' for key in missing)}, which the catalogue shows"
        context.out.add("TOSCA3002", message, context.root.key_place("metadata"))
    if not context.template.description.strip():
        context.out.add("TOSCA3003", "the template has no description", context.root.place())
