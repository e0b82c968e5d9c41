from __future__ import annotations

import sys

from dev.bench.waiting import Case, Figure, cases, measure


def test_figure_is_the_median_of_the_runs_that_are_counted() -> None:
    figure = measure(Case("nothing", (sys.executable, "-c", ""), 5.0), runs=3)
    assert 0 < figure.median <= figure.slowest
    assert figure.good
    assert "nothing" in figure.line()


def test_failing_command_is_a_failure_and_no_figure() -> None:
    figure = measure(Case("broken", (sys.executable, "-c", "raise SystemExit('why')"), 5.0), runs=1)
    assert not figure.good
    assert "why" in figure.line()


def test_slow_command_is_told_apart() -> None:
    figure = Figure("slow", median=2.0, slowest=3.0, limit=1.0)
    assert not figure.good
    assert figure.line().endswith("TOO SLOW")


def test_every_case_has_its_own_name_and_a_limit() -> None:
    assert len({case.name for case in cases()}) == len(cases())
    assert all(case.limit > 0 for case in cases())
