"""What each answer means for the money, over a real connection: a paid server and one that costs nothing side by side."""

from __future__ import annotations

from typing import Any

import pytest

from reve_core.errors import (
    KeyRefused,
    NoCredits,
    NotCharged,
    OutcomeUnknown,
    PromptRefused,
    ProviderError,
    RateLimited,
    RequestRejected,
)
from reve_core.providers.openai import OpenAIProvider
from tests.providers.openai.helpers import FOX, context, provider_for
from tests.standin.openai import ImagesServer

MAYBE = "may have been charged"


def refused(provider: OpenAIProvider, kind: type[ProviderError], prompt: str = FOX.prompt) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        provider.generate(FOX.model_copy(update={"prompt": prompt}), context())
    assert type(caught.value) is kind, caught.value
    return caught.value


def error(
    code: str | None = None, message: str = "no", kind: str = "invalid_request_error", **more: Any
) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code, **more}}


BLOCKED_IN = {"moderation_details": {"moderation_stage": "input", "categories": ["violence", "hate"]}}
BLOCKED_OUT = {"moderation_details": {"moderation_stage": "output", "categories": []}}

# Status, body, what it means where calls are paid, what where they are not, and words of the paid one's sentence.
ANSWERS: list[Any] = [
    (400, error("moderation_blocked", **BLOCKED_IN), PromptRefused, PromptRefused, "(violence, hate)"),
    (400, error("moderation_blocked", **BLOCKED_IN), PromptRefused, PromptRefused, "most likely cost nothing"),
    (400, error("moderation_blocked", **BLOCKED_OUT), PromptRefused, PromptRefused, "held back the finished picture"),
    (400, error("moderation_blocked", **BLOCKED_OUT), PromptRefused, PromptRefused, MAYBE),
    (400, error("moderation_blocked", moderation_details="odd"), PromptRefused, PromptRefused, MAYBE),
    (400, error("content_policy_violation"), PromptRefused, PromptRefused, "refused this prompt"),
    (400, error("400", "litellm.ContentPolicyViolationError: no"), PromptRefused, PromptRefused, "refused"),
    (403, error(None, "Rejected by our safety system."), PromptRefused, PromptRefused, "refused"),
    (422, {"detail": "blocked by the content policy"}, PromptRefused, PromptRefused, "refused"),
    (
        400,
        error("invalid_value", "bad value for moderation filter"),
        RequestRejected,
        RequestRejected,
        "did not accept",
    ),
    (400, error("billing_hard_limit_reached"), NoCredits, NoCredits, "Top up"),
    (400, error(None, "Billing hard limit has been reached"), NoCredits, NoCredits, "Nothing was charged"),
    (400, error("400", "ExceededBudget: Budget has been exceeded!", "budget_exceeded"), NoCredits, NoCredits, "Top up"),
    (429, error("insufficient_quota", kind="insufficient_quota"), NoCredits, NoCredits, "then resume"),
    (429, error("429", "You exceeded your current quota, check your plan"), NoCredits, NoCredits, "Top up"),
    (402, {"message": "Payment required"}, NoCredits, NoCredits, "Payment required"),
    (403, {"error": "Insufficient credits on this account"}, NoCredits, NoCredits, "Top up"),
    (429, error("rate_limit_exceeded", "slow down", "requests"), RateLimited, RateLimited, "asks for a pause"),
    (429, "busy", RateLimited, RateLimited, "asks for a pause"),
    (401, error("invalid_api_key"), KeyRefused, KeyRefused, "Check REVE_OPENAI_KEY"),
    (401, "", KeyRefused, KeyRefused, "did not accept the key"),
    (403, error("unsupported_country_region_territory"), KeyRefused, KeyRefused, "does not allow this key"),
    (403, error(None, "Your organization must be verified"), KeyRefused, KeyRefused, "must be verified"),
    (404, error("model_not_found"), KeyRefused, KeyRefused, "Check REVE_OPENAI_MODELS"),
    (404, "", RequestRejected, RequestRejected, "usually ends in /v1"),
    (404, "<html><h1>404</h1>", RequestRejected, RequestRejected, "Check REVE_OPENAI_URL"),
    (400, error("unknown_parameter", "Unknown parameter: 'seed'."), RequestRejected, RequestRejected, "'seed'"),
    (400, {"error": "width must be a multiple of 8"}, RequestRejected, RequestRejected, "multiple of 8"),
    (400, {"error": {}}, RequestRejected, RequestRejected, "(status 400)"),
    (
        422,
        {"detail": [{"loc": ["body", "size"], "msg": "bad size"}]},
        RequestRejected,
        RequestRejected,
        "size: bad size",
    ),
    (422, {"detail": {"message": "odd shape"}}, RequestRejected, RequestRejected, "odd shape"),
    (413, "", RequestRejected, RequestRejected, "Nothing was charged"),
    (418, "short and stout", RequestRejected, RequestRejected, "short and stout"),
    (408, error(), OutcomeUnknown, NotCharged, MAYBE),
    (409, error(), OutcomeUnknown, NotCharged, MAYBE),
    (500, error(None, "server had an error", "server_error"), OutcomeUnknown, NotCharged, "server had an error"),
    (500, {"error": "generate_image returned no results"}, OutcomeUnknown, NotCharged, MAYBE),
    (500, error("insufficient_quota"), OutcomeUnknown, NotCharged, MAYBE),
    (502, "<html>Bad gateway</html>", OutcomeUnknown, NotCharged, "status 502"),
    (503, {"detail": "no diffusion stage"}, OutcomeUnknown, NotCharged, "no diffusion stage"),
    (520, "", OutcomeUnknown, NotCharged, MAYBE),
    (301, "", RequestRejected, RequestRejected, "Set the final address"),
    (308, "", RequestRejected, RequestRejected, "sends requests on"),
    (303, "", OutcomeUnknown, NotCharged, MAYBE),
    (200, {"created": 1, "data": []}, OutcomeUnknown, NotCharged, "without a picture"),
    (200, {"data": None}, OutcomeUnknown, NotCharged, "without a picture"),
    (200, {"data": [{}, 7, {"b64_json": ""}]}, OutcomeUnknown, NotCharged, "without a picture"),
    (200, {"data": [{"b64_json": "%%%"}]}, OutcomeUnknown, NotCharged, MAYBE),
    (200, {}, OutcomeUnknown, NotCharged, "It said: nothing"),
    (200, [], OutcomeUnknown, NotCharged, "neither JSON nor a picture"),
    (202, {"id": "task-1", "status": "queued"}, OutcomeUnknown, NotCharged, "queued"),
    (200, error("moderation_blocked"), PromptRefused, PromptRefused, MAYBE),
    (200, error("rate_limit_exceeded"), RateLimited, RateLimited, "asks for a pause"),
    (200, error(None, "an upstream broke"), OutcomeUnknown, NotCharged, "an upstream broke"),
]


