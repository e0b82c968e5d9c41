"""Roles and collections from elsewhere, resolved against real git repositories."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mattone.errors import MattoneError, Place
from mattone.pins import spelling
from mattone.pins.elsewhere import Cycle, Demand, Elsewhere, Resolution
from mattone.pins.external import External, ExternalKind, ordered
from mattone.pins.galaxy import Galaxy
from mattone.pins.origins import MissingVersion, MovedTag, RewrittenHistory
from mattone.pins.resolve import Conflict
from mattone.pins.sources import Unreachable
from mattone.pins.spelling import Spelled
from mattone.pins.store import SourceChanged, Store
from tests.forges.site import git
from tests.pins.elsewhere import Elsewhere as Repository

ROLE = ExternalKind.ROLE


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("MATTONE_CACHE", str(tmp_path / "cache"))
    return Store(tmp_path / "cache" / "store")


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Repository]:
    """Makes a role's repository: `make("web", "v1.0.0", "v1.1.0", needs=...)`; each tag has a commit of its own."""

    def made(name: str, *tags: str, needs: str = "[]") -> Repository:
        repository = Repository(tmp_path / "far" / name, {"tasks/main.yml": f"- debug: {{msg: {name}}}\n"})
        repository.commit({"meta/main.yml": f"dependencies: {needs}\n"})
        for tag in tags:
            repository.commit({"VERSION": tag}, tag)
        return repository

    return made


def asks(written: str, by: str = "tosca-types/page.yaml", kind: ExternalKind = ROLE) -> Demand:
    spelled = spelling.role(written) if kind is ROLE else spelling.collection(written)
    return Demand(kind, spelled, 2, by, Place(by, 7, 3))


def resolved(store: Store, demands: Sequence[Demand], keep: Sequence[External] = ()) -> Resolution:
    nowhere = Galaxy("http://127.0.0.1:1")
    return Elsewhere(store, nowhere, {(entry.kind, entry.name): entry for entry in keep}).resolve(demands)


def versions(store: Store, *written: str, keep: Sequence[External] = ()) -> dict[str, str]:
    return {entry.name: entry.version for entry in resolved(store, [asks(one) for one in written], keep).entries}


def lock(store: Store, *written: str, keep: Sequence[External] = ()) -> tuple[External, ...]:
    return ordered(resolved(store, [asks(one) for one in written], keep).entries)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("geerlingguy.docker", Spelled("geerlingguy.docker", "", "")),
        ("indigo-dc.docker,v2.1.3", Spelled("indigo-dc.docker", "v2.1.3", "")),
        ("indigo-dc.docker, v2.1.3 ", Spelled("indigo-dc.docker", "v2.1.3", "")),
        ("git+https://h/a/role-x.git,v1", Spelled("role-x", "v1", "https://h/a/role-x.git")),
        ("git+https://h/a/role-x|x", Spelled("x", "", "https://h/a/role-x")),
        ("git+https://h/a/role-x,v1|x", Spelled("x", "v1", "https://h/a/role-x")),
        ("https://h/a/role-x,v1,x", Spelled("x", "v1", "https://h/a/role-x")),
        ("git@h:a/role-x.git,main", Spelled("role-x", "main", "git@h:a/role-x.git")),
        ("https://h/role-x-1.2.tar.gz", Spelled("role-x-1.2", "", "https://h/role-x-1.2.tar.gz")),
        ("a.b,1.0,c", Spelled("c", "1.0", "a.b")),
        ("os_users", Spelled("os_users", "", "")),
    ],
)
def test_spellings_of_roles(written: str, expected: Spelled) -> None:
    assert spelling.role(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("amazon.aws,4.5.0", Spelled("amazon.aws", "4.5.0", "")),
        ("amazon.aws:>=4.5,<5", Spelled("amazon.aws", ">=4.5,<5", "")),
        ("amazon.aws,>=4.5,<5", Spelled("amazon.aws", ">=4.5,<5", "")),
        ("amazon.aws:4.5.0", Spelled("amazon.aws", "4.5.0", "")),
        ("amazon.aws", Spelled("amazon.aws", "", "")),
        (
            "git+https://h/a/ansible-collection-x,v1",
            Spelled("ansible-collection-x", "v1", "https://h/a/ansible-collection-x"),
        ),
    ],
)
def test_spellings_of_collections(written: str, expected: Spelled) -> None:
    assert spelling.collection(written) == expected


