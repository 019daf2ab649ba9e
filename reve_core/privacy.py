"""
What is stored about somebody: told, handed over as a file, deleted in one step; and what goes by itself when it is old.

Deleting is for good: rows, files, links, and what is left of them in the files of the database and in its emergency copies.
What calls have cost stays in the books, as numbers that name nobody.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from reve_core.admission import Admission
from reve_core.comparison_shares.voting import BlindVotes
from reve_core.errors import BlobError, ComparisonNotFound, ConfigurationError, WrongState
from reve_core.exchange import Exchange
from reve_core.guard.admission import day_of
from reve_core.keeping import AUDIT_DAYS, BACKUP_DAYS, TRACE_DAYS, Cutoffs, Doomed, Held, Keeping, Lot, Recipient
from reve_core.models import Job, JobFilter, JobStatus
from reve_core.ownkeys import OwnKeys
from reve_core.pictures.archive import Extra
from reve_core.ports import AccessStore, ComparisonStore, GuardStore, JobStore, PrivacyStore
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

    ``keeping`` None: one person's app, where nothing goes by itself. ``backups``: the folder of the database's copies.
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
        self.keeping = keeping
        self.recipients = tuple(recipients)
        self._records = records
        self._store = store
        self._access = access
        self._grids = grids
        self._guard = guard
        self._shelf = shelf
        self._exchange = exchange
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
        comparisons = self._comparison_ids(owner)
        extras = [
            Extra("data.json", self._data(owner, voter)),
            *(
                Extra(f"comparisons/{number:04}_{each[:8]}.json", self._comparison(each, owner))
                for number, each in enumerate(comparisons, start=1)
            ),
        ]
        return self._shelf.pack_with(self._picture_ids(owner), extras, owner=owner)

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

    # -- by itself, of every owner

    def tidy(self) -> None:
        """A round of what nobody has to ask for, in small lots, so that nobody waits for it."""
        if self._read_only is not None:
            return
        self.clear_up()
        self._guard.forget_noted(before=self._ago(self.keeping.event_days if self.keeping else Keeping().event_days))
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
        if self._owed is not None:
            with self._turn:
                self._erase(())
        cleared = 0
        while lot := self._records.doomed(before=self._ago(_SETTLED_S / 86_400), limit=_FILES_A_LOT):
            done = self._clear(lot)
            self._records.cleared(done)
            cleared += len(done)
            if len(done) < len(lot):
                break  # the disk does not let us; the next round tries again
        return cleared

    # -- inside

    def _lots(self, take: Callable[[int], Lot]) -> int:
        gone, after = 0, 0
        while True:
            lot = take(after)
            self._clear(lot.doomed)
            gone += lot.gone
            self._old += lot.texts[: _MOST_TEXTS - len(self._old)]
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
        wanted = [*(self._owed or ()), *texts]
        self._owed = None if self._records.erase(wanted) else wanted

    def _voters(self, cookie: str | None) -> dict[str, str]:
        return self._votes.voters(cookie, self._records.polled()) if cookie else {}

    def _jobs(self, owner: str) -> Iterator[Job]:
        """All of them that they may see, newest first, those in the trash last."""
        for trashed in (False, True):
            after: str | None = None
            while True:
                page = self._store.page(JobFilter(owner=owner, trashed=trashed), after=after, limit=200)
                yield from page.jobs
                if page.next is None:
                    break
                after = page.next

    def _picture_ids(self, owner: str) -> Iterator[str]:
        return (job.id for job in self._jobs(owner) if job.status is JobStatus.DONE and job.image is not None)

    def _comparison_ids(self, owner: str) -> Iterator[str]:
        before: str | None = None
        while found := self._grids.comparisons(owner, before=before, limit=50):
            yield from (each.id for each in found)
            before = found[-1].id

    def _comparison(self, comparison_id: str, owner: str) -> Iterator[bytes]:
        try:
            yield from self._exchange.as_json(comparison_id, owner=owner)
        except ComparisonNotFound:
            return  # deleted meanwhile

    def _data(self, owner: str, voter: str | None) -> Iterator[bytes]:
        """Everything but the pictures, for people and for programs."""
        held = self.held(owner, voter)
        head = {
            "about": "What this place stores about you. Times are UTC. The pictures lie beside this file.",
            "exported_at": _when(self._now()),
            "kept_for": dict(self.periods()),
            "sent_to": [{"name": each.name, "purpose": each.purpose} for each in self.recipients],
            "spent_today_credits": held.credits_today,
        }
        yield json.dumps(head, indent=1).encode()[:-2]
        lists: Sequence[tuple[str, Iterable[Mapping[str, object]]]] = (
            ("jobs", self._told_jobs(owner)),
            ("comparisons", self._told_comparisons(owner)),
            ("links", self._told_links(owner)),
            ("votes", self._told_votes(owner, voter)),
            ("moderation", self._told_verdicts(owner)),
        )
        for name, rows in lists:
            yield f',\n "{name}": ['.encode()
            for number, row in enumerate(rows):
                yield (b",\n  " if number else b"\n  ") + json.dumps(row).encode()
            yield b"]"
        yield b"\n}\n"

    def _told_jobs(self, owner: str) -> Iterator[Mapping[str, object]]:
        for each in self._jobs(owner):
            job = self._store.get(each.id, owner=owner)
            if job is None:
                continue
            receipt = job.receipt.model_dump(mode="json", exclude_defaults=True) if job.receipt else None
            yield {
                "id": job.id,
                "status": job.status.value,
                "prompt": job.request.prompt,
                "provider": job.request.provider,
                "model": job.request.model,
                "aspect_ratio": job.request.aspect_ratio,
                "seed": job.request.seed,
                "created_at": _when(job.created_at),
                "finished_at": _when(job.finished_at),
                "trashed_at": _when(job.trashed_at),
                "favourite": job.starred,
                "credits": job.credits_used,
                "error": job.error,
                "answer": receipt,
            }

    def _told_comparisons(self, owner: str) -> Iterator[Mapping[str, object]]:
        for comparison_id in self._comparison_ids(owner):
            found = self._grids.comparison(comparison_id, owner=owner)
            if found is not None:
                yield {
                    "id": found.id,
                    "created_at": _when(found.created_at),
                    "title": found.title,
                    "question": found.question,
                    "prompts": [row.prompt for row in found.rows],
                }

    def _told_links(self, owner: str) -> Iterator[Mapping[str, object]]:
        before: str | None = None
        while found := self._access.shares(owner, before=before, limit=50):
            for share in found:
                yield {
                    "id": share.id,
                    "picture": share.job_id,
                    "comparison": share.comparison_id,
                    "created_at": _when(share.created_at),
                    "ends_at": _when(share.expires_at),
                    "ended_at": _when(share.revoked_at),
                    "views": share.views,
                }
            before = found[-1].id

    def _told_votes(self, owner: str, voter: str | None) -> Iterator[Mapping[str, object]]:
        for ballot in self._records.votes_of(owner, self._voters(voter)):
            own = self._grids.comparison(ballot.comparison_id, owner=owner) is not None
            # Of somebody else's comparison nothing is told: what was shown there is theirs.
            pair = {"left": ballot.left, "right": ballot.right} if own else {}
            yield {
                "comparison": ballot.comparison_id if own else "somebody else's",
                "choice": ballot.choice,
                "cast_at": _when(ballot.cast_at),
                **pair,
            }

    def _told_verdicts(self, owner: str) -> Iterator[Mapping[str, object]]:
        for event in self._records.verdicts_of(owner):
            yield {"at": _when(event.at), "what": event.what, "action": event.action, "category": event.category}

    # -- words

    def periods(self) -> list[tuple[str, str]]:
        """What is kept, and how long, for people."""
        trash = ("What you deleted", f"{_days(self._shelf.trash_days)} in the trash, or until you empty it")
        kept = self.keeping
        if kept is None:
            return [("Pictures, prompts and comparisons", "until you delete them"), trash]
        pictures = _days(kept.picture_days)
        return [
            ("Pictures and their prompts", f"{pictures}, favourites too" if kept.picture_days else pictures),
            ("Comparisons with their pictures and votes", _days(kept.comparison_days)),
            ("Failed and cancelled jobs", _days(kept.failed_days)),
            trash,
            ("Your address, only as a hash that is another one every day", _days(TRACE_DAYS)),
            ("What was refused, without the text", _days(kept.event_days)),
            ("What you spent, as one number a day under a hashed name", _days(40)),
            (
                "Emergency copies of the database",
                f"at most {_days(BACKUP_DAYS)} longer; what you delete leaves them at once",
            ),
        ]

    def kept_for(self) -> str:
        """How long pictures are kept, such as "7 days"; empty where they do not go by themselves."""
        return _days(self.keeping.picture_days) if self.keeping is not None and self.keeping.picture_days else ""

    def _cutoff(self, days: float) -> datetime | None:
        return self._ago(days) if days else None

    def _ago(self, days: float) -> datetime:
        return self._now() - timedelta(days=days)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _days(days: float) -> str:
    if not days:
        return "until you delete them"
    if days < 1:
        return f"{days * 24:g} hours"
    return "1 day" if days == 1 else f"{days:g} days"


def _when(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds")
