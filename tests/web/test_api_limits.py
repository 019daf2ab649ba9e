"""The limits of a public link as programs meet them: codes, headers, and that a refusal costs nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from reve_core.allowance import Allowance
from reve_core.guard.moderation import Moderator
from reve_core.guarding import Ban
from reve_core.models import JobFilter, JobStatus
from reve_core.service import Studio
from reve_core.web.site import Site
from tests.building import build_studio, until
from tests.fakes import FakeProvider
from tests.web.door import asking, made, operations, refusal

LIMITS = Allowance(visitor_per_minute=6, visitor_queue=24, visitor_credits=100)
DOORS = ("/api/v1/jobs", "/generate", "/api/v1/comparisons")


class Public:
    """A public link, and somebody with a token for it. Nobody works there unless ``start``ed."""

    def __init__(self, studio: Studio, client: httpx.Client) -> None:
        self.studio, self.client = studio, client
        token, secret = studio.visitors.make_token("a program")
        self.owner = token.owner
        self.headers = {"Authorization": f"Bearer {secret}"}

    def post(self, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        return self.client.post(path, json=body, headers=self.headers | headers)

    def ask(self, door: str = "/api/v1/jobs", **headers: str) -> httpx.Response:
        body = {"prompts": ["a heron", "a wren"]} if door == "/api/v1/comparisons" else {"prompt": "a heron"}
        return self.post(door, body, **headers)

    def standing(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get("/api/v1/me/standing", headers=self.headers).json()
        return found


@pytest.fixture
def link(tmp_path: Path) -> Iterator[Callable[..., Public]]:
    opened: list[tuple[Any, Studio]] = []

    def build(allowance: Allowance = LIMITS, *, site: Site | None = None, **options: Any) -> Public:
        studio = build_studio(
            tmp_path,
            FakeProvider(),
            public=True,
            allowance=allowance,
            moderator=Moderator(None, on_fault=print),
            **options,
        )
        serving = asking(studio, site)
        opened.append((serving, studio))
        return Public(studio, serving.__enter__())

    yield build
    for serving, studio in opened:
        serving.__exit__(None, None, None)
        studio.stop(5)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("allowance", "code", "policy"),
    [
        pytest.param(replace(LIMITS, visitor_per_minute=1), "rate_visitor", "q=1;w=60", id="too fast"),
        pytest.param(replace(LIMITS, link_per_minute=1), "rate_link", "q=1;w=60", id="all together too fast"),
        pytest.param(replace(LIMITS, visitor_queue=1), "queue_visitor", "q=1", id="too many on their way"),
        pytest.param(replace(LIMITS, link_credits=15), "budget_link", "q=15;w=86400", id="the day's credits"),
    ],
)
def test_a_limit_is_a_429_that_says_which_and_when_to_come_back(
    link: Callable[..., Public], allowance: Allowance, door: str, code: str, policy: str
) -> None:
    public = link(allowance)
    assert public.ask("/generate").status_code == 200
    before = public.standing()
    refused = public.ask(door)
    refusal(refused, 429, code)
    wait = refused.headers["retry-after"]
    assert wait.isdigit()
    assert 1 <= int(wait) <= 86_400
    assert refused.headers["ratelimit-policy"] == f'"{code}";{policy}'
    assert refused.headers["ratelimit"] == f'"{code}";r=0;t={wait}'
    after = public.standing()
    assert {name: after[name] for name in ("credits_left", "waiting", "queue_left")} == {
        name: before[name] for name in ("credits_left", "waiting", "queue_left")
    }
    assert len(public.studio.jobs(JobFilter(owner=None)).jobs) == 1


@pytest.mark.parametrize("door", DOORS)
def test_an_order_that_is_let_in_says_what_is_left(link: Callable[..., Public], door: str) -> None:
    answered = link().ask(door)
    assert answered.is_success
    pictures = 2 if door == "/api/v1/comparisons" else 1
    budget, rate, queue = answered.headers["ratelimit"].split(", ")
    assert budget.startswith(f'"budget_visitor";r={100 - 10 * pictures};t=')
    assert (rate, queue) == ('"rate_visitor";r=5', f'"queue_visitor";r={24 - pictures}')
    assert answered.headers["ratelimit-policy"] == (
        '"budget_visitor";q=100;w=86400, "rate_visitor";q=6;w=60, "queue_visitor";q=24'
    )


def test_a_repeat_under_the_same_key_costs_nothing_and_is_answered_past_every_limit(
    link: Callable[..., Public],
) -> None:
    public = link(Allowance(visitor_per_minute=1, visitor_queue=1, visitor_credits=10))
    first = public.ask(**{"Idempotency-Key": "one"})
    before = public.standing()
    again = public.ask(**{"Idempotency-Key": "one"})
    assert made(again) == made(first)
    assert again.headers["idempotency-replayed"] == "true"
    after = public.standing()
    assert (after["credits_left"], after["submissions_left"]) == (before["credits_left"], before["submissions_left"])


def test_a_refused_request_does_not_use_up_its_key_or_its_turn(link: Callable[..., Public]) -> None:
    public = link(Allowance(visitor_per_minute=2, visitor_credits=10))
    key = {"Idempotency-Key": "one"}
    refusal(public.post("/api/v1/jobs", {"prompt": "a heron", "n": 2}, **key), 429, "budget_visitor")
    assert public.standing()["submissions_left"] == 2
    made(public.post("/api/v1/jobs", {"prompt": "a heron"}, **key))


def test_what_a_batch_would_take_is_let_in_whole_or_not_at_all(link: Callable[..., Public]) -> None:
    public = link(replace(LIMITS, visitor_queue=3))
    batch = {"jobs": [{"prompt": "a heron", "n": 2}, {"prompt": "a wren", "n": 2}]}
    refusal(public.post("/api/v1/jobs", batch), 429, "queue_visitor")
    assert public.standing()["waiting"] == 0


def test_trying_again_is_an_order_too(link: Callable[..., Public]) -> None:
    public = link(replace(LIMITS, visitor_per_minute=1))
    job = made(public.ask())
    public.client.post(f"/api/v1/jobs/{job}/cancel", headers=public.headers)
    refused = public.client.post(f"/api/v1/jobs/{job}/retry", headers=public.headers)
    refusal(refused, 429, "rate_visitor")


def test_two_programs_have_limits_of_their_own_and_an_address_in_common(link: Callable[..., Public]) -> None:
    public = link(Allowance(visitor_per_minute=1, address_per_minute=2))
    other = {"Authorization": f"Bearer {public.studio.visitors.make_token('another')[1]}"}
    made(public.ask())
    made(public.client.post("/api/v1/jobs", json={"prompt": "a heron"}, headers=other))
    third = {"Authorization": f"Bearer {public.studio.visitors.make_token('a third')[1]}"}
    refusal(public.client.post("/api/v1/jobs", json={"prompt": "a heron"}, headers=third), 429, "rate_address")


def test_whoever_is_shut_out_is_told_so(link: Callable[..., Public]) -> None:
    public = link()
    public.studio.admission._guard.ban(Ban(public.owner, public.owner, "", datetime.now(UTC)))
    refusal(public.ask(), 403, "banned")


# -- what is not drawn here


@pytest.mark.parametrize("door", ["/api/v1/jobs", "/generate"])
def test_what_the_rules_leave_out_is_told_by_its_category_alone(link: Callable[..., Public], door: str) -> None:
    public = link()
    told = refusal(public.post(door, {"prompt": "a naked woman"}), 422, "blocked")
    assert told["category"] == "sexual"
    assert "naked" not in str(told)
    assert public.standing()["submissions_left"] == 6


def test_one_of_many_prompts_is_named_by_its_place(link: Callable[..., Public]) -> None:
    public = link()
    told = refusal(
        public.post("/api/v1/jobs", {"jobs": [{"prompt": "a heron"}, {"prompt": "a naked woman"}]}), 422, "blocked"
    )
    assert (told["errors"][0]["field"], told["category"]) == ("jobs.1.prompt", "sexual")
    told = refusal(public.post("/api/v1/comparisons", {"prompts": ["a heron", "a naked woman"]}), 422, "blocked")
    assert (told["errors"][0]["field"], told["category"]) == ("prompts.1", "sexual")


def test_a_job_that_waits_for_a_person_says_so_and_can_be_cancelled(link: Callable[..., Public]) -> None:
    class Unsure:
        action, category, rule, policy, message = "review", "violence", "", "", ""

    class Doubting:
        fault = None

        def judge(self, text: str) -> Unsure:
            return Unsure()

        def judge_all(self, texts: object) -> Unsure:
            return Unsure()

    public = link()
    public.studio.screening._moderator = Doubting()
    public.studio.start()
    job = made(public.ask())
    [card] = public.studio.board.feed(owner=public.owner).cards
    assert card["says"] == "Waits for a person to look at it. It costs nothing meanwhile."
    assert (card["can"], card["wait"]) == (["cancel"], "")
    shape = public.client.get(f"/api/v1/jobs/{job}", headers=public.headers).json()
    assert (shape["status"], shape["can"]) == ("queued", ["cancel"])
    assert public.studio.admission._guard.reject(job, "Not here.")
    shape = public.client.get(f"/api/v1/jobs/{job}", headers=public.headers).json()
    assert (shape["status"], shape["error"]["code"], shape["can"]) == ("failed", "blocked", ["delete"])
    [card] = public.studio.board.feed(owner=public.owner).cards
    assert (card["says"], card["can"]) == ("Refused by this link's rules", ["trash"])
    assert "heron" not in str(card)


def test_many_prompts_are_judged_off_the_event_loop(link: Callable[..., Public]) -> None:
    public = link(replace(LIMITS, visitor_queue=0, visitor_credits=0))
    judged: list[str] = []
    judge = public.studio.screening.prompts

    def watched(prompts: Any, *, owner: str) -> Any:
        judged.append(threading.current_thread().name)
        return judge(prompts, owner=owner)

    public.studio.screening.prompts = watched  # type: ignore[method-assign]
    public.ask()
    public.post("/api/v1/jobs", {"jobs": [{"prompt": f"heron {n}"} for n in range(50)]})
    alone, many = judged
    assert alone != many


# -- what is left


def test_the_standing_counts_down_and_comes_back(link: Callable[..., Public]) -> None:
    public = link()
    whole = public.standing()
    assert (whole["limited"], whole["credits_left"], whole["scarcest"], whole["waiting"]) == (True, 100, "visitor", 0)
    job = made(public.ask())
    assert (public.standing()["credits_left"], public.standing()["waiting"]) == (90, 1)
    public.client.post(f"/api/v1/jobs/{job}/cancel", headers=public.headers)
    assert (public.standing()["credits_left"], public.standing()["waiting"]) == (100, 0)


def test_nobody_in_particular_has_no_standing(link: Callable[..., Public]) -> None:
    refusal(link().client.get("/api/v1/me/standing"), 401, "not_allowed")


def test_in_personal_mode_nobody_is_limited(client: httpx.Client) -> None:
    answered = client.get("/api/v1/me/standing")
    assert answered.json()["limited"] is False
    assert "ratelimit" not in client.post("/api/v1/jobs", json={"prompt": "heron"}).headers


def test_whoever_floods_the_link_does_not_keep_a_newcomer_waiting(link: Callable[..., Public]) -> None:
    """Forty in line before; the newcomer's picture is one of the next few."""
    public = link(Allowance(visitor_queue=100), workers=1, site=Site(public=True, trusted_hops=1))
    public.headers["X-Forwarded-For"] = "192.0.2.1"
    public.post("/api/v1/jobs", {"jobs": [{"prompt": f"flood {n}"} for n in range(40)]})
    _, secret = public.studio.visitors.make_token("a newcomer")
    headers = {"Authorization": f"Bearer {secret}", "X-Forwarded-For": "192.0.2.2"}
    job = made(public.client.post("/api/v1/jobs", json={"prompt": "a heron"}, headers=headers))
    assert public.client.get(f"/api/v1/jobs/{job}", headers=headers).json()["position"] <= 2
    public.studio.start()
    until(lambda: public.client.get(f"/api/v1/jobs/{job}", headers=headers).json()["status"] == JobStatus.DONE)


def test_the_document_tells_of_every_limit() -> None:
    ordering = [
        name
        for name, each in operations().items()
        if each.method == "POST"
        and name.rpartition("/")[2] in ("jobs", "generate", "comparisons", "rows", "run", "retry", "resolve")
    ]
    assert len(ordering) == 7
    assert all({403, 422, 429} <= {*operations()[name].problems} for name in ordering)
