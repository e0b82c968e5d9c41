"""Bundles where the orchestrator's side can read them: whole or not at all, the same each time, installable."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mattone import process
from mattone.engines.indigo_orchestrator import document, files
from mattone.engines.interface import Phase, Submission
from mattone.errors import HostError, RemoteError
from tests.doubles.indigo_orchestrator.server import OrchestratorDouble
from tests.engines.indigo_orchestrator import site
from tests.engines.indigo_orchestrator.site import settled, template

ROLES = ("base_0a1b", "web_2c3d")
URL = "https://files.example.org/mattone"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A playbook, and two roles of which one needs the other and one has no `meta`."""
    folder = tmp_path / "bundles" / "f00dfeed"
    texts = {
        "artifacts/tosca-types/page.yaml": "- hosts: all\n  roles: [web_2c3d]\n",
        "roles/web_2c3d/tasks/main.yml": "- ansible.builtin.debug: {msg: web}\n",
        "roles/web_2c3d/meta/main.yml": "dependencies:\n  - role: base_0a1b\n",
        "roles/base_0a1b/tasks/main.yml": "- ansible.builtin.debug: {msg: base}\n",
        "roles/base_0a1b/files/run.sh": "#!/bin/sh\n",
    }
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "roles/base_0a1b/files/run.sh").chmod(0o755)
    return folder


def submission(bundle: Path, **types: Any) -> Submission:
    made = template()
    page = {
        "derived_from": "tosca.nodes.SoftwareComponent",
        "artifacts": {
            "web_role": {"type": files.ROLE, "file": "web"},
            "far_role": {"type": files.ROLE, "file": "git+https://example.org/far,v1|far"},
        },
        "interfaces": {"Standard": {"configure": f"file://{bundle}/artifacts/tosca-types/page.yaml"}},
    }
    made["node_types"] = {"example.Page": page, "example.Plain": {"derived_from": "tosca.nodes.Root"}, **types}
    return replace(site.submission(made=made), files=bundle, roles=ROLES)


def tree(folder: Path) -> dict[str, str]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def test_template_names_urls_and_imports_its_types(bundle: Path, tmp_path: Path) -> None:
    made = document.body(submission(bundle), {}, tmp_path / "www", URL)["template"]
    parsed = yaml.safe_load(made)
    assert "file://" not in made
    assert not [key for key in parsed if key.endswith("_types")]
    ((address,),) = (entry.values() for entry in parsed["imports"])
    assert address.startswith(f"{URL}/f00dfeed/types-")
    types = yaml.safe_load((tmp_path / "www" / "f00dfeed" / address.rsplit("/", 1)[1]).read_text())
    page = types["node_types"]["example.Page"]
    assert page["interfaces"]["Standard"]["configure"] == f"{URL}/f00dfeed/artifacts/tosca-types/page.yaml"
    assert page["artifacts"] == {
        "far_role": {"type": files.ROLE, "file": "git+https://example.org/far,v1|far"},
        **{
            f"mattone_{role}": {"type": files.ROLE, "file": f"{URL}/f00dfeed/roles/{role}.tar.gz|{role}"}
            for role in ROLES
        },
    }
    assert types["node_types"]["example.Plain"] == {"derived_from": "tosca.nodes.Root"}
    assert types["artifact_types"] == {files.ROLE: {"derived_from": "tosca.artifacts.Root"}}
    assert "tosca.policies.indigo.SlaPlacement" in types["policy_types"]


