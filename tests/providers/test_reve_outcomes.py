"""The table of section "money": which answer means what, who pays, and what the receipt keeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from reve_core.errors import (
    KeyRefused,
    NoCredits,
    OutcomeUnknown,
    PromptRefused,
    ProviderError,
    RateLimited,
    RequestRejected,
    ServiceClosed,
)
from reve_core.providers.reve import ReveProvider
from reve_core.providers.wire.retry_after import LONGEST_S, seconds_to_wait
from tests.providers.reve_helpers import DRAFT, FOX, context
from tests.standin import StandIn


def refused(reve: StandIn, provider: ReveProvider, fault: str, **options: Any) -> ProviderError:
    """The error that this fault leads to; exactly one request was sent for it."""
    reve.faults.add(fault, **options)
    before = len(reve.posts())
    with pytest.raises(ProviderError) as caught:
        provider.generate(FOX, context())
    assert len(reve.posts()) == before + 1
    return caught.value


# ---------------------------------------------------------------- success


def test_a_picture_comes_with_its_receipt(reve: StandIn, provider: ReveProvider) -> None:
    receipt = provider.generate(FOX, context()).receipt
    assert receipt.request_id == "rsid-standin-000001"
    assert receipt.http_status == 200
    assert receipt.credits_used == 150
    assert receipt.credits_left == 1_000_000 - 150
    assert receipt.version == "reve-v2-create@standin"
    assert receipt.layout is not None
    assert receipt.layout.regions[0].label == "<fox>"
    assert receipt.notes == ()
    assert reve.ledger.keys() == ["job-1"]


def test_a_draft_costs_eighteen_credits_and_has_no_layout(provider: ReveProvider) -> None:
    receipt = provider.generate(DRAFT, context()).receipt
    assert receipt.credits_used == 18
    assert receipt.layout is None


def test_numbers_and_booleans_as_strings_are_understood(reve: StandIn, provider: ReveProvider) -> None:
    reve.faults.add("strings")
    receipt = provider.generate(FOX, context()).receipt
    assert receipt.credits_used == 150
    assert receipt.credits_left == 1_000_000 - 150


def test_the_bytes_decide_what_a_picture_is_not_the_content_type(reve: StandIn, provider: ReveProvider) -> None:
    reve.faults.add("wrong_type")
    assert provider.generate(FOX, context()).data.startswith(b"\x89PNG")


def test_a_gateway_that_answers_with_a_bare_picture_is_understood(reve: StandIn, provider: ReveProvider) -> None:
    reve.faults.add("grey", status=200, code="")
    assert provider.generate(FOX, context()).data.startswith(b"\x89PNG")


# ---------------------------------------------------------------- layouts never lose a picture


def test_a_null_layout_is_no_layout(reve: StandIn, provider: ReveProvider) -> None:
    reve.faults.add("null_layout")
    receipt = provider.generate(FOX, context()).receipt
    assert receipt.layout is None
    assert receipt.notes == ()


@pytest.mark.parametrize("layout", ["words", 7, [], {"regions": [], "width": "wide"}])
def test_a_layout_that_cannot_be_read_costs_a_note_not_the_picture(
    reve: StandIn, provider: ReveProvider, layout: Any
) -> None:
    reve.faults.add("bad_layout", layout=layout)
    picture = provider.generate(FOX, context())
    assert picture.data.startswith(b"\x89PNG")
    assert picture.receipt.layout is None
    assert "could not be read" in picture.receipt.notes[0]
    assert picture.receipt.raw["layout"] == layout


def test_boxes_that_cannot_be_read_are_left_out_one_by_one(reve: StandIn, provider: ReveProvider) -> None:
    good = {"label": "<fox>", "bbox": {"x0": 0, "y0": 0, "x1": 1, "y1": 1}, "mood": "calm"}
    bad = [{"label": "<a>", "bbox": [0, 0, 1, 1]}, {"label": "<b>"}, "words", None]
    reve.faults.add("bad_layout", layout={"regions": [good, *bad]})
    receipt = provider.generate(FOX, context()).receipt
    assert receipt.layout is not None
    assert receipt.layout.as_json()["regions"] == [{**good, "prompt": ""}]
    assert receipt.notes == ("4 of the layout's 5 boxes could not be read and were left out.",)


def test_a_parent_that_names_nothing_is_kept_as_it_came(reve: StandIn, provider: ReveProvider) -> None:
    reve.faults.add("bad_parent")
    layout = provider.generate(FOX, context()).receipt.layout
    assert layout is not None
    assert {region.parent for region in layout.regions} == {"N/A"}


# ---------------------------------------------------------------- refusals that cost nothing


@pytest.mark.parametrize(
    ("fault", "options", "kind"),
    [
        pytest.param("status", {"status": 400}, RequestRejected, id="400"),
        pytest.param("status", {"status": 404}, RequestRejected, id="404"),
        pytest.param("status", {"status": 422}, RequestRejected, id="422"),
        pytest.param("status", {"status": 401}, KeyRefused, id="401"),
        pytest.param("status", {"status": 403}, KeyRefused, id="403"),
        pytest.param("status", {"status": 407}, KeyRefused, id="407"),
        pytest.param("status", {"status": 402}, NoCredits, id="402 without a code"),
        pytest.param("no_credits", {}, NoCredits, id="402"),
        pytest.param(
            "status", {"status": 400, "code": "PARTNER_API_BUDGET_EXHAUSTED"}, NoCredits, id="budget, not 402"
        ),
        pytest.param("status", {"status": 429}, RateLimited, id="429"),
        pytest.param("throttled", {}, RateLimited, id="429 throttled"),
        pytest.param("policy", {}, PromptRefused, id="policy"),
        pytest.param("grey", {}, RequestRejected, id="a grey picture with 400"),
        pytest.param("grey", {"code": "PARTNER_API_BUDGET_EXHAUSTED"}, NoCredits, id="a grey picture, no credits"),
        pytest.param("grey", {"status": 200}, RequestRejected, id="a grey picture with 200"),
        pytest.param("status", {"status": 503, "code": "MODEL_THROTTLED"}, RateLimited, id="503 throttled"),
    ],
)
def test_a_clear_no_is_a_no(
    reve: StandIn, provider: ReveProvider, fault: str, options: dict[str, Any], kind: type[ProviderError]
) -> None:
    error = refused(reve, provider, fault, **options)
    assert type(error) is kind
    assert error.receipt is not None
    assert error.receipt.http_status == options.get("status", error.receipt.http_status)
    assert len(reve.ledger) == 0


@pytest.mark.parametrize("status", [200, 400, 401, 402, 403, 404, 410, 429, 500, 503])
def test_a_closed_service_is_final_whatever_the_status(reve: StandIn, provider: ReveProvider, status: int) -> None:
    error = refused(reve, provider, "closed", status=status)
    assert type(error) is ServiceClosed
    assert "14 August 2026" in str(error)
    assert "REVE_API_URL" in str(error)


def test_the_servers_own_words_are_shown(reve: StandIn, provider: ReveProvider) -> None:
    error = refused(reve, provider, "status", status=422, message="the moon is <b>not</b> ![cheese](http://x.test/y)")
    assert "the moon is ‹b›not‹/b› ![cheese] (http://x.test/y)" in str(error)


def test_an_error_keeps_its_request_id_and_its_details(reve: StandIn, provider: ReveProvider) -> None:
    error = refused(reve, provider, "no_credits")
    assert error.receipt is not None
    assert error.receipt.request_id == "rsid-standin-error"
    assert error.receipt.raw["error_code"] == "PARTNER_API_BUDGET_EXHAUSTED"
    assert error.receipt.raw["params"] == {"requested_amount": 150, "available_amount": 12}
    assert "150 needed, 12 left" in str(error)


def test_an_error_whose_words_never_end_is_still_understood(reve: StandIn, provider: ReveProvider) -> None:
    error = refused(reve, provider, "answer", status=401, body="x" * 3_000_000)
    assert type(error) is KeyRefused


# ---------------------------------------------------------------- refusals that were paid for


@pytest.mark.parametrize("how", ["body", "string", "header"])
def test_a_content_violation_is_a_refusal_with_its_price_in_the_receipt(
    reve: StandIn, provider: ReveProvider, how: str
) -> None:
    error = refused(reve, provider, "violation", how=how)
    assert type(error) is PromptRefused
    assert error.receipt is not None
    assert error.receipt.credits_used == 150
    assert "150 credits" in str(error)
    assert len(reve.ledger) == 1


# ---------------------------------------------------------------- nobody can know


@pytest.mark.parametrize("status", [500, 502, 503, 504, 202, 204, 303, 304, 408, 409, 418])
def test_any_other_status_leaves_the_outcome_unknown(reve: StandIn, provider: ReveProvider, status: int) -> None:
    error = refused(reve, provider, "answer", status=status, body="" if status in (204, 304) else {})
    assert type(error) is OutcomeUnknown
    assert "may have been charged" in str(error)
    assert error.receipt is not None
    assert error.receipt.http_status == status


def test_an_error_header_on_a_200_is_a_failure(reve: StandIn, provider: ReveProvider) -> None:
    error = refused(reve, provider, "error_header")
    assert type(error) is OutcomeUnknown
    assert error.receipt is not None
    assert error.receipt.request_id == "rsid-standin-000001"
    assert type(refused(reve, provider, "error_header", code="PARTNER_API_BUDGET_EXHAUSTED")) is NoCredits


def test_a_500_that_calls_the_request_wrong_is_not_believed(reve: StandIn, provider: ReveProvider) -> None:
    assert type(refused(reve, provider, "status", status=500, code="INVALID_PARAMETER_VALUE")) is OutcomeUnknown


@pytest.mark.parametrize("image", ["", None, 7, "not base64 at all", "AAAA"])
def test_an_answer_without_a_picture_leaves_the_outcome_unknown(
    reve: StandIn, provider: ReveProvider, image: Any
) -> None:
    error = refused(reve, provider, "empty_image", image=image)
    assert type(error) is OutcomeUnknown
    assert error.receipt is not None
    assert error.receipt.credits_used == 150


# ---------------------------------------------------------------- how long to wait


@pytest.mark.parametrize(
    ("how", "least", "most"), [("seconds", 7, 7), ("date", 4, 7), ("params", 4, 7), ("year", LONGEST_S, LONGEST_S)]
)
def test_a_429_says_how_long_to_wait_in_any_of_its_forms(
    reve: StandIn, provider: ReveProvider, how: str, least: float, most: float
) -> None:
    error = refused(reve, provider, "rate_limited", how=how, seconds=7)
    assert isinstance(error, RateLimited)
    assert error.retry_after is not None
    assert least <= error.retry_after <= most


def test_a_429_that_does_not_say_how_long_leaves_it_open(reve: StandIn, provider: ReveProvider) -> None:
    error = refused(reve, provider, "rate_limited", how="none")
    assert isinstance(error, RateLimited)
    assert error.retry_after is None


NOW = datetime(2026, 7, 20, 10, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "params", "wait"),
    [
        ("0", None, 0),
        ("1.5", None, 1.5),
        (" 12 ", None, 12),
        ("-5", None, 0),
        ("1e300", None, LONGEST_S),
        ("inf", None, LONGEST_S),
        ("nan", None, None),
        ("9" * 400, None, LONGEST_S),
        ("soon", None, None),
        ("", None, None),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), None, 30),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), None, 0),
        ("Mon, 99 Foo 2026 10:00:00 GMT", None, None),
        (None, {"retry_after": "2026-07-20T10:00:07Z"}, 7),
        (None, {"retry_after": "2026-07-20T12:00:07+02:00"}, 7),
        (None, {"retry_after": "2026-07-20T10:00:07"}, 7),
        (None, {"retry_after": 9}, 9),
        (None, {"retry_after": True}, None),
        (None, {"retry_after": None}, None),
        (None, ["retry_after"], None),
        ("soon", {"retry_after": 9}, 9),
        ("3", {"retry_after": 9}, 3),
        (None, None, None),
    ],
)
def test_what_a_server_asks_us_to_wait(header: str | None, params: Any, wait: float | None) -> None:
    headers = {} if header is None else {"retry-after": header}
    assert seconds_to_wait(headers, {"params": params}, NOW) == wait
