"""Coverage-guided fuzzing of what reads strangers' bytes: `python -m tests.fuzz.target load|check [libFuzzer options]`.

`load` feeds the loader, `check` the whole check of one document. Whatever the bytes hold, nothing may be
raised and every place must lie within the text; libFuzzer itself watches time and memory. `make fuzz`
runs both in an environment that holds atheris.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

PATH = "fuzzed.yaml"


def load_bytes(data: bytes) -> None:
    """Load, then ask for places as the checks do."""
    from mattone.tosca.source import load

    document = load(PATH, data)
    lines = data.decode("utf-8-sig", "replace").splitlines() or [""]
    for finding in document.findings:
        _within(finding.place.line, finding.place.column, lines)
    if isinstance(document.value, dict):
        for key in document.value:
            for place in (document.place(key), document.key_place(key)):
                _within(place.line, place.column, lines)


def _within(line: int, column: int, lines: list[str]) -> None:
    # An error at the very end stands on the line after the last one.
    if not 1 <= line <= len(lines) + 1 or column < 1:
        raise AssertionError(f"{line}:{column} lies outside of {len(lines)} lines")


def check_bytes(data: bytes) -> None:
    """The whole check of a document that imports itself and nothing else."""
    from mattone.checks.formats import FORMATS
    from mattone.checks.template import check_template

    def resolver(_base: str, reference: str) -> tuple[str, bytes] | None:
        return (PATH, data) if reference == PATH else None

    findings = check_template(PATH, resolver)
    FORMATS["text"](list(findings), lambda _path: data)


TARGETS: dict[str, Callable[[bytes], None]] = {"load": load_bytes, "check": check_bytes}


def main() -> None:
    """Fuzz the target that the command line names."""
    import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]

    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["mattone"]):
        import mattone.checks.formats
        import mattone.checks.template
        import mattone.tosca.nodes
        import mattone.tosca.scalars
        import mattone.tosca.source  # noqa: F401 # imported here to be instrumented
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
