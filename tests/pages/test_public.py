"""
The pages in public mode. Streamlit's test runner has no browser and so no cookies: each run here is the visitor of its own
session, as in a browser that sends none, unless a test says which cookie came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.parts import handover
from reve_core import bootstrap
from reve_core.errors import RequestRejected
from reve_core.models import JobFilter, JobRequest, JobStatus
from reve_core.ports import CallContext
from reve_core.service import Studio
from reve_core.visitors import COOKIE, SECURE_COOKIE
from reve_core.web.site import Site
from tests.building import build_studio, until
from tests.fakes import FakeProvider
from tests.pages.conftest import data_of, send

FEED, GRID, VIEWER, JOBS, COMPOSER = "reve_feed", "reve_grid", "reve_viewer", "reve_jobs", "reve_composer"
NOTE = "Your browser sends no cookies here."
ANYBODYS = JobFilter(owner=None)
HERON = JobRequest(prompt="a heron", aspect_ratio="1:1")


def as_told(request: JobRequest, context: CallContext) -> None:
    if request.prompt == "fail":
        raise RequestRejected("The provider did not take it.")


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider(before=as_told)


@pytest.fixture
def studio(tmp_path: Path, provider: FakeProvider) -> Iterator[Studio]:
    service = build_studio(tmp_path, provider, concurrency=2, public=True)
    service.start()
    bootstrap.use(service, Site(public=True))
    yield service
    bootstrap.use(None)
    service.stop(5)


@pytest.fixture
def cookies(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the browser sends."""
    sent: dict[str, str] = {}
    monkeypatch.setattr(type(st.context), "cookies", property(lambda context: sent))
    return sent


def words(at: AppTest) -> str:
    return "\n".join(node.proto.body for node in at.get("html"))


def create(at: AppTest, studio: Studio, prompt: str = "a heron") -> str:
    """The owner of the picture that was asked for on the Create page."""
    before = {job.id for job in studio.jobs(ANYBODYS).jobs}
    form = {"n": 1, "prompt": prompt, "ratio": "1:1", "count": 1, "seed": "", "model": ""}
    send(at, COMPOSER, "submit", form)
    [job] = [job for job in studio.jobs(ANYBODYS).jobs if job.id not in before]
    until(lambda: not studio.get(job.id, owner=job.owner).status.is_pending)
    return job.owner


def made(studio: Studio, owner: str, prompt: str = "a heron") -> str:
    [job] = studio.submit(HERON.model_copy(update={"prompt": prompt}), owner=owner)
    until(lambda: not studio.get(job.id, owner=owner).status.is_pending)
    return job.id


OpenPage = Callable[..., AppTest]


def test_two_sessions_without_cookies_are_two_visitors(open_page: OpenPage, studio: Studio) -> None:
    ada, eve = open_page(), open_page()
    owner = create(ada, studio)
    assert owner.startswith("v-")
    assert [card["prompt"] for card in data_of(ada.run(), FEED)["cards"]] == ["a heron"]
    assert data_of(eve.run(), FEED)["cards"] == []
    assert create(eve, studio, "a fox") != owner
    for at, prompt in ((ada, "a heron"), (eve, "a fox")):
        assert [tile["alt"] for tile in data_of(at.switch_page("gallery.py").run(), GRID)["items"]] == [prompt]
        assert [row["prompt"] for row in data_of(at.switch_page("queue.py").run(), JOBS)["rows"]] == [prompt]


def test_a_session_without_cookies_keeps_its_visitor_and_is_told_so(open_page: OpenPage, studio: Studio) -> None:
    at = open_page()
    assert words(at).count(NOTE) == 1
    assert create(at, studio) == create(at, studio, "a fox")
    assert words(at.switch_page("gallery.py").run()).count(NOTE) == 1


@pytest.mark.parametrize("name", [COOKIE, SECURE_COOKIE])
def test_the_cookie_says_who_it_is_on_the_very_first_run(
    open_page: OpenPage, studio: Studio, cookies: dict[str, str], name: str
) -> None:
    made(studio, "v-ada")
    made(studio, "v-eve", "a fox")
    cookies[name] = studio.visitors.cookie("v-ada")
    at = open_page()
    feed = data_of(at, FEED)
    assert [card["prompt"] for card in feed["cards"]] == ["a heron"]
    assert feed["live"] == {"url": "/api/live?limit=24", "you": studio.visitors.tag("v-ada")}
    assert "key" not in feed["cards"][0]
    assert NOTE not in words(at)
    [tile] = data_of(at.switch_page("gallery.py").run(), GRID)["items"]
    assert "?" not in tile["src"]


def test_a_forged_cookie_is_nobodys(open_page: OpenPage, studio: Studio, cookies: dict[str, str]) -> None:
    made(studio, "v-ada")
    cookies[COOKIE] = studio.visitors.cookie("v-ada")[:-2] + "AA"
    at = open_page()
    assert data_of(at, FEED)["cards"] == []
    assert NOTE in words(at)


def test_a_session_that_began_without_cookies_does_not_change_its_mind(
    open_page: OpenPage, studio: Studio, cookies: dict[str, str]
) -> None:
    at = open_page()
    owner = create(at, studio)
    cookies[COOKIE] = studio.visitors.cookie("v-late")
    assert create(at.run(), studio, "a fox") == owner


