import math

import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from reve_core.compare.deciding import always, settles, votes_to_settle

VOTES = [(1, 0), (5, 5), (9, 0), (30, 12), (3, 40), (150, 151)]


def log_ratio(wins: int, losses: int, p: float) -> float:
    """Of the likelihood averaged with weights 6q(1-q), by numerical integration, to the likelihood at p."""
    top = wins / (wins + losses)

    def log_likelihood(q: float) -> float:
        return (wins * math.log(q / top) if wins else 0.0) + (losses * math.log((1 - q) / (1 - top)) if losses else 0.0)

    def weighted(q: float) -> float:
        return 6 * q * (1 - q) * math.exp(log_likelihood(q)) if 0 < q < 1 else 0.0

    mixed, _ = quad(weighted, 0, 1, points=[top], epsabs=1e-13, limit=200)
    return math.log(mixed) - log_likelihood(p)


@pytest.mark.parametrize("alpha", [0.05, 0.01])
@pytest.mark.parametrize(("wins", "losses"), VOTES)
def test_its_ends_are_where_the_integrated_ratio_reaches_the_threshold(wins: int, losses: int, alpha: float) -> None:
    top = wins / (wins + losses)
    low, high = always(wins, losses, alpha)

    def over(p: float) -> float:
        return log_ratio(wins, losses, p) - math.log(1 / alpha + 0.5)

    assert low == pytest.approx(brentq(over, 1e-9, top - 1e-9), abs=1e-6) if wins else low == 0
    assert high == pytest.approx(brentq(over, top + 1e-9, 1 - 1e-9), abs=1e-6) if losses else high == 1


def test_a_half_outside_the_interval_and_settled_are_the_same() -> None:
    for wins in range(60):
        for losses in range(60):
            low, high = always(wins, losses)
            assert settles(wins, losses) == (not low < 0.5 < high), (wins, losses)


def test_it_is_the_mirror_image_for_the_other_side() -> None:
    low, high = always(17, 6)

    assert always(6, 17) == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_it_is_wider_than_an_interval_for_one_look_and_shrinks() -> None:
    widths = [high - low for low, high in (always(6 * n, 4 * n) for n in (1, 10, 100, 1_000))]

    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.08


def test_without_votes_every_share_is_possible_and_nothing_is_settled() -> None:
    assert always(0, 0) == (0, 1)
    assert not settles(0, 0)


def test_nine_to_none_settles_and_eight_to_none_does_not() -> None:
    assert settles(9, 0)
    assert settles(0, 9)
    assert not settles(8, 0)


@pytest.mark.parametrize(("wins", "losses"), [(1, 0), (6, 2), (20, 14), (200, 170)])
def test_as_many_more_votes_as_announced_settle_it_and_one_fewer_does_not(wins: int, losses: int) -> None:
    share = wins / (wins + losses)
    more = votes_to_settle(wins, losses, share)

    assert more is not None
    assert settles(wins + more * share, losses + more * (1 - share))
    assert not settles(wins + (more - 1) * share, losses + (more - 1) * (1 - share))


def test_what_is_settled_needs_no_more_votes_and_an_even_race_has_no_end() -> None:
    assert votes_to_settle(30, 2, 30 / 32) == 0
    assert votes_to_settle(50, 50, 0.5) is None
    assert votes_to_settle(103, 100, 103 / 203) is None


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0, 5.0])
def test_a_level_that_is_no_probability_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        always(3, 4, alpha)


def test_hundreds_of_thousands_of_votes_are_no_trouble() -> None:
    low, high = always(300_000, 299_000)

    assert low < 300_000 / 599_000 < high
    assert high - low < 0.01
