"""`mattone.toml`: the few settings of a platform repository."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mattone.errors import InputError, Place
from mattone.platform.fields import KINDS, describe, did_you_mean, fits, is_label
from mattone.platform.orchestrator import FIELDS as ORCHESTRATOR_FIELDS
from mattone.platform.orchestrator import KIND as ORCHESTRATOR
from mattone.platform.orchestrator import OrchestratorSettings, problem
from mattone.platform.tree import Tree

FILE = "mattone.toml"

_KEYS = {"environment", "engine", "forge", "lock", "merge", "records", "apply"}  # `merge` is the forge's own table
MOST = 1_000_000  # of anything that is counted or waited for in seconds
UNPINNED = ("allow", "refuse")
GALAXY = "https://galaxy.ansible.com"
ENGINES = ("infrastructure-manager", ORCHESTRATOR)
FORGES = ("local",)
_AT = re.compile(r"\s*\(at line (\d+), column (\d+)\)")


@dataclass(frozen=True, slots=True)
class ApplySettings:
    """How applying goes.

    parallel        `apply.parallel`: how many deployments at once
    create_timeout  `apply.create_timeout`: seconds until a creation that is not ready failed; 0: the engine's own
    update_timeout  `apply.update_timeout`: the same for an update
    """

    parallel: int = 4
    create_timeout: float = 0.0
    update_timeout: float = 0.0


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that every command reads, from the work tree.

    environment    the name under which records, journal and lock are kept; a DNS label
    engine         `engine.kind`: what creates machines
    forge          `forge.kind`: where merge requests live
    records_key    `records.key`: secret reference of the key that signs records; "" for the workspace's own
    lock_unpinned  `lock.unpinned`: whether locks may hold what nobody could say the digest of: `allow` or `refuse`
    lock_galaxy    `lock.galaxy`: the Ansible Galaxy server that knows roles and collections by name
    apply          `[apply]`: how much at once, how long to wait
    orchestrator   the rest of `[engine]` when its kind is `indigo-orchestrator`, else None
    """

    environment: str = "production"
    engine: str = "infrastructure-manager"
    forge: str = "local"
    records_key: str = ""
    lock_unpinned: str = UNPINNED[0]
    lock_galaxy: str = GALAXY
    apply: ApplySettings = ApplySettings()
    orchestrator: OrchestratorSettings | None = None


