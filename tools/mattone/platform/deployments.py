"""Deployments: what a group wants to run, one file `deployments/<group>/<name>.yaml` each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from mattone.errors import InputError, MattoneError, Place
from mattone.findings import Finding, Severity
from mattone.platform.fields import Field, Reader, did_you_mean, is_label
from mattone.platform.refuse import has_errors
from mattone.platform.tree import Tree
from mattone.tosca.source import Document, load
from mattone.versions import Range

FOLDER = "deployments"

FIELDS = {
    "service": Field(str, True, "a service of the catalogue, the name of its folder"),
    "version": Field(
        str, True, 'range of the service\'s versions, as in `^1.0` or `"1.2"` (in quotes, or YAML makes it a number)'
    ),
    "provider": Field(str, False, "where to run it (the group's first provider that offers the service)"),
    "description": Field(str, False, "what it is for"),
    "contact": Field(str, False, "whom to ask about it"),
    "group": Field(str, False, "the group; it must be the name of the file's folder"),
    "protected": Field(bool, False, "deleting it needs a confirmation by name (false)"),
    "needs": Field(list, False, "other deployments, as GROUP/NAME, that must be applied before it"),
    "inputs": Field(dict, False, 'values of the template\'s inputs; a secret is `{secret: "env:NAME"}`'),
}


@dataclass(frozen=True, slots=True)
class Deployment:
    """One wish. `inputs` are as written: secrets are still references.

    `protected`: deleting it needs a confirmation by name. `needs`: ids of what must be applied before it.
    """

    group: str
    name: str
    service: str
    version: Range
    provider: str
    description: str
    protected: bool
    inputs: Mapping[str, Any]
    document: Document = field(repr=False, compare=False)
    needs: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.group}/{self.name}"

    @property
    def path(self) -> str:
        return deployment_path(self.id)


def deployment_path(deployment: str) -> str:
    """`<group>/<name>` to the file that asks for it."""
    return f"{FOLDER}/{deployment}.yaml"


def lock_path(deployment: str) -> str:
    """`<group>/<name>` to its lock."""
    return f"{FOLDER}/{deployment}.lock.yaml"


def split_id(deployment: str) -> tuple[str, str]:
    """`<group>/<name>` in its two parts. Raises InputError when it is not two DNS labels."""
    group, _, name = deployment.partition("/")
    if not (is_label(group) and is_label(name)):
        raise InputError(
            f"{deployment!r} names no deployment",
            hint="write <group>/<name>, each of lower-case letters, digits and hyphens, for example school/notebooks",
        )
    return group, name


def find(tree: Tree) -> tuple[dict[str, str], tuple[Finding, ...]]:
    """Every deployment id with its file, and findings on files that stand where none can."""
    found: dict[str, str] = {}
    findings: list[Finding] = []
    for path in tree.files(FOLDER):
        pure = PurePosixPath(path)
        if pure.name.endswith((".lock.yaml", ".lock.yml")):
            continue
        if pure.suffix not in {".yaml", ".yml"}:
            findings += _links(tree, path)
            continue
        problem = _misplaced(pure, found)
        if problem is None:
            found[f"{pure.parts[1]}/{pure.stem}"] = path
        else:
            findings.append(Finding(problem[0], Severity.ERROR, problem[1], Place(path), problem[2]))
    return found, tuple(findings)


def _links(tree: Tree, path: str) -> tuple[Finding, ...]:
    """A finding on a link: it may stand for a whole group, which would seem gone without a word."""
    try:
        tree.read(path)
    except InputError as error:
        return (_refused(error, path),)
    return ()


def _misplaced(path: PurePosixPath, found: Mapping[str, str]) -> tuple[str, str, str] | None:
    if len(path.parts) != 3:
        return (
            "DEP1007",
            "a deployment's file must lie in its group's folder",
            f"move it to {FOLDER}/<group>/{path.name}",
        )
    group, stem = path.parts[1], path.stem
    if not (is_label(group) and is_label(stem)):
        return (
            "DEP1005",
            f"{group}/{stem} is not made of DNS labels",
            "use lower-case letters, digits and inner hyphens, at most 63 characters",
        )
    other = found.get(f"{group}/{stem}")
    if other is not None:
        return "DEP1008", f"the deployment {group}/{stem} has two files, the other is {other}", "keep one of them"
    if path.suffix != ".yaml":
        return "DEP1007", "a deployment's file must end in .yaml", f"rename it to {stem}.yaml"
    return None


def load_deployment(tree: Tree, path: str) -> tuple[Deployment | None, tuple[Finding, ...]]:
    """Read one deployment file: the deployment, or None and the findings that say why not."""
    data = tree.read(path)
    if data is None:
        raise InputError("there is no such file", place=Place(path))
    document = load(path, data)
    if document.value is None:
        empty = Finding("DEP1001", Severity.ERROR, "the file is empty", Place(path), "a deployment needs a service")
        return None, document.findings or (empty,)
    reader = Reader(document, "DEP", list(document.findings))
    values = reader.mapping(FIELDS)
    group, name = PurePosixPath(path).parts[1], PurePosixPath(path).stem
    if values.get("group", group) != group:
        reader.say(1007, f"the group {values['group']!r} is not the folder's, {group!r}", "group",
                   hint=f"move the file to {FOLDER}/{values['group']}/ or correct the group")  # fmt: skip
    version, needs = _range(reader, values), _needs(reader, values)
    if version is None or has_errors(reader.findings):
        return None, tuple(reader.findings)
    deployment = Deployment(
        group,
        name,
        service=values["service"],
        version=version,
        provider=values.get("provider", ""),
        description=values.get("description", ""),
        protected=values.get("protected", False),
        inputs=values.get("inputs", {}),
        document=document,
        needs=needs,
    )
    return deployment, tuple(reader.findings)


def _needs(reader: Reader, values: Mapping[str, Any]) -> tuple[str, ...]:
    found = values.get("needs", ())
    for index, need in enumerate(found):
        if not isinstance(need, str):
            reader.say(1004, "a need must be a text", "needs", index, hint="write <group>/<name>")
    return tuple(dict.fromkeys(need for need in found if isinstance(need, str)))


def _range(reader: Reader, values: Mapping[str, Any]) -> Range | None:
    if "version" not in values:
        return None
    try:
        return Range.parse(values["version"])
    except MattoneError as error:
        reader.say(1006, error.message, "version", hint=error.hint)
        return None


def load_all(tree: Tree, only: Iterable[str] = ()) -> tuple[dict[str, Deployment], tuple[Finding, ...]]:
    """Every deployment of a tree (or those of `only`), by id, with all findings at once.

    Raises InputError when `only` names one that the tree has not.
    """
    paths, findings = find(tree)
    wanted = sorted(set(only)) or sorted(paths)
    if only:  # what is wrong with files of others is not their concern
        findings = tuple(one for one in findings if PurePosixPath(one.place.path).with_suffix("") in _stems(only))
    loaded: dict[str, Deployment] = {}
    for deployment in wanted:
        split_id(deployment)
        if deployment not in paths:
            raise InputError(f"there is no deployment {deployment!r}", hint=did_you_mean(deployment, paths))
        try:
            found, more = load_deployment(tree, paths[deployment])
        except InputError as error:
            found, more = None, (_refused(error, paths[deployment]),)
        findings += more
        if found is not None:
            loaded[deployment] = found
    return loaded, findings


def _stems(deployments: Iterable[str]) -> set[PurePosixPath]:
    return {PurePosixPath(FOLDER, deployment) for deployment in deployments}


def _refused(error: InputError, path: str) -> Finding:
    return Finding("DEP1014", Severity.ERROR, error.message, error.place or Place(path), error.hint)
