"""What a deployment's locked components ask for from elsewhere, layer by layer."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mattone.errors import InputError
from mattone.pins import spelling
from mattone.pins.charts import ChartRef, charts_in, dependencies_in, repositories_in
from mattone.pins.elsewhere import Demand
from mattone.pins.external import ExternalKind
from mattone.pins.images import Found, images_of
from mattone.pins.needs import needs_of
from mattone.pins.store import Files
from mattone.platform.tree import Tree
from mattone.tosca.artifacts import file_problem
from mattone.tosca.definitions import MISSING
from mattone.tosca.needed import needed_types
from mattone.tosca.spots import Spot
from mattone.tosca.template import ServiceTemplate, mapping
from mattone.tosca.types import Scope, named

_ROLE, _COLLECTION = "tosca.artifacts.AnsibleGalaxy.role", "tosca.artifacts.AnsibleGalaxy.collection"
_IMAGE = "tosca.artifacts.Deployment.Image.Container"
_IMAGE_INPUT = re.compile(r"(.*_)?image(_name)?")
_VERSION_OPTION = re.compile(r"--version[ =]['\"]?([\w.+-]+)")
_NOT_SCANNED = re.compile(r"(tests|molecule)/|(template|service|form)\.yaml$")


@dataclass(slots=True)
class Asked:
    """Everything that is asked for; `unread` says what cannot be told, a sentence each."""

    demands: list[Demand] = field(default_factory=list)
    images: list[tuple[Found, str]] = field(default_factory=list)  # with who asks
    charts: list[tuple[ChartRef, str]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def add_files(self, files: Files, shown: str, by: str) -> None:
        """What the files of a role, a chart or a folder of playbooks ask for; `shown` is put before their paths."""
        needs = needs_of(files, shown)
        for need in needs.needs:
            if need.kind is not ExternalKind.ROLE or need.spelled.source or spelling.is_galaxy_name(need.spelled.name):
                self.demands.append(Demand(need.kind, need.spelled, 3, by, need.place, need.depends))
        self.unread += needs.unread
        self.add_layer_4(files, shown, by)

    def add_layer_4(self, files: Files, shown: str, by: str) -> None:
        """The images and charts alone."""
        images = images_of(files, shown)
        self.images += [(found, by) for found in images.found]
        self.unread += images.unread
        self.charts += [(chart, by) for chart in _charts(files, shown)]


def ask(template: ServiceTemplate, tree: Tree, inputs: Mapping[str, Any]) -> Asked:
    """What a service template asks for with all its types, playbooks and the files of its service.

    tree    the files of the locked components
    inputs  what the deployment sets; it replaces the defaults of the template

    Raises InputError for an artifact whose reference names nothing.
    """
    asked = Asked()
    values = {name: one.default for name, one in template.inputs.items() if one.default is not MISSING} | dict(inputs)
    for raw, spot, scope in _definitions(template):
        for name, artifact, keys in named(raw.get("artifacts")):
            _artifact(asked, artifact, spot.at("artifacts", *keys), scope, values, name)
    _inputs(asked, template, values)
    for node in template.nodes.values():
        chart = _chart_node(node.raw, node.type, node.spot, values)
        if chart is not None:
            asked.charts.append((chart, template.path))
    for path in _playbooks(template, tree):
        folder, _, name = path.rpartition("/")
        wanted = {name, "requirements.yml", "requirements.yaml"}
        files = {one: (False, data) for one in wanted if (data := tree.read(f"{folder}/{one}")) is not None}
        asked.add_files(files, folder, path)
    asked.add_layer_4(
        _files_below(tree, posixpath.dirname(template.path)), posixpath.dirname(template.path), template.path
    )
    return asked


def role_files(tree: Tree, folder: str) -> Files:
    """The files of a role of the platform, without those of its tests."""
    return _files_below(tree, folder)


def _files_below(tree: Tree, folder: str) -> Files:
    paths = [path for path in tree.files(folder) if not _NOT_SCANNED.match(path.removeprefix(f"{folder}/"))]
    return {path.removeprefix(f"{folder}/"): (False, tree.read(path) or b"") for path in paths}


def _definitions(template: ServiceTemplate) -> Iterator[tuple[Mapping[Any, Any], Spot, Scope]]:
    for one in needed_types(dict(template.topology), template.scope):
        yield one.raw, one.spot, one.scope
    base = Spot(template.document, ("topology_template",))
    for section in ("node_templates", "relationship_templates"):
        for _, raw, keys in named(mapping(template.topology, section)):
            if isinstance(raw, dict):
                yield raw, base.at(section, *keys), template.scope


def _artifact(asked: Asked, artifact: Any, spot: Spot, scope: Scope, values: Mapping[str, Any], name: str) -> None:
    if not isinstance(artifact, dict):
        return
    found = scope.find("artifact", artifact.get("type"))
    types = {one.name for one in found.lineage} if found else {str(artifact.get("type"))}
    written, at = _value(artifact.get("file"), values), spot.at("file")
    by = spot.document.path
    if any(one.startswith(_IMAGE) for one in types):
        image = spelling.image(written) if isinstance(written, str) else None
        if image is not None:
            asked.images.append((Found(image, at.place()), by))
        else:
            asked.unread.append(f"{at.place()}: the image of artifact {name} is known only when it runs")
        return
    kind = ExternalKind.ROLE if _ROLE in types else ExternalKind.COLLECTION if _COLLECTION in types else None
    if kind is None or not isinstance(written, str):
        return
    try:
        spelled = spelling.role(written) if kind is ExternalKind.ROLE else spelling.collection(written)
    except InputError as error:
        raise InputError(error.message, place=at.place(), hint=error.hint) from error
    if kind is ExternalKind.COLLECTION or spelled.source or spelling.is_galaxy_name(spelled.name):
        asked.demands.append(Demand(kind, spelled, 2, by, at.place()))


def _inputs(asked: Asked, template: ServiceTemplate, values: Mapping[str, Any]) -> None:
    """Inputs that hold a container's image, by their name and by how the value looks."""
    for name, one in template.inputs.items():
        value = values.get(name)
        if not _IMAGE_INPUT.fullmatch(name) or not isinstance(value, str) or "://" in value:
            continue
        image = spelling.image(value)
        if image is not None and ("/" in value or ":" in value):
            asked.images.append((Found(image, one.spot.place("default")), template.path))


