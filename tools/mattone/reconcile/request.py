"""Requests: a change of the desired state composed as files, and sent as a merge request.

Nothing touches the work tree: the commit is made from objects, on top of the forge's default
branch, and pushed as a branch of its own. A kill at any point leaves at most an unused branch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from mattone.errors import InputError, RemoteError
from mattone.findings import Finding
from mattone.forges.choose import open_forge
from mattone.forges.interface import Forge, MergeRequest
from mattone.git import Signature
from mattone.pins.bundle import locked_template
from mattone.pins.complete import make_lock, world_of
from mattone.pins.lock import Lock, dump, parse
from mattone.pins.releases import Releases
from mattone.platform.components import ComponentId, Kind, names
from mattone.platform.deployments import Deployment, deployment_path, load_deployment, lock_path, split_id
from mattone.platform.federation import check_images, load_federation, place
from mattone.platform.fields import did_you_mean
from mattone.platform.refuse import refuse
from mattone.platform.site import Site, open_site
from mattone.platform.tree import RevisionTree
from mattone.tosca.inputs import check_inputs
from mattone.tosca.source import load
from mattone.tosca.template import ServiceTemplate


@dataclass(frozen=True)
class Desk:
    """Where requests are composed: the site, its forge, and the newest default branch."""

    site: Site
    forge: Forge
    base: str
    author: Signature

    @cached_property
    def tree(self) -> RevisionTree:
        return self.site.at(self.base)

    @cached_property
    def releases(self) -> Releases:
        return Releases(self.site.repository, self.base)

    def present(self, deployment: str) -> Deployment | None:
        """The deployment as the default branch has it."""
        path = deployment_path(deployment)
        if self.tree.read(path) is None:
            return None
        found, findings = load_deployment(self.tree, path)
        refuse(findings)
        return found

    def services(self) -> tuple[str, ...]:
        return names(self.tree, Kind.SERVICE)


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody asks for. Empty texts mean: as it is, or the default."""

    deployment: str
    service: str = ""
    version: str = ""
    provider: str = ""
    description: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    delete: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """A draft as files: path to content, None for a removal; and the merge request's texts."""

    deployment: str
    files: Mapping[str, bytes | None]
    title: str
    description: str
    branch: str


def start(repo: Path, author: str) -> Desk:
    """Fetch the forge's state. Raises InputError without an identity, RemoteError without a forge."""
    site = open_site(repo)
    forge = open_forge(site.repository, site.settings.forge)
    fetched = site.repository.run("fetch", "--quiet", "--tags", "origin", accept=(0, 1, 128))
    if fetched.code != 0:
        raise RemoteError(f"cannot fetch from the forge: {fetched.errors.strip()}", hint="check the remote `origin`")
    base = site.at(f"refs/remotes/origin/{forge.default_branch()}").revision
    return Desk(site, forge, base, _identity(site, author))


def _identity(site: Site, author: str) -> Signature:
    def setting(name: str) -> str:
        return site.repository.run("config", "--get", name, accept=(0, 1)).output.strip()

    name = author or setting("user.name")
    if not name:
        raise InputError("nobody knows who asks", hint="give --author, or `git config user.name YOU`")
    return Signature(name, setting("user.email") or f"{name}@localhost")


def template_for(desk: Desk, draft: Draft) -> ServiceTemplate:
    """The template that a draft's inputs are for. Raises InputError for an unknown service."""
    path = f"{deployment_path(draft.deployment)}"
    deployment = _parsed(desk, draft, path, _composed(desk, draft))
    return locked_template(desk.releases, make_lock(desk.releases, deployment, world_of(desk.site)).lock)


def problems(template: ServiceTemplate, name: str, value: Any) -> tuple[Finding, ...]:
    """What a template does not accept about one input's value."""
    import yaml

    document = load("answer", yaml.safe_dump({"inputs": {name: value}}).encode())
    found = (*document.findings, *check_inputs({name: value}, template, document))
    return tuple(one for one in found if one.rule != "DEP1102")  # the other inputs are still to come


def compose(desk: Desk, draft: Draft, title: str = "") -> Proposal:
    """The files of a draft, checked and locked.

    Raises InputError or FindingsError with every input that its service does not accept.
    """
    group, name = split_id(draft.deployment)
    branch = f"request/{group}-{name}"
    if draft.delete:
        return _removal(desk, draft, title, branch)
    path = deployment_path(draft.deployment)
    text = _composed(desk, draft)
    deployment = _parsed(desk, draft, path, text)
    before = _lock(desk, draft.deployment)
    lock = make_lock(desk.releases, deployment, world_of(desk.site), before).lock
    template = locked_template(desk.releases, lock)
    federation = load_federation(desk.tree)
    provider, refused = place(federation, deployment)
    images = check_images(federation, replace(deployment, provider=provider), template)
    refuse((*check_inputs(deployment.inputs, template, deployment.document), *refused, *images))
    verb = "Update" if desk.present(draft.deployment) else "Deploy"
    pin = lock.service
    made_title = title or f"{verb} {draft.deployment}: {pin.component.name} {pin.version}"
    files: dict[str, bytes | None] = {path: text, lock_path(draft.deployment): dump(lock)}
    if all(desk.tree.read(where) == data for where, data in files.items()):
        raise InputError(f"{draft.deployment} already is as asked for", hint="there is nothing to request")
    return Proposal(draft.deployment, files, made_title, deployment.description, branch)


