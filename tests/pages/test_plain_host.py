"""
The pages on a host that lets only Streamlit's own addresses through. What the browser finds out is put into the piece's mouth
here; that it finds it out, and that everything shown comes through, is proven in ``tests/browser/test_streamlit_only_host``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.parts import pictures, resuming
from reve_core import bootstrap
from reve_core.models import PERSONAL, JobRequest
from reve_core.service import Studio
from reve_core.visitors import COOKIE, RESUME_S
from reve_core.web.site import Site
from tests.building import build_studio
from tests.fakes import FakeProvider, GatedProvider
from tests.pages.conftest import data_of, piece, send, settle

HOST, FEED, COMPOSER, GRID, VIEWER = "reve_host", "reve_feed", "reve_composer", "reve_grid", "reve_viewer"
JOBS, LIST, SHEET, RESULTS = "reve_jobs", "reve_comparisons", "reve_comparison", "reve_results"
ROOT = "/~/+/"
FOX, HERON = "a red fox", "a grey heron"
Open = Callable[..., AppTest]


@pytest.fixture
def open_plain(studio: Studio, open_page: Open) -> Open:
    """``open_page`` where the browser has said what host this is."""

    def run(page: str = "create.py", **params: str) -> AppTest:
        at = found(open_page(**params))
        return at if page == "create.py" else at.switch_page(page).run()

    return run


@pytest.fixture
def public(tmp_path: Path) -> Iterator[Studio]:
    service = build_studio(tmp_path / "public", FakeProvider(), concurrency=2, public=True)
    service.start()
    bootstrap.use(service, Site(public=True))
    yield service
    bootstrap.use(None)
    service.stop(5)


def found(at: AppTest, *, plain: Any = True, root: Any = ROOT, kept: Any = "") -> AppTest:
    return send(at, HOST, "found", {"plain": plain, "root": root, "kept": kept})


def is_asked(at: AppTest) -> bool:
    try:
        return not data_of(at, HOST)["settled"]
    except AssertionError:
        return False


def addresses(value: Any) -> list[str]:
    """Every text in it that looks like an address of a picture."""
    if isinstance(value, dict):
        return [each for inner in value.values() for each in addresses(inner)]
    if isinstance(value, list):
        return [each for inner in value for each in addresses(inner)]
    return [value] if isinstance(value, str) and value.endswith((".webp", ".png")) and "/" in value else []


def words(at: AppTest) -> str:
    return "\n".join(node.proto.body for node in at.get("html"))


def draw(studio: Studio, *prompts: str, owner: str = PERSONAL) -> list[str]:
    jobs = [studio.submit(JobRequest(prompt=prompt, aspect_ratio="1:1"), owner=owner)[0] for prompt in prompts]
    settle(studio)
    return [job.id for job in jobs]


# -- finding out


def test_an_ordinary_page_is_there_at_once_and_asks_beside_it(open_page: Open, studio: Studio) -> None:
    draw(studio, FOX)
    at = open_page()
    assert is_asked(at)
    assert [card["prompt"] for card in data_of(at, FEED)["cards"]] == [FOX]
    assert all(each.startswith(("/images/", "/examples/")) for each in addresses(data_of(at, COMPOSER)))
    assert data_of(at, FEED)["live"]["url"].startswith("/api/live")


def test_after_a_while_an_ordinary_page_asks_no_more(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    at = open_page()
    at.session_state["host_found"] -= 31
    assert not is_asked(at.run())


@pytest.mark.parametrize(
    "address", ["https://reve.streamlit.app/", "https://reve.streamlit.app/gallery", "https://elsewhere.example/"]
)
def test_where_there_is_a_doubt_the_page_waits_for_the_answer(
    public: Studio, monkeypatch: pytest.MonkeyPatch, open_page: Open, address: str
) -> None:
    """In public mode no cookie came back; and some hosts are known."""
    monkeypatch.setattr(type(st.context), "url", property(lambda context: address))
    bootstrap.use(public, Site(public=True))
    at = open_page()
    assert data_of(at, HOST)["waits"]
    with pytest.raises(AssertionError, match="no piece"):
        piece(at, FEED)
    at = found(at, plain=False, root="/")
    assert data_of(at, FEED)["live"] is not None
    assert "Your browser sends no cookies here." in words(at)


@pytest.mark.parametrize(
    "said", [None, "plain", {}, {"plain": "yes", "root": ROOT}, {"plain": False, "root": ROOT, "kept": "x" * 4000}]
)
def test_what_a_browser_makes_up_is_taken_for_an_ordinary_host(open_page: Open, studio: Studio, said: Any) -> None:
    draw(studio, FOX)
    at = send(open_page(), HOST, "found", said)
    assert data_of(at, FEED)["live"] is not None


@pytest.mark.parametrize(
    "root", ["//evil.example/", "https://evil.example/", "/a\\b/", "/a//b/", "/a", 7, "/" + "x" * 600 + "/"]
)
def test_no_picture_is_sent_for_elsewhere(open_page: Open, studio: Studio, root: Any) -> None:
    draw(studio, FOX)
    feed = data_of(found(open_page(), root=root), FEED)
    assert all(each.startswith("/mock/media/") for each in addresses(feed))


# -- pictures and news


def test_every_picture_comes_by_streamlits_own_route(open_plain: Open, studio: Studio) -> None:
    fox, heron = draw(studio, FOX, HERON)
    made = studio.comparisons.of_pictures([fox, heron], owner=PERSONAL)
    shown = [
        (open_plain(), FEED, 2),
        (open_plain(), COMPOSER, 6),
        (open_plain("gallery.py"), GRID, 2),
        (open_plain("gallery.py", image=fox), VIEWER, 3),
        (open_plain("queue.py"), JOBS, 2),
        (open_plain("compare.py"), LIST, 4),
        (open_plain("compare.py", c=made.id), SHEET, 2),
    ]
    for at, name, least in shown:
        sources = addresses(data_of(at, name))
        assert len(sources) >= least, name
        assert all(each.startswith(f"{ROOT}mock/media/") for each in sources), (name, sources)


def test_no_piece_asks_for_news_itself(open_plain: Open, studio: Studio) -> None:
    fox, heron = draw(studio, FOX, HERON)
    made = studio.comparisons.of_pictures([fox, heron], owner=PERSONAL)
    assert data_of(open_plain(), FEED)["live"] is None
    assert data_of(open_plain("gallery.py"), GRID)["poll"] is None
    assert data_of(open_plain("queue.py"), JOBS)["live"] is None
    assert data_of(open_plain("compare.py"), LIST)["live"] is None
    at = open_plain("compare.py", c=made.id, tab="results")
    assert data_of(at, SHEET)["live"] is None
    assert data_of(at, RESULTS)["live"] is None
    assert data_of(at, RESULTS)["news"]["result"]["votes"] == 0


class TestWhilePending:
    @pytest.fixture
    def provider(self) -> GatedProvider:
        return GatedProvider()

    @pytest.mark.parametrize("page", ["create.py", "gallery.py", "queue.py"])
    def test_the_page_looks_again_by_itself_only_while_something_is_pending(
        self,
        open_plain: Open,
        studio: Studio,
        provider: GatedProvider,
        ticks: list[float],
        page: str,
    ) -> None:
        at = open_plain(page)
        assert ticks == []
        studio.submit(JobRequest(prompt=FOX, aspect_ratio="1:1"))
        at.run()
        assert len(ticks) == 1
        provider.gate.set()
        settle(studio)
        at.run()  # finds that nothing is pending any more, and is run once again for that
        ticks.clear()
        at.run()
        assert ticks == []

    def test_an_ordinary_host_never_does(
        self, open_page: Open, studio: Studio, provider: GatedProvider, ticks: list[float]
    ) -> None:
        studio.submit(JobRequest(prompt=FOX, aspect_ratio="1:1"))
        for page in ("create.py", "gallery.py", "queue.py", "compare.py"):
            open_page(page)
        assert ticks == []
        provider.gate.set()


def test_a_picture_comes_in_full_once_somebody_looks_at_it(open_plain: Open, studio: Studio) -> None:
    fox, heron = draw(studio, FOX, HERON)
    made = studio.comparisons.of_pictures([fox, heron], owner=PERSONAL)
    at = open_plain("compare.py", c=made.id)
    cells = data_of(at, SHEET)["news"]["data"]["cells"]
    assert [cell["full"] for cell in cells] == ["", ""]
    send(at, SHEET, "act", {"do": "look", "keys": [cells[0]["key"]]})
    told = data_of(at, SHEET)
    assert [bool(cell["full"]) for cell in told["news"]["data"]["cells"]] == [True, False]
    assert ["Made by", "Fake"] in told["details"]["cells"][cells[0]["key"]]["facts"]


# -- what leads nowhere there is not offered; files go through Streamlit


def test_nothing_is_offered_that_only_our_own_addresses_could_do(open_plain: Open, studio: Studio) -> None:
    fox, heron = draw(studio, FOX, HERON)
    made = studio.comparisons.of_pictures([fox, heron], owner=PERSONAL)
    at = open_plain("gallery.py", image=fox)
    view = data_of(at, VIEWER)["view"]
    assert (view["shares"], view["download"]) == (False, "")
    assert [tab["title"] for tab in data_of(open_plain("compare.py", c=made.id), SHEET)["tabs"]][-1] == "Files"
    files = open_plain("compare.py", c=made.id, tab="share")
    with pytest.raises(AssertionError, match="no piece"):
        piece(files, "reve_linking")
    assert len(files.get("download_button")) == 6


@pytest.mark.parametrize("act", [{"do": "download", "id": None}, {"do": "zip", "ids": None}])
def test_files_come_by_streamlits_own_route(open_plain: Open, studio: Studio, act: dict[str, Any]) -> None:
    ids = draw(studio, FOX, HERON)
    at = open_plain("gallery.py")
    send(at, GRID, "act", {"do": act["do"], "id": ids[0], "ids": ids})
    assert data_of(at, GRID)["message"]["url"].startswith(f"{ROOT}mock/media/")


def test_an_archive_that_is_too_large_for_memory_is_refused_with_a_reason(
    open_plain: Open, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST", 1024**2)
    monkeypatch.setattr(studio.shelf, "export", lambda token, owner: iter([b"x" * 600_000] * 2))
    at = open_plain("gallery.py")
    send(at, GRID, "act", {"do": "zip", "ids": draw(studio, FOX)})
    told = data_of(at, GRID)["message"]
    assert "more than the 1 MB" in told["text"]
    assert told["url"] == ""


def test_a_personal_studio_says_that_it_is_everybodys_unless_that_was_chosen(
    open_plain: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    resuming._is_mode_chosen.cache_clear()
    assert "Everybody who opens this page sees" in words(open_plain())
    resuming._is_mode_chosen.cache_clear()
    monkeypatch.setenv("REVE_MODE", "personal")
    assert "Everybody who opens this page sees" not in words(open_plain())
    resuming._is_mode_chosen.cache_clear()


# -- coming back


class TestComingBack:
    @pytest.fixture
    def studio(self, public: Studio) -> Studio:
        return public

    def test_a_link_brings_back_and_leaves_the_address(self, open_plain: Open, studio: Studio) -> None:
        at = open_plain()
        link = data_of(at, "reve_resuming")
        assert link["root"] == ROOT
        token = link["query"].removeprefix("?me=")
        owner = str(studio.visitors.of_resume_pass(token))
        back = open_plain(me=token)
        assert "gallery of the link" in words(back)
        assert "me" not in back.query_params
        assert studio.visitors.of_resume_pass(data_of(back, HOST)["keep"]) == owner

    def test_a_reload_goes_on_with_what_the_tab_kept(
        self, open_page: Open, studio: Studio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(type(st.context), "url", property(lambda context: "https://reve.streamlit.app/"))
        at = found(open_page(), kept=studio.visitors.resume_pass("v-ada"))
        assert studio.visitors.of_resume_pass(data_of(at, HOST)["keep"]) == "v-ada"
        assert "your own link brings you back" in words(at)

    @pytest.mark.parametrize("what", ["forged", "session", "cookie"])
    def test_no_other_signature_is_taken_for_one(self, open_plain: Open, studio: Studio, what: str) -> None:
        token = {
            "forged": studio.visitors.resume_pass("v-ada")[:-2] + "xx",
            "session": studio.visitors.session_pass("v-ada"),
            "cookie": studio.visitors.cookie("v-ada"),
        }[what]
        at = open_plain(me=token)
        assert studio.visitors.of_resume_pass(data_of(at, HOST)["keep"]) != "v-ada"
        assert "not valid" in words(at)
        assert "me" not in at.query_params

    def test_a_visitor_with_a_cookie_is_nobody_elses_by_a_link(
        self, open_page: Open, studio: Studio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who is lured by a link would draw into a stranger's gallery."""
        monkeypatch.setattr(
            type(st.context), "cookies", property(lambda context: {COOKIE: studio.visitors.cookie("v-ada")})
        )
        at = open_page(me=studio.visitors.resume_pass("v-eve"))
        assert data_of(at, FEED)["live"]["you"] == studio.visitors.tag("v-ada")

    def test_who_came_by_a_link_can_begin_anew(self, open_plain: Open, studio: Studio) -> None:
        at = open_plain(me=studio.visitors.resume_pass("v-ada"))
        [button] = [each for each in at.button if each.label == "Start a new gallery"]
        button.click().run()
        assert studio.visitors.of_resume_pass(data_of(at, HOST)["keep"]) != "v-ada"
        assert "gallery of the link" not in words(at)

    def test_a_link_ends(self, tmp_path: Path) -> None:
        from reve_core.guard.signing import Signer
        from reve_core.visitors import Visitors

        now = [1_000_000.0]
        signer = Signer(["only-for-tests-" * 3], clock=lambda: now[0])
        visitors = Visitors(access=None, signer=signer, public=True)  # type: ignore[arg-type]
        token = visitors.resume_pass("v-ada")
        now[0] += RESUME_S - 1
        assert visitors.of_resume_pass(token) == "v-ada"
        now[0] += 2
        assert visitors.of_resume_pass(token) is None


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clocks that a run sets in the browser, in seconds between two ticks."""
    from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext

    told: list[float] = []
    enqueue = ScriptRunContext.enqueue

    def listening(self: ScriptRunContext, message: Any) -> None:
        if message.WhichOneof("type") == "auto_rerun":
            told.append(message.auto_rerun.interval)
        enqueue(self, message)

    monkeypatch.setattr(ScriptRunContext, "enqueue", listening)
    return told


def test_what_is_sent_to_the_page_is_json(open_plain: Open) -> None:
    assert json.dumps(data_of(open_plain(), HOST)) == '{"settled": true, "keep": ""}'
