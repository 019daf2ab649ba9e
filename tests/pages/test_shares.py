"""Sharing on the real main script: the form over a picture, the list of links, and Create as "Make your own" finds it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import sharing
from reve_core import bootstrap
from reve_core.models import PERSONAL, JobRequest
from reve_core.service import Studio
from reve_core.web.site import Site
from tests.pages.conftest import data_of, send, settle

VIEWER, LIST, COMPOSER, GRID = "reve_viewer", "reve_shares", "reve_composer", "reve_grid"
MARKUP = "**bold** ![x](http://127.0.0.1:9/b.png) <img src=x onerror=alert(1)>"

Open = Callable[..., AppTest]


def make(studio: Studio, prompt: str = "a red fox", **options: Any) -> str:
    [job] = studio.submit(JobRequest(prompt=prompt, seed=7, **options))
    settle(studio)
    return job.id


def form(job_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "do": "share",
        "id": job_id,
        "n": 1,
        "prompt": True,
        "settings": False,
        "published": False,
        "days": None,
    } | changes


def share(studio: Studio, prompt: str = "a red fox", **options: Any) -> str:
    link = studio.shares.make(make(studio, prompt), owner=PERSONAL, **options)
    assert link.token is not None
    return link.token


def test_the_form_makes_a_link_that_works(studio: Studio, open_page: Open) -> None:
    job_id = make(studio)
    at = send(open_page("gallery.py", image=job_id), VIEWER, "act", form(job_id, days=7))
    answer = data_of(at, VIEWER)["shared"]
    assert answer["n"] == 1
    token = answer["link"]["url"].rpartition("/s/")[2]
    window = studio.shares.open(token)
    assert window.prompt == "a red fox"
    assert window.settings == ()
    assert window.share.expires_at == window.share.created_at + timedelta(days=7)
    assert f"/s/{token}/embed" in answer["link"]["frame"]
    assert data_of(at, VIEWER)["view"]["id"] == job_id  # the picture stays open behind it


def test_the_form_keeps_back_what_was_unticked(studio: Studio, open_page: Open) -> None:
    job_id = make(studio)
    send(
        open_page("gallery.py", image=job_id), VIEWER, "act", form(job_id, prompt=False, settings=True, published=True)
    )
    [link] = studio.shares.links(PERSONAL)
    assert (link.share.show_prompt, link.share.show_settings, link.share.published) == (False, True, True)
    assert link.share.expires_at is None


@pytest.mark.parametrize("days", [0, -1, 2, 7.0, "7", True, [7], 10**9])
def test_a_span_that_is_not_on_the_list_makes_no_link(studio: Studio, open_page: Open, days: object) -> None:
    job_id = make(studio)
    at = send(open_page("gallery.py", image=job_id), VIEWER, "act", form(job_id, days=days))
    assert "list" in data_of(at, VIEWER)["shared"]["problem"]
    assert studio.shares.links(PERSONAL) == []


def test_a_picture_that_is_gone_is_said_in_the_form(studio: Studio, open_page: Open) -> None:
    job_id = make(studio)
    at = open_page("gallery.py", image=job_id)
    studio.shelf.trash([job_id])
    at = send(at, VIEWER, "act", form(job_id))
    assert "deleted" in data_of(at, VIEWER)["shared"]["problem"]


def test_an_empty_list_teaches_and_leads_to_the_gallery(open_page: Open) -> None:
    at = open_page("shares.py")
    data = data_of(at, LIST)
    assert data["items"] == []
    assert data["drawing"]
    send(at, LIST, "act", {"do": "gallery"})
    assert data_of(at, GRID)


def test_the_list_says_what_each_link_shows_and_how_often_it_was_opened(studio: Studio, open_page: Open) -> None:
    share(studio, "a heron", show_prompt=False)
    token = share(studio, MARKUP, show_settings=True, published=True, lasts=timedelta(days=1))
    studio.shares.count_view(studio.shares.open(token).share)
    newest, oldest = data_of(open_page("shares.py"), LIST)["items"]
    assert newest["prompt"] == MARKUP
    assert newest["shows"] == "Picture, prompt and settings · listed by search engines"
    assert (newest["views"], newest["state"]) == (1, "open")
    assert newest["ends"]
    assert newest["link"]["url"].endswith(f"/s/{token}")
    assert oldest["shows"] == "Picture only"
    assert oldest["ends"] is None


def test_ending_a_link_is_said_and_the_link_goes_from_the_list(studio: Studio, open_page: Open) -> None:
    share(studio)
    at = open_page("shares.py")
    [item] = data_of(at, LIST)["items"]
    at = send(at, LIST, "act", {"do": "revoke", "id": item["id"]})
    data = data_of(at, LIST)
    assert "has ended" in data["said"]["text"]
    assert data["items"][0]["state"] == "revoked"
    assert data["items"][0]["link"] is None
    at = send(at, LIST, "act", {"do": "revoke", "id": "f" * 32})
    assert "nothing behind this link" in data_of(at, LIST)["said"]["text"]


def test_a_deleted_picture_leaves_a_row_without_its_words(studio: Studio, open_page: Open) -> None:
    token = share(studio, "a secret heron")
    job_id = studio.shares.open(token).share.job_id
    studio.shelf.trash([job_id])
    assert data_of(open_page("shares.py"), LIST)["items"][0]["state"] == "trashed"
    studio.shelf.purge([job_id])
    [item] = data_of(open_page("shares.py"), LIST)["items"]
    assert (item["state"], item["prompt"], item["job"], item["alive"]) == ("deleted", "", None, False)


def test_more_links_come_when_asked_for(studio: Studio, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = make(studio)
    for _ in range(31):
        studio.shares.make(job_id, owner=PERSONAL)
    at = open_page("shares.py")
    assert len(data_of(at, LIST)["items"]) == 30
    assert data_of(at, LIST)["more"]
    at = send(at, LIST, "act", {"do": "more"})
    assert len(data_of(at, LIST)["items"]) == 31
    assert not data_of(at, LIST)["more"]


def test_make_your_own_fills_in_the_shared_prompt_and_cleans_the_address(studio: Studio, open_page: Open) -> None:
    at = open_page("create.py", share=share(studio, MARKUP))
    assert not at.exception
    fill = data_of(at, COMPOSER)["fill"]
    assert fill["prompt"] == MARKUP
    assert "seed" not in fill
    assert "share" not in at.query_params
    assert studio.board.feed().cards[0]["prompt"] == MARKUP  # nothing was ordered by it
    assert len(studio.board.feed().cards) == 1


def test_make_your_own_fills_in_the_settings_where_they_are_shown(studio: Studio, open_page: Open) -> None:
    fill = data_of(open_page("create.py", share=share(studio, show_settings=True)), COMPOSER)["fill"]
    assert (fill["prompt"], fill["seed"], fill["model"]) == ("a red fox", "7", "fake/fake-1")


def test_make_your_own_knows_nothing_of_what_is_kept_back(studio: Studio, open_page: Open) -> None:
    at = open_page("create.py", share=share(studio, show_prompt=False))
    assert data_of(at, COMPOSER)["fill"] is None
    at = open_page("create.py", share=share(studio, show_prompt=False, show_settings=True))
    assert "prompt" not in data_of(at, COMPOSER)["fill"]


@pytest.mark.parametrize("token", ["", "A" * 22, "../../x", "\u202e" * 30])
def test_a_link_that_leads_nowhere_leaves_the_form_as_it_was_and_says_so(open_page: Open, token: str) -> None:
    at = open_page("create.py", share=token)
    assert not at.exception
    fill = data_of(at, COMPOSER)["fill"]
    assert "nothing behind this link" in fill["note"]
    assert "prompt" not in fill
    assert "share" not in at.query_params


def test_a_local_address_is_named_as_one(studio: Studio) -> None:
    for home in ("http://localhost:8501", "http://127.0.0.1", "http://[::1]:8501", "http://studio.localhost"):
        assert "on this computer" in sharing.note(home, "This link works")
    for home in ("https://pictures.example", "http://192.168.1.7:8501", ""):
        assert sharing.note(home, "This link works") == ""


def test_with_a_public_address_links_begin_with_it(studio: Studio, open_page: Open) -> None:
    bootstrap.use(studio, Site(public_url="https://pictures.example"))
    share(studio)
    [item] = data_of(open_page("shares.py"), LIST)["items"]
    assert item["link"]["url"].startswith("https://pictures.example/s/")
    assert 'src="https://pictures.example/s/' in item["link"]["frame"]