@pytest.mark.parametrize(
    "written",
    ["", " ", "a b", "../x", "/etc/x", ",1.0", "a\\b", "git+https://h/a|../../x", "git+https://h/a|..", "git+https://"],
)
def test_what_names_nothing(written: str) -> None:
    with pytest.raises(MattoneError):
        spelling.role(written)
    with pytest.raises(MattoneError):
        spelling.collection(written or "x")


def test_every_way_to_ask_for_a_version(store: Store, make: Callable[..., Repository]) -> None:
    web = make("web", "v1.0.0", "v1.2.0", "1.10.0", "v2.0.0-rc.1", "nightly")
    url = f"git+{web.url}"
    cases = {
        "": "1.10.0", ",*": "1.10.0", ",v1.0.0": "v1.0.0", ",1.2.0": "v1.2.0", ",v1.10.0": "1.10.0", ",^1.0": "1.10.0",
        ",~1.2": "v1.2.0", ",>=1.0.0,<1.5": "v1.2.0", ",nightly": "nightly", ",main": "main",
        ",>=2.0.0-rc.1": "v2.0.0-rc.1", f",{web.head('v1.0.0')}": web.head("v1.0.0"),
    }  # fmt: skip
    for version, expected in cases.items():
        (entry,) = lock(store, f"{url}{version}|web")
        assert (entry.version, entry.source, entry.layer) == (expected, web.url, 2)
        assert entry.commit == web.head(expected)
        assert entry.required_by == ("tosca-types/page.yaml",)
        files = store.get_files(entry.digest)
        assert files is not None
        assert files["tasks/main.yml"] == (False, b"- debug: {msg: web}\n")


def test_a_repository_without_releases_is_pinned_to_its_newest_commit(
    store: Store, make: Callable[..., Repository]
) -> None:
    web = make("web")
    (entry,) = lock(store, f"git+{web.url}")
    assert (entry.version, entry.commit) == ("HEAD", web.head())


def test_what_a_role_needs_is_locked_with_it_however_deep(store: Store, make: Callable[..., Repository]) -> None:
    base = make("base", "v1.0.0", "v1.1.0", "v2.0.0")
    mid = make("mid", "v3.0.0", needs=f"[{{src: 'git+{base.url}', version: ^1.0, name: base}}]")
    top = make("top", "v1.0.0", needs=f"[{{src: '{mid.url}', scm: git, name: mid}}]")
    found = {entry.name: entry for entry in lock(store, f"git+{top.url},v1.0.0")}
    assert {name: (entry.version, entry.layer, entry.required_by) for name, entry in found.items()} == {
        "top": ("v1.0.0", 2, ("tosca-types/page.yaml",)),
        "mid": ("v3.0.0", 3, ("top",)),
        "base": ("v1.1.0", 3, ("mid",)),
    }  # fmt: skip
    assert found["base"].constraint == "^1.0"


def test_requirements_files_are_read_in_both_forms(store: Store, make: Callable[..., Repository]) -> None:
    one, two, three = make("one", "v1.0.0"), make("two", "v1.0.0"), make("three", "v1.0.0")
    top = make("top")
    top.commit({
        "requirements.yml": f"roles:\n- {{src: 'git+{one.url}', version: 1.0.0}}\n",
        "meta/requirements.yml": f"- 'git+{two.url},v1.0.0,second'\n- include: other.yml\n",
        "collections/requirements.yml": f"collections:\n- {{name: 'git+{three.url}', type: git, version: v1.0.0}}\n",
    })  # fmt: skip
    assert versions(store, f"git+{top.url},main") == {
        "top": "main", "one": "v1.0.0", "second": "v1.0.0", "three": "v1.0.0",
    }  # fmt: skip


def test_all_who_ask_get_the_newest_that_suits_them(store: Store, make: Callable[..., Repository]) -> None:
    base = make("base", "v1.0.0", "v1.4.0", "v1.9.0")
    a = make("a", needs=f"[{{src: 'git+{base.url}', version: '<1.5', name: base}}]")
    b = make("b", needs=f"[{{src: 'git+{base.url}', version: ^1.0, name: base}}]")
    entry = next(e for e in lock(store, f"git+{a.url}", f"git+{b.url}") if e.name == "base")
    assert (entry.version, entry.constraint, entry.required_by) == ("v1.4.0", "<1.5, ^1.0", ("a", "b"))