def load_settings(tree: Tree) -> Settings:
    """The settings of a tree, defaults where it has none. Raises InputError with the place."""
    data = tree.read(FILE)
    if data is None:
        return Settings()
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError("not UTF-8 text", place=Place(FILE, line), hint="save the file as UTF-8") from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT.search(str(error))
        place = Place(FILE, int(found[1]), int(found[2])) if found else Place(FILE)
        raise InputError(f"not TOML: {_AT.sub('', str(error))}", place=place, hint="see https://toml.io") from error
    return _Reader(text, table).settings()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the table; the text is there to say where something stands."""

    text: str
    table: Mapping[str, Any]

    def settings(self) -> Settings:
        self._refuse_unknown(self.table, _KEYS, "")
        environment = self.table.get("environment", Settings().environment)
        if not isinstance(environment, str) or not is_label(environment):
            raise self._error("environment", "`environment` must be a DNS label", 'for example "production"')
        engine, forge = self._kind("engine", ENGINES), self._kind("forge", FORGES)
        orchestrator = self._orchestrator() if engine == ORCHESTRATOR else None
        more = set(ORCHESTRATOR_FIELDS) if orchestrator else set()
        self._refuse_unknown(self.table.get("engine", {}), {"kind"} | more, "engine.")
        self._refuse_unknown(self.table.get("forge", {}), {"kind"}, "forge.")
        return Settings(environment, engine, forge, self._key(), *self._lock(), self._apply(), orchestrator)

    def _lock(self) -> tuple[str, str]:
        section = self.table.get("lock", {})
        if not isinstance(section, dict):
            raise self._error("lock", "'lock' must be a table", "write [lock] and below it unpinned = ...")
        self._refuse_unknown(section, {"unpinned", "galaxy"}, "lock.")
        unpinned, galaxy = section.get("unpinned", UNPINNED[0]), section.get("galaxy", GALAXY)
        if unpinned not in UNPINNED:
            raise self._error("unpinned", f"lock.unpinned cannot be {unpinned!r}", f"known: {', '.join(UNPINNED)}")
        if not isinstance(galaxy, str) or not galaxy.startswith(("https://", "http://")) or "@" in galaxy:
            raise self._error("galaxy", "lock.galaxy must be a URL without user and password", f"as in {GALAXY}")
        return unpinned, galaxy.rstrip("/")

    def _apply(self) -> ApplySettings:
        section = self.table.get("apply", {})
        if not isinstance(section, dict):
            raise self._error("apply", "'apply' must be a table", "write [apply] and below it parallel = ...")
        self._refuse_unknown(section, {"parallel", "create_timeout", "update_timeout"}, "apply.")
        for name, value in section.items():
            kinds, least = ((int,), 1) if name == "parallel" else ((int, float), 0)
            if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= MOST:
                hint = "as in parallel = 4" if name == "parallel" else "in seconds, as in create_timeout = 3600"
                raise self._error(name, f"apply.{name} must be a number from {least} to {MOST}", hint)
        return ApplySettings(**section)

    def _key(self) -> str:
        section = self.table.get("records", {})
        if not isinstance(section, dict):
            raise self._error("records", "'records' must be a table", "write [records] and below it key = ...")
        self._refuse_unknown(section, {"key"}, "records.")
        key = section.get("key", "")
        if not isinstance(key, str) or (key and not all(key.partition(":"))):
            hint = 'for example key = "env:RECORDS_KEY"; never the key itself'
            raise self._error("key", "`records.key` must be a secret reference", hint)
        return key

    def _kind(self, name: str, known: tuple[str, ...]) -> str:
        section = self.table.get(name, {})
        if not isinstance(section, dict):
            raise self._error(name, f"{name!r} must be a table", f"write [{name}] and below it kind = ...")
        kind = section.get("kind", known[0])
        if kind not in known:
            raise self._error(name, f"{name}.kind cannot be {kind!r}", f"known: {', '.join(known)}")
        return str(kind)

    def _orchestrator(self) -> OrchestratorSettings:
        """The table of the INDIGO PaaS Orchestrator, every field of its kind and all of them together usable."""
        table = {key: value for key, value in self.table["engine"].items() if key in ORCHESTRATOR_FIELDS}
        for name, field in ORCHESTRATOR_FIELDS.items():
            if field.required and name not in table:
                raise self._error("engine", f"the setting 'engine.{name}' is missing", field.hint(name))
            if name in table and not fits(table[name], field.kind):
                message = f"engine.{name} must be {KINDS[field.kind]}, not {describe(table[name])}"
                raise self._error(name, message, field.hint(name))
            if table.get(name) == "":
                raise self._error(name, f"engine.{name} is empty", field.hint(name))
        if (wrong := problem(table)) is not None:
            raise self._error(*wrong)
        urls = {name: table[name].rstrip("/") for name in ("url", "files_url") if name in table}
        return OrchestratorSettings(**{**table, **urls})

    def _refuse_unknown(self, table: Mapping[str, Any], known: set[str], prefix: str) -> None:
        for key in table:
            if key not in known:
                raise self._error(key, f"unknown setting {prefix + key!r}", did_you_mean(key, known))

    def _error(self, key: str, message: str, hint: str) -> InputError:
        """An error at the line where a key, or the table of that name, stands."""
        lines = self.text.splitlines()
        stands = re.compile(rf"""\s*\[?\s*["']?{re.escape(key)}\b""")
        line = next((number for number, content in enumerate(lines, 1) if stands.match(content)), 0)
        return InputError(message, place=Place(FILE, line), hint=hint)