@pytest.mark.parametrize(("status", "body", "paid", "unpaid", "words"), ANSWERS)
def test_each_answer_has_its_meaning(
    server: ImagesServer,
    provider: OpenAIProvider,
    status: int,
    body: Any,
    paid: type[ProviderError],
    unpaid: type[ProviderError],
    words: str,
) -> None:
    server.faults.add("answer", status=status, body=body, times=2)
    said = refused(provider, paid)
    assert words in str(said)
    assert said.receipt is not None
    assert said.receipt.http_status == status
    told = refused(provider_for(server, paid=False), unpaid)
    assert "charged all the same" not in str(told)
    assert len(server.posts()) == 2  # nothing was sent again


@pytest.mark.parametrize("how", ["hang", "reset", "short_body", "lost_after_work"])
def test_a_lost_answer_is_unknown_where_it_is_paid_and_free_where_not(server: ImagesServer, how: str) -> None:
    for paid, kind in ((True, OutcomeUnknown), (False, NotCharged)):
        provider = provider_for(server, paid=paid)
        assert provider.idempotent is not paid
        server.faults.add(how)
        with pytest.raises(ProviderError) as caught:
            provider.generate(FOX, context(1.0))
        assert type(caught.value) is kind
    assert len(server.ledger) == len(server.posts()) == 2


def test_an_unreachable_server_costs_nothing() -> None:
    with ImagesServer() as server:
        provider = provider_for(server)
    error = refused(provider, NotCharged)
    assert "could not be reached: nothing listens there. Nothing was charged." in str(error)


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({"how": "seconds", "seconds": 9}, 9.0),
        ({"how": "ms", "seconds": 2.5}, 2.5),
        ({"how": "text", "seconds": 12}, 12.0),
        ({"how": "none"}, None),
        ({"how": "year"}, 600.0),
    ],
)
def test_how_long_to_wait_stands_in_a_header_or_in_the_words(
    server: ImagesServer, provider: OpenAIProvider, options: dict[str, Any], seconds: float | None
) -> None:
    server.faults.add("rate_limited", **options)
    error = refused(provider, RateLimited)
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Please try again in 12s.", 12.0),
        ("Please try again in 1m30s.", 90.0),
        ("Please try again in 2m.", 120.0),
        ("Please try again in 600ms.", 0.6),
        ("Please try again in 1.5 seconds", 1.5),
        ("Retry after 20 sec", 20.0),
        ("Limit 5 in total, used 5 in this minute. Try again in 12s", 12.0),
        ("Limit 5, used 5.", None),
        ("Please try again in 99999s", 600.0),
    ],
)
def test_seconds_are_found_in_words(
    server: ImagesServer, provider: OpenAIProvider, text: str, seconds: float | None
) -> None:
    server.faults.add("answer", status=429, body=error("rate_limit_exceeded", text))
    said = refused(provider, RateLimited)
    assert isinstance(said, RateLimited)
    assert said.retry_after == seconds


