"""What plan, apply and the commands that look at deployments share: the pieces, opened once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mattone import redact
from mattone.engines.interface import Engine
from mattone.errors import InputError, LockHeld, MattoneError, Place, PolicyDenied, RemoteError
from mattone.pins.releases import Releases
from mattone.platform.deployments import split_id
from mattone.platform.fields import did_you_mean
from mattone.platform.keys import KEYS, TrustedKey, load_keys
from mattone.platform.settings import FILE
from mattone.platform.site import Site, open_site
from mattone.platform.tree import RevisionTree
from mattone.reconcile.journal import Journal
from mattone.reconcile.plan import Known, Plan, Wish, make_plan
from mattone.records.model import Record
from mattone.records.signing import SigningKey
from mattone.records.store import RecordStore
from mattone.secrets.interface import SecretStore
from mattone.secrets.resolve import references

if TYPE_CHECKING:
    from mattone.reconcile.lease import Lease
    from mattone.records.index import RecordIndex


@dataclass(frozen=True)
class Session:
    """One run of a command over one revision of a site."""

    site: Site
    revision: str

    @classmethod
    def open(cls, start: Path, revision: str = "HEAD") -> Session:
        """Raises InputError when `start` is in no platform repository or the revision is none."""
        site = open_site(start)
        return cls(site, site.at(revision).revision)

    @property
    def environment(self) -> str:
        return self.site.settings.environment

    @cached_property
    def tree(self) -> RevisionTree:
        return self.site.at(self.revision)

    @cached_property
    def releases(self) -> Releases:
        return Releases(self.site.repository, self.revision)

    @cached_property
    def records(self) -> RecordStore:
        """The records, fetched once a session."""
        store = RecordStore(self.site.repository, self.environment, lambda: self.signing_key)
        store.fetch()
        return store

    @cached_property
    def index(self) -> RecordIndex:
        """The index over the records, for questions about more than one deployment."""
        from mattone.records.index import RecordIndex

        return RecordIndex(self.records, self.site.cache)

    @cached_property
    def signing_key(self) -> SigningKey:
        """The key that signs records: the one that the settings name, else the workspace's own, made when missing."""
        from mattone.records import signing

        if self.site.settings.records_key:
            return self._configured_key(self.site.settings.records_key)
        path = signing.workspace_key(self.site.folder())
        key = signing.read_key(path)
        if key is None:
            key = signing.SigningKey.generate()
            signing.write_key(path, key)
        return key

    def _configured_key(self, text: str) -> SigningKey:
        """The key that a secret reference names; its value is the PEM, or the path of a file that holds it."""
        from mattone.records import signing
        from mattone.secrets.resolve import reference_in

        reference = reference_in({"secret": text})
        store = self.secret_stores.get(reference.scheme) if reference else None
        if reference is None or store is None:
            raise InputError(f"records.key: no secret store for {text!r}", place=Place(FILE))
        value = store.read(reference.path).value
        redact.register([value])
        if "-----BEGIN" in value:
            return signing.SigningKey.parse(value.replace("\\n", "\n").encode(), text)
        key = signing.read_key(Path(value))
        if key is None:
            hint = "its value is a key in PEM, or the path of a file that holds one"
            raise InputError(f"{text} names no key", place=Place(FILE), hint=hint)
        return key

    @cached_property
    def trusted_keys(self) -> Mapping[bytes, TrustedKey]:
        """The keys that the session's revision trusts, by their public bytes."""
        return load_keys(self.tree)

    def require_trusted_key(self) -> None:
        """Refuse to apply what could not be recorded with a signature that counts.

        A platform that trusts no key yet may apply; `mattone verify` says so. Raises PolicyDenied.
        """
        if not self.trusted_keys:
            return
        key = self.trusted_keys.get(self.signing_key.public)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        refusal = key.refusal(self.environment, now) if key else f"it is not in {KEYS}"
        if refusal:
            raise PolicyDenied(
                f"the key that would sign the records does not count: {refusal}",
                hint=f"`mattone keys show` prints it as {KEYS} wants it; add it by a merge request",
            )

    @cached_property
    def journal(self) -> Journal:
        return Journal(self.site.workspace / "journal" / f"{self.environment}.jsonl")

    @cached_property
    def engine(self) -> Engine:
        from mattone.engines.choose import open_engine

        return open_engine(self.site)

    def wishes(self) -> dict[str, Wish]:
        """Every deployment of the revision as a wish; worked out once."""
        return dict(self._wishes)

    @cached_property
    def _wishes(self) -> dict[str, Wish]:
        from mattone.reconcile.wishes import wishes

        return wishes(self.tree, self.releases)

    def plan(self, *, base: str = "", look: bool = False, only: Iterable[str] = ()) -> Plan:
        """Plan all deployments, or only some.

        base  the commit that the revision is compared with, by default itself
        look  ask the engine what it runs, so that vanished and failed machines are seen
        """
        wanted = set(only)
        wishes = self.wishes()
        names = set(wishes) | set(self.records.deployments()) | set(self.journal.open_operations())
        for name in wanted - names:
            raise InputError(f"there is no deployment {name!r}", hint=did_you_mean(name, names))
        chosen = names & wanted if wanted else names
        known = {name: self._known(name, look) for name in chosen}
        wishes = {name: wish for name, wish in wishes.items() if name in chosen}
        return make_plan(self.environment, self.revision, base or self.revision, wishes, known)

    def _known(self, deployment: str, look: bool) -> Known:
        history = self.records.recent(deployment)
        running = history.running
        operation = self.journal.open_operations().get(deployment)
        if running is None:
            return Known(history, operation)
        can = self.engine.capabilities()
        if not look:
            return Known(history, operation, can=can)
        known = Known(history, operation, None, self.engine.instance, can=can)
        if known.elsewhere:
            return known
        self.hide_secrets([running])
        seen = self.engine.observe(running.remote_id)
        seen = replace(seen, reason=redact.clean(seen.reason))  # the plan is bound to what is shown of it
        return replace(known, observation=seen, secrets=self._secret_versions(deployment))

    def _secret_versions(self, deployment: str) -> dict[str, str]:
        """Input path to the version that its secret has now; without those that cannot be read here."""
        wish = self.wishes().get(deployment)
        found: dict[str, str] = {}
        for path, reference in (references(wish.deployment.inputs) if wish else {}).items():
            store = self.secret_stores.get(reference.scheme)
            with suppress(MattoneError):  # a missing secret is told when it is needed
                found |= {path: store.read(reference.path).version} if store else {}
        return found

    def hide_secrets(self, records: Iterable[Record]) -> None:
        """Let redaction know what the records' secrets are now, before the engine is asked, which may quote them."""
        named = {secret.get("reference", "") for record in records for secret in record.secrets.values()}
        values = []
        for scheme, _, path in (reference.partition(":") for reference in sorted(named)):
            with suppress(MattoneError):  # one that cannot be read here cannot be known here
                values += [self.secret_stores[scheme].read(path).value] if scheme in self.secret_stores else []
        redact.register(values)

    @cached_property
    def secret_stores(self) -> dict[str, SecretStore]:
        """Where secrets come from, by the scheme of their references."""
        from mattone.secrets.environment import EnvironmentStore

        return {"env": EnvironmentStore(self.site.folder())}

    def running(self, deployment: str) -> Record:
        """The record of what runs for a deployment. Raises InputError when nothing does."""
        split_id(deployment)
        record = self.records.recent(deployment).running
        if record is None:
            known = self.records.deployments()
            raise InputError(
                f"nothing runs for {deployment!r}",
                hint=did_you_mean(deployment, known) if deployment not in known else "`mattone plan` says why",
            )
        self.hide_secrets([record])
        return record

    def merge_request_of(self, deployment: str) -> Mapping[str, Any]:
        """The merge request that brought the deployment's present files (or their removal), for the record."""
        from mattone.forges.choose import open_forge
        from mattone.platform.deployments import deployment_path, lock_path

        paths = deployment_path(deployment), lock_path(deployment)  # an upgrade changes the lock alone
        commit = self.site.repository.last_change(self.revision, *paths)
        if commit is None:
            return {}
        try:
            found = open_forge(self.site.repository, self.site.settings.forge).merge_request_of(commit)
        except MattoneError:
            return {}  # a record without its merge request is worth more than no record
        if found is None:
            return {"commit": commit}
        kept = ("iid", "title", "author", "approved_by", "merged_by", "merged_at", "merge_commit")
        return {"commit": commit, **{name: getattr(found, name) for name in kept}}

    def require_merged(self) -> None:
        """Refuse to apply anything but the newest merged state.

        Raises PolicyDenied when the revision holds commits that nobody merged, or when more was
        merged since; RemoteError when the forge cannot be reached.
        """
        repository = self.site.repository
        fetched = repository.run("fetch", "--quiet", "origin", "HEAD", accept=(0, 1, 128))
        merged = repository.resolve("FETCH_HEAD") if fetched.code == 0 else None
        if merged is None:
            raise RemoteError(
                f"cannot fetch from the forge: {fetched.errors.strip()}", hint="check the remote `origin`"
            )
        if merged == self.revision:
            return
        if repository.contains(merged, self.revision):
            raise PolicyDenied("more was merged since this commit", hint="`git pull`, and apply that")
        raise PolicyDenied(
            "this commit was not merged; only the default branch's newest commit is applied",
            hint="open a merge request with it, or switch to the default branch and pull",
        )

    @contextmanager
    def lease(self, *, local: bool = False, breaks: str = "", wait: float = 0.0) -> Iterator[Lease | None]:
        """Hold the environment for one apply: this workspace's lock first, then the lease at the forge.

        local   the workspace's lock alone, for what changes nothing; there is no lease then
        breaks  take the lease from this operation; wait: seconds to wait for somebody else's
        Raises LockHeld when another apply has it, TransientError when the forge cannot be reached.
        """
        import fcntl

        from mattone.reconcile.claims import Place as LeasePlace
        from mattone.reconcile.lease import Taking

        folder = self.site.folder("journal")
        with (folder / f"{self.environment}.lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LockHeld(
                    f"another apply of {self.environment!r} is running", hint="wait for it and run this again"
                ) from None
            if local:
                yield None
                return
            place = LeasePlace(self.site.repository, self.environment)
            with Taking(place, folder, file, breaks, wait).held() as lease:
                yield lease
