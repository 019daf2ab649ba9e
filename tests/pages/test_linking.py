"""Links to comparisons on the screen's side: the form that makes one, and its row among the shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from reve_core.compare.models import Axes, Comparison
from reve_core.models import PERSONAL
from reve_core.service import Studio
from tests.pages.conftest import data_of, send, settle

FORM, LIST = "reve_linking", "reve_shares"
Open = Callable[..., AppTest]


def alone(comparison_id: str) -> None:
    """A page with nothing but the form."""
    from pages.parts.comparing import linking
    from reve_core import bootstrap

    linking.draw(bootstrap.get().comparisons.get(comparison_id, owner="me"))


@pytest.fixture
def comparison(studio: Studio) -> Comparison:
    made = studio.comparisons.make(Axes(prompts=("a red fox", "a red heron")), owner=PERSONAL)
    settle(studio)
    return made


@pytest.fixture
def at(comparison: Comparison) -> AppTest:
    return AppTest.from_function(alone, kwargs={"comparison_id": comparison.id}, default_timeout=20).run()


def said(**changes: Any) -> dict[str, Any]:
    usual = {
        "do": "make",
        "n": 1,
        "vote": True,
        "prompt": True,
        "grid": False,
        "published": False,
        "question": "",
        "days": None,
    }
    return usual | changes


def test_the_form_makes_a_link_as_it_was_filled_in(at: AppTest, studio: Studio, comparison: Comparison) -> None:
    at = send(at, FORM, "act", said(prompt=False, grid=True, days=7, question="Which fox is colder?"))
    made = data_of(at, FORM)["made"]
    assert made["n"] == 1
    token = made["link"]["url"].rpartition("/c/")[2]
    opened = studio.comparison_shares.open(token)
    share = opened.share
    assert (share.may_vote, share.show_prompt, share.show_grid, share.published) == (True, False, True, False)
    assert share.expires_at is not None
    assert (share.expires_at - share.created_at).days == 7
    assert opened.question == "Which fox is colder?"
    assert f"/c/{token}/embed" in made["link"]["frame"]


def test_a_link_to_look_at_leaves_the_question_alone(at: AppTest, studio: Studio, comparison: Comparison) -> None:
    studio.comparisons.describe(comparison.id, owner=PERSONAL, question="Which one?")
    at = send(at, FORM, "act", said(vote=False, question=None, grid=True))
    [link] = studio.shares.links(PERSONAL)
    assert (link.share.may_vote, link.share.show_grid) == (False, False)
    assert studio.comparisons.get(comparison.id, owner=PERSONAL).question == "Which one?"


@pytest.mark.parametrize(
    ("changes", "word"), [({"days": 3}, "list"), ({"days": "7"}, "list"), ({"question": "why " * 100}, "Shorten")]
)
def test_what_cannot_be_is_refused_in_a_sentence(
    at: AppTest, studio: Studio, changes: dict[str, Any], word: str
) -> None:
    made = data_of(send(at, FORM, "act", said(**changes)), FORM)["made"]
    assert word in made["problem"]
    assert studio.shares.links(PERSONAL) == []


def test_a_comparison_deleted_meanwhile_makes_no_link(at: AppTest, studio: Studio, comparison: Comparison) -> None:
    before = studio.comparisons.get(comparison.id, owner=PERSONAL)
    studio.comparisons.delete(before.id, owner=PERSONAL)
    with pytest.raises(AssertionError):  # the whole page is gone, and with it the form
        data_of(send(at, FORM, "act", said()), FORM)
    assert studio.shares.links(PERSONAL) == []


def test_the_shares_list_links_to_comparisons_too(studio: Studio, comparison: Comparison, open_page: Open) -> None:
    make = studio.comparison_shares.make
    make(comparison.id, owner=PERSONAL, may_vote=False, show_prompt=False)
    vote = make(comparison.id, owner=PERSONAL, show_grid=True)
    newest, oldest = data_of(open_page("shares.py"), LIST)["items"]
    assert newest["prompt"] == "fox or heron"
    assert newest["shows"] == "Blind vote, then the grid · prompts shown"
    assert oldest["shows"] == "Grid and result · prompts hidden"
    assert newest["link"]["url"].endswith(f"/c/{vote.token}")
    assert (newest["job"], newest["compare"]) == (None, comparison.id)
    assert newest["src"]


def test_a_deleted_comparison_leaves_a_row_that_says_so(
    studio: Studio, comparison: Comparison, open_page: Open
) -> None:
    studio.comparison_shares.make(comparison.id, owner=PERSONAL)
    studio.comparisons.delete(comparison.id, owner=PERSONAL)
    [item] = data_of(open_page("shares.py"), LIST)["items"]
    assert (item["state"], item["says"], item["was"]) == ("deleted", "Comparison was deleted", "comparison")
    assert (item["compare"], item["link"], item["src"]) == (None, None, "")
