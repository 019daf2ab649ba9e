"""The tutorial's contract: a client written for that service works here unchanged."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from reve_core.blobs.local import LocalBlobs
from reve_core.models import Claim, JobRequest, JobStatus, Limits, Receipt, StoredImage
from reve_core.store.sqlite import SqliteStore
from tests.app.process import App
from tests.building import build_studio, place, running, settled, until
from tests.fakes import FakeProvider, GatedProvider
from tests.web.door import asking, refusal

HERON = JobRequest(prompt="heron", provider="fake", model="fake-1", aspect_ratio="1:1")
PICTURE = StoredImage("a" * 32 + "-1.png", "a" * 32 + "-1-thumb.webp", "image/png", 64, 64, 100, "0" * 64)
BUSY = "The first try met a busy provider."
POOL = 40  # threads that Starlette's pool has


def tutorial_client(base: str, prompt: str, target: Path) -> dict[str, Any]:
    """The tutorial's script: ask, look every so often, fetch what the url says. Knows nothing else of this server."""
    answer = httpx.post(f"{base}/generate", json={"prompt": prompt, "width": 1024, "height": 576}, timeout=10)
    answer.raise_for_status()
    job_id = answer.json()["job_id"]
    pause = threading.Event()
    for _ in range(1200):
        told: dict[str, Any] = httpx.get(f"{base}/status/{job_id}", timeout=10).json()
        if told["status"] == "done":
            target.write_bytes(httpx.get(base + told["url"], timeout=10).content)
            return told
        assert told["status"] in ("pending", "running"), told
        assert "error" not in told
        pause.wait(0.05)
    raise AssertionError("The picture never came.")


def test_the_tutorials_client_gets_its_picture_from_the_real_app(tmp_path: Path) -> None:
    with App(tmp_path / "data") as app:
        told = tutorial_client(app.url, "a red fox in snow", tmp_path / "fox.png")
        absent = httpx.get(f"{app.url}/status/{'0' * 32}")
    assert sorted(told) == ["status", "url"]
    with Image.open(io.BytesIO((tmp_path / "fox.png").read_bytes())) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert picture.width > picture.height  # 1024 by 576 was asked for
    assert (absent.status_code, absent.json()) == (404, {"detail": "unknown job"})


# ---------------------------------------------------------------- every status word


def _queue(store: SqliteStore, claim: Claim) -> None:
    assert store.requeue(claim, delay_s=3600, why=BUSY, free=True, outcome=None)


def _run(store: SqliteStore, claim: Claim) -> None:
    assert store.begin_call(claim, idempotent=False)


def _finish(store: SqliteStore, claim: Claim) -> None:
    assert store.done(claim, PICTURE, Receipt())


def _fail(store: SqliteStore, claim: Claim) -> None:
    assert store.fail(claim, "refused", "The provider said no.", outcome=None)


def _cancel(store: SqliteStore, claim: Claim) -> None:
    assert store.cancelled(claim, outcome=None)


def _lose(store: SqliteStore, claim: Claim) -> None:
    assert store.begin_call(claim, idempotent=False)
    assert store.unknown(claim, "The answer never came.")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(None, {"status": "pending"}, id="a job nobody has taken up is pending"),
        pytest.param(_run, {"status": "running"}, id="a job whose call is out is running"),
        pytest.param(_queue, {"status": "pending"}, id="a job that will be tried again shows no error"),
        pytest.param(_finish, {"status": "done", "url": f"/images/{PICTURE.name}"}, id="a done job has its url"),
        pytest.param(_fail, {"status": "failed", "error": "The provider said no."}, id="a failed job says why"),
        pytest.param(_cancel, {"status": "cancelled"}, id="a cancelled job has no url"),
        pytest.param(_lose, {"status": "unknown", "error": "The answer never came."}, id="an unknown job says why"),
    ],
)
def test_every_state_has_its_word(
    tmp_path: Path, change: Callable[[SqliteStore, Claim], None] | None, told: dict[str, Any]
) -> None:
    store = SqliteStore(tmp_path / "reve.db")
    studio = build_studio(tmp_path, FakeProvider(), store=store)
    [job] = place(store, HERON)
    if change is not None:
        claim = store.claim("worker", lease_s=3600, limits={"fake": Limits(1)})
        assert claim is not None
        change(store, claim)
    with asking(studio) as client:
        answer = client.get(f"/status/{job.id}")
    studio.stop(0)
    assert answer.status_code == 200
    assert answer.json() == told
    assert ("retry-after" in answer.headers) is (told["status"] in ("pending", "running"))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


