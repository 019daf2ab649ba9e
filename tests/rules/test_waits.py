"""How long it takes, in seconds and in words."""

import pytest

from reve_core.waits import in_line, in_words, usual


def test_our_own_history_counts_once_there_is_enough_of_it() -> None:
    assert usual([5.0, 6.0], (40, 80)) == (40, 80)
    low, high = usual([5.0, 6.0, 7.0, 100.0, 6.0, 5.0, 6.0, 7.0, 6.0, 5.0], (40, 80))
    assert 5 <= low <= 6
    assert 6 <= high < 100


@pytest.mark.parametrize(
    ("position", "concurrency", "expected"),
    [(1, 1, (2, 4)), (3, 1, (6, 12)), (4, 4, (2, 4)), (5, 4, (4, 8)), (0, 1, (2, 4))],
)
def test_the_wait_in_line_grows_with_each_round_before_ones_turn(
    position: int, concurrency: int, expected: tuple[float, float]
) -> None:
    assert in_line(position, concurrency, (2, 4)) == expected


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.1, 0.4, "under 1 s"),
        (1.6, 2.4, "about 2 s"),
        (40, 80, "40–80 s"),
        (0.2, 5, "1–5 s"),
        (100, 200, "2–3 min"),
        (7200, 10800, "2–3 h"),
    ],
)
def test_a_wait_is_said_in_the_unit_one_would_use(low: float, high: float, words: str) -> None:
    assert in_words(low, high) == words


def test_whoever_may_have_two_made_at_once_waits_for_their_own_before() -> None:
    one = (10.0, 20.0)
    assert in_line(1, 8, one, mine=1, at_once=2) == (10.0, 20.0)
    assert in_line(6, 8, one, mine=6, at_once=2) == (30.0, 60.0)
    assert in_line(40, 8, one, mine=3, at_once=2) == (50.0, 100.0)
    assert in_line(6, 8, one, mine=6) == (10.0, 20.0)
