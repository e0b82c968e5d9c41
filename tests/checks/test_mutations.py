"""At least 97 of 100 seeded defects are found at the right line; the samples themselves have none."""

from __future__ import annotations

import pytest

from mattone.checks.template import check_template
from tests.checks.mutations import found, resolver_of, sample
from tests.checks.samples import SAMPLES


@pytest.mark.parametrize("files", SAMPLES)
def test_the_samples_are_sound(files: dict[str, str]) -> None:
    for path in files:
        assert check_template(path, resolver_of(files)) == ()


def test_of_300_seeded_defects_97_percent_are_found_at_their_line() -> None:
    drawn = sample(300, seed=7)
    missed = [mutation for mutation, files in drawn if not found(mutation, files)]
    assert len(drawn) == 300
    assert len(missed) <= 9, [(one.operator, one.path, sorted(one.lines), one.what) for one in missed]