# ---------------------------------------------------------------- what may be asked for


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """At a service whose provider never finishes, so that everything that was asked for is still there to be seen."""
    provider = GatedProvider()
    with running(build_studio(tmp_path_factory.mktemp("data"), provider)) as studio, asking(studio) as client:
        yield client
        provider.gate.set()


@pytest.mark.parametrize(
    ("asked", "ratio"),
    [
        ({}, "1:1"),
        ({"width": 1024, "height": 1024}, "1:1"),
        ({"width": 1920, "height": 1080}, "16:9"),
        ({"width": 1080, "height": 1920}, "9:16"),
        ({"width": 1200, "height": 1000}, "1:1"),  # 1.2 is nearer to 1 than to 1.5, as distortion goes
        ({"width": 1235, "height": 1000}, "3:2"),  # nearer to 1 by subtraction, to 1.5 by distortion
        ({"width": 1300, "height": 1000}, "3:2"),
        ({"width": 1000, "height": 1300}, "2:3"),
        ({"width": 100_000, "height": 1}, "16:9"),
        ({"width": 1, "height": 100_000}, "9:16"),
        ({"width": 1, "height": 1}, "1:1"),
        ({"width": 1536}, "3:2"),  # the other side is taken for 1024
        ({"height": 2048}, "9:16"),
        ({"width": None, "height": None}, "1:1"),
        ({"width": "1920", "height": "1080"}, "16:9"),
        ({"width": 1920.0, "height": 1080.0}, "16:9"),
        ({"aspect_ratio": "2:3", "width": 1920, "height": 1080}, "2:3"),
    ],
)
def test_width_and_height_become_the_nearest_ratio_and_the_answer_says_which(
    client: httpx.Client, asked: dict[str, Any], ratio: str
) -> None:
    answer = client.post("/generate", json={"prompt": "heron", **asked})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["aspect_ratio"], told["provider"]) == (ratio, "fake")
    assert client.get(f"/api/v1/jobs/{told['job_id']}").json()["aspect_ratio"] == ratio


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "prompt"),
        ({"prompt": "   "}, "prompt"),
        ({"prompt": "x" * 201}, "prompt"),
        ({"prompt": "x" * 20_001}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": "heron\x00"}, "prompt"),
        ({"prompt": "heron", "width": 0}, "width"),
        ({"prompt": "heron", "height": -1}, "height"),
        ({"prompt": "heron", "width": 100_001}, "width"),
        ({"prompt": "heron", "width": 10**400}, "width"),
        ({"prompt": "heron", "height": 1.5}, "height"),
        ({"prompt": "heron", "aspect_ratio": "7:5"}, "aspect_ratio"),
        ({"prompt": "heron", "provider": "nobody"}, "provider"),
        ({"prompt": "heron", "provider": "nobody", "width": 5}, "provider"),
        ({"prompt": "heron", "model": "fake-9", "width": 5}, "model"),
        ({"prompt": "heron", "seed": -1}, "seed"),
        ({"prompt": "heron", "n": 0}, "n"),
        ({"prompt": "heron", "n": 17}, "n"),
    ],
)
def test_what_cannot_be_made_is_refused_by_its_field(client: httpx.Client, asked: dict[str, Any], field: str) -> None:
    problem = refusal(client.post("/generate", json=asked), 422, "bad_input" if _is_ours(asked) else "invalid")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert "\x00" not in problem["detail"]


