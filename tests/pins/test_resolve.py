"""From ranges to a lock, and whether a lock still holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mattone.errors import InputError
from mattone.pins.lock import Lock
from mattone.pins.releases import Releases
from mattone.pins.resolve import Conflict, Resolver, service_of, verify
from mattone.platform.components import TYPES, ComponentId, Kind
from mattone.platform.deployments import Deployment
from tests.forges.site import git
from tests.small import SERVICE, Platform, deployment, wish

PAGE = ComponentId(Kind.SERVICE, "page")
WEB = ComponentId(Kind.ROLE, "web")
BASE = ComponentId(Kind.ROLE, "base")


def locked(platform: Platform, wanted: Deployment | None = None, keep: Lock | None = None, *upgrade: str) -> Lock:
    """`upgrade` with "*": everything."""
    move = frozenset[str]() if upgrade == ("*",) else frozenset(upgrade) or None
    return Resolver(Releases(platform.repository, "HEAD")).lock(wanted or deployment(), keep, move)


def chosen(lock: Lock) -> dict[str, str]:
    return {which.path.rsplit("/", 1)[-1]: str(pin.version) for which, pin in lock.pins.items()}


def asking(range_text: str) -> Deployment:
    return deployment(wish().replace("^1.0", range_text))


def test_everything_that_is_needed_is_pinned_with_who_asked(platform: Platform) -> None:
    lock = locked(platform)
    assert chosen(lock) == {"page": "1.0.0", "tosca-types": "1.0.0", "web": "1.0.0", "base": "1.0.0"}
    assert (lock.pins[PAGE].required_by, lock.pins[PAGE].constraint) == (("school/page",), "^1.0")
    assert lock.pins[BASE].required_by == ("ansible-roles/web",)
    verify(Releases(platform.repository, "HEAD"), lock, deployment())
    assert service_of(Releases(platform.repository, "HEAD"), lock).display_name == "Page"


def test_the_newest_in_range_is_chosen_and_a_pre_release_only_when_named(platform: Platform) -> None:
    for version in ("1.0.0", "1.4.0", "1.5.0-rc.1", "2.0.0"):
        platform.release("ansible-roles/web", version, roles="{base: ^1.0}")
    assert chosen(locked(platform))["web"] == "1.4.0"
    platform.commit({"catalog/page/service.yaml": SERVICE.replace("{web: ^1.0}", '{web: ">=1.5.0-rc.1 <1.6"}')})
    assert chosen(locked(platform))["web"] == "1.5.0-rc.1"


def test_a_range_of_the_deployment_without_a_version_says_what_there_is(platform: Platform) -> None:
    with pytest.raises(
        Conflict, match="no version of catalog/page satisfies all: school/page asks for ^2".replace("^", r"\^")
    ) as caught:
        locked(platform, asking("^2"))
    assert caught.value.hint == "there are: 1.0.0"
    assert str(caught.value.place) == "deployments/school/page.yaml:2:10"


def test_an_unknown_service_is_said_at_its_line(platform: Platform) -> None:
    with pytest.raises(InputError, match="the catalogue has no service 'pgae'") as caught:
        locked(platform, deployment(wish().replace("page", "pgae")))
    assert caught.value.hint == "did you mean 'page'?"
    assert str(caught.value.place) == "deployments/school/page.yaml:1:10"


def test_an_unknown_role_is_said_with_who_needs_it(platform: Platform) -> None:
    platform.commit({"catalog/page/service.yaml": SERVICE.replace("web:", "wbe:")})
    with pytest.raises(InputError, match="catalog/page needs the role 'wbe'") as caught:
        locked(platform)
    assert caught.value.hint == "did you mean 'web'?"


def test_two_who_cannot_agree_are_both_named(platform: Platform) -> None:
    platform.release("ansible-roles/base", "1.0.0")
    platform.release("ansible-roles/base", "2.0.0")
    platform.commit({"catalog/page/service.yaml": SERVICE.replace("{web: ^1.0}", "{web: ^1.0, base: ^2.0}")})
    with pytest.raises(
        Conflict, match=r"base satisfies all: ansible-roles/web asks for \^1.0; catalog/page asks for \^2.0"
    ):
        locked(platform)


def test_an_older_service_is_taken_when_the_newest_has_a_conflict(platform: Platform) -> None:
    platform.release("catalog/page", "1.0.0", display_name="Page", tosca_types="^1.0", roles="{web: ^1.0}")
    platform.release("catalog/page", "1.1.0", display_name="Page", tosca_types="^9.0", roles="{web: ^1.0}")
    assert chosen(locked(platform))["page"] == "1.0.0"
    with pytest.raises(Conflict, match="tosca-types"):
        locked(platform, asking("~1.1"))


def test_when_every_version_has_a_conflict_the_newest_ones_is_told(platform: Platform) -> None:
    for version, types in (("1.0.0", "^8.0"), ("1.1.0", "^9.0")):
        platform.release("catalog/page", version, tosca_types=types)
    with pytest.raises(Conflict, match=r"catalog/page asks for \^9.0"):
        locked(platform)


def test_what_the_last_choice_does_not_need_is_not_pinned(platform: Platform) -> None:
    """web 1.1 needs base, which asks for web 1.0, which needs nothing: base is nobody's wish in the end."""
    platform.release("ansible-roles/web", "1.0.0", roles="")
    platform.release("ansible-roles/web", "1.1.0", roles="{base: ^1.0}")
    platform.release("ansible-roles/base", "1.0.0", roles="{web: 1.0.0}")
    assert chosen(locked(platform)) == {"page": "1.0.0", "tosca-types": "1.0.0", "web": "1.0.0"}


