"""Two candidates: who is preferred, by how much, and whether that is known."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import NamedTuple

from reve_core.compare.deciding.always import always, settles, votes_to_settle
from reve_core.compare.deciding.votes import Interval, Judgement, Tallies, Tally
from reve_core.compare.deciding.wilson import wilson


class Duel(NamedTuple):
    """
    ``a`` against ``b``. ``share`` is that of ``a`` among all decisive votes, None without one, and ``wilson`` its usual
    95 % interval. ``counted_a`` and ``counted_b`` hold each voter once, by their first decisive vote on this pair;
    ``always`` is theirs, and stays honest however often one looks. Ties and "both bad" are in neither.

    ``better`` is the one preferred beyond doubt, else None. ``more_votes`` is about how many further votes by new
    voters would settle it if everything stays as it is, ties included: 0 when settled, None when too close or
    nothing is known. ``taste`` is whom the only voter prefers beyond doubt, where just one person chose.
    """

    a: str
    b: str
    wins_a: int
    wins_b: int
    ties: int
    both_bad: int
    share: float | None
    wilson: Interval
    counted_a: int
    counted_b: int
    always: Interval
    alpha: float
    voters: int
    better: str | None
    more_votes: int | None
    taste: str | None

    @property
    def decided(self) -> bool:
        return self.better is not None

    @property
    def votes(self) -> int:
        return self.wins_a + self.wins_b + self.ties + self.both_bad


def duel(judgements: Iterable[Judgement], a: str, b: str, alpha: float = 0.05) -> Duel:
    """
    All votes between ``a`` and ``b``, in the sequence in which they were cast; others are passed over.

    Equal candidates are ever called decided with a probability of at most ``alpha``. Noise control, ``a == b``, is told
    apart by the sides, left being ``a``, and never decided.
    """
    pair = {a, b}
    return duel_of(Tallies(j for j in judgements if {j.left, j.right} == pair).of(a, b), a, b, alpha)


def duel_of(tally: Tally, a: str, b: str, alpha: float) -> Duel:
    """The same from a tally seen from ``a``."""
    wins, losses = tally.first_wins, tally.first_losses
    noise = a == b
    settled = settles(wins, losses, alpha) and not noise
    alone = len(tally.deciders) == 1 and not noise and settles(tally.wins, tally.losses, alpha)
    return Duel(
        a=a,
        b=b,
        wins_a=tally.wins,
        wins_b=tally.losses,
        ties=tally.ties,
        both_bad=tally.bad,
        share=tally.wins / tally.decisive if tally.decisive else None,
        wilson=wilson(tally.wins, tally.losses),
        counted_a=wins,
        counted_b=losses,
        always=always(wins, losses, alpha),
        alpha=alpha,
        voters=len(tally.voters),
        better=(a if wins > losses else b) if settled else None,
        more_votes=None if noise else _more(tally, alpha),
        taste=(a if tally.wins > tally.losses else b) if alone else None,
    )


def _more(tally: Tally, alpha: float) -> int | None:
    wins, losses = tally.first_wins, tally.first_losses
    if not tally.decisive:
        return None
    more = votes_to_settle(wins, losses, wins / (wins + losses), alpha)
    return None if more is None else ceil(more * tally.votes / tally.decisive)
