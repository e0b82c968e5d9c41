"""Making releases: files, commit, tags, publishing; real git, real processes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mattone.errors import HostError, InputError, PolicyDenied
from mattone.forges.local import LocalForge
from mattone.git import RefChange, Repository
from mattone.platform.site import open_site
from mattone.releases.make import Outcome, release
from mattone.releases.targets import CloneTarget, ForgeTarget, Target, open_target
from tests.forges.site import git
from tests.releases.workshop import BASE, EVERY, LIBRARY, PAGE, WEB, Workshop, clone_of
from tests.small import FILES, closing

TASKS = f"{WEB}/tasks/main.yml"


def make(repository: Repository, target: Target | None = None, *only: str, label: str = "") -> Outcome:
    site = open_site(repository.root)
    return release(site, target or open_target(repository, "local"), only, label, lambda _: None)


def tags(repository: Repository) -> set[str]:
    return {ref.removeprefix("refs/tags/") for ref in repository.refs("refs/tags/")}


def text(workshop: Workshop, path: str) -> str:
    return (workshop.root / path).read_text("utf-8")


@pytest.fixture
def forge(workshop: Workshop, tmp_path: Path) -> Iterator[LocalForge]:
    """A forge made from the workshop, with its tags; the workshop's `origin`."""
    made = LocalForge.create(tmp_path / "forge.git", workshop.repository)
    workshop.git("remote", "add", "origin", made.url)
    workshop.git("push", "--quiet", "--tags", "origin")
    yield made
    made.close_reader()


def push(workshop: Workshop, forge: LocalForge) -> None:
    """What is merged: the forge's own hook lets no plain push onto main."""
    forge.push(
        workshop.repository, [RefChange("refs/heads/main", workshop.head(), str(forge.repository.resolve("main")))]
    )


def test_a_release_changes_manifest_and_changelog_in_one_commit_and_tags_it(workshop: Workshop) -> None:
    workshop.change("feat(web): more of it\n\nWhat it is about.", TASKS)
    before = workshop.head()
    outcome = make(workshop.repository)
    assert [one.tag for one in outcome.plan.releases] == [f"{WEB}/v1.1.0"]
    assert workshop.repository.refs("refs/tags/")[f"refs/tags/{WEB}/v1.1.0"] == workshop.head() == outcome.commit
    assert text(workshop, f"{WEB}/role.yaml") == FILES[f"{WEB}/role.yaml"].replace("1.0.0", "1.1.0")
    changelog = text(workshop, f"{WEB}/CHANGELOG.md")
    assert changelog.startswith("# Changelog of web\n\n## 1.1.0 (")
    assert f"### Features\n\n- **web**: more of it (`{before[:9]}`)\n" in changelog
    assert workshop.git("status", "--porcelain").stdout == ""
    shown = workshop.git("show", "--no-patch", "--format=%P%n%s%n%(trailers:key=Release,valueonly)", "HEAD").stdout
    assert shown.split() == [before, "chore(release):", WEB, "1.1.0", f"{WEB}/v1.1.0"]
    assert "more of it" in workshop.git("tag", "--list", "--format=%(contents)", f"{WEB}/v1.1.0").stdout


def test_after_a_release_there_is_nothing_to_release(workshop: Workshop) -> None:
    workshop.change("feat: more", TASKS)
    make(workshop.repository)
    head = workshop.head()
    assert make(workshop.repository).plan.releases == ()
    assert workshop.head() == head


def test_new_sections_come_first_and_the_rest_of_a_changelog_stays(workshop: Workshop) -> None:
    kept = "# Web\n\nWords.\n\n## 1.0.0\n\n- By hand, with `<b>` code.\n"
    workshop.change("fix: the <script>alert(1)</script> of `<b>`", TASKS, files={f"{WEB}/CHANGELOG.md": kept})
    make(workshop.repository)
    changelog = text(workshop, f"{WEB}/CHANGELOG.md")
    assert changelog.startswith("# Web\n\nWords.\n\n## 1.0.1 (")
    assert changelog.endswith("\n\n## 1.0.0\n\n- By hand, with `<b>` code.\n")
    assert "- the &lt;script>alert(1)&lt;/script> of `<b>`" in changelog