def _removal(desk: Desk, draft: Draft, title: str, branch: str) -> Proposal:
    if desk.present(draft.deployment) is None:
        raise InputError(f"there is no deployment {draft.deployment!r}", hint="`mattone status` lists them")
    files = {deployment_path(draft.deployment): None, lock_path(draft.deployment): None}
    return Proposal(draft.deployment, files, title or f"Delete {draft.deployment}", draft.description, branch)


def _composed(desk: Desk, draft: Draft) -> bytes:
    """The deployment's file: what is there, with the draft's changes."""

    present = desk.present(draft.deployment)
    service = draft.service or (present.service if present else "")
    if not service:
        raise InputError(f"{draft.deployment} is new: name a service", hint=f"there are: {', '.join(desk.services())}")
    if service not in desk.services():
        hint = did_you_mean(service, desk.services())
        raise InputError(f"the catalogue has no service {service!r}", hint=hint)
    written: dict[str, Any] = dict(present.document.value) if present else {}
    written["service"] = service
    same = present is not None and present.service == service  # a range is one of that service's versions
    written["version"] = draft.version or (written.get("version") if same else "") or _compatible(desk, service)
    for name, text in (("provider", draft.provider), ("description", draft.description)):
        if text:
            written[name] = text
    inputs = {k: v for k, v in {**written.pop("inputs", {}), **draft.values}.items() if k not in draft.unset}
    order = ("service", "version", "provider", "description", "contact", "group", "protected")
    ordered = {key: written[key] for key in order if key in written}
    if inputs:
        ordered["inputs"] = inputs
    if present is not None and ordered == present.document.value:
        return present.document.text.encode()  # as somebody wrote it, with its comments
    return _written(ordered)


def _written(values: Mapping[str, Any]) -> bytes:
    """A deployment's file. Letters stay as they are, unless the writer would lose one (U+0085 becomes a space)."""
    import yaml

    texts = (yaml.safe_dump(values, sort_keys=False, allow_unicode=plain, width=100) for plain in (True, False))
    return next(text for text in texts if yaml.safe_load(text) == values or text.isascii()).encode()


def _compatible(desk: Desk, service: str) -> str:
    """`^` of the newest version: what is compatible with it."""
    newest = desk.releases.of(ComponentId(Kind.SERVICE, service))[0].version
    return f"^{newest.major}.{newest.minor}"


@dataclass(frozen=True)
class _Overlay:
    """A tree with one file in place of what it has there."""

    tree: RevisionTree
    path: str
    data: bytes

    def files(self, under: str = "") -> tuple[str, ...]:
        return self.tree.files(under)

    def read(self, path: str) -> bytes | None:
        return self.data if path == self.path else self.tree.read(path)


def _parsed(desk: Desk, draft: Draft, path: str, text: bytes) -> Deployment:
    split_id(draft.deployment)
    found, findings = load_deployment(_Overlay(desk.tree, path, text), path)
    refuse(findings)
    if found is None:
        raise InputError(f"{path} cannot be composed")
    return found


def _lock(desk: Desk, deployment: str) -> Lock | None:
    data = desk.tree.read(lock_path(deployment))
    return None if data is None else parse(lock_path(deployment), data)


def open_merge_request(desk: Desk, proposal: Proposal) -> MergeRequest:
    """Commit, push as a new branch, open the merge request."""
    repository = desk.site.repository
    changed = {path: data for path, data in proposal.files.items() if data is not None}
    removed = [path for path, data in proposal.files.items() if data is None and desk.tree.read(path) is not None]
    tree = repository.write_tree(changed, onto=desk.base) if changed else repository.without(desk.base, removed)
    commit = repository.write_commit(tree, [desk.base], f"{proposal.title}\n", desk.author)
    branch = _free_branch(desk, proposal.branch)
    repository.run("push", "--quiet", "origin", f"{commit}:refs/heads/{branch}")
    return desk.forge.open(branch, proposal.title, proposal.description, desk.author.name)


def _free_branch(desk: Desk, wanted: str) -> str:
    """The branch name, numbered when it is taken."""
    listed = desk.site.repository.run("ls-remote", "--heads", "origin", f"{wanted}*").output.split()
    taken = {word.removeprefix("refs/heads/") for word in listed}
    numbered = (wanted if n == 1 else f"{wanted}-{n}" for n in range(1, 10_000))
    return next(name for name in numbered if name not in taken)
