"""Killed between a submit and the poll: whatever id was answered is known to the next process, and its job ends."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.app.process import App
from tests.building import until

SLOW = {"REVE_SKETCH_DELAY_S": "60", "REVE_SKETCH_CONCURRENCY": "1"}
FOX = {"prompt": "a red fox in snow"}


def ended(client: httpx.Client, job_id: str) -> dict[str, str]:
    told: dict[str, str] = {}

    def look() -> bool:
        told.clear()
        told.update(client.get(f"/status/{job_id}").raise_for_status().json())
        return told["status"] not in ("pending", "running")

    until(look, within_s=60, what=lambda: f"{job_id} is {told}")
    return told


def test_jobs_that_ran_and_waited_when_the_app_was_killed_end_in_the_next_one(tmp_path: Path) -> None:
    key = {"Idempotency-Key": "one"}
    with App(tmp_path / "data", settings=SLOW) as app, httpx.Client(base_url=app.url) as client:
        runs = client.post("/generate", json=FOX, headers=key).json()["job_id"]
        until(lambda: client.get(f"/status/{runs}").json()["status"] == "running")
        waits = client.post("/api/v1/jobs", json=FOX).json()["jobs"][0]["id"]
        app.kill()
    with App(tmp_path / "data") as app, httpx.Client(base_url=app.url) as client:
        for job_id in (runs, waits):
            told = ended(client, job_id)
            assert told["status"] == "done"
            assert client.get(told["url"]).headers["content-type"] == "image/png"
        again = client.post("/generate", json=FOX, headers=key)
        assert (again.json()["job_id"], again.headers["idempotency-replayed"]) == (runs, "true")


def test_every_id_that_was_answered_before_the_kill_is_known_after_it(tmp_path: Path) -> None:
    answered: list[str] = []
    enough = threading.Event()

    def submit(url: str) -> None:
        with contextlib.suppress(httpx.TransportError), httpx.Client(base_url=url, timeout=10) as client:
            for _ in range(2000):
                answered.append(client.post("/generate", json=FOX).raise_for_status().json()["job_id"])
                if len(answered) >= 100:
                    enough.set()

    with App(tmp_path / "data", settings=SLOW) as app, ThreadPoolExecutor(4) as pool:
        busy = [pool.submit(submit, app.url) for _ in range(4)]
        assert enough.wait(timeout=60)
        app.kill()
        for each in busy:
            each.result(timeout=60)
    with App(tmp_path / "data", settings=SLOW) as app, httpx.Client(base_url=app.url) as client:
        lost = [job_id for job_id in answered if client.get(f"/status/{job_id}").status_code != 200]
    assert (len(set(answered)), lost) == (len(answered), [])
