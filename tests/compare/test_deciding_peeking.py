"""Thousands of polls with a look after every vote: how often is something called decided that is not so?"""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from reve_core.compare.deciding import settles, standing
from tests.compare.test_deciding_standing import votes

LONGEST = 2_000
ALPHA = 0.05


@cache
def least_wins(alpha: float) -> NDArray[np.int64]:
    """For each number of decisive votes the fewest wins that settle it; one more than all where none do."""
    least = np.ones(LONGEST + 1, dtype=np.int64)
    wins = 1
    for n in range(1, LONGEST + 1):
        while wins <= n and (2 * wins <= n or not settles(wins, n - wins, alpha)):
            wins += 1
        least[n] = wins
    return least


def first_decided(share: float, polls: int, seed: int, ties: float = 0.0) -> NDArray[np.int64]:
    """For each poll after which vote it is first called decided, either way; LONGEST + 1 for never."""
    rng = np.random.default_rng(seed)
    clear = rng.random((polls, LONGEST)) >= ties
    won = clear & (rng.random((polls, LONGEST)) < share)
    n, wins = np.cumsum(clear, axis=1), np.cumsum(won, axis=1)
    decided = np.maximum(wins, n - wins) >= least_wins(ALPHA)[n]
    return np.where(decided.any(axis=1), decided.argmax(axis=1) + 1, LONGEST + 1)


@pytest.mark.parametrize("ties", [0.0, 0.4])
def test_two_equal_candidates_are_called_decided_in_at_most_five_percent_of_polls(ties: float) -> None:
    polls = 3_000
    wrong = (first_decided(0.5, polls, seed=11, ties=ties) <= LONGEST).mean()

    assert 0.005 < wrong <= ALPHA


def test_seventy_to_thirty_is_decided_in_most_polls_within_150_votes() -> None:
    when = first_decided(0.7, polls=2_000, seed=12)

    assert (when <= 150).mean() > 0.95
    assert np.median(when) < 60


def test_sixty_to_forty_is_decided_in_nearly_all_polls_in_the_end() -> None:
    assert (first_decided(0.6, polls=500, seed=13) <= LONGEST).mean() > 0.99


Beats = NDArray[np.float64]