def test_a_first_release_with_a_changelog_by_hand_tags_the_commit_as_it_is(tmp_path: Path) -> None:
    files = {**FILES, **{f"{one}/CHANGELOG.md": "# Changes\n\n## 1.0.0\n\n- The first.\n" for one in EVERY}}
    with closing(Workshop(tmp_path / "platform", released=False, files=files)) as workshop:
        assert isinstance(workshop, Workshop)
        head = workshop.head()
        make(workshop.repository)
        assert workshop.head() == head
        assert tags(workshop.repository) == {f"{one}/v1.0.0" for one in EVERY}
        contents = workshop.git("tag", "--list", "--format=%(contents)", f"{WEB}/v1.0.0").stdout
        assert "- The first." in contents


def test_a_breaking_change_moves_the_ranges_of_what_requires_it(workshop: Workshop) -> None:
    service = FILES[f"{PAGE}/service.yaml"].replace("tosca_types: ^1.0", "# why\ntosca_types: '^1.0'  # kept")
    workshop.change("docs: a comment", files={f"{PAGE}/service.yaml": service})
    workshop.change("feat(types)!: rename a property", f"{LIBRARY}/page.yaml")
    workshop.change("feat(base)!: other", f"{BASE}/files/run.sh")
    outcome = make(workshop.repository)
    assert [one.tag for one in outcome.plan.releases] == [
        f"{BASE}/v2.0.0", f"{WEB}/v1.0.1", f"{LIBRARY}/v2.0.0", f"{PAGE}/v1.0.1",
    ]  # fmt: skip
    changed = service.replace("version: 1.0.0", "version: 1.0.1").replace("'^1.0'", "'^2.0'")
    assert text(workshop, f"{PAGE}/service.yaml") == changed
    assert "roles: {base: ^2.0}" in text(workshop, f"{WEB}/role.yaml")
    assert "### Requires\n\n- tosca-types `^2.0` (before: `^1.0`)" in text(workshop, f"{PAGE}/CHANGELOG.md")


def test_a_pre_release_is_tagged_and_stated(workshop: Workshop) -> None:
    workshop.change("feat: more", TASKS)
    make(workshop.repository, None, WEB, label="rc")
    assert "version: 1.1.0-rc.1" in text(workshop, f"{WEB}/role.yaml")
    make(workshop.repository)
    assert "version: 1.1.0\n" in text(workshop, f"{WEB}/role.yaml")
    assert tags(workshop.repository) >= {f"{WEB}/v1.1.0-rc.1", f"{WEB}/v1.1.0"}


@pytest.mark.parametrize("label", ["1", "rc.1", "r c", "-", "$(id)", "ü"])
def test_a_label_that_is_none_is_refused(workshop: Workshop, label: str) -> None:
    with pytest.raises(InputError, match="no label"):
        workshop.plan(label=label)


def test_files_that_are_changed_and_not_committed_are_refused(workshop: Workshop) -> None:
    workshop.change("feat: more", TASKS)
    workshop.write({f"{WEB}/role.yaml": "name: web\n", "README.md": "not ours to judge\n"})
    head = workshop.head()
    with pytest.raises(InputError, match=f"not committed: {WEB}/role.yaml"):
        make(workshop.repository)
    assert (workshop.head(), tags(workshop.repository)) == (head, {f"{one}/v1.0.0" for one in EVERY})


def test_a_changelog_that_is_not_committed_yet_is_not_written_over(workshop: Workshop) -> None:
    workshop.change("feat: more", TASKS)
    workshop.write({f"{WEB}/CHANGELOG.md": "what I was about to write\n"})
    with pytest.raises(InputError, match=f"not committed: {WEB}/CHANGELOG.md"):
        make(workshop.repository)
    assert text(workshop, f"{WEB}/CHANGELOG.md") == "what I was about to write\n"


def test_a_detached_head_is_no_place_to_release_from(workshop: Workshop) -> None:
    workshop.git("switch", "--quiet", "--detach")
    with pytest.raises(InputError, match="HEAD is no branch"):
        make(workshop.repository)


