"""Trace: how a deployment was made, told for a person from its records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mattone import redact
from mattone.records.model import Outcome, Record, digest

_LABELS = {"service": "service", "types": "types", "role": "role"}


def as_text(records: Sequence[Record]) -> str:
    """The newest record in full, the earlier ones as a line each, oldest last."""
    newest = records[-1]
    lines = [f"{newest.deployment} in {newest.environment}", ""]
    lines += _story(newest)
    if len(records) > 1:
        lines += ["", "before that:"]
        lines += [f"  {redact.one_line(f'#{record.sequence} {_line(record)}')}" for record in reversed(records[:-1])]
    return "\n".join(lines)


def as_value(records: Sequence[Record]) -> dict[str, Any]:
    """All records, newest first, each with its digest."""
    from dataclasses import asdict

    rows = [{**asdict(record), "digest": digest(record)} for record in reversed(records)]
    return {"deployment": records[-1].deployment, "records": rows}


def _story(record: Record) -> list[str]:
    rows: list[tuple[str, str]] = [
        ("operation", f"#{record.sequence} {_line(record)}"),
        ("", f"id {record.operation}, took {record.seconds:.1f} s"),
        ("asked for", record.description),
        ("merge request", _merge_request(record.merge_request)),
        ("", _approval(record.merge_request)),
        ("merged commit", record.commit),
        ("applied by", f"{record.applied_by} with {record.tool}"),
        ("engine", _engine(record)),
        ("provider", record.provider),
        ("bundle", record.bundle),
        ("template", record.template),
        ("record", digest(record)),
    ]
    # What people and engines wrote stays on its line: it must not pass for another row.
    lines = [f"{name + ':' if name else '':<15}{redact.one_line(text, 1000)}" for name, text in rows if text]
    lines += _section("components", [_component(row) for row in record.lock.get("components", ())])
    lines += _section("from elsewhere", [_elsewhere(row) for row in record.lock.get("external", ())])
    lines += _section("inputs", [_input(record, name) for name in sorted(record.inputs)])
    lines += _section("machines", [_machine(machine) for machine in record.machines])
    lines += _section(
        "outputs", [redact.one_line(f"{name}: {record.outputs[name]}", 1000) for name in sorted(record.outputs)]
    )
    return lines


def _section(title: str, rows: list[str]) -> list[str]:
    return ["", f"{title}:", *(f"  {row}" for row in rows)] if rows else []


def _line(record: Record) -> str:
    when = record.times.get("ended", "")
    why = f": {record.reason}" if record.outcome is Outcome.FAILED and record.reason else ""
    service = f" of {record.service}" if record.service else ""
    return f"{record.action} {record.outcome}{service} at {when}{why}"


def _merge_request(found: Mapping[str, Any]) -> str:
    if "iid" not in found:
        return f"none known; the file came with commit {found['commit']}" if found else ""
    return f"!{found['iid']} {found['title']}, by {found['author']}"


def _approval(found: Mapping[str, Any]) -> str:
    if "iid" not in found:
        return ""
    approvers = ", ".join(found.get("approved_by", ())) or "nobody"
    return f"approved by {approvers}, merged by {found['merged_by']} at {found['merged_at']}"


def _engine(record: Record) -> str:
    engine = record.engine
    return f"{engine.get('version', '')}, its id {record.remote_id or '(none)'}" if engine else ""


def _component(row: Mapping[str, Any]) -> str:
    kind = _LABELS.get(row["kind"], row["kind"])
    return f"{kind:<8}{row['component']} {row['version']}  commit {row['commit'][:12]}  {row['digest']}"


def _elsewhere(row: Mapping[str, Any]) -> str:
    name, source = redact.one_line(f"{row['name']} {row['version']}", 200), redact.one_line(row["source"], 200)
    commit = f"  commit {row['commit'][:12]}" if row.get("commit") else ""
    return f"{row['kind']:<11}{name}{commit}  {row.get('digest', 'not pinned')}  {source}"


def _input(record: Record, name: str) -> str:
    from mattone.reconcile.show import value

    secret = record.secrets.get(name)
    version = f", version {secret['version']}" if secret else ""
    return redact.one_line(f"{name}: {value(record.inputs[name])}{version}")


def _machine(machine: Mapping[str, Any]) -> str:
    text = f"{machine['name']} {machine['address']} ({machine['cpus']:g} CPU, {machine['memory']} MiB)"
    return redact.one_line(text)
