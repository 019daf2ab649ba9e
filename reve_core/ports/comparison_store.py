"""The table of comparisons: grids of jobs, and the votes on their pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from reve_core.allowance import NO_KEYS, Terms
from reve_core.compare.models import Ballot, Cell, Choice, Comparison, NewCell, Spending, Summary
from reve_core.models import JobRequest, Once, Review


class ComparisonStore(Protocol):
    """
    Beside a JobStore, in the same place: a comparison and the jobs it orders are one commit. Raises the same errors.

    Whoever asks has made sure whose comparison it is; ``owner`` None asks for anybody's. A capped comparison's job is
    not claimed by a worker where it would take the spending past the cap: it is cancelled then, with the code ``cap``.
    """

    # -- grids
    def create_comparison(
        self,
        comparison: Comparison,
        cells: Sequence[NewCell],
        *,
        once: Once | None = None,
        votes: Sequence[Ballot] = (),
        terms: Terms | None = None,
        review: Review | None = None,
        own_keys: Mapping[str, str] = NO_KEYS,
    ) -> str:
        """
        Store it, and queue what its cells request, in one commit. Returns its id; that of the earlier one where
        ``once`` was seen before. Raises IdempotencyConflict; Ended where that one was deleted since.

        ``votes`` are ballots that were cast elsewhere, in the sequence they were cast; each voter has one on each pair.
        ``terms``, ``review`` and ``own_keys`` are for what its cells request, as in an ``Order``. Raises LimitReached, Banned.
        """
        ...

    def comparison_made_with(self, owner: str, key: str) -> str | None:
        """The comparison that stands and was made with this idempotency key."""
        ...

    def change_comparison(
        self,
        comparison: Comparison,
        cells: Sequence[NewCell] = (),
        *,
        without: Iterable[str] = (),
        terms: Terms | None = None,
        review: Review | None = None,
        own_keys: Mapping[str, str] = NO_KEYS,
    ) -> bool:
        """
        Write the comparison as it is given, under the next revision, take out the cells with the keys ``without``, and put
        ``cells`` into it (in the place of those with the same key), in one commit. False, and nothing changed, where it is
        not at ``comparison.rev`` any more. Raises LimitReached, Banned.
        """
        ...

    def comparison(self, comparison_id: str, *, owner: str | None) -> Comparison | None: ...

    def comparisons(self, owner: str, *, before: str | None = None, limit: int = 50) -> list[Comparison]:
        """Newest first, from the one that follows the comparison with the id ``before``."""
        ...

    def delete_comparison(self, comparison_id: str) -> bool:
        """The grid and its votes; its pictures stay where they are. What is queued for it goes on."""
        ...

    def cells(self, comparison_id: str) -> list[Cell]:
        """All of them with their jobs (without receipts, and none for what lies in the trash), in the sequence they were put in."""
        ...

    def cell(self, comparison_id: str, key: str) -> Cell | None:
        """One of them, its job with its receipt."""
        ...

    def remove_cells(self, comparison_id: str, keys: Iterable[str]) -> int: ...

    def summary(self, comparison_id: str, *, faces: int) -> Summary:
        """For a list of many, without reading each cell: with at most so many ``faces``, their jobs without receipts."""
        ...

    def pulse(self, comparison_id: str) -> int:
        """A number that changes whenever the comparison, one of its cells' jobs, or its votes do."""
        ...

    def spending(self, comparison_id: str) -> Spending:
        """Of what it ordered itself, also for cells that were replaced or removed since."""
        ...

    def pictures_of(self, owner: str, prompts: Iterable[str]) -> dict[str, JobRequest]:
        """
        What the owner asked for with one of these very prompts and has, or will have: done and not in the trash, queued or
        running and not being stopped. By job id, oldest first.
        """
        ...

    def forget_comparison_keys(self, older_than_s: float) -> int:
        """
        Forget idempotency keys of that age; returns how many. The comparisons stay, and so do keys with a line break, which
        no program can send: they say which files were imported.
        """
        ...

    # -- votes
    def add_ballot(self, ballot: Ballot) -> Ballot:
        """
        Store it. Where this voter has had a ballot on the same two pictures, in whichever sides, that one is returned
        and nothing is stored. A ballot is on the pictures that the cells hold at this moment.
        """
        ...

    def ballot(self, ballot_id: str) -> Ballot | None: ...

    def open_ballot(self, comparison_id: str, voter: str) -> Ballot | None:
        """The newest one of theirs that was not cast, on pictures that are still in their cells."""
        ...

    def cast(self, ballot_id: str, choice: Choice, *, at: datetime) -> bool:
        """False where it was cast before, or is gone. Two who cast it at once never both get True."""
        ...

    def votes(self, comparison_id: str) -> list[Ballot]:
        """
        Those that were cast, in that sequence, on pictures that are still in their cells: not on what was taken out of the
        grid, nor on a picture that made room for another. What the owner threw away still counts.
        """
        ...

    def ballots_of(self, comparison_id: str, voter: str) -> list[Ballot]:
        """Theirs, cast or not, on pictures that are still in their cells, in the sequence they were given out."""
        ...

    def forget_ballots(self, *, before: datetime) -> int:
        """Forget ballots that were given out before then and never cast; returns how many."""
        ...
