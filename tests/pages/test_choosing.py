"""Several providers to choose from, and what is said of each: what it costs, what it can do, why it is paused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import composer
from pages.parts.comparing import form as comparing
from reve_core import bootstrap, views
from reve_core.compare.models import Axes, Maker
from reve_core.errors import AnswerPending, OutcomeUnknown
from reve_core.models import Capabilities, JobRequest, Limits, Picture, Price, Quote, Ticket
from reve_core.ports import CallContext
from reve_core.service import Studio
from tests.building import build_studio, running, settled, wait_for
from tests.fakes import FakeProvider
from tests.pages.conftest import data_of, send

Open = Callable[..., AppTest]
KEY = "It refuses the key of https://10.0.0.7:8000. Put a new one into ACME_KEY."


@pytest.fixture
def is_public() -> bool:
    return False


@pytest.fixture
def studio(tmp_path: Path, is_public: bool) -> Iterator[Studio]:
    dear = {"price": Price(usd=0.25, as_of="2026-09-14", source="its price page"), "resumes": True, "layout": False}
    service = build_studio(
        tmp_path,
        FakeProvider(name="credits", model_title="Painter", credits=150),
        FakeProvider(name="dollars", usd=0.25, seed=False, able=dear),
        FakeProvider(name="own", credits=0, able={"preview": True, "note": "Not for commercial use."}),
        public=is_public,
    )
    bootstrap.use(service)
    yield service
    bootstrap.use(None)
    service.stop(0)


def models(at: AppTest) -> dict[str, Any]:
    return {model["group"]: model for model in data_of(at, composer.NAME)["models"]}


def test_each_model_says_what_sets_it_apart(open_page: Open) -> None:
    found = models(open_page())
    assert [(model["group"], model["name"], model["each"]) for model in found.values()] == [
        ("Credits", "Painter", "150 credits · about $0.20"),
        ("Dollars", "Dollars", "$0.25"),
        ("Own", "Own", "Free"),
    ]
    assert found["Dollars"]["supports"] == ["Picked up after a restart", "5 shapes"]
    assert found["Dollars"]["notes"] == ["Price of 14 Sep 2026 (its price page). What is charged in the end counts."]
    assert found["Own"]["supports"] == ["Seed", "Layout boxes", "Live preview", "5 shapes"]
    assert found["Own"]["notes"] == ["Not for commercial use."]
    assert {model["usual"] for model in found.values()} == {"1–3 s"}


def test_a_paused_one_says_why_and_the_others_stay_as_they_are(open_page: Open, studio: Studio) -> None:
    studio.pause("dollars", KEY)
    found = models(open_page())
    assert (found["Dollars"]["closed"], found["Own"]["closed"]) == (KEY, "")


@pytest.mark.parametrize("is_public", [True])
def test_strangers_are_told_of_a_pause_but_not_of_keys_hosts_and_money(open_page: Open, studio: Studio) -> None:
    studio.pause("dollars", KEY)
    at = open_page()
    model = models(at)["Dollars"]
    assert model["closed"] == "It cannot be used for now."
    said = model["paused"] + "".join(str(each.proto.body) for each in at.get("html"))
    assert "Dollars is paused" in said
    assert "ACME_KEY" not in said
    assert "10.0.0.7" not in said


def test_a_budget_that_is_spent_says_so_and_when_it_begins_anew(tmp_path: Path) -> None:
    fake = FakeProvider(name="dollars", usd=0.25)
    studio = build_studio(tmp_path, fake, limits={"dollars": Limits(2, daily_credits=150)})
    [notice] = studio.board.notices()
    assert notice.startswith(
        "Dollars is paused: Its budget for today is spent ($0.00 of $0.20). It goes on by itself in "
    )
    [notice] = studio.board.notices(public=True)
    assert notice.startswith("Dollars is paused: Its budget for today is spent. It goes on")
    studio.stop(0)


def test_a_comparison_of_credits_and_dollars_is_summed_in_dollars(open_page: Open, studio: Studio) -> None:
    at = open_page("compare.py")
    form = {"prompts": "a fox\na heron", "models": [f"{name}/{name}-1" for name in ("credits", "dollars", "own")]}
    answer = data_of(send(at, comparing.NAME, "act", {"do": "plan", "n": 1, "form": form}), comparing.NAME)["answer"]
    assert answer["says"].startswith("6 pictures: about $0.90, ")
    assert answer["by_maker"] == {
        "credits/credits-1": "2 for 300 credits",
        "dollars/dollars-1": "2 for $0.50",
        "own/own-1": "2 for nothing",
    }
    both = (Maker(provider="credits"), Maker(provider="own"))
    plan = studio.comparisons.plan(Axes(prompts=("a fox", "a heron"), makers=both), owner="me")
    assert views.quote_words(plan.quote) == "about 300 credits / $0.40"


def test_a_job_paid_in_dollars_says_so(studio: Studio) -> None:
    studio.start()
    [job] = studio.submit(JobRequest(prompt="a fox", provider="dollars"))
    assert views.cost_words(settled(studio, job.id)[0]) == "$0.25"


@pytest.mark.parametrize(
    ("quote", "words"),
    [
        pytest.param(Quote(0, 1.5, 1, 2), "about $1.50", id="dollars alone"),
        pytest.param(Quote(0, 0.105, 1, 2), "about $0.105", id="tenths of a cent"),
        pytest.param(Quote(10, 10 / 750, 1, 2), "about 10 credits / $0.01", id="what credits come to"),
        pytest.param(Quote(0, 0, 1, 2), "free", id="nothing"),
    ],
)
def test_a_forecast_reads_as_words(quote: Quote, words: str) -> None:
    assert views.quote_words(quote) == words


@pytest.mark.parametrize(("others", "maker"), [((), ""), (("dollars",), "Painter")])
def test_a_card_names_the_model_only_where_several_carry_the_same_mark(
    tmp_path: Path, others: tuple[str, ...], maker: str
) -> None:
    providers = [FakeProvider(model_title="Painter"), *(FakeProvider(name=name) for name in others)]
    with running(build_studio(tmp_path, *providers)) as service:
        jobs = settled(service, service.submit(JobRequest(prompt="heron"))[0].id)
        assert [card["maker"] for card in service.board.cards(jobs)] == [maker]


def test_one_shape_is_one_shape() -> None:
    able = Capabilities(aspect_ratios=("1:1",), default_ratio="1:1", max_prompt_chars=10)
    assert views.supports(able) == ["1 shape"]


def test_who_took_a_request_under_a_number_can_be_asked_and_one_that_cannot_be_reached_says_so(tmp_path: Path) -> None:
    def accepted(request: JobRequest, context: CallContext) -> Picture | None:
        context.accepted(Ticket(request_id="r-1"))
        if "later" in request.prompt:
            raise AnswerPending("Dollars could not be reached. It is asked again soon.")
        raise OutcomeUnknown("The connection broke.")

    fake = FakeProvider(name="dollars", usd=0.25, before=accepted, able={"resumes": True})
    with running(build_studio(tmp_path, fake)) as studio:
        [lost] = studio.submit(JobRequest(prompt="a fox"))
        [later] = studio.submit(JobRequest(prompt="a fox, later"))
        settled(studio, lost.id)
        wait_for(studio, later.id, lambda job: job.progress_text)
        cards = {card["id"]: card for card in studio.board.feed().cards}
        assert (cards[lost.id]["status"], cards[lost.id]["asks"]) == ("unknown", True)
        assert (cards[later.id]["status"], cards[later.id]["asks"]) == ("running", False)
        assert cards[later.id]["says"] == "Dollars could not be reached. It is asked again soon."
