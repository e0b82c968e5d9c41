"""A template of TOSCA 2.0 becomes one document that holds all that it needs."""

from __future__ import annotations

import re

import yaml

from mattone.checks.template import check_template
from mattone.tosca.render import render
from mattone.tosca.template import ServiceTemplate, load_template
from tests.checks.samples_2_0 import FILES, PATH, TYPES_PATH, find

_FLAT = {
    PATH: FILES[PATH].replace("    namespace: shop\n", "").replace("shop:", ""),
    TYPES_PATH: re.sub(r"\bm:(?=[A-Z])", "", FILES[TYPES_PATH].replace("    namespace: m\n", "")),
}


def template(files: dict[str, str]) -> ServiceTemplate:
    found, findings = load_template(PATH, find({**FILES, **files}))
    assert found is not None
    assert findings == ()
    return found


def test_types_and_functions_of_imports_and_profiles_are_put_into_the_document() -> None:
    document = render(template(_FLAT), {"workers": 3}, {"mattone": "abc"}, lambda path: f"/srv/{path}")
    text = yaml.safe_dump(document, sort_keys=False)
    assert text.startswith("tosca_definitions_version: tosca_2_0\n")
    assert "imports" not in document
    assert "profile" not in document
    assert document["metadata"]["mattone"] == "abc"
    assert document["service_template"]["inputs"]["workers"]["default"] == 3
    assert set(document["node_types"]) == {"Machine", "Software", "Broker", "Worker"}
    assert set(document["data_types"]) >= {"Size", "Name", "Percent", "Address"}
    shout = document["functions"]["shout"]["signatures"][0]
    assert shout["implementation"] == "/srv/shop/scripts/shout.py"
    worker = document["service_template"]["node_templates"]["worker"]
    configure = worker["interfaces"]["lifecycle"]["operations"]["configure"]
    assert configure["implementation"]["primary"]["file"] == "/srv/shop/scripts/worker.sh"
    errors = [one for one in check_template(PATH, find({PATH: text})) if one.severity == "error"]
    assert errors == []


def test_what_is_imported_under_a_namespace_goes_by_its_own_name() -> None:
    document = render(template({}), {"workers": 3}, {"mattone": "abc"}, lambda path: f"/srv/{path}")
    worker = document["service_template"]["node_templates"]["worker"]
    assert worker["type"] == "Worker"
    assert list(worker["properties"]["title"]) == ["$shout"]
    assert document["node_types"]["Software"]["requirements"][0]["host"]["capability"] == "Host"
    assert document == render(template(_FLAT), {"workers": 3}, {"mattone": "abc"}, lambda path: f"/srv/{path}")
