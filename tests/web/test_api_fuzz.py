"""Requests made up from the app's own OpenAPI document: nothing is a server error, and every answer is as described."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from reve_core.models import JobRequest
from reve_core.service import Studio
from reve_core.web.api.openapi import document
from tests.building import build_studio, running, settled
from tests.fakes import FakeProvider
from tests.web.door import front, operations
from tests.web.servers import serving

bounded = settings(
    max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with running(build_studio(tmp_path_factory.mktemp("data"), FakeProvider())) as studio:
        yield studio


@pytest.fixture(scope="module")
def base(fuzzed: Studio) -> Iterator[str]:
    with serving(front(fuzzed)) as port:
        yield f"http://127.0.0.1:{port}"


DOCUMENT = document(list(operations().values()), version="0")
schema = schemathesis.openapi.from_dict(DOCUMENT)


# What a provider takes is known to the service alone: a prompt that is empty or too long for it, a ratio it does not have.
ONLY_THE_SERVICE_KNOWS = {
    "createJobs",
    "generate",
    "getImage",
    "getThumbnail",
    "quoteComparison",
    "createComparison",
    "extendComparison",
    "importComparison",
    "deleteMe",  # where the app serves one person it is refused
}
# The tutorial's door reads generously, as the tutorial's service did: "1024" is a number there.
GENEROUS = {"generate"}


def ask(case: Any, base: str) -> None:
    name = case.operation.definition.raw["operationId"]
    left_out = [positive_data_acceptance] if name in ONLY_THE_SERVICE_KNOWS else []
    left_out += [negative_data_rejection] if name in GENEROUS else []
    case.call_and_validate(base_url=base, excluded_checks=left_out)


@schema.parametrize()
@bounded
def test_no_request_is_a_server_error_and_every_answer_is_as_described(case: Any, base: str) -> None:
    ask(case, base)


@schema.include(path_regex="{job_id}").parametrize()
@settings(bounded, max_examples=8)
def test_the_same_of_jobs_that_exist(case: Any, fuzzed: Studio, base: str) -> None:
    [job] = fuzzed.submit(JobRequest(prompt="heron"))
    case.path_parameters["job_id"] = job.id
    ask(case, base)


@schema.include(path_regex="{job_id}").parametrize()
@settings(bounded, max_examples=3)
def test_the_same_of_jobs_that_have_a_picture(case: Any, fuzzed: Studio, base: str) -> None:
    [job] = fuzzed.submit(JobRequest(prompt="heron"))
    settled(fuzzed, job.id)
    case.path_parameters["job_id"] = job.id
    ask(case, base)


# ---------------------------------------------------------------- the document itself


def test_the_document_is_openapi_3_1(base: str) -> None:
    served = httpx.get(f"{base}/api/v1/openapi.json").json()
    assert served["openapi"].startswith("3.1.")
    served["info"]["version"] = DOCUMENT["info"]["version"]
    assert served == DOCUMENT
    schema.validate()


def test_every_schema_in_the_document_is_a_json_schema() -> None:
    for name, each in DOCUMENT["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(each)
        assert "title" in each, name


def test_every_reference_leads_somewhere_and_every_schema_is_led_to() -> None:
    text = json.dumps(DOCUMENT)
    led_to = set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', text))
    assert text.count('"$ref"') == len(re.findall(r'"\$ref": "#/components/schemas/', text))
    assert led_to == set(DOCUMENT["components"]["schemas"])


def test_every_operation_has_a_name_of_its_own_and_names_every_status_that_all_have() -> None:
    described = [each for path in DOCUMENT["paths"].values() for each in path.values()]
    assert len({each["operationId"] for each in described}) == len(described) == len(operations())
    for each in described:
        assert {"401", "405", "500", "503"} <= set(each["responses"]), each["operationId"]
        assert each["summary"]


def test_the_page_for_people_tells_the_limits_of_what_stands_in_the_address(base: str) -> None:
    page = httpx.get(f"{base}/api/v1/docs").text
    assert page.count("query: How many on a page. (from 1, to 100, default <code>20</code>)") == 3
    assert "(default <code>false</code>)" in page


def test_the_example_of_every_body_is_accepted_by_its_own_model() -> None:
    for name, each in operations().items():
        if each.body is not None:
            assert each.example, name
            each.body.validate_json(json.dumps(dict(each.example)))