def test_without_cookies_every_address_has_its_key_and_no_address_has_the_pass(
    open_page: OpenPage, studio: Studio
) -> None:
    at = open_page()
    owner = create(at, studio)
    [job] = studio.jobs(ANYBODYS).jobs
    assert job.image is not None
    feed = data_of(at.run(), FEED)
    visitors = studio.visitors
    assert visitors.of_session_pass(feed["live"]["pass"]) == owner
    assert visitors.opens(feed["cards"][0]["key"], job.image.thumbnail)
    at.switch_page("gallery.py").run()
    [tile] = data_of(at, GRID)["items"]
    assert tile["src"] == f"/images/{job.image.thumbnail}?k={visitors.key(job.image.thumbnail)}"
    send(at, GRID, "act", {"do": "zip", "ids": [job.id]})
    path, _, key = data_of(at, GRID)["message"]["url"].partition("?k=")
    assert visitors.opens(key, path.removeprefix("/exports/"))
    send(at, GRID, "act", {"do": "open", "ids": [job.id]})
    view = data_of(at, VIEWER)["view"]
    assert view["download"] == f"/download/{job.id}?k={visitors.key(job.id)}"
    assert view["src"] == f"/images/{job.image.name}?k={visitors.key(job.image.name)}"
    assert feed["live"]["pass"] not in str([tile, view, path, key])


def test_what_is_anothers_cannot_be_touched_with_made_up_messages(open_page: OpenPage, studio: Studio) -> None:
    theirs = made(studio, "v-ada")
    at = open_page()
    for what in ("star", "trash", "retry", "cancel", "check", "rerun", "give_up", "reuse"):
        send(at, FEED, "act", {"id": theirs, "what": what, "n": 1})
        assert data_of(at, COMPOSER)["fill"] is None
    at = open_page("gallery.py", image=theirs)
    assert data_of(at, VIEWER)["view"]["title"] == "No such picture"
    for do in ("star", "trash", "restore", "purge", "zip"):
        send(at, GRID, "act", {"do": do, "ids": [theirs], "on": True})
    at = open_page("queue.py")
    for do in ("trash", "retry", "cancel", "resolve"):
        send(at, JOBS, "act", {"do": do, "id": theirs, "how": "give_up"})
    job = studio.get(theirs, owner="v-ada")
    assert (job.status, job.starred, job.trashed_at) == (JobStatus.DONE, False, None)


def test_trying_all_failed_again_leaves_those_of_others(open_page: OpenPage, studio: Studio) -> None:
    theirs = made(studio, "v-ada", "fail")
    at = open_page("queue.py")
    send(at, JOBS, "act", {"do": "retry_failed"})
    assert "None of them" in data_of(at, JOBS)["message"]["text"]
    job = studio.get(theirs, owner="v-ada")
    assert (job.status, job.attempt) == (JobStatus.FAILED, 1)


def test_pausing_a_provider_is_not_offered_and_not_done_for_a_visitor(open_page: OpenPage, studio: Studio) -> None:
    at = open_page("queue.py")
    assert [row["operated"] for row in data_of(at, JOBS)["providers"]] == [False]
    send(at, JOBS, "act", {"do": "pause", "provider": "fake"})
    assert not studio.catalogue.provider("fake").paused
    studio.pause("fake")
    send(at, JOBS, "act", {"do": "resume", "provider": "fake"})
    assert studio.catalogue.provider("fake").paused


# -- another device


def test_the_way_to_another_device_is_a_link_for_once(
    open_page: OpenPage, studio: Studio, cookies: dict[str, str]
) -> None:
    cookies[COOKIE] = studio.visitors.cookie("v-ada")
    at = open_page("gallery.py")
    [button] = [button for button in at.button if button.label == "Make a link"]
    button.click().run()
    shown = data_of(at, handover.NAME)
    token = shown["url"].rpartition("/continue/")[2]
    assert shown["code"].startswith("data:image/svg+xml")
    assert studio.visitors.take_over(token) == "v-ada"
    at.run()
    assert "The link has been used" in at.markdown[0].value
    assert [button.label for button in at.button if "link" in button.label] == ["Make a link"]


def test_the_link_begins_with_the_address_that_is_set(open_page: OpenPage, studio: Studio) -> None:
    bootstrap.use(studio, Site(public=True, public_url="https://pictures.example"))
    at = open_page("gallery.py")
    next(button for button in at.button if button.label == "Make a link").click().run()
    shown = data_of(at, handover.NAME)
    assert shown["url"].startswith("https://pictures.example/continue/")
    assert "gallery stays" in shown["note"]


def test_a_code_for_this_computer_alone_says_so() -> None:
    for url in ("http://localhost:8501/continue/x", "http://127.0.0.1/continue/x", "http://[::1]:8501/continue/x"):
        assert "this computer only" in handover.shown(url)["note"]
    assert handover.shown("http://192.168.1.5:8501/continue/x")["note"] == ""


def test_in_personal_mode_there_is_no_such_entry(tmp_path: Path, provider: FakeProvider) -> None:
    service = build_studio(tmp_path / "personal", provider)
    service.start()
    bootstrap.use(service, Site())
    try:
        at = AppTest.from_file(str(Path(__file__).resolve().parents[2] / "pages" / "_shell.py"), default_timeout=20)
        at.run().switch_page("gallery.py").run()
        assert [button.label for button in at.button if "link" in button.label] == []
        assert NOTE not in words(at)
    finally:
        bootstrap.use(None)
        service.stop(5)
