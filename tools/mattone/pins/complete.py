"""The whole lock of a deployment: its components, and all that they ask for from elsewhere, over four layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from mattone import digests, http
from mattone.errors import InputError, MattoneError, Place, PolicyDenied, RemoteError
from mattone.pins import external
from mattone.pins.bundle import locked_tree, tree_resolver
from mattone.pins.charts import ChartRef, ChartRepositories, values_of
from mattone.pins.collect import Asked, ask, role_files
from mattone.pins.elsewhere import Elsewhere, Resolution
from mattone.pins.external import External, ExternalKind
from mattone.pins.galaxy import Galaxy
from mattone.pins.images import Found, images_of
from mattone.pins.imports import map_of, read_url
from mattone.pins.lock import Lock
from mattone.pins.origins import ArchiveOrigin, Candidate, GitOrigin
from mattone.pins.registry import Registries
from mattone.pins.releases import Releases
from mattone.pins.resolve import Resolver
from mattone.pins.sources import GitSource
from mattone.pins.spelling import Image
from mattone.pins.store import Store, default_store
from mattone.platform.components import Kind
from mattone.platform.deployments import Deployment, lock_path
from mattone.platform.refuse import refuse
from mattone.platform.settings import UNPINNED
from mattone.platform.site import Site
from mattone.tosca.files import is_digest
from mattone.tosca.paths import import_url
from mattone.tosca.template import ServiceTemplate, load_template

Move = frozenset[str] | None  # what to move to the newest in range: names; none of them: everything; None: nothing


@dataclass(frozen=True, slots=True)
class World:
    """Where things from elsewhere are looked up.

    urls      the platform's import map: URL to digest
    unpinned  whether what has no digest may be locked (`lock.unpinned` of mattone.toml)
    """

    store: Store = field(default_factory=default_store)
    galaxy: Galaxy = field(default_factory=Galaxy)
    registries: Registries = field(default_factory=Registries)
    charts: ChartRepositories = field(default_factory=ChartRepositories)
    urls: Mapping[str, str] = field(default_factory=dict)
    unpinned: bool = True


@dataclass(frozen=True, slots=True)
class Made:
    """A lock, and what a person should know of it: why something is not pinned or cannot be told."""

    lock: Lock
    notes: tuple[str, ...] = ()


def make_lock(
    releases: Releases, deployment: Deployment, world: World, keep: Lock | None = None, move: Move = None
) -> Made:
    """Resolve a deployment over all four layers.

    keep  the present lock: what it holds stays where it still satisfies
    move  component paths and names of entries to move to the newest in range; the empty set moves all

    Raises what `Resolver.lock` and `Elsewhere.resolve` raise, and PolicyDenied when something is not
    pinned and the platform does not allow that.
    """
    lock = Resolver(releases).lock(deployment, keep, move)
    kept = _kept(keep, move)
    made = _Making(releases, deployment, world, kept).complete(lock)
    loose = [f"{entry.kind} {entry.name} {entry.version}" for entry in made.lock.external if not entry.pinned]
    if loose and not world.unpinned:
        raise PolicyDenied(
            f"{deployment.id} needs what is not pinned: {', '.join(loose)}",
            place=Place(lock_path(deployment.id)),
            hint="name a digest or a source that answers; `lock.unpinned` in mattone.toml forbids the rest",
        )
    return made


def _kept(keep: Lock | None, move: Move) -> tuple[External, ...]:
    if keep is None or move == frozenset():
        return ()
    return tuple(entry for entry in keep.external if entry.name not in (move or ()))


@dataclass
class _Making:
    releases: Releases
    deployment: Deployment
    world: World
    kept: tuple[External, ...]
    notes: list[str] = field(default_factory=list)

    def complete(self, lock: Lock) -> Made:
        types, template = self._types(lock)
        tree = locked_tree(self.releases, lock)
        asked = ask(template, tree, self.deployment.inputs)
        for which in lock.pins:
            if which.kind is Kind.ROLE:
                asked.add_files(role_files(tree, which.path), which.path, which.path)
        keep = {(one.kind, one.name): one for one in self.kept}
        found = Elsewhere(self.world.store, self.world.galaxy, keep).resolve(asked.demands)
        self._add_found(asked, found)
        charts = self._charts(asked)
        entries = [*types, *found.entries, *charts, *self._images(asked.images)]
        self.notes += [*asked.unread, *found.unread]
        return Made(replace(lock, external=external.ordered(entries)), tuple(dict.fromkeys(self.notes)))

    def _add_found(self, asked: Asked, found: Resolution) -> None:
        for (kind, name), files in found.files.items():
            if kind is ExternalKind.ROLE:
                asked.add_layer_4(files, name, name)

    # Layer 1

    def _types(self, lock: Lock) -> tuple[list[External], ServiceTemplate]:
        """An entry for each type file that is imported by URL, and the template with all of them."""
        found: dict[str, External] = {}
        local = tree_resolver(locked_tree(self.releases, lock))

        def resolve(base: str, reference: str, /) -> tuple[str, bytes] | None:
            url = import_url(base, reference)
            if url is None:
                return local(base, reference)
            data = self._type_file(url, base, found)
            return url, data

        path = f"{lock.service.component.path}/template.yaml"
        template, findings = load_template(path, resolve)
        refuse(findings)
        if template is None:
            raise InputError("there is no such template", place=Place(path))
        return list(found.values()), template

    def _type_file(self, url: str, base: str, found: dict[str, External]) -> bytes:
        known = found.get(url)
        kept = next((one for one in self.kept if one.kind is ExternalKind.TYPES and one.name == url), None)
        mapped = self.world.urls.get(url, "")
        digest = known.digest if known else kept.digest if kept else mapped if is_digest(mapped) else ""
        data = self.world.store.obtain(digest, url, lambda: read_url(url)) if digest else read_url(url)
        by = tuple(sorted({*(known.required_by if known else ()), base}))
        ref = _ref(url)
        found[url] = External(url, ExternalKind.TYPES, ref, ref, _without_fragment(url), "",
                              digest or self.world.store.put(data), 1, by)  # fmt: skip
        return data

    # Layer 4

    def _images(self, asked: Iterable[tuple[Found, str]]) -> list[External]:
        wanted = sorted(asked, key=lambda pair: (_exact_first(pair[0].image), pair[0].place, pair[1]))
        self._ask_ahead([found.image for found, _ in wanted])
        entries: dict[tuple[str, str], External] = {}
        for found, by in wanted:
            one, version = found.image, found.image.tag
            known = entries.get((one.name, version))
            if known is not None and one.digest not in {"", known.digest}:  # one tag, written with two digests
                version = f"{version}@{digests.short(one.digest)}"
                known = entries.get((one.name, version))
            entry = known or External(one.name, ExternalKind.IMAGE, one.tag or one.digest, version, one.registry, "",
                                      self._image_digest(found), 4, ())  # fmt: skip
            entries[one.name, version] = replace(entry, required_by=tuple(sorted({*entry.required_by, by})))
        return list(entries.values())

    def _ask_ahead(self, images: Iterable[Image]) -> None:
        """Ask registries for all that will be needed, several at once."""
        new = [one for one in images if not one.digest and self._locked_image(one) is None]
        self.world.registries.ask_ahead((one.registry, one.path, one.tag) for one in new)

    def _locked_image(self, one: Image) -> External | None:
        return self._same(ExternalKind.IMAGE, one.name, one.tag, one.registry)

    def _image_digest(self, found: Found) -> str:
        one = found.image
        if one.digest:
            return one.digest
        kept = self._locked_image(one)
        if kept is not None:
            return kept.digest
        return self._or_note(
            found.place,
            f"image {one.name}:{one.tag}",
            lambda: self.world.registries.digest(one.registry, one.path, one.tag),
        )

    def _same(self, kind: ExternalKind, name: str, constraint: str, source: str) -> External | None:
        """The locked entry for the same wish; whoever upgrades has none."""
        wish = (kind, name, constraint, source)
        return next((one for one in self.kept if (one.kind, one.name, one.constraint, one.source) == wish), None)

    def _or_note(self, place: Place, what: str, ask_source: Callable[[], str]) -> str:
        """What a source says, or nothing and a note why."""
        try:
            return ask_source()
        except RemoteError as error:
            why = error.message
            if isinstance(error, http.StatusError) and error.download.status == 404:
                why = "there is no such tag"
            self.notes.append(f"{place}: the {what} is not pinned: {why}")
            return ""

    def _charts(self, asked: Asked) -> list[External]:
        entries: dict[tuple[str, str, str], External] = {}
        for chart, by in asked.charts:
            entry, archive = self._chart(chart, by)
            key = (entry.name, entry.version, entry.source)
            known = entries.get(key)
            if known is not None:
                constraint = ", ".join(sorted({*known.constraint.split(", "), chart.version} - {""}))
                entry = replace(known, constraint=constraint, required_by=tuple(sorted({*known.required_by, by})))
            elif archive and (values := values_of(archive, chart.name)) is not None:
                images = images_of({"values.yaml": (False, values)}, f"{chart.name}@{entry.version}")
                asked.images += [(found, chart.name) for found in images.found]
            entries[key] = entry
        return list(entries.values())

    def _chart(self, chart: ChartRef, by: str) -> tuple[External, bytes]:
        if not chart.known:
            self.notes.append(
                f"{chart.place}: the chart {chart.name} is not pinned: only the run knows its version or source"
            )
            return External(chart.name, ExternalKind.CHART, "", "", "", "", "", 4, (by,)), b""
        kept = self._same(ExternalKind.CHART, chart.name, chart.version, chart.repository)
        version, digest, archive = (kept.version, kept.digest, b"") if kept else (chart.version, "", b"")
        if kept is None or kept.pinned:
            version, digest, archive = self._chart_content(chart, version, digest)
        entry = External(chart.name, ExternalKind.CHART, chart.version, version, chart.repository, "", digest, 4, (by,))
        return entry, archive

    def _chart_content(self, chart: ChartRef, version: str, digest: str) -> tuple[str, str, bytes]:
        """Version, digest and archive of a chart; those that nobody could say are empty."""
        what = f"chart {chart.name} {chart.version}".strip()
        if chart.repository.startswith("oci://"):
            registry, _, path = chart.repository.removeprefix("oci://").partition("/")
            name = f"{path}/{chart.name}" if path else chart.name
            if not digest:
                digest = self._or_note(
                    chart.place,
                    what,
                    lambda: self.world.registries.digest(registry, name, chart.version.replace("+", "_")),
                )
            return version, digest, b""
        if not chart.repository.startswith(("https://", "http://")):
            self.notes.append(f"{chart.place}: the {what} is not pinned: nobody says which repository has it")
            return version, "", b""
        try:
            if not digest:
                version = self.world.charts.versions(chart)[0].version
            found, archive = self.world.charts.content(chart, version, self.world.store, digest)
        except MattoneError as error:
            if digest or not isinstance(error, RemoteError):
                error.place = error.place or chart.place
                raise
            self.notes.append(f"{chart.place}: the {what} is not pinned: {error.message}")
            return version, "", b""
        return version, found, archive


def _exact_first(image: Image) -> tuple[str, str, bool, str]:
    """An order in which an image that is written with its digest comes before the same tag without."""
    return image.name, image.tag, not image.digest, image.digest


def _ref(url: str) -> str:
    """The tag, branch or commit in the URL of a file of a forge; empty when it has none."""
    if url.startswith("git+"):
        return url.partition("#")[2].rpartition(":")[0]
    from mattone.checks.supply import raw_ref

    return raw_ref(url)


def _without_fragment(url: str) -> str:
    return url.removeprefix("git+").partition("#")[0] if url.startswith("git+") else url


def world_of(site: Site) -> World:
    """Where a site's deployments look things up. Raises InputError for a bad import map."""
    return World(
        galaxy=Galaxy(site.settings.lock_galaxy),
        urls=map_of(site.files),
        unpinned=site.settings.lock_unpinned == UNPINNED[0],
    )