def test_a_tag_and_the_branch_on_its_commit_agree(store: Store, make: Callable[..., Repository]) -> None:
    base = make("base", "v1.0.0")
    a = make("a", needs=f"[{{src: 'git+{base.url}', version: main, name: base}}]")
    assert versions(store, f"git+{a.url}", f"git+{base.url},v1.0.0|base")["base"] in {"main", "v1.0.0"}


def test_who_cannot_agree_is_named_with_place_and_wish(store: Store, make: Callable[..., Repository]) -> None:
    base = make("base", "v1.0.0", "v2.0.0")
    a = make("a", needs=f"[{{src: 'git+{base.url}', version: ^1.0, name: base}}]")
    with pytest.raises(Conflict, match="no version of the role base satisfies all") as caught:
        lock(store, f"git+{a.url}", f"git+{base.url},v2.0.0|base")
    assert "a (a@HEAD/meta/main.yml:1:16) asks for ^1.0 from file://" in caught.value.message
    assert "tosca-types/page.yaml (tosca-types/page.yaml:7:3) asks for v2.0.0" in caught.value.message
    other = make("other", "v1.0.0")
    with pytest.raises(Conflict, match=r"asks for any version from .*far/other") as caught:
        lock(store, f"git+{other.url}|base", f"git+{base.url}")


def test_what_an_abandoned_choice_asked_for_does_not_count(store: Store, make: Callable[..., Repository]) -> None:
    base = make("base", "v1.0.0", "v2.0.0")
    a = make("a")
    for tag, wanted in (("v1.0.0", "v1.0.0"), ("v2.0.0", "v2.0.0")):
        a.commit({"meta/main.yml": f"dependencies: [{{src: 'git+{base.url}', version: {wanted}, name: base}}]\n"}, tag)
    b = make("b", needs=f"[{{src: 'git+{a.url}', version: ^1.0, name: a}}]")
    assert versions(store, f"git+{a.url}", f"git+{b.url}") == {"a": "v1.0.0", "b": "HEAD", "base": "v1.0.0"}


def test_roles_that_depend_on_each_other_are_a_cycle(store: Store, make: Callable[..., Repository]) -> None:
    a, b = make("a"), make("b")
    a.commit({"meta/main.yml": f"dependencies: [{{src: 'git+{b.url}'}}]\n"})
    b.commit({"meta/main.yml": f"dependencies: [{{src: 'git+{a.url}'}}]\n"})
    with pytest.raises(Cycle, match=r"depend on each other in a circle: a -> b -> a") as caught:
        lock(store, f"git+{a.url}")
    assert str(caught.value.place) == "b@HEAD/meta/main.yml:1:16"


def test_missing_versions_name_what_there_is(store: Store, make: Callable[..., Repository]) -> None:
    web = make("web", "v1.0.0", "v1.1.0")
    with pytest.raises(MissingVersion, match="has no tag, branch or release 'v9'") as caught:
        lock(store, f"git+{web.url},v9")
    assert caught.value.hint == "its newest releases: v1.1.0, v1.0.0"
    assert str(caught.value.place) == "tosca-types/page.yaml:7:3"
    with pytest.raises(MissingVersion, match=r"'\^3.0'"):
        lock(store, f"git+{web.url},^3.0")


def test_a_source_that_is_gone_is_unreachable_at_its_place(store: Store, make: Callable[..., Repository]) -> None:
    web = make("web", "v1.0.0")
    web.folder.rename(web.folder.with_name("gone"))
    with pytest.raises(Unreachable, match="cannot read the git repository") as caught:
        lock(store, f"git+{web.url}")
    assert str(caught.value.place) == "tosca-types/page.yaml:7:3"
    with pytest.raises(MattoneError, match=r"127.0.0.1:1/api/v1/roles/: cannot connect") as other:
        lock(store, "space.role,1.0")
    assert other.value.place is not None


# What is locked stays


