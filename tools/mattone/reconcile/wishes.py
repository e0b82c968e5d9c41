"""From the merged files to wishes: deployments with verified locks, checked inputs, allowed providers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

from mattone import digests
from mattone.checks.components import touched
from mattone.engines.interface import Placement, Submission
from mattone.errors import MattoneError, Place
from mattone.findings import Finding, finding
from mattone.pins.bundle import Bundle, build, locked_template, tree_resolver
from mattone.pins.imports import map_of, with_imports
from mattone.pins.lock import Lock, parse
from mattone.pins.releases import Releases
from mattone.pins.resolve import service_of, verify
from mattone.platform.components import Kind, names
from mattone.platform.deployments import Deployment, find, load_all, lock_path
from mattone.platform.federation import Federation, agreement, check_images, load_federation, place
from mattone.platform.fields import did_you_mean
from mattone.platform.needs import check_needs
from mattone.platform.refuse import refuse
from mattone.platform.tree import Tree
from mattone.reconcile.abilities import firm_inputs
from mattone.reconcile.apply import Prepared
from mattone.reconcile.plan import Wish
from mattone.secrets.interface import SecretStore
from mattone.secrets.resolve import references, resolve
from mattone.tosca.inputs import check_inputs
from mattone.tosca.template import load_template


def wishes(tree: Tree, releases: Releases, only: Iterable[str] = ()) -> dict[str, Wish]:
    """Every deployment of a tree as a wish.

    Raises FindingsError with all errors in deployments, locks and inputs at once.
    """
    found, findings = collect(tree, releases, only)
    refuse(findings)
    return found


def collect(tree: Tree, releases: Releases, only: Iterable[str] = ()) -> tuple[dict[str, Wish], tuple[Finding, ...]]:
    """The wishes of a tree that are sound, and every finding on those that are not."""
    deployments, findings = load_all(tree, only)
    findings += check_needs(tree, deployments)
    federation = load_federation(tree)
    found: dict[str, Wish] = {}
    services = names(tree, Kind.SERVICE)
    for name, deployment in deployments.items():
        if deployment.service not in services and _lock(tree, deployment) is None:
            findings += (_no_service(deployment, services),)
            continue
        provider, refused = place(federation, deployment)
        findings += refused
        try:
            wish, more = _wish(tree, releases, federation, replace(deployment, provider=provider))
        except MattoneError as error:
            where = error.place or Place(deployment.path)
            findings += (finding("DEP1013", error.message, where, error.hint),)
            continue
        findings += more
        if wish is not None:
            found[name] = wish
    return found, findings


def affected(tree: Tree, changed: Set[str], only: Sequence[str] = ()) -> tuple[str, ...]:
    """The deployments that changed paths can have an effect on, by id; of `only` when it names some.

    A locked deployment depends on its file, its lock and the federation: what the lock pins is history.
    One that is not locked depends on its service and the type library too. A file that stands where
    none can, or that is gone, makes all of them count.
    """
    paths, problems = find(tree)
    if any(one.place.path in changed for one in problems) or any(_is_gone(path, tree) for path in changed):
        return tuple(only) or tuple(paths)
    everybody = touched(changed, "federation")
    unlocked = touched(changed, "catalog") or touched(changed, "tosca-types")
    return tuple(
        deployment
        for deployment in only or paths
        if everybody
        or paths.get(deployment) in changed
        or lock_path(deployment) in changed
        or (unlocked and tree.read(lock_path(deployment)) is None)
    )


def _is_gone(path: str, tree: Tree) -> bool:
    return path.startswith("deployments/") and tree.read(path) is None


def _wish(
    tree: Tree, releases: Releases, federation: Federation, deployment: Deployment
) -> tuple[Wish | None, tuple[Finding, ...]]:
    references(deployment.inputs)  # refuses what is no proper reference
    lock = _lock(tree, deployment)
    if lock is None:
        hint = f"run `mattone lock {deployment.id}` and commit the result"
        missing = finding("DEP1011", "there is no lock for this deployment", Place(deployment.path), hint)
        return None, (*_by_the_newest(tree, federation, deployment), missing)
    verify(releases, lock, deployment)
    template = locked_template(releases, lock)
    findings = check_inputs(deployment.inputs, template, deployment.document)
    findings += check_images(federation, deployment, template)
    updatable, placement = service_of(releases, lock).updatable, _placement(federation, deployment)
    return Wish(deployment, lock, updatable, placement, firm_inputs(template)), findings


def _placement(federation: Federation, deployment: Deployment) -> Placement | None:
    found, provider = agreement(federation, deployment), federation.providers.get(deployment.provider)
    return Placement(provider.name, found.id, provider.region) if found and provider else None


def _by_the_newest(tree: Tree, federation: Federation, deployment: Deployment) -> tuple[Finding, ...]:
    """An unlocked deployment against the template as it lies here: most of what is wrong shows already."""
    resolver = with_imports(tree_resolver(tree), map_of(tree))
    template, _ = load_template(f"catalog/{deployment.service}/template.yaml", resolver)
    if template is None:
        return ()
    found = check_inputs(deployment.inputs, template, deployment.document)
    return (*found, *check_images(federation, deployment, template))


def _no_service(deployment: Deployment, services: tuple[str, ...]) -> Finding:
    message = f"the catalogue has no service {deployment.service!r}"
    where = deployment.document.place("service")
    return finding("DEP1010", message, where, did_you_mean(deployment.service, services))


def _lock(tree: Tree, deployment: Deployment) -> Lock | None:
    path = lock_path(deployment.id)
    data = tree.read(path)
    return None if data is None else parse(path, data)


class BundlePreparer:
    """Prepares submissions: bundle from the lock, secrets from their stores, template with both."""

    def __init__(self, releases: Releases, store: Path, secrets: tuple[SecretStore, ...]) -> None:
        self._releases = releases
        self._store = store
        self._secrets = secrets

    def __call__(self, wish: Wish, operation: str) -> Prepared:
        bundle = build(self._releases, wish.lock, self._store)
        resolved = resolve(wish.deployment.inputs, self._secrets)
        marks = {"mattone_deployment": wish.deployment.id, "mattone_operation": operation}
        template = bundle.render(resolved.inputs, marks, f"file://{bundle.folder}")
        submission = Submission(wish.deployment.id, operation, template, bundle.folder, bundle.roles, wish.placement)
        return Prepared(submission, resolved.secrets, bundle.digest, public_digest(bundle, wish.deployment.inputs))


def public_digest(bundle: Bundle, inputs: Mapping[str, Any]) -> str:
    """The digest of what anybody may see of a template: no secrets, no marks, no paths of this machine."""
    return digests.of_value(bundle.render(inputs, {}, "bundle:"))
