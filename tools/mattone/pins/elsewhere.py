"""Roles and collections from elsewhere: what is asked for, resolved to one version each, with all that they need.

Each is chosen as the newest version that satisfies everybody who asks for it, or kept as it is locked; its files
may ask for more. Nothing is tried twice: when two exclude each other, the message says who asks for what.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mattone import process
from mattone.errors import InputError, MattoneError, Place
from mattone.pins import spelling
from mattone.pins.external import External, ExternalKind
from mattone.pins.galaxy import Galaxy
from mattone.pins.needs import needs_of
from mattone.pins.origins import ArchiveOrigin, Candidate, GitOrigin, MissingVersion, Origin, in_range, version_of
from mattone.pins.resolve import Conflict
from mattone.pins.sources import GitSource, shown
from mattone.pins.spelling import Spelled
from mattone.pins.store import Files, Store

_MOST = 1000  # choices, until versions that exclude each other in a circle are given up
_AT_ONCE = 8  # repositories that are asked at once
Key = tuple[ExternalKind, str]


class Cycle(InputError):
    """Roles depend on each other in a circle: Ansible would never come to an end."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Somebody asks for something. `by` is a file or an entry, by path, URL or name."""

    kind: ExternalKind
    spelled: Spelled
    layer: int
    by: str
    place: Place
    depends: bool = False

    @property
    def key(self) -> Key:
        return self.kind, self.spelled.name


@dataclass(frozen=True, slots=True)
class Chosen:
    """A version of something, and what its files ask for."""

    candidate: Candidate
    origin: Origin
    digest: str
    files: Files
    demands: tuple[Demand, ...]
    unread: tuple[str, ...] = ()


@dataclass(slots=True)
class Resolution:
    """All that was chosen: entries of the lock, the files of each, and what could not be told."""

    entries: tuple[External, ...] = ()
    files: dict[Key, Files] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


