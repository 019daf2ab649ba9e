import pytest
from scipy.stats import binomtest

from reve_core.compare.deciding import wilson


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
@pytest.mark.parametrize(("wins", "losses"), [(1, 0), (0, 1), (0, 40), (7, 3), (31, 9), (1_000, 1), (12_000, 11_500)])
def test_it_is_the_interval_that_scipy_gives(wins: int, losses: int, alpha: float) -> None:
    reference = binomtest(wins, wins + losses).proportion_ci(1 - alpha, method="wilson")

    assert wilson(wins, losses, alpha) == pytest.approx((reference.low, reference.high), abs=1e-12)


@pytest.mark.parametrize(
    ("wins", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_it_gives_the_published_examples(wins: int, n: int, low: float, high: float) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998), 857–872, table I, method 3."""
    assert wilson(wins, n - wins) == pytest.approx((low, high), abs=5e-5)


def test_without_votes_every_share_is_possible() -> None:
    assert wilson(0, 0) == (0, 1)


def test_a_unanimous_vote_ends_exactly_at_the_end() -> None:
    assert wilson(0, 13).low == 0
    assert wilson(13, 0).high == 1
