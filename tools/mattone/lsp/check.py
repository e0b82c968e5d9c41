"""The checks of one file as an editor has it: the very functions that `mattone validate` calls."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from mattone.errors import MattoneError, Place
from mattone.findings import Finding, finding
from mattone.lsp.folders import Overlay
from mattone.lsp.kinds import Kind

_EVERYTHING = ("catalog", "tosca-types", "ansible-roles", "federation")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found, waived findings left out.

    asked  the paths that the findings depend on; `folders`: those where any file counts
    """

    findings: tuple[Finding, ...]
    asked: frozenset[str]
    folders: tuple[str, ...] = ()

    def depends_on(self, path: str) -> bool:
        return path in self.asked or path.startswith(self.folders)


def check(overlay: Overlay, path: str, kind: Kind) -> Outcome:
    """Check one file. Nothing is raised for what files hold; a MattoneError says that it cannot be checked at all."""
    resolver = overlay.resolver()
    folders: tuple[str, ...] = ()
    if kind is Kind.TEMPLATE:
        from mattone.checks.template import check_template

        found: Sequence[Finding] = check_template(path, resolver)
    else:
        found = _CHECKS[kind](overlay, path) if kind in _CHECKS else ()
        folders = tuple(f"{name}/" for name in _EVERYTHING) if kind in _WIDE else ()
    waivers = "waivers.yaml"
    asked = frozenset({path, waivers, *resolver.asked})
    if kind is not Kind.WAIVERS:
        found = _standing(overlay, found)
    return Outcome(tuple(found), asked | ({_lock(path)} if kind is Kind.DEPLOYMENT else set()), folders)


def _lock(path: str) -> str:
    return f"{path.rsplit('.', 1)[0]}.lock.yaml"


def _deployment(overlay: Overlay, path: str) -> Sequence[Finding]:
    """Deployments are checked against their locks and the federation; what has no git history, as far as it goes."""
    from mattone.checks.components import check_federation
    from mattone.git import Repository
    from mattone.pins.releases import Releases
    from mattone.platform.deployments import find
    from mattone.reconcile.wishes import collect

    tree = overlay.tree
    paths, misplaced = find(tree)
    own = [one for one in misplaced if one.place.path == path]
    wanted = next((name for name, file in paths.items() if file == path), "")
    broken = check_federation(tree)
    if own or not wanted or broken:
        return own or _readable(overlay, path)
    try:
        releases = Releases(Repository.discover(overlay.root), "HEAD")
    except MattoneError:  # no repository, or no commit yet
        return _readable(overlay, path)
    return collect(tree, releases, [wanted])[1]


def _readable(overlay: Overlay, path: str) -> Sequence[Finding]:
    """What can be said of a deployment by itself."""
    from mattone.platform.deployments import load_deployment
    from mattone.tosca.inputs import check_inputs
    from mattone.tosca.template import load_template

    if len(PurePosixPath(path).parts) != 3:
        return ()
    deployment, found = load_deployment(overlay.tree, path)
    if deployment is None:
        return found
    template, _ = load_template(f"catalog/{deployment.service}/template.yaml", overlay.resolver())
    return found if template is None else (*found, *check_inputs(deployment.inputs, template, deployment.document))


def _component(overlay: Overlay, path: str) -> Sequence[Finding]:
    from mattone.checks.components import check_components

    return [one for one in check_components(overlay.tree, {path}) if one.place.path == path]


def _federation(overlay: Overlay, _path: str) -> Sequence[Finding]:
    from mattone.checks.components import check_federation

    return check_federation(overlay.tree)


def _waivers(overlay: Overlay, path: str) -> Sequence[Finding]:
    from mattone.checks.waivers import read_waivers

    return read_waivers(path, overlay.tree.read(path) or b"", _today())[1]


def _form(overlay: Overlay, path: str) -> Sequence[Finding]:
    from mattone.checks.forms import check_form
    from mattone.tosca.imports import Workspace

    return check_form(overlay.tree, PurePosixPath(path).parts[1], Workspace(overlay.resolver()))


_CHECKS = {
    Kind.DEPLOYMENT: _deployment,
    Kind.COMPONENT: _component,
    Kind.FEDERATION: _federation,
    Kind.WAIVERS: _waivers,
    Kind.FORM: _form,
}
_WIDE = (Kind.DEPLOYMENT, Kind.COMPONENT, Kind.FEDERATION, Kind.FORM)


def _standing(overlay: Overlay, found: Sequence[Finding]) -> Sequence[Finding]:
    """The findings that no waiver covers. That a waiver covers nothing is seen only by a check of everything."""
    data = overlay.tree.read("waivers.yaml")
    if data is None:
        return found
    from mattone.checks.waivers import apply_waivers, read_waivers

    waivers, _ = read_waivers("waivers.yaml", data, _today())
    return [one for one in apply_waivers(found, waivers)[0] if one.rule != "WAIVE2001"]


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()


def refused(error: MattoneError, path: str) -> Finding:
    """Why a file cannot be checked at all, as a finding at its first line."""
    return finding("TOSCA1007", error.message, error.place or Place(path, 1, 1), error.hint)
