"""Providers and agreements refer to each other and to the catalogue."""

from __future__ import annotations

import re

from tests.catalog.files import ROOT, SERVICES, read, template_inputs

PROVIDERS = read(ROOT / "federation/providers.yaml")["providers"]
GROUPS = sorted(ROOT.glob("federation/groups/*.yaml"))
MEASURES = {"machines": int, "cpus": int, "memory": str, "storage": str}


def _is_measured(limits: dict[str, object]) -> bool:
    sizes = [limits["memory"], limits["storage"]]
    return all(isinstance(limits[name], kind) for name, kind in MEASURES.items()) and all(
        re.fullmatch(r"\d+ [MGT]B", str(size)) for size in sizes
    )


def test_every_provider_states_all_its_limits() -> None:
    assert PROVIDERS
    assert all(_is_measured(provider["limits"]) for provider in PROVIDERS.values())


def test_providers_offer_only_images_that_services_ask_for() -> None:
    asked: set[str] = set()
    for name in SERVICES:
        for constraint in template_inputs(name)["image"]["constraints"]:
            asked |= set(constraint["valid_values"])
    assert all(set(provider["images"]) <= asked for provider in PROVIDERS.values())


def test_every_default_image_is_offered_by_some_provider() -> None:
    offered = {image for provider in PROVIDERS.values() for image in provider["images"]}
    assert {template_inputs(name)["image"]["default"] for name in SERVICES} <= offered


def test_agreements_name_their_group_known_providers_and_services() -> None:
    assert GROUPS
    for path in GROUPS:
        group = read(path)
        assert group["group"] == path.stem
        for sla in group["slas"]:
            assert sla["provider"] in PROVIDERS
            assert _is_measured(sla["quota"])
            assert set(sla["services"]) <= set(SERVICES)
