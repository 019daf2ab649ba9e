"""
Bradley–Terry strengths of several candidates on one scale, with bootstrap intervals.

Candidate i beats j with the odds exp(θi - θj). The fit maximises the likelihood of the decisive votes, to which each
candidate adds half a win and half a loss against an average opponent: so a candidate that won all has a finite
strength, and a single vote does not make a champion. Sources: R. A. Bradley and M. E. Terry, Rank analysis of
incomplete block designs, Biometrika 39 (1952), 324–345; B. Efron, Bootstrap methods, Ann. Statist. 7 (1979), 1–26.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reve_core.compare.deciding.votes import Interval

Floats = NDArray[np.float64]

_PRIOR = 0.5
_DRAWS = 200
_SEED = 14
_LONGEST_STEP = 3.0
_MOST_STEPS = 60


class Win(NamedTuple):
    """One decisive vote: places of winner and loser in the list of candidates, and the voter."""

    winner: int
    loser: int
    voter: str


class Strengths(NamedTuple):
    """
    ``shares`` is, per candidate, the share of decisive votes it can expect against the others on average, None where no
    decisive vote names it. ``beats[i][j]`` is the share that i can expect against j. ``linked`` is False where votes fall
    into groups that never met, not even through others: there is no common scale then, and no number.
    """

    shares: tuple[float | None, ...]
    intervals: tuple[Interval | None, ...]
    beats: tuple[tuple[float | None, ...], ...]
    linked: bool


def strengths(wins: Sequence[Win], count: int, alpha: float = 0.05) -> Strengths:
    """
    Strengths of candidates 0 to ``count - 1`` with intervals of confidence ``1 - alpha``, for one look.

    The same votes give the same intervals.
    """
    groups = _groups(wins, count)
    if len(groups) != 1:
        return Strengths((None,) * count, (None,) * count, ((None,) * count,) * count, linked=not groups)
    known = sorted(groups[0])
    place = {candidate: at for at, candidate in enumerate(known)}
    k = len(known)
    voters: dict[str, int] = {}
    cells = np.array([place[w.winner] * k + place[w.loser] for w in wins])
    casts = np.array([voters.setdefault(w.voter, len(voters)) for w in wins])
    counts = np.bincount(cells, minlength=k * k).reshape(k, k).astype(np.float64)

    theta = fit(counts[None])[0]
    beats = _sigmoid(theta[:, None] - theta[None, :])
    shares = _average(theta[None])[0]
    rng = np.random.default_rng(_SEED)
    samples = [_votes_again(rng, counts, beats)]
    if len(voters) < len(wins):
        samples.append(_voters_again(rng, cells, casts, len(voters), k))
    low, high = _spread(samples, shares, alpha)

    all_shares: list[float | None] = [None] * count
    all_intervals: list[Interval | None] = [None] * count
    all_beats: list[list[float | None]] = [[None] * count for _ in range(count)]
    for i, candidate in enumerate(known):
        all_shares[candidate] = float(shares[i])
        all_intervals[candidate] = Interval(float(low[i]), float(high[i]))
        for j, other in enumerate(known):
            if i != j:
                all_beats[candidate][other] = float(beats[i, j])
    return Strengths(tuple(all_shares), tuple(all_intervals), tuple(map(tuple, all_beats)), linked=True)


def fit(counts: Floats, prior: float = _PRIOR) -> Floats:
    """
    Log-strengths for many tables of votes at once, by Newton's method.

    ``counts[s, i, j]`` is how often i beat j in table s. Returns an array of tables × candidates; 0 is the average
    opponent. ``prior`` > 0 is each candidate's wins and losses against that opponent.
    """
    tables, k, _ = counts.shape
    met = counts + counts.transpose(0, 2, 1)
    won = counts.sum(axis=2)
    theta = np.zeros((tables, k))
    diagonal = np.arange(k)
    for _ in range(_MOST_STEPS):
        p = _sigmoid(theta[:, :, None] - theta[:, None, :])
        q = _sigmoid(theta)
        gradient = won - (met * p).sum(axis=2) + prior - 2 * prior * q
        curvature = -met * p * (1 - p)
        curvature[:, diagonal, diagonal] = 0.0
        curvature[:, diagonal, diagonal] = 2 * prior * q * (1 - q) - curvature.sum(axis=2)
        step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        # Far out the curve is flat and a full step would leave the page.
        theta += np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        if np.abs(step).max() < 1e-6:
            break
    return theta


def _votes_again(rng: np.random.Generator, counts: Floats, beats: Floats) -> Floats:
    """Each pair votes again as often as it did, by the fitted shares: unanimous votes have some doubt left, too."""
    k = len(counts)
    i, j = np.triu_indices(k, 1)
    met = (counts + counts.T)[i, j].astype(np.int64)
    won = rng.binomial(met, beats[i, j], size=(_DRAWS, len(i)))
    again = np.zeros((_DRAWS, k, k))
    again[:, i, j] = won
    again[:, j, i] = met - won
    return again


def _voters_again(
    rng: np.random.Generator, cells: NDArray[np.int64], casts: NDArray[np.int64], n: int, k: int
) -> Floats:
    """Whole voters drawn with replacement: ten votes of one person say less than one vote each of ten."""
    times = rng.multinomial(n, np.full(n, 1 / n), size=_DRAWS)
    ballots = np.zeros((n, k * k))
    np.add.at(ballots, (casts, cells), 1.0)
    again: Floats = (times @ ballots).reshape(_DRAWS, k, k)
    return again


def _spread(samples: Sequence[Floats], shares: Floats, alpha: float) -> tuple[Floats, Floats]:
    """The middle ``1 - alpha`` of each sample; of several the widest, and never without the estimate itself."""
    drawn = _average(fit(np.concatenate(samples))).reshape(len(samples), _DRAWS, -1)
    low, high = np.quantile(drawn, (alpha / 2, 1 - alpha / 2), axis=1)
    return np.minimum(low.min(axis=0), shares), np.maximum(high.max(axis=0), shares)


def _average(theta: Floats) -> Floats:
    """Expected share against each of the others, averaged: tables × candidates in, the same out."""
    k = theta.shape[1]
    # Against itself it would expect a half.
    shares: Floats = (_sigmoid(theta[:, :, None] - theta[:, None, :]).sum(axis=2) - 0.5) / (k - 1)
    return shares


def _sigmoid(x: Floats) -> Floats:
    return 0.5 * (1 + np.tanh(x / 2))


def _groups(wins: Sequence[Win], count: int) -> list[set[int]]:
    """Candidates that decisive votes join, directly or through others; those without a vote are in no group."""
    joined: list[set[int]] = []
    for pair in {frozenset((w.winner, w.loser)) for w in wins}:
        touching = [group for group in joined if group & pair]
        joined = [group for group in joined if not group & pair]
        joined.append(set(pair).union(*touching))
    return joined
