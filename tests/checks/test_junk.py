"""Nothing that a file holds makes a check crash: mutants of a template, its library, and all of the rules' examples."""

from __future__ import annotations

import contextlib

import pytest
import yaml

from mattone.checks.registry import rules
from mattone.checks.template import check_template
from mattone.errors import InputError
from mattone.tosca.inputs import check_inputs
from mattone.tosca.render import render
from mattone.tosca.source import load
from mattone.tosca.template import load_template
from tests.checks import samples_2_0
from tests.checks.junk import dump, mutant
from tests.checks.support import LIBRARY, edited
from tests.tosca.support import FILES, PATH, TEMPLATE, TYPES, resolver

EXAMPLES = [one.good["template.yaml"] for one in rules() if one.id.startswith("TOSCA") and len(one.good) == 1]


def survives(files: dict[str, str], path: str) -> None:
    """Check, load, check inputs and render; an InputError of rendering is an answer, anything else a defect."""
    find = samples_2_0.find(files) if samples_2_0.PROFILE_PATH in files else resolver(files)
    for found in check_template(path, find):
        assert found.message
        assert found.place.line >= 1
    template, _ = load_template(path, find)
    if template is None:
        return
    deployment = load("d.yaml", b"inputs: {title: 1, cpus: [], users: {a: 1}, x: {secret: 1}}\n")
    check_inputs(deployment.value["inputs"], template, deployment)
    with contextlib.suppress(InputError):
        render(template, {name: 1 for name in template.inputs}, {"mark": "x"}, str)


@pytest.mark.parametrize("begin", range(0, 500, 50))
def test_500_mutants_of_a_template_are_checked_without_a_crash(begin: int) -> None:
    sound = yaml.safe_load(TEMPLATE)
    for seed in range(begin, begin + 50):
        survives({**FILES, PATH: dump(mutant(sound, seed))}, PATH)


@pytest.mark.parametrize("begin", range(0, 300, 50))
def test_300_mutants_of_a_library_are_checked_without_a_crash(begin: int) -> None:
    sound = yaml.safe_load(TYPES)
    for seed in range(begin, begin + 50):
        survives({**FILES, LIBRARY: dump(mutant(sound, seed))}, PATH)


@pytest.mark.parametrize("path", samples_2_0.FILES)
def test_200_mutants_of_each_file_of_2_0_are_checked_without_a_crash(path: str) -> None:
    sound = yaml.safe_load(samples_2_0.FILES[path])
    for seed in range(200):
        survives({**samples_2_0.FILES, path: dump(mutant(sound, seed))}, samples_2_0.PATH)


def test_mutants_of_every_example_are_checked_without_a_crash() -> None:
    for number, text in enumerate(EXAMPLES):
        for seed in range(12):
            survives({"t.yaml": dump(mutant(yaml.safe_load(text), 100 * number + seed))}, "t.yaml")


@pytest.mark.parametrize("reference", ["http://[1, 64]/x", "//[nowhere]/x", "a[b:c]"])
def test_a_reference_that_is_no_address_is_a_finding_and_no_crash(reference: str) -> None:
    files = edited("implementation: artifacts/app.yaml", f'implementation: "{reference}"', library=True)
    survives(files, PATH)
