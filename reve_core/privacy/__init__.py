"""
What is stored about somebody: told, handed over as a file, deleted in one step; and what goes by itself when it is old.

Deleting is for good: rows, files, links, and what is left of them in the files of the database and in its emergency copies.
What calls have cost stays in the books, as numbers that name nobody.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from reve_core.admission import Admission
from reve_core.catalogue import Catalogue
from reve_core.comparison_shares.voting import BlindVotes
from reve_core.errors import BlobError, ConfigurationError, StoreError, WrongState
from reve_core.exchange import Exchange
from reve_core.guard.admission import day_of
from reve_core.keeping import AUDIT_DAYS, TRACE_DAYS, Cutoffs, Doomed, Held, Keeping, Lot, Recipient
from reve_core.ownkeys import OwnKeys
from reve_core.ports import AccessStore, ComparisonStore, GuardStore, JobStore, PrivacyStore
from reve_core.privacy import words
from reve_core.privacy.telling import Telling
from reve_core.shelf import Shelf

log = logging.getLogger(__name__)

_JOBS_A_LOT, _COMPARISONS_A_LOT, _TRACES_A_LOT, _FILES_A_LOT = 50, 5, 200, 200
# A file that was being written while its job was deleted may come a moment later: so they are deleted once more.
_SETTLED_S = 600.0
_PROVE_S = 24 * 3600.0
_MOST_TEXTS = 20_000
_ALONE = (
    "This app serves one person and keeps everything on this computer. Delete pictures in the Gallery and comparisons on "
    "Compare; to be rid of all of it, stop the app and remove its data folder."
)


class Stops(Protocol):
    def ask_to_stop(self, job_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Deleted:
    """What went. ``votes`` stay, and no longer say whose they are."""

    jobs: int
    pictures: int
    comparisons: int
    links: int
    votes: int


class Privacy:
    """
    Every method takes the owner; ``voter`` is the cookie of their browser as a voter on others' comparisons, None where it
    has none: nothing else says who cast those votes.

    In one person's app nothing goes by itself but the moderation log. ``backups``: the folder of the database's copies.
    """

    def __init__(
        self,
        *,
        records: PrivacyStore,
        store: JobStore,
        access: AccessStore,
        grids: ComparisonStore,
        guard: GuardStore,
        shelf: Shelf,
        exchange: Exchange,
        catalogue: Catalogue,
        votes: BlindVotes,
        admission: Admission,
        worker: Stops,
        public: bool,
        keeping: Keeping | None = None,
        recipients: Sequence[Recipient] = (),
        own_keys: OwnKeys | None = None,
        backups: Path | None = None,
        read_only: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.public = public
        self.keeping = keeping if public else None
        self._event_days = (keeping or Keeping()).event_days
        self.recipients = tuple(recipients)
        self._records = records
        self._telling = Telling(
            records=records,
            store=store,
            access=access,
            grids=grids,
            shelf=shelf,
            exchange=exchange,
            catalogue=catalogue,
            clock=clock,
        )
        self._guard = guard
        self._shelf = shelf
        self._votes = votes
        self._admission = admission
        self._worker = worker
        self._own_keys = own_keys
        self._backups = backups
        self._read_only = read_only
        self._clock = clock
        self._turn = threading.Lock()
        self._owed: list[bytes] | None = None  # texts of which nobody has proved yet that they are gone from the file
        self._old: list[bytes] = []
        self._proved_at = 0.0

    @property
    def folder(self) -> Path | None:
        """Where everything lies, for the one person who may know; None on a public link."""
        return self._backups.parent if self._backups is not None and not self.public else None

    # -- for the owner

    def held(self, owner: str, voter: str | None = None) -> Held:
        return self._records.holdings(
            owner,
            spender=self._admission.spender(owner),
            day=day_of(self._clock()),
            voters=self._voters(voter),
        )

    def prepare_export(self, owner: str, voter: str | None = None) -> str:
        """The token under which ``Shelf.export`` gives the file for an hour."""
        return self._shelf.offer(lambda: self.export(owner, voter), owner=owner)

    def export(self, owner: str, voter: str | None = None) -> Iterator[bytes]:
        """
        Everything about them as a zip file, piece by piece: the originals, ``data.json``, and each comparison as a file that
        can be imported again.
        """
        about = {
            "kept_for": dict(self.periods()),
            "sent_to": [{"name": each.name, "purpose": each.purpose} for each in self.recipients],
            "spent_today_credits": self.held(owner, voter).credits_today,
        }
        return self._telling.file(owner, self._voters(voter), about)

    def delete_everything(self, owner: str, voter: str | None = None) -> Deleted:
        """
        At once and for good. A picture that is on its way is thrown away when it comes. Votes on others' comparisons still
        count, and say no longer whose they are.

        Raises WrongState in personal mode, StoreError, ConfigurationError.
        """
        if not self.public:
            raise WrongState(_ALONE)
        if self._read_only is not None:
            raise ConfigurationError(self._read_only)
        spender, voters = self._admission.spender(owner), self._voters(voter)
        with self._turn:
            gone = self._records.forget_owner(owner, spender=spender, voters=voters)
            for job_id in gone.running:
                self._worker.ask_to_stop(job_id)
            self._shelf.withdraw(owner)
            if self._own_keys is not None:
                self._own_keys.forget_owner(owner)
            self._clear(gone.doomed)
            if gone.jobs or gone.comparisons or gone.votes or gone.links:
                self._erase(gone.texts)
                if self._backups is not None:
                    self._records.forget_in_copies(self._backups, owner, spender=spender, voters=voters)
        return Deleted(gone.jobs, gone.pictures, gone.comparisons, gone.links, gone.votes)

    def periods(self) -> list[tuple[str, str]]:
        """What is kept, and how long, for people."""
        return words.periods(self.keeping, self._shelf.trash_days)

    def kept_for(self) -> str:
        """How long pictures are kept, such as "7 days"; empty where they do not go by themselves."""
        days = self.keeping.picture_days if self.keeping is not None else 0
        return words.in_words(days) if days else ""

    # -- by itself, of every owner

    def tidy(self) -> None:
        """A round of what nobody has to ask for, in small lots, so that nobody waits for it."""
        if self._read_only is not None:
            return
        self.clear_up()
        self._guard.forget_noted(before=self._ago(self._event_days))
        if self.keeping is not None:
            self._admission.forget()
            self.purge_old()

    def purge_old(self) -> int:
        """
        What is older than this link keeps things. Pictures in a comparison stay as long as it does; favourites go like all
        others, and so do jobs of which nobody knows whether they were paid: their numbers stay in the books. Returns how
        many jobs and comparisons went.
        """
        if self.keeping is None:
            return 0
        kept = self.keeping
        cutoffs = Cutoffs(
            failed=self._cutoff(kept.failed_days),
            pictures=self._cutoff(kept.picture_days),
            comparisons=self._cutoff(kept.comparison_days),
        )
        gone = self._lots(lambda _: self._records.expire_comparisons(cutoffs, limit=_COMPARISONS_A_LOT))
        gone += self._lots(lambda after: self._records.expire_jobs(cutoffs, after=after, limit=_JOBS_A_LOT))
        traced = self._ago(TRACE_DAYS)
        self._lots(lambda after: self._records.wipe_traces(before=traced, after=after, limit=_TRACES_A_LOT))
        self._records.expire_records(audit=self._ago(AUDIT_DAYS), shares=self._ago(kept.event_days))
        if gone:
            self._prove()
        return gone

    def clear_up(self) -> int:
        """Files of jobs that are gone, and what is left in the database's files of an earlier deletion."""
        cleared = 0
        while lot := self._records.doomed(before=self._ago(_SETTLED_S / 86_400), limit=_FILES_A_LOT):
            done = self._clear(lot)
            self._records.cleared(done)
            cleared += len(done)
            if len(done) < len(lot):
                break  # the disk does not let us; the next round tries again
        if cleared or self._owed is not None:
            # Also where the process ended between deleting and erasing.
            with self._turn:
                self._erase(())
        return cleared

    # -- inside

    def _lots(self, take: Callable[[int], Lot]) -> int:
        gone, after = 0, 0
        while True:
            lot = take(after)
            self._clear(lot.doomed)
            gone += lot.gone
            self._old += lot.texts[: max(0, _MOST_TEXTS - len(self._old))]
            if lot.next is None:
                return gone
            after = lot.next

    def _clear(self, doomed: Iterable[Doomed]) -> list[str]:
        """Delete their files. Returns the jobs whose files are gone."""
        done = []
        for each in doomed:
            try:
                self._shelf.clear(each.job_id, each.attempts)
                done.append(each.job_id)
            except BlobError as exc:
                log.warning("A deleted picture's files could not be removed yet: %s", exc)
        return done

    def _prove(self) -> None:
        """Once a day it is looked whether anything is left, since the file may have to be written anew then."""
        now, texts = time.monotonic(), list[bytes]()
        if now - self._proved_at >= _PROVE_S or not self._proved_at:
            texts, self._old, self._proved_at = self._old, [], now
        with self._turn:
            self._erase(texts)

    def _erase(self, texts: Iterable[bytes]) -> None:
        """What cannot be done now, since others read or the disk is full, is done by a later round."""
        self._owed = [*(self._owed or ()), *texts]
        try:
            if self._records.erase(self._owed):
                self._owed = None
        except StoreError as exc:
            log.warning("Traces of what was deleted stay in the database for now: %s", exc)

    def _voters(self, cookie: str | None) -> dict[str, str]:
        return self._votes.voters(cookie, self._records.polled()) if cookie else {}

    def _cutoff(self, days: float) -> datetime | None:
        return self._ago(days) if days else None

    def _ago(self, days: float) -> datetime:
        return self._now() - timedelta(days=days)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)
