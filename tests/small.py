"""A small platform: one service, its types and roles, a group, in memory or as a git repository, for tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mattone.git import Repository
from mattone.platform.deployments import Deployment, load_deployment
from tests.forges.site import checkout, git

DEPLOYMENT = "school/page"

SERVICE = """\
name: page
version: 1.0.0
display_name: Page
description: A page on a machine.
tosca_types: ^1.0
roles: {web: ^1.0}
updatable: [title, secret_word]
"""

TEMPLATE = """\
tosca_definitions_version: tosca_simple_yaml_1_3
description: A page on a machine.
imports: [../../tosca-types/page.yaml]
topology_template:
  inputs:
    title: {type: string, description: What it says.}
    cpus: {type: integer, default: 1, description: Cores.}
    secret_word: {type: string, default: "", description: Who knows it may enter.}
  node_templates:
    page:
      type: example.Page
      properties: {title: {get_input: title}, word: {get_input: secret_word}}
      requirements: [{host: server}]
    server:
      type: tosca.nodes.Compute
      capabilities: {host: {properties: {num_cpus: {get_input: cpus}}}}
  outputs:
    address: {value: {get_attribute: [server, public_address]}}
"""

TYPES = """\
tosca_definitions_version: tosca_simple_yaml_1_3
node_types:
  example.Page:
    derived_from: tosca.nodes.SoftwareComponent
    properties:
      title: {type: string}
      word: {type: string, default: ""}
    interfaces:
      Standard:
        configure:
          implementation: artifacts/page.yaml
          inputs: {title: {get_property: [SELF, title]}}
"""

PLAY = """\
# A comment that stays.
- hosts: all
  roles:
    - role: web   # the role
      web_title: "{{ title }}"
"""

FILES: Mapping[str, str] = {
    "mattone.toml": 'environment = "production"\n[merge]\napprovals = 1\n',
    "catalog/page/service.yaml": SERVICE,
    "catalog/page/template.yaml": TEMPLATE,
    "tosca-types/library.yaml": "name: tosca-types\nversion: 1.0.0\ndescription: Types.\n",
    "tosca-types/page.yaml": TYPES,
    "tosca-types/artifacts/page.yaml": PLAY,
    "ansible-roles/web/role.yaml": "name: web\nversion: 1.0.0\ndescription: A web server.\nroles: {base: ^1.0}\n",
    "ansible-roles/web/tasks/main.yml": "- ansible.builtin.debug: {msg: web}\n",
    "ansible-roles/web/meta/main.yml": "dependencies:\n  - role: base\n",
    "ansible-roles/web/molecule/default/converge.yml": "- hosts: all\n  roles: [unknown]\n",
    "ansible-roles/base/role.yaml": "name: base\nversion: 1.0.0\ndescription: What all need.\n",
    "ansible-roles/base/files/run.sh": "#!/bin/sh\n",
    "federation/providers.yaml": "providers:\n  local: {engine: infrastructure-manager}\n  far: {engine: other}\n",
    "federation/groups/school.yaml": (
        "group: school\nslas:\n  - {id: one, provider: local}\n  - {id: two, provider: far, services: [page]}\n"
    ),
}


def wish(title: str = "Hello", **more: object) -> str:
    """The text of a deployment of the service `page`."""
    lines = [f"  {name}: {value}" for name, value in {"title": title, **more}.items()]
    return "service: page\nversion: ^1.0\ninputs:\n" + "\n".join(lines) + "\n"


@dataclass
class MemoryTree:
    """Files held in memory, as a `Tree`."""

    texts: dict[str, str] = field(default_factory=lambda: dict(FILES))

    def files(self, under: str = "") -> tuple[str, ...]:
        return tuple(sorted(path for path in self.texts if not under or path == under or path.startswith(f"{under}/")))

    def read(self, path: str) -> bytes | None:
        return self.texts[path].encode("utf-8", "surrogateescape") if path in self.texts else None


def deployment(text: str = "", name: str = DEPLOYMENT) -> Deployment:
    """A deployment that must be without findings."""
    path = f"deployments/{name}.yaml"
    found, findings = load_deployment(MemoryTree({path: text or wish()}), path)
    assert found is not None, findings
    return found


class Platform:
    """The small platform as a git repository that tests change, commit and tag."""

    def __init__(self, folder: Path, files: Mapping[str, str] = FILES) -> None:
        self.root = folder
        self.repository: Repository = checkout(folder, {path: text.encode() for path, text in files.items()})
        script = folder / "ansible-roles/base/files/run.sh"
        if script.exists():
            script.chmod(0o755)
            git(folder, "commit", "--quiet", "--all", "--message=mode")

    def head(self) -> str:
        return str(self.repository.resolve("HEAD"))

    def write(self, files: Mapping[str, str | None]) -> None:
        for path, text in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True) if text is None else target.write_text(text)

    def commit(self, files: Mapping[str, str | None], tag: str = "") -> str:
        """Change files (None removes), commit, tag when asked; returns the commit."""
        self.write(files)
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--allow-empty", "--message=change")
        if tag:
            git(self.root, "tag", tag)
        return self.head()

    def release(self, component: str, version: str, **fields: str) -> str:
        """Give a component's manifest a version and fields in YAML, commit and tag it."""
        manifest = {"catalog": "service.yaml", "ansible-roles": "role.yaml"}.get(
            component.split("/")[0], "library.yaml"
        )
        path = f"{component}/{manifest}"
        wanted = {"version": version, **fields}
        kept = [line for line in FILES[path].splitlines() if line.split(":")[0] not in wanted]
        lines = [*kept, *(f"{name}: {value}" for name, value in wanted.items() if value)]
        return self.commit({path: "\n".join(lines) + "\n"}, f"{component}/v{version}")


@contextmanager
def closing(platform: Platform) -> Iterator[Platform]:
    """Ends the process that reads objects."""
    try:
        yield platform
    finally:
        platform.repository.close()
