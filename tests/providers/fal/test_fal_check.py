"""A look at fal that costs nothing, in words for each way it can go."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from reve_core.providers.fal import FalProvider
from tests.providers.fal.helpers import PRICES, provider_for
from tests.standin.fal import FalStandIn


def test_it_asks_after_a_request_that_nobody_made_and_says_what_was_not_tried(
    fal: FalStandIn, provider: FalProvider
) -> None:
    health = provider.check()
    assert health.ok
    assert health.credits_left is None
    assert health.text == (
        "fal answers and does not refuse the key. It tells no balance: whether there is credit was not tried."
    )
    assert [step for step, _ in fal.asked] == ["status"]
    assert fal.submits() == []


def test_a_missing_key_is_told_without_asking() -> None:
    health = FalProvider(prices=PRICES).check()
    assert not health.ok
    assert health.text.startswith("No key is set: put one into REVE_FAL_KEY")


def test_a_wrong_key_is_told(fal: FalStandIn) -> None:
    health = provider_for(fal, api_key=SecretStr("another:key")).check()
    assert not health.ok
    assert health.text == "fal does not accept the key. Check REVE_FAL_KEY."


@pytest.mark.parametrize(
    ("fault", "options", "words"),
    [
        ("locked", {}, "does not let this key in.*Exhausted balance"),
        ("rate_limited", {}, "asks for a pause"),
        ("platform", {"status": 503}, "trouble of its own just now \\(status 503\\)"),
        ("html", {}, "does not speak like fal's queue \\(status 200\\)"),
        ("answer", {"status": 404, "body": "<h1>Not found</h1>"}, "does not speak like fal's queue"),
        ("redirect", {}, "does not speak like fal's queue"),
        ("reset", {}, "could not be reached"),
    ],
)
def test_each_trouble_has_its_words(
    fal: FalStandIn, provider: FalProvider, fault: str, options: dict[str, Any], words: str
) -> None:
    import re

    fal.add(fault, "status", **options)
    health = provider.check()
    assert not health.ok
    assert re.search(words, health.text), health.text
    assert len(fal.requests) == 1


def test_an_unreachable_host_is_told(fal: FalStandIn) -> None:
    health = provider_for(fal, base_url="http://127.0.0.1:1").check()
    assert not health.ok
    assert health.text.startswith("fal could not be reached: nothing listens there.")
