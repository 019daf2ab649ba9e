"""What the votes came to and scoring alone, as pieces on a page: what they are told, and what becomes of what they send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from reve_core.compare.models import OWNER, Axes, Comparison
from reve_core.errors import StoreBusy
from reve_core.models import PERSONAL
from reve_core.service import Studio
from tests.fakes import GatedProvider
from tests.pages.conftest import data_of, send, settle

RESULTS, SCORING = "reve_results", "reve_scoring"


def _page() -> None:
    """The two pieces, as the page of a comparison has them in one of its tabs."""
    import streamlit as st

    from pages.parts.comparing import results, scoring
    from reve_core import bootstrap

    shown = bootstrap.get().comparisons.get(st.query_params["c"], owner="me")
    scoring.draw(shown)
    results.draw(shown, votes_url="/votes.csv")


@pytest.fixture
def comparison(studio: Studio) -> Comparison:
    prompts = ("a red fox", "a red heron", "a red cat")
    made = studio.comparisons.make(Axes(prompts=prompts, samples=2), owner=PERSONAL, question="Which would you hang?")
    settle(studio)
    return made


@pytest.fixture
def at(comparison: Comparison) -> AppTest:
    page = AppTest.from_function(_page, default_timeout=20)
    page.query_params["c"] = comparison.id
    return page.run()


@pytest.fixture
def score(at: AppTest) -> Callable[..., Any]:
    """``score("pairs", …)``: what Python answers to the piece."""

    def ask(what: str, **more: Any) -> Any:
        send(at, SCORING, "act", {"do": what, "n": f"r.{len(more)}", "run": "r", **more})
        assert not at.exception
        return data_of(at, SCORING)["answer"]

    return ask


def votes(studio: Studio, comparison: Comparison) -> int:
    return studio.polls.result(comparison, by="owner").votes


def as_votes(pairs: list[dict[str, Any]], choice: str = "left") -> list[list[Any]]:
    return [[number, pair["left"]["key"], pair["right"]["key"], choice] for number, pair in enumerate(pairs, 1)]


def test_results_are_asked_for_by_the_piece_and_cost_the_page_nothing(at: AppTest, comparison: Comparison) -> None:
    told = data_of(at, RESULTS)
    assert told["live"] == {"url": f"/api/live/comparison/{comparison.id}/result"}
    assert told["candidates"] == [3]
    assert told["votes"] == "/votes.csv"
    assert "result" not in told


def test_the_vote_is_closed_and_opened_again(at: AppTest, studio: Studio, comparison: Comparison) -> None:
    send(at, RESULTS, "act", {"do": "freeze", "on": True})
    assert data_of(at, RESULTS)["frozen"]
    assert data_of(at, RESULTS)["said"]["text"].startswith("The vote is closed")
    assert studio.comparisons.get(comparison.id, owner=PERSONAL).frozen_at is not None
    send(at, RESULTS, "act", {"do": "freeze", "on": False})
    assert not data_of(at, RESULTS)["frozen"]


def test_a_closed_piece_holds_no_pictures(at: AppTest) -> None:
    told = data_of(at, SCORING)
    assert told["answer"] is None
    assert told["question"] == "Which would you hang?"
    assert told["brackets"] == [{"kind": "prompts", "count": 3, "ready": 3, "coming": False}]


def test_a_bracket_is_offered_with_how_many_would_take_part(
    at: AppTest, studio: Studio, comparison: Comparison
) -> None:
    def lost(row: str) -> list[str]:
        cells = studio.comparisons.grid(comparison.id, owner=PERSONAL).cells
        return [cell.key for place, cell in cells.items() if place[0] == row]

    for row, ready in (("r3", 2), ("r2", 0)):
        studio.comparisons.remove(comparison.id, lost(row), owner=PERSONAL)
        at.run()
        assert data_of(at, SCORING)["brackets"] == [{"kind": "prompts", "count": 3, "ready": ready, "coming": False}]


class TestWhileItIsMade:
    @pytest.fixture
    def provider(self) -> GatedProvider:
        gated = GatedProvider()
        gated.gate.set()
        return gated

    def test_a_bracket_says_that_more_are_coming(
        self, at: AppTest, studio: Studio, comparison: Comparison, provider: GatedProvider
    ) -> None:
        provider.gate.clear()
        studio.comparisons.extend(comparison.id, prompts=("a red dog",), owner=PERSONAL)
        at.run()
        assert data_of(at, SCORING)["brackets"] == [{"kind": "prompts", "count": 4, "ready": 3, "coming": True}]
        provider.gate.set()
        settle(studio)
        at.run()
        assert data_of(at, SCORING)["brackets"] == [{"kind": "prompts", "count": 4, "ready": 4, "coming": False}]


def test_pairs_to_score_come_blind_and_none_comes_twice(score: Callable[..., Any]) -> None:
    first = score("pairs", waiting=[])
    assert len(first["pairs"]) == 6
    assert (first["cast"], first["left"]) == (0, 12)
    for pair in first["pairs"]:
        assert set(pair["left"]) == {"key", "src", "thumb", "width", "height"}
    waiting = [[pair["left"]["key"], pair["right"]["key"]] for pair in first["pairs"][2:]]
    more = score("pairs", waiting=waiting, votes=as_votes(first["pairs"][:2]))
    assert (more["cast"], more["left"], more["upto"]) == (2, 10, 2)
    sets = [frozenset((pair["left"]["key"], pair["right"]["key"])) for pair in first["pairs"] + more["pairs"]]
    assert len(more["pairs"]) == 2
    assert len(set(sets)) == 8


def test_votes_that_are_sent_again_are_confirmed_again_and_count_once(
    score: Callable[..., Any], studio: Studio, comparison: Comparison
) -> None:
    sent = as_votes(score("pairs", waiting=[])["pairs"][:3])
    assert score("votes", votes=sent)["upto"] == 3
    assert score("votes", votes=sent)["upto"] == 3
    assert votes(studio, comparison) == 3


def test_votes_stay_in_the_browser_while_the_database_is_busy(
    score: Callable[..., Any], studio: Studio, comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = as_votes(score("pairs", waiting=[])["pairs"][:1])

    def busy(*_: object) -> None:
        raise StoreBusy("The database is busy. Try again in a moment.")

    with monkeypatch.context() as patch:
        patch.setattr(studio.polls, "score", busy)
        answer = score("votes", votes=sent)
    assert answer["problem"].startswith("The database is busy")
    assert "upto" not in answer
    assert "refused" not in answer
    assert score("votes", votes=sent)["upto"] == 1
    assert votes(studio, comparison) == 1


def test_a_closed_vote_refuses_scores_for_good(
    at: AppTest, score: Callable[..., Any], studio: Studio, comparison: Comparison
) -> None:
    sent = as_votes(score("pairs", waiting=[])["pairs"][:1])
    studio.comparisons.freeze(comparison.id, True, owner=PERSONAL)
    answer = score("votes", votes=sent)
    assert answer["refused"]
    assert "closed" in answer["problem"]
    assert votes(studio, comparison) == 0


def test_what_is_no_vote_is_passed_over(score: Callable[..., Any], studio: Studio, comparison: Comparison) -> None:
    answer = score("votes", votes=["x", [1, 2], [5, "no", "such", "left"], None])
    assert answer["upto"] == 5
    assert votes(studio, comparison) == 0
    assert score("pairs", waiting="x", votes={"a": 1})["pairs"]
    assert score("votes", votes=[[6, "a", "b", "maybe"]])["refused"]


def test_a_bracket_is_told_one_picture_of_each_with_its_name(
    score: Callable[..., Any], studio: Studio, comparison: Comparison
) -> None:
    entrants = score("bracket", kind="prompts")["entrants"]
    assert sorted(each["name"] for each in entrants) == ["A", "B", "C"]
    assert {each["prompt"] for each in entrants} == {"a red fox", "a red heron", "a red cat"}
    final = [[1, entrants[0]["key"], entrants[1]["key"], "tie"], [2, entrants[0]["key"], entrants[2]["key"], "left"]]
    assert score("votes", votes=final)["cast"] == 2
    given = studio.polls.result(comparison, by="owner")
    assert (given.votes, given.ties) == (2, 1)
    assert OWNER not in str(entrants)