def test_on_a_forge_the_branch_is_released_and_the_clone_left_alone(workshop: Workshop, forge: LocalForge) -> None:
    workshop.change("feat: more", TASKS)
    push(workshop, forge)
    workshop.write({f"{WEB}/role.yaml": "half written"})
    workshop.git("switch", "--quiet", "--create", "elsewhere")
    outcome = make(workshop.repository)
    assert outcome.published == (f"{BASE}/v1.0.0", f"{WEB}/v1.1.0", f"{PAGE}/v1.0.0", f"{LIBRARY}/v1.0.0")
    assert forge.repository.resolve("main") == outcome.commit == forge.repository.resolve(f"{WEB}/v1.1.0")
    assert text(workshop, f"{WEB}/role.yaml") == "half written"
    assert f"{WEB}/v1.1.0" in tags(workshop.repository)


def test_a_published_release_has_its_changelog_and_its_files(
    workshop: Workshop, forge: LocalForge, tmp_path: Path
) -> None:
    workshop.change("feat: more", TASKS)
    push(workshop, forge)
    make(workshop.repository)
    published = forge.release_of(f"{WEB}/v1.1.0")
    assert published is not None
    assert (published.name, published.description[:10]) == (f"{WEB} 1.1.0", "## 1.1.0 (")
    (archive,) = published.assets
    file = tmp_path / archive.name
    file.write_bytes(archive.data)
    listed = subprocess.run(["tar", "-tf", file], check=True, capture_output=True, text=True).stdout.split()
    assert f"web-1.1.0/{WEB}/role.yaml" in listed
    assert not any(PAGE in name for name in listed)


def test_a_published_service_has_its_bundle_and_bill_of_materials(
    workshop: Workshop, forge: LocalForge, tmp_path: Path
) -> None:
    workshop.change("feat!: other types", f"{LIBRARY}/page.yaml")
    push(workshop, forge)
    make(workshop.repository)
    published = forge.release_of(f"{PAGE}/v1.0.1")
    assert published is not None
    assets = {asset.name: asset.data for asset in published.assets}
    assert set(assets) == {"page-1.0.1.tar", "page-1.0.1.csar", "page-1.0.1.cdx.json"}
    components = json.loads(assets["page-1.0.1.cdx.json"])["components"]
    versions = {one["name"]: one["version"] for one in components}
    assert versions["tosca-types"] == "2.0.0"
    # The same bytes from another clone, which knows the tags.
    from mattone.platform.components import ComponentId, Kind
    from mattone.releases.assets import assets_of
    from mattone.versions import Version

    other = clone_of(forge, tmp_path / "other")
    commit = str(other.resolve(f"{PAGE}/v1.0.1"))
    again = assets_of(open_site(other.root), ComponentId(Kind.SERVICE, "page"), commit, Version.parse("1.0.1"))
    assert {asset.name: asset.data for asset in again} == assets


def test_what_cannot_be_published_keeps_nothing_else_from_it_and_is_tried_again(
    workshop: Workshop, forge: LocalForge
) -> None:
    broken = FILES[f"{PAGE}/service.yaml"].replace("{web: ^1.0}", "{web: ^1.0, nowhere: ^1.0}")
    workshop.change("feat: broken", TASKS, files={f"{PAGE}/service.yaml": broken})
    push(workshop, forge)
    with pytest.raises(InputError, match="nowhere"):
        make(workshop.repository)
    assert forge.published() == {f"{BASE}/v1.0.0", f"{WEB}/v1.1.0", f"{LIBRARY}/v1.0.0"}
    workshop.git("pull", "--quiet", forge.url, "main")
    whole = text(workshop, f"{PAGE}/service.yaml").replace(", nowhere: ^1.0", "")
    workshop.change("fix: whole", files={f"{PAGE}/service.yaml": whole})
    push(workshop, forge)
    assert make(workshop.repository).published == (f"{PAGE}/v1.1.1",)


def test_publishing_twice_changes_nothing(workshop: Workshop, forge: LocalForge) -> None:
    make(workshop.repository)
    first = forge.release_of(f"{WEB}/v1.0.0")
    assert make(workshop.repository).published == ()
    assert forge.release_of(f"{WEB}/v1.0.0") == first


