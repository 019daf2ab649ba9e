"""``Prefer: wait=N`` and ``Retry-After``: an answer is held back while there is something to wait for, and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from reve_core.models import PERSONAL, JobFilter, JobRequest
from reve_core.service import Studio
from reve_core.web.api import waiting
from tests.building import build_studio, running, settled
from tests.fakes import GatedProvider
from tests.web.door import front

HERON = JobRequest(prompt="heron")


class Clock:
    """Time as the waiting handler sees it: it passes only while the handler sleeps. ``during`` runs at each sleep."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.during: Callable[[], object] = lambda: None

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.passed += seconds
        self.during()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(waiting, "time", clock)
    monkeypatch.setattr(waiting, "asyncio", clock)
    return clock


@pytest.fixture
def provider() -> GatedProvider:
    return GatedProvider()


@pytest.fixture
def studio(tmp_path: Path, provider: GatedProvider) -> Iterator[Studio]:
    with running(build_studio(tmp_path, provider, workers=2)) as studio:
        yield studio
        provider.gate.set()


def ask(studio: Studio, method: str, path: str, prefer: str, **more: Any) -> httpx.Response:
    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(front(studio))
        async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
            return await client.request(method, path, headers={"Prefer": prefer, **more.pop("headers", {})}, **more)

    return asyncio.run(run())


def test_the_answer_comes_as_soon_as_the_job_has_ended(studio: Studio, provider: GatedProvider, clock: Clock) -> None:
    [job] = studio.submit(HERON)

    def finish() -> None:
        if clock.passed > 5:
            provider.gate.set()
            settled(studio, job.id)

    clock.during = finish
    answer = ask(studio, "GET", f"/api/v1/jobs/{job.id}", "wait=60")
    assert answer.json()["status"] == "done"
    assert 5 < clock.passed < 6
    assert answer.headers["preference-applied"] == "wait=60"
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize(
    ("prefer", "waits"),
    [
        ("wait=7", 7),
        ("wait=1000", 60),
        ("wait=999999999999999999999", 60),
        ("respond-async, wait=7", 7),
        ('wait="7"; strict', 7),
        ("WAIT = 7", 7),
        ("wait=0", 0),
        ("wait=-7", 0),
        ("wait=soon", 0),
        ("wait", 0),
        ("await=7", 0),
        ("", 0),
    ],
)
def test_a_job_that_goes_on_is_waited_for_as_long_as_was_asked(
    studio: Studio, clock: Clock, prefer: str, waits: int
) -> None:
    [job] = studio.submit(HERON)
    answer = ask(studio, "GET", f"/api/v1/jobs/{job.id}", prefer)
    assert answer.json()["status"] in ("queued", "running")
    assert clock.passed == pytest.approx(waits)
    assert answer.headers.get("preference-applied") == (f"wait={waits}" if waits else None)
    assert int(answer.headers["retry-after"]) >= 1


def test_a_create_waits_for_all_of_its_jobs(studio: Studio, provider: GatedProvider, clock: Clock) -> None:
    def finish() -> None:
        if clock.passed > 5:
            provider.gate.set()
            settled(studio, *[job.id for job in studio.jobs(JobFilter(owner=PERSONAL)).jobs])

    clock.during = finish
    answer = ask(studio, "POST", "/api/v1/jobs", "wait=60", json={"prompt": "heron", "n": 3})
    assert answer.status_code == 201
    assert [job["status"] for job in answer.json()["jobs"]] == ["done"] * 3
    assert "retry-after" not in answer.headers


def test_a_create_that_was_waited_for_in_vain_says_how_far_it_got(studio: Studio, clock: Clock) -> None:
    answer = ask(studio, "POST", "/api/v1/jobs", "wait=3", json={"prompt": "heron"})
    assert answer.status_code == 201
    assert answer.json()["jobs"][0]["status"] in ("queued", "running")
    assert clock.passed == pytest.approx(3)
    assert "retry-after" in answer.headers


def test_a_job_that_has_ended_is_not_waited_for(studio: Studio, provider: GatedProvider, clock: Clock) -> None:
    provider.gate.set()
    [job] = studio.submit(HERON)
    settled(studio, job.id)
    assert ask(studio, "GET", f"/api/v1/jobs/{job.id}", "wait=60").json()["status"] == "done"
    assert ask(studio, "GET", f"/api/v1/jobs/{'0' * 32}", "wait=60").status_code == 404
    assert clock.passed == 0


def test_an_app_that_drains_keeps_nobody_waiting(studio: Studio, clock: Clock) -> None:
    [job] = studio.submit(HERON)
    clock.during = studio.drain
    answer = ask(studio, "GET", f"/api/v1/jobs/{job.id}", "wait=60")
    assert answer.status_code == 200
    assert clock.passed < 1


def test_a_job_deleted_meanwhile_ends_the_wait_with_a_404(tmp_path: Path, clock: Clock) -> None:
    studio = build_studio(tmp_path, GatedProvider())  # nobody works: the job stays in the queue
    [job] = studio.submit(HERON)

    def delete() -> None:
        if clock.passed > 5:
            studio.cancel(job.id)
            studio.shelf.delete(job.id, for_good=True, owner=job.owner)
            clock.during = lambda: None

    clock.during = delete
    assert ask(studio, "GET", f"/api/v1/jobs/{job.id}", "wait=60").status_code == 404
    assert 5 < clock.passed < 6
    studio.stop(0)


def test_who_has_hung_up_is_not_waited_for(studio: Studio, clock: Clock) -> None:
    [job] = studio.submit(HERON)
    gone = asyncio.Event()
    clock.during = gone.set
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/api/v1/jobs/{job.id}",
        "headers": [(b"prefer", b"wait=60")],
        "query_string": b"",
    }
    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> MutableMapping[str, Any]:
        for message in messages:
            return message
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        return None

    asyncio.run(front(studio)(scope, receive, send))
    assert clock.passed < 2


def test_an_unchanged_job_is_a_304_after_the_wait(studio: Studio, provider: GatedProvider, clock: Clock) -> None:
    [job] = studio.submit(HERON)
    assert provider.started.wait(timeout=10)
    tag = ask(studio, "GET", f"/api/v1/jobs/{job.id}", "").headers["etag"]
    answer = ask(studio, "GET", f"/api/v1/jobs/{job.id}", "wait=3", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert clock.passed == pytest.approx(3)
