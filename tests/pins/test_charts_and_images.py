"""Layer 4: container images and charts, against a real registry and real repositories of charts."""

from __future__ import annotations

import json

import pytest

from mattone import digests
from mattone.errors import PolicyDenied
from mattone.pins.complete import obtain
from mattone.pins.lock import dump, parse
from mattone.pins.store import SourceChanged, Store
from tests.doubles.galaxy import archive
from tests.pins.registries import Registry
from tests.pins.world import Site
from tests.small import TEMPLATE, wish
from tests.web import Web


def test_images_are_found_wherever_they_are_named(site: Site, images: Registry) -> None:
    names = ("compose", "kube", "values", "input", "artifact", "default", "task", "templated")
    pushed = {name: images.push(f"group/{name}", "1.0", name) for name in names}
    at = {name: f"{images.host}/group/{name}" for name in names}
    template = TEMPLATE.replace(
        "    cpus:", f"    app_image: {{type: string, default: '{at['input']}:1.0', description: x}}\n    cpus:"
    )
    template = template.replace("    server:\n", f"""\
    app:
      type: tosca.nodes.SoftwareComponent
      artifacts: {{image: {{file: '{at['artifact']}:1.0', type: tosca.artifacts.Deployment.Image.Container.Docker}}}}
    server:
""")  # fmt: skip
    site.platform.commit({
        "catalog/page/template.yaml": template,
        "catalog/page/compose.yml": f"services: {{app: {{image: '{at['compose']}:1.0'}}}}\n",
        "catalog/page/kube.yaml": (
            "apiVersion: apps/v1\nkind: Deployment\n"
            f"spec: {{template: {{spec: {{containers: [{{name: a, image: '{at['kube']}:1.0'}}]}}}}}}\n---\nkind: List\n"
        ),
        "catalog/page/values.yaml": f"a: {{image: {{registry: '{images.host}', repository: group/values, tag: 1.0}}}}",
        "catalog/page/tests/compose.yml": "services: {app: {image: 'only/tests:1'}}\n",
        "ansible-roles/web/defaults/main.yml": (
            f"web_image: {at['default']}\nweb_image_tag: '1.0'\nweb_version: '1.0'\nweb_other: '{at['templated']}'\n"
        ),
        "ansible-roles/web/tasks/main.yml": f"- docker_container: {{name: a, image: '{at['task']}:1.0'}}\n",
        "ansible-roles/web/templates/compose.yml.j2": (
            "services:\n{% for one in all %}\n  {{ one }}:\n"
            '    image: "{{ web_other }}:{{ web_version }}"\n{% endfor %}\n'
        ),
    })  # fmt: skip
    made = site.make()
    assert {one.name: one.digest for one in made.lock.external} == {at[name]: pushed[name] for name in names}
    assert {(one.kind.value, one.version, one.constraint, one.layer) for one in made.lock.external} == {
        ("image", "1.0", "1.0", 4)
    }
    assert made.notes == ()
    # A tag that moves does not move the lock; whoever upgrades follows it.
    moved = images.push("group/compose", "1.0", "other")
    assert site.make(made.lock).lock == made.lock
    assert {one.digest for one in site.make(made.lock, frozenset({at["compose"]})).lock.external} >= {
        moved,
        pushed["kube"],
    }


def test_an_image_that_a_deployment_sets_is_the_one_that_is_locked(site: Site, images: Registry) -> None:
    digest = images.push("group/mine", "2", "mine")
    default = f"    app_image: {{type: string, default: '{images.host}/group/none:1', description: x}}\n    cpus:"
    site.platform.commit({"catalog/page/template.yaml": TEMPLATE.replace("    cpus:", default)})
    made = site.make(text=wish(app_image=f"'{images.host}/group/mine:2'"))
    assert [(one.name, one.digest) for one in made.lock.external] == [(f"{images.host}/group/mine", digest)]


