"""
Voting on comparisons: which two pictures a voter sees next, what they say, and what it all comes to.

Whoever calls has made sure that the caller may see the comparison. A voter is an opaque name; the owner's is ``OWNER``.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TypeVar, get_args

from reve_core.catalogue import Catalogue
from reve_core.compare import ballots
from reve_core.compare.ballots import Kind, Outlook, Pair, Pool, Votes
from reve_core.compare.models import OWNER, Ballot, Choice, Comparison, Place
from reve_core.compare.result import Result, Whose, result
from reve_core.errors import BadInput, ComparisonNotFound, ConfigurationError, WrongState
from reve_core.ports import ComparisonStore

KEPT_S = 7 * 24 * 3600.0  # a ballot that was given out and not cast
_REMEMBERED = 64
# Counting anew takes 1 ms for a hundred pictures and votes. A larger poll is counted once a second for those who vote.
_FEW = 100
_FRESH_S = 1.0
_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was known of a comparison at ``at``."""

    pulse: int
    at: float
    comparison: Comparison
    pool: Pool
    outlook: Outlook

    @property
    def is_large(self) -> bool:
        return len(self.pool.places) + self.outlook.votes.total > _FEW


class Polls:
    def __init__(
        self,
        *,
        grids: ComparisonStore,
        catalogue: Catalogue,
        read_only: str | None = None,
        clock: Callable[[], float] = time.time,
        chance: Random = ballots.CHANCE,
    ) -> None:
        self._grids = grids
        self._catalogue = catalogue
        self._read_only = read_only
        self._clock = clock
        self._chance = chance
        self._guard = threading.Lock()
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._places: OrderedDict[str, tuple[int, dict[str, Place]]] = OrderedDict()
        self._results: OrderedDict[tuple[str, Whose], tuple[tuple[int, int], Result]] = OrderedDict()

    # -- voting

    def next_ballot(self, comparison: Comparison, voter: str) -> Ballot | None:
        """
        Two pictures for this voter: those of a ballot that they have not cast yet, else a pair they have never had. None
        when there is none left, and where the comparison is frozen.
        """
        if comparison.frozen_at is not None:
            return None
        self._must_write()
        for patience_s in (_FRESH_S, 0.0):
            seen = self._look(comparison, patience_s)
            given = self._grids.ballots_of(comparison.id, voter)
            for ballot in reversed(given):
                if ballot.choice is None and self._stand(comparison, ballot.left, ballot.right):
                    return ballot
            own = _counted(seen.pool, given)
            pair = ballots.next_pair(seen.pool, seen.outlook, own, voter=voter, chance=self._chance)
            if pair is not None and self._stand(comparison, *pair):
                return self._grids.add_ballot(self._ballot(comparison, voter, pair))
        return None

    def progress(self, comparison: Comparison, voter: str) -> tuple[int, int]:
        """How many pairs they have judged, and how many there are for them still."""
        pool = self._look(comparison).pool
        given = self._grids.ballots_of(comparison.id, voter)
        cast = [ballot for ballot in given if ballot.choice is not None]
        return len(cast), 0 if comparison.frozen_at is not None else pool.size - len(_counted(pool, cast).met)

    def cast(self, comparison: Comparison, ballot_id: str, choice: str, *, voter: str) -> Ballot:
        """
        Their ballot as it is stored. The first vote stands: casting it again changes nothing.

        Raises BadInput for a choice that is none, ComparisonNotFound for a ballot of somebody else, WrongState where the
        comparison is frozen.
        """
        said = _choice(choice)
        found = self.ballot(comparison, ballot_id, voter=voter)
        if found.choice is not None:
            return found
        self._must_be_open(comparison)
        self._grids.cast(ballot_id, said, at=self._now())
        return self.ballot(comparison, ballot_id, voter=voter)

    def ballot(self, comparison: Comparison, ballot_id: str, *, voter: str) -> Ballot:
        """One of theirs, cast or not. Raises ComparisonNotFound."""
        found = self._grids.ballot(ballot_id)
        if found is None or (found.comparison_id, found.voter) != (comparison.id, voter):
            raise ComparisonNotFound()
        return found

    def forget_idle(self) -> int:
        """Ballots that were given out a week ago and never cast. Returns how many."""
        return self._grids.forget_ballots(before=datetime.fromtimestamp(self._clock() - KEPT_S, UTC))

    # -- the owner alone

    def pairs(self, comparison: Comparison, *, count: int = 8, besides: Iterable[tuple[str, str]] = ()) -> list[Pair]:
        """
        Up to ``count`` pairs that the owner has not judged, to be shown one after the other; nothing is stored. Those in
        ``besides`` are on their way already and do not come again. None where the comparison is frozen.
        """
        if comparison.frozen_at is not None:
            return []
        seen = self._look(comparison, 0.0)
        own = _counted(seen.pool, (b for b in self._grids.ballots_of(comparison.id, OWNER) if b.choice is not None))
        for left, right in besides:
            own.add(seen.pool, left, right)
        found: list[Pair] = []
        while len(found) < count:
            pair = ballots.next_pair(seen.pool, seen.outlook, own, voter=OWNER, chance=self._chance)
            if pair is None:
                break
            own.add(seen.pool, *pair)
            found.append(pair)
        return found

    def entrants(self, comparison: Comparison, kind: Kind) -> list[str]:
        """
        The cells of a bracket: one picture of each prompt, or of each model, drawn by chance, in a sequence drawn by chance,
        such that any two of them make a pair. Where there are several shapes, models or seeds one of those with the most
        candidates is drawn. Empty where fewer than two can meet, and where the comparison is frozen.
        """
        if comparison.frozen_at is not None:
            return []
        return ballots.entrants(self._look(comparison, 0.0).pool, kind, chance=self._chance)

    def score(self, comparison: Comparison, votes: Iterable[tuple[str, str, str]]) -> list[Ballot]:
        """
        The owner's own votes, each as left key, right key and choice. Of a pair that was scored before the first vote
        stands, so the same list may be sent again. A pair that cannot be judged any more is passed over.

        Returns their ballots as stored. Raises BadInput for a choice that is none, WrongState where it is frozen.
        """
        wanted = [(Pair(left, right), _choice(choice)) for left, right, choice in votes]
        if not wanted:
            return []
        self._must_be_open(comparison)
        pool = self._look(comparison, 0.0).pool
        stored = []
        for pair, choice in wanted:
            if pool.find(*pair) is None:
                continue
            ballot = self._grids.add_ballot(self._ballot(comparison, OWNER, pair))
            if ballot.choice is None:
                turned = (ballot.left, ballot.right) != pair
                said: Choice = _TURNED.get(choice, choice) if turned else choice
                self._grids.cast(ballot.id, said, at=self._now())
                ballot = self._grids.ballot(ballot.id) or ballot
            stored.append(ballot)
        return stored

    # -- what it comes to

    def result(self, comparison: Comparison, *, by: Whose = "all") -> Result:
        """Worked out once for each new vote."""
        state = (self._grids.pulse(comparison.id), comparison.rev)
        key = (comparison.id, by)
        with self._guard:
            kept = self._results.get(key)
        if kept is not None and kept[0] == state:
            return kept[1]
        places = self._where(comparison)
        titles = {
            ballots.maker_id(maker.provider, maker.model): self._catalogue.title(maker.provider, maker.model)
            for maker in comparison.makers
        }
        found = result(comparison, places, self._grids.votes(comparison.id), titles, by)
        with self._guard:
            self._results[key] = (state, found)
            _trim(self._results)
        return found

    # -- inside

    def _look(self, comparison: Comparison, patience_s: float = _FRESH_S) -> _Seen:
        """
        The pictures and votes of now; those of a moment ago where that is good enough. Who votes next to others need not
        wait until every vote before theirs is counted.
        """
        with self._guard:
            seen = self._seen.get(comparison.id)
        pulse = self._grids.pulse(comparison.id)
        now = self._clock()
        if seen is not None and (seen.pulse == pulse or (seen.is_large and 0 <= now - seen.at < patience_s)):
            return seen
        pool = ballots.pool(comparison, self._grids.cells(comparison.id))
        found = _Seen(pulse, now, comparison, pool, ballots.outlook(pool, self._grids.votes(comparison.id)))
        with self._guard:
            self._seen[comparison.id] = found
            _trim(self._seen)
        return found

    def _where(self, comparison: Comparison) -> dict[str, Place]:
        """Where each cell stands, by its key. That changes with the comparison only, and reading them all takes a while."""
        with self._guard:
            kept = self._places.get(comparison.id)
        if kept is not None and kept[0] == comparison.rev:
            return kept[1]
        places = {cell.key: cell.place for cell in self._grids.cells(comparison.id)}
        with self._guard:
            self._places[comparison.id] = (comparison.rev, places)
            _trim(self._places)
        return places

    def _stand(self, comparison: Comparison, *keys: str) -> bool:
        """Whether the pictures are there at this moment."""
        cells = (self._grids.cell(comparison.id, key) for key in keys)
        return all(cell is not None and ballots.stands(cell) for cell in cells)

    def _ballot(self, comparison: Comparison, voter: str, pair: Pair) -> Ballot:
        return Ballot(
            id=secrets.token_urlsafe(16),
            comparison_id=comparison.id,
            voter=voter,
            left=pair.left,
            right=pair.right,
            created_at=self._now(),
        )

    def _must_be_open(self, comparison: Comparison) -> None:
        self._must_write()
        # The caller may have read it a while ago.
        now = self._grids.comparison(comparison.id, owner=None)
        if now is None:
            raise ComparisonNotFound()
        if now.frozen_at is not None:
            raise WrongState("The vote is closed. What was said before still counts.")

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _must_write(self) -> None:
        if self._read_only is not None:
            raise ConfigurationError(self._read_only)


_TURNED: dict[Choice, Choice] = {"left": "right", "right": "left"}
_CHOICES: dict[str, Choice] = {choice: choice for choice in get_args(Choice)}


def _choice(text: str) -> Choice:
    if (found := _CHOICES.get(text)) is None:
        raise BadInput("A vote is left, right, tie or bad.", "choice")
    return found


def _counted(pool: Pool, given: Iterable[Ballot]) -> Votes:
    votes = Votes()
    for ballot in given:
        votes.add(pool, ballot.left, ballot.right)
    return votes


def _trim(kept: OrderedDict[_K, _V]) -> None:
    while len(kept) > _REMEMBERED:
        kept.popitem(last=False)
