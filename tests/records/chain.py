"""Signed chains of records for tests: made with keys of the moment, tampered with line by line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mattone.platform.keys import TrustedKey
from mattone.records.envelope import seal
from mattone.records.model import Record, digest
from mattone.records.signing import SigningKey
from mattone.records.verify import verify_chain
from tests.records.test_model import RECORD

SINCE = "2026-01-01T00:00:00Z"


def trusted(key: SigningKey, **changes: object) -> dict[bytes, TrustedKey]:
    """The key, trusted in production; `changes` to its entry."""
    known = TrustedKey(key.public, "the applier", frozenset({"production"}), SINCE)
    return {key.public: replace(known, **changes)}  # type: ignore[arg-type]


@dataclass
class Chain:
    """Three records of a deployment as files that hold, one a day from 2026-01-01 on."""

    key: SigningKey = field(default_factory=SigningKey.generate)

    def records(self, count: int = 3) -> list[Record]:
        made: list[Record] = []
        for number in range(1, count + 1):
            made.append(
                replace(
                    RECORD,
                    sequence=number,
                    operation=f"{number:032x}",
                    template="sha256:" + "7" * 64,
                    previous=digest(made[-1]) if made else "",
                    times={"ended": f"2026-01-{number:02}T00:00:00Z"},
                )
            )
        return made

    def files(self, records: list[Record] | None = None) -> list[tuple[str, bytes]]:
        return [(record.path, seal(record, self.key)) for record in records or self.records()]

    def faults(self, files: list[tuple[str, bytes]], keys: Mapping[bytes, TrustedKey] | None = None) -> list[str]:
        """What verifying finds, each as `<number of the file>: <message>`."""
        trust = trusted(self.key) if keys is None else keys
        verified = verify_chain("production", RECORD.deployment, files, trust)
        return [f"{int(fault.path.rsplit('/', 1)[1].split('-')[0])}: {fault.message}" for fault in verified.faults]
