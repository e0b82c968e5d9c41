"""The bundle: made from the lock alone, the same bytes everywhere, and nothing in it that is not locked."""

from __future__ import annotations

import os
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from mattone import digests
from mattone.errors import InputError, MattoneError
from mattone.git import Repository
from mattone.pins import bundle as bundles
from mattone.pins.bundle import Bundle, build, tree_resolver
from mattone.pins.lock import Lock
from mattone.pins.releases import Releases
from mattone.pins.resolve import Resolver
from tests.forges.site import git
from tests.small import PLAY, TEMPLATE, TYPES, MemoryTree, Platform, deployment


def locked(repository: Repository) -> tuple[Releases, Lock]:
    releases = Releases(repository, "HEAD")
    return releases, Resolver(releases).lock(deployment())


def made(platform: Platform, store: Path) -> Bundle:
    return build(*locked(platform.repository), store)


def content(folder: Path) -> dict[str, tuple[int, bytes]]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        path.relative_to(folder).as_posix(): (stat.S_IMODE(path.stat().st_mode), path.read_bytes()) for path in found
    }


def test_holds_template_playbooks_and_roles_under_their_locked_names(platform: Platform, tmp_path: Path) -> None:
    bundle = made(platform, tmp_path / "store")
    web, base = (next(name for name in bundle.roles if name.startswith(f"{role}_")) for role in ("web", "base"))
    files = content(bundle.folder)
    assert sorted(files) == [
        "artifacts/tosca-types/artifacts/page.yaml",
        f"roles/{base}/files/run.sh", f"roles/{base}/role.yaml",
        f"roles/{web}/meta/main.yml", f"roles/{web}/role.yaml", f"roles/{web}/tasks/main.yml",
        "template.yaml",
    ]  # fmt: skip
    assert files["artifacts/tosca-types/artifacts/page.yaml"][1].decode() == PLAY.replace("role: web ", f"role: {web} ")
    assert files[f"roles/{web}/meta/main.yml"][1].decode() == f"dependencies:\n  - role: {base}\n"
    assert [files[f"roles/{base}/{name}"][0] for name in ("files/run.sh", "role.yaml")] == [0o755, 0o644]
    assert stat.S_IMODE((tmp_path / "store").stat().st_mode) == 0o700


def test_its_digest_is_that_of_its_files(platform: Platform, tmp_path: Path) -> None:
    bundle = made(platform, tmp_path / "store")
    files = content(bundle.folder).items()
    assert bundle.digest == digests.of_files((path, mode == 0o755, data) for path, (mode, data) in files)
    assert bundle.folder.name == digests.short(bundle.digest)


def test_two_clones_with_other_masks_and_times_make_the_same_bundle(platform: Platform, tmp_path: Path) -> None:
    first = made(platform, tmp_path / "one")
    old = os.umask(0o077)
    try:
        git(tmp_path, "-c", "core.autocrlf=true", "clone", "--quiet", str(platform.root), "clone")
        clone = Repository(tmp_path / "clone")
        os.utime(clone.root / "ansible-roles/web/role.yaml", (0, 0))
        second = build(*locked(clone), tmp_path / "two")
    finally:
        os.umask(old)
    clone.close()
    assert first.digest == second.digest
    assert content(first.folder) == content(second.folder)
    folders = [path for path in second.folder.rglob("*") if path.is_dir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o755}


def test_the_work_tree_plays_no_part(platform: Platform, tmp_path: Path) -> None:
    before = made(platform, tmp_path / "one").digest
    platform.write({"ansible-roles/web/tasks/main.yml": "evil", "tosca-types/artifacts/page.yaml": "evil"})
    assert made(platform, tmp_path / "two").digest == before


def test_newer_commits_play_no_part_in_an_older_lock(platform: Platform, tmp_path: Path) -> None:
    _, lock = locked(platform.repository)
    before = made(platform, tmp_path / "one").digest
    platform.commit({"ansible-roles/web/tasks/main.yml": "- ansible.builtin.debug: {msg: new}\n"})
    assert build(Releases(platform.repository, "HEAD"), lock, tmp_path / "two").digest == before


def test_a_changed_role_changes_its_name_the_playbook_and_the_digest(platform: Platform, tmp_path: Path) -> None:
    before = made(platform, tmp_path / "store")
    platform.commit({"ansible-roles/web/tasks/main.yml": "- ansible.builtin.debug: {msg: new}\n"})
    after = made(platform, tmp_path / "store")
    assert before.folder != after.folder
    assert len(set(before.roles) & set(after.roles)) == 1  # the other role is what it was


def test_a_bundle_that_is_there_is_found_not_made_again(platform: Platform, tmp_path: Path) -> None:
    first = made(platform, tmp_path / "store")
    before = first.folder.stat().st_ino
    assert made(platform, tmp_path / "store").folder.stat().st_ino == before
    assert [path.name for path in (tmp_path / "store").iterdir()] == [first.folder.name]


