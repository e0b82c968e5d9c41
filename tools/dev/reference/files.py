"""File formats, from the tables of fields by which they are read and the dataclasses that are written."""

from __future__ import annotations

from collections.abc import Mapping

from dev.reference.markdown import code, described, joined, table
from mattone.pins import external, lock
from mattone.platform import components, deployments, federation, formtags, keys
from mattone.platform.components import Kind
from mattone.platform.fields import KINDS, Field
from mattone.records.model import Record
from mattone.records.statement import BUILD_TYPE, PROVENANCE

_DEPLOYMENT = """\
```yaml
# deployments/school/notebooks.yaml
service: jupyterlab
version: ^1.0
description: Notebooks for the analysis course
inputs:
  num_cpus: 2
  mem_size: 4 GB
  token: {secret: "env:NOTEBOOK_TOKEN"}
```"""

_STATEMENT = [
    ["subject `deployment.json`", "the record itself, as `content`, and its digest"],
    [
        "subject `template.yaml`",
        "the digest of the rendered template that the engine was given, before secrets went in",
    ],
    ["`buildDefinition.buildType`", f"`{BUILD_TYPE}`: what this page describes"],
    ["`externalParameters`", "what was asked for: deployment, commit, service, provider, inputs, secrets by reference"],
    ["`resolvedDependencies`", "every pin of the lock with commit and digest, the bundle, the record before"],
    ["`runDetails`", "the engine, the versions of it and of mattone, the operation's id, when it began and ended"],
]


def files_page() -> str:
    kinds = components.FIELDS
    return joined(
        [
            "# Files",
            "",
            "All are YAML 1.1, UTF-8. A field that is not listed is an error, as is a duplicate key. Names of groups",
            "and deployments are DNS labels: lower-case letters, digits and inner hyphens, at most 63 characters.",
            "",
            "## Deployment: `deployments/<group>/<name>.yaml`",
            "",
            *_table(deployments.FIELDS),
            "",
            *_DEPLOYMENT.splitlines(),
            "",
            "## Service: `catalog/<service>/service.yaml`",
            "",
            *_table(kinds[Kind.SERVICE]),
            "",
            "## Request form: `catalog/<service>/form.yaml`",
            "",
            *_table(formtags.FORM_FIELDS),
            "",
            "Attributes of each field:",
            "",
            *_table(formtags.COMMON),
            "",
            "Kinds of fields, those of INFN Cloud's dashboard. One that is marked as hidden needs no label and no tab.",
            "",
            *_tags(),
            "",
            "Attributes that only some kinds have:",
            "",
            *_table(formtags.OWN),
            "",
            "Of a `dependent_select`, `values` goes from a choice of the parent to a list of values; of a",
            "`dependent_definition`, from a choice of the parent to the field that asks then; of a `combined` field,",
            "from a label to inputs and their values.",
            "",
            "## Role: `ansible-roles/<role>/role.yaml`",
            "",
            *_table(kinds[Kind.ROLE]),
            "",
            "## Type library: `tosca-types/library.yaml`",
            "",
            *_table(kinds[Kind.TYPES]),
            "",
            "## Providers: `federation/providers.yaml`",
            "",
            "One mapping `providers`, from a provider's name to:",
            "",
            *_table(federation.PROVIDER_FIELDS),
            "",
            "## Group: `federation/groups/<group>.yaml`",
            "",
            *_table(federation.GROUP_FIELDS),
            "",
            "Each entry of `slas`:",
            "",
            *_table(federation.SLA_FIELDS),
            "",
            f"## Keys that sign records: `{keys.KEYS}`",
            "",
            "One list `keys`; read from the protected branch alone. `mattone keys trust` adds an entry. Each:",
            "",
            *_table(keys.KEY_FIELDS),
        ]
    )


def lock_page() -> str:
    return joined(
        [
            "# The lock: `deployments/<group>/<name>.lock.yaml`",
            "",
            f"Written by `mattone lock` and `mattone request`; format {lock.FORMAT}. The same pins give the same",
            "bytes: no times, sorted. Format 1, which had no `external`, is read too.",
            "[The lock and versions](../explanation/lock-and-versions.md) tells why.",
            "",
            *_table(lock.FIELDS),
            "",
            "Each entry of `components`:",
            "",
            *_table(lock.PIN_FIELDS),
            "",
            "Services and types are of layer 1, roles of layer 3. Each entry of `external`:",
            "",
            *_table(external.FIELDS),
            "",
            "`platform`:",
            "",
            *_table(lock.PLATFORM_FIELDS),
        ]
    )


def record_page() -> str:
    return joined(
        [
            "# The record",
            "",
            "One file for each operation that ended, on the branch `records` of the platform repository:",
            "`records/<environment>/<group>/<name>/<sequence>-<operation>.intoto.jsonl`. `mattone trace` reads it to",
            "people, `mattone verify` checks it. Each line is an envelope of",
            "[DSSE](https://github.com/secure-systems-lab/dsse) around a statement of",
            "[in-toto](https://in-toto.io), signed with ed25519. The predicate of the first is",
            f"`{PROVENANCE}`:",
            "",
            *table(["part of the statement", "holds"], _STATEMENT),
            "",
            "## `deployment.json`",
            "",
            "Times are RFC 3339, UTC. Secrets appear as references and versions, never as values.",
            "",
            *table(["field", "meaning"], [[code(name), text] for name, text in described(Record).items()]),
        ]
    )


def _tags() -> list[str]:
    rows = [
        [
            code(name),
            tag.description + (" (hidden)" if tag.hidden else ""),
            ", ".join(code(one) for one in sorted(tag.fits)) or ("any" if tag.fills else "none, or others"),
            ", ".join([*(code(one) for one in tag.needs), *(f"({code(one)})" for one in tag.takes)]),
        ]
        for name, tag in formtags.TAGS.items()
    ]
    return table(["tag_type", "asks for", "inputs of type", "needs (takes)"], rows)


def _table(fields: Mapping[str, Field]) -> list[str]:
    lacking = [name for name, known in fields.items() if not known.description]
    if lacking:
        raise ValueError(f"no description for {', '.join(lacking)}")
    rows = [
        [code(name), KINDS[known.kind], "yes" if known.required else "", known.description]
        for name, known in fields.items()
    ]
    return table(["field", "is", "required", "meaning"], rows)
