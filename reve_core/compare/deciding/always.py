"""
An interval for a share that stays honest however often one looks, and when that settles a question.

For a supposed share p the votes so far have some likelihood; averaged over all shares, weighted by a Beta distribution,
they have another. While p is the true share, the ratio of the second to the first goes up and down as in a fair game,
so it ever reaches 1/alpha with a probability of at most alpha (Ville's inequality). The interval is every p whose ratio
has not got there. Sources: J. Ville, Étude critique de la notion de collectif (1939); H. Robbins, Statistical methods
related to the law of the iterated logarithm, Ann. Math. Statist. 41 (1970), 1397–1409.
"""

from __future__ import annotations

from math import lgamma, log

from reve_core.compare.deciding.votes import Interval

# Beta(2, 2): leans a little towards a half. Settles 9 votes to none; 70 to 30 after about 45 votes, 60 to 40 after 200.
_WEIGHT = 2.0
_BASE = 2 * lgamma(_WEIGHT) - lgamma(2 * _WEIGHT)
MOST = 2_000


def settles(wins: float, losses: float, alpha: float = 0.05) -> bool:
    """
    Whether a half lies outside ``always(wins, losses, alpha)``.

    With a true share of at most a half this ever holds in favour of ``wins`` with probability ``alpha / 2`` at most,
    whenever and however often one looks; and the same for the other side.
    """
    return _mixed(wins, losses) + (wins + losses) * log(2) >= _threshold(alpha)


def always(wins: int, losses: int, alpha: float = 0.05) -> Interval:
    """
    The true share lies in every one of these intervals, from the first vote on, with probability ``1 - alpha``.

    Each vote in turn must have that share given all before it. 0 to 1 without votes.
    """
    threshold, n = _threshold(alpha), wins + losses
    if n == 0:
        return Interval(0.0, 1.0)
    low = _edge(wins, losses, 0.0, threshold) if wins else 0.0
    high = _edge(wins, losses, 1.0, threshold) if losses else 1.0
    return Interval(low, high)


def votes_to_settle(wins: int, losses: int, share: float, alpha: float = 0.05) -> int | None:
    """
    How many more votes would settle it if ``share`` of them were wins: 0 when settled, None for more than ``MOST``.

    Counted in fractions of a vote, so it is an expectation and no promise.
    """
    if settles(wins, losses, alpha):
        return 0

    def enough(more: int) -> bool:
        return settles(wins + more * share, losses + more * (1 - share), alpha)

    if not enough(MOST):
        return None
    low, high = 0, MOST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _threshold(alpha: float) -> float:
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is a probability between 0 and 1, not {alpha}.")
    # The half more: what the shares beyond p on the wrong side add to the average is at most that, so that each side
    # for itself keeps alpha / 2. docs/decisions/0014-deciding.md has the two lines of proof.
    return log(1 / alpha + 0.5)


def _mixed(wins: float, losses: float) -> float:
    """The logarithm of the likelihood of these votes, averaged over all shares."""
    return lgamma(_WEIGHT + wins) + lgamma(_WEIGHT + losses) - lgamma(2 * _WEIGHT + wins + losses) - _BASE


def _edge(wins: int, losses: int, outside: float, threshold: float) -> float:
    """Where the ratio crosses the threshold; it falls all the way from the end ``outside`` to the share of wins."""
    least = _mixed(wins, losses) - threshold
    inside = wins / (wins + losses)
    for _ in range(40):
        p = (outside + inside) / 2
        # 0 < p < 1 unless rounding took it to an end, which has no likelihood left.
        ends = p <= 0 or p >= 1
        if ends or (wins * log(p) if wins else 0.0) + (losses * log(1 - p) if losses else 0.0) <= least:
            outside = p
        else:
            inside = p
    return outside
