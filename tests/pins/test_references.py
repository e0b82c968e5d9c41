"""Engines receive what the lock names and nothing else: every way to name something else is refused at its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mattone.errors import InputError, MattoneError
from mattone.pins.bundle import build
from mattone.pins.lock import dump
from mattone.platform.tree import RevisionTree
from mattone.reconcile.wishes import BundlePreparer, wishes
from tests.pins.test_bundle import locked
from tests.small import DEPLOYMENT, TEMPLATE, TYPES, Platform, wish

OUTSIDE = {
    "file:///etc/passwd": "is a URL",
    "file:/etc/passwd": "is a URL",
    "https://example.org/x.yaml": "is a URL",
    "http://127.0.0.1:1/x.yaml": "is a URL",
    "git+https://example.org/x.git": "is a URL",
    "/etc/passwd": "is an absolute path",
    "~/x.yaml": "is an absolute path",
    "../../../x.yaml": "leaves the repository",
}


def refused(platform: Platform, tmp_path: Path, message: str) -> InputError:
    """What comes of building: nothing is left in the store, and the error has a place."""
    with pytest.raises(MattoneError, match=message) as caught:
        build(*locked(platform.repository), tmp_path / "store")
    assert isinstance(caught.value, InputError)
    assert not (tmp_path / "store").exists() or list((tmp_path / "store").iterdir()) == []
    return caught.value


# Where a definition may name a file; X stands for the reference.
IN_TYPE = {
    "implementation": "interfaces: {Standard: {configure: {implementation: X}}}",
    "short operation": "interfaces: {Standard: {configure: X}}",
    "operations": "interfaces: {Standard: {operations: {configure: X}}}",
    "notification": "interfaces: {Standard: {notifications: {changed: {implementation: X}}}}",
    "primary": "interfaces: {Standard: {configure: {implementation: {primary: X}}}}",
    "inline artifact": (
        "interfaces: {Standard: {configure: {implementation: {primary: {file: X, type: tosca.artifacts.File}}}}}"
    ),
    "bare artifact": "interfaces: {Standard: {configure: {implementation: {file: X, type: tosca.artifacts.File}}}}",
    "dependency": (
        "interfaces: {Standard: {configure: {implementation: {primary: artifacts/page.yaml, dependencies: [X]}}}}"
    ),
    "dependency artifact": (
        "interfaces: {Standard: {configure: {implementation: "
        "{primary: artifacts/page.yaml, dependencies: [{file: X, type: tosca.artifacts.File}]}}}}"
    ),
    "one dependency": "interfaces: {Standard: {configure: {implementation: {dependencies: X}}}}",
    "artifact": "artifacts: {one: {file: X, type: tosca.artifacts.File}}",
    "short artifact": "artifacts: {one: X}",
    "listed artifact": "artifacts: [{one: {file: X, type: tosca.artifacts.File}}]",
    "relationship": (
        "requirements: [{r: {capability: tosca.capabilities.Node, "
        "relationship: {type: tosca.relationships.DependsOn, interfaces: {Configure: {add_source: X}}}}}]"
    ),
}


def with_type(part: str, reference: str) -> str:
    head = TYPES[: TYPES.index("    interfaces:")]
    return f"{head}    {part.replace('X', repr(reference))}\n"


@pytest.mark.parametrize("reference", OUTSIDE)
def test_a_type_names_only_files_of_the_repository(platform: Platform, tmp_path: Path, reference: str) -> None:
    platform.commit({"tosca-types/page.yaml": with_type(IN_TYPE["implementation"], reference)})
    error = refused(platform, tmp_path, f"file reference .* {OUTSIDE[reference]}")
    assert str(error.place) == "tosca-types/page.yaml:8:57"


@pytest.mark.parametrize("where", IN_TYPE)
def test_nowhere_in_a_type_is_a_url_followed(platform: Platform, tmp_path: Path, where: str) -> None:
    platform.commit({"tosca-types/page.yaml": with_type(IN_TYPE[where], "file:///etc/passwd")})
    error = refused(platform, tmp_path, "file reference `file:///etc/passwd` is a URL")
    assert str(error.place).startswith("tosca-types/page.yaml:8:")


IN_TEMPLATE = {
    "node": "node_templates: {a: {type: example.Page, interfaces: {Standard: {start: X}}}}",
    "node artifact": "node_templates: {a: {type: example.Page, artifacts: {b: {file: X, type: tosca.artifacts.File}}}}",
    "relationship": (
        "relationship_templates: {a: {type: tosca.relationships.DependsOn, interfaces: {Configure: {add_source: X}}}}"
    ),
    "requirement": (
        "node_templates: {a: {type: example.Page, requirements: [{dependency: {node: a, relationship: "
        "{type: tosca.relationships.DependsOn, interfaces: {Configure: {add_source: {implementation: X}}}}}}]}}"
    ),
    "group": "groups: {a: {type: tosca.groups.Root, members: [], interfaces: {Standard: {start: X}}}}",
    "workflow": "workflows: {a: {implementation: X}}",
    "workflow's primary": "workflows: {a: {implementation: {primary: X}}}",
    "trigger": "policies: [{a: {type: tosca.policies.Scaling, triggers: {t: {action: {implementation: X}}}}}]",
    "listed artifact": "node_templates: {a: {type: example.Page, artifacts: [{one: X}]}}",
}


def with_topology(part: str) -> str:
    return TEMPLATE[: TEMPLATE.index("topology_template:")] + f"topology_template:\n  {part}\n"


@pytest.mark.parametrize("where", IN_TEMPLATE)
def test_nowhere_in_a_template_is_a_path_out_of_the_repository_followed(
    platform: Platform, tmp_path: Path, where: str
) -> None:
    platform.commit({"catalog/page/template.yaml": with_topology(IN_TEMPLATE[where].replace("X", "../../../x"))})
    error = refused(platform, tmp_path, "file reference `../../../x` leaves the repository")
    assert str(error.place).startswith("catalog/page/template.yaml:")


def test_an_interface_type_names_only_files_of_the_repository(platform: Platform, tmp_path: Path) -> None:
    types = TYPES.replace("Standard:\n", "Own:\n        type: example.Own\n")
    own = (
        "interface_types:\n  example.Own:\n    derived_from: tosca.interfaces.Root\n    configure: file:///etc/passwd\n"
    )
    platform.commit({"tosca-types/page.yaml": f"{types}{own}"})
    refused(platform, tmp_path, "file reference `file:///etc/passwd` is a URL")


@pytest.mark.parametrize(
    "part",
    [
        "interfaces: {Standard: {configure: {implementation: {get_input: title}}}}",
        "interfaces: {Standard: {configure: {implementation: {primary: {get_input: title}}}}}",
        "interfaces: {Standard: {configure: {implementation: {primary: a.yaml, dependencies: [{get_input: title}]}}}}",
        "interfaces: {Standard: {configure: {implementation: [a.yaml]}}}",
        "interfaces: {Standard: {configure: {implementation: 7}}}",
        "artifacts: {one: {file: {get_input: title}, type: tosca.artifacts.File}}",
        "artifacts: {one: 7}",
    ],
)
def test_what_only_the_engine_could_work_out_is_refused(platform: Platform, tmp_path: Path, part: str) -> None:
    platform.commit({"tosca-types/page.yaml": with_type(part, "")})
    refused(platform, tmp_path, "must be written out")


@pytest.mark.parametrize(
    ("kind", "type_name", "written"),
    [
        ("role", "tosca.artifacts.AnsibleGalaxy.role", "other"),
        ("role", "tosca.artifacts.AnsibleGalaxy.role", "space.role,v1.0.0"),
        ("role", "tosca.artifacts.AnsibleGalaxy.role", "space.role"),
        ("role", "tosca.artifacts.AnsibleGalaxy.role", "git+https://example.org/x.git,v1"),
        ("role", "tosca.artifacts.AnsibleGalaxy.role", "https://example.org/x.git|space.role"),
        ("role", "tosca.artifacts.AnsibleGalaxy.role", "file:///etc"),
        ("role", "tosca.artifacts.AnsibleGalaxy.role", "../web"),
        ("collection", "tosca.artifacts.AnsibleGalaxy.collection", "space.things,1.0.0"),
        ("image", "tosca.artifacts.Deployment.Image.Container.Docker", "busybox:latest"),
        ("image", "tosca.artifacts.Deployment.Image.VM.QCOW2", "file:///srv/disk.qcow2"),
        ("image", "tosca.artifacts.Deployment.Image.VM.ISO", "https://example.org/disk.iso"),
    ],
)
def test_a_role_collection_or_image_that_the_lock_does_not_name_is_refused(
    platform: Platform, tmp_path: Path, kind: str, type_name: str, written: str
) -> None:
    artifact = f"artifacts: {{one: {{file: '{written}', type: {type_name}}}}}"
    platform.commit({"tosca-types/page.yaml": with_type(artifact, "") + GALAXY})
    error = refused(platform, tmp_path, f"the {kind} `.*` is not in the lock")
    assert str(error.place).startswith("tosca-types/page.yaml:8:29")


GALAXY = """\
artifact_types:
  tosca.artifacts.AnsibleGalaxy.role: {derived_from: tosca.artifacts.Root}
  tosca.artifacts.AnsibleGalaxy.collection: {derived_from: tosca.artifacts.Root}
  example.Role: {derived_from: tosca.artifacts.AnsibleGalaxy.role}
