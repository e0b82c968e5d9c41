"""Drift as metrics that Prometheus reads from a file (the node exporter's textfile collector).

Source: Prometheus text exposition format 0.0.4; node_exporter's textfile collector, which wants whole files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mattone.reconcile.drift import Report, State


def as_metrics(environment: str, reports: Iterable[Report], when: float, seconds: float) -> bytes:
    """Counts by state, and each deployment that is not in sync.

    when     it was looked, in seconds since 1970
    seconds  that it took
    """
    rows = list(reports)
    counts = Counter(one.state for one in rows)
    where = f'environment="{_escaped(environment)}"'
    lines = [
        "# HELP mattone_deployments Deployments by what came of comparing them.",
        "# TYPE mattone_deployments gauge",
    ]
    lines += [f'mattone_deployments{{{where},state="{state}"}} {counts[state]}' for state in State]
    lines += ["# HELP mattone_drift Whether a deployment is not as it was recorded.", "# TYPE mattone_drift gauge"]
    lines += [
        f'mattone_drift{{{where},deployment="{_escaped(one.deployment)}",state="{one.state}"}} 1'
        for one in rows
        if one.state is not State.IN_SYNC
    ]
    for name, text, value in (
        ("mattone_drift_checked_timestamp_seconds", "When drift was looked for last.", when),
        ("mattone_drift_check_seconds", "How long it took.", seconds),
    ):
        lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge", f"{name}{{{where}}} {value:.3f}"]
    return ("\n".join(lines) + "\n").encode()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
