"""Cancelling, leaving, running out of patience, and picking up at every stage."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest

from reve_core.errors import AnswerPending, CallCancelled, NotCharged, OutcomeUnknown
from reve_core.models import Picture
from reve_core.providers.fal import FalProvider
from reve_core.providers.fal.follow import Pace
from tests.providers.fal.helpers import FOX, Told, provider_for
from tests.standin.fal import FalStandIn

SLOW = Pace(30.0, 30.0, 30.0)  # who waits for it has not noticed what was to be noticed


def stop_when_asked(fal: FalStandIn, told: Told, times: int = 2) -> None:
    told.cancelled = lambda: fal.count("status") >= times


def test_cancelled_while_it_waits_it_is_free_and_never_run(fal: FalStandIn, provider: FalProvider) -> None:
    fal.hold_at = "IN_QUEUE 1"
    told = Told()
    stop_when_asked(fal, told)
    with pytest.raises(CallCancelled) as caught:
        provider.generate(FOX, told.context)
    assert not caught.value.may_cost
    assert fal.count("cancel") == 1
    assert fal.units() == 0


def test_cancelled_while_it_runs_it_may_cost(fal: FalStandIn, provider: FalProvider) -> None:
    fal.hold_at = "IN_PROGRESS"
    told = Told()
    told.cancelled = lambda: bool(told.tickets and told.ticket.data.get("ran"))
    with pytest.raises(CallCancelled) as caught:
        provider.generate(FOX, told.context)
    assert caught.value.may_cost
    assert fal.count("cancel") == 1


def test_cancelled_just_as_it_began_to_run_it_may_cost(fal: FalStandIn, provider: FalProvider) -> None:
    """It was last seen waiting, and fal says that it had begun."""
    fal.steps, fal.hold_at = ("IN_QUEUE 0", "IN_PROGRESS"), "IN_QUEUE 0"
    told = Told()

    def just_then() -> bool:
        if fal.count("status") < 2:
            return False
        for one in fal.accepted.values():
            one.step = max(one.step, 1)
        return True

    told.cancelled = just_then
    with pytest.raises(CallCancelled) as caught:
        provider.generate(FOX, told.context)
    assert caught.value.may_cost


def test_a_result_that_wins_the_race_is_kept(fal: FalStandIn, provider: FalProvider) -> None:
    fal.obeys = False
    told = Told()
    told.cancelled = lambda: bool(told.tickets and told.ticket.data.get("ran"))
    assert provider.generate(FOX, told.context).receipt.usd_used == 0.25
    assert fal.count("cancel") == 1
    assert ("Stopping" in [text for _, text in told.progress]) or fal.count("status") <= 4


def test_a_picture_is_kept_although_the_status_calls_it_cancelled(fal: FalStandIn, provider: FalProvider) -> None:
    fal.steps = ()
    fal.add("answer", "status", body={"status": "COMPLETED", "error_type": "client_cancelled"}, charge=True, times=0)
    assert provider.generate(FOX, Told().context).receipt.usd_used == 0.25


def test_cancelled_when_it_is_over_already_the_picture_is_kept(fal: FalStandIn, provider: FalProvider) -> None:
    told = Told(0.5)
    fal.add("ingress", "file", times=0)
    with pytest.raises(AnswerPending):
        provider.generate(FOX, told.context)
    fal.clear_faults()
    told.cancelled = lambda: True
    assert provider.resume(told.ticket, FOX, told.context).data
    assert fal.count("cancel") == 0


def test_a_cancel_that_could_not_be_told_is_told_again(fal: FalStandIn, provider: FalProvider) -> None:
    fal.hold_at = "IN_QUEUE 1"
    fal.add("rate_limited", "cancel", seconds=0.01, times=2)
    told = Told()
    stop_when_asked(fal, told)
    with pytest.raises(CallCancelled):
        provider.generate(FOX, told.context)
    assert fal.count("cancel") == 3


def test_what_somebody_cancelled_at_fal_is_cancelled_here_and_may_cost(fal: FalStandIn, provider: FalProvider) -> None:
    fal.end("client_cancelled")
    with pytest.raises(CallCancelled) as caught:
        provider.generate(FOX, Told().context)
    assert caught.value.may_cost


def test_a_cancel_is_noticed_in_the_middle_of_a_wait(fal: FalStandIn) -> None:
    fal.hold_at = "IN_QUEUE 1"
    stop = threading.Event()
    told = Told(60)
    told.cancelled = stop.is_set
    with closing(provider_for(fal, pace=Pace(3600, 0.01, 0.01))) as provider, ThreadPoolExecutor(1) as threads:
        call = threads.submit(provider.generate, FOX, told.context)
        assert fal.wait_for("status")
        stop.set()
        assert fal.wait_for("cancel")
        with pytest.raises(CallCancelled):
            call.result(20)


# ---------------------------------------------------------------- leaving


@pytest.mark.parametrize("how", ["the app stops", "the provider is closed"])
def test_who_has_a_ticket_leaves_at_once(fal: FalStandIn, how: str) -> None:
    fal.hold_at = "IN_PROGRESS"
    leaving = threading.Event()
    told = Told(600)
    provider = provider_for(fal, pace=SLOW)
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(provider.generate, FOX, told.context)
        assert fal.wait_for("status")
        if how == "the app stops":
            told.leaving = leaving.is_set
            leaving.set()
        else:
            provider.close()
        error = call.exception(20)
    assert isinstance(error, AnswerPending)
    assert not error.pauses
    assert error.retry_after == 0 or how != "the app stops"
    assert fal.count("cancel") == 0


# ---------------------------------------------------------------- patience


def test_patience_that_ends_cancels_and_a_late_picture_is_kept(fal: FalStandIn) -> None:
    now = [1_800_000_000.0]
    provider = provider_for(fal, clock=lambda: now[0])
    fal.obeys, fal.hold_at = False, "IN_PROGRESS"
    told = Told(100)

    def later() -> bool:  # looked at in every round
        if fal.count("status") == 4:
            now[0] += 61
        if fal.count("cancel"):
            fal.hold_at = None
        return False

    told.cancelled = later
    assert provider.generate(FOX, told.context).data
    assert fal.count("cancel") == 1
    assert told.ticket.data["stop"] == "patience"


def test_what_still_waited_when_patience_ended_was_taken_back_for_nothing(fal: FalStandIn) -> None:
    now = [1_800_000_000.0]
    provider = provider_for(fal, clock=lambda: now[0])
    fal.hold_at = "IN_QUEUE 1"
    told = Told(100)
    told.cancelled = lambda: now.__setitem__(0, now[0] + 10) is not None  # never, but time goes by
    with pytest.raises(NotCharged, match="Nothing was charged"):
        provider.generate(FOX, told.context)
    assert fal.units() == 0


def test_what_ran_when_patience_ended_may_be_charged(fal: FalStandIn) -> None:
    now = [1_800_000_000.0]
    provider = provider_for(fal, clock=lambda: now[0])
    fal.hold_at = "IN_PROGRESS"
    told = Told(100)
    told.cancelled = lambda: now.__setitem__(0, now[0] + 10) is not None
    with pytest.raises(OutcomeUnknown, match="may have been charged"):
        provider.generate(FOX, told.context)


def test_what_never_ends_is_unknown_at_the_deadline_and_can_be_asked_for_again(fal: FalStandIn) -> None:
    fal.obeys, fal.hold_at = False, "IN_PROGRESS"
    told = Told(1.0)
    with closing(provider_for(fal)) as provider:
        with pytest.raises(OutcomeUnknown, match="asked to stop"):
            provider.generate(FOX, told.context)
        assert fal.count("cancel") == 1
        fal.hold_at = None
        assert provider.resume(told.ticket, FOX, Told().context).data
    assert fal.count("cancel") == 1
    assert len(fal.submits()) == 1


# ---------------------------------------------------------------- picking up


def picked_up(fal: FalStandIn, told: Told, **changes: object) -> Picture:
    """By another process: nothing is left but the ticket as it was stored."""
    stored = told.ticket.model_validate_json(told.ticket.model_dump_json())
    with closing(provider_for(fal, **changes)) as provider:
        return provider.resume(stored, FOX, Told().context)


@pytest.mark.parametrize("state", ["IN_QUEUE 1", "IN_QUEUE 0", "IN_PROGRESS"])
def test_it_is_picked_up_wherever_it_stands(fal: FalStandIn, state: str) -> None:
    fal.hold_at = state
    told = Told()
    told.leaving = lambda: any(one.state == state for one in fal.accepted.values()) and fal.count("status") > 2
    with closing(provider_for(fal)) as provider, pytest.raises(AnswerPending):
        provider.generate(FOX, told.context)
    fal.hold_at = None
    picture = picked_up(fal, told)
    assert picture.receipt.usd_used == 0.25
    assert picture.receipt.request_id == told.ticket.request_id
    assert len(fal.submits()) == 1
    assert fal.count("submit") == 1
    assert fal.count("cancel") == 0


def test_it_is_picked_up_when_it_was_over_long_ago(fal: FalStandIn) -> None:
    told = Told()
    told.leaving = lambda: bool(told.tickets)
    with closing(provider_for(fal)) as provider, pytest.raises(AnswerPending):
        provider.generate(FOX, told.context)
    for _ in range(4):
        fal._status("reve/2.1", told.ticket.request_id, with_logs=False)
    picked_up(fal, told)
    assert [step for step, _ in fal.asked][-2:] == ["status", "result"]


def test_it_is_picked_up_by_one_that_does_not_offer_that_model_any_more(fal: FalStandIn) -> None:
    told = Told()
    told.leaving = lambda: bool(told.tickets)
    with closing(provider_for(fal)) as provider, pytest.raises(AnswerPending):
        provider.generate(FOX, told.context)
    picture = picked_up(fal, told, models=("fal-ai/flux/schnell",))
    assert picture.receipt.usd_used == 0.25


def test_it_is_picked_up_under_another_address_of_the_same_queue(fal: FalStandIn) -> None:
    told = Told()
    told.leaving = lambda: bool(told.tickets)
    with closing(provider_for(fal, base_url=fal.url)) as provider, pytest.raises(AnswerPending):
        provider.generate(FOX, told.context)
    picked_up(fal, told, base_url=fal.url.replace("127.0.0.1", "localhost"))
    assert len(fal.submits()) == 1


def test_a_ticket_holds_no_key_and_no_prompt_and_says_how_far_it_is(fal: FalStandIn, provider: FalProvider) -> None:
    told = Told()
    provider.generate(FOX, told.context)
    assert [set(ticket.data) for ticket in told.tickets] == [
        {"model", "submitted_at", "status_url", "response_url", "cancel_url"},
        {"model", "submitted_at", "status_url", "response_url", "cancel_url", "ran"},
        {"model", "submitted_at", "status_url", "response_url", "cancel_url", "ran", "picture", "receipt"},
    ]
    text = "".join(ticket.model_dump_json() for ticket in told.tickets)
    assert "red fox" not in text
    assert "not-a-key" not in text


def test_the_ticket_is_handed_in_before_anything_else_is_asked(fal: FalStandIn, provider: FalProvider) -> None:
    asked: list[int] = []
    provider.generate(FOX, replace(Told().context, accepted=lambda ticket: asked.append(len(fal.asked))))
    assert asked[0] == 1
