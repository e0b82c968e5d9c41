"""The federation: providers that can host deployments, and which of them a group may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mattone.errors import Place
from mattone.findings import Finding, finding
from mattone.platform.deployments import Deployment
from mattone.platform.fields import Field, Reader, did_you_mean
from mattone.platform.refuse import refuse
from mattone.platform.tree import Tree
from mattone.tosca.source import Document, load
from mattone.tosca.template import NodeTemplate, ServiceTemplate

PROVIDERS = "federation/providers.yaml"
GROUPS = "federation/groups"

PROVIDER_FIELDS = {
    "description": Field(str, False, "what the site is"),
    "engine": Field(str, True, "what creates machines there, as in `mattone.toml`"),
    "region": Field(str, False, "which of its regions to use, for an engine that asks (the engine's choice)"),
    "parallel": Field(int, False, "how many deployments are applied there at once (no bound but `--parallel`)"),
    "limits": Field(dict, False, "bounds for all deployments there: machines, cpus, memory, storage; not enforced yet"),
    "images": Field(dict, False, "image names of the catalogue to the provider's own names for them"),
}
GROUP_FIELDS = {
    "group": Field(str, False, "the group; it must be the name of the file"),
    "description": Field(str, False, "who they are"),
    "contact": Field(str, False, "whom to ask about the group's deployments"),
    "slas": Field(list, True, "agreements with providers, the preferred one first"),
}
SLA_FIELDS = {
    "id": Field(str, True, "name of the agreement"),
    "provider": Field(str, True, "a provider of `providers.yaml`"),
    "quota": Field(dict, False, "bounds for the group's deployments there, as in `limits`; not enforced yet"),
    "services": Field(list, False, "services that the agreement covers; without the field, all"),
}


@dataclass(frozen=True, slots=True)
class Provider:
    """A site.

    images    the catalogue's image names to the provider's own; region "": it is not chosen
    parallel  how many deployments are applied there at once; 0: no bound of its own
    """

    name: str
    engine: str
    images: Mapping[str, str]
    region: str = ""
    parallel: int = 0


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a group may use at one provider; no services means all."""

    id: str
    provider: str
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Federation:
    """Providers by name, and each group's agreements in the order of preference."""

    providers: Mapping[str, Provider] = field(default_factory=dict)
    agreements: Mapping[str, tuple[Agreement, ...]] = field(default_factory=dict)


def load_federation(tree: Tree) -> Federation:
    """Read `federation/`. Raises FindingsError with every error of all its files."""
    federation, findings = read_federation(tree)
    refuse(findings)
    return federation


def read_federation(tree: Tree) -> tuple[Federation, tuple[Finding, ...]]:
    """What `federation/` says, as far as it can be read, and every finding on it."""
    findings: list[Finding] = []
    providers: dict[str, Provider] = {}
    for document in _documents(tree, (PROVIDERS,), findings):
        reader = Reader(document, "FED")
        providers |= _providers(reader)
        findings += reader.findings
    agreements: dict[str, tuple[Agreement, ...]] = {}
    paths = tuple(path for path in tree.files(GROUPS) if path.endswith(".yaml"))
    for document in _documents(tree, paths, findings):
        reader = Reader(document, "FED")
        group = document.path.rsplit("/", 1)[1].removesuffix(".yaml")
        agreements[group] = _agreements(reader, group, providers)
        findings += reader.findings
    return Federation(providers, agreements), tuple(findings)


def _providers(reader: Reader) -> dict[str, Provider]:
    found: dict[str, Provider] = {}
    for name in reader.mapping({"providers": Field(dict, True)}).get("providers", {}):
        values = reader.mapping(PROVIDER_FIELDS, "providers", name)
        parallel = values.get("parallel", 0)
        if parallel < 1 and "parallel" in values:
            reader.say(1004, "'parallel' must be 1 or more", "providers", name, "parallel")
        found[str(name)] = Provider(
            str(name), values.get("engine", ""), values.get("images", {}), values.get("region", ""), parallel
        )
    return found


def _documents(tree: Tree, paths: tuple[str, ...], findings: list[Finding]) -> list[Document]:
    documents = [load(path, data) for path in paths if (data := tree.read(path)) is not None]
    for document in documents:
        findings += document.findings
    return [document for document in documents if document.value is not None]


