"""Our requests and the double's bodies beside the OpenAPI document of the newer orchestrator, written in Python.

The adapter speaks the API of the Java orchestrator, which has no such document. The newer one does the same work with
other names, so what overlaps is compared through a table, and every difference has its reason here: when a newer
document brings another, this test names it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.doubles.indigo_orchestrator.server import OrchestratorDouble
from tests.engines.indigo_orchestrator import site

DOCUMENT = Path(__file__).parents[4] / "shared" / "data" / "orchestrator" / "infn-orchestrator-python-openapi.json"

# The newer name to ours, for what both take.
REQUEST = {
    "template_inputs": "parameters",
    "user_group": "userGroup",
    "timeout": "timeoutMins",
    "per_provider_timeout": "providerTimeoutMins",
    "max_providers": "maxProvidersRetry",
    "keep_last_attempt": "keepLastAttempt",
}
NEWER_REQUEST = {
    "template_id": "templates are stored first and named; ours travel with each request",
    "per_provider_max_retries": "tries at one provider; the older one only counts providers",
    "target_provider_name": "a field; ours is the policy SlaPlacement inside the template",
    "target_region_name": "a field; ours is the policy's `region`",
}
OLDER_REQUEST = {"template"}  # see `template_id`

# The newer name to ours, for what both answer.
ANSWER = {
    "id": "uuid",
    "status_name": "status",
    "status_reason": "statusReason",
    "task_name": "task",
    "template_outputs": "outputs",
    "user_group": "userGroup",
    "im_infrastructure_id": "physicalId",
    "created_at": "creationTime",
    "updated_at": "updateTime",
    "created_by": "createdBy",
    "links": "links",
}
NEWER_ANSWER = {
    "status": "a number; the name is beside it, as `status_name`",
    "task": "a number; the name is beside it, as `task_name`",
    "template_id": "see above",
    "template_inputs": "shown to whoever may see the deployment; the older one never shows them",
    "user_group_issuer": "the older one has one issuer",
    "target_iaas_project": "the older one says the provider's endpoint instead",
    "updated_by": "the older one lets only the owner write",
    "owned_by": "the same",
    "per_provider_max_retries": "the older one answers no bounds",
    "max_providers": "the same",
    "timeout": "the same",
    "per_provider_timeout": "the same",
    "keep_last_attempt": "the same",
    "target_provider_name": "the older one answers where it runs, as `cloudProviderName`",
    "target_region_name": "the same, in `cloudProviderEndpoint`",
}
OLDER_ANSWER = {"cloudProviderName", "cloudProviderEndpoint"}

# The newer page to ours.
PAGE = {"size": "size", "number": "number", "total_elements": "totalElements", "total_pages": "totalPages"}


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    if not DOCUMENT.is_file():
        pytest.skip(f"not there: {DOCUMENT.name}, the OpenAPI document of the newer orchestrator")
    found: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))["components"]["schemas"]
    return found


@pytest.fixture
def talk(double: OrchestratorDouble) -> tuple[dict[str, Any], dict[str, Any]]:
    """The request of a whole creation, and the list with it, as they were on the wire."""
    engine = site.engine(double, timeout=240, provider_timeout=60, max_providers=3, keep_last_attempt=True)
    site.settled(engine, engine.submit(site.submission()))
    (request,) = (json.loads(body) for line, body in double.requests if line == "POST /deployments")
    (row,) = double.state.rows.values()
    row.reason = "why"
    token = next(iter(double.state.accounts))
    import requests

    answer = requests.get(f"{double.url}/deployments", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    return request, answer.json()


def test_the_tables_name_every_field_of_both(
    schemas: dict[str, Any], talk: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    request, listed = talk
    assert set(schemas["DeploymentCreate"]["properties"]) == set(REQUEST) | set(NEWER_REQUEST)
    assert set(request) == set(REQUEST.values()) | OLDER_REQUEST
    assert set(schemas["DeploymentRead"]["properties"]) == set(ANSWER) | set(NEWER_ANSWER)
    assert set(listed["content"][0]) == set(ANSWER.values()) | OLDER_ANSWER
    assert set(schemas["Pagination"]["properties"]) == set(PAGE)
    assert set(listed["page"]) == set(PAGE.values())


@pytest.mark.parametrize("theirs", REQUEST)
def test_what_we_send_is_what_the_newer_one_takes_for_the_same(
    schemas: dict[str, Any], talk: tuple[dict[str, Any], dict[str, Any]], theirs: str
) -> None:
    jsonschema.validate(talk[0][REQUEST[theirs]], schemas["DeploymentCreate"]["properties"][theirs])


@pytest.mark.parametrize("theirs", [name for name in ANSWER if name not in {"created_by", "links"}])
def test_what_the_double_answers_is_of_the_newer_ones_kind(
    schemas: dict[str, Any], talk: tuple[dict[str, Any], dict[str, Any]], theirs: str
) -> None:
    """But `created_by` (a UUID of a user table there, issuer and subject here) and `links` (an object there)."""
    jsonschema.validate(talk[1]["content"][0][ANSWER[theirs]], schemas["DeploymentRead"]["properties"][theirs])


def test_pages_count_alike_but_from_zero(schemas: dict[str, Any], talk: tuple[dict[str, Any], dict[str, Any]]) -> None:
    page = {theirs: talk[1]["page"][ours] for theirs, ours in PAGE.items()}
    assert page["number"] == 0  # the older one's first page is 0, the newer one's is 1
    jsonschema.validate({**page, "number": page["number"] + 1}, schemas["Pagination"])


def test_errors_say_their_words_under_other_names(schemas: dict[str, Any]) -> None:
    assert set(schemas["ErrorMessage"]["properties"]) == {"status", "detail"}  # here: code, title, message