def test_needs_that_go_round_in_a_circle_end(platform: Platform) -> None:
    for version, base in (("1.0.0", "1.0.0"), ("1.1.0", "1.1.0")):
        platform.release("ansible-roles/web", version, roles=f"{{base: {base}}}")
    platform.release("ansible-roles/base", "1.0.0", roles='{web: "*"}')
    platform.release("ansible-roles/base", "1.1.0", roles="{web: 1.0.0}")
    with pytest.raises(Conflict, match="in a circle"):
        locked(platform)


def test_what_is_pinned_stays_until_it_is_upgraded(platform: Platform) -> None:
    before = locked(platform)
    for component in ("ansible-roles/web", "ansible-roles/base"):
        platform.release(component, "1.3.0", **({"roles": "{base: ^1.0}"} if "web" in component else {}))
    assert locked(platform, keep=before) == before
    moved = chosen(locked(platform, None, before, "ansible-roles/base"))
    assert (moved["base"], moved["web"]) == ("1.3.0", "1.0.0")
    everything = chosen(locked(platform, None, before, "*"))
    assert (everything["base"], everything["web"]) == ("1.3.0", "1.3.0")


def test_a_pin_that_no_longer_satisfies_is_moved_and_the_others_stay(platform: Platform) -> None:
    before = locked(platform)
    platform.release("ansible-roles/base", "1.3.0")
    platform.release("ansible-roles/web", "1.3.0", roles="{base: ^1.0}")
    platform.release("catalog/page", "1.1.0", display_name="Page", tosca_types="^1.0", roles="{web: ^1.2}")
    after = chosen(locked(platform, asking("^1.1"), before))
    assert after == {"page": "1.1.0", "web": "1.3.0", "base": "1.0.0", "tosca-types": "1.0.0"}


@pytest.mark.parametrize("damage", [{"commit": "1" * 40}, {"version": "9.9.9"}, {"digest": "sha256:0"}])
def test_locking_again_mends_a_lock_as_its_messages_promise(platform: Platform, damage: dict[str, str]) -> None:
    from mattone.versions import Version

    good = locked(platform)
    changes = {**damage, **({"version": Version.parse(damage["version"])} if "version" in damage else {})}
    bad = replace(good, pins={**good.pins, WEB: replace(good.pins[WEB], **changes)})  # type: ignore[arg-type]
    releases = Releases(platform.repository, "HEAD")
    with pytest.raises(InputError, match=r"the lock holds 9.9.9|not what was locked|not in this repository"):
        verify(releases, bad, deployment())
    assert locked(platform, keep=bad) == good


