"""
Public mode: whose jobs are whose. Every operation of the API and every address of a picture, asked by everybody.

What is somebody else's must not differ from what never was: the same status and, byte for byte, the same body.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from reve_core.models import JobFilter
from reve_core.web.who import KEY
from tests.building import build_studio, running, until
from tests.fakes import FakeProvider
from tests.web.conftest import as_told
from tests.web.door import asking, operations, refusal
from tests.web.people import ADDRESSES, NAMING, NOBODIES, OTHERS, OWNERS, ROWS, World, filled

ABSENT = "0" * 32


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    providers = FakeProvider(before=as_told), FakeProvider(name="paused")
    with running(build_studio(tmp_path_factory.mktemp("data"), *providers, public=True)) as studio:
        studio.pause("paused")
        with asking(studio) as client:
            yield World(studio, client)


def alike(one: httpx.Response, other: httpx.Response) -> bool:
    """Nobody could tell the two apart, but for the time of day."""
    return (one.status_code, one.content, {**one.headers, "date": ""}) == (
        other.status_code,
        other.content,
        {**other.headers, "date": ""},
    )


def test_every_operation_has_a_row_and_every_row_an_operation() -> None:
    assert set(ROWS) == set(operations())


@pytest.mark.parametrize("who", OWNERS)
@pytest.mark.parametrize("operation", ROWS)
def test_the_owner_may_do_everything_however_she_shows_who_she_is(world: World, operation: str, who: str) -> None:
    row = ROWS[operation]
    answer = world.ask(who, operation, world.thing(row))
    assert answer.status_code == row.status, answer.text


@pytest.mark.parametrize("who", [*OTHERS, *NOBODIES])
@pytest.mark.parametrize("operation", NAMING)
def test_what_is_annas_does_not_exist_for_anybody_else(world: World, operation: str, who: str) -> None:
    row = ROWS[operation]
    thing = world.thing(row)
    before = world.studio.revision(owner=world.owner)
    theirs = world.ask(who, operation, thing)
    assert theirs.status_code == (row.other if who in OTHERS else row.nobody) == 404
    assert alike(theirs, world.ask(who, operation, ABSENT))
    assert world.studio.revision(owner=world.owner) == before
    # It was there all the time, and still is.
    assert world.ask("her cookie", operation, thing).status_code == row.status


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH"])
@pytest.mark.parametrize("operation", NAMING)
def test_no_other_verb_tells_them_apart_either(world: World, operation: str, method: str) -> None:
    thing = world.thing(ROWS[operation])
    for who in ("another visitor", "nobody"):
        theirs = world.ask(who, operation, thing, method=method)
        assert alike(theirs, world.ask(who, operation, ABSENT, method=method)), who


@pytest.mark.parametrize("who", [*OTHERS, *NOBODIES])
@pytest.mark.parametrize("operation", sorted(set(ROWS) - set(NAMING)))
def test_what_names_no_job_shows_and_changes_nothing_of_annas(world: World, operation: str, who: str) -> None:
    row = ROWS[operation]
    mine = world.job("done")
    before = world.studio.jobs(JobFilter(owner=world.owner)).jobs
    answer = world.ask(who, operation, "")
    assert answer.status_code == (row.other if who in OTHERS else row.nobody), answer.text
    assert mine.id not in answer.text
    assert "secret" not in answer.text
    assert world.studio.jobs(JobFilter(owner=world.owner)).jobs == before
    if answer.status_code == 401:
        refusal(answer, 401, "not_allowed")


@pytest.mark.parametrize("operation", ROWS)
def test_a_share_links_token_is_no_api_token(world: World, operation: str) -> None:
    share = world.studio.shares.make(world.job("done").id, owner=world.owner)
    row, (verb, path) = ROWS[operation], operation.split(" ")
    answer = world.client.request(
        verb,
        filled(path, world.thing(row) or "x"),
        json=row.body,
        headers={"Authorization": f"Bearer {share.token}"},
    )
    refusal(answer, 401, "not_allowed")


@pytest.mark.parametrize("who", [*OWNERS, *OTHERS, *NOBODIES])
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_picture_is_served_to_its_owner_and_to_nobody_else(world: World, address: str, who: str) -> None:
    job = world.job("done")
    assert job.image is not None
    export = world.studio.shelf.prepare_export([job.id], owner=world.owner)
    compared = world.studio.comparisons.of_pictures([job.id, world.job("done").id], owner=world.owner).id
    names = {
        "image": job.image.name,
        "thumbnail": job.image.thumbnail,
        "job": job.id,
        "export": export,
        "compared": compared,
    }
    absent = {name: value.replace(job.id, ABSENT) for name, value in names.items()}
    absent |= {"export": "x" * len(export), "compared": ABSENT}
    for method in ("GET", "HEAD") if "{export}" not in address else ("GET",):
        theirs, never = (
            world.client.request(method, address.format(**each), headers=world.sent[who], params={KEY: world.key})
            for each in (names, absent)
        )
        if who in OWNERS:
            assert theirs.status_code == 200
        else:
            assert theirs.status_code == 404
            assert alike(theirs, never)


@pytest.mark.parametrize("who", [*OWNERS, *OTHERS, *NOBODIES])
def test_the_live_cards_are_ones_own(world: World, who: str) -> None:
    job = world.job("done")
    answer = world.client.get("/api/live", headers=world.sent[who])
    if who in NOBODIES:
        refusal(answer, 401, "not_allowed")
    else:
        assert answer.status_code == 200
        assert (job.id in answer.text) is (who in OWNERS)


@pytest.mark.parametrize("who", [*OWNERS, *OTHERS, *NOBODIES])
def test_a_share_link_opens_its_picture_to_everybody_and_nothing_else_of_it(world: World, who: str) -> None:
    job = world.job("done")
    share = world.studio.shares.make(job.id, owner=world.owner, show_prompt=False)
    for what in ("", "/picture", "/card.jpg", "/download"):
        answer = world.client.get(f"/s/{share.token}{what}", headers=world.sent[who])
        assert answer.status_code == 200
        for secret in (b"secret", world.owner.encode(), job.id.encode()):
            assert secret not in answer.content, what
    world.studio.shares.revoke(share.share.id, owner=world.owner)
    for what in ("", "/picture", "/card.jpg", "/download"):
        assert world.client.get(f"/s/{share.token}{what}", headers=world.sent[who]).status_code == 410


@pytest.mark.parametrize("who", OTHERS)
def test_a_visitors_own_jobs_are_not_annas(world: World, who: str) -> None:
    made = world.ask(who, "POST /generate", "").json()["job_id"]
    until(lambda: world.client.get(f"/status/{made}", headers=world.sent[who]).json()["status"] == "done")
    assert world.client.get(f"/status/{made}", headers=world.sent["her cookie"]).status_code == 404
    assert made in world.client.get("/api/v1/jobs", headers=world.sent[who]).text
    assert made not in world.client.get("/api/v1/jobs", headers=world.sent["her cookie"]).text
