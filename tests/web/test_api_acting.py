"""What may be done with a job: cancel, retry, resolve, delete, restore."""

from __future__ import annotations

import json

import httpx
import pytest

from reve_core.service import Studio
from tests.building import settled, until
from tests.fakes import GatedProvider
from tests.web.door import ended, made, refusal


def test_a_queued_job_is_cancelled_at_once_and_a_second_time_is_too_late(
    held: httpx.Client, gated: GatedProvider
) -> None:
    running_id = made(held.post("/api/v1/jobs", json={"prompt": "first"}))
    assert gated.started.wait(timeout=10)
    job_id = made(held.post("/api/v1/jobs", json={"prompt": "heron"}))
    answer = held.post(f"/api/v1/jobs/{job_id}/cancel")
    assert answer.status_code == 200
    assert (answer.json()["detail"], answer.json()["job"]["status"]) == ("Cancelled. Nothing was charged.", "cancelled")
    refusal(held.post(f"/api/v1/jobs/{job_id}/cancel"), 409, "wrong_state")
    stopping = held.post(f"/api/v1/jobs/{running_id}/cancel").json()["job"]
    assert (stopping["cancel_requested"], stopping["can"]) in ((True, []), (False, ["retry", "delete"]))
    until(lambda: held.get(f"/api/v1/jobs/{running_id}").json()["status"] == "cancelled")
    assert gated.prompts == ["first"]


def test_a_refused_job_says_why_and_runs_again_when_told_to(studio: Studio, client: httpx.Client) -> None:
    job_id = ended(studio, client, "refuse")
    job = client.get(f"/api/v1/jobs/{job_id}").json()
    assert (job["status"], job["can"]) == ("failed", ["retry", "delete"])
    assert job["error"] == {"code": "refused", "detail": "The provider refused this prompt."}
    answer = client.post(f"/api/v1/jobs/{job_id}/retry")
    assert (answer.status_code, answer.json()["detail"]) == (200, "Back in the queue.")
    settled(studio, job_id)
    assert client.get(f"/api/v1/jobs/{job_id}").json()["attempt"] == 2


@pytest.mark.parametrize("verb", ["retry", "cancel"])
def test_a_done_job_is_neither_tried_again_nor_cancelled(studio: Studio, client: httpx.Client, verb: str) -> None:
    job_id = ended(studio, client, "heron")
    refusal(client.post(f"/api/v1/jobs/{job_id}/{verb}"), 409, "wrong_state")
    refusal(client.post(f"/api/v1/jobs/{job_id}/resolve", json={"how": "rerun"}), 409, "wrong_state")


@pytest.mark.parametrize(
    ("how", "detail", "then"),
    [
        ("check", "No picture has come. Run it again, or give up.", "unknown"),
        ("rerun", "Running again. It may be charged a second time.", "unknown"),
        ("give_up", "Given up.", "failed"),
    ],
)
def test_an_unknown_job_waits_for_a_decision(
    studio: Studio, client: httpx.Client, how: str, detail: str, then: str
) -> None:
    job_id = ended(studio, client, "lose")
    assert client.get(f"/api/v1/jobs/{job_id}").json()["can"] == ["resolve", "delete"]
    refusal(client.post(f"/api/v1/jobs/{job_id}/retry"), 409, "wrong_state")
    answer = client.post(f"/api/v1/jobs/{job_id}/resolve", json={"how": how})
    assert (answer.status_code, answer.json()["detail"]) == (200, detail)
    settled(studio, job_id)
    job = client.get(f"/api/v1/jobs/{job_id}").json()
    assert (job["status"], job["attempt"]) == (then, 2 if how == "rerun" else 1)


@pytest.mark.parametrize("body", [{}, {"how": "shrug"}, {"how": None}, {"how": "check", "why": "x"}, [], "check", None])
def test_a_decision_that_is_none_is_refused(studio: Studio, client: httpx.Client, body: object) -> None:
    job_id = ended(studio, client, "lose")
    answer = client.post(
        f"/api/v1/jobs/{job_id}/resolve", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    refusal(answer, 422, "invalid")


# ---------------------------------------------------------------- delete


def test_a_deleted_job_is_gone_until_it_is_restored(studio: Studio, client: httpx.Client) -> None:
    job_id = ended(studio, client, "heron")
    address = f"/api/v1/jobs/{job_id}"
    answer = client.delete(address)
    assert (answer.status_code, answer.content) == (204, b"")
    for path in (address, f"{address}/image", f"{address}/thumbnail"):
        refusal(client.get(path), 404, "job_not_found")
    for verb in ("cancel", "retry"):
        refusal(client.post(f"{address}/{verb}"), 404, "job_not_found")
    refusal(client.delete(address), 404, "job_not_found")
    assert job_id not in [job["id"] for job in client.get("/api/v1/jobs").json()["jobs"]]
    restored = client.post(f"{address}/restore")
    assert (restored.status_code, restored.json()["job"]["id"]) == (200, job_id)
    assert client.get(f"{address}/image").status_code == 200
    assert client.post(f"{address}/restore").status_code == 200  # it is where it should be


def test_a_job_deleted_for_good_leaves_no_file(studio: Studio, client: httpx.Client) -> None:
    job_id = ended(studio, client, "heron")
    assert list(studio.blobs.find(f"{job_id}-1"))
    assert client.delete(f"/api/v1/jobs/{job_id}", params={"for_good": "true"}).status_code == 204
    assert not [name for stem in ("", "-thumb") for name in studio.blobs.find(f"{job_id}-1{stem}")]
    refusal(client.post(f"/api/v1/jobs/{job_id}/restore"), 404, "job_not_found")
    assert client.get(f"/status/{job_id}").json() == {"detail": "unknown job"}


def test_a_job_under_way_is_not_deleted(held: httpx.Client) -> None:
    job_id = made(held.post("/api/v1/jobs", json={"prompt": "heron"}))
    for params in ({}, {"for_good": "true"}):
        refusal(held.delete(f"/api/v1/jobs/{job_id}", params=params), 409, "wrong_state")
    refusal(held.delete(f"/api/v1/jobs/{job_id}", params={"for_good": "perhaps"}), 422, "invalid")
    assert held.get(f"/api/v1/jobs/{job_id}").status_code == 200