def obtain(lock: Lock, world: World) -> int:
    """Have the content of every pinned entry in the store, fetched where it is missing; returns how many there are.

    Nothing is resolved: commits, URLs and digests are those of the lock. Images stay in their registries.
    Raises SourceChanged where a source has something else, MissingCommit, Unreachable.
    """
    number = 0
    for entry in lock.external:
        if not entry.pinned or entry.kind is ExternalKind.IMAGE or entry.source.startswith("oci://"):
            continue
        number += 1
        try:
            _obtain(entry, world)
        except MattoneError as error:
            error.place = error.place or Place(lock_path(lock.deployment))
            raise
    return number


def _obtain(entry: External, world: World) -> None:
    if entry.kind is ExternalKind.TYPES:
        world.store.obtain(entry.digest, entry.name, lambda: read_url(entry.name))
    elif entry.kind is ExternalKind.CHART:
        chart = ChartRef(entry.name, entry.constraint, entry.source, Place(entry.name))
        world.charts.content(chart, entry.version, world.store, entry.digest)
    elif entry.commit:
        origin = GitOrigin(GitSource.at(entry.source))
        origin.content(Candidate(entry.version, entry.commit), world.store, entry.digest)
    elif entry.source == world.galaxy.address:
        world.galaxy.collection(entry.name).content(Candidate(entry.version), world.store, entry.digest)
    else:
        ArchiveOrigin(entry.source).content(Candidate(entry.version), world.store, entry.digest)
