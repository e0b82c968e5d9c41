"""`mattone schema` on this repository's own catalogue."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from mattone.cli import main

_ROOT = Path(__file__).parents[2]
_SERVICES = sorted(path.parent.name for path in _ROOT.glob("catalog/*/template.yaml"))


def test_one_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", _SERVICES[0], "--repo", str(_ROOT)]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["service"] == {"const": _SERVICES[0]}


def test_a_file_a_service_is_written(tmp_path: Path) -> None:
    assert main(["schema", "--into", str(tmp_path / "schemas"), "--repo", str(_ROOT)]) == 0
    names = sorted(path.name for path in (tmp_path / "schemas").iterdir())
    others = [f"{name}.schema.json" for name in ("form", "library", "role", "service", "waivers")]
    assert names == [*(f"deployment.{name}.schema.json" for name in _SERVICES), *others]


def test_an_unknown_service_is_an_error_with_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", _SERVICES[0] + "x", "--repo", str(_ROOT)]) == 1
    said = capsys.readouterr().err
    assert _SERVICES[0] in said
