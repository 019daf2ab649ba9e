import math
from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from reve_core.compare.deciding.strengths import Strengths, Win, fit, strengths

BASEBALL = ["Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore"]
WON = [
    [0, 7, 9, 7, 7, 9, 11],
    [6, 0, 7, 5, 11, 9, 9],
    [4, 6, 0, 7, 7, 8, 12],
    [6, 8, 6, 0, 6, 7, 10],
    [6, 2, 6, 7, 0, 7, 12],
    [4, 4, 5, 6, 6, 0, 6],
    [2, 4, 1, 3, 1, 7, 0],
]


def reference(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same fit by scipy's general optimiser from the likelihood alone."""

    def minus_log_likelihood(theta: NDArray[np.float64]) -> float:
        lost = np.logaddexp(0, -(theta[:, None] - theta[None, :]))
        prior = np.logaddexp(0, theta) + np.logaddexp(0, -theta)
        return float((counts * lost).sum() + 0.5 * prior.sum())

    found = minimize(minus_log_likelihood, np.zeros(len(counts)), method="BFGS", options={"gtol": 1e-6})
    return np.asarray(found.x)


def tables() -> list[NDArray[np.float64]]:
    rng = np.random.default_rng(5)
    made = [rng.poisson(mean, (k, k)).astype(float) for k, mean in ((2, 3.0), (4, 0.6), (6, 8.0), (12, 15.0))]
    champion = np.zeros((3, 3))
    champion[0] = [0, 200, 300]
    lopsided = np.array([[0, 1000, 0], [0, 0, 1000], [1, 0, 0]], dtype=float)
    chain = np.diag(np.full(11, 40.0), 1)
    for table in made:
        np.fill_diagonal(table, 0)
    return [*made, champion, lopsided, chain, np.zeros((3, 3))]


@pytest.mark.parametrize("counts", tables())
def test_the_fit_is_the_one_that_scipy_finds(counts: NDArray[np.float64]) -> None:
    assert fit(counts[None])[0] == pytest.approx(reference(counts), abs=2e-3)


def test_many_tables_at_once_are_fitted_as_each_alone() -> None:
    some = np.array([np.random.default_rng(seed).poisson(2.0, (5, 5)) * (1 - np.eye(5)) for seed in range(20)])

    assert fit(some) == pytest.approx(np.concatenate([fit(table[None]) for table in some]), abs=1e-6)


def test_it_gives_the_published_strengths_of_seven_baseball_teams() -> None:
    """American League East 1987: A. Agresti, Categorical Data Analysis, section on the Bradley–Terry model."""
    theta = fit(np.array(WON, dtype=float)[None], prior=1e-7)[0]

    assert theta - theta[-1] == pytest.approx([1.581, 1.436, 1.294, 1.248, 1.108, 0.684, 0.0], abs=1e-3)


def wins(*won: tuple[int, int, int]) -> list[Win]:
    cast = [(winner, loser) for winner, loser, times in won for _ in range(times)]
    return [Win(winner, loser, str(number)) for number, (winner, loser) in enumerate(cast)]


def known(found: Strengths, at: int) -> tuple[float, float, float]:
    share, interval = found.shares[at], found.intervals[at]
    assert share is not None
    assert interval is not None
    return interval.low, share, interval.high


def test_a_strength_is_the_share_against_the_others_on_average() -> None:
    found = strengths(wins(*((i, j, WON[i][j]) for i, j in permutations(range(7), 2))), 7)

    assert sum(share or 0 for share in found.shares) == pytest.approx(3.5)
    for i in range(7):
        average = sum(found.beats[i][j] or 0 for j in range(7) if i != j) / 6
        assert found.shares[i] == pytest.approx(average)
        low, share, high = known(found, i)
        assert low < share < high
        assert 0.1 < high - low < 0.3


@pytest.mark.parametrize("times", [1, 5, 500])
def test_who_won_all_has_a_finite_strength_and_some_doubt(times: int) -> None:
    found = strengths(wins((0, 1, times), (0, 2, times), (1, 2, times)), 3)
    low, share, high = known(found, 0)

    assert 0.5 < share < 1
    assert low < share
    assert all(math.isfinite(value) for value in (low, share, high))


def test_one_vote_makes_no_champion() -> None:
    low, share, _ = known(strengths(wins((0, 1, 1)), 2), 0)

    assert share < 0.9
    assert low < 0.5


def test_no_votes_give_no_number() -> None:
    assert strengths([], 3).shares == (None, None, None)
    assert strengths([], 0).shares == ()


def test_the_same_votes_give_the_same_intervals() -> None:
    cast = wins((0, 1, 7), (1, 2, 5), (2, 0, 3))

    assert strengths(cast, 3) == strengths(cast, 3)


def test_many_votes_of_few_people_leave_more_doubt_than_one_vote_each() -> None:
    each = [Win(*((0, 1) if n % 5 < 3 else (1, 0)), voter=str(n)) for n in range(100)]
    few = [win._replace(voter=str(n % 5)) for n, win in enumerate(each)]

    assert known(strengths(each, 2), 0)[0] > known(strengths(few, 2), 0)[0] + 0.1


@pytest.mark.parametrize(("spread", "cast"), [(0.0, 60), (0.8, 60), (0.8, 240)])
def test_about_nineteen_in_twenty_intervals_hold_the_truth(spread: float, cast: int) -> None:
    rng = np.random.default_rng(31)
    theta = spread * np.array([1.5, 0.5, -0.5, -1.5])
    beats = 1 / (1 + np.exp(theta[None, :] - theta[:, None]))
    truth = (beats.sum(axis=1) - 0.5) / 3
    held = []
    for _ in range(80):
        votes = []
        for number in range(cast):
            i, j = (int(at) for at in rng.choice(4, 2, replace=False))
            votes.append(Win(i, j, str(number)) if rng.random() < beats[i, j] else Win(j, i, str(number)))
        found = strengths(votes, 4)
        held += [low <= truth[at] <= high for at in range(4) for low, _, high in [known(found, at)]]

    assert 0.88 < np.mean(held) < 0.99
