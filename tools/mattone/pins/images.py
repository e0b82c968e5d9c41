"""Container images named in compose files, Kubernetes manifests, Helm values, defaults of roles, and tasks.

Such files often are templates; names are put in as far as the role's own defaults say them. What only the run
knows is told, never guessed.

Sources: the Compose Specification (`services.<name>.image`), the Kubernetes API (`containers[].image`), Helm's
conventions for values (`image: {registry, repository, tag, digest}`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mattone.errors import Place
from mattone.pins.spelling import Image, image
from mattone.pins.store import Files
from mattone.redact import one_line

if TYPE_CHECKING:
    from yaml.nodes import Node, ScalarNode

_SCANNED = re.compile(r"(defaults|vars|tasks|handlers|templates|files)/.*\.(ya?ml|ya?ml\.j2|j2)|[^/]*\.ya?ml(\.j2)?")
_DEFAULTS = re.compile(r"defaults/.*\.ya?ml")
_LINE = re.compile(
    r"""^\s*(?:-\s+)?image:\s*(?P<quote>["']?)(?P<written>[^#\n]+?)(?P=quote)\s*(?:\#.*)?$""", re.MULTILINE
)
_NAME = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*(?:\|\s*default\(\s*['\"]([^'\"]*)['\"]\s*\)\s*)?\}\}")
_KEY = re.compile(r"(.*_)?image(_name)?")
_TAGS = ("_tag", "_version")
_ROUNDS = 5  # variables whose value names variables


@dataclass(frozen=True, slots=True)
class Found:
    """An image where it is named."""

    image: Image
    place: Place


@dataclass(frozen=True, slots=True)
class Images:
    """The images of files, and why others cannot be told, a sentence each."""

    found: tuple[Found, ...]
    unread: tuple[str, ...] = ()


def images_of(files: Files, who: str) -> Images:
    """The images that the files of a role, a service or a chart name; `who` is put before paths. Never raises."""
    values = _values(files)
    found: list[Found] = []
    unread: list[str] = []
    for path, (_, data) in sorted(files.items()):
        if not _SCANNED.fullmatch(path):
            continue
        shown = f"{who}/{path}" if who else path
        for written, place, certain in _named(
            data.decode("utf-8", "replace"), shown, _DEFAULTS.fullmatch(path) is not None
        ):
            text = _filled(written, values)
            if "{{" in text or "{%" in text:
                if certain:
                    unread.append(f"{place}: only the run knows the image `{one_line(written, 100)}`")
                continue
            one = image(text)
            if one is not None and (certain or _looks_like_one(text)):
                found.append(Found(one, place))
    return Images(tuple(found), tuple(unread))


def _looks_like_one(text: str) -> bool:
    """Whether a value is a container's image rather than the name of a machine's."""
    return "/" in text or ":" in text


def _values(files: Files) -> dict[str, str]:
    """The variables of a role's defaults that are plain texts or numbers."""
    import yaml

    found: dict[str, str] = {}
    for path, (_, data) in sorted(files.items()):
        if not _DEFAULTS.fullmatch(path):
            continue
        try:
            value = yaml.load(data, Loader=yaml.CBaseLoader)  # noqa: S506 # the base loader makes texts alone
        except (yaml.YAMLError, ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found |= {key: text for key, text in value.items() if isinstance(key, str) and isinstance(text, str)}
    return found


def _filled(text: str, values: Mapping[str, str]) -> str:
    """The text with variables replaced by their defaults, as far as they have one."""
    for _ in range(_ROUNDS):
        new = _NAME.sub(lambda name: values.get(name[1], name[2] if name[2] is not None else name[0]), text)
        if new == text or len(new) > 1000:
            break
        text = new
    return text.strip()


def _named(text: str, shown: str, defaults: bool) -> Iterator[tuple[str, Place, bool]]:
    """What is written where an image belongs, and whether it can be nothing else."""
    import yaml

    if len(text) > 1_000_000 or "image" not in text:
        return
    try:
        roots = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError):
        yield from _lines(text, shown)  # a template that is YAML only when it is filled in
        return
    for root in roots:
        if root is not None:
            yield from _walk(root, shown, _is_manifest(root), defaults, 0)


def _lines(text: str, shown: str) -> Iterator[tuple[str, Place, bool]]:
    line, before = 1, 0
    for match in _LINE.finditer(text):
        start = match.start("written")
        line += text.count("\n", before, start)
        column = start - text.rfind("\n", 0, start)
        before = start
        yield match["written"].strip(), Place(shown, line, column), True


def _is_manifest(root: Node) -> bool:
    from yaml.nodes import MappingNode

    keys = {key.value for key, _ in root.value} if isinstance(root, MappingNode) else set()
    return "services" in keys or {"kind", "apiVersion"} <= keys


def _walk(node: Node, shown: str, certain: bool, defaults: bool, depth: int) -> Iterator[tuple[str, Place, bool]]:
    from yaml.nodes import MappingNode, ScalarNode, SequenceNode

    if depth > 50:
        return
    if isinstance(node, SequenceNode):
        for item in node.value:
            yield from _walk(item, shown, certain, defaults, depth + 1)
    elif isinstance(node, MappingNode):
        pairs = {key.value: value for key, value in node.value if isinstance(key, ScalarNode)}
        for key, value in pairs.items():
            if isinstance(value, ScalarNode):
                if key == "image" or (defaults and _KEY.fullmatch(key)):
                    yield _tagged(value.value, key, pairs), _place(value, shown), certain
            elif key == "image" or key.endswith("Image"):
                yield from _of_values(value, shown)
                yield from _walk(value, shown, certain, defaults, depth + 1)
            else:
                yield from _walk(value, shown, certain, defaults, depth + 1)


def _tagged(written: str, key: str, pairs: Mapping[str, Node]) -> str:
    """An image whose tag stands in a variable beside it, as `x_image_tag` does."""
    if ":" in written.rsplit("/", 1)[-1]:
        return written
    tags = [pairs[key + end] for end in _TAGS if key + end in pairs]
    return f"{written}:{tags[0].value}" if tags and isinstance(tags[0].value, str) else written


def _of_values(node: Node, shown: str) -> Iterator[tuple[str, Place, bool]]:
    """`{registry, repository, tag, digest}` as charts' values have it."""
    from yaml.nodes import MappingNode, ScalarNode

    if not isinstance(node, MappingNode):
        return
    parts: dict[str, ScalarNode] = {
        key.value: value for key, value in node.value if isinstance(key, ScalarNode) and isinstance(value, ScalarNode)
    }
    repository = parts.get("repository") or parts.get("name")
    if repository is None or not repository.value:
        return
    text = {name: one.value for name, one in parts.items()}
    name = f"{text['registry']}/{repository.value}" if text.get("registry") else repository.value
    tag, digest = text.get("tag", ""), text.get("digest", "")
    if tag or digest:  # else the chart's own version is the tag, which its templates put in
        yield name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else ""), _place(repository, shown), True


def _place(node: Node, shown: str) -> Place:
    return Place(shown, node.start_mark.line + 1, node.start_mark.column + 1)