@dataclass
class Elsewhere:
    """Resolves roles and collections.

    keep  locked entries that stay where they satisfy; each is checked against its source
    """

    store: Store
    galaxy: Galaxy
    keep: Mapping[Key, External] = field(default_factory=dict)
    _origins: dict[tuple[ExternalKind, str], Origin] = field(default_factory=dict)
    _known: dict[tuple[Key, str, str], Chosen] = field(default_factory=dict)

    def resolve(self, roots: Iterable[Demand]) -> Resolution:
        """Resolve demands and all that follows from them. Raises Conflict, Cycle, and what origins raise."""
        roots = sorted(roots, key=_order)
        chosen: dict[Key, Chosen] = {}
        for _ in range(_MOST):
            asked = _asked(roots, chosen)
            found, refused = self._round(asked, chosen)
            if _same(found, chosen):
                # Only now is it certain that nobody asks who will not be there in the end.
                if refused:
                    raise refused[0]
                return _resolution(asked, chosen)
            chosen = found
        names = ", ".join(sorted(name for _, name in chosen)[:8])
        raise Conflict(f"what is required elsewhere goes round in a circle of versions: {names}")

    def _round(
        self, asked: Mapping[Key, Sequence[Demand]], before: Mapping[Key, Chosen]
    ) -> tuple[dict[Key, Chosen], list[MattoneError]]:
        """Every choice anew, by what was asked last; and what could not be chosen."""
        self._ask_ahead(asked)
        found: dict[Key, Chosen] = {}
        refused: list[MattoneError] = []
        for key in sorted(asked):
            try:
                found[key] = self._choose(key, asked[key])
            except (Conflict, MissingVersion) as error:
                refused.append(error)
                if key in before:
                    found[key] = before[key]
        return found, refused

    def _ask_ahead(self, asked: Mapping[Key, Sequence[Demand]]) -> None:
        """Ask new repositories for their refs, several at once; what goes wrong is told when one is chosen from."""
        origins = []
        for key in sorted(asked):
            with contextlib.suppress(MattoneError):
                origins.append(self._origin(key, asked[key]))
        new = {one.source: one for one in origins if isinstance(one, GitOrigin) and not one.was_asked}
        if len(new) < 2:
            return
        with process.parallel(_AT_ONCE) as workers:
            for waiting in [workers.start(one.ask_ahead) for one in new.values()]:
                with contextlib.suppress(MattoneError):
                    waiting.result()

    def _choose(self, key: Key, demands: Sequence[Demand]) -> Chosen:
        origin = self._origin(key, demands)
        sets = [self._asking(demand, origin) for demand in demands]
        names = [{(one.version, one.commit) for one in candidates} for candidates in sets]
        common = [one for one in sets[0] if all((one.version, one.commit) in others for others in names)]
        if not common:
            # Two names of one commit, such as a tag and the branch that it is on, are no conflict.
            commits = [{one.commit for one in candidates} for candidates in sets]
            common = [one for one in sets[0] if one.commit and all(one.commit in others for others in commits)]
        if not common:
            raise _conflict(key, demands)
        kept = self.keep.get(key)
        if kept is not None and kept.source == origin.source and (stays := _kept(kept, common, demands)) is not None:
            return self._at(demands[0].place, key, origin, stays, kept)
        return self._at(demands[0].place, key, origin, common[0], None)

    def _asking(self, demand: Demand, origin: Origin) -> tuple[Candidate, ...]:
        try:
            return origin.candidates(demand.spelled.version)
        except MattoneError as error:
            error.place = error.place or demand.place
            raise

    def _at(self, place: Place, key: Key, origin: Origin, one: Candidate, kept: External | None) -> Chosen:
        known = self._known.get((key, one.version, one.commit))
        if known is None:
            try:
                if kept is not None:
                    origin.check(kept)
                content = origin.content(one, self.store, kept.digest if kept else "")
            except MattoneError as error:
                error.place = error.place or place
                raise
            who = f"{key[1]}@{one.version or one.commit[:12]}"
            read = needs_of(content.files, who)
            demands = tuple(
                Demand(need.kind, need.spelled, 3, key[1], need.place, need.depends)
                for need in read.needs
                if need.kind is not ExternalKind.ROLE or _is_elsewhere(need.spelled)
            )
            known = Chosen(one, origin, content.digest, content.files, demands, read.unread)
            self._known[key, one.version, one.commit] = known
        return known

    def _origin(self, key: Key, demands: Sequence[Demand]) -> Origin:
        sources = sorted({demand.spelled.source for demand in demands if demand.spelled.source})
        if len({_plain(source) for source in sources}) > 1:
            raise _conflict(key, demands)
        source = sources[0] if sources else key[1]
        found = self._origins.get((key[0], source))
        if found is None:
            place = next(demand.place for demand in demands if not sources or demand.spelled.source == source)
            try:
                found = self._origins[key[0], source] = self._open(key[0], source)
            except MattoneError as error:
                error.place = error.place or place
                raise
        return found

    def _open(self, kind: ExternalKind, source: str) -> Origin:
        if not spelling.is_url(source):
            return self.galaxy.role(source) if kind is ExternalKind.ROLE else self.galaxy.collection(source)
        if source.startswith(("https://", "http://")) and source.endswith((".tar.gz", ".tgz")):
            return ArchiveOrigin(source)
        return GitOrigin(GitSource.at(source))


def _asked(roots: Sequence[Demand], chosen: Mapping[Key, Chosen]) -> dict[Key, list[Demand]]:
    """Who asks for what, from the roots through what was chosen."""
    reached: dict[Key, list[Demand]] = {}
    waiting = list(roots)
    while waiting:
        demand = waiting.pop()
        if demand.key not in reached and demand.key in chosen:
            waiting += chosen[demand.key].demands
        reached.setdefault(demand.key, []).append(demand)
    return {key: sorted(demands, key=_order) for key, demands in reached.items()}