def test_images_without_a_registry_are_recorded_and_policy_may_refuse_them(site: Site) -> None:
    digest = "sha256:" + "b" * 64
    site.platform.commit({
        "catalog/page/compose.yml": (
            f"services: {{a: {{image: '127.0.0.1:1/x:1'}}, b: {{image: '127.0.0.1:1/y@{digest}'}}}}\n"
        ),
    })  # fmt: skip
    made = site.make()
    assert [(one.name, one.version, one.pinned) for one in made.lock.external] == [
        ("127.0.0.1:1/x", "1", False), ("127.0.0.1:1/y", "", True),
    ]  # fmt: skip
    assert len(made.notes) == 1
    assert made.notes[0].startswith("catalog/page/compose.yml:1:")
    assert "127.0.0.1:1/x:1 is not pinned" in made.notes[0]
    with pytest.raises(PolicyDenied, match=r"needs what is not pinned: image 127.0.0.1:1/x 1"):
        site.make(unpinned=False)


def test_a_digest_that_is_written_out_wins_over_the_tag_alone(site: Site) -> None:
    one, two = "sha256:" + "1" * 64, "sha256:" + "2" * 64
    images = ["127.0.0.1:1/x:1", f"127.0.0.1:1/x:1@{one}", f"127.0.0.1:1/x:1@{two}", f"127.0.0.1:1/x:1@{one}"]
    for order in (images, images[::-1]):
        text = "services:\n" + "".join(f"  s{number}: {{image: '{image}'}}\n" for number, image in enumerate(order))
        site.platform.commit({"catalog/page/compose.yml": text})
        made = site.make()
        assert [(entry.version, entry.digest) for entry in made.lock.external] == [("1", one), ("1@222222222222", two)]
        assert made.notes == ()
        assert parse("lock", dump(made.lock)) == made.lock


def test_names_of_machine_images_are_no_container_images(site: Site) -> None:
    for default in ("debian-12", "one://imageslist/ubuntu-22.04", "ost://site/id"):
        text = TEMPLATE.replace(
            "    cpus:", f"    image: {{type: string, default: '{default}', description: x}}\n    cpus:"
        )
        site.platform.commit({"catalog/page/template.yaml": text})
        assert site.make().lock.external == ()


def index(web: Web, name: str, *versions: str, values: str = "") -> dict[str, str]:
    """A chart repository at /charts with these versions of a chart; version to digest."""
    rows, found = [], {}
    for version in versions:
        data = archive({"Chart.yaml": f"name: {name}\nversion: {version}\n", "values.yaml": values or "a: b\n"}, name)
        web.pages[f"/charts/{name}-{version}.tgz"] = data
        found[version] = digests.of_bytes(data)
        rows.append({"name": name, "version": version, "digest": found[version][7:], "urls": [f"{name}-{version}.tgz"]})
    web.pages["/charts/index.yaml"] = json.dumps({"apiVersion": "v1", "entries": {name: rows}})
    return found


HELM = "- command: helm install a "
CHART_TYPE = """\
  example.Helm.Chart:
    derived_from: tosca.nodes.Root
    properties:
      name: {type: string}
      repository_url: {type: string}
      version: {type: string, default: latest}
      options: {type: string, default: ''}
"""


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ("name: app, version: 1.2.0", "1.2.0"),
        ("name: app", "2.0.0"),
        ("name: app, version: ^1.0", "1.3.0"),
        ("name: app, options: '--version 1.2.0 --wait'", "1.2.0"),
        ("name: app, version: {get_input: title}", ""),
    ],
)
def test_charts_of_nodes(site: Site, properties: str, expected: str) -> None:
    known = index(site.web, "app", "1.2.0", "1.3.0", "2.0.0", "3.0.0-rc.1")
    known_as = f"repository_url: '{site.web.url}/charts/', {properties}"
    chart = f"    chart: {{type: example.Helm.Chart, properties: {{{known_as}}}}}\n    server:\n"
    site.types(more=CHART_TYPE)
    site.platform.commit({"catalog/page/template.yaml": TEMPLATE.replace("    server:\n", chart)})
    made = site.make()
    (entry,) = made.lock.external
    assert (entry.name, entry.kind.value, entry.source, entry.layer) == ("app", "chart", f"{site.web.url}/charts", 4)
    if expected:
        assert (entry.version, entry.digest) == (expected, known[expected])
        assert site.world().store.get(entry.digest) is not None
        assert site.make(made.lock).lock == made.lock
    else:
        assert not entry.pinned
        assert "has no version 'Hello' of the chart app" in made.notes[0]