def _agreements(reader: Reader, group: str, providers: Mapping[str, Provider]) -> tuple[Agreement, ...]:
    top = reader.mapping(GROUP_FIELDS)
    if top.get("group", group) != group:
        reader.say(1007, f"the group must be the file's name, {group!r}", "group")
    found = []
    for index in range(len(top.get("slas", ()))):
        values = reader.mapping(SLA_FIELDS, "slas", index)
        provider = values.get("provider")
        if provider is not None and provider not in providers:
            hint = did_you_mean(provider, providers)
            reader.say(1009, f"there is no provider {provider!r}", "slas", index, "provider", hint=hint)
        services = tuple(str(name) for name in values.get("services", ()))
        found.append(Agreement(values.get("id", ""), provider or "", services))
    return tuple(found)


def place(federation: Federation, deployment: Deployment) -> tuple[str, tuple[Finding, ...]]:
    """The provider for a deployment: the one it names, else the group's first that offers the service.

    Returns its name and no findings, or "" and the finding that says why there is none.
    """
    usable = [one.provider for one in _covering(federation, deployment)]
    if not deployment.provider and usable:
        return usable[0], ()
    if deployment.provider in usable:
        return deployment.provider, ()
    return "", (_refusal(federation, deployment, usable),)


def agreement(federation: Federation, deployment: Deployment) -> Agreement | None:
    """The agreement under which a deployment runs at its provider: the first of the group's that covers its service."""
    return next((one for one in _covering(federation, deployment) if one.provider == deployment.provider), None)


def _covering(federation: Federation, deployment: Deployment) -> list[Agreement]:
    """The group's agreements that cover the service, the preferred one first."""
    agreements = federation.agreements.get(deployment.group, ())
    return [one for one in agreements if not one.services or deployment.service in one.services]


def _refusal(federation: Federation, deployment: Deployment, usable: list[str]) -> Finding:
    document: Document = deployment.document
    where: Place = document.place("provider") if deployment.provider else document.place("service")
    if not federation.agreements.get(deployment.group):
        hint = f"an operator writes {GROUPS}/{deployment.group}.yaml"
        return finding("DEP1012", f"the group {deployment.group!r} has no agreement with a provider", where, hint)
    wanted: Any = deployment.provider
    if wanted and wanted not in federation.providers:
        hint = did_you_mean(wanted, federation.providers)
        return finding("DEP1009", f"there is no provider {wanted!r}", where, hint)
    hint = f"providers for it: {', '.join(usable)}" if usable else "no provider of the group offers it"
    at = f" at {wanted}" if wanted else ""
    return finding("DEP1012", f"the group {deployment.group!r} may not run {deployment.service!r}{at}", where, hint)


def check_images(federation: Federation, deployment: Deployment, template: ServiceTemplate) -> tuple[Finding, ...]:
    """Every machine image that a deployment comes to and its provider does not offer.

    A provider that lists no images is taken to have them all. `deployment.provider` is the one
    that `place` found.
    """
    provider = federation.providers.get(deployment.provider)
    if provider is None or not provider.images:
        return ()
    wanted = (_image(node, template, deployment) for node in template.nodes.values())
    hint = f"it offers: {', '.join(sorted(provider.images))}"
    return tuple(
        finding("DEP1016", f"{provider.name!r} does not offer the image {image!r}", where, hint)
        for image, where in wanted
        if image and image not in provider.images
    )


def _image(node: NodeTemplate, template: ServiceTemplate, deployment: Deployment) -> tuple[str, Place]:
    """The image that a node asks for, and where the deployment says so; "" where it asks for none."""
    value: Any = node.raw
    for key in ("capabilities", "os", "properties", "image"):
        value = value.get(key) if isinstance(value, Mapping) else None
    where = deployment.document.place("service")
    if isinstance(value, Mapping) and value.get("get_input") in template.inputs:
        name = value["get_input"]
        value = deployment.inputs.get(name, template.inputs[name].default)
        where = deployment.document.place("inputs", name)
    return (value if isinstance(value, str) else ""), where
