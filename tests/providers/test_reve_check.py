"""A look at the balance: free, quick, and in words for each way it can go."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from reve_core.providers.reve import ReveProvider
from tests.providers.reve_helpers import provider_for
from tests.standin import StandIn

BALANCE = "/api/misc/balance"


def test_the_balance_is_told_and_nothing_is_spent(reve: StandIn, provider: ReveProvider) -> None:
    reve.ledger.credits = 7200
    health = provider.check()
    assert health.ok
    assert health.credits_left == 7200
    assert health.text == "Reve accepts the key; 7,200 credits are left."
    assert [(sent.method, sent.path) for sent in reve.requests] == [("GET", BALANCE)]
    assert len(reve.ledger) == 0


def test_a_balance_too_small_for_one_picture_says_so(reve: StandIn, provider: ReveProvider) -> None:
    reve.ledger.credits = 12
    assert provider.check().text == "Reve accepts the key; 12 credits are left, too few for one Reve 2 picture (150)."


def test_a_balance_as_a_string_is_understood(reve: StandIn, provider: ReveProvider) -> None:
    reve.faults.add("answer", path=BALANCE, body={"new_balance": "41.5"})
    assert provider.check().credits_left == 41.5


def test_a_missing_key_is_told_without_asking() -> None:
    health = ReveProvider().check()
    assert not health.ok
    assert health.text.startswith("No key is set: ")


def test_a_wrong_key_is_told(reve: StandIn) -> None:
    health = provider_for(reve, api_key=SecretStr("papi.test-another")).check()
    assert not health.ok
    assert health.text == "Reve does not accept the key. Check REVE_API_KEY."


@pytest.mark.parametrize(
    ("fault", "options", "words"),
    [
        ("closed", {}, "closed by its maker on 14 August 2026"),
        ("closed", {"status": 200}, "closed by its maker"),
        ("closed", {"status": 500}, "closed by its maker"),
        ("rate_limited", {}, "asks for a pause"),
        ("no_credits", {}, "no credits left"),
        ("status", {"status": 503}, "trouble of its own just now (status 503)"),
        ("html", {}, "does not speak like the Reve API (status 200)"),
        ("answer", {"status": 404, "body": "<h1>Not found</h1>"}, "does not speak like the Reve API (status 404)"),
        ("answer", {"body": {"balance": 1}}, "does not speak like the Reve API"),
        ("redirect", {}, "does not speak like the Reve API (status 307)"),
        ("reset", {}, "could not be reached"),
        ("gzip_bomb", {}, "does not speak like the Reve API"),
    ],
)
def test_each_trouble_has_its_words(
    reve: StandIn, provider: ReveProvider, fault: str, options: dict[str, Any], words: str
) -> None:
    reve.faults.add(fault, path=BALANCE, **options)
    health = provider.check()
    assert not health.ok
    assert health.credits_left is None
    assert words in health.text
    assert len(reve.requests) == 1


def test_a_gateway_without_a_balance_is_well(reve: StandIn, provider: ReveProvider) -> None:
    reve.faults.add("answer", path=BALANCE, status=404, body={"message": "no such route"})
    health = provider.check()
    assert health.ok
    assert health.credits_left is None


def test_an_unreachable_host_is_told() -> None:
    health = ReveProvider(base_url="http://127.0.0.1:1").check()
    assert not health.ok
    assert health.text == ("Reve could not be reached: nothing listens there. Check REVE_API_URL and the network.")
