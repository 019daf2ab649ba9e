"""The stand-in is itself held to fal's contract: a kind stand-in would hide mistakes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.providers.fal.helpers import FLUX, REVE
from tests.standin.fal import KEY, FalStandIn

BODY = {"prompt": "a red fox", "aspect_ratio": "3:2"}


@pytest.fixture
def client(fal: FalStandIn) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fal.url, headers={"Authorization": f"Key {KEY}"}, timeout=10) as client:
        yield client


def submitted(client: httpx.Client, model: str = REVE, **fields: Any) -> dict[str, Any]:
    answer = client.post(f"/{model}", json={**BODY, **fields})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def finished(client: httpx.Client, ticket: dict[str, Any]) -> dict[str, Any]:
    for _ in range(20):
        if (answer := client.get(ticket["status_url"])).status_code == 200:
            return dict(answer.json())
    raise AssertionError("It never ended.")


def test_a_request_goes_from_the_queue_to_its_picture(fal: FalStandIn, client: httpx.Client) -> None:
    ticket = submitted(client)
    assert ticket["status"] == "IN_QUEUE"
    assert ticket["queue_position"] == 1
    assert ticket["status_url"] == f"{fal.url}/reve/2.1/requests/{ticket['request_id']}/status"
    seen = [client.get(ticket["status_url"]) for _ in range(4)]
    assert [answer.status_code for answer in seen] == [202, 202, 202, 200]
    assert [answer.json()["status"] for answer in seen] == ["IN_QUEUE", "IN_QUEUE", "IN_PROGRESS", "COMPLETED"]
    assert [answer.json().get("queue_position") for answer in seen] == [1, 0, None, None]
    result = client.get(ticket["response_url"])
    assert result.headers["x-fal-billable-units"] == "1"
    assert result.headers["x-fal-request-id"] == ticket["request_id"]
    [image] = result.json()["images"]
    assert image["width"] is None
    with Image.open(io.BytesIO(httpx.get(image["url"]).content)) as picture:
        assert picture.size == (48, 32)


def test_logs_come_only_where_they_are_asked_for(fal: FalStandIn, client: httpx.Client) -> None:
    fal.steps = ("IN_PROGRESS", "IN_PROGRESS")
    ticket = submitted(client)
    assert client.get(ticket["status_url"]).json()["logs"] is None
    assert client.get(ticket["status_url"] + "?logs=1").json()["logs"][0]["message"] == "Drawing"


def test_the_whole_model_id_leads_nowhere_when_asking(client: httpx.Client) -> None:
    ticket = submitted(client)
    assert client.get(f"/{REVE}/requests/{ticket['request_id']}/status").status_code == 404
    assert client.get(f"/fal-ai/flux/requests/{ticket['request_id']}/status").status_code == 404
    assert client.get("/reve/2.1/requests/nobody/status").status_code == 404


def test_the_key_is_looked_at_before_the_body(fal: FalStandIn) -> None:
    for headers in ({}, {"Authorization": f"Bearer {KEY}"}, {"Authorization": "Key wrong"}):
        assert httpx.post(f"{fal.url}/{REVE}", json={"nonsense": 1}, headers=headers).status_code == 401
    assert fal.submits() == []


@pytest.mark.parametrize(
    ("model", "fields", "kind"),
    [
        (REVE, {"seed": 1}, "extra_forbidden"),
        (REVE, {"image_size": "square"}, "extra_forbidden"),
        (REVE, {"aspect_ratio": "7:5"}, "literal_error"),
        (REVE, {"prompt": "x" * 4001}, "string_too_long"),
        (REVE, {"prompt": ""}, "missing"),
        (FLUX, {"aspect_ratio": "1:1"}, "extra_forbidden"),
    ],
)
def test_what_a_model_does_not_take_is_a_422(
    fal: FalStandIn, client: httpx.Client, model: str, fields: dict[str, Any], kind: str
) -> None:
    answer = client.post(f"/{model}", json={**BODY, **fields})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["type"] == kind
    assert fal.submits() == []


def test_an_unknown_model_is_a_404(client: httpx.Client) -> None:
    assert client.post("/fal-ai/nothing", json=BODY).status_code == 404


def test_a_failure_hides_behind_completed(client: httpx.Client) -> None:
    ticket = submitted(client, prompt="a forbidden fruit")
    assert finished(client, ticket)["error_type"] == "content_policy_violation"
    result = client.get(ticket["response_url"])
    assert result.status_code == 422
    assert result.json()["detail"][0]["type"] == "content_policy_violation"


def test_a_result_that_is_asked_for_too_early_is_not_there(client: httpx.Client) -> None:
    answer = client.get(submitted(client)["response_url"])
    assert (answer.status_code, answer.json()["detail"]) == (400, "Request is still in progress")


@pytest.mark.parametrize(
    ("state", "obeys", "said", "units"),
    [
        ("IN_QUEUE 0", True, "OK", 0),
        ("IN_PROGRESS", True, "CANCELLATION_REQUESTED", 1),
        ("IN_PROGRESS", False, "CANCELLATION_REQUESTED", 1),
    ],
)
def test_a_cancel_takes_out_what_waits_and_is_a_wish_to_what_runs(
    fal: FalStandIn, client: httpx.Client, state: str, obeys: bool, said: str, units: int
) -> None:
    fal.steps, fal.obeys = (state,), obeys
    ticket = submitted(client)
    answer = client.put(ticket["cancel_url"])
    assert (answer.status_code, answer.json()["status"]) == (202, said)
    finished(client, ticket)
    assert client.get(ticket["response_url"]).status_code == (200 if not obeys else 499)
    assert client.put(ticket["cancel_url"]).json()["status"] == "ALREADY_COMPLETED"
    assert client.put("/reve/2.1/requests/nobody/cancel").json()["status"] == "NOT_FOUND"
    assert fal.units() == units


def test_results_and_files_expire(fal: FalStandIn, client: httpx.Client) -> None:
    fal.keeps = False
    ticket = submitted(client)
    finished(client, ticket)
    url = client.get(ticket["response_url"]).json()["images"][0]["url"]
    fal.advance(3601)
    assert client.get(ticket["response_url"]).status_code == 404
    assert httpx.get(url).status_code == 200
    fal.advance(7 * 86_400)
    assert httpx.get(url).status_code == 404


def test_without_funds_submits_are_refused_and_requests_can_be_asked_about(
    fal: FalStandIn, client: httpx.Client
) -> None:
    fal.funds = 1
    ticket = submitted(client)
    answer = client.post(f"/{REVE}", json=BODY)
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("User is locked. Reason: Exhausted balance")
    assert finished(client, ticket)["status"] == "COMPLETED"


def test_a_lost_answer_is_a_request_all_the_same(fal: FalStandIn, client: httpx.Client) -> None:
    fal.add("reset")
    with pytest.raises(httpx.HTTPError):
        client.post(f"/{REVE}", json=BODY)
    assert fal.submits() == ["a red fox"]
    assert fal.units() == 1


def test_it_can_be_run_as_a_process_and_switched_over_http(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    command = ["-m", "tests.standin.fal", "--port", "0", "--ledger", str(ledger), "--step", "0.01", "--draw", "tiny"]
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        told = process.stdout.readline() + process.stdout.readline()
        assert f"REVE_FAL_KEY={KEY}" in told
        assert "file_hosts" in told
        switch = f"{url}/_standin"
        with httpx.Client(base_url=url, headers={"Authorization": f"Key {KEY}"}, timeout=10) as client:
            assert httpx.post(f"{switch}/endings", json={"endings": ["policy"]}).status_code == 200
            ticket = submitted(client)
            assert httpx.post(f"{switch}/advance", json={"seconds": 60}).status_code == 200
            assert finished(client, ticket)["error_type"] == "content_policy_violation"
            assert httpx.post(f"{switch}/faults", json={"faults": [{"name": "locked"}]}).json()["faults"]
            assert client.post(f"/{REVE}", json=BODY).status_code == 403
            assert httpx.get(f"{switch}/ledger").json() == {"submits": ["a red fox"], "units": 1}
            assert httpx.post(f"{switch}/faults", json={"faults": ["nonsense"]}).status_code == 400
        assert [json.loads(line)["key"] for line in ledger.read_text().splitlines()] == ["a red fox"]
    finally:
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0
