"""Several candidates: who leads, who has won, who is out of the race, and what is still to be asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from reve_core.compare.deciding.always import settles, votes_to_settle
from reve_core.compare.deciding.duel import Duel, duel_of
from reve_core.compare.deciding.votes import Interval, Judgement, Tallies, Tally

if TYPE_CHECKING:
    from reve_core.compare.deciding.strengths import Strengths

_SAME = 1e-9


class Place(NamedTuple):
    """
    ``strength`` is the share of decisive votes that the candidate can expect against the others on average, with its
    bootstrap interval; both None where nothing is known or where there is no common scale. ``ruled_out``: another
    candidate beats it beyond doubt, so it is not the best.
    """

    candidate: str
    strength: float | None
    interval: Interval | None
    wins: int
    losses: int
    ruled_out: bool


class Standing(NamedTuple):
    """
    ``places`` in the sequence of the candidates, ``duels`` each pair once.

    ``leader`` is the strongest so far, None where two are level or nothing is known. ``winner`` beats each of the others
    beyond doubt. ``open_duels`` are those that stand between the leader and that; ``more_votes`` is about how many
    votes on them would settle it if everything stays as it is: 0 with a winner, None when too close or not known.
    ``taste`` is the winner for the only person who chose. ``linked`` is False where groups of candidates never met.
    ``votes`` are those between two of the candidates, ``left_out`` all others, noise control among them.
    """

    places: tuple[Place, ...]
    duels: tuple[Duel, ...]
    leader: str | None
    winner: str | None
    open_duels: tuple[Duel, ...]
    more_votes: int | None
    taste: str | None
    linked: bool
    votes: int
    decisive: int
    voters: int
    left_out: int
    alpha: float


def standing(judgements: Iterable[Judgement], candidates: Sequence[str], alpha: float = 0.05) -> Standing:
    """
    Where all candidates stand after ``judgements``, which come in the sequence in which they were cast.

    However often one looks, a winner that is not the single best is ever named with a probability of at most
    ``alpha``, and so is any pair ever wrongly called decided (docs/decisions/0014-deciding.md). A candidate that is the
    same as another, as noise control has it, does not belong into the list: give its votes the name of the other.
    """
    names = tuple(dict.fromkeys(candidates))
    place = {name: at for at, name in enumerate(names)}
    cast = list(judgements)
    counted = [j for j in cast if j.left != j.right and j.left in place and j.right in place]
    tallies = Tallies(counted)
    scale = _strengths(counted, place, alpha)

    k = len(names)
    level = min(alpha, 2 * alpha / k) if k else alpha
    winner = _beats_all(names, level, tallies, only_voter=False)
    one_person = len({j.voter for j in counted if j.choice in ("left", "right")}) == 1
    leader = winner or _strongest(names, scale)

    pairs = list(combinations(names, 2))
    # A winner's duels are shown at the level at which it won, so that none of them looks undecided.
    duels = tuple(duel_of(tallies.of(a, b), a, b, level if winner in (a, b) else alpha / len(pairs)) for a, b in pairs)
    beaten = {d.b if d.better == d.a else d.a for d in duels if d.decided}
    between = [_Open(d, _needed(leader, d, tallies, place, scale, level)) for d in duels if leader in (d.a, d.b)]
    still = [o for o in between if o.more != 0]
    needed = [o.more for o in still if o.more is not None]

    return Standing(
        places=tuple(_place(name, at, duels, scale, name in beaten) for name, at in place.items()),
        duels=duels,
        leader=leader,
        winner=winner,
        open_duels=tuple(o.duel for o in still),
        more_votes=sum(needed) if leader and len(needed) == len(still) else None,
        taste=_beats_all(names, level, tallies, only_voter=True) if one_person else None,
        linked=scale.linked,
        votes=len(counted),
        decisive=sum(d.wins_a + d.wins_b for d in duels),
        voters=len({j.voter for j in counted}),
        left_out=len(cast) - len(counted),
        alpha=alpha,
    )


class _Open(NamedTuple):
    duel: Duel
    more: int | None


def _strengths(counted: Sequence[Judgement], place: dict[str, int], alpha: float) -> Strengths:
    # numpy stays out of a start and of pages without votes.
    from reve_core.compare.deciding.strengths import Win, strengths

    wins = []
    for left, right, choice, voter in counted:
        if choice == "left":
            wins.append(Win(place[left], place[right], voter))
        elif choice == "right":
            wins.append(Win(place[right], place[left], voter))
    return strengths(wins, len(place), alpha)


def _beats_all(names: Sequence[str], level: float, tallies: Tallies, only_voter: bool) -> str | None:
    """Who beats each of the others at ``level``; with ``only_voter`` every vote counts, not just the first of each."""

    def beats(tally: Tally) -> bool:
        wins, losses = (tally.wins, tally.losses) if only_voter else (tally.first_wins, tally.first_losses)
        return wins > losses and settles(wins, losses, level)

    if len(names) < 2:
        return None
    return next((a for a in names if all(beats(tallies.of(a, b)) for b in names if b != a)), None)


def _strongest(names: Sequence[str], scale: Strengths) -> str | None:
    ranked = sorted(((share, name) for share, name in zip(scale.shares, names, strict=True) if share is not None))
    if len(ranked) < 2 or ranked[-1][0] - ranked[-2][0] < _SAME:
        return None
    return ranked[-1][1]


def _needed(
    leader: str | None, duel: Duel, tallies: Tallies, place: dict[str, int], scale: Strengths, level: float
) -> int | None:
    """How many more votes between the two settle it for the leader; where they never met, by their strengths."""
    if leader is None:
        return None
    other = duel.b if duel.a == leader else duel.a
    tally = tallies.of(leader, other)
    wins, losses = tally.first_wins, tally.first_losses
    share = wins / (wins + losses) if tally.decisive else scale.beats[place[leader]][place[other]]
    if share is None or share <= 0.5:
        return None
    more = votes_to_settle(wins, losses, share, level)
    return None if more is None else ceil(more * tally.votes / tally.decisive) if tally.decisive else more


def _place(name: str, at: int, duels: Sequence[Duel], scale: Strengths, ruled_out: bool) -> Place:
    return Place(
        candidate=name,
        strength=scale.shares[at],
        interval=scale.intervals[at],
        wins=sum(d.wins_a if d.a == name else d.wins_b for d in duels if name in (d.a, d.b)),
        losses=sum(d.wins_b if d.a == name else d.wins_a for d in duels if name in (d.a, d.b)),
        ruled_out=ruled_out,
    )