def _same(one: Mapping[Key, Chosen], other: Mapping[Key, Chosen]) -> bool:
    return {key: (c.candidate, c.origin.source) for key, c in one.items()} == {
        key: (c.candidate, c.origin.source) for key, c in other.items()
    }


def _resolution(asked: Mapping[Key, Sequence[Demand]], chosen: Mapping[Key, Chosen]) -> Resolution:
    _refuse_cycles({key: chosen[key].demands for key in asked})
    return Resolution(
        tuple(_entry(key, chosen[key], demands) for key, demands in asked.items()),
        {key: chosen[key].files for key in asked},
        sorted({line for key in asked for line in chosen[key].unread}),
    )


def _kept(kept: External, common: Sequence[Candidate], demands: Sequence[Demand]) -> Candidate | None:
    """The locked version as a candidate when it still satisfies everybody."""
    named = next((one for one in common if one.version == kept.version), None)
    if named is None:
        if not all(_would_satisfy(kept.version, demand.spelled.version) for demand in demands):
            return None
        named = Candidate(kept.version)  # it was deleted at the source, which the check says
    return replace(named, commit=kept.commit)


def _would_satisfy(text: str, wanted: str) -> bool:
    """Whether a release of this version, were it there, would satisfy a constraint."""
    version = version_of(text)
    if version is None:
        return False
    return bool(in_range(">=0.0.0" if wanted in {"", "*", "latest"} else wanted, ((version, Candidate(text)),)))


def _entry(key: Key, chosen: Chosen, demands: Sequence[Demand]) -> External:
    return External(
        name=key[1],
        kind=key[0],
        constraint=_constraint(demands),
        version=chosen.candidate.version,
        source=chosen.origin.source,
        commit=chosen.candidate.commit,
        digest=chosen.digest,
        layer=min(demand.layer for demand in demands),
        required_by=tuple(sorted({demand.by for demand in demands})),
    )


def _constraint(demands: Iterable[Demand]) -> str:
    return ", ".join(sorted({demand.spelled.version for demand in demands} - {""}))


def _conflict(key: Key, demands: Sequence[Demand]) -> Conflict:
    def asks(demand: Demand) -> str:
        source = f" from {shown(demand.spelled.source)}" if demand.spelled.source else ""
        return f"{demand.by} ({demand.place}) asks for {demand.spelled.version or 'any version'}{source}"

    who = "; ".join(asks(demand) for demand in demands)
    return Conflict(
        f"no version of the {key[0]} {key[1]} satisfies all: {who}",
        place=demands[-1].place,
        hint="change one of them so that both can have the same, or use versions of them that agree",
    )


def _refuse_cycles(graph: Mapping[Key, Sequence[Demand]]) -> None:
    done: set[Key] = set()
    for start in sorted(graph):
        _visit(start, graph, [], done)


def _visit(key: Key, graph: Mapping[Key, Sequence[Demand]], path: list[Key], done: set[Key]) -> None:
    if key in path:
        circle = [name for _, name in path[path.index(key) :]] + [key[1]]
        place = next(demand.place for demand in graph[path[-1]] if demand.key == key)
        raise Cycle(
            f"roles depend on each other in a circle: {' -> '.join(circle)}",
            place=place,
            hint="Ansible runs a role's dependencies before it, so none of them could begin",
        )
    if key in done:
        return
    for demand in graph[key]:
        if demand.depends and demand.key in graph:
            _visit(demand.key, graph, [*path, key], done)
    done.add(key)


def _is_elsewhere(spelled: Spelled) -> bool:
    return bool(spelled.source) or spelling.is_galaxy_name(spelled.name)


def _plain(source: str) -> str:
    return source.removesuffix("/").removesuffix(".git")


def _order(demand: Demand) -> tuple[str, str, str, str, str, str]:
    one = demand.spelled
    return demand.kind.value, one.name, demand.by, one.version, one.source, str(demand.place)
