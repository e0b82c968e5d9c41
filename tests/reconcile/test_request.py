"""Requests: what somebody asks for, as files in a merge request of the embedded forge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mattone.errors import FindingsError, InputError, RemoteError
from mattone.forges.local import LocalForge
from mattone.git import Repository
from mattone.pins.lock import parse
from mattone.reconcile.request import Desk, Draft, compose, open_merge_request, start
from mattone.tosca.source import load
from tests.forges.site import git
from tests.small import FILES, SERVICE, Platform, wish

NAME, PATH, LOCK = "school/page", "deployments/school/page.yaml", "deployments/school/page.lock.yaml"
NEW = Draft(NAME, "page", values={"title": "Hello"}, description="For the course")


class Office:
    """A forge with the small platform, and a clone to ask from."""

    def __init__(self, folder: Path) -> None:
        self.source = Platform(folder / "source", {**FILES, "deployments/school/other.yaml": wish("Other")})
        self.forge = LocalForge.create(folder / "forge.git", self.source.repository)
        self.clone = Repository.clone(self.forge.url, folder / "clone")

    def desk(self) -> Desk:
        return start(self.clone.root, "alice")

    def merged(self, files: dict[str, str | None], tag: str = "") -> None:
        """Put files on the default branch, as a merge would."""
        commit = self.source.commit(files, tag)
        self.forge.repository.run(
            "fetch", "--quiet", str(self.source.root), "+main:refs/heads/main", "--tags", "--force"
        )
        assert self.forge.repository.resolve("main") == commit


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.forge.close_reader()
    made.clone.close()


def texts(office: Office, draft: Draft) -> dict[str, str]:
    return {path: (data or b"").decode() for path, data in compose(office.desk(), draft).files.items()}


def test_a_new_deployment_is_a_file_and_its_lock(office: Office) -> None:
    proposal = compose(office.desk(), NEW)
    assert (proposal.title, proposal.branch) == ("Deploy school/page: page 1.0.0", "request/school-page")
    assert (proposal.files[PATH] or b"").decode() == (
        "service: page\nversion: ^1.0\ndescription: For the course\ninputs:\n  title: Hello\n"
    )
    assert parse(LOCK, proposal.files[LOCK] or b"").deployment == NAME


def test_it_is_pushed_and_opened_and_the_work_tree_is_untouched(office: Office) -> None:
    desk = office.desk()
    request = open_merge_request(desk, compose(desk, NEW))
    assert (request.iid, request.author, request.source_branch) == (1, "alice", "request/school-page")
    assert office.forge.repository.read(request.head, PATH) is not None
    assert office.forge.repository.commit(request.head).author == "alice"
    assert office.clone.is_clean()
    assert not (office.clone.root / PATH).exists()


def test_a_branch_name_that_is_taken_is_numbered(office: Office) -> None:
    desk = office.desk()
    branches = [open_merge_request(desk, compose(desk, NEW)).source_branch for _ in range(3)]
    assert branches == ["request/school-page", "request/school-page-2", "request/school-page-3"]


def test_an_update_changes_what_is_named_and_keeps_the_rest(office: Office) -> None:
    office.merged({PATH: wish("Old", cpus=2) + "protected: true\n"})
    made = yaml.safe_load(texts(office, Draft(NAME, values={"title": "New"}, unset=("cpus",)))[PATH])
    assert made == {"service": "page", "version": "^1.0", "protected": True, "inputs": {"title": "New"}}
    assert compose(office.desk(), Draft(NAME, values={"title": "New"})).title.startswith("Update school/page")


def test_asking_for_what_is_there_is_refused_even_when_somebody_wrote_it_by_hand(office: Office) -> None:
    first = texts(office, Draft(NAME, "page", values={"title": "Hello"}))
    office.merged({PATH: f"# Our page.\n{wish('Hello')}", LOCK: first[LOCK]})
    with pytest.raises(InputError, match="already is as asked for"):
        compose(office.desk(), Draft(NAME, values={"title": "Hello"}))


def test_another_service_gets_a_range_of_its_own_versions(office: Office) -> None:
    office.merged({PATH: wish("Hello")})
    other = {path.replace("catalog/page", "catalog/leaf"): FILES[path] for path in FILES if path.startswith("catalog/")}
    other["catalog/leaf/service.yaml"] = SERVICE.replace("name: page", "name: leaf").replace("1.0.0", "3.2.0", 1)
    office.merged({**other})
    made = yaml.safe_load(texts(office, Draft(NAME, "leaf"))[PATH])
    assert (made["service"], made["version"]) == ("leaf", "^3.2")


def test_a_removal_takes_file_and_lock_away(office: Office) -> None:
    office.merged(dict(texts(office, NEW)))
    desk = office.desk()
    proposal = compose(desk, Draft(NAME, delete=True))
    assert (proposal.title, dict(proposal.files)) == ("Delete school/page", {PATH: None, LOCK: None})
    head = open_merge_request(desk, proposal).head
    left = [entry.path for entry in office.forge.repository.files(head, "deployments")]
    assert left == ["deployments/school/other.yaml"]


@pytest.mark.parametrize(
    ("draft", "message"),
    [
        (Draft("page", "page"), "names no deployment"),
        (Draft("School/page", "page"), "names no deployment"),
        (Draft(NAME), "school/page is new: name a service"),
        (Draft(NAME, "pgae"), "the catalogue has no service 'pgae'"),
        (Draft(NAME, "page", version="^9"), "no version of catalog/page satisfies all"),
        (Draft(NAME, "page", version="soon"), "DEP1006"),
        (Draft(NAME, "page"), "DEP1102 input `title`"),
        (Draft(NAME, "page", values={"title": "x", "tilte": "y"}), "DEP1101"),
        (Draft(NAME, "page", values={"title": "x", "cpus": "many"}), "DEP1103"),
        (Draft(NAME, "page", values={"title": "x"}, provider="nowhere"), "DEP1009 there is no provider"),
        (Draft("strangers/page", "page", values={"title": "x"}), "DEP1012"),
        (Draft(NAME, delete=True), "there is no deployment 'school/page'"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_and_nothing_is_pushed(office: Office, draft: Draft, message: str) -> None:
    before = office.forge.repository.refs("refs/")
    with pytest.raises(InputError, match=message) as caught:
        compose(office.desk(), draft)
    assert isinstance(caught.value, FindingsError) is message.startswith("DEP1")
    assert office.forge.repository.refs("refs/") == before


def test_without_a_forge_or_an_identity_it_is_said_so(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    with pytest.raises(InputError, match="nobody knows who asks"):
        start(office.clone.root, "")
    git(office.clone.root, "config", "remote.origin.url", str(tmp_path / "gone.git"))
    with pytest.raises((InputError, RemoteError), match="gone"):
        start(office.clone.root, "alice")
    git(office.clone.root, "remote", "remove", "origin")
    with pytest.raises(InputError, match="has no remote `origin`"):
        start(office.clone.root, "alice")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.one_of(st.sampled_from(["yes", "1:30", "010", "# x", "~", "1e3", ""]), st.text(max_size=20)))
def test_any_title_comes_through_the_file_as_it_was(office: Office, title: str) -> None:
    """`yes`, `1:30`, `010`, `# x`: texts that YAML 1.1 would read otherwise are quoted."""
    text = texts(office, Draft(NAME, "page", values={"title": title}))[PATH]
    document = load(PATH, text.encode())
    assert document.value["inputs"]["title"] == title
    assert document.findings == ()
