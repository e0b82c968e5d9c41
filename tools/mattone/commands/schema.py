"""`mattone schema`: JSON Schemas with which editors complete and check deployments, manifests, forms and waivers."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mattone.cli import common
from mattone.errors import EXIT_DONE

if TYPE_CHECKING:
    from mattone.platform.site import Site

EXAMPLES = (
    "mattone schema jupyterlab                   of deployments of one service, on stdout",
    "mattone schema --into .mattone/schemas      a file a service, and one each of manifests, forms and waivers",
    "# then begin a deployment with  # yaml-language-server: $schema=<file>",
)

_MANIFESTS = {"service": "service", "role": "role", "types": "library"}  # kind to the name of its file


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("services", nargs="*", metavar="SERVICE", help="only these services (every service)")
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="write files there instead of printing")
    common(parser)


def run(services: Sequence[str], into: Path | None, repo: Path, output: str) -> int:  # noqa: ARG001 - JSON either way
    """Print the schemas, or write them."""
    from mattone import terminal
    from mattone.platform.components import Kind, names
    from mattone.platform.site import open_site

    site = open_site(repo)
    chosen = list(services) or list(names(site.files, Kind.SERVICE))
    made = {name: _schema(site, name) for name in chosen}
    if into is not None:
        for path in _write(into, made):
            terminal.say(str(path))
    else:
        terminal.say_json(made[services[0]] if len(services) == 1 else made)
    return EXIT_DONE


def _schema(site: Site, name: str) -> dict[str, Any]:
    from mattone.errors import InputError, Place
    from mattone.pins.bundle import tree_resolver
    from mattone.pins.imports import map_of, with_imports
    from mattone.platform.components import service
    from mattone.tosca.schemas import deployment_schema
    from mattone.tosca.template import load_template

    path = service(site.files, name).template
    template, findings = load_template(path, with_imports(tree_resolver(site.files), map_of(site.files)))
    if template is None:
        place = findings[0].place if findings else Place(path)
        raise InputError("the template cannot be read", place=place, hint="`mattone validate` says why")
    return deployment_schema(name, template)


def _write(folder: Path, made: dict[str, dict[str, Any]]) -> list[Path]:
    import json

    from mattone.platform.components import Kind
    from mattone.platform.schemas import form_schema, manifest_schema
    from mattone.tosca.schemas import waiver_schema

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    others = {"form": form_schema(), "waivers": waiver_schema()}
    others |= {file: manifest_schema(Kind(kind)) for kind, file in _MANIFESTS.items()}
    for name, schema in [*((f"deployment.{name}", one) for name, one in made.items()), *others.items()]:
        path = folder / f"{name}.schema.json"
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(path)
    return written
