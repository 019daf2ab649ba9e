"""The one process: started in each of its three ways, asked over HTTP, stopped by signals."""

import signal
import threading
import time
from pathlib import Path

import httpx
import pytest

from reve_core.models import JobFilter, JobRequest, JobStatus
from reve_core.store.sqlite import SqliteStore
from tests.app import sockets
from tests.app.process import LAUNCHERS, App
from tests.building import place, until

SKETCH = JobRequest(prompt="a red fox in snow", aspect_ratio="1:1", seed=1, provider="sketch", model="sketch-1")


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_every_way_of_starting_serves_pages_routes_and_jobs_from_one_process(tmp_path: Path, launcher: str) -> None:
    with App(tmp_path / "data", launcher=launcher) as app, httpx.Client(base_url=app.url) as client:
        page = client.get("/")
        assert page.status_code == 200
        assert "text/html" in page.headers["content-type"]
        assert client.get("/api/live").json() == {"cards": [], "rev": 0, "pending": 0}
        for path in ("/api/typo", "/images/nothing", "/images/..%2f..%2fapp.py", "/download/x", "/exports/x"):
            answer = client.get(path)
            assert answer.status_code in (400, 404), path
            assert "text/html" not in answer.headers.get("content-type", ""), path
        outside = SqliteStore(tmp_path / "data" / "reve.db")
        [job] = place(outside, SKETCH)
        until(lambda: client.get("/api/live").json()["pending"] == 0, within_s=60)
        done = outside.get(job.id)
        outside.close()
        assert done is not None
        assert done.status is JobStatus.DONE
        assert done.image is not None
        picture = client.get(f"/images/{done.image.name}")
        assert picture.headers["content-type"] == "image/png"
        assert len(picture.content) == done.image.size
        assert app.stop() == 0


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_a_keep_alive_answer_does_not_wait_for_a_delayed_acknowledgement(tmp_path: Path, loop: str) -> None:
    """Each of the two loops has its own way to TCP_NODELAY under `streamlit run`: uvloop's, and ours."""
    settings = {}
    if loop == "asyncio":
        (tmp_path / "uvloop.py").write_text("raise ImportError('as if it were not installed')")
        settings["PYTHONPATH"] = str(tmp_path)
    with App(tmp_path / "data", settings=settings) as app, httpx.Client(base_url=app.url) as client:
        client.get("/api/live")
        without_delay = sockets.without_delay(app.process.pid, app.port)
        if without_delay is not None:
            assert without_delay == [True]
            return
        waits = []
        for _ in range(30):
            begun = time.perf_counter()
            client.get("/api/live")
            waits.append(time.perf_counter() - begun)
        # Not a speed limit: the delay this guards against is a fixed 40 ms on every answer but the first.
        assert min(waits) < 0.035


def test_row_25_a_stopped_app_finishes_what_runs_starts_nothing_more_and_exits_well(tmp_path: Path) -> None:
    settings = {"REVE_SKETCH_DELAY_S": "2", "REVE_SKETCH_CONCURRENCY": "4"}
    with App(tmp_path / "data", settings=settings) as app:
        store = SqliteStore(tmp_path / "data" / "reve.db")
        place(store, *[SKETCH] * 10)
        until(lambda: store.counts("me")[JobStatus.RUNNING] == 4)
        assert app.stop() == 0
        counts = store.counts("me")
        store.close()
    assert (counts[JobStatus.DONE], counts[JobStatus.QUEUED]) == (4, 6), app.log()


def test_row_25_a_second_signal_ends_it_now_and_the_calls_tell_the_truth(tmp_path: Path) -> None:
    settings = {"REVE_SKETCH_DELAY_S": "60", "REVE_SKETCH_CONCURRENCY": "4"}
    with App(tmp_path / "data", settings=settings) as app:
        store = SqliteStore(tmp_path / "data" / "reve.db")
        place(store, *[SKETCH] * 10)
        until(lambda: sum(job.stage == "calling" for job in store.pending("me")) == 4)
        app.process.send_signal(signal.SIGTERM)
        until(lambda: "Waiting for application shutdown" in app.log() or _refuses(app.url))
        assert app.stop(signal.SIGTERM) == 128 + signal.SIGTERM
        jobs = store.page(JobFilter(owner="me")).jobs
        begun = [job for job in jobs if store.calls(job.id)]
        assert len(begun) == 4
        assert all(call.outcome is None for job in begun for call in store.calls(job.id))
        store.close()


def _refuses(url: str) -> bool:
    try:
        httpx.get(f"{url}/api/live", timeout=1)
    except httpx.TransportError:
        return True
    threading.Event().wait(0.02)
    return False
