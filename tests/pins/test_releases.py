"""Which versions of a component there are, and what each is."""

from __future__ import annotations

import pytest

from mattone.errors import FindingsError, InputError
from mattone.pins.releases import Releases
from mattone.platform.components import TYPES, ComponentId, Kind
from tests.forges.site import git
from tests.small import Platform

PAGE = ComponentId(Kind.SERVICE, "page")
WEB = ComponentId(Kind.ROLE, "web")


def versions(platform: Platform, which: ComponentId, revision: str = "HEAD") -> list[tuple[str, bool]]:
    return [(str(one.version), one.tagged) for one in Releases(platform.repository, revision).of(which)]


def test_tags_make_versions_newest_first_and_the_untagged_one_counts(platform: Platform) -> None:
    assert versions(platform, WEB) == [("1.0.0", False)]
    platform.release("ansible-roles/web", "1.2.0")
    platform.release("ansible-roles/web", "1.10.0-rc.1")
    platform.release("ansible-roles/web", "1.10.0")
    platform.commit({"ansible-roles/web/role.yaml": "name: web\nversion: 2.0.0\ndescription: x\n"})
    assert versions(platform, WEB) == [("2.0.0", False), ("1.10.0", True), ("1.10.0-rc.1", True), ("1.2.0", True)]


def test_tags_of_others_and_odd_tags_are_no_versions(platform: Platform) -> None:
    for tag in ("catalog/page/1.5.0", "catalog/page/v1", "catalog/page/vnext", "catalog/pages/v3.0.0", "v9.0.0"):
        git(platform.root, "tag", tag)
    assert versions(platform, PAGE) == [("1.0.0", False)]


def test_annotated_tags_lead_to_their_commit(platform: Platform) -> None:
    git(platform.root, "tag", "--annotate", "--message=x", "tosca-types/v1.0.0")
    assert [one.commit for one in Releases(platform.repository, "HEAD").of(TYPES)] == [platform.head()]


def test_an_untagged_version_is_at_the_commit_that_last_changed_it(platform: Platform) -> None:
    changed = platform.commit({"ansible-roles/web/files/x": "x"})
    platform.commit({"README.md": "x"})
    (release,) = Releases(platform.repository, "HEAD").of(WEB)
    assert release.commit == changed


def test_a_tag_on_a_commit_that_changed_something_else_has_the_same_content(platform: Platform) -> None:
    first = platform.head()
    elsewhere = platform.commit({"README.md": "x"}, "ansible-roles/web/v1.0.0")
    releases = Releases(platform.repository, "HEAD")
    assert [(one.commit, one.tagged) for one in releases.of(WEB)] == [(elsewhere, True)]
    assert releases.digest(WEB, elsewhere) == releases.digest(WEB, first)


def test_a_component_that_never_was_has_no_versions(platform: Platform) -> None:
    assert versions(platform, ComponentId(Kind.ROLE, "nothing")) == []


def test_digests_follow_content_names_and_modes(platform: Platform) -> None:
    def digest() -> str:
        return Releases(platform.repository, "HEAD").digest(WEB, platform.head())

    seen = {digest()}
    for change in ({"ansible-roles/web/files/x": "1"}, {"ansible-roles/web/files/x": "2"}):
        platform.commit(change)
        seen.add(digest())
    (platform.root / "ansible-roles/web/files/x").chmod(0o755)
    platform.commit({})
    seen.add(digest())
    platform.commit({"ansible-roles/web/files/x": None, "ansible-roles/web/files/y": "2"})
    seen.add(digest())
    assert len(seen) == 5
    platform.commit({"ansible-roles/base/files/other": "x"})
    assert digest() in seen


def test_a_link_in_a_component_is_refused_with_its_place(platform: Platform) -> None:
    (platform.root / "ansible-roles/web/files").mkdir()
    (platform.root / "ansible-roles/web/files/link").symlink_to("/etc/passwd")
    platform.commit({})
    with pytest.raises(InputError, match="symbolic links") as caught:
        Releases(platform.repository, "HEAD").digest(WEB, platform.head())
    assert str(caught.value.place) == "ansible-roles/web/files/link"


def test_manifests_are_those_of_the_commit(platform: Platform) -> None:
    first = platform.head()
    platform.release("catalog/page", "1.1.0")
    releases = Releases(platform.repository, "HEAD")
    assert str(releases.manifest(PAGE, first).version) == "1.0.0"
    assert str(releases.manifest(PAGE, platform.head()).version) == "1.1.0"
    with pytest.raises(InputError, match="has no such component"):
        releases.manifest(ComponentId(Kind.ROLE, "nothing"), first)


def test_a_bad_manifest_is_refused(platform: Platform) -> None:
    platform.commit({"ansible-roles/web/role.yaml": "name: web\n"})
    with pytest.raises(FindingsError, match="CMP1003"):
        versions(platform, WEB)


def test_a_revision_that_is_none_is_refused(platform: Platform) -> None:
    with pytest.raises(InputError, match="names no commit"):
        Releases(platform.repository, "nothing")
