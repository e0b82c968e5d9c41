"""What the checker says of the TOSCA community's own files, and where it agrees with its tests of TOSCA 2.0.

    PYTHONPATH=tools:. .venv/bin/python -m tests.checks.community FOLDER

FOLDER is a checkout of oasis-open/tosca-community-contributions. Profiles are found by the names that its files
define them under.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter, defaultdict
from pathlib import Path

from mattone.checks.template import check_template, check_templates
from mattone.findings import Finding, Severity
from mattone.tosca.files import FileResolver
from mattone.tosca.paths import PROFILE

_VERSION = re.compile(r"^tosca_definitions_version: *tosca_2_0", re.MULTILINE)
_PROFILE = re.compile(r"^profile: *(\S+)", re.MULTILINE)
_EXPECTED = re.compile(r"assertEqual\(result\.returncode, (\d)")
_PARTS = ("tests/tosca_2_0", "examples", "profiles/org/dmtf", "profiles", "tools")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    root = parser.parse_args().folder.resolve()
    texts = {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for pattern in ("*.yaml", "*.yml", "*.tosca")
        for path in root.rglob(pattern)
    }
    resolver = FileResolver(root, _profiles(texts))
    parts: dict[str, list[str]] = defaultdict(list)
    for path, text in sorted(texts.items()):
        if _VERSION.search(text):
            parts[next((part for part in _PARTS if path.startswith(part)), ".")].append(path)
    for part, paths in parts.items():
        _report(part, paths, check_templates(paths, resolver))
    _agreement(root, resolver)


def _profiles(texts: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path, text in sorted(texts.items(), key=lambda one: (not one[0].endswith("profile.yaml"), one[0])):
        named = _PROFILE.search(text)
        if named and not path.startswith("tests/tosca_2_0/profiles/s"):  # the standard's snippets hold a name alone
            found.setdefault(PROFILE + named[1], path)
    return found


def _report(part: str, paths: list[str], findings: tuple[Finding, ...]) -> None:
    own = [one for one in findings if one.severity is Severity.ERROR and one.place.path in set(paths)]
    files: dict[str, set[str]] = defaultdict(set)
    for one in own:
        files[one.rule].add(one.place.path)
    others = set().union(*(found for rule, found in files.items() if rule != "TOSCA1005"))
    alone = len(files["TOSCA1005"] - others)
    print(f"{part}: {len(paths)} files, {len({one.place.path for one in own})} refused, {alone} for imports alone")
    for rule, count in sorted(Counter(one.rule for one in own).items()):
        print(f"  {rule} {count} in {len(files[rule])}")


def _agreement(root: Path, resolver: FileResolver) -> None:
    counted: Counter[str] = Counter()
    for test in sorted(root.glob("tests/tosca_2_0/**/*_test.py")):
        expected = _EXPECTED.search(test.read_text(encoding="utf-8"))
        template = test.with_name(test.name.replace("_test.py", ".yaml"))
        if expected is None or not template.exists():
            continue
        path = template.relative_to(root).as_posix()
        refused = any(one.severity is Severity.ERROR for one in check_template(path, resolver))
        agreed = refused == (expected[1] == "1")
        counted["agreed" if agreed else "refused here" if refused else "accepted here"] += 1
        if not agreed:
            print(f"  {'refused' if refused else 'accepted'} here alone: {path}")
    print(f"agreed with {counted['agreed']} of {counted.total()} expectations; {dict(counted)}")


if __name__ == "__main__":
    main()
