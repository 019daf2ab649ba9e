"""Is it up, may it have visitors, how is it doing; and who is told."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from reve_core.errors import PromptRefused, StoreBusy, StoreError
from reve_core.guarding import Tally
from reve_core.models import JobRequest, Picture
from reve_core.ports import CallContext
from reve_core.service import Studio
from reve_core.store.sqlite.tally import tally
from reve_core.web import counters
from reve_core.web.front import Front
from reve_core.web.operating import TRIES
from reve_core.web.site import Site
from tests.building import build_studio, place, running, settled
from tests.fakes import FakeProvider
from tests.web.door import asking, page, refusal
from tests.web.servers import serving

TOKEN = "not-a-real-operator-token-0123456789"
SITE = Site(operator_token=SecretStr(TOKEN), trusted_hops=1)
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}


def as_told(request: JobRequest, context: CallContext) -> Picture | None:
    if request.prompt == "refuse":
        raise PromptRefused("The provider refused this prompt.")
    return None


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    with running(build_studio(tmp_path, FakeProvider(before=as_told))) as studio:
        yield studio


@pytest.fixture
def client(studio: Studio, tmp_path: Path) -> Iterator[httpx.Client]:
    app = Front(page, get_studio=lambda: studio, get_site=lambda: SITE, get_tally=lambda: tally(tmp_path / "reve.db"))
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield client


def numbers(text: str) -> dict[str, float]:
    """Every sample by its name and labels, such as ``reve_jobs{provider=fake,status=done}``."""
    return {
        sample.name
        + "{"
        + ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
        + "}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def read(client: httpx.Client) -> dict[str, float]:
    answer = client.get("/metrics", headers=OPERATOR)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"
    return numbers(answer.text)


def test_a_process_that_runs_is_healthy_and_one_with_room_is_ready(client: httpx.Client) -> None:
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (200, "ok\n")
    assert (client.get("/readyz").status_code, client.get("/readyz").text) == (200, "ready\n")
    assert client.head("/readyz").status_code == 200


def test_a_watchman_asks_by_any_name(studio: Studio) -> None:
    with asking(studio, Site(allowed_hosts=("studio.example",))) as client:
        assert [client.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")] == [200, 200, 400]


def test_who_is_stopping_is_healthy_and_not_ready(studio: Studio, client: httpx.Client) -> None:
    studio.drain()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "stopping\n")


def test_without_room_on_the_disk_nobody_is_sent_here(studio: Studio, client: httpx.Client) -> None:
    studio.board._disk_is_low = lambda: True
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "disk\n")


def test_a_store_that_cannot_be_read_is_told_by_a_word_and_nothing_of_the_machine(tmp_path: Path) -> None:
    def broken() -> Studio:
        raise StoreBusy(f"{tmp_path} is locked")

    app = Front(page, get_studio=broken, get_site=lambda: SITE)
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "store\n")
        assert client.get("/healthz").status_code == 200


def test_the_metrics_count_jobs_calls_and_what_waits(studio: Studio, client: httpx.Client, tmp_path: Path) -> None:
    settled(studio, *(job.id for job in studio.submit(JobRequest(prompt="a red fox", provider="fake"), count=3)))
    settled(studio, studio.submit(JobRequest(prompt="refuse", provider="fake"))[0].id)
    found = read(client)
    assert found["reve_jobs{provider=fake,status=done}"] == 3
    assert found["reve_jobs{provider=fake,status=failed}"] == 1
    assert found["reve_calls{outcome=ok,provider=fake}"] == 3
    assert found["reve_calls{outcome=refused,provider=fake}"] == 1
    assert found["reve_credits{outcome=ok,provider=fake}"] == 30
    assert found["reve_queued{}"] == found["reve_oldest_queued_seconds{}"] == 0
    assert found["reve_store_up{}"] == 1
    studio.drain()
    place(studio._store, JobRequest(prompt="waits", aspect_ratio="1:1", provider="away", model="m"))
    found = read(client)
    assert found["reve_queued{}"] == found["reve_jobs{provider=away,status=queued}"] == 1
    assert 0 <= found["reve_oldest_queued_seconds{}"] < 60


def test_the_metrics_count_refusals_by_their_code_and_name_nobody(client: httpx.Client) -> None:
    name = "reve_refusals_total{code=unsupported_media_type}"
    before = read(client).get(name, 0)
    client.post("/api/v1/jobs", content=b"a secret fox", headers={"X-Forwarded-For": "192.0.2.7"})
    counters.stands("sockets_open", 7)
    text = client.get("/metrics", headers=OPERATOR).text
    assert numbers(text)[name] == before + 1
    assert numbers(text)["reve_sockets_open{}"] == 7
    assert not re.search(r"fox|192\.0\.2\.7|not-a-real", text)


def test_where_the_tables_cannot_be_read_the_other_numbers_still_can(studio: Studio, tmp_path: Path) -> None:
    def locked() -> Tally:
        raise StoreError("The numbers cannot be read now.")

    app = Front(page, get_studio=lambda: studio, get_site=lambda: SITE, get_tally=locked)
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        found = read(client)
    assert found["reve_store_up{}"] == 0
    assert "process_resident_memory_bytes{}" in found


def test_a_tally_changes_nothing_and_says_so_where_there_is_no_database(studio: Studio, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere" / "reve.db"
    with pytest.raises(StoreError):
        tally(nowhere)
    assert not nowhere.exists()
    (tmp_path / "other.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError):
        tally(tmp_path / "other.db")
    with sqlite3.connect(tmp_path / "empty.db"), pytest.raises(StoreError):
        tally(tmp_path / "empty.db")


def test_without_a_token_in_the_settings_there_are_no_metrics(studio: Studio) -> None:
    with asking(studio, Site()) as client:
        for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Bearer None"}, OPERATOR):
            refusal(client.get("/metrics", headers=headers), 404, "not_found")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer ü"},
        {"Cookie": f"token={TOKEN}"},
    ],
    ids=str,
)
def test_only_the_whole_token_in_its_header_opens_them(client: httpx.Client, headers: dict[str, str]) -> None:
    sent = {name: value.encode() for name, value in headers.items()}
    answer = client.get("/metrics", headers=sent)
    refusal(answer, 401, "not_allowed")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert client.get(f"/metrics?token={TOKEN}").status_code == 401


def test_whoever_guesses_has_five_tries_and_others_have_theirs(client: httpx.Client) -> None:
    guess = {"Authorization": "Bearer guess", "X-Forwarded-For": "6.6.6.6, 192.0.2.1"}
    assert [client.get("/metrics", headers=guess).status_code for _ in range(TRIES + 2)] == [401] * TRIES + [429] * 2
    right = OPERATOR | {"X-Forwarded-For": "192.0.2.1"}
    answer = client.get("/metrics", headers=right)
    refusal(answer, 429, "too_many_tries")
    assert 0 < int(answer.headers["retry-after"]) <= 120
    assert client.get("/metrics", headers=OPERATOR | {"X-Forwarded-For": "192.0.2.2"}).status_code == 200


def test_robots_may_see_shared_pages_only_and_the_icon_is_ours(client: httpx.Client) -> None:
    robots = client.get("/robots.txt")
    assert robots.headers["content-type"].startswith("text/plain")
    assert "Allow: /s/" in robots.text
    assert robots.text.endswith("Disallow: /\n")
    icon = client.get("/favicon.ico")
    assert icon.headers["content-type"].startswith("image/svg+xml")
    assert icon.text.startswith("<svg")


def test_labels_that_hold_something_of_a_visitors_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "_counted", Counter())
    for number in range(2000):
        counters.count("test_many", who=f"visitor {number}")
    assert len(counters.counted()) <= 500