def _is_ours(asked: dict[str, Any]) -> bool:
    """Whether the shape is right, so that the service's own rules are what says no."""
    prompt, numbers = asked.get("prompt"), ("width", "height", "seed", "n")
    odd = any(key in asked and asked[key] != 5 for key in numbers)
    return isinstance(prompt, str) and len(prompt) <= 20_000 and not odd


def test_fields_it_does_not_know_are_passed_over(client: httpx.Client) -> None:
    asked = {"prompt": "heron", "steps": 30, "cfg_scale": 7.5, "negative_prompt": "", "jobs": [], "owner": "x"}
    assert client.post("/generate", json=asked).status_code == 200


def test_several_at_once_are_all_named_and_the_first_is_the_job_id(client: httpx.Client) -> None:
    told = client.post("/generate", json={"prompt": "heron", "n": 3, "seed": 7}).json()
    assert len(set(told["job_ids"])) == 3
    assert told["job_id"] == told["job_ids"][0]
    assert [client.get(f"/api/v1/jobs/{each}").json()["seed"] for each in told["job_ids"]] == [7, 8, 9]


@pytest.mark.parametrize("job_id", ["x", "0" * 32, "0" * 5000, "%00", "..%5capp.py", "a%0ab", "%ff", "' or 1=1"])
def test_an_unknown_id_is_a_404_with_the_tutorials_own_words(client: httpx.Client, job_id: str) -> None:
    answer = client.get(f"/status/{job_id}")
    assert (answer.status_code, answer.json()) == (404, {"detail": "unknown job"})
    assert answer.headers["content-type"] == "application/json"


class SlowDisk(LocalBlobs):
    """Every look at a picture's file waits at the gate. ``waiting`` counts who stands there."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.gate = threading.Event()
        self.waiting: list[str] = []

    def path(self, key: str) -> str | None:
        self.waiting.append(key)
        self.gate.wait(timeout=30)
        return super().path(key)


def test_a_job_in_the_trash_is_unknown_until_it_is_taken_out_again(tmp_path: Path) -> None:
    with running(build_studio(tmp_path, FakeProvider())) as studio, asking(studio) as client:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert client.delete(f"/api/v1/jobs/{job.id}").status_code == 204
        assert (client.get(f"/status/{job.id}")).json() == {"detail": "unknown job"}
        assert client.post(f"/api/v1/jobs/{job.id}/restore").status_code == 200
        assert client.get(f"/status/{job.id}").json()["status"] == "done"


def test_status_and_generate_answer_while_slow_pictures_fill_the_thread_pool(tmp_path: Path) -> None:
    disk = SlowDisk(tmp_path / "images")
    studio = build_studio(tmp_path, FakeProvider(), blobs=disk)
    with asking(studio) as client, ThreadPoolExecutor(POOL + 2) as browsers:
        pictures = [browsers.submit(client.get, f"/images/{PICTURE.name}") for _ in range(POOL + 2)]
        until(lambda: len(disk.waiting) == POOL)
        job_id = client.post("/generate", json={"prompt": "heron"}).json()["job_id"]
        told = client.get(f"/status/{job_id}").json()
        job = client.get(f"/api/v1/jobs/{job_id}").json()
        full = len(disk.waiting) == POOL and not any(each.done() for each in pictures)
        disk.gate.set()
    studio.stop(0)
    assert (told, job["status"]) == ({"status": "pending"}, "queued")
    assert full


def test_jobs_that_wait_behind_busy_workers_are_told_from_done_ones(tmp_path: Path) -> None:
    provider = GatedProvider()
    with running(build_studio(tmp_path, provider, workers=2)) as studio, asking(studio) as client:
        ids = [client.post("/generate", json={"prompt": f"heron {n}"}).json()["job_id"] for n in range(12)]
        assert provider.started.wait(timeout=10)
        assert {client.get(f"/status/{each}").json()["status"] for each in ids} <= {"pending", "running"}
        provider.gate.set()
        assert [job.status for job in settled(studio, *ids)] == [JobStatus.DONE] * 12
        for each in ids:
            told = client.get(f"/status/{each}").json()
            assert client.get(told["url"]).headers["content-type"] == "image/png"
