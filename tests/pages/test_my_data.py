"""My data on the real main script: what it says, whom it deletes for, and what a stranger's message cannot do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.parts import host
from reve_core import bootstrap
from reve_core.keeping import Keeping, Recipient
from reve_core.models import JobFilter, JobRequest
from reve_core.service import Studio
from reve_core.visitors import COOKIE
from reve_core.web.site import Site
from tests.building import build_studio, until
from tests.fakes import FakeProvider
from tests.pages.conftest import data_of, send

PIECE, GRID = "reve_my_data", "reve_grid"
Open = Callable[..., AppTest]


@pytest.fixture
def studio(tmp_path: Path, provider: FakeProvider) -> Iterator[Studio]:
    service = build_studio(
        tmp_path,
        provider,
        public=True,
        keeping=Keeping(failed_days=1, picture_days=7, comparison_days=30),
        recipients=[Recipient("Fake (fake.example)", "your prompt")],
    )
    service.start()
    bootstrap.use(service, Site(public=True))
    yield service
    bootstrap.use(None)
    service.stop(5)


@pytest.fixture
def cookies(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    sent: dict[str, str] = {}
    monkeypatch.setattr(type(st.context), "cookies", property(lambda context: sent))
    return sent


def made(studio: Studio, owner: str) -> str:
    [job] = studio.submit(JobRequest(prompt="a heron"), owner=owner)
    until(lambda: not studio.get(job.id, owner=owner).status.is_pending)
    return job.id


def test_it_says_what_is_stored_how_long_and_who_is_told(
    studio: Studio, open_page: Open, cookies: dict[str, str]
) -> None:
    made(studio, "v-ada")
    made(studio, "v-eve")
    cookies[COOKIE] = studio.visitors.cookie("v-ada")
    data = data_of(open_page("my_data.py"), PIECE)
    assert [(row["n"], row["what"]) for row in data["stored"]] == [("1", "picture"), ("1", "prompt")]
    assert {"what": "Pictures and their prompts", "long": "7 days, favourites too"} in data["kept"]
    assert data["sent"] == ["Fake (fake.example): your prompt."]
    assert (data["public"], data["alone"], data["pass"]) == (True, False, "")
    assert "cookie" in data["about"]


def test_the_file_is_made_for_whoever_asks(studio: Studio, open_page: Open, cookies: dict[str, str]) -> None:
    cookies[COOKIE] = studio.visitors.cookie("v-ada")
    made(studio, "v-ada")
    at = send(open_page("my_data.py"), PIECE, "act", {"do": "export"})
    token = data_of(at, PIECE)["said"]["url"].removeprefix("/exports/")
    assert b"a heron" in b"".join(studio.shelf.export(token, "v-ada"))


@pytest.mark.parametrize("said", [{"do": "delete", "sure": True}, {"do": "gone"}, {"do": "delete"}, "delete", None])
def test_a_made_up_message_deletes_nothing_where_the_browser_does_that(
    studio: Studio, open_page: Open, cookies: dict[str, str], said: Any
) -> None:
    job_id = made(studio, "v-ada")
    cookies[COOKIE] = studio.visitors.cookie("v-ada")
    send(open_page("my_data.py"), PIECE, "act", said)
    assert studio.get(job_id, owner="v-ada").image is not None


def test_where_only_the_page_can_do_it_it_does_and_goes_on_as_somebody_new(studio: Studio, open_page: Open) -> None:
    at = open_page("my_data.py")
    owner = at.session_state["me_alone"]
    made(studio, owner)
    other = made(studio, "v-eve")
    at.session_state["host_found"] = host.Host(True, "/", "")
    send(at.run(), PIECE, "act", {"do": "delete", "sure": True})
    assert studio.jobs(JobFilter(owner=owner)).jobs == []
    assert at.session_state["me_alone"] != owner
    assert data_of(at, PIECE)["left"] is True
    assert data_of(at, PIECE)["stored"][0]["n"] == "0"
    assert data_of(at.run(), PIECE)["left"] is False  # said once
    assert studio.get(other, owner="v-eve").image is not None


def test_the_gallery_says_once_how_long_pictures_are_kept(
    studio: Studio, open_page: Open, cookies: dict[str, str]
) -> None:
    made(studio, "v-ada")
    cookies[COOKIE] = studio.visitors.cookie("v-ada")
    assert data_of(open_page("gallery.py"), GRID)["says"] == "1 picture, kept for 7 days here"


def test_one_persons_page_says_where_everything_lies(tmp_path: Path, provider: FakeProvider) -> None:
    from tests.pages.conftest import SHELL

    service = build_studio(tmp_path / "personal", provider)
    service.start()
    bootstrap.use(service, Site())
    try:
        at = AppTest.from_file(str(SHELL), default_timeout=20).run().switch_page("my_data.py").run()
        data = data_of(at, PIECE)
        assert str(tmp_path / "personal") in data["about"]
        assert data["public"] is False
        assert data["kept"][0] == {"what": "Pictures, prompts and comparisons", "long": "until you delete them"}
    finally:
        bootstrap.use(None)
        service.stop(5)