def test_what_is_locked_stays_while_it_satisfies(store: Store, make: Callable[..., Repository]) -> None:
    web = make("web", "v1.0.0")
    before = lock(store, f"git+{web.url},^1.0")
    web.commit({"new": "x"}, "v1.1.0")
    assert lock(store, f"git+{web.url},^1.0", keep=before) == before
    assert versions(store, f"git+{web.url},^1.0") == {"web": "v1.1.0"}
    web.commit({}, "v1.2.0")
    assert versions(store, f"git+{web.url},^1.1", keep=before) == {"web": "v1.2.0"}


def test_a_branch_that_went_on_stays_where_it_is_locked(store: Store, make: Callable[..., Repository]) -> None:
    web = make("web")
    before = lock(store, f"git+{web.url},main")
    web.commit({"new": "x"})
    assert lock(store, f"git+{web.url},main", keep=before) == before
    assert lock(store, f"git+{web.url},main")[0].commit == web.head()


def test_a_moved_tag_is_told(store: Store, make: Callable[..., Repository]) -> None:
    web = make("web", "v1.0.0")
    before = lock(store, f"git+{web.url},^1.0")
    web.commit({"tasks/main.yml": "- evil\n"})
    web.move_tag("v1.0.0")
    with pytest.raises(
        MovedTag, match=f"the tag v1.0.0 of .* was moved: the role web is locked to {before[0].commit[:12]}"
    ) as caught:
        lock(store, f"git+{web.url},^1.0", keep=before)
    assert caught.value.place is not None
    assert "--upgrade-component web" in caught.value.hint
    assert lock(store, f"git+{web.url},^1.0")[0].commit == web.head()


def test_a_deleted_tag_is_told(store: Store, make: Callable[..., Repository]) -> None:
    web = make("web", "v1.0.0", "v1.1.0")
    before = lock(store, f"git+{web.url},^1.0")
    git(web.folder, "tag", "--delete", "v1.1.0")
    with pytest.raises(MissingVersion, match=r"the role web is locked to v1.1.0, which .* no longer has"):
        lock(store, f"git+{web.url},^1.0", keep=before)


def test_a_forced_branch_is_told(store: Store, make: Callable[..., Repository]) -> None:
    web = make("web")
    before = lock(store, f"git+{web.url},main")
    web.rewrite({"tasks/main.yml": "- other\n"})
    with pytest.raises(RewrittenHistory, match=r"the branch main of .* was rewritten") as caught:
        lock(store, f"git+{web.url},main", keep=before)
    assert caught.value.hint


def test_an_edited_digest_is_told(store: Store, make: Callable[..., Repository]) -> None:
    web = make("web", "v1.0.0")
    (entry,) = lock(store, f"git+{web.url},^1.0")
    edited = replace(entry, digest="sha256:" + "0" * 64)
    with pytest.raises(SourceChanged, match="is not what was locked"):
        lock(store, f"git+{web.url},^1.0", keep=[edited])


# Properties


@settings(max_examples=12)
@given(chance=st.randoms(use_true_random=False))
def test_any_order_and_a_second_time_give_the_same_lock(
    chance: random.Random, world: tuple[Store, list[Demand]]
) -> None:
    store, demands = world
    first = ordered(resolved(store, demands).entries)
    shuffled = list(demands)
    chance.shuffle(shuffled)
    again = ordered(resolved(store, shuffled, first if chance.random() < 0.5 else ()).entries)
    assert again == first
    assert {entry.name for entry in first} == {"r0", "r1", "r2", "r3", "r4"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, list[Demand]]:
    folder = tmp_path_factory.mktemp("world")
    patch = pytest.MonkeyPatch()
    patch.setenv("MATTONE_CACHE", str(folder / "cache"))
    roles: list[Repository] = []
    for number in range(5):
        needs = ", ".join(f"{{src: 'git+{one.url}', version: '>=1.{index}'}}" for index, one in enumerate(roles))
        files = {"tasks/main.yml": f"- {number}\n", "meta/main.yml": f"dependencies: [{needs}]\n"}
        repository = Repository(folder / f"r{number}", files)
        for minor in range(4):
            repository.commit({"VERSION": str(minor)}, f"v1.{minor}.0")
        roles.append(repository)
    demands = [
        asks(f"git+{one.url},^1.{number % 3}", by=f"tosca-types/{number}.yaml") for number, one in enumerate(roles)
    ]
    demands += [asks(f"git+{roles[0].url},<1.3", by="tosca-types/other.yaml")]
    return Store(folder / "cache" / "store"), demands