def test_charts_of_commands_tasks_and_charts_with_the_images_in_them(site: Site) -> None:
    known = index(site.web, "app", "1.2.0", "1.3.0", values="image: {repository: 127.0.0.1:1/inner, tag: '5'}\n")
    site.platform.commit({
        "ansible-roles/web/tasks/main.yml": (
            f"- kubernetes.core.helm_repository: {{name: far, repo_url: '{site.web.url}/charts'}}\n"
            "- kubernetes.core.helm: {name: a, chart_ref: far/app, chart_version: 1.2.0}\n"
            "- command: >-\n    helm upgrade --install b far/app --version 1.3.0\n    --namespace x\n"
            "- command: helm install c far/app --version {{ wanted }}\n"
        ),
        "catalog/page/Chart.yaml": (
            f"name: mine\ndependencies: [{{name: app, version: ~1.2, repository: '{site.web.url}/charts'}}]\n"
        ),
    })  # fmt: skip
    made = site.make()
    charts = {(one.version, one.digest, one.required_by) for one in made.lock.external if one.kind.value == "chart"}
    assert {(version, digest) for version, digest, _ in charts} == {*known.items(), ("", "")}
    assert made.notes[0].startswith(
        "ansible-roles/web/tasks/main.yml:6: the chart app is not pinned: only the run knows"
    )
    image = next(one for one in made.lock.external if one.kind.value == "image")
    assert (image.name, image.version, image.required_by) == ("127.0.0.1:1/inner", "5", ("app",))


def test_a_chart_that_was_changed_at_its_repository_is_named(site: Site) -> None:
    index(site.web, "app", "1.2.0")
    site.platform.commit({
        "ansible-roles/web/tasks/main.yml": HELM + f"app --repo {site.web.url}/charts --version 1.2.0\n"
    })  # fmt: skip
    lock = site.make().lock
    index(site.web, "app", "1.2.0", values="evil: true\n")
    with pytest.raises(SourceChanged, match=r"the chart app 1.2.0 of .* is not what was locked"):
        obtain(lock, site.world(store=Store(site.folder / "other")))


def test_charts_in_registries_are_pinned_by_their_manifest(site: Site, images: Registry) -> None:
    digest = images.push("charts/app", "1.2.0", "chart")
    site.platform.commit({
        "ansible-roles/web/tasks/main.yml": HELM + f"oci://{images.host}/charts/app --version 1.2.0\n"
    })  # fmt: skip
    (entry,) = site.make().lock.external
    assert (entry.name, entry.version, entry.digest, entry.source) == (
        "app",
        "1.2.0",
        digest,
        f"oci://{images.host}/charts",
    )


@pytest.mark.parametrize("body", ["[]", "entries: []", "a: [", "<html>", ""])
def test_a_repository_that_is_none_leaves_the_chart_unpinned(site: Site, body: str) -> None:
    site.web.pages["/charts/index.yaml"] = body
    site.platform.commit({
        "ansible-roles/web/tasks/main.yml": f"- command: helm install a app --repo {site.web.url}/charts\n"
    })  # fmt: skip
    made = site.make()
    assert [one.pinned for one in made.lock.external] == [False]
    assert "no index of a chart repository" in made.notes[0]
