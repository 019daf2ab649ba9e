"""Wilson's interval for a share: the usual one, for a number that is looked at once."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from reve_core.compare.deciding.votes import Interval


def wilson(wins: int, losses: int, alpha: float = 0.05) -> Interval:
    """
    The score interval with confidence ``1 - alpha`` and no correction for continuity; the whole of 0 to 1 without votes.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209–212.
    """
    n = wins + losses
    if n == 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf(1 - alpha / 2)
    middle = (wins + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * sqrt(wins * losses / n + z * z / 4)
    # At the ends the formula gives 0 and 1 but for rounding.
    return Interval(max(0.0, middle - half) if wins else 0.0, min(1.0, middle + half) if losses else 1.0)
