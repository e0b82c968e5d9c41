"""What a bundle brings from elsewhere: roles and collections from real git repositories, as the lock names them."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mattone import digests
from mattone.errors import InputError, Place
from mattone.pins import spelling
from mattone.pins.archive import unpack
from mattone.pins.bundle import build, contents
from mattone.pins.csar import make
from mattone.pins.elsewhere import Demand
from mattone.pins.elsewhere import Elsewhere as Resolver
from mattone.pins.external import External, ExternalKind, ordered
from mattone.pins.galaxy import Galaxy
from mattone.pins.lock import Lock
from mattone.pins.releases import Releases
from mattone.pins.sources import MissingCommit
from mattone.pins.store import Damaged, SourceChanged, Store, default_store
from mattone.pins.vendored import role_folder
from mattone.pins.verification import compare
from tests.forges.site import git
from tests.pins.elsewhere import Elsewhere
from tests.pins.test_bundle import locked
from tests.pins.test_references import GALAXY, with_type
from tests.small import PLAY, Platform

ROLE, COLLECTION = ExternalKind.ROLE, ExternalKind.COLLECTION
IMAGE = External(
    "docker.io/library/web", ExternalKind.IMAGE, "9", "9", "docker.io", "", "sha256:" + "e" * 64, 4, ("catalog/page",)
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MATTONE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def far(tmp_path: Path) -> dict[str, Elsewhere]:
    """Two roles, one of which needs the other by its address, and a collection with a role."""
    base = Elsewhere(tmp_path / "far/base", {"tasks/main.yml": "- debug: {msg: base}\n", "tests/x.yml": "[]\n"}, "v1")
    web = Elsewhere(
        tmp_path / "far/ansible-role-web",
        {
            "meta/main.yml": f"dependencies:\n  - src: git+{base.url}\n    version: v1\n    name: base\n",
            "tasks/main.yml": "- include_role: {name: base}\n",
            "files/logo.bin": "\u00e4\n",
            "molecule/default/molecule.yml": "{}\n",
        },
        "v2",
    )
    galaxy = "namespace: lab\nname: things\nversion: 1.2.0\nreadme: R\nauthors: [a]\n"
    things = Elsewhere(tmp_path / "far/things", {"galaxy.yml": galaxy, "roles/box/tasks/main.yml": "[]\n"}, "1.2.0")
    return {"base": base, "web": web, "things": things}


def artifacts(far: dict[str, Elsewhere]) -> str:
    role = f"git+{far['web'].url},v2|lab.web"
    things = f"git+{far['things'].url},1.2.0|lab.things"
    return (
        f"artifacts: {{web: {{file: '{role}', type: tosca.artifacts.AnsibleGalaxy.role}}, "
        f"things: {{file: '{things}', type: tosca.artifacts.AnsibleGalaxy.collection}}, "
        f"box: {{file: 'web:9', type: tosca.artifacts.Deployment.Image.Container.Docker}}}}\n"
        "    interfaces: {Standard: {configure: {implementation: artifacts/page.yaml}}}"
    )


PLAYBOOK = PLAY + "    - role: lab.web\n    - lab.things.box\n"


@pytest.fixture
def lock(platform: Platform, far: dict[str, Elsewhere]) -> Lock:
    types = with_type(artifacts(far), "") + GALAXY
    platform.commit({"tosca-types/page.yaml": types, "tosca-types/artifacts/page.yaml": PLAYBOOK})
    place = Place("tosca-types/page.yaml", 8)
    asked = [
        Demand(ROLE, spelling.role(f"git+{far['web'].url},v2|lab.web"), 2, place.path, place),
        Demand(COLLECTION, spelling.collection(f"git+{far['things'].url},1.2.0|lab.things"), 2, place.path, place),
    ]
    found = Resolver(default_store(), Galaxy("http://127.0.0.1:1")).resolve(asked)
    return replace(locked(platform.repository)[1], external=ordered([*found.entries, IMAGE]))


def entry(lock: Lock, name: str) -> External:
    return next(one for one in lock.external if one.name == name)


def files_of(platform: Platform, lock: Lock) -> dict[str, tuple[bool, bytes]]:
    return dict(contents(Releases(platform.repository, "HEAD"), lock).files)


def test_roles_and_collections_are_in_it_and_name_each_other_as_locked(platform: Platform, lock: Lock) -> None:
    files = files_of(platform, lock)
    web, base = role_folder(entry(lock, "lab.web")), role_folder(entry(lock, "base"))
    assert web.startswith("lab_web_")
    assert sorted(path for path in files if path.startswith((f"roles/{web}", f"roles/{base}", "collections"))) == [
        "collections/ansible_collections/lab/things/galaxy.yml",
        "collections/ansible_collections/lab/things/roles/box/tasks/main.yml",
        f"roles/{base}/tasks/main.yml",
        f"roles/{web}/files/logo.bin", f"roles/{web}/meta/main.yml", f"roles/{web}/tasks/main.yml",
    ]  # fmt: skip
    assert files[f"roles/{web}/tasks/main.yml"][1].decode() == f"- include_role: {{name: {base}}}\n"
    assert files[f"roles/{web}/meta/main.yml"][1].decode().endswith(f"version: v1\n    name: {base}\n")
    play = files["artifacts/tosca-types/artifacts/page.yaml"][1].decode()
    assert f"    - role: {web}\n    - lab.things.box\n" in play


def test_the_template_names_folders_exact_versions_and_digests(platform: Platform, lock: Lock, tmp_path: Path) -> None:
    bundle = build(Releases(platform.repository, "HEAD"), lock, tmp_path / "store")
    given = bundle.render({"title": "x"}, {}, "file:///b")["node_types"]["example.Page"]["artifacts"]
    things = entry(lock, "lab.things")
    assert given["web"]["file"] == role_folder(entry(lock, "lab.web"))
    assert given["things"]["file"] == f"git+{things.source},{things.commit}"
    assert given["box"]["file"] == f"docker.io/library/web:9@sha256:{'e' * 64}"
    assert set(bundle.roles) == {path.name for path in (bundle.folder / "roles").iterdir()}


def test_with_empty_caches_the_same_bytes_come_from_the_sources(platform: Platform, lock: Lock, cache: Path) -> None:
    first = make(Releases(platform.repository, "HEAD"), lock)
    shutil.rmtree(cache)
    assert make(Releases(platform.repository, "HEAD"), lock).data == first.data
    assert compare(Releases(platform.repository, "HEAD"), "x.csar", first.data)[1] == ()


def test_with_full_caches_no_source_is_asked(platform: Platform, lock: Lock, far: dict[str, Elsewhere]) -> None:
    first = make(Releases(platform.repository, "HEAD"), lock)
    for repository in far.values():
        shutil.rmtree(repository.folder)
    assert make(Releases(platform.repository, "HEAD"), lock).data == first.data


def test_a_source_that_lost_the_commit_is_told(
    platform: Platform, lock: Lock, far: dict[str, Elsewhere], cache: Path
) -> None:
    shutil.rmtree(cache)
    far["web"].rewrite({"tasks/main.yml": "- other\n"})
    far["web"].move_tag("v2")
    git(far["web"].folder, "gc", "--quiet", "--prune=now")
    with pytest.raises((MissingCommit, SourceChanged)):
        make(Releases(platform.repository, "HEAD"), lock)


def test_a_byte_changed_in_the_store_is_mended_from_the_source(platform: Platform, lock: Lock, cache: Path) -> None:
    first = make(Releases(platform.repository, "HEAD"), lock)
    store = Store(cache / "store")
    piece = store.path(digests.of_bytes(b"- include_role: {name: base}\n"))
    piece.chmod(0o644)
    piece.write_bytes(b"- evil\n")
    with pytest.raises(Damaged):
        store.get(digests.of_bytes(b"- include_role: {name: base}\n"))
    assert make(Releases(platform.repository, "HEAD"), lock).data == first.data


def test_a_locked_digest_that_the_source_does_not_have_is_refused_by_name(platform: Platform, lock: Lock) -> None:
    other = replace(entry(lock, "lab.web"), digest="sha256:" + "0" * 64)
    edited = replace(lock, external=tuple(other if one.name == "lab.web" else one for one in lock.external))
    with pytest.raises(SourceChanged, match=r"ansible-role-web at v2 is not what was locked"):
        make(Releases(platform.repository, "HEAD"), edited)


def test_what_is_not_pinned_makes_no_bundle(platform: Platform, lock: Lock) -> None:
    loose = replace(entry(lock, "lab.web"), digest="")
    edited = replace(lock, external=tuple(loose if one.name == "lab.web" else one for one in lock.external))
    with pytest.raises(InputError, match=r"the role lab\.web is not pinned"):
        make(Releases(platform.repository, "HEAD"), edited)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lab.web", "the role .* is not in the lock"),
        ("lab.things", "the collection .* is not in the lock"),
        ("docker.io/library/web", "the image `web:9` is not in the lock"),
    ],
)
def test_each_must_be_in_the_lock(platform: Platform, lock: Lock, name: str, message: str) -> None:
    without = replace(lock, external=tuple(one for one in lock.external if one.name != name))
    with pytest.raises(InputError, match=message):
        make(Releases(platform.repository, "HEAD"), without)


def test_a_role_of_the_platform_is_never_replaced_by_one_from_elsewhere_of_its_name(
    platform: Platform, lock: Lock
) -> None:
    """Both have a role `base`; each side goes on with its own."""
    files = files_of(platform, lock)
    own = next(path for path in files if path.startswith("roles/web_") and path.endswith("meta/main.yml"))
    theirs = role_folder(entry(lock, "base"))
    assert "role: base_" in files[own][1].decode()
    assert theirs not in files[own][1].decode()
    assert f"name: {theirs}" in files[f"roles/{role_folder(entry(lock, 'lab.web'))}/meta/main.yml"][1].decode()


def tampered(platform: Platform, lock: Lock, change: Callable[[str], bool]) -> list[str]:
    from mattone.pins.archive import pack
    from mattone.pins.csar import META

    files = unpack("x", make(Releases(platform.repository, "HEAD"), lock).data)
    path = next(path for path in files if change(path))
    files[path] = (files[path][0], files[path][1] + b"# evil\n")
    return [one.path for one in compare(Releases(platform.repository, "HEAD"), "x", pack(files, first=META))[1]]


def test_a_changed_byte_of_what_came_from_elsewhere_is_named(platform: Platform, lock: Lock) -> None:
    for part in ("/tasks/main.yml", "collections/ansible_collections/lab/things/galaxy.yml"):
        [path] = tampered(platform, lock, lambda path, part=part: part in path and "web_" not in path)  # type: ignore[misc]
        assert part in path


def test_an_archive_from_elsewhere_is_unpacked_into_its_role(platform: Platform, lock: Lock) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("role-x-1.0/tasks/main.yml")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"[]\n"))
    digest = default_store().put(buffer.getvalue())
    url = "https://example.org/role-x-1.0.tar.gz"
    one = External("role-x", ROLE, "", "", url, "", digest, 2, ("tosca-types/page.yaml",))
    files = files_of(platform, replace(lock, external=(*lock.external, one)))
    assert files[f"roles/{role_folder(one)}/tasks/main.yml"] == (False, b"[]\n")


def test_a_chart_is_in_it_as_its_archive_and_one_in_a_registry_is_not(platform: Platform, lock: Lock) -> None:
    digest = default_store().put(b"the archive")
    one = External(
        "hub", ExternalKind.CHART, "^1", "1.2.0", "http://127.0.0.1:1/charts", "", digest, 4, ("catalog/page",)
    )
    other = replace(one, name="far", source="oci://127.0.0.1:1/charts")
    files = files_of(platform, replace(lock, external=(*lock.external, one, other)))
    charts = {path: content for path, content in files.items() if path.startswith("charts/")}
    assert charts == {f"charts/hub-1_2_0-{digests.short(digest)}.tgz": (False, b"the archive")}


def test_a_name_cannot_lead_out_of_the_bundle() -> None:
    one = External("../../../etc/x y", ROLE, "", "", "https://h/x", "c" * 40, "sha256:" + "a" * 64, 2, ())
    assert role_folder(one) == "_etc_x_y_aaaaaaaaaaaa"
