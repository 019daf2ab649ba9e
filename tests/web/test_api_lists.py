"""Lists of jobs by keyset: what arrives or goes away meanwhile neither repeats nor hides a job. And ETags."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from reve_core.models import JobRequest, Limits
from reve_core.service import Studio
from reve_core.store.sqlite import SqliteStore
from tests.building import build_studio, place
from tests.fakes import FakeProvider
from tests.web.door import asking, made, refusal

HERON = JobRequest(prompt="heron", provider="fake", model="fake-1", aspect_ratio="1:1")


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> SqliteStore:
    return SqliteStore(tmp_path_factory.mktemp("data") / "reve.db")


@pytest.fixture
def idle(tmp_path_factory: pytest.TempPathFactory, store: SqliteStore) -> Iterator[Studio]:
    """Nobody works here: a job stays as it was put."""
    studio = build_studio(tmp_path_factory.mktemp("rest"), FakeProvider(), FakeProvider(name="other"), store=store)
    yield studio
    studio.stop(0)


@pytest.fixture
def at_rest(idle: Studio) -> Iterator[httpx.Client]:
    with asking(idle) as client:
        yield client


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [job["id"] for job in answer.json()["jobs"]]


def test_pages_follow_each_other_newest_first_until_the_last(at_rest: httpx.Client, store: SqliteStore) -> None:
    jobs = [job.id for job in place(store, *[HERON] * 7)]
    seen, cursor, pages = [], None, 0
    while True:
        answer = at_rest.get("/api/v1/jobs", params={"limit": 3} | ({"cursor": cursor} if cursor else {}))
        seen += ids(answer)
        pages += 1
        cursor = answer.json()["next"]
        if cursor is None:
            break
    assert (seen, pages) == (jobs[::-1], 3)


def test_a_page_that_is_just_full_is_the_last_one(at_rest: httpx.Client, store: SqliteStore) -> None:
    place(store, *[HERON] * 3)
    assert at_rest.get("/api/v1/jobs", params={"limit": 3}).json()["next"] is None


def test_jobs_that_arrive_or_are_deleted_between_pages_neither_repeat_nor_hide_others(
    at_rest: httpx.Client, store: SqliteStore
) -> None:
    jobs = [job.id for job in place(store, *[HERON] * 6)]
    first = at_rest.get("/api/v1/jobs", params={"limit": 2})
    place(store, *[HERON] * 5)
    last_seen = ids(first)[-1]
    store.cancel(last_seen)
    store.trash([last_seen], True)
    store.purge([last_seen])
    second = at_rest.get("/api/v1/jobs", params={"limit": 100, "cursor": first.json()["next"]})
    assert ids(first) + ids(second) == jobs[::-1]


def test_a_cursor_of_a_filtered_list_goes_on_in_the_same_list(at_rest: httpx.Client, store: SqliteStore) -> None:
    foxes = [place(store, HERON, HERON.model_copy(update={"prompt": "fox"}))[1].id for _ in range(4)]
    first = at_rest.get("/api/v1/jobs", params={"words": "FOX", "limit": 2})
    rest = at_rest.get("/api/v1/jobs", params={"words": "FOX", "limit": 2, "cursor": first.json()["next"]})
    assert ids(first) + ids(rest) == foxes[::-1]
    assert rest.json()["next"] is None


def test_every_filter_leaves_only_what_it_names(at_rest: httpx.Client, store: SqliteStore) -> None:
    queued, cancelled, starred, taken = (job.id for job in place(store, *[HERON] * 4))
    [other] = place(store, HERON.model_copy(update={"provider": "other", "model": "other-1", "prompt": "100% owl_"}))
    store.cancel(cancelled)
    store.star([starred], True)
    claim = store.claim("worker", lease_s=60, limits={"fake": Limits(1)})
    assert claim is not None
    running = claim.job.id

    def found(**which: object) -> set[str]:
        return set(ids(at_rest.get("/api/v1/jobs", params=which)))  # type: ignore[arg-type]

    everything = {queued, cancelled, starred, taken, other.id}
    assert found() == everything
    assert found(status="cancelled") == {cancelled}
    assert found(status=["cancelled", "running"]) == {cancelled, running}
    assert found(provider="other") == {other.id}
    assert found(provider="nobody") == set()
    assert found(starred="true") == {starred}
    assert found(starred="false") == everything - {starred}
    assert found(words="owl heron") == set()
    assert found(words="0% l_") == {other.id}  # signs that SQL has another meaning for
    assert found(words="' or 1=1 --") == set()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("limit=", "limit"),
        ("status=perhaps", "status.0"),
        ("status=queued&status=perhaps", "status.1"),
        ("cursor=-1", "cursor"),
        ("cursor=1%0a", "cursor"),
        ("cursor=' or 1=1", "cursor"),
        ("cursor=9999999999999999999", "cursor"),
        ("cursor=%D9%A1", "cursor"),
        ("starred=perhaps", "starred"),
        ("words=" + "x" * 201, "words"),
        ("provider=" + "x" * 65, "provider"),
    ],
)
def test_a_query_that_means_nothing_is_refused_by_its_field(client: httpx.Client, query: str, field: str) -> None:
    problem = refusal(client.get(f"/api/v1/jobs?{query}"), 422, "invalid")
    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize("query", ["cursor=999999999999999999", "cursor=0", "words=%00%ff%f0", "words=", "shape=round"])
def test_a_query_that_means_little_is_a_list_all_the_same(client: httpx.Client, query: str) -> None:
    assert client.get(f"/api/v1/jobs?{query}").status_code == 200


# ---------------------------------------------------------------- ETag


def test_a_job_that_has_not_changed_is_a_304_without_a_body(at_rest: httpx.Client) -> None:
    address = f"/api/v1/jobs/{made(at_rest.post('/api/v1/jobs', json={'prompt': 'heron'}))}"
    first = at_rest.get(address)
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = at_rest.get(address, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b""), known
        assert again.headers["etag"] == tag
        assert "retry-after" in again.headers  # it is still under way
        assert "content-type" not in again.headers
    for strange in ('"other"', tag.strip('"'), "", ","):
        assert at_rest.get(address, headers={"If-None-Match": strange}).status_code == 200, strange


def test_every_change_of_a_job_changes_its_etag(at_rest: httpx.Client, store: SqliteStore) -> None:
    job_id = made(at_rest.post("/api/v1/jobs", json={"prompt": "heron"}))
    address = f"/api/v1/jobs/{job_id}"
    tags = [at_rest.get(address).headers["etag"]]
    store.star([job_id], True)
    tags.append(at_rest.get(address).headers["etag"])
    claim = store.claim("worker", lease_s=60, limits={"fake": Limits(1)})
    assert claim is not None
    tags.append(at_rest.get(address).headers["etag"])
    store.set_progress(claim, 0.5, "half")
    tags.append(at_rest.get(address).headers["etag"])
    store.fail(claim, "refused", "No.", outcome=None)
    ended = at_rest.get(address, headers={"If-None-Match": tags[-1]})
    assert ended.status_code == 200
    tags.append(ended.headers["etag"])
    assert len(set(tags)) == len(tags)


def test_a_list_has_an_etag_too(at_rest: httpx.Client) -> None:
    tag = at_rest.get("/api/v1/jobs").headers["etag"]
    assert at_rest.get("/api/v1/jobs", headers={"If-None-Match": tag}).status_code == 304
    made(at_rest.post("/api/v1/jobs", json={"prompt": "heron"}))
    assert at_rest.get("/api/v1/jobs", headers={"If-None-Match": tag}).status_code == 200
