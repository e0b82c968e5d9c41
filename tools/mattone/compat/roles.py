"""Ansible roles before and after: arguments, defaults, and where they run.

A role's interface is `meta/argument_specs.yml` (https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_reuse_roles.html#role-argument-validation);
a variable of `defaults/main.yml` that no argument describes counts as an optional one of any type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mattone.compat.changes import Collector, Comparison
from mattone.compat.sameness import same
from mattone.errors import MattoneError
from mattone.findings import Finding
from mattone.platform.components import ComponentId
from mattone.platform.tree import Tree
from mattone.tosca.source import Document, load
from mattone.tosca.spots import Spot, show
from mattone.tosca.template import mapping
from mattone.versions import Version

_SUFFIXES = (".yml", ".yaml")
_MISSING = object()
_TESTS = ("molecule/", "tests/")
_COMPARED = ("meta/", "defaults/main.")  # by what they say: what else differs in them is spelling
_TEXTS = (".md", "role.yaml")
# Every value of the first type is one of the second: Ansible reads both from text.
_WIDER = {("int", "float"), ("path", "str"), ("int", "str"), ("float", "str"), ("bool", "str"), ("json", "str")}


@dataclass(frozen=True)
class _Role:
    name: str
    tree: Tree
    component: ComponentId
    specs: Document
    defaults: Document
    meta: Document


def compare_roles(old: Tree, new: Tree, component: ComponentId) -> Comparison:
    """Compare a role at two revisions of a platform repository."""
    before, after = (_read(tree, component) for tree in (old, new))
    unknown = [*_broken(before), *_broken(after)]
    out = Collector()
    there = [bool(one.tree.files(component.path)) for one in (before, after)]
    if there == [True, False]:
        out.add("COMPAT1314", f"role {component.name}", "it is gone", Spot(before.meta))
    elif there == [False, True]:
        out.add("COMPAT2314", f"role {component.name}", "it is new", None, Spot(after.meta))
    else:
        _entry_points(before, after, out)
        _defaults(before, after, out)
        _surroundings(before, after, out)
        _body(before, after, out)
    return Comparison(out.changes(), tuple(unknown))


def _read(tree: Tree, component: ComponentId) -> _Role:
    parts = (_document(tree, component, name) for name in ("meta/argument_specs", "defaults/main", "meta/main"))
    return _Role(component.name, tree, component, *parts)


def _document(tree: Tree, component: ComponentId, name: str) -> Document:
    for suffix in _SUFFIXES:
        path = f"{component.path}/{name}{suffix}"
        data = tree.read(path)
        if data is not None:
            return load(path, data)
    return Document(f"{component.path}/{name}.yml", None, ())


def _broken(role: _Role) -> Iterable[Finding]:
    for document in (role.specs, role.defaults, role.meta):
        if document.broken:
            yield from document.findings


def _entry_points(old: _Role, new: _Role, out: Collector) -> None:
    before, after = (mapping(one.specs.value, "argument_specs") for one in (old, new))
    for name, spec in before.items():
        spot = Spot(old.specs, ("argument_specs", name))
        if name not in after:
            out.add("COMPAT1312", f"role {old.name}, entry point {show(name)}", "it is gone", spot, None)
            continue
        at = Spot(new.specs, ("argument_specs", name))
        prefix = f"role {old.name}" + ("" if name == "main" else f", entry point {show(name)}")
        options = (mapping(spec, "options"), mapping(after[name], "options"))
        _options(prefix, options, (spot.at("options"), at.at("options")), out)
    for name in after:
        if name not in before and before:
            spot = Spot(new.specs, ("argument_specs", name))
            out.add("COMPAT2312", f"role {old.name}, entry point {show(name)}", "it is new", None, spot)


def _options(
    prefix: str, sides: tuple[Mapping[Any, Any], Mapping[Any, Any]], spots: tuple[Spot, Spot], out: Collector
) -> None:
    old, new = sides
    for name, own in old.items():
        subject = f"{prefix}, argument {show(name)}"
        if name not in new:
            out.add("COMPAT1301", subject, "it is gone", spots[0].at(name), None)
        elif isinstance(own, dict) and isinstance(new[name], dict):
            _option(subject, own, new[name], (spots[0].at(name), spots[1].at(name)), out)
    for name, other in new.items():
        if name not in old:
            must = isinstance(other, dict) and other.get("required") is True
            rule, why = ("COMPAT1302", "it is new, and must be given") if must else ("COMPAT2301", "it is new")
            out.add(rule, f"{prefix}, argument {show(name)}", why, None, spots[1].at(name))


def _option(subject: str, old: dict[Any, Any], new: dict[Any, Any], spots: tuple[Spot, Spot], out: Collector) -> None:
    was, now = (one.get("required") is True for one in (old, new))
    if was != now:
        rule, why = ("COMPAT1112", "it must be given now") if now else ("COMPAT2112", "it need not be given now")
        out.add(rule, subject, why, *spots)
    for key, default in (("type", "str"), ("elements", "")):
        _typed(subject, key, old.get(key, default), new.get(key, default), spots, out)
    _choices(subject, old.get("choices"), new.get("choices"), spots, out)
    _default(subject, old.get("default", _MISSING), new.get("default", _MISSING), spots, out)
    inner = (mapping(old, "options"), mapping(new, "options"))
    _options(subject, inner, (spots[0].at("options"), spots[1].at("options")), out)


def _typed(subject: str, key: str, old: Any, new: Any, spots: tuple[Spot, Spot], out: Collector) -> None:
    if same(old, new):
        return
    what = "its type" if key == "type" else "the type of its entries"
    why = f"{what} was {show(old or 'anything')} and is {show(new or 'anything')}"
    wider = new in ("raw", "") or (old, new) in _WIDER
    out.add("COMPAT2111" if wider else "COMPAT1110", subject, why, *spots)


def _choices(subject: str, old: Any, new: Any, spots: tuple[Spot, Spot], out: Collector) -> None:
    before, after = (one if isinstance(one, list) else None for one in (old, new))
    if after is not None and (before is None or any(one not in after for one in before)):
        gone = "anything else" if before is None else ", ".join(show(one) for one in before if one not in after)
        out.add("COMPAT1114", subject, f"no longer allowed: {gone}", *spots)
    elif before is not None and (after is None or any(one not in before for one in after)):
        more = "everything" if after is None else ", ".join(show(one) for one in after if one not in before)
        out.add("COMPAT2114", subject, f"allowed too now: {more}", *spots)


def _default(subject: str, old: Any, new: Any, spots: tuple[Spot, Spot], out: Collector) -> None:
    if old is new or same(old, new):
        return
    if old is _MISSING:
        out.add("COMPAT2113", subject, f"it has the default `{show(new)}` now", *spots)
    else:
        now = "is gone" if new is _MISSING else f"is `{show(new)}` now"
        out.add("COMPAT2115", subject, f"its default was `{show(old)}` and {now}", *spots)


def _defaults(old: _Role, new: _Role, out: Collector) -> None:
    """Variables of `defaults/main.yml`: those that arguments describe are compared as such, but for their values."""
    before, after = (one.defaults.value if isinstance(one.defaults.value, dict) else {} for one in (old, new))
    described = _described(old) | _described(new)
    for name, value in before.items():
        subject = f"role {old.name}, argument {show(name)}"
        spots = Spot(old.defaults, (name,)), Spot(new.defaults, (name,))
        if name in after:
            _default(subject, value, after[name], spots, out)
        elif name not in described:
            out.add("COMPAT1301", subject, "it is gone", spots[0], None)
    for name in after:
        if name not in before and name not in described:
            out.add(
                "COMPAT2301", f"role {old.name}, argument {show(name)}", "it is new", None, Spot(new.defaults, (name,))
            )


def _described(role: _Role) -> set[Any]:
    specs = mapping(role.specs.value, "argument_specs")
    return {name for spec in specs.values() for name in mapping(spec, "options")}


def _surroundings(old: _Role, new: _Role, out: Collector) -> None:
    """Which Ansible and which systems the role needs (`galaxy_info` of `meta/main.yml`)."""
    before, after = (mapping(one.meta.value, "galaxy_info") for one in (old, new))
    _ansible(old, new, before.get("min_ansible_version"), after.get("min_ansible_version"), out)
    systems, others = _platforms(before), _platforms(after)
    spots = [Spot(one.meta, ("galaxy_info", "platforms")) for one in (old, new)]
    for name in sorted(systems - others) if others else ():
        if (name.partition(" ")[0] + " all") not in others:
            out.add("COMPAT1311", f"role {old.name}, platform {show(name)}", "it is no longer supported", *spots)
    for name in sorted(others - systems) if systems else ():
        if (name.partition(" ")[0] + " all") not in systems:
            out.add("COMPAT2311", f"role {old.name}, platform {show(name)}", "it is supported now", *spots)


def _ansible(old: _Role, new: _Role, before: Any, after: Any, out: Collector) -> None:
    was, now = _version(before), _version(after)
    if was == now:
        return
    spots = [Spot(one.meta, ("galaxy_info", "min_ansible_version")) for one in (old, new)]
    higher = now is not None and (was is None or now > was)
    why = f"it needed Ansible {show(before or 'of any version')} and needs {show(after or 'any')}"
    out.add("COMPAT1310" if higher else "COMPAT2310", f"role {old.name}", why, *spots)


def _version(value: Any) -> Version | None:
    parts = str(value).split(".")
    try:
        return Version.parse(".".join([*parts, "0", "0"][:3]))
    except MattoneError:
        return None


def _platforms(info: Mapping[Any, Any]) -> set[str]:
    found = set()
    listed = info.get("platforms")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            versions = one.get("versions")
            found |= (
                {f"{one['name']} {version}" for version in versions if isinstance(versions, list)}
                if isinstance(versions, list)
                else {f"{one['name']} all"}
            )
    return found


def _body(old: _Role, new: _Role, out: Collector) -> None:
    """Everything that the role does: tasks, handlers, templates, files."""
    if len(out):
        return
    changed = [name for name in sorted(_names(old) | _names(new)) if _content(old, name) != _content(new, name)]
    if changed:
        path = f"{new.component.path}/{changed[0]}"
        spot = Spot(Document(path, None, ()))
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        texts = all(name.endswith(_TEXTS) or name.startswith(_COMPARED) for name in changed)
        rule = "COMPAT3302" if texts else "COMPAT3301"
        out.add(
            rule, f"role {old.name}", f"{show(changed[0], 120)}{more} changed, behind the same arguments", spot, spot
        )


def _names(role: _Role) -> set[str]:
    prefix = f"{role.component.path}/"
    names = {path.removeprefix(prefix) for path in role.tree.files(role.component.path)}
    return {name for name in names if not name.startswith(_TESTS)}


def _content(role: _Role, name: str) -> bytes | None:
    return role.tree.read(f"{role.component.path}/{name}")
