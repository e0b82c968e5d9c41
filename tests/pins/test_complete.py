"""A deployment locked with what it takes from elsewhere, against real git and real HTTP servers."""

from __future__ import annotations

import pytest

from mattone.errors import InputError, MattoneError
from mattone.pins.bundle import locked_template
from mattone.pins.complete import make_lock, obtain
from mattone.pins.lock import dump, parse
from mattone.pins.outdated import Row
from mattone.pins.releases import Releases
from mattone.pins.store import SourceChanged, Store
from tests.pins.elsewhere import Elsewhere as Repository
from tests.pins.world import LIBRARY, Site, collection, role, told
from tests.small import TEMPLATE, deployment


def test_a_platform_that_takes_nothing_from_elsewhere_asks_nobody(site: Site) -> None:
    made = site.make()
    assert (made.lock.external, made.notes, site.web.asked) == ((), (), [])


# Layer 1


def test_type_files_by_url_are_locked_and_found_without_a_server(site: Site) -> None:
    url = f"{site.web.url}/raw/v1.0/all.yaml"
    site.web.pages["/raw/v1.0/all.yaml"] = LIBRARY + "imports: [more.yaml]\n"
    site.web.pages["/raw/v1.0/more.yaml"] = LIBRARY + "node_types: {far.App: {derived_from: tosca.nodes.Root}}\n"
    template = TEMPLATE.replace("imports: [", f"imports: ['{url}', ").replace(
        "    server:\n", "    app: {type: far.App}\n    server:\n"
    )
    site.platform.commit({"catalog/page/template.yaml": template})
    made = site.make()
    other = url.replace("all", "more")
    assert told(made.lock.external) == {
        url: ("types", "v1.0", 1, ("catalog/page/template.yaml",)), other: ("types", "v1.0", 1, (url,)),
    }  # fmt: skip
    before = len(site.web.asked)
    assert site.make(made.lock).lock == made.lock
    found = locked_template(Releases(site.platform.repository, "HEAD"), made.lock)
    assert found.nodes["app"].type is not None
    assert len(site.web.asked) == before
    # The platform's own map decides what is locked first.
    store = site.world().store
    mapped = store.put((LIBRARY + "description: mapped\n").encode())
    assert {one.digest for one in site.make(urls={url: mapped}).lock.external} == {mapped}


def test_a_type_file_whose_byte_changed_is_named_when_it_is_fetched_again(site: Site) -> None:
    url = f"{site.web.url}/raw/v1.0/all.yaml"
    site.web.pages["/raw/v1.0/all.yaml"] = LIBRARY
    template = TEMPLATE.replace("imports: [", f"imports: ['{url}', ")
    site.platform.commit({"catalog/page/template.yaml": template})
    lock = site.make().lock
    site.web.pages["/raw/v1.0/all.yaml"] = LIBRARY + "\n"
    empty = site.world(store=Store(site.folder / "other"))
    with pytest.raises(SourceChanged, match=r"/raw/v1.0/all.yaml is not what was locked") as caught:
        obtain(lock, empty)
    assert str(caught.value.place) == "deployments/school/page.lock.yaml"


# Layers 2 and 3


def test_artifacts_of_types_in_every_spelling(site: Site) -> None:
    site.role("ansible-role-docker", "v2.0.0", "v2.1.3")
    site.galaxy.add_role("indigo-dc.docker", "", "ansible-role-docker")
    site.galaxy.roles["indigo-dc.docker"] = (site.folder.name, "x")
    site.galaxy.roles["indigo-dc.docker"] = ("far-owner", "docker")
    Repository(site.folder / "far" / "far-owner" / "docker", {"tasks/main.yml": "- a\n"}, "v2.1.3")
    arc, pulsar = site.role("arc-ansible", "v1.0.0"), site.role("ansible-role-pulsar", "v3.0.0")
    for version in ("4.5.0", "4.6.0"):
        site.galaxy.add_collection("amazon.aws", version, {"ansible.utils": ">=2.0,<3"})
    for version in ("1.0.0", "2.4.0", "3.0.0"):
        site.galaxy.add_collection("ansible.utils", version)
    site.galaxy.page = 2
    site.types(
        role("indigo-dc.docker,v2.1.3"), role(f"git+{arc.url},v1.0.0"), role(f"git+{pulsar.url}|pulsar"),
        collection("amazon.aws,4.5.0"), role("web"),
    )  # fmt: skip
    made = site.make()
    by = ("tosca-types/page.yaml",)
    assert told(made.lock.external) == {
        "indigo-dc.docker": ("role", "v2.1.3", 2, by),
        "arc-ansible": ("role", "v1.0.0", 2, by),
        "pulsar": ("role", "v3.0.0", 2, by),
        "amazon.aws": ("collection", "4.5.0", 2, by),
        "ansible.utils": ("collection", "2.4.0", 3, ("amazon.aws",)),
    }
    assert made.notes == ()
    entry = next(one for one in made.lock.external if one.name == "amazon.aws")
    assert entry.source == site.web.url
    assert site.world().store.get(entry.digest) is not None
    assert site.make(made.lock).lock == made.lock
    assert parse("lock", dump(made.lock)) == made.lock


