"""The roles: their documentation tells the truth, and the linters have nothing to say."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.catalog.files import ROLE_NAMES, ROLES, ROOT, read


def _options(role: str) -> dict[str, Any]:
    options: dict[str, Any] = read(ROLES / role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    return options


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_the_argument_specs_state_the_defaults(role: str) -> None:
    defaults = read(ROLES / role / "defaults/main.yml")
    assert {name: option["default"] for name, option in _options(role).items() if "default" in option} == defaults
    assert all(option.get("required") for option in _options(role).values() if "default" not in option)


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_every_option_is_described_here_and_in_the_readme(role: str) -> None:
    readme = (ROLES / role / "README.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE))
    assert rows == set(_options(role))
    assert all(option["description"] for option in _options(role).values())


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_every_default_is_explained_by_a_comment_above_it(role: str) -> None:
    lines = (ROLES / role / "defaults/main.yml").read_text(encoding="utf-8").splitlines()
    for above, line in itertools.pairwise(lines):
        if re.match(r"\w", line):
            assert above.startswith("#"), line


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_role_yaml_and_galaxy_metadata_agree(role: str) -> None:
    ours, galaxy = read(ROLES / role / "role.yaml"), read(ROLES / role / "meta/main.yml")["galaxy_info"]
    assert ours["name"] == galaxy["role_name"] == role
    assert ours["description"] == galaxy["description"]


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_tasks_never_name_their_own_folder(role: str) -> None:
    # A bundle stores a role under a name made from its content; paths must come from role_path.
    for path in (ROLES / role).rglob("*"):
        if path.is_file() and path.parts[-2] in {"tasks", "handlers", "templates"}:
            assert f"roles/{role}" not in path.read_text(encoding="utf-8"), path


def _tool(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    assert found, f"{name} is not installed: make setup"
    return found


def _run(*words: str) -> None:
    path = os.pathsep.join([str(Path(words[0]).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "NO_COLOR": "1", "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    result = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_ansible_lint_finds_nothing_with_its_production_profile() -> None:
    assert read(ROOT / ".ansible-lint")["profile"] == "production"
    _run(_tool("ansible-lint"), "--offline", "--nocolor")


def test_yamllint_finds_nothing_in_catalogue_types_roles_and_federation() -> None:
    _run(_tool("yamllint"), "--strict", "catalog", "tosca-types", "ansible-roles", "federation")