def test_builds_at_the_same_time_make_one_bundle(platform: Platform, tmp_path: Path) -> None:
    barrier = threading.Barrier(4)
    found: list[Bundle | BaseException] = []
    prepared = [(Repository(platform.root), index) for index in range(4)]

    def work(repository: Repository) -> None:
        try:
            releases, lock = locked(repository)
            barrier.wait(30)
            found.append(build(releases, lock, tmp_path / "store"))
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            found.append(error)
        finally:
            repository.close()

    threads = [threading.Thread(target=work, args=(repository,)) for repository, _ in prepared]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.folder for one in found if isinstance(one, Bundle)}) == 1
    assert [one for one in found if not isinstance(one, Bundle)] == []
    assert len(list((tmp_path / "store").iterdir())) == 1


def test_a_full_disk_leaves_no_half_bundle(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = Path.write_bytes
    count = iter(range(100))

    def full(self: Path, data: bytes) -> int:
        if next(count) == 3:
            raise OSError(28, "No space left on device")
        return written(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        made(platform, tmp_path / "store")
    assert list((tmp_path / "store").iterdir()) == []


@pytest.mark.parametrize(
    ("path", "text", "message", "place"),
    [
        (
            "tosca-types/artifacts/page.yaml", PLAY.replace("web", "other"),
            "the role 'other' is not in the lock", "tosca-types/artifacts/page.yaml:4:13",
        ),
        (
            "ansible-roles/web/meta/main.yml", "dependencies: [other]\n",
            "the role 'other' is not in the lock", "ansible-roles/web/meta/main.yml:1:16",
        ),
        (
            "ansible-roles/web/tasks/deep/more.yml", '- include_role: {name: "{{ x }}"}\n',
            "must be written out", "ansible-roles/web/tasks/deep/more.yml:1:24",
        ),
        ("ansible-roles/web/tasks/main.yml", "- a: \udcff\n", "not UTF-8", "ansible-roles/web/tasks/main.yml:1"),
        (
            "tosca-types/page.yaml", TYPES.replace("artifacts/page.yaml", "artifacts/gone.yaml"),
            "it does not exist", "tosca-types/artifacts/gone.yaml",
        ),
        ("tosca-types/page.yaml", TYPES.replace("artifacts/page.yaml", "../../x.yaml"), "leaves the repository", None),
        ("tosca-types/page.yaml", TYPES.replace("artifacts/page.yaml", "/etc/passwd"), "file reference", None),
        ("tosca-types/page.yaml", TYPES.replace("artifacts/page.yaml", "https://x.org/y"), "file reference", None),
        ("catalog/page/template.yaml", TEMPLATE.replace("../../tosca-types", "../../../tosca-types"), "import", None),
        ("catalog/page/template.yaml", TEMPLATE.replace("page.yaml]", "gone.yaml]"), "import", None),
    ],
)  # fmt: skip
def test_what_is_not_locked_or_not_here_is_refused(
    platform: Platform, tmp_path: Path, path: str, text: str, message: str, place: str | None
) -> None:
    target = platform.root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode("utf-8", "surrogateescape"))
    platform.commit({})
    with pytest.raises(MattoneError, match=message) as caught:
        made(platform, tmp_path / "store")
    assert place is None or str(caught.value.place) == place
    assert not (tmp_path / "store").exists() or list((tmp_path / "store").iterdir()) == []


def test_a_lock_that_says_something_else_than_its_commits_makes_nothing(platform: Platform, tmp_path: Path) -> None:
    releases, lock = locked(platform.repository)
    which = next(which for which in lock.pins if which.name == "web")
    edited = {**lock.pins, which: replace(lock.pins[which], digest="sha256:" + "0" * 64)}
    with pytest.raises(
        InputError, match=r"ansible-roles/web 1\.0\.0 is not what was locked: commit .* holds something"
    ):
        build(releases, replace(lock, pins=edited), tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_an_artifact_of_a_component_that_is_not_locked_is_not_found(platform: Platform, tmp_path: Path) -> None:
    """A playbook may not reach into a role or service that the lock does not name."""
    platform.commit(
        {
            "ansible-roles/other/tasks/main.yml": "[]\n",
            "tosca-types/page.yaml": TYPES.replace("artifacts/page.yaml", "../ansible-roles/other/tasks/main.yml"),
        }
    )
    with pytest.raises(InputError, match="does not exist"):
        made(platform, tmp_path / "store")


def test_a_name_that_leads_out_of_the_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="leads out of its folder"):
        bundles._write(tmp_path / "store/x", {"roles/../../../evil": (False, b"")})
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_rendering_fills_in_inputs_and_marks_and_names_files_below_the_base(platform: Platform, tmp_path: Path) -> None:
    bundle = made(platform, tmp_path / "store")
    document = bundle.render({"title": "Hi"}, {"mattone_operation": "x"}, "file:///b")
    assert document["metadata"] == {"mattone_operation": "x"}
    assert document["topology_template"]["inputs"]["title"]["default"] == "Hi"
    operation = document["node_types"]["example.Page"]["interfaces"]["Standard"]["configure"]
    assert operation["implementation"] == "file:///b/artifacts/tosca-types/artifacts/page.yaml"


def test_references_resolve_within_a_tree_only() -> None:
    resolve = tree_resolver(MemoryTree({"a/b.yaml": "x"}))
    assert resolve("a/c.yaml", "b.yaml") == ("a/b.yaml", b"x")
    for reference in ("../../b.yaml", "https://example.org/b.yaml", "/a/b.yaml", "gone.yaml", "file:///a/b.yaml"):
        assert resolve("a/c.yaml", reference) is None
