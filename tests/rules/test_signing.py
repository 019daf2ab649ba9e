"""Signed values and derived tokens."""

from __future__ import annotations

import base64
import json
import zlib

import pytest

from reve_core.guard.signing import Signer, hashed

OLD, NEW, OTHER = "o" * 40, "n" * 40, "x" * 40
DAY = 24 * 3600


class Clock:
    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_what_was_signed_is_read_back_with_its_age() -> None:
    clock = Clock()
    signer = Signer([NEW], clock)
    text = signer.sign("visitor", "v-1")
    clock.now += 90
    assert signer.read("visitor", text, max_age_s=100) == "v-1"
    assert signer.read_dated("visitor", text, max_age_s=100) == ("v-1", 90.0)


def test_it_is_read_until_its_time_is_over_also_when_it_was_read_before() -> None:
    clock = Clock()
    signer = Signer([NEW], clock)
    text = signer.sign("visitor", "v-1")
    for later, expected in ((0, "v-1"), (100, "v-1"), (101, None)):
        clock.now = 1_800_000_000 + later
        assert signer.read("visitor", text, max_age_s=100) == expected


def test_a_clock_that_was_set_back_takes_nothing_away() -> None:
    clock = Clock()
    signer = Signer([NEW], clock)
    text = signer.sign("visitor", "v-1")
    clock.now -= DAY
    assert signer.read_dated("visitor", text, max_age_s=100) == ("v-1", 0.0)


def test_one_purpose_does_not_stand_in_for_another() -> None:
    signer = Signer([NEW])
    assert signer.read("session", signer.sign("visitor", "v-1"), max_age_s=DAY) is None
    assert signer.derive("share", "1") != signer.derive("webhook", "1")
    assert signer.derive("share", "1") != signer.derive("share", "2")


def test_a_new_secret_signs_and_the_old_one_is_still_read() -> None:
    before = Signer([OLD]).sign("visitor", "v-1")
    rotated = Signer([NEW, OLD])
    assert rotated.read("visitor", before, max_age_s=DAY) == "v-1"
    assert Signer([NEW]).read("visitor", rotated.sign("visitor", "v-1"), max_age_s=DAY) == "v-1"
    assert Signer([OTHER]).read("visitor", before, max_age_s=DAY) is None
    assert rotated.derives("address", "a", Signer([OLD]).derive("address", "a"))
    assert not rotated.derives("address", "a", Signer([OTHER]).derive("address", "a"))


def forgeries() -> list[object]:
    good = Signer([NEW]).sign("visitor", "v-1")
    value, time, mark = good.split(".")
    other = base64.urlsafe_b64encode(json.dumps("v-2").encode()).decode().rstrip("=")
    bomb = "." + base64.urlsafe_b64encode(zlib.compress(b" " * 10_000_000)).decode()
    return [
        pytest.param("", id="nothing"),
        pytest.param(".", id="a dot"),
        pytest.param("..", id="two dots"),
        pytest.param(value, id="the value alone"),
        pytest.param(f"{other}.{time}.{mark}", id="another value"),
        pytest.param(f"{value}.zzzzzz.{mark}", id="another time"),
        pytest.param(f"{value}.{time}.{mark[:-1]}", id="a mark too short"),
        pytest.param(f"{value}.{time}.", id="no mark"),
        pytest.param(good + "A", id="a letter more"),
        pytest.param(good + "\n", id="a line break more"),
        pytest.param(good.swapcase(), id="other letters"),
        pytest.param(f"{bomb}.{time}.{mark}", id="a bomb"),
        pytest.param("é" * 50, id="letters that are not ASCII"),
        pytest.param("\ud800", id="half a letter"),
        pytest.param("A" * 1_000_000, id="very long"),
    ]


@pytest.mark.parametrize("text", forgeries())
def test_a_forged_or_damaged_value_is_nobody(text: str) -> None:
    signer = Signer([NEW])
    assert signer.read("visitor", text, max_age_s=DAY) is None
    assert not signer.derives("address", "a", text)


def test_a_derived_token_is_the_same_each_time_and_has_128_bits() -> None:
    token = Signer([NEW]).derive("share", "1")
    assert token == Signer([NEW]).derive("share", "1")
    assert len(base64.urlsafe_b64decode(token + "==")) == 16
    assert hashed(token) != hashed(token + "A")
    assert len(hashed(token)) == 64


def test_a_signer_without_a_secret_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="needs a secret"):
        Signer([])