class Polls:
    """
    Many polls over k candidates at once. ``beats[i, j]`` is the true share of i against j.

    ``named`` is, per poll, who was first named winner, -1 for nobody; ``wronged`` whether any pair of equals was ever
    called decided.
    """

    def __init__(self, beats: Beats, polls: int, length: int, pairing: str, seed: int, ties: float = 0.2) -> None:
        rng = np.random.default_rng(seed)
        k = len(beats)
        self.wins = wins = np.zeros((polls, k, k), dtype=np.int64)
        self.named = np.full(polls, -1)
        self.wronged = np.zeros(polls, dtype=bool)
        to_win, for_pair = least_wins(2 * ALPHA / k), least_wins(2 * ALPHA / (k * (k - 1)))
        equal, itself, every = beats == 0.5, np.eye(k, dtype=bool), np.arange(polls)
        for _ in range(length):
            a, b = self._pair(pairing, rng, k)
            clear = rng.random(polls) >= ties
            won = rng.random(polls) < beats[a, b]
            wins[every, a, b] += clear & won
            wins[every, b, a] += clear & ~won
            met = wins + wins.transpose(0, 2, 1)
            best = ((wins >= to_win[met]) | itself).all(axis=2)
            self.named = np.where((self.named < 0) & best.any(axis=1), best.argmax(axis=1), self.named)
            self.wronged |= ((wins >= for_pair[met]) & equal).any(axis=(1, 2))

    def _pair(self, pairing: str, rng: np.random.Generator, k: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        polls = len(self.wins)
        met = self.wins + self.wins.transpose(0, 2, 1)
        chance = rng.random((polls, k)) * 1e-3
        if pairing == "at random":
            order = np.argsort(chance, axis=1)
            return order[:, 0], order[:, 1]
        if pairing != "hunting":
            order = np.argsort((self.wins.sum(axis=2) + 1) / (met.sum(axis=2) + 2) + chance, axis=1)
            leader, every = order[:, -1], np.arange(polls)
            if pairing == "the two best so far":
                return leader, order[:, -2]
            ahead = self.wins[every, leader] - self.wins[every, :, leader] + chance
            ahead[every, leader] = LONGEST
            return leader, ahead.argmin(axis=1)
        # The pair that looks most like a decision: who hunts for one finds it here if anywhere.
        gap = np.abs(self.wins - self.wins.transpose(0, 2, 1)) / np.sqrt(met + 1) + rng.random((polls, k, k)) * 0.5
        gap[:, np.arange(k), np.arange(k)] = -1
        hunted = gap.reshape(polls, -1).argmax(axis=1)
        return hunted // k, hunted % k


EQUAL = np.full((4, 4), 0.5)
TWO_LEADERS = np.array([[0.5, 0.5, 0.85, 0.85], [0.5, 0.5, 0.85, 0.85], [0.15, 0.15, 0.5, 0.5], [0.15, 0.15, 0.5, 0.5]])
ONE_LEADER = np.array([[0.5, 0.75, 0.8, 0.85], [0.25, 0.5, 0.5, 0.6], [0.2, 0.5, 0.5, 0.6], [0.15, 0.4, 0.4, 0.5]])
PAIRINGS = ["at random", "the two best so far", "what the leader still needs", "hunting"]


@pytest.mark.parametrize("pairing", PAIRINGS)
@pytest.mark.parametrize("beats", [pytest.param(EQUAL, id="all equal"), pytest.param(TWO_LEADERS, id="two leaders")])
def test_where_nobody_is_the_single_best_a_winner_is_hardly_ever_named(beats: Beats, pairing: str) -> None:
    result = Polls(beats, polls=400, length=1_500, pairing=pairing, seed=21)

    assert (result.named >= 0).mean() <= ALPHA
    assert result.wronged.mean() <= ALPHA


@pytest.mark.parametrize("pairing", ["at random", "what the leader still needs"])
def test_a_clear_winner_is_found_and_it_is_the_right_one(pairing: str) -> None:
    result = Polls(ONE_LEADER, polls=300, length=900, pairing=pairing, seed=22)

    assert (result.named == 0).mean() > 0.9
    assert (result.named > 0).mean() <= ALPHA


@pytest.mark.parametrize("beats", [EQUAL, TWO_LEADERS, ONE_LEADER])
def test_the_rule_simulated_here_is_that_of_a_standing(beats: Beats) -> None:
    result = Polls(beats, polls=25, length=400, pairing="at random", seed=23)
    names = list("abcd")
    to_win = least_wins(2 * ALPHA / 4)
    seen = set()
    for wins in result.wins:
        met = wins + wins.T
        best = ((wins >= to_win[met]) | np.eye(4, dtype=bool)).all(axis=1)
        now = standing(votes(*((names[i], names[j], int(wins[i, j])) for i in range(4) for j in range(4))), names)
        assert now.winner == (names[int(best.argmax())] if best.any() else None)
        seen.add(now.winner)
    assert seen == ({None} if beats is not ONE_LEADER else seen | {"a"})


def test_people_of_a_firm_but_divided_taste_do_not_settle_it_by_voting_often() -> None:
    """Half of all people love one prompt, half the other, and each votes on nine pairs of pictures."""
    rng = np.random.default_rng(24)
    people, polls = 100, 1_000
    love = np.cumsum(rng.random((polls, people)) < 0.5, axis=1)
    once = np.arange(1, people + 1)
    by_person = (np.maximum(love, once - love) >= least_wins(ALPHA)[once]).any(axis=1)
    by_vote = (np.maximum(love, once - love) * 9 >= least_wins(ALPHA)[once * 9]).any(axis=1)

    assert by_person.mean() <= ALPHA
    assert by_vote.mean() > 0.9  # why repeated votes do not count towards a decision
