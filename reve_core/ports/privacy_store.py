"""What is stored about somebody, told, and taken away for good; and what is too old."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from reve_core.compare.models import Ballot
from reve_core.guarding import Verdicts
from reve_core.keeping import Cutoffs, Doomed, Erased, Held, Lot


class PrivacyStore(Protocol):
    """
    Beside a JobStore, in the same place. Raises the same errors. ``voters`` are the names under which somebody voted on
    others' comparisons, by the comparison's id; names under which nobody voted do no harm.
    """

    def holdings(self, owner: str, *, spender: str, day: str, voters: Mapping[str, str]) -> Held:
        """``spender`` is the keyed name of their spending, ``day`` today's, such as ``"2026-11-23"``."""
        ...

    def polled(self) -> list[str]:
        """The comparisons that anybody was asked about."""
        ...

    def votes_of(self, owner: str, voters: Mapping[str, str]) -> list[Ballot]:
        """The votes somebody cast, on their own comparisons and on others', oldest first."""
        ...

    def verdicts_of(self, owner: str) -> list[Verdicts]:
        """The lines of the moderation log that are about them, oldest first."""
        ...

    def forget_owner(self, owner: str, *, spender: str, voters: Mapping[str, str]) -> Erased:
        """
        Everything of theirs leaves the tables in one commit. What was waiting is cancelled, with its reservation given
        back; of a call that is on its way only the numbers stay until it ends, under nobody's name, and what it brings is
        refused by ``JobStore.done``. Votes on others' comparisons stay, each comparison's under a new name drawn by
        chance. What calls have cost stays in the books.
        """
        ...

    def forget_in_copies(self, folder: Path, owner: str, *, spender: str, voters: Mapping[str, str]) -> int:
        """
        The same in the emergency copies of the database in that folder; one where it cannot be done is deleted. Returns how
        many copies there are.
        """
        ...

    def expire_jobs(self, cutoffs: Cutoffs, *, after: int, limit: int) -> Lot:
        """
        The next jobs that are too old leave the tables: failed and cancelled ones, pictures, and those that nobody knows
        of. Never one that waits or runs, nor one that stands in a comparison. ``after`` 0: from the beginning.
        """
        ...

    def expire_comparisons(self, cutoffs: Cutoffs, *, limit: int) -> Lot:
        """The same for comparisons of which nothing is under way; their pictures then stand by themselves."""
        ...

    def wipe_traces(self, *, before: datetime, after: int, limit: int) -> Lot:
        """Ended jobs of before no longer say from which address they came, nor under which name they were paid."""
        ...

    def expire_records(self, *, audit: datetime, shares: datetime) -> int:
        """Lines of the audit log, and links whose picture or comparison is gone, of before. Returns how many."""
        ...

    def doomed(self, *, before: datetime, limit: int = 500) -> list[Doomed]:
        """Jobs that left the tables before then and whose files are still to be deleted, oldest first."""
        ...

    def cleared(self, job_ids: Iterable[str]) -> None:
        """Their files are gone."""
        ...

    def erase(self, texts: Sequence[bytes]) -> bool:
        """
        Leave nothing of what was deleted in the files of the database; ``texts`` are looked for. False where it was not
        done to the end, since others were reading, or it was done a few minutes ago: ask again later.
        """
        ...
