"""The CSAR: what the standard asks for, read by tosca-parser too, with a bill of materials that its schema accepts."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given
from hypothesis import strategies as st
from toscaparser.prereq.csar import CSAR
from toscaparser.tosca_template import ToscaTemplate

from mattone.checks.template import check_template
from mattone.pins import bom
from mattone.pins.archive import unpack
from mattone.pins.bundle import contents
from mattone.pins.csar import BILL, LOCK, META, make
from mattone.pins.external import External, ExternalKind
from mattone.pins.lock import Lock, dump
from mattone.pins.releases import Releases
from tests.pins.test_bundle import locked
from tests.pins.test_lock import made as made_lock
from tests.small import MemoryTree, Platform


def files_of(platform: Platform) -> dict[str, tuple[bool, bytes]]:
    return unpack("x", make(*locked(platform.repository)).data)


def test_it_is_the_bundle_with_metadata_lock_and_bill(platform: Platform) -> None:
    releases, lock = locked(platform.repository)
    made, files = contents(releases, lock), files_of(platform)
    assert {path: one for path, one in files.items() if path not in (META, LOCK, BILL)} == made.files
    assert files[META] == (
        False,
        b"TOSCA-Meta-File-Version: 1.1\nCSAR-Version: 1.1\nCreated-By: mattone\nEntry-Definitions: template.yaml\n",
    )
    assert files[LOCK] == (False, dump(lock))
    assert make(releases, lock).digest == made.digest


def test_tosca_parser_reads_it(platform: Platform, tmp_path: Path) -> None:
    file = tmp_path / "page.csar"
    file.write_bytes(make(*locked(platform.repository)).data)
    found = CSAR(str(file))
    assert found.validate()
    assert (found.get_author(), found.get_main_template()) == ("mattone", "template.yaml")
    template = ToscaTemplate(str(file), parsed_params={"title": "Hi"})
    assert sorted(node.name for node in template.nodetemplates) == ["page", "server"]


def test_its_template_is_sound_by_itself_with_slots_left_open(platform: Platform) -> None:
    files = files_of(platform)
    texts = {path: data.decode() for path, (_, data) in files.items()}

    def resolve(base: str, reference: str, /) -> tuple[str, bytes] | None:
        data = MemoryTree(texts).read(reference)
        return None if data is None else (reference, data)

    assert {one.rule for one in check_template("template.yaml", resolve)} == {"TOSCA3002"}  # it has no display name
    template = yaml.safe_load(files["template.yaml"][1])
    assert "imports" not in template
    assert template["metadata"] == {"mattone_deployment": "", "mattone_operation": ""}
    assert template["topology_template"]["policies"] == []
    assert template["topology_template"]["inputs"]["title"] == {"type": "string", "description": "What it says."}
    operation = template["node_types"]["example.Page"]["interfaces"]["Standard"]["configure"]
    assert operation["implementation"] in files


def bill(platform: Platform) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(make(*locked(platform.repository)).bill)
    return found


def test_the_bill_names_every_pin_with_digest_commit_and_package_url(platform: Platform) -> None:
    releases, lock = locked(platform.repository)
    rows = {row["bom-ref"]: row for row in bill(platform)["components"]}
    assert set(rows) == {which.path for which in lock.pins}
    for which, pin in lock.pins.items():
        row = rows[which.path]
        assert row["hashes"] == [{"alg": "SHA-256", "content": pin.digest.removeprefix("sha256:")}]
        assert row["pedigree"] == {"commits": [{"uid": pin.commit}]}
        assert (row["version"], row["purl"]) == (str(pin.version), f"pkg:generic/{which.path}@{pin.version}")
    whole = bill(platform)["metadata"]["component"]
    assert (whole["name"], whole["version"]) == ("school/page", "1.0.0")
    assert whole["hashes"][0]["content"] == contents(releases, lock).digest.removeprefix("sha256:")


def test_the_bill_says_who_needs_what(platform: Platform) -> None:
    assert {row["ref"]: row.get("dependsOn", []) for row in bill(platform)["dependencies"]} == {
        "school/page": ["catalog/page"],
        "catalog/page": ["ansible-roles/web", "tosca-types"],
        "ansible-roles/web": ["ansible-roles/base"],
        "ansible-roles/base": [],
        "tosca-types": [],
    }


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ("Apache-2.0", [{"license": {"id": "Apache-2.0"}}]),
        ("MIT OR GPL-3.0-only", [{"expression": "MIT OR GPL-3.0-only"}]),
        ("ask the author", [{"license": {"name": "ask the author"}}]),
        ("[a, list]", None),
    ],
)
def test_the_bill_has_the_licence_that_a_role_states(platform: Platform, stated: str, found: object) -> None:
    meta = f"galaxy_info: {{license: {stated}}}\ndependencies:\n  - role: base\n"
    platform.commit({"ansible-roles/web/meta/main.yml": meta})
    rows = {row["bom-ref"]: row for row in bill(platform)["components"]}
    assert rows["ansible-roles/web"].get("licenses") == found
    assert "licenses" not in rows["tosca-types"]


def test_the_bill_holds_no_time_and_its_serial_number_follows_from_the_bundle(platform: Platform) -> None:
    first = bill(platform)
    assert "timestamp" not in json.dumps(first)
    platform.commit({"README.md": "changes nothing of the bundle\n"})
    assert bill(platform)["serialNumber"] == first["serialNumber"]
    platform.commit({"ansible-roles/web/tasks/main.yml": "- ansible.builtin.debug: {msg: new}\n"})
    assert bill(platform)["serialNumber"] != first["serialNumber"]


def valid(data: bytes) -> bool:
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(data.decode())
    assert problem is None, problem
    return True


def test_the_bill_is_strictly_valid(platform: Platform) -> None:
    assert valid(make(*locked(platform.repository)).bill)


EMPTY = MemoryTree({})
NO_DIGEST = "sha256:" + "0" * 64


def pins(*entries: External) -> Lock:
    return replace(made_lock([], 0), external=entries, platform=None)


def entry(name: str, kind: ExternalKind, **more: Any) -> External:
    known = {"constraint": "", "version": "1.2", "source": "https://example.org/a", "commit": "", "layer": 2}
    return External(name, kind, **{**known, "digest": "sha256:" + "d" * 64, "required_by": (), **more})


@pytest.mark.parametrize(
    ("one", "purl"),
    [
        (
            entry("example.org/lab/web", ExternalKind.IMAGE, version="9"),
            f"pkg:oci/web@sha256:{'d' * 64}?repository_url=example.org/lab/web&tag=9",
        ),
        (
            entry("web", ExternalKind.IMAGE, version="latest", digest=""),
            "pkg:oci/web?repository_url=web&tag=latest",
        ),
        (entry("lab/hub", ExternalKind.CHART), "pkg:helm/hub@1.2?repository_url=https://example.org/a"),
        (
            entry("lab.web", ExternalKind.ROLE, source="https://github.com/Lab/web.git", commit="c" * 40),
            f"pkg:github/lab/web@{'c' * 40}",
        ),
        (
            entry("lab.web", ExternalKind.ROLE, source="https://example.org/web.git", commit="c" * 40),
            f"pkg:generic/lab.web@1.2?vcs_url=git%2Bhttps://example.org/web.git%40{'c' * 40}",
        ),
        (
            entry("lab.net", ExternalKind.COLLECTION, source="https://example.org/lab-net-1.2.tar.gz"),
            "pkg:generic/lab.net@1.2?download_url=https://example.org/lab-net-1.2.tar.gz",
        ),
        (
            entry("https://example.org/t/a.yaml", ExternalKind.TYPES, source="https://[bad/x", version=""),
            "pkg:generic/a.yaml?download_url=https://%5Bbad/x",
        ),
    ],
)
def test_things_from_elsewhere_are_in_the_bill_by_their_package_url(one: External, purl: str) -> None:
    data = bom.make(pins(one), NO_DIGEST, EMPTY)
    assert valid(data)
    row = next(row for row in json.loads(data)["components"] if row["bom-ref"] == bom.reference(one))
    assert row["purl"].replace("%3A", ":").replace("%2F", "/") == purl
    assert ("hashes" in row) is one.pinned
    assert ({"name": "mattone:pinned", "value": "false"} in row["properties"]) is not one.pinned


def test_dependencies_follow_files_names_and_addresses() -> None:
    types = entry("https://example.org/a.yaml", ExternalKind.TYPES, required_by=("tosca-types/b.yaml",))
    role = entry("lab.web", ExternalKind.ROLE, required_by=("https://example.org/a.yaml", "nobody/knows"))
    other = entry("lab.net", ExternalKind.COLLECTION, required_by=("lab.web",))
    data = json.loads(bom.make(pins(types, role, other), NO_DIGEST, EMPTY))
    needs = {row["ref"]: row.get("dependsOn", []) for row in data["dependencies"]}
    assert bom.reference(types) in needs["tosca-types"]
    assert needs[bom.reference(types)] == [bom.reference(role)]
    assert needs[bom.reference(role)] == [bom.reference(other)]
    assert bom.reference(role) in needs["school/page"]


@given(st.lists(st.text("abc", max_size=3), max_size=4, unique=True), st.integers())
def test_any_order_of_pins_makes_the_same_valid_bill(roles: list[str], seed: int) -> None:
    lock = made_lock(roles, seed)
    rows, entries = list(lock.pins.items()), list(lock.external)
    random.Random(seed).shuffle(rows)  # noqa: S311 - no secret
    random.Random(seed).shuffle(entries)  # noqa: S311 - no secret
    other = replace(lock, pins=dict(rows), external=tuple(entries))
    assert bom.make(other, NO_DIGEST, EMPTY) == bom.make(lock, NO_DIGEST, EMPTY)


def test_any_order_of_pins_makes_the_same_archive(platform: Platform) -> None:
    releases, lock = locked(platform.repository)
    expected = make(releases, lock).data
    for seed in range(5):
        rows = list(lock.pins.items())
        random.Random(seed).shuffle(rows)  # noqa: S311 - no secret
        assert make(Releases(platform.repository, "HEAD"), replace(lock, pins=dict(rows))).data == expected


def test_the_lock_of_another_deployment_makes_the_same_bundle_in_another_archive(platform: Platform) -> None:
    releases, lock = locked(platform.repository)
    other = replace(lock, deployment="school/other")
    assert make(releases, other).digest == make(releases, lock).digest
    assert make(releases, other).data != make(releases, lock).data
