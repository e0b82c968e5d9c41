"""Helm charts: where they are named, and which version and digest each has in its repository.

Sources: Helm's documentation, "The Chart Repository Guide" (`index.yaml`), "Charts" (`Chart.yaml`, `dependencies`),
`helm install --help`; Ansible's `kubernetes.core.helm` and `helm_repository`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from mattone import http
from mattone.errors import MattoneError, Place, RemoteError
from mattone.pins.origins import Candidate, MissingVersion, in_range, version_of
from mattone.pins.sources import MOST_BYTES, shown
from mattone.pins.store import Store
from mattone.redact import one_line

_INDEX_BYTES = 50_000_000
_COMMAND = re.compile(r"\bhelm3?\s+(?:repo\s+add|upgrade|install|template|pull)\b[^\n;&|]*")
_VARIABLE = re.compile(r"\{\{[^}]*\}\}")
_OPTION_VALUES = {"--version", "--repo", "--namespace", "-n", "--values", "-f", "--set", "--timeout", "--set-string"}


@dataclass(frozen=True, slots=True)
class ChartRef:
    """A chart as it is asked for. `repository` is a URL (https or oci), or empty when nobody says it."""

    name: str
    version: str
    repository: str
    place: Place

    @property
    def known(self) -> bool:
        """Whether it is written out, rather than put in by a variable that only the run knows."""
        return "{{" not in f"{self.version}{self.repository}"


def charts_in(text: str, shown: str, known: Mapping[str, str]) -> Iterator[ChartRef]:
    """The charts that commands and tasks in a file install, in order.

    known  repositories by the short name that `helm repo add` or a `helm_repository` task gave them
    """
    for match in _COMMAND.finditer(text.replace("\\\n", "  ")):
        place = Place(shown, text.count("\n", 0, match.start()) + 1)
        found = _of_command(match[0], place, known)
        if found is not None:
            yield found
    for task in _tasks(text):
        reference = task.get("chart_ref")
        if isinstance(reference, str):
            yield _chart(
                reference,
                _text(task.get("chart_version")),
                _text(task.get("chart_repo_url")),
                _place(text, reference, shown),
                known,
            )


def repositories_in(text: str) -> dict[str, str]:
    """Short names of repositories that a file defines."""
    found = {
        words[3]: words[4]
        for match in _COMMAND.finditer(text)
        if len(words := [word for word in _words(match[0]) if not word.startswith("-")]) >= 5 and words[1] == "repo"
    }
    for task in _tasks(text):
        name, url = task.get("name"), task.get("repo_url")
        if isinstance(name, str) and isinstance(url, str):
            found[name] = url
    return found


def dependencies_in(value: Any, shown: str) -> Iterator[ChartRef]:
    """The dependencies of a `Chart.yaml`, given as its plain value."""
    rows = value.get("dependencies") if isinstance(value, dict) else None
    for row in rows if isinstance(rows, list) else ():
        name = row.get("name") if isinstance(row, dict) else None
        repository = _text(row.get("repository")) if isinstance(row, dict) else ""
        if isinstance(name, str) and repository and not repository.startswith(("file:", "@", "alias:")):
            yield ChartRef(name, _text(row.get("version")), repository.rstrip("/"), Place(shown))


def _of_command(command: str, place: Place, known: Mapping[str, str]) -> ChartRef | None:
    words = _words(command)
    options: dict[str, str] = {}
    plain: list[str] = []
    rest = iter(words[2:])
    for word in rest:
        name, equals, value = word.partition("=")
        if name in _OPTION_VALUES:
            options[name] = value if equals else next(rest, "")
        elif not word.startswith("-"):
            plain.append(word)
    if len(words) < 3 or words[1] not in {"upgrade", "install", "template", "pull"} or not plain:
        return None
    # `install NAME CHART`, `install CHART --generate-name`, `pull CHART`
    reference = plain[1] if len(plain) > 1 and words[1] != "pull" else plain[0]
    if "{{" in reference or reference.startswith((".", "/")):
        return None
    return _chart(reference, options.get("--version", ""), options.get("--repo", ""), place, known)


def _chart(reference: str, version: str, repository: str, place: Place, known: Mapping[str, str]) -> ChartRef:
    if reference.startswith("oci://"):
        base, _, name = reference.rpartition("/")
        return ChartRef(name, version, base, place)
    if not repository and "/" in reference:
        alias, _, name = reference.partition("/")
        return ChartRef(name if alias in known else reference, version, known.get(alias, "").rstrip("/"), place)
    return ChartRef(reference, version, repository.rstrip("/"), place)


def _words(command: str) -> list[str]:
    command = _VARIABLE.sub(lambda found: found[0].replace(" ", ""), command)
    try:
        return shlex.split(command, comments=True)
    except ValueError:  # a quotation that ends on another line
        return command.split()


def _tasks(text: str) -> Iterator[dict[Any, Any]]:
    """The arguments of every `helm` and `helm_repository` task of a playbook or task file."""
    import yaml

    if "helm" not in text:
        return
    try:
        waiting = [yaml.load(text, Loader=yaml.CBaseLoader)]  # noqa: S506 # the base loader makes texts alone
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    for _ in range(100_000):
        if not waiting:
            return
        value = waiting.pop(0)
        if isinstance(value, dict):
            yield from (task for key, task in value.items() if _is_helm(key) and isinstance(task, dict))
            waiting += list(value.values())
        elif isinstance(value, list):
            waiting += value


def _is_helm(key: Any) -> bool:
    return isinstance(key, str) and key.rsplit(".", 1)[-1] in {"helm", "helm_repository"}


def _place(text: str, word: str, shown: str) -> Place:
    return Place(shown, text.count("\n", 0, max(text.find(word), 0)) + 1)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class ChartRepositories:
    """Asks repositories of charts, each index once."""

    _known: dict[str, dict[str, Any]] = field(default_factory=dict)

    def versions(self, chart: ChartRef) -> tuple[Candidate, ...]:
        """The versions that a chart's constraint allows, the newest first. Raises MissingVersion and RemoteError."""
        rows = self._rows(chart)
        releases = sorted(((version, Candidate(text)) for text in rows if (version := version_of(text))), reverse=True,
                          key=lambda pair: (pair[0], pair[1].version))  # fmt: skip
        if chart.version in {"", "*", "latest"}:
            found = in_range(">=0.0.0", tuple(releases)) or tuple(one for _, one in releases)
        else:
            exact = tuple(Candidate(text) for text in (chart.version, f"v{chart.version}") if text in rows)
            found = exact or in_range(chart.version, tuple(releases))
        if not found:
            newest = ", ".join(one.version for _, one in releases[:6])
            raise MissingVersion(
                f"{shown(chart.repository)} has no version {one_line(chart.version, 60)!r} of the chart {chart.name}",
                hint=f"its newest versions: {newest}" if newest else "is the chart's name right?",
            )
        return found

    def content(self, chart: ChartRef, version: str, store: Store, digest: str = "") -> tuple[str, bytes]:
        """Digest and archive of a version. With a digest: raises SourceChanged when the repository has another."""
        if digest and (kept := store.get(digest)) is not None:
            return digest, kept
        row = self._rows(chart).get(version) or {}
        said = row.get("digest")
        urls = row.get("urls")
        if not isinstance(urls, list) or not urls or not isinstance(urls[0], str):
            raise RemoteError(f"{shown(chart.repository)} does not say where the chart {chart.name} {version} is")
        wanted = digest or (f"sha256:{said.removeprefix('sha256:')}" if isinstance(said, str) and said else "")
        url = urljoin(f"{chart.repository}/", urls[0])

        def get() -> bytes:
            return http.download(url, limit=MOST_BYTES, seconds=300.0).body

        if not wanted:
            data = get()
            return store.put(data), data
        return wanted, store.obtain(wanted, f"the chart {chart.name} {version} of {shown(chart.repository)}", get)

    def _rows(self, chart: ChartRef) -> dict[str, Any]:
        entries = self._index(chart.repository).get(chart.name)
        rows = entries if isinstance(entries, list) else ()
        return {row["version"]: row for row in rows if isinstance(row, dict) and isinstance(row.get("version"), str)}

    def _index(self, repository: str) -> dict[str, Any]:
        import yaml

        if repository not in self._known:
            url = f"{repository}/index.yaml"
            got = http.download(url, limit=_INDEX_BYTES, seconds=120.0)
            try:
                value = yaml.load(got.body, Loader=yaml.CBaseLoader)  # noqa: S506 # the base loader makes texts alone
            except (yaml.YAMLError, ValueError, RecursionError) as error:
                raise RemoteError(f"GET {shown(url)}: the answer is no index of a chart repository") from error
            entries = value.get("entries") if isinstance(value, dict) else None
            if not isinstance(entries, dict):
                raise RemoteError(f"GET {shown(url)}: the answer is no index of a chart repository")
            self._known[repository] = entries
        return self._known[repository]


def values_of(archive: bytes, name: str) -> bytes | None:
    """The `values.yaml` of a chart's archive, or None."""
    from mattone.pins.archives import unpacked

    try:
        found = unpacked(archive, name).get("values.yaml")
    except MattoneError:
        return None
    return found[1] if found else None