def test_tags_that_the_forge_has_and_the_clone_has_not_count(workshop: Workshop, forge: LocalForge) -> None:
    workshop.change("feat: more", TASKS)
    push(workshop, forge)
    make(clone_of(forge, workshop.root.parent / "other"))
    assert make(workshop.repository).plan.releases == ()


def test_a_plain_push_to_the_default_branch_is_refused_and_a_release_is_not(
    workshop: Workshop, forge: LocalForge
) -> None:
    from mattone.forges import pushing

    workshop.change("feat: more", TASKS)
    change = RefChange("refs/heads/main", workshop.head(), str(forge.repository.resolve("main")))
    with pytest.raises(PolicyDenied, match="main is protected"):
        pushing.push(workshop.repository, forge.url, [change])
    push(workshop, forge)
    assert make(workshop.repository).plan.releases


def test_tags_are_signed_when_git_knows_a_key(workshop: Workshop, tmp_path: Path) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    allowed = tmp_path / "allowed"
    allowed.write_text(f"developers@example.org {(tmp_path / 'key.pub').read_text()}")
    for name, value in {
        "gpg.format": "ssh", "user.signingkey": str(key), "gpg.ssh.allowedSignersFile": str(allowed),
        "user.name": "developers", "user.email": "developers@example.org", "commit.gpgsign": "true",
    }.items():  # fmt: skip
        workshop.git("config", name, value)
    workshop.git("-c", "commit.gpgsign=false", "commit", "--quiet", "--allow-empty", "--message=docs: nothing")
    (workshop.root / TASKS).write_text("- debug: {}\n")
    workshop.save("feat: more")
    make(workshop.repository)
    verified = workshop.git("verify-tag", f"{WEB}/v1.1.0")
    assert "Good" in verified.stderr + verified.stdout
    assert "Good" in workshop.git("verify-commit", "HEAD").stderr


def test_a_key_that_does_not_work_releases_nothing(workshop: Workshop, tmp_path: Path) -> None:
    workshop.change("feat: more", TASKS)
    workshop.git("config", "gpg.format", "ssh")
    workshop.git("config", "user.signingkey", str(tmp_path / "missing"))
    head = workshop.head()
    with pytest.raises(HostError, match="could not sign"):
        make(workshop.repository)
    assert (workshop.head(), tags(workshop.repository)) == (head, {f"{one}/v1.0.0" for one in EVERY})


def test_a_message_alone_makes_no_release(workshop: Workshop) -> None:
    workshop.change(f"chore(release): everything\n\nRelease: {WEB}/v9.9.9\nRelease: ../x/v1.0.0", "docs/a.md")
    assert make(workshop.repository).finished == ()


def test_a_reverted_release_is_not_finished(workshop: Workshop) -> None:
    workshop.change("feat: more", TASKS)
    outcome = make(workshop.repository)
    workshop.git("tag", "--delete", f"{WEB}/v1.1.0")
    workshop.git("revert", "--no-edit", outcome.commit)
    assert make(workshop.repository, None, BASE).finished == ()


def test_the_command_shows_and_makes_releases(workshop: Workshop, forge: LocalForge) -> None:
    workshop.change("feat: more", TASKS)
    push(workshop, forge)

    def mattone(*words: str) -> dict[str, object]:
        command = [sys.executable, "-m", "mattone", *words, "--repo", str(workshop.root), "--output", "json"]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        assert isinstance(found, dict)
        return found

    planned = mattone("release", "--dry-run")["releases"]
    assert isinstance(planned, list)
    assert [(one["component"], one["from"], one["to"]) for one in planned] == [(WEB, "1.0.0", "1.1.0")]
    assert mattone("release")["released"] == [f"{WEB}/v1.1.0"]
    assert mattone("release")["released"] == []


def test_which_target_a_clone_has(workshop: Workshop, tmp_path: Path) -> None:
    assert isinstance(open_target(workshop.repository, "local"), CloneTarget)
    forge = LocalForge.create(tmp_path / "f.git", workshop.repository)
    git(workshop.root, "remote", "add", "origin", forge.url)
    assert isinstance(open_target(workshop.repository, "local"), ForgeTarget)
