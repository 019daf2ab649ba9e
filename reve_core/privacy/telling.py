"""Everything that is stored about somebody as one zip file: for people to read, and for programs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from reve_core.catalogue import Catalogue
from reve_core.errors import ComparisonNotFound
from reve_core.exchange import Exchange
from reve_core.models import Job, JobFilter, JobStatus
from reve_core.pictures.archive import Extra
from reve_core.ports import AccessStore, ComparisonStore, JobStore, PrivacyStore
from reve_core.shelf import Shelf


class Telling:
    """``voters`` are the names under which they voted on others' comparisons, by the comparison's id."""

    def __init__(
        self,
        *,
        records: PrivacyStore,
        store: JobStore,
        access: AccessStore,
        grids: ComparisonStore,
        shelf: Shelf,
        exchange: Exchange,
        catalogue: Catalogue,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._records = records
        self._store = store
        self._access = access
        self._grids = grids
        self._shelf = shelf
        self._exchange = exchange
        self._catalogue = catalogue
        self._clock = clock

    def file(self, owner: str, voters: Mapping[str, str], about: Mapping[str, object]) -> Iterator[bytes]:
        """The zip file, piece by piece. ``about`` is what ``data.json`` begins with."""
        extras = [
            Extra("data.json", self._data(owner, voters, about)),
            *(
                Extra(f"comparisons/{number:04}_{each[:8]}.json", self._comparison(each, owner))
                for number, each in enumerate(self._comparison_ids(owner), start=1)
            ),
        ]
        return self._shelf.pack_with(self._picture_ids(owner), extras, owner=owner)

    # -- inside

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

    def _data(self, owner: str, voters: Mapping[str, str], about: Mapping[str, object]) -> Iterator[bytes]:
        """Everything but the pictures."""
        head = {
            "about": "What this place stores about you. Times are UTC. The pictures lie beside this file.",
            "exported_at": _when(datetime.fromtimestamp(self._clock(), UTC)),
            **about,
        }
        yield json.dumps(head, indent=1).encode()[:-2]
        lists: Sequence[tuple[str, Iterable[Mapping[str, object]]]] = (
            ("jobs", self._told_jobs(owner)),
            ("comparisons", self._told_comparisons(owner)),
            ("links", self._told_links(owner)),
            ("votes", self._told_votes(owner, voters)),
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
            receipt = None
            if job.receipt is not None:
                # What is left on the link's account is not theirs to know.
                private = {"credits_left"} if self._catalogue.public and job.own_key is None else None
                receipt = job.receipt.model_dump(mode="json", exclude_defaults=True, exclude=private)
            went_wrong = self._catalogue.error_of(job)
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
                "usd": job.usd_used,
                "error": went_wrong[1] if went_wrong else None,
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

    def _told_votes(self, owner: str, voters: Mapping[str, str]) -> Iterator[Mapping[str, object]]:
        for ballot in self._records.votes_of(owner, voters):
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


def _when(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds")
