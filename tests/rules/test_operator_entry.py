"""Who may act as the operator: tokens, tries, sessions, addresses."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from reve_core.errors import LimitReached, NotAllowed, UnsafeConfiguration
from reve_core.operating import Entry, Session

TOKEN = "operators-only-7hq2-LmZ9-wXk4"
HOME = "198.51.100.7"


class Now:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def entry(now: Now) -> Entry:
    return Entry(token=SecretStr(TOKEN), emails=("Ada@Example.org",), clock=now)


def wrong(entry: Entry, address: str = HOME, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises((NotAllowed, LimitReached)):
            entry.by_token("a guess of the operator's token", address)


@pytest.mark.parametrize("token", ["tiny7hq2", TOKEN[:23], "ababababababababababababababab"])
def test_a_token_that_could_be_guessed_is_refused_at_the_start_and_not_repeated(token: str) -> None:
    with pytest.raises(UnsafeConfiguration, match="REVE_OPERATOR_TOKEN") as caught:
        Entry(token=SecretStr(token))
    assert token not in str(caught.value)


def test_the_token_opens_and_nothing_like_it_does(entry: Entry) -> None:
    assert entry.who(entry.by_token(f" {TOKEN}\n", HOME)) == "token"
    for number, guess in enumerate(("", TOKEN[:-1], TOKEN.upper(), f"{TOKEN}x", "\ud800", "ü" * 30)):
        with pytest.raises(NotAllowed):
            entry.by_token(guess, f"192.0.2.{number}")


def test_five_wrong_tries_in_ten_minutes_shut_an_address_and_no_other(entry: Entry, now: Now) -> None:
    wrong(entry, times=4)
    now.at = 60
    wrong(entry)
    with pytest.raises(LimitReached) as caught:
        entry.by_token(TOKEN, HOME)
    assert (caught.value.code, caught.value.retry_after_s) == ("rate_sign_in", 540)
    assert "Try again in 9 min." in str(caught.value)
    assert entry.wait_s(HOME) == 540
    entry.by_token(TOKEN, "203.0.113.9")
    now.at = 600.5
    assert entry.wait_s(HOME) == 0
    entry.by_token(TOKEN, HOME)


def test_one_line_at_home_is_one_address_however_many_it_has(entry: Entry) -> None:
    for number in range(5):
        wrong(entry, f"2001:db8:1:2::{number:x}")
    with pytest.raises(LimitReached):
        entry.by_token(TOKEN, "2001:db8:1:2:ffff::1")
    entry.by_token(TOKEN, "2001:db8:1:3::1")


def test_who_signs_in_has_all_tries_again(entry: Entry) -> None:
    wrong(entry, times=4)
    entry.by_token(TOKEN, HOME)
    wrong(entry, times=4)
    entry.by_token(TOKEN, HOME)


def test_many_tries_at_once_are_no_more_than_five(entry: Entry) -> None:
    def guess(number: int) -> str:
        try:
            entry.by_token(f"a guess of the operator's token {number}", HOME)
        except (NotAllowed, LimitReached) as exc:
            return str(exc)
        return ""

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(guess, range(64)))
    assert sum("left" in answer for answer in answers) == 4
    assert sum("Too many" in answer for answer in answers) == 60


def test_an_attacker_with_many_addresses_fills_no_memory(entry: Entry) -> None:
    for number in range(5000):
        wrong(entry, f"10.{number >> 8}.{number & 255}.1")
    assert len(entry._wrong) <= 4096


def test_a_session_lasts_eight_hours(entry: Entry, now: Now) -> None:
    session = entry.by_token(TOKEN, HOME)
    now.at = 8 * 3600 - 1
    assert (entry.who(session), entry.left_s(session)) == ("token", 1)
    now.at = 8 * 3600
    assert entry.who(session) is None


def test_another_token_ends_every_session(entry: Entry, now: Now) -> None:
    session = entry.by_token(TOKEN, HOME)
    assert Entry(token=SecretStr(f"{TOKEN}-new"), clock=now).who(session) is None
    assert Entry(emails=("ada@example.org",), clock=now).who(session) is None
    assert Entry(clock=now).who(session) is None


def test_an_address_on_the_list_opens_once_it_is_verified_and_as_long_as_it_is_listed(entry: Entry, now: Now) -> None:
    session = entry.by_email("ADA@example.org ", verified=True)
    assert entry.who(session) == "ada@example.org"
    assert Entry(emails=("bo@example.org",), clock=now).who(session) is None
    for email, verified in (("ada@example.org", False), ("eve@example.org", True), ("", True)):
        with pytest.raises(NotAllowed):
            entry.by_email(email, verified=verified)


@pytest.mark.parametrize("made_up", [None, "token", {"who": "token"}, Session("token", "", 1e9), Session("", "", 1e9)])
def test_what_nobody_was_given_is_no_session(entry: Entry, made_up: object) -> None:
    assert entry.who(made_up) is None


def test_without_a_token_an_empty_one_opens_nothing(now: Now) -> None:
    entry = Entry(emails=("ada@example.org",), clock=now)
    assert not entry.takes_token
    with pytest.raises(NotAllowed):
        entry.by_token("", HOME)
    assert entry.who(Session("token", "", 1e9)) is None
