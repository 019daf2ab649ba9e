"""What the results page asks for: the votes so far, whoever's it wants, and nothing where nothing is new."""

from __future__ import annotations

import httpx
import pytest

from reve_core.compare.models import OWNER, Axes, Comparison
from reve_core.models import PERSONAL
from reve_core.service import Studio
from tests.building import until
from tests.web.door import refusal


@pytest.fixture
def comparison(studio: Studio) -> Comparison:
    made = studio.comparisons.make(Axes(prompts=("a fox", "a heron"), samples=2), owner=PERSONAL)
    until(lambda: not studio.board.feed(owner=PERSONAL).pending)
    return made


def address(comparison: Comparison) -> str:
    return f"/api/live/comparison/{comparison.id}/result"


def vote(studio: Studio, comparison: Comparison, voter: str, choice: str = "left") -> None:
    ballot = studio.polls.next_ballot(comparison, voter)
    assert ballot is not None
    studio.polls.cast(comparison, ballot.id, choice, voter=voter)


def test_a_vote_shows_at_the_next_look_and_nothing_new_is_nothing(
    studio: Studio, client: httpx.Client, comparison: Comparison
) -> None:
    first = client.get(address(comparison)).json()
    assert first["result"]["words"] == "No votes yet"
    known = {"rev": first["rev"]}
    assert client.get(address(comparison), params=known).json() == known
    vote(studio, comparison, "ann")
    news = client.get(address(comparison), params=known)
    assert news.headers["cache-control"] == "no-store"
    assert news.json()["result"]["votes"] == 1
    assert news.json()["rev"] != first["rev"]


def test_the_owners_votes_and_the_visitors_are_told_apart(
    studio: Studio, client: httpx.Client, comparison: Comparison
) -> None:
    vote(studio, comparison, "ann")
    vote(studio, comparison, "bob", "tie")
    vote(studio, comparison, OWNER, "bad")
    found = {by: client.get(address(comparison), params={"by": by}).json()["result"] for by in ("visitors", "owner")}
    assert (found["visitors"]["votes"], found["visitors"]["ties"]) == (2, 1)
    assert (found["owner"]["votes"], found["owner"]["both_bad"]) == (1, 1)


def test_a_freeze_shows_too(studio: Studio, client: httpx.Client, comparison: Comparison) -> None:
    studio.comparisons.freeze(comparison.id, True, owner=PERSONAL)
    assert client.get(address(comparison)).json()["result"]["frozen_at"]


def test_nobodys_votes_and_no_comparison_are_refused_in_words(client: httpx.Client, comparison: Comparison) -> None:
    refusal(client.get(address(comparison), params={"by": "nobody"}), 422, "bad_input")
    refusal(client.get("/api/live/comparison/nothing/result"), 404, "comparison_not_found")
