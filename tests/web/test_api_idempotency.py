"""The same key and the same body are the same job, however often and however much at once they are sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from reve_core.models import JobFilter
from reve_core.service import Studio
from tests.building import build_studio
from tests.fakes import FakeProvider
from tests.web.door import asking, made, refusal

DUPLICATES = 30
DOORS = {"/api/v1/jobs": 201, "/generate": 200}


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[Studio]:
    """Nobody works here: what is counted is what was asked for."""
    studio = build_studio(tmp_path / "data", FakeProvider())
    yield studio
    studio.stop(0)


def ids(answer: httpx.Response) -> tuple[str, ...]:
    assert answer.status_code == DOORS[answer.request.url.path], answer.text
    body = answer.json()
    return tuple(body["job_ids"]) if "job_ids" in body else tuple(job["id"] for job in body["jobs"])


def all_at_once(client: httpx.Client, path: str, bodies: list[dict[str, Any]], key: str) -> list[httpx.Response]:
    """Each request on a thread of its own, let go together."""
    together = threading.Barrier(len(bodies))

    def send(body: dict[str, Any]) -> httpx.Response:
        together.wait(timeout=30)
        return client.post(path, json=body, headers={"Idempotency-Key": key})

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(send, bodies))


@pytest.mark.parametrize("path", DOORS)
def test_thirty_duplicates_at_once_make_one_job(idle: Studio, path: str) -> None:
    with asking(idle) as client:
        answers = all_at_once(client, path, [{"prompt": "heron", "n": 2}] * DUPLICATES, "one")
    assert len({ids(answer) for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == DUPLICATES - 1
    assert len(idle.jobs(JobFilter()).jobs) == 2  # of the one order


def test_of_two_bodies_sent_at_once_under_one_key_one_wins_and_the_other_is_told(idle: Studio) -> None:
    bodies = [{"prompt": "heron"}, {"prompt": "fox"}] * 10
    with asking(idle) as client:
        answers = all_at_once(client, "/api/v1/jobs", bodies, "one")
    won = {answer.json()["jobs"][0]["prompt"] for answer in answers if answer.status_code == 201}
    lost = [answer for answer in answers if answer.status_code != 201]
    assert len(won) == 1
    assert len(lost) == 10
    for answer in lost:
        refusal(answer, 409, "idempotency_conflict")
    assert len(idle.jobs(JobFilter()).jobs) == 1


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize(
    "other",
    [
        {"prompt": "fox"},
        {"prompt": "heron", "n": 2},
        {"prompt": "heron", "seed": 1},
        {"prompt": "heron", "aspect_ratio": "3:2"},
    ],
)
def test_another_body_under_the_same_key_is_refused(idle: Studio, path: str, other: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "one"}
    with asking(idle) as client:
        ids(client.post(path, json={"prompt": "heron"}, headers=key))
        refusal(client.post(path, json=other, headers=key), 409, "idempotency_conflict")
        assert "idempotency-replayed" in client.post(path, json={"prompt": "heron"}, headers=key).headers


def test_the_same_body_written_another_way_is_the_same_body(idle: Studio) -> None:
    headers = {"Idempotency-Key": "one", "Content-Type": "application/json; charset=utf-8"}
    with asking(idle) as client:
        first = client.post("/api/v1/jobs", content='{"prompt":"heron","n":1}', headers=headers)
        again = client.post("/api/v1/jobs", content='\n{"n": 1, "prompt": "h\\u0065ron"}\n', headers=headers)
    assert made(first) == made(again)


def test_a_refused_request_does_not_use_up_its_key(idle: Studio) -> None:
    key = {"Idempotency-Key": "one"}
    with asking(idle) as client:
        refusal(client.post("/api/v1/jobs", json={"prompt": ""}, headers=key), 422, "bad_input")
        made(client.post("/api/v1/jobs", json={"prompt": "heron"}, headers=key))


def test_another_owner_has_keys_of_his_own(tmp_path: Path) -> None:
    studio = build_studio(tmp_path / "data", FakeProvider(), public=True)
    tokens = [studio.visitors.make_token(name)[1] for name in ("one", "two")]
    with asking(studio) as client:
        jobs = [
            made(
                client.post(
                    "/api/v1/jobs",
                    json={"prompt": prompt},
                    headers={"Idempotency-Key": "one", "Authorization": f"Bearer {token}"},
                )
            )
            for token, prompt in zip(tokens, ("heron", "fox"), strict=True)
        ]
    studio.stop(0)
    assert len(set(jobs)) == 2


@pytest.mark.parametrize("path", DOORS)
def test_a_key_outlives_the_service_and_answers_with_the_job_as_it_is_now(tmp_path: Path, path: str) -> None:
    key, found = {"Idempotency-Key": "one"}, []
    for _ in range(2):
        studio = build_studio(tmp_path / "data", FakeProvider())
        with asking(studio) as client:
            answer = client.post(path, json={"prompt": "heron"}, headers=key)
            found += ids(answer)
            client.post(f"/api/v1/jobs/{found[0]}/cancel")
        studio.stop(0)
    assert len(set(found)) == 1
    if path != "/generate":
        assert answer.json()["jobs"][0]["status"] == "cancelled"


def test_a_key_whose_job_was_deleted_for_good_says_that_it_is_gone(idle: Studio) -> None:
    key = {"Idempotency-Key": "one"}
    with asking(idle) as client:
        job_id = made(client.post("/api/v1/jobs", json={"prompt": "heron"}, headers=key))
        client.post(f"/api/v1/jobs/{job_id}/cancel")
        client.delete(f"/api/v1/jobs/{job_id}?for_good=true")
        for path in DOORS:
            refusal(client.post(path, json={"prompt": "heron"}, headers=key), 410, "job_gone")


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize(
    "key",
    [
        pytest.param(b"", id="an empty one"),
        pytest.param(b"x" * 256, id="one of 256 characters"),
        pytest.param(b"x" * 300, id="one of 300 characters"),
        pytest.param(b"a\tb", id="one with a tabulator"),
        pytest.param(b"a\x85b", id="one with a control character of Latin-1"),
        pytest.param(b"a\xa0b", id="one with a space that cannot be told from others"),
    ],
)
def test_a_key_that_is_none_is_refused(idle: Studio, path: str, key: bytes) -> None:
    with asking(idle) as client:
        answer = client.post(path, json={"prompt": "heron"}, headers=[(b"Idempotency-Key", key)])
    problem = refusal(answer, 422, "bad_input")
    assert [error["field"] for error in problem["errors"]] == ["Idempotency-Key"]
    assert idle.jobs(JobFilter()).jobs == []


def test_a_key_of_255_characters_of_any_kind_that_a_header_takes_is_good(idle: Studio) -> None:
    with asking(idle) as client:
        key = [(b"Idempotency-Key", b"'; drop table jobs; -- \xfc".ljust(255, b"x"))]
        first, second = (client.post("/api/v1/jobs", json={"prompt": "heron"}, headers=key) for _ in range(2))
        assert made(first) == made(second)