"""


@pytest.mark.parametrize("type_name", ["tosca.artifacts.AnsibleGalaxy.role", "example.Role"])
def test_a_role_of_the_platform_is_given_under_its_locked_name(
    platform: Platform, tmp_path: Path, type_name: str
) -> None:
    artifact = f"artifacts: {{one: {{file: web, type: {type_name}}}}}"
    platform.commit({"tosca-types/page.yaml": with_type(artifact, "") + GALAXY})
    bundle = build(*locked(platform.repository), tmp_path / "store")
    given = bundle.render({"title": "x"}, {}, "file:///b")["node_types"]["example.Page"]["artifacts"]["one"]["file"]
    assert given in bundle.roles
    assert given.startswith("web_")


@pytest.mark.parametrize(
    "part",
    [
        "artifacts: {one: {file: artifacts/page.yaml, repository: far, type: tosca.artifacts.File}}",
        "interfaces: {Standard: {configure: {implementation: {primary: {file: page.yaml, repository: far}}}}}",
    ],
)
def test_a_file_of_another_repository_is_refused(platform: Platform, tmp_path: Path, part: str) -> None:
    far = "repositories: {far: {url: 'https://example.org/'}}\n"
    platform.commit({"tosca-types/page.yaml": with_type(part, "") + far})
    refused(platform, tmp_path, "the repository `far` is not locked")


@pytest.mark.parametrize(
    "reference",
    ["file:///srv/types.yaml", "https://example.org/types.yaml", "/srv/types.yaml", "../../../types.yaml", "gone.yaml"],
)
@pytest.mark.parametrize("form", ["[X]", "[{own: X}]", "[{file: X}]", "[{own: {file: X, repository: far}}]"])
def test_an_import_of_what_is_not_locked_is_refused(
    platform: Platform, tmp_path: Path, reference: str, form: str
) -> None:
    imports = f"imports: {form.replace('X', repr(reference))}\nrepositories: {{far: {{url: 'file:///srv'}}}}\n"
    platform.commit(
        {"catalog/page/template.yaml": TEMPLATE.replace("imports: [../../tosca-types/page.yaml]\n", imports)}
    )
    refused(platform, tmp_path, "import")


SHARED = "dsl_definitions:\n  one: &one {file: 'file:///etc/passwd', type: tosca.artifacts.File}\n"


def test_a_reference_in_a_shared_definition_is_refused_where_it_is_used(platform: Platform, tmp_path: Path) -> None:
    topology = with_topology("node_templates: {a: {type: example.Page, artifacts: {one: *one}}}")
    platform.commit(
        {"catalog/page/template.yaml": topology.replace("topology_template:", f"{SHARED}topology_template:")}
    )
    refused(platform, tmp_path, "file reference `file:///etc/passwd` is a URL")


def test_shared_definitions_and_repositories_do_not_reach_the_engine(platform: Platform, tmp_path: Path) -> None:
    far = "repositories: {far: 'https://example.org/'}\n"
    platform.commit(
        {"catalog/page/template.yaml": TEMPLATE.replace("topology_template:", f"{SHARED}{far}topology_template:")}
    )
    bundle = build(*locked(platform.repository), tmp_path / "store")
    assert "passwd" not in (bundle.folder / "template.yaml").read_text()
    given = bundle.render({"title": "x"}, {}, "file:///b")
    assert not {"dsl_definitions", "repositories", "imports"} & given.keys()


# The way of apply, from the merged files to what the engine is given.


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("implementation", "primary", "file") and isinstance(inner, str):
                yield inner
            yield from references(inner)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_what_apply_hands_to_the_engine_names_files_of_the_bundle_alone(platform: Platform, tmp_path: Path) -> None:
    releases, lock = locked(platform.repository)
    platform.commit(
        {f"deployments/{DEPLOYMENT}.yaml": wish(), f"deployments/{DEPLOYMENT}.lock.yaml": dump(lock).decode()}
    )
    tree = RevisionTree(platform.repository, platform.head())
    prepare = BundlePreparer(releases, tmp_path / "store", ())
    submission = prepare(wishes(tree, releases)[DEPLOYMENT], "op").submission
    given = list(references(submission.template))
    assert given == [f"file://{submission.files}/artifacts/tosca-types/artifacts/page.yaml"]
    assert all(Path(one.removeprefix("file://")).is_file() for one in given)
    bundled = yaml.safe_load((submission.files / "template.yaml").read_text())
    assert submission.template["node_types"].keys() == bundled["node_types"].keys()  # type: ignore[union-attr]