def _chart_node(raw: Mapping[Any, Any], kind: Any, spot: Spot, values: Mapping[str, Any]) -> ChartRef | None:
    """The chart of a node whose type is one for Helm, by the properties that this field's types have."""
    if kind is None or not any("Helm" in one.name for one in kind.lineage):
        return None
    properties = {
        name: definition.get("default") for name, (definition, _, _) in kind.members("properties").items()
        if isinstance(definition, dict)
    } | dict(mapping(raw, "properties"))  # fmt: skip
    text = {name: str(found) for name, value in properties.items() if _is_plain(found := _value(value, values))}
    options = " ".join(value for name, value in text.items() if "option" in name or "args" in name)
    inline = _VERSION_OPTION.search(options)
    version = inline[1] if inline else text.get("version", "")
    reference = text.get("chart_url") or text.get("name", "")
    repository = text.get("repository_url") or text.get("repository") or ""
    if reference.startswith("oci://"):
        repository, _, reference = reference.rpartition("/")
    if not reference:
        return None
    return ChartRef(reference, version, repository.rstrip("/"), spot.place("properties"))


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _value(raw: Any, values: Mapping[str, Any]) -> Any:
    """A value, or what the input holds that it gets; None for other functions."""
    if isinstance(raw, dict):
        name = raw.get("get_input", raw.get("$get_input"))
        return values.get(name) if isinstance(name, str) and len(raw) == 1 else None
    return raw


def _playbooks(template: ServiceTemplate, tree: Tree) -> tuple[str, ...]:
    """Every file of the tree that a needed definition names under `interfaces` or `artifacts`."""
    found: set[str] = set()
    for raw, spot, _ in _definitions(template):
        if "://" in spot.document.path:
            continue  # its files are not of the tree
        for text in _texts([raw.get("interfaces"), raw.get("artifacts")]):
            path, problem = file_problem(spot.document.path, text) if 0 < len(text) < 500 else ("", "no path")
            if not problem and path.endswith((".yaml", ".yml")) and path not in found and tree.read(path) is not None:
                found.add(path)
    return tuple(sorted(found))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _charts(files: Files, shown: str) -> Iterator[ChartRef]:
    from mattone.tosca.source import load

    texts = {
        path: data.decode("utf-8", "replace")
        for path, (_, data) in sorted(files.items())
        if path.endswith((".yaml", ".yml", ".sh", ".j2")) and len(data) < 1_000_000
    }
    known: dict[str, str] = {}
    for text in texts.values():
        known |= repositories_in(text)
    for path, text in texts.items():
        where = f"{shown}/{path}" if shown else path
        yield from charts_in(text, where, known)
        if path.rpartition("/")[2] == "Chart.yaml":
            yield from dependencies_in(load(where, text.encode()).value, where)