def test_published_files_are_the_same_each_time_and_readable_for_a_web_server(bundle: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    document.body(submission(bundle), {}, first, URL)
    shutil.copytree(bundle, tmp_path / "elsewhere" / bundle.name)
    document.body(submission(tmp_path / "elsewhere" / bundle.name), {}, second, URL)
    assert tree(first) == tree(second)
    assert all(path.stat().st_mode & 0o005 for path in first.rglob("*"))
    before = {path: path.stat().st_mtime_ns for path in first.rglob("*")}
    document.body(submission(bundle), {}, first, URL)
    assert {path: path.stat().st_mtime_ns for path in first.rglob("*")} == before


def test_several_at_once_publish_once_and_leave_nothing_behind(bundle: Path, tmp_path: Path) -> None:
    www = tmp_path / "www"
    threads = [threading.Thread(target=document.body, args=(submission(bundle), {}, www, URL)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.name for path in www.iterdir()] == ["f00dfeed"]
    assert len([path for path in tree(www) if "types-" in path]) == 1


def test_publishing_that_breaks_off_leaves_nothing_that_looks_whole(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(folder: Path, name: str) -> bytes:
        raise OSError(28, "No space left on device")

    www = tmp_path / "www"
    with monkeypatch.context() as patch:
        patch.setattr(files, "_archive", broken)
        with pytest.raises(HostError, match=r"cannot publish a bundle in .*: No space left on device"):
            document.body(submission(bundle), {}, www, URL)
    assert list(www.iterdir()) == []
    document.body(submission(bundle), {}, www, URL)
    assert len(tree(www)) == 4


def test_secrets_are_in_no_published_file(bundle: Path, tmp_path: Path) -> None:
    canary = "-".join(["canary", "of", "this", "test"])
    made = submission(bundle)
    template_ = {**made.template, **template(word=canary), "node_types": made.template["node_types"]}
    request = document.body(replace(made, template=template_), {}, tmp_path / "www", URL)
    assert request["parameters"]["word"] == canary
    assert not [
        path for path in (tmp_path / "www").rglob("*") if path.is_file() and canary.encode() in path.read_bytes()
    ]


@pytest.fixture
def served(double: OrchestratorDouble, tmp_path: Path) -> OrchestratorDouble:
    double.files = tmp_path / "www"
    return double


def test_server_that_fetches_the_types_makes_the_deployment(bundle: Path, served: OrchestratorDouble) -> None:
    engine = site.engine(served, files_folder=str(served.files), files_url=f"{served.url}/files")
    assert settled(engine, engine.submit(submission(bundle))).phase is Phase.READY
    (row,) = served.state.rows.values()
    assert f"{served.url}/files/f00dfeed/types-" in row.template


def test_server_that_cannot_fetch_the_types_says_so(bundle: Path, served: OrchestratorDouble, tmp_path: Path) -> None:
    engine = site.engine(served, files_folder=str(tmp_path / "elsewhere"), files_url=f"{served.url}/files")
    with pytest.raises(RemoteError, match="Import definition is not valid"):
        engine.submit(submission(bundle))


def test_published_roles_are_installed_by_ansible_galaxy_whatever_their_order(
    bundle: Path, served: OrchestratorDouble, tmp_path: Path
) -> None:
    """As the Infrastructure Manager does it: one list of `src` and `name`, in no certain order, without a Galaxy."""
    galaxy = shutil.which("ansible-galaxy", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert galaxy, "ansible-galaxy is in the environment that tests run in"
    assert served.files is not None
    made = document.body(submission(bundle), {}, served.files, f"{served.url}/files")
    assert made["template"]
    (types,) = served.files.glob("*/types-*.yaml")
    artifacts = yaml.safe_load(types.read_text())["node_types"]["example.Page"]["artifacts"]
    wanted = [one["file"].split("|") for name, one in artifacts.items() if name.startswith("mattone_")]
    for turn, listed in enumerate((wanted, wanted[::-1])):
        requirements, target = tmp_path / f"{turn}.yml", tmp_path / f"roles-{turn}"
        requirements.write_text(yaml.safe_dump([{"src": src, "name": name} for src, name in listed]))
        command = [galaxy, "install", "-c", "-r", str(requirements), "-p", str(target)]
        process.run(command, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "ANSIBLE_GALAXY_SERVER_LIST": ""})
        assert sorted(path.name for path in target.iterdir()) == list(ROLES)
        assert (target / "web_2c3d/tasks/main.yml").read_text() == "- ansible.builtin.debug: {msg: web}\n"
        assert (target / "base_0a1b/files/run.sh").stat().st_mode & 0o100
