"""What a comparison's page asks for: the grid once, then only what is new, and of one's own comparisons only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from reve_core.compare.models import Axes, Comparison
from reve_core.models import PERSONAL
from reve_core.service import Studio
from reve_core.visitors import COOKIE
from reve_core.web.who import PASS_HEADER
from tests.building import build_studio, running, until
from tests.fakes import FakeProvider
from tests.web.door import asking, refusal

ADDRESS = "/api/live/comparison"


def make(studio: Studio, owner: str = PERSONAL, *prompts: str, samples: int = 1) -> Comparison:
    made = studio.comparisons.make(Axes(prompts=prompts or ("a fox", "a heron"), samples=samples), owner=owner)
    until(lambda: not studio.board.feed(owner=owner).pending)
    return made


def test_the_grid_is_told_once_and_then_only_when_something_changed(studio: Studio, client: httpx.Client) -> None:
    made = make(studio)
    first = client.get(f"{ADDRESS}/{made.id}").json()
    assert [cell["state"] for cell in first["data"]["cells"]] == ["done", "done"]
    assert first["wait"] == ""
    assert "you" not in first
    known = {"rev": first["rev"]}
    assert client.get(f"{ADDRESS}/{made.id}", params=known).json() == known
    studio.comparisons.describe(made.id, owner=PERSONAL, title="Animals")
    again = client.get(f"{ADDRESS}/{made.id}", params=known).json()
    assert again["rev"] != first["rev"]
    assert again["data"]["title"] == "Animals"


def test_its_pictures_are_where_it_says(studio: Studio, client: httpx.Client) -> None:
    made = make(studio)
    cell = client.get(f"{ADDRESS}/{made.id}").json()["data"]["cells"][0]
    for address in (cell["src"], cell["full"]):
        assert client.get(address).headers["content-type"].startswith("image/")


def test_a_prompt_is_told_once_however_many_pictures_it_has(studio: Studio, client: httpx.Client) -> None:
    prompt = "a very long prompt " * 10
    made = make(studio, PERSONAL, prompt, "a short one", samples=8)
    packed = client.get(f"{ADDRESS}/{made.id}")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.text.count(prompt.strip()) <= 2  # its row, and its difference to the other
    assert not any("alt" in cell for cell in packed.json()["data"]["cells"])
    plain = client.get(f"{ADDRESS}/{made.id}", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json()["data"] == packed.json()["data"]


def test_a_vote_is_news_and_stands_with_its_row(studio: Studio, client: httpx.Client) -> None:
    made = make(studio)
    first = client.get(f"{ADDRESS}/{made.id}").json()
    assert first["data"]["standing"] is None
    [(left, right)] = studio.polls.pairs(made)
    studio.polls.score(made, [(left, right, "left")])
    news = client.get(f"{ADDRESS}/{made.id}", params={"rev": first["rev"]}).json()
    assert sorted(news["data"]["standing"].values()) == ["preferred 0 of 1", "preferred 1 of 1"]


def test_what_is_under_way_says_how_long_the_line_is(held: httpx.Client, tmp_path: Path) -> None:
    made = held.post("/api/v1/jobs", json={"prompt": "first in line"})
    assert made.status_code == 201
    studio = build_studio(tmp_path, FakeProvider())  # a second look at the same folder; it works on nothing
    comparison = studio.comparisons.make(Axes(prompts=("a fox", "a heron")), owner=PERSONAL)
    news = held.get(f"{ADDRESS}/{comparison.id}").json()
    assert {cell["state"] for cell in news["data"]["cells"]} <= {"queued", "running"}
    assert news["wait"]
    studio.stop(1)


def test_a_picture_tells_its_layout_and_facts(studio: Studio, client: httpx.Client) -> None:
    made = make(studio)
    key = client.get(f"{ADDRESS}/{made.id}").json()["data"]["cells"][0]["key"]
    told = client.get(f"{ADDRESS}/{made.id}/cell/{key}").json()
    assert [region["label"] for region in told["regions"]] == ["<thing>"]
    assert ["Shape", "1:1"] in told["facts"]


@pytest.mark.parametrize("rest", ["", "/", "/cell", "/cell/", "/cell/x/y", "/nothing", "/../x"])
def test_what_is_no_address_of_it_is_not_there(studio: Studio, client: httpx.Client, rest: str) -> None:
    response = client.get(f"{ADDRESS}{rest}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_a_comparison_or_cell_that_never_was_is_refused_in_words(studio: Studio, client: httpx.Client) -> None:
    refusal(client.get(f"{ADDRESS}/{'0' * 32}"), 404, "comparison_not_found")
    made = make(studio)
    refusal(client.get(f"{ADDRESS}/{made.id}/cell/{'0' * 32}"), 404, "comparison_not_found")
    refusal(client.post(f"{ADDRESS}/{made.id}"), 405, "method_not_allowed")


# -- visitors


@pytest.fixture
def public(tmp_path: Path) -> Iterator[Studio]:
    with running(build_studio(tmp_path / "public", FakeProvider(), public=True)) as studio:
        yield studio


def test_a_visitor_sees_their_own_comparison_and_nobody_elses(public: Studio) -> None:
    made = make(public, "v-ada")
    with asking(public) as client:
        as_ada = {"Cookie": f"{COOKIE}={public.visitors.cookie('v-ada')}"}
        as_eve = {"Cookie": f"{COOKIE}={public.visitors.cookie('v-eve')}"}
        news = client.get(f"{ADDRESS}/{made.id}", headers=as_ada).json()
        assert news["you"] == public.visitors.tag("v-ada")
        assert "k=" not in news["data"]["cells"][0]["src"]
        key = news["data"]["cells"][0]["key"]
        for rest in ("", f"?rev={news['rev']}", f"/cell/{key}", "/result"):
            refusal(client.get(f"{ADDRESS}/{made.id}{rest}", headers=as_eve), 404, "comparison_not_found")
            assert client.get(f"{ADDRESS}/{made.id}{rest}").status_code in (401, 403)


def test_a_browser_without_cookies_shows_its_pass_and_gets_keys_to_the_pictures(public: Studio) -> None:
    made = make(public, "v-ada")
    with asking(public) as client:
        shown = {PASS_HEADER: public.visitors.session_pass("v-ada")}
        cell = client.get(f"{ADDRESS}/{made.id}", headers=shown).json()["data"]["cells"][0]
        for address in (cell["src"], cell["full"]):
            assert client.get(address).status_code == 200
            assert client.get(address.partition("?")[0]).status_code == 404
