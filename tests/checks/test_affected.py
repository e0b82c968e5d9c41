"""What a change can have an effect on: `--changed-since` finds all that is new, and looks at nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from mattone.checks.affected import dependencies
from mattone.checks.template import check_templates
from mattone.commands._checking import changed_since, check, scope
from mattone.errors import InputError
from mattone.git import Repository
from mattone.tosca.imports import Workspace
from tests.forges.site import checkout, git
from tests.small import FILES as PLATFORM
from tests.small import wish
from tests.tosca.support import TEMPLATE, TYPES, resolver

BASE = "tosca_definitions_version: tosca_simple_yaml_1_3\n"
FILES = {
    "lib/base.yaml": TYPES,
    "lib/more.yaml": f"{BASE}imports: [base.yaml]\nnode_types:\n  example.Big:\n    derived_from: example.Server\n",
    "lib/alone.yaml": f"{BASE}node_types:\n  example.Alone:\n    derived_from: tosca.nodes.Root\n",
    "page.yaml": TEMPLATE.replace("../../tosca-types/example.yaml", "lib/more.yaml"),
    "other.yaml": f"{BASE}imports: [lib/alone.yaml]\ntopology_template:\n"
    "  node_templates:\n    one: {type: example.Alone}\n",
    "addon.yaml": f"{BASE}metadata: {{parents: [page.yaml]}}\ntopology_template:\n"
    "  outputs:\n    cores: {value: {get_input: cpus}}\n",
}


def reach(path: str, files: dict[str, str] = FILES) -> set[str]:
    workspace = Workspace(resolver(files))
    document = workspace.open("", path)
    assert document is not None
    return set(dependencies(workspace, document))


def test_a_template_depends_on_its_imports_and_theirs() -> None:
    assert reach("page.yaml") == {"page.yaml", "lib/more.yaml", "lib/base.yaml"}


def test_an_addon_depends_on_its_base_and_all_that_this_imports() -> None:
    assert reach("addon.yaml") == {"addon.yaml", "page.yaml", "lib/more.yaml", "lib/base.yaml"}


def test_a_library_does_not_depend_on_who_imports_it() -> None:
    assert reach("lib/base.yaml") == {"lib/base.yaml"}


def test_an_import_of_nothing_depends_on_what_may_come_to_be() -> None:
    assert "lib/alone.yaml" in reach("other.yaml", {"other.yaml": FILES["other.yaml"]})


def test_an_import_of_a_url_depends_on_what_the_url_stands_for() -> None:
    text = f"{BASE}imports: [https://example.org/types.yaml]\n"
    assert "https://example.org/types.yaml" in reach("one.yaml", {"one.yaml": text})


def test_documents_that_import_each_other_depend_on_both() -> None:
    files = {"a.yaml": f"{BASE}imports: [b.yaml]\n", "b.yaml": f"{BASE}imports: [a.yaml]\n"}
    assert reach("a.yaml", files) == reach("b.yaml", files) == {"a.yaml", "b.yaml"}


def test_only_the_affected_documents_are_checked() -> None:
    broken = {**FILES, "page.yaml": FILES["page.yaml"].replace("host: server", "host: sever"), "other.yaml": "a: ["}
    found = check_templates(sorted(broken), resolver(broken), {"lib/base.yaml"})
    errors = {one.place.path for one in found if one.severity.value == "error"}
    assert errors == {"page.yaml"}


# Edits that mend, break, add, remove and move; each gets the text and gives another, or None for no file.
EDITS = (
    lambda text, chance: text.replace("example.", "exmaple.", 1),
    lambda text, chance: text + f"# {chance.random()}\n",
    lambda text, chance: "".join(line for line in text.splitlines(True) if chance.random() > 0.05),
    lambda text, chance: text.replace("integer", "string", 1),
    lambda text, chance: text.replace("derived_from", "derived_form", 1),
    lambda text, chance: text.replace("more.yaml", "base.yaml"),
    lambda text, chance: text.replace("alone.yaml", "new.yaml"),
    lambda text, chance: None,
)


def _edit(root: Path, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 3)):
        path = root / chance.choice([*FILES, "lib/new.yaml"])
        text = path.read_text() if path.exists() else FILES["lib/alone.yaml"]
        made = chance.choice(EDITS)(text, chance)
        path.unlink(missing_ok=True)
        if made is not None:
            path.write_text(made)


@pytest.mark.parametrize("seed", range(25))
def test_random_edits_show_all_that_is_new_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 # a seed that anybody can repeat is the point
    repository = checkout(tmp_path / "repo", {path: text.encode() for path, text in FILES.items()})
    monkeypatch.chdir(repository.root)
    for _ in range(chance.randint(0, 2)):  # defects that were there before
        _edit(repository.root, chance)
    git(repository.root, "add", "--all")
    git(repository.root, "commit", "--quiet", "--allow-empty", "--message=old")
    before = set(_all(repository.root, ""))
    git(repository.root, "checkout", "--quiet", "-b", "work")
    _edit(repository.root, chance)
    if chance.random() < 0.5:
        git(repository.root, "add", "--all")
        git(repository.root, "commit", "--quiet", "--allow-empty", "--message=new")
    after, part = set(_all(repository.root, "")), set(_all(repository.root, "main"))
    assert part <= after
    assert after <= part | before


def _all(root: Path, since: str) -> Iterator[str]:
    targets = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.yaml"))
    for one in check(scope(targets, root, since=since)).findings:
        yield f"{one.place} {one.rule} {one.message}"


@pytest.fixture
def platform(tmp_path: Path) -> Repository:
    files = {**PLATFORM, "deployments/school/page.yaml": wish()}
    made = checkout(tmp_path / "platform", {path: text.encode() for path, text in files.items()})
    git(made.root, "checkout", "--quiet", "-b", "work")
    return made


def _platform(repository: Repository, since: str = "main") -> set[str]:
    return {one.place.path for one in check(scope((), repository.root, since=since)).findings}


def test_nothing_changed_is_nothing_to_find_even_where_there_are_defects(platform: Repository) -> None:
    assert _platform(platform, "") != set()  # the deployment is not locked
    assert _platform(platform) == set()


def test_a_changed_type_library_shows_the_service_and_the_unlocked_deployment(platform: Repository) -> None:
    types = platform.root / "tosca-types/page.yaml"
    types.write_text(types.read_text().replace("example.Page", "example.Leaf"))
    assert {"catalog/page/template.yaml", "deployments/school/page.yaml"} <= _platform(platform)


def test_a_removed_role_shows_the_service_that_names_it(platform: Repository) -> None:
    (platform.root / "ansible-roles/web/role.yaml").unlink()
    assert "catalog/page/service.yaml" in _platform(platform)


def test_a_new_file_that_git_does_not_know_yet_is_a_change(platform: Repository) -> None:
    (platform.root / "deployments/school/new.yaml").write_text("service: nothing\n")
    assert _platform(platform) == {"deployments/school/new.yaml"}


def test_what_others_merged_meanwhile_is_not_this_branchs_change(platform: Repository) -> None:
    git(platform.root, "checkout", "--quiet", "main")
    (platform.root / "deployments/school/theirs.yaml").write_text("service: nothing\n")
    git(platform.root, "add", "--all")
    git(platform.root, "commit", "--quiet", "--message=theirs")
    git(platform.root, "checkout", "--quiet", "work")
    assert changed_since(platform, "main") == set()


@pytest.mark.parametrize("file", ["waivers.yaml", "mattone.toml"])
def test_a_file_that_decides_on_all_others_makes_everything_count(platform: Repository, file: str) -> None:
    (platform.root / file).write_text("waivers: []\n" if file == "waivers.yaml" else 'environment = "other"\n')
    assert _platform(platform) == _platform(platform, "") != set()


def test_an_unknown_revision_is_said_so(platform: Repository) -> None:
    with pytest.raises(InputError, match="'mian' names no commit"):
        changed_since(platform, "mian")


def test_a_branch_with_another_beginning_is_said_so(platform: Repository) -> None:
    git(platform.root, "checkout", "--quiet", "--orphan", "strange")
    git(platform.root, "commit", "--quiet", "--message=another beginning")
    with pytest.raises(InputError, match="no common commit"):
        changed_since(platform, "main")


def test_a_shallow_clone_is_told_to_fetch_the_rest(platform: Repository, tmp_path: Path) -> None:
    for number in range(3):
        git(platform.root, "commit", "--quiet", "--allow-empty", f"--message={number}")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch", platform.root.as_uri(), str(shallow))
    with pytest.raises(InputError) as caught:
        changed_since(Repository(shallow), "origin/main")
    assert "--unshallow" in caught.value.hint
