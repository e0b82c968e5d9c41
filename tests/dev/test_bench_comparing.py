from __future__ import annotations

from dev.bench.comparing import figures


def test_each_case_has_as_many_changes_as_types_were_edited() -> None:
    found = figures(types=100, runs=1)
    assert [figure.changes for figure in found] == [0, 2, 100]
    assert all(figure.reading > 0 and figure.name in figure.line() for figure in found)
