"""Whether the left picture is chosen more often than the right one, whatever it shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from reve_core.compare.deciding.always import always, settles
from reve_core.compare.deciding.votes import Interval, Judgement
from reve_core.compare.deciding.wilson import wilson


class Sides(NamedTuple):
    """``share`` is that of the left among decisive votes, None without one; the intervals are as in a ``Duel``."""

    left: int
    right: int
    share: float | None
    wilson: Interval
    always: Interval
    is_biased: bool


def sides(judgements: Iterable[Judgement], alpha: float = 0.05) -> Sides:
    """
    Every decisive vote counts, also a voter's tenth: sides are shuffled anew for each vote, so without a bias each is a
    fair coin whatever the voter likes. Votes of fair voters are ever called biased with probability ``alpha`` at most.
    """
    left = right = 0
    for judgement in judgements:
        left += judgement.choice == "left"
        right += judgement.choice == "right"
    return Sides(
        left=left,
        right=right,
        share=left / (left + right) if left + right else None,
        wilson=wilson(left, right),
        always=always(left, right, alpha),
        is_biased=settles(left, right, alpha),
    )
