"""Whose money it is, for every way in which a request to fal can end."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import SecretStr

from reve_core.errors import (
    AnswerPending,
    KeyRefused,
    NoCredits,
    NotCharged,
    OutcomeUnknown,
    PromptRefused,
    ProviderError,
    RateLimited,
    RequestRejected,
)
from reve_core.models import Receipt, Ticket
from reve_core.providers.fal import FalProvider
from tests.providers.fal.helpers import FLUX, FOX, Told, provider_for
from tests.standin.fal import ENDINGS, KEY, Ending, FalStandIn

DAY_S = 86_400.0


def refused(provider: FalProvider, kind: type[ProviderError], told: Told | None = None) -> ProviderError:
    told = told or Told()
    with pytest.raises(ProviderError) as caught:
        provider.generate(FOX, told.context)
    assert type(caught.value) is kind, repr(caught.value)
    assert Receipt.model_validate_json((caught.value.receipt or Receipt()).model_dump_json())
    return caught.value


# ---------------------------------------------------------------- the submit


@pytest.mark.parametrize(
    ("fault", "options", "kind", "words"),
    [
        ("platform", {"status": 400, "kind": "bad_request"}, RequestRejected, "It said: something broke"),
        ("platform", {"status": 401, "kind": ""}, KeyRefused, "REVE_FAL_KEY"),
        ("platform", {"status": 402, "kind": ""}, NoCredits, "no credit"),
        ("locked", {}, NoCredits, "credit.*Exhausted balance"),
        ("locked", {"reason": "TOP_UP"}, NoCredits, "credit"),
        ("locked", {"reason": "Admin lock"}, KeyRefused, "locked this account"),
        ("platform", {"status": 403, "kind": ""}, KeyRefused, "does not let this key"),
        ("platform", {"status": 404, "kind": ""}, RequestRejected, "no such model"),
        ("platform", {"status": 407, "kind": ""}, KeyRefused, "proxy"),
        ("platform", {"status": 413, "kind": ""}, RequestRejected, "Nothing was charged"),
        ("platform", {"status": 422, "kind": "content_policy_violation"}, PromptRefused, "refused this prompt"),
        ("platform", {"status": 422, "kind": "string_too_long"}, RequestRejected, "did not accept"),
        ("rate_limited", {}, RateLimited, "pause"),
        ("platform", {"status": 500, "kind": "internal_error"}, NotCharged, "trouble of its own"),
        ("platform", {"status": 503, "kind": "runner_scheduling_failure"}, NotCharged, "status 503"),
        ("platform", {"status": 504, "kind": "startup_timeout"}, NotCharged, "status 504"),
        ("redirect", {"status": 307}, RequestRejected, "sends requests on"),
        ("redirect", {"status": 303}, OutcomeUnknown, "status 303"),
        ("ingress", {}, OutcomeUnknown, "may have been charged"),
        ("ingress", {"status": 504}, OutcomeUnknown, "may have been charged"),
        ("ingress", {"status": 503}, OutcomeUnknown, "may have been charged"),
        ("platform", {"status": 500, "kind": ""}, OutcomeUnknown, "may have been charged"),
        ("platform", {"status": 408, "kind": ""}, OutcomeUnknown, "may have been charged"),
        ("reset", {}, OutcomeUnknown, "broke before"),
        ("hang", {}, OutcomeUnknown, "in time"),
        ("garbage", {}, OutcomeUnknown, "without a number"),
        ("html", {}, OutcomeUnknown, "without a number"),
        ("no_id", {}, OutcomeUnknown, "without a number"),
        ("changed", {"fields": {"request_id": "../../x"}}, OutcomeUnknown, "without a number"),
        ("changed", {"fields": {"request_id": 7}}, OutcomeUnknown, "without a number"),
    ],
)
def test_a_submit_that_fails_says_whose_money_it_is_and_is_never_sent_again(
    fal: FalStandIn, provider: FalProvider, fault: str, options: dict[str, Any], kind: type[ProviderError], words: str
) -> None:
    fal.add(fault, **options)
    told = Told(1.5 if fault == "hang" else 20)
    error = refused(provider, kind, told)
    assert re.search(words, str(error)), str(error)
    assert fal.count("submit") == 1
    assert fal.count("status") == 0
    assert told.tickets == []


def test_a_wait_that_fal_names_is_kept(fal: FalStandIn, provider: FalProvider) -> None:
    fal.add("rate_limited", seconds=7)
    error = refused(provider, RateLimited)
    assert isinstance(error, RateLimited)
    assert error.retry_after == 7


def test_nothing_listening_costs_nothing(fal: FalStandIn) -> None:
    assert "Nothing was charged" in str(refused(provider_for(fal, base_url="http://127.0.0.1:1"), NotCharged))


def test_an_answer_whose_body_is_lost_is_still_known_by_the_number_in_its_header(
    fal: FalStandIn, provider: FalProvider
) -> None:
    fal.add("header_only")
    told = Told()
    assert provider.generate(FOX, told.context).data
    assert fal.count("submit") == 1


# ---------------------------------------------------------------- what came of it


@pytest.mark.parametrize(
    ("ending", "kind", "usd", "words"),
    [
        ("policy", PromptRefused, 0.25, "refused this prompt.*0.25 US dollars.*the model said no"),
        ("policy_free", PromptRefused, 0.0, "refused this prompt"),
        ("moderation", PromptRefused, 0.25, "refused this prompt"),
        ("nsfw", PromptRefused, 0.25, "safety checker.*0.25 US dollars"),
        ("invalid", RequestRejected, 0.0, "did not accept.*Nothing was charged.*the model said no"),
        ("not_found", RequestRejected, 0.0, "Nothing was charged"),
        ("bad_request", RequestRejected, 0.0, "Nothing was charged"),
        ("invalid_paid", OutcomeUnknown, 0.25, "no picture.*0.25 US dollars"),
        ("runner_error", NotCharged, 0.0, "status 500.*Nothing was charged"),
        ("model_error", NotCharged, 0.0, "Nothing was charged"),
        ("incomplete", NotCharged, 0.0, "status 502"),
        ("scheduling", NotCharged, 0.0, "status 503"),
        ("start_timeout", NotCharged, 0.0, "No machine"),
        ("too_long", NotCharged, 0.0, "took too long"),
        ("no_images", OutcomeUnknown, 0.25, "without a picture"),
        ("nothing", OutcomeUnknown, 0.25, "without a picture"),
        ("garbage", OutcomeUnknown, 0.25, "without a picture"),
    ],
)
def test_every_ending_says_whose_money_it_is(
    fal: FalStandIn, provider: FalProvider, ending: str, kind: type[ProviderError], usd: float | None, words: str
) -> None:
    fal.end(ending)
    error = refused(provider, kind)
    assert re.search(words, str(error)), str(error)
    assert error.receipt is not None
    assert error.receipt.usd_used == usd
    assert error.receipt.request_id
    assert "WHAT WAS SENT" not in error.receipt.model_dump_json()
    assert len(fal.submits()) == 1


def test_a_failure_that_only_the_result_tells_is_believed_when_it_is_told_again(
    fal: FalStandIn, provider: FalProvider
) -> None:
    told = ENDINGS["runner_error"]
    fal.end(Ending(told.status, told.body, told.headers, units=0, is_told=False))
    refused(provider, NotCharged)
    assert fal.count("result") == 3


def test_a_page_in_place_of_a_result_is_no_outcome(fal: FalStandIn, provider: FalProvider) -> None:
    fal.end("ingress")
    error = refused(provider, AnswerPending, Told(0.5))
    assert "cannot be reached" in str(error)


def test_the_magic_word_is_refused_and_others_are_drawn(fal: FalStandIn, provider: FalProvider) -> None:
    with pytest.raises(PromptRefused):
        provider.generate(FOX.model_copy(update={"prompt": "a forbidden fruit"}), Told().context)
    assert provider.generate(FOX, Told().context).data


@pytest.mark.parametrize("ending", ["picture", "single", "inline"])
def test_a_picture_comes_with_its_cost(fal: FalStandIn, provider: FalProvider, ending: str) -> None:
    fal.end(ending)
    told = Told()
    receipt = provider.generate(FOX, told.context).receipt
    assert (receipt.usd_used, receipt.http_status) == (0.25, 200)
    assert receipt.request_id == told.ticket.request_id
    assert receipt.raw["billable_units"] == 1
    assert "red fox" not in receipt.model_dump_json()


def test_megapixels_are_counted_by_fal_and_priced_by_the_table(fal: FalStandIn, provider: FalProvider) -> None:
    receipt = provider.generate(FOX.model_copy(update={"model": FLUX}), Told().context).receipt
    assert receipt.usd_used == pytest.approx(0.003 * 1248 * 832 / 1e6, rel=0.001)


@pytest.mark.parametrize("units", ["", "nan", "inf", "-1", "many"])
def test_without_a_count_the_cost_is_not_made_up(fal: FalStandIn, provider: FalProvider, units: str) -> None:
    fal.add(
        "answer",
        "result",
        body={"images": [{"url": "data:image/png;base64,iVBORw0KGgo="}]},
        headers={"X-Fal-Billable-Units": units},
    )
    assert provider.generate(FOX, Told().context).receipt.usd_used is None


# ---------------------------------------------------------------- on the way


@pytest.mark.parametrize("step", ["status", "result"])
@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("reset", {}),
        ("html", {}),
        ("garbage", {}),
        ("short_body", {}),
        ("gzip_bomb", {}),
        ("ingress", {}),
        ("ingress", {"status": 503}),
        ("rate_limited", {"seconds": 0.01}),
        ("redirect", {"status": 307}),
        ("answer", {"body": {}, "status": 204}),
        ("platform", {"status": 404}),
    ],
)
def test_trouble_in_asking_is_no_outcome(
    fal: FalStandIn, provider: FalProvider, step: str, fault: str, options: dict[str, Any]
) -> None:
    if (step, fault) in (("result", "html"), ("result", "garbage"), ("result", "gzip_bomb")):
        pytest.skip("a result that is no result is the end of it")
    fal.add(fault, step, times=2, **options)
    assert provider.generate(FOX, Told().context).data
    assert len(fal.submits()) == 1


@pytest.mark.parametrize("early", [400, 202])
def test_a_result_that_is_not_ready_is_asked_for_again(fal: FalStandIn, provider: FalProvider, early: int) -> None:
    fal.add("answer", "result", status=early, body={"detail": "Request is still in progress"})
    assert provider.generate(FOX, Told().context).data
    assert fal.count("result") == 2


def test_a_request_may_go_back_into_the_queue(fal: FalStandIn, provider: FalProvider) -> None:
    fal.steps = ("IN_PROGRESS", "IN_QUEUE 3", "IN_QUEUE 0", "IN_PROGRESS")
    told = Told()
    assert provider.generate(FOX, told.context).data
    assert [text for _, text in told.progress] == [
        "Drawing",
        "3 before it at fal",
        "Next at fal",
        "Drawing",
        "Fetching the picture",
    ]


@pytest.mark.parametrize(
    ("logs", "fraction", "text"),
    [
        ([], None, "Being made"),
        (["Loading", "Drawing <b>now</b>"], None, "Drawing ‹b›now‹/b›"),
        ([" 40%|████      | 11/28 [00:01<00:02]"], 0.4, "Being made"),
        (["100 %"], 1.0, "Being made"),
        (["850%"], None, "850%"),
        (["x" * 5000], None, "x" * 79 + "…"),
    ],
)
def test_logs_become_progress(
    fal: FalStandIn, provider: FalProvider, logs: list[str], fraction: float | None, text: str
) -> None:
    fal.logs, fal.steps = logs, ("IN_PROGRESS",)
    told = Told()
    provider.generate(FOX, told.context)
    assert told.progress[0] == (fraction, text)


def test_a_request_that_fal_has_forgotten_is_unknown(fal: FalStandIn, provider: FalProvider) -> None:
    fal.add("platform", "status", status=404, times=0)
    assert "knows nothing more" in str(refused(provider, OutcomeUnknown))
    assert fal.count("status") == 3


def test_a_result_that_has_expired_is_unknown(fal: FalStandIn, provider: FalProvider) -> None:
    fal.keeps = False
    told = Told(3)
    fal.add("ingress", "result", times=0)
    refused(provider, AnswerPending, told)
    fal.clear_faults()
    fal.advance(3601)
    with pytest.raises(OutcomeUnknown, match="expired"):
        provider.resume(told.ticket, FOX, Told().context)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("step", ["status", "result"])
def test_a_key_that_is_refused_while_asking_stops_the_provider_and_loses_nothing(
    fal: FalStandIn, provider: FalProvider, status: int, step: str
) -> None:
    fal.add("platform", step, status=status)
    told = Told()
    error = refused(provider, AnswerPending, told)
    assert isinstance(error, AnswerPending)
    assert error.pauses
    assert provider.resume(told.ticket, FOX, Told().context).data
    assert len(fal.submits()) == 1


def test_a_visitors_own_key_that_is_refused_pauses_nobody_else(fal: FalStandIn, provider: FalProvider) -> None:
    fal.add("platform", "status", status=401)
    error = refused(provider, AnswerPending, Told(own_key=SecretStr(KEY)))
    assert isinstance(error, AnswerPending)
    assert not error.pauses


def test_what_cannot_be_reached_is_put_off_for_a_day_ever_longer_and_then_given_up(fal: FalStandIn) -> None:
    now = [1_800_000_000.0]
    provider = provider_for(fal, clock=lambda: now[0])
    fal.add("reset", "status", times=0)
    told = Told(0.3)
    first = refused(provider, AnswerPending, told)
    assert isinstance(first, AnswerPending)
    waits = [first.retry_after]
    for hours in (1, 23):
        now[0] = 1_800_000_000.0 + hours * 3600
        with pytest.raises(AnswerPending) as caught:
            provider.resume(told.ticket, FOX, Told(0.3).context)
        waits.append(caught.value.retry_after)
    assert waits == sorted(waits)
    assert waits[0] < waits[1]
    now[0] += DAY_S
    with pytest.raises(OutcomeUnknown, match="a day has passed"):
        provider.resume(told.ticket, FOX, Told(0.3).context)


# ---------------------------------------------------------------- the file


@pytest.mark.parametrize("fault", ["reset", "short_body", "ingress", "answer"])
def test_a_file_that_does_not_come_is_fetched_again(fal: FalStandIn, provider: FalProvider, fault: str) -> None:
    fal.add(fault, "file", times=2, **({"status": 404} if fault == "answer" else {}))
    assert provider.generate(FOX, Told().context).data
    assert len(fal.files.requests) == 3


def test_a_file_that_will_not_come_is_put_off_and_only_it_is_asked_for_later(fal: FalStandIn) -> None:
    now = [1_800_000_000.0]
    provider = provider_for(fal, clock=lambda: now[0])
    fal.add("ingress", "file", times=0)
    told = Told(1)
    assert "picture is made" in str(refused(provider, AnswerPending, told))
    asked = len(fal.asked)
    now[0] += 6.9 * DAY_S
    with pytest.raises(AnswerPending):
        provider.resume(told.ticket, FOX, Told(0.5).context)
    now[0] += 0.2 * DAY_S
    with pytest.raises(OutcomeUnknown, match="It was charged") as caught:
        provider.resume(told.ticket, FOX, Told(0.5).context)
    assert caught.value.receipt is not None
    assert caught.value.receipt.usd_used == 0.25
    fal.clear_faults()
    picture = provider.resume(told.ticket, FOX, Told().context)
    assert picture.receipt.usd_used == 0.25
    assert len(fal.asked) == asked  # the queue was not asked again


def test_a_file_that_has_expired_is_charged_and_lost(fal: FalStandIn) -> None:
    now = [1_800_000_000.0]
    provider = provider_for(fal, clock=lambda: now[0])
    fal.add("ingress", "file", times=0)
    told = Told(0.5)
    refused(provider, AnswerPending, told)
    fal.clear_faults()
    fal.advance(DAY_S + 60)
    now[0] += DAY_S + 60
    with pytest.raises(OutcomeUnknown, match="expired") as caught:
        provider.resume(told.ticket, FOX, Told().context)
    assert caught.value.receipt is not None
    assert caught.value.receipt.usd_used == 0.25


@pytest.mark.parametrize("fault", ["svg", "html_image", "empty_image", "pixel_bomb"])
def test_a_file_that_is_no_picture_is_charged_and_not_kept(fal: FalStandIn, provider: FalProvider, fault: str) -> None:
    fal.add(fault, "file", times=0)
    error = refused(provider, OutcomeUnknown)
    assert "It was charged" in str(error)
    assert error.receipt is not None
    assert error.receipt.usd_used == 0.25


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/x.png",
        "https://fal.media.example.com/x.png",
        "https://notfal.media/x.png",
        "http://v3.fal.media/x.png",
        "https://v3.fal.media:8443/x.png",
        "https://user@v3.fal.media/x.png",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data/",
    ],
)
def test_a_picture_at_another_address_is_not_fetched(fal: FalStandIn, url: str) -> None:
    provider = provider_for(fal, file_hosts=("fal.media", ".fal.media"))
    fal.add("file_at", "result", url=url)
    told = Told()
    error = refused(provider, OutcomeUnknown, told)
    assert "not on the list" in str(error)
    assert "file_hosts" in str(error)
    assert fal.files.requests == []


def test_addresses_of_other_hosts_in_an_answer_are_never_asked(fal: FalStandIn, provider: FalProvider) -> None:
    with FalStandIn() as other:
        fields = {f"{what}_url": f"{other.url}/{what}" for what in ("status", "response", "cancel")}
        fal.add("changed", fields=fields)
        told = Told()
        assert provider.generate(FOX, told.context).data
        assert other.requests == []
    assert set(told.tickets[0].data) == {"model", "submitted_at"}


def test_a_ticket_from_another_configuration_leads_to_no_other_host(fal: FalStandIn, provider: FalProvider) -> None:
    with FalStandIn() as other:
        data = {"model": FOX.model, "submitted_at": 0, "status_url": f"{other.url}/x", "response_url": f"{other.url}/x"}
        with pytest.raises(OutcomeUnknown):
            provider.resume(Ticket(request_id="gone", data=data), FOX, Told().context)
        assert other.requests == []
    assert fal.count("status") == 3
