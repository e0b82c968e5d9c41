"""Where a command works, and the settings of a platform."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattone.errors import InputError
from mattone.platform.settings import Settings, load_settings
from mattone.platform.site import cache_folder, open_site
from tests.forges.site import git
from tests.small import MemoryTree, Platform


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    monkeypatch.delenv("MATTONE_WORKSPACE", raising=False)
    return Platform(tmp_path / "platform")


def test_a_site_is_found_from_any_folder_in_it(platform: Platform) -> None:
    site = open_site(platform.root / "catalog/page")
    assert (site.root, site.workspace) == (platform.root, platform.root / ".mattone")
    assert site.settings == Settings()
    assert site.files.read("mattone.toml") is not None
    assert site.at("HEAD").revision == platform.head()


def test_folders_of_the_workspace_are_the_owners_alone(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    site = open_site(platform.root)
    assert [path.stat().st_mode & 0o777 for path in (site.folder("a", "b"), site.workspace)] == [0o700, 0o700]
    monkeypatch.setenv("MATTONE_WORKSPACE", str(platform.root.parent / "elsewhere"))
    assert open_site(platform.root).workspace == platform.root.parent / "elsewhere"


def test_the_cache_is_where_it_is_asked_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    monkeypatch.delenv("MATTONE_CACHE", raising=False)
    assert cache_folder() == Path("/x/mattone")
    monkeypatch.setenv("MATTONE_CACHE", "/y")
    assert cache_folder() == Path("/y")


@pytest.mark.parametrize("what", ["merge", "rebase", "cherry-pick", "bisect"])
def test_in_the_middle_of_something_nothing_is_done(platform: Platform, what: str) -> None:
    root = platform.root
    git(root, "switch", "--quiet", "--create", "side")
    platform.commit({"x": "side"})
    git(root, "switch", "--quiet", "main")
    platform.commit({"x": "main"})
    git(root, *(("bisect", "start") if what == "bisect" else (what, "side")), check=False)
    with pytest.raises(InputError, match=f"is in the middle of a {what}") as caught:
        open_site(root)
    undo = caught.value.hint.split("`git ")[1].split("`")[0]
    git(root, *undo.split())  # the hint does what it says
    assert open_site(root).root == root


def test_a_repository_that_is_no_platform(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with pytest.raises(InputError, match="is no platform repository") as caught:
        open_site(tmp_path)
    assert "mattone.toml" in caught.value.hint


def test_a_revision_that_is_none(platform: Platform) -> None:
    with pytest.raises(InputError, match="'nonsense' names no commit"):
        open_site(platform.root).at("nonsense")


def settings(text: str) -> Settings:
    return load_settings(MemoryTree({"mattone.toml": text}))


def test_settings_and_their_defaults() -> None:
    assert load_settings(MemoryTree({})) == settings("") == Settings("production", "infrastructure-manager", "local")
    whole = (
        'environment = "test-1"\n[engine]\nkind = "infrastructure-manager"\n[forge]\nkind = "local"\n[merge]\nx = 1\n'
    )
    assert settings(whole).environment == "test-1"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("environment = \n", "mattone.toml:1:15", "not TOML"),
        ('[engine]\nkind = "x"\nkind = "y"\n', "mattone.toml:3:11", "not TOML"),
        ("x = '", "mattone.toml", "not TOML"),
        ("a = 1\nb = '\udcff'\n", "mattone.toml:2", "not UTF-8"),
        ('\nenviroment = "x"\n', "mattone.toml:2", "unknown setting 'enviroment'"),
        ("environment = 3\n", "mattone.toml:1", "must be a DNS label"),
        ('environment = "../x"\n', "mattone.toml:1", "must be a DNS label"),
        ('\n[engine]\nkind = "other"\n', "mattone.toml:2", "engine.kind cannot be 'other'"),
        ("[forge]\nkind = ['local']\n", "mattone.toml:1", "forge.kind cannot be"),
        ('[engine]\nknid = "x"\n', "mattone.toml:2", "unknown setting 'engine.knid'"),
        ('engine = "infrastructure-manager"\n', "mattone.toml:1", "'engine' must be a table"),
    ],
)
def test_bad_settings_are_one_message_with_a_place(text: str, place: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        settings(text)
    assert str(caught.value.place) == place
