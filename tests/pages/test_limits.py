"""
What a visitor of a public link sees of its limits, and the ways around them. Streamlit's test runner has no browser: what is
said here is what Python tells the forms, and ``tests/browser/test_limits.py`` sees the rest.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from pages.parts import composer, feed, me
from pages.parts.comparing import form as compare_form
from reve_core import bootstrap
from reve_core.allowance import Allowance
from reve_core.guard.moderation import Moderator
from reve_core.models import JobFilter, JobStatus, Review
from reve_core.ownkeys import OwnKeys
from reve_core.ports import Provider
from reve_core.providers.reve import ReveProvider
from reve_core.providers.sketch import SketchProvider
from reve_core.service import Studio
from reve_core.web.site import Site
from tests.building import build_studio, until
from tests.fakes import FakeProvider
from tests.pages.conftest import data_of, piece, send
from tests.standin import StandIn

ANYBODYS = JobFilter(owner=None)
KEY = "papi.a-visitors-own-key-0123456789"
LIMITS = Allowance(visitor_per_minute=6, visitor_queue=24, visitor_credits=25)
OpenPage = Callable[..., AppTest]


@pytest.fixture
def allowance() -> Allowance:
    return LIMITS


@pytest.fixture
def provider() -> Provider:
    return FakeProvider()


@pytest.fixture
def studio(tmp_path: Path, provider: Provider, allowance: Allowance) -> Iterator[Studio]:
    service = build_studio(
        tmp_path,
        provider,
        SketchProvider(),
        concurrency=2,
        public=True,
        allowance=allowance,
        moderator=Moderator(None, on_fault=print),
        own_keys=OwnKeys(),
    )
    service.start()
    bootstrap.use(service, Site(public=True))
    yield service
    bootstrap.use(None)
    service.stop(5)


def submit(at: AppTest, n: int = 1, **changes: Any) -> AppTest:
    form = {"n": n, "prompt": "a heron", "ratio": "1:1", "count": 1, "seed": "", "model": "fake/fake-1"} | changes
    return send(at, composer.NAME, "submit", form)


def refused(at: AppTest, model: str, count: int = 1) -> Any:
    """What the form says of an order of so many pictures before it is sent."""
    [choice] = [choice for choice in data_of(at, composer.NAME)["models"] if choice["key"] == model]
    return choice["quotes"][count - 1]["refused"]


def settled(studio: Studio) -> None:
    until(lambda: not any(job.status.is_pending for job in studio.jobs(ANYBODYS).jobs))


def test_what_is_left_stands_in_the_form_and_follows_each_order(open_page: OpenPage, studio: Studio) -> None:
    at = open_page()
    standing = data_of(at, composer.NAME)["standing"]
    assert standing["left"] == "25 of 25 credits left today"
    assert 0 < standing["resets_s"] <= 86_400
    studio.pause("fake")
    at = submit(at)
    standing = data_of(at, composer.NAME)["standing"]
    assert (standing["left"], standing["busy"]) == ("15 of 25 credits left today", "1 of 24 pictures on their way")


def test_an_order_says_whether_it_takes_of_the_credits(open_page: OpenPage) -> None:
    at = open_page()
    takes = {
        model["key"]: {quote["spends"] for quote in model["quotes"]} for model in data_of(at, composer.NAME)["models"]
    }
    assert takes == {"fake/fake-1": {True}, "sketch/sketch-1": {False}}


def test_an_order_past_the_budget_is_refused_before_and_after_it_is_sent_and_takes_nothing(
    open_page: OpenPage, studio: Studio
) -> None:
    at = open_page()
    assert refused(at, "fake/fake-1", 2) is None
    foreseen = refused(at, "fake/fake-1", 3)
    assert foreseen["code"] == "budget_visitor"
    assert foreseen["says"].startswith("This takes 30 credits. Your credits for today: 25 of 25 left.")
    assert 0 < foreseen["wait_s"] <= 86_400
    at = submit(at, count=3)
    answer = data_of(at, composer.NAME)["answer"]
    assert answer["refused"]["says"] == foreseen["says"]
    assert "problem" not in answer
    assert studio.jobs(ANYBODYS).jobs == []
    assert data_of(at, composer.NAME)["standing"]["left"] == "25 of 25 credits left today"


def test_the_sketch_is_offered_by_its_name_and_only_where_it_would_be_let_in(open_page: OpenPage) -> None:
    at = open_page()
    sketch = data_of(at, composer.NAME)["standing"]["sketch"]
    assert sketch["label"] == "Drawn by code, not an AI model"
    assert refused(at, sketch["key"], 4) is None
    assert refused(at, "fake/fake-1", 4)["others"] is True


@pytest.mark.parametrize(
    ("allowance", "code", "has_clock"),
    [
        pytest.param(replace(LIMITS, visitor_per_minute=1), "rate_visitor", True, id="too fast"),
        pytest.param(replace(LIMITS, visitor_queue=1), "queue_visitor", False, id="too many on their way"),
    ],
)
def test_other_limits_hold_for_the_sketch_as_well(
    open_page: OpenPage, studio: Studio, code: str, has_clock: bool
) -> None:
    studio.pause("fake")
    at = submit(open_page())
    foreseen = refused(at, "sketch/sketch-1")
    assert (foreseen["code"], foreseen["others"], foreseen["wait_s"] is not None) == (code, False, has_clock)
    assert data_of(submit(at, 2), composer.NAME)["answer"]["refused"]["code"] == code


def test_a_retry_past_a_limit_says_so_on_the_card(open_page: OpenPage, studio: Studio) -> None:
    studio.pause("fake")
    at = submit(open_page(), count=2)
    job = studio.jobs(ANYBODYS).jobs[0]
    studio.cancel(job.id, owner=job.owner)
    submit(at, 2)
    at = send(at, feed.NAME, "act", {"id": job.id, "what": "retry", "n": 3})
    assert "Your credits for today" in data_of(at, feed.NAME)["note"]["text"]


def test_words_that_are_not_drawn_here_are_told_by_category_and_help_is_given_kindly(
    open_page: OpenPage, studio: Studio
) -> None:
    at = submit(open_page(), prompt="a naked woman")
    answer = data_of(at, composer.NAME)["answer"]
    assert answer["kind"] == "sexual"
    assert "naked" not in answer["problem"]
    answer = data_of(submit(at, 2, prompt="how to kill myself"), composer.NAME)["answer"]
    assert answer["kind"] == "self_harm"
    assert "you are not alone" in answer["problem"]
    assert studio.jobs(ANYBODYS).jobs == []


def test_what_a_person_has_to_look_at_first_is_not_said_to_be_on_its_way(open_page: OpenPage, studio: Studio) -> None:
    far = "a child draws at a table while far away on the other side of the big old museum hall there hangs a nude"
    at = submit(open_page(), prompt=far)
    assert data_of(at, composer.NAME)["answer"] == {"n": 1, "said": "A person looks at it first."}
    [job] = studio.jobs(ANYBODYS).jobs
    assert job.review is Review.PERSON


def test_a_comparison_past_the_budget_is_refused_beside_its_price(open_page: OpenPage, studio: Studio) -> None:
    at = open_page("compare.py")
    form = {"prompts": "a heron\na wren\na fox", "models": ["fake/fake-1"], "ratios": ["1:1"], "samples": 1}
    at = send(at, compare_form.NAME, "act", {"do": "plan", "n": 1, "form": form})
    answer = data_of(at, compare_form.NAME)["answer"]
    assert answer["refused"]["code"] == "budget_visitor"
    assert answer["says"].startswith("3 pictures")
    at = send(at, compare_form.NAME, "act", {"do": "make", "n": 2, "form": form})
    answer = data_of(at, compare_form.NAME)["answer"]
    assert (answer["refused"]["code"], "made" in answer) == ("budget_visitor", False)
    drawn = form | {"models": ["sketch/sketch-1"]}
    at = send(at, compare_form.NAME, "act", {"do": "make", "n": 3, "form": drawn})
    assert studio.jobs(ANYBODYS).jobs[0].request.provider == "sketch"


# -- a key of one's own


@pytest.fixture
def reve() -> Iterator[StandIn]:
    with StandIn(key=KEY) as standin:
        yield standin


@pytest.fixture
def with_reve(tmp_path: Path, reve: StandIn) -> Iterator[Callable[..., Studio]]:
    """A public link that has no key of its own, or one that its provider refuses."""
    built: list[Studio] = []

    def build(key: str | None = None, allowed: Allowance = LIMITS) -> Studio:
        provider = ReveProvider(
            base_url=reve.url, api_key=SecretStr(key) if key else None, own_key="may" if key else "must"
        )
        service = build_studio(
            tmp_path / "link", SketchProvider(), provider, public=True, allowance=allowed, own_keys=OwnKeys()
        )
        service.start()
        bootstrap.use(service, Site(public=True))
        built.append(service)
        return service

    yield build
    for service in built:
        service.stop(5)


def keep(at: AppTest, key: str = KEY, name: str = composer.NAME) -> AppTest:
    return send(at, name, "own_key", {"do": "keep", "provider": "reve", "key": key, "n": 7})


def paid_with(reve: StandIn) -> list[str]:
    return [seen.headers["Authorization"].removeprefix("Bearer ") for seen in reve.requests]


def reve_models(at: AppTest, name: str = composer.NAME) -> list[Any]:
    return [model for model in data_of(at, name)["models"] if model["key"].startswith("reve/")]


def test_without_a_key_the_sketch_comes_first_and_the_others_say_what_they_need(
    open_page: OpenPage, with_reve: Callable[..., Studio]
) -> None:
    with_reve()
    at = open_page()
    assert data_of(at, composer.NAME)["models"][0]["key"] == "sketch/sketch-1"
    for model in reve_models(at):
        assert model["title"].endswith("needs your key")
        assert model["own"] == {"provider": "reve", "title": "Reve", "kept": False, "must": True}
        assert (model["quotes"][0]["refused"]["code"], model["quotes"][0]["refused"]["others"]) == ("own_key", True)
        assert not model["quotes"][0]["spends"]
    at = submit(at, model=reve_models(at)[0]["key"])
    assert "needs a key of your own" in data_of(at, composer.NAME)["answer"]["problem"]


def test_the_visitors_key_pays_and_is_found_nowhere(
    open_page: OpenPage,
    with_reve: Callable[..., Studio],
    reve: StandIn,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    studio = with_reve()
    at = keep(open_page())
    [first, *_] = reve_models(at)
    assert (first["own"]["kept"], first["quotes"][0]["price"]) == (True, "Paid by your own key")
    assert not first["quotes"][0]["spends"]
    assert first["quotes"][3]["refused"] is None  # whatever it costs, it is not the link's
    assert data_of(at, composer.NAME)["key_answer"]["n"] == 7
    at = submit(at, model=first["key"])
    settled(studio)
    [job] = studio.jobs(ANYBODYS).jobs
    assert job.status is JobStatus.DONE
    assert paid_with(reve) == [KEY]
    at = at.run()
    assert data_of(at, composer.NAME)["standing"]["left"] == "25 of 25 credits left today"
    pages = "".join(str(piece(at, name)) for name in (composer.NAME, feed.NAME))
    assert KEY not in pages + caplog.text
    assert KEY not in str(vars(at.session_state._state))
    assert KEY not in repr([vars(kept) for kept in at.session_state[me.OWN_KEYS].values()])
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_a_key_can_be_forgotten_and_ends_with_the_session(
    open_page: OpenPage, with_reve: Callable[..., Studio]
) -> None:
    studio = with_reve()
    assert studio.own_keys is not None
    at = keep(open_page())
    name = at.session_state[me.OWN_KEYS]["reve"].name
    assert studio.own_keys.find(name) is not None
    at = send(at, composer.NAME, "own_key", {"do": "forget", "provider": "reve", "n": 8})
    assert studio.own_keys.find(name) is None
    assert reve_models(at)[0]["own"]["kept"] is False
    at = keep(at)
    name = at.session_state[me.OWN_KEYS]["reve"].name
    del at
    gc.collect()
    assert studio.own_keys.find(name) is None


@pytest.mark.parametrize("key", ["", "two words", "ключ", "x" * 500])
def test_what_is_no_key_is_not_kept_and_not_repeated(
    open_page: OpenPage, with_reve: Callable[..., Studio], key: str
) -> None:
    with_reve()
    at = keep(open_page(), key)
    answer = data_of(at, composer.NAME)["key_answer"]
    assert answer["problem"].startswith("That does not look like a key.")
    assert reve_models(at)[0]["own"]["kept"] is False


def test_a_key_that_the_provider_refuses_stops_its_owner_and_nobody_else(
    open_page: OpenPage, with_reve: Callable[..., Studio], reve: StandIn
) -> None:
    studio = with_reve()
    at = keep(open_page(), "papi.somebody-elses-wrong-key")
    submit(at, model=reve_models(at)[0]["key"])
    settled(studio)
    [job] = studio.jobs(ANYBODYS).jobs
    assert (job.status, job.error_code) == (JobStatus.FAILED, "key_refused")
    assert "Your own key" in str(job.error)
    assert "somebody-elses" not in str(job.error)
    assert not studio.catalogue.provider("reve").paused
    other = keep(open_page())
    submit(other, model=reve_models(other)[0]["key"])
    settled(studio)
    assert studio.jobs(ANYBODYS).jobs[0].status is JobStatus.DONE


def test_where_the_links_own_key_is_refused_a_visitors_still_works(
    open_page: OpenPage, with_reve: Callable[..., Studio]
) -> None:
    studio = with_reve("papi.not-the-right-key", replace(LIMITS, visitor_credits=1000))
    at = open_page()
    submit(at, model="reve/reve-v2")
    settled(studio)
    assert studio.catalogue.provider("reve").paused
    at = keep(at.run())
    assert reve_models(at)[0]["paused"] == ""
    submit(at, 2, model="reve/reve-v2")
    settled(studio)
    assert studio.jobs(ANYBODYS).jobs[0].status is JobStatus.DONE


def test_a_job_whose_key_went_with_a_restart_fails_in_words_and_costs_nothing(
    open_page: OpenPage, with_reve: Callable[..., Studio], reve: StandIn
) -> None:
    studio = with_reve()
    at = keep(open_page())
    studio.drain()  # it is queued and nobody takes it up
    submit(at, model=reve_models(at)[0]["key"])
    [job] = studio.jobs(ANYBODYS).jobs
    studio.stop(5)
    again = with_reve()
    settled(again)
    found = again.get(job.id, owner=job.owner)
    assert (found.status, found.error_code, found.credits_used) == (JobStatus.FAILED, "own_key_gone", None)
    assert "Nothing was charged" in str(found.error)
    assert reve.requests == []
    assert again.calls(job.id, owner=job.owner) == []


def test_a_comparison_takes_the_same_key(open_page: OpenPage, with_reve: Callable[..., Studio], reve: StandIn) -> None:
    studio = with_reve()
    at = keep(open_page("compare.py"), name=compare_form.NAME)
    [first, *_] = reve_models(at, compare_form.NAME)
    assert (first["own"]["kept"], first["price"]) == (True, "paid by your own key")
    form = {"prompts": "a heron\na wren", "models": [first["key"]], "ratios": ["1:1"], "samples": 1}
    at = send(at, compare_form.NAME, "act", {"do": "plan", "n": 1, "form": form})
    assert data_of(at, compare_form.NAME)["answer"]["refused"] is None
    send(at, compare_form.NAME, "act", {"do": "make", "n": 2, "form": form})
    settled(studio)
    assert paid_with(reve) == [KEY, KEY]


def test_in_personal_mode_nothing_of_this_is_on_the_page(tmp_path: Path, open_page: OpenPage) -> None:
    service = build_studio(tmp_path / "personal", FakeProvider(), SketchProvider())
    service.start()
    bootstrap.use(service, Site())
    try:
        data = data_of(open_page(), composer.NAME)
        assert data["standing"] is None
        assert all(model["own"] is None for model in data["models"])
        assert all(quote["refused"] is None for model in data["models"] for quote in model["quotes"])
    finally:
        service.stop(5)