def test_a_wrong_model_among_several_does_not_stop_the_others(server: ImagesServer) -> None:
    provider = provider_for(server, models=("gpt-image-2", "gpt-image-9"))
    with pytest.raises(RequestRejected, match="has no model “gpt-image-9”"):
        provider.generate(FOX.model_copy(update={"model": "gpt-image-9"}), context())


@pytest.mark.parametrize("stage", ["input", "output"])
def test_the_stand_ins_own_moderation_is_understood(server: ImagesServer, provider: OpenAIProvider, stage: str) -> None:
    error = refused(provider, PromptRefused, f"a fox, forbidden-{stage}")
    assert len(server.ledger) == (stage == "output")
    assert ("most likely cost nothing" in str(error)) == (stage == "input")


def test_a_gateways_refusal_without_a_code_is_understood() -> None:
    with ImagesServer(dialect="gateway") as server:
        refused(provider_for(server), PromptRefused, "a fox, forbidden-input")


def test_credits_that_run_out_are_told(server: ImagesServer, provider: OpenAIProvider) -> None:
    server.ledger.credits = 1
    assert provider.generate(FOX, context()).data
    refused(provider, NoCredits)
    assert len(server.ledger) == 1


# ---------------------------------------------------------------- pictures


def test_what_it_cost_is_counted_from_its_tokens(server: ImagesServer, provider: OpenAIProvider) -> None:
    receipt = provider.generate(FOX, context()).receipt
    usage = receipt.raw["usage"]
    assert receipt.usd_used == pytest.approx((usage["input_tokens"] * 5 + usage["output_tokens"] * 30) / 1e6)
    assert receipt.credits_used is None
    assert receipt.request_id == "req-standin-000001"
    assert (receipt.raw["size"], receipt.raw["quality"]) == ("1536x1024", "high")
    assert receipt.notes == ()


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": "7", "output_tokens": 1}, {"output_tokens": -5}, "many"])
def test_a_count_that_makes_no_sense_costs_nothing_known(
    server: ImagesServer, provider: OpenAIProvider, usage: Any
) -> None:
    data = [{"b64_json": TINY}]
    server.faults.add("answer", body={"data": data, "usage": usage})
    assert provider.generate(FOX, context()).receipt.usd_used is None


def test_a_server_of_ones_own_charges_nothing_and_that_is_known(free: OpenAIProvider) -> None:
    assert free.generate(FOX, context()).receipt.usd_used == 0


def test_a_gateways_own_count_wins(server: ImagesServer, provider: OpenAIProvider) -> None:
    headers = {"x-litellm-response-cost": "0.042"}
    server.faults.add("answer", body={"data": [{"b64_json": TINY}]}, headers=headers)
    assert provider.generate(FOX, context()).receipt.usd_used == 0.042


@pytest.mark.parametrize("fault", ["data_address", "raw_picture", "escaped", "wrong_type", "no_end"])
def test_a_picture_in_a_strange_wrapping_is_taken(server: ImagesServer, provider: OpenAIProvider, fault: str) -> None:
    usual = provider.generate(FOX, context()).data
    server.faults.add(fault)
    assert provider.generate(FOX, context()).data == usual


def test_another_shape_than_was_asked_for_is_a_note_and_not_a_failure(
    server: ImagesServer, provider: OpenAIProvider
) -> None:
    server.faults.add("other_size", size="512x512")
    [note] = provider.generate(FOX, context()).receipt.notes
    assert note == "The server drew 48x48 although 3:2 (1536x1024) was asked for."


def test_of_several_pictures_the_first_is_kept_and_told(server: ImagesServer, provider: OpenAIProvider) -> None:
    server.faults.add("many", n=3)
    picture = provider.generate(FOX, context())
    assert "The server sent 3 pictures although one was asked for; the first was kept." in picture.receipt.notes


def test_a_rewritten_prompt_is_told(server: ImagesServer, provider: OpenAIProvider) -> None:
    tricky = 'a fox that says "b64_json": "AAAA"'
    server.faults.add("answer", body={"data": [{"revised_prompt": tricky, "b64_json": TINY}]})
    receipt = provider.generate(FOX, context()).receipt
    assert receipt.raw["revised_prompt"] == tricky
    assert "The service rewrote the prompt before it drew." in receipt.notes


TINY = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAD0lEQVR4nGP4z8CATOAEAAzqAf8X0Hv3AAAAAElFTkSuQmCC"