def test_a_collection_republished_under_its_version_is_told(site: Site) -> None:
    site.galaxy.add_collection("amazon.aws", "4.5.0")
    site.types(collection("amazon.aws,4.5.0"))
    lock = site.make().lock
    site.galaxy.add_collection("amazon.aws", "4.5.0", {"evil.thing": "*"})
    with pytest.raises(SourceChanged, match="Galaxy now says"):
        site.make(lock)
    with pytest.raises(SourceChanged, match="is not what was locked"):
        obtain(lock, site.world(store=Store(site.folder / "other")))


def test_what_galaxy_does_not_have(site: Site) -> None:
    site.galaxy.add_collection("amazon.aws", "4.5.0")
    for written, message in (
        (role("no.role,1.0"), "has no role 'no.role'"),
        (collection("no.thing"), "has no collection no.thing"),
        (collection("amazon.aws,^9"), r"has no version '\^9' of the collection amazon.aws"),
    ):
        site.types(written)
        with pytest.raises(MattoneError, match=message) as caught:
            site.make()
        assert str(caught.value.place).startswith("tosca-types/page.yaml:1")
        assert caught.value.hint


def test_an_artifact_that_names_nothing_is_said_at_its_place(site: Site) -> None:
    site.types(role("a role of mine"))
    with pytest.raises(InputError, match="names no role") as caught:
        site.make()
    assert str(caught.value.place).startswith("tosca-types/page.yaml:")


def test_playbooks_roles_and_requirements_are_followed(site: Site) -> None:
    base, gpu = site.role("base", "v1.0.0"), site.role("gpu", "v1.0.0")
    gpu.commit({"meta/main.yml": f"dependencies: [{{src: 'git+{base.url}', version: ^1.0, name: base}}]\n"}, "v1.1.0")
    site.galaxy.add_collection("community.docker", "3.4.0")
    site.platform.commit({
        "tosca-types/artifacts/requirements.yml": f"- {{src: 'git+{gpu.url}', version: ^1.0, name: gpu}}\n",
        "ansible-roles/web/meta/main.yml": "dependencies: [{role: base}]\ncollections: [community.docker]\n",
    })  # fmt: skip
    assert told(site.make().lock.external) == {
        "gpu": ("role", "v1.1.0", 3, ("tosca-types/artifacts/page.yaml",)),
        "base": ("role", "v1.0.0", 3, ("gpu",)),
        "community.docker": ("collection", "3.4.0", 3, ("ansible-roles/web",)),
    }


def test_what_cannot_be_read_is_told_and_the_rest_is_locked(site: Site) -> None:
    odd = site.role("odd", "v1.0.0")
    odd.commit({"tasks/main.yml": "- include_role: {name: '{{ which }}'}\n", "meta/main.yml": "a: [\n"}, "v1.1.0")
    site.types(role(f"git+{odd.url}"))
    made = site.make()
    assert told(made.lock.external)["odd"][1] == "v1.1.0"
    assert [note.split(": ")[0] for note in made.notes] == [
        "odd@v1.1.0/meta/main.yml:2:1",
        "odd@v1.1.0/tasks/main.yml:1:24",
    ]


def test_only_types_that_the_template_uses_count(site: Site) -> None:
    site.types(
        more="  example.Other:\n    artifacts:\n      a: {file: no.where, type: tosca.artifacts.AnsibleGalaxy.role}\n"
    )
    assert site.make().lock.external == ()


# The whole of it


def test_locked_elsewhere_again_from_nothing_gives_the_same_bytes(site: Site) -> None:
    far = site.role("far", "v1.0.0", "v1.1.0")
    site.types(role(f"git+{far.url},^1.0"))
    lock = site.make().lock
    other = site.world(store=Store(site.folder / "other"))
    again = make_lock(Releases(site.platform.repository, "HEAD"), deployment(), other).lock
    assert dump(again) == dump(lock)
    assert obtain(lock, site.world(store=Store(site.folder / "third"))) == 1


def test_what_could_move_and_who_holds_it_back(site: Site) -> None:
    far = site.role("far", "v1.0.0")
    base, branch = site.role("base2", "v1.0.0"), site.role("branch")
    site.types(role(f"git+{far.url},^1.0"), role(f"git+{base.url},v1.0.0"), role(f"git+{branch.url},main"))
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        site.platform.release("ansible-roles/base", version)
    site.platform.release(
        "catalog/page", "1.0.0", display_name="Page", tosca_types="^1.0", roles="{web: ^1.0, base: ~1.0}"
    )
    lock = site.make().lock
    for tag in ("v1.1.0", "v2.0.0"):
        far.commit({"VERSION": tag}, tag)
    base.commit({}, "v1.1.0")
    branch.commit({"x": "y"})
    rows = site.outdated(lock)
    assert rows["ansible-roles/base"] == Row(
        "ansible-roles/base", "role", "1.0.0", "1.0.0", "2.0.0", ("ansible-roles/web (^1.0)", "catalog/page (~1.0)")
    ) or rows["ansible-roles/base"].held_by[::-1] == ("ansible-roles/web (^1.0)", "catalog/page (~1.0)")
    assert rows["far"] == Row("far", "role", "v1.0.0", "v1.1.0", "v2.0.0", ("tosca-types/page.yaml (^1.0)",))
    assert rows["base2"] == Row("base2", "role", "v1.0.0", "v1.0.0", "v1.1.0", ("tosca-types/page.yaml (v1.0.0)",))
    assert rows["branch"].in_range == f"main@{branch.head()[:12]}"
    assert not rows["catalog/page"].movable
