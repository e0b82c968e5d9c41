"""Manifests before and after: which inputs may change while a deployment lives, and what a component needs."""

from __future__ import annotations

from mattone.compat.changes import Collector
from mattone.platform.components import Component, ComponentId, Service, load_component
from mattone.platform.tree import Tree
from mattone.tosca.spots import Spot, show
from mattone.versions import Range


def compare_manifests(old: Tree, new: Tree, component: ComponentId, out: Collector) -> None:
    """Compare the two manifests of a component; nothing where one is missing or bad, which checks report."""
    before, after = (load_component(tree, component)[0] for tree in (old, new))
    if before is None or after is None:
        return
    if isinstance(before, Service) and isinstance(after, Service):
        _service(before, after, out)
    _requires(before, after, out)


def _service(old: Service, new: Service, out: Collector) -> None:
    spots = [Spot(one.document, ("updatable",)) for one in (old, new)]
    lost = [name for name in old.updatable if name not in new.updatable] if new.updatable else []
    if new.updatable and not old.updatable:
        why = f"only {_joined(new.updatable)} may change while a deployment lives now; before, every input could"
        out.add("COMPAT1230", f"service {new.id.name}", why, *spots)
    elif lost:
        why = f"{_joined(lost)} may no longer change while a deployment lives"
        out.add("COMPAT1230", f"service {new.id.name}", why, *spots)
    elif tuple(sorted(old.updatable)) != tuple(sorted(new.updatable)):
        out.add("COMPAT2230", f"service {new.id.name}", "more inputs may change while a deployment lives", *spots)
    if new.status == "deprecated" != old.status:
        spots = [Spot(one.document, ("status",)) for one in (old, new)]
        out.add("COMPAT2116", f"service {new.id.name}", "it is deprecated now", *spots)


def _joined(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(show(name) for name in names)


def _requires(old: Component, new: Component, out: Collector) -> None:
    """Ranges on other components: a range that lets another major version in brings another interface."""
    for needed in sorted({*old.requires, *new.requires}, key=str):
        was, now = old.requires.get(needed), new.requires.get(needed)
        if was is not None and now is not None and was.text == now.text:
            continue
        shown = [one.text if one is not None else "nothing" for one in (was, now)]
        why = f"of {needed} it needed {show(shown[0])} and needs {show(shown[1])}"
        key = "roles" if str(needed).startswith("ansible-roles") else "tosca_types"
        spots = [Spot(one.document, (key, needed.name) if key == "roles" else (key,)) for one in (old, new)]
        rule = "COMPAT2231" if was is not None and now is not None and _majors(was) != _majors(now) else "COMPAT3231"
        out.add(rule, str(new.id), why, *spots)


def _majors(one: Range) -> set[int]:
    """The major versions that the alternatives of a range begin with."""
    return {comparators[0].version.major for comparators in one.alternatives if comparators}