def test_a_tag_on_a_commit_of_another_version_is_refused(platform: Platform) -> None:
    git(platform.root, "tag", "ansible-roles/web/v1.7.0")
    with pytest.raises(InputError, match=r"the tag ansible-roles/web/v1.7.0 is on a commit where it has version 1.0.0"):
        locked(platform)


def test_a_tag_on_a_commit_without_the_component_is_refused(platform: Platform) -> None:
    platform.commit({path: None for path in ("ansible-roles/web/role.yaml",)}, "ansible-roles/web/v1.7.0")
    with pytest.raises(InputError, match="has no such component") as caught:
        locked(platform)
    assert str(caught.value.place) == "ansible-roles/web/role.yaml"


# Verifying


def refused(platform: Platform, lock: Lock, match: str, wanted: Deployment | None = None) -> InputError:
    with pytest.raises(InputError, match=match) as caught:
        verify(Releases(platform.repository, "HEAD"), lock, wanted or deployment())
    assert str(caught.value.place) == "deployments/school/page.lock.yaml"
    assert caught.value.hint
    return caught.value


def edited(lock: Lock, which: ComponentId, **changes: object) -> Lock:
    return replace(lock, pins={**lock.pins, which: replace(lock.pins[which], **changes)})  # type: ignore[arg-type]


def test_a_lock_for_another_deployment_service_or_range(platform: Platform) -> None:
    lock = locked(platform)
    refused(platform, replace(lock, deployment="school/other"), "this lock is for school/other")
    refused(platform, lock, r"the deployment asks for page \^2", asking("^2"))
    refused(platform, lock, "the deployment asks for other", deployment(wish().replace("page", "other")))


def test_a_moved_tag_does_not_change_what_was_locked(platform: Platform) -> None:
    platform.release("ansible-roles/web", "1.2.0", roles="{base: ^1.0}")
    lock = locked(platform)
    platform.commit({"ansible-roles/web/tasks/main.yml": "- ansible.builtin.debug: {msg: evil}\n"})
    git(platform.root, "tag", "--force", "ansible-roles/web/v1.2.0")
    verify(Releases(platform.repository, "HEAD"), lock, deployment())  # the lock names commits
    moved = edited(lock, WEB, commit=platform.head())
    refused(platform, moved, "ansible-roles/web 1.2.0 is not what was locked")


def test_an_edited_lock_is_told(platform: Platform) -> None:
    lock = locked(platform)
    refused(platform, edited(lock, WEB, digest="sha256:" + "0" * 64), "is not what was locked")
    refused(platform, edited(lock, TYPES, commit="1" * 40), "is not in this repository")
    without = {which: pin for which, pin in lock.pins.items() if which != BASE}
    refused(platform, replace(lock, pins=without), r"needs ansible-roles/base \^1.0, the lock does not name it")


def test_code_that_nobody_merged_cannot_be_locked_to(platform: Platform) -> None:
    """Somebody pushes a branch with a changed role, and asks to merge only a lock that names its commit."""
    lock = locked(platform)
    git(platform.root, "switch", "--quiet", "--create", "evil")
    evil = platform.commit({"ansible-roles/web/tasks/main.yml": "- ansible.builtin.debug: {msg: evil}\n"})
    digest = Releases(platform.repository, "HEAD").digest(WEB, evil)
    git(platform.root, "switch", "--quiet", "main")
    smuggled = edited(lock, WEB, commit=evil, digest=digest)
    refused(platform, smuggled, "is neither merged nor a release")
    git(platform.root, "tag", "ansible-roles/web/v1.0.0", evil)  # a release from another branch is one
    verify(Releases(platform.repository, "HEAD"), smuggled, deployment())
