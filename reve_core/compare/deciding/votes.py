"""Votes as they were cast, and what they add up to for one pair of candidates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Choice = Literal["left", "right", "tie", "bad"]


class Judgement(NamedTuple):
    """
    One vote. ``left`` and ``right`` name the candidates whose pictures stood there, ``"bad"`` means both are.

    Where a candidate is shown against itself, as noise control, both names are the same.
    """

    left: str
    right: str
    choice: Choice
    voter: str


class Interval(NamedTuple):
    """Two shares, ``0 <= low <= high <= 1``."""

    low: float
    high: float


@dataclass
class Tally:
    """
    What was said of one pair, seen from its first candidate. A candidate against itself: left is first.

    ``wins`` and ``losses`` are all decisive votes; ``first_wins`` and ``first_losses`` count each voter once, by their
    first decisive vote on this pair.
    """

    wins: int = 0
    losses: int = 0
    ties: int = 0
    bad: int = 0
    first_wins: int = 0
    first_losses: int = 0
    voters: set[str] = field(default_factory=set)
    deciders: set[str] = field(default_factory=set)

    @property
    def decisive(self) -> int:
        return self.wins + self.losses

    @property
    def votes(self) -> int:
        return self.decisive + self.ties + self.bad

    def add(self, judgement: Judgement, first_is_left: bool) -> None:
        """Count one more vote. ValueError for a choice that is none."""
        self.voters.add(judgement.voter)
        match judgement.choice:
            case "tie":
                self.ties += 1
            case "bad":
                self.bad += 1
            case "left" | "right":
                won = (judgement.choice == "left") == first_is_left
                self.wins += won
                self.losses += not won
                if judgement.voter not in self.deciders:
                    self.deciders.add(judgement.voter)
                    self.first_wins += won
                    self.first_losses += not won
            case _:
                raise ValueError(f"Unknown choice {judgement.choice!r}.")

    def turned(self) -> Tally:
        """The same votes, seen from the other candidate."""
        return Tally(
            wins=self.losses,
            losses=self.wins,
            ties=self.ties,
            bad=self.bad,
            first_wins=self.first_losses,
            first_losses=self.first_wins,
            voters=self.voters,
            deciders=self.deciders,
        )


class Tallies:
    """All pairs that were voted on, each kept once whichever way round it is asked for."""

    def __init__(self, judgements: Iterable[Judgement]) -> None:
        self._pairs: dict[tuple[str, str], Tally] = {}
        for judgement in judgements:
            left, right = judgement.left, judgement.right
            pair = (left, right) if left <= right else (right, left)
            self._pairs.setdefault(pair, Tally()).add(judgement, first_is_left=left == pair[0])

    def of(self, a: str, b: str) -> Tally:
        """The votes between the two, seen from ``a``; an empty tally where there are none."""
        if a <= b:
            return self._pairs.get((a, b), Tally())
        return self._pairs.get((b, a), Tally()).turned()
