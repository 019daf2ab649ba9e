"""
The contact sheet a visitor is looking at: which pictures, how far down, what was last thrown away. No screen in here.

It lives in the session. A sheet holds at most ``MOST`` pictures; beyond that one turns over to the next, older sheet, so
that neither the page nor the message to it grows with the archive.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from pages.parts.pictures import download_now, export_url, image_url
from reve_core.models import Job, JobFilter, JobStatus, Page
from reve_core.service import Studio

STEP = 60
MOST = 600
_ALT = 300  # letters of a prompt that a tile carries; the whole of it is on the picture's own view

Mode = Literal["shelf", "trash"]


@dataclass
class Message:
    """What the bar at the foot says. ``n`` tells a new one from one that was already shown."""

    n: int
    text: str
    undo: bool = False
    url: str = ""


@dataclass
class Sheet:
    which: JobFilter
    mode: Mode = "shelf"
    jobs: list[Job] = field(default_factory=list)
    next: str | None = None
    starts: list[str | None] = field(default_factory=lambda: [None])
    rev: int = -1
    turn: int = 0
    message: Message | None = None
    undo: list[str] = field(default_factory=list)

    @property
    def filtered(self) -> bool:
        return self.which != JobFilter(owner=self.which.owner, starred=self.which.starred)

    # -- turning pages

    def open(self, studio: Studio, which: JobFilter, mode: Mode) -> None:
        """Begin at the newest, unless this is the sheet that is open already."""
        if self.rev < 0 or (which, mode) != (self.which, self.mode):
            self.which, self.mode, self.starts = which, mode, [None]
            self.load(studio)

    def load(self, studio: Studio, count: int = STEP) -> None:
        """Read the sheet again from its top."""
        self.turn += 1
        self.rev = studio.revision(owner=self.owner)  # before the rows: news in between is then noticed, not lost
        page = self._page(studio, self.starts[-1], min(count, MOST))
        self.jobs, self.next = page.jobs, page.next

    def more(self, studio: Studio) -> None:
        if self.next is not None and len(self.jobs) < MOST:
            page = self._page(studio, self.next, min(STEP, MOST - len(self.jobs)))
            have = {job.id for job in self.jobs}
            self.jobs += [job for job in page.jobs if job.id not in have]
            self.next = page.next

    def older(self, studio: Studio) -> None:
        if self.next is not None:
            self.starts.append(self.next)
            self.load(studio)

    def newer(self, studio: Studio) -> None:
        if len(self.starts) > 1:
            self.starts.pop()
            self.load(studio, MOST)

    def fresh(self, studio: Studio) -> None:
        self.starts = [None]
        self.load(studio)

    # -- what people do

    def star(self, studio: Studio, ids: list[str], on: bool) -> None:
        studio.shelf.star(ids, on, owner=self.owner)
        self._reread(studio, ids)

    def trash(self, studio: Studio, ids: list[str]) -> None:
        gone = studio.shelf.trash(ids, owner=self.owner)
        self._without(studio, ids)
        self.undo = list(ids)
        self.say(f"{_pictures(gone)} moved to the trash.", undo=bool(gone))

    def take_back(self, studio: Studio) -> None:
        ids, self.undo = self.undo, []
        back = studio.shelf.restore(ids, owner=self.owner)
        self.load(studio, max(STEP, len(self.jobs) + back))
        self.say(f"{_pictures(back)} put back.")

    def restore(self, studio: Studio, ids: list[str]) -> None:
        back = studio.shelf.restore(ids, owner=self.owner)
        if self.mode == "trash":
            self._without(studio, ids)
        else:
            self.load(studio, max(STEP, len(self.jobs) + back))
        self.say(f"{_pictures(back)} put back.")

    def purge(self, studio: Studio, ids: list[str]) -> None:
        gone = studio.shelf.purge(ids, owner=self.owner)
        self._without(studio, ids)
        self.say(f"{_pictures(gone)} deleted for good.")

    def empty_trash(self, studio: Studio) -> None:
        gone = 0
        while page := studio.shelf.trashed(owner=self.owner, limit=500).jobs:
            deleted = studio.shelf.purge([job.id for job in page], owner=self.owner)
            gone += deleted
            if not deleted:
                break
        self.fresh(studio)
        self.say(f"The trash is empty. {_pictures(gone)} deleted for good.")

    def download(self, studio: Studio, job_id: str, *, with_prompt: bool = True) -> None:
        """On a host that lets no link of ours through."""
        self.say(
            "The picture is being downloaded.",
            url=download_now(studio, job_id, owner=self.owner, with_prompt=with_prompt),
        )

    def zip(self, studio: Studio, ids: list[str], *, with_prompts: bool = True) -> None:
        token = studio.shelf.prepare_export(ids, owner=self.owner, with_prompts=with_prompts)
        self.say(
            f"The archive of {_pictures(len(ids)).lower()} is being downloaded.",
            url=export_url(token, owner=self.owner),
        )

    def say(self, text: str, *, undo: bool = False, url: str = "") -> None:
        self.message = Message((self.message.n if self.message else 0) + 1, text, undo, url)

    # -- as the grid draws it

    def tiles(self, studio: Studio, now: datetime) -> list[dict[str, Any]]:
        days = studio.shelf.trash_days
        return [tile(studio, job, note=self._note(job, now, days)) for job in self.jobs]

    def around(self, job_id: str) -> tuple[Job | None, Job | None]:
        """The newer and the older neighbour on this sheet."""
        at = next((index for index, job in enumerate(self.jobs) if job.id == job_id), None)
        if at is None:
            return None, None
        return (self.jobs[at - 1] if at else None), (self.jobs[at + 1] if at + 1 < len(self.jobs) else None)

    # -- inside

    @property
    def owner(self) -> str:
        assert self.which.owner is not None, "A sheet is somebody's."
        return self.which.owner

    def _page(self, studio: Studio, after: str | None, limit: int) -> Page:
        if self.mode == "trash":
            return studio.shelf.trashed(owner=self.owner, after=after, limit=limit)
        return studio.gallery(self.which, after=after, limit=limit)

    def _without(self, studio: Studio, ids: list[str]) -> None:
        gone = set(ids)
        self.jobs = [job for job in self.jobs if job.id not in gone]
        if not self.jobs and (self.next is not None or len(self.starts) > 1):
            self.fresh(studio)
        self._caught_up(studio)

    def _reread(self, studio: Studio, ids: list[str]) -> None:
        """These tiles anew. One that no longer matches the filter stays: it would vanish from under the pointer."""
        changed = set(ids)
        self.jobs = [studio.get(job.id, owner=self.owner) if job.id in changed else job for job in self.jobs]
        self._caught_up(studio)

    def _caught_up(self, studio: Studio) -> None:
        # The turn tells the piece that whatever it assumed on its own has now been answered.
        self.turn += 1

    def _note(self, job: Job, now: datetime, trash_days: float) -> str:
        if self.mode != "trash" or job.trashed_at is None:
            return ""
        left = job.trashed_at + timedelta(days=trash_days) - now
        days = left / timedelta(days=1)
        words = "Deleted soon" if days < 1 else f"{round(days)} day{'' if round(days) == 1 else 's'} left"
        return words if job.status is JobStatus.DONE else f"{job.status.value.capitalize()} · {words.lower()}"


def tile(studio: Studio, job: Job, note: str = "") -> dict[str, Any]:
    width, height = job.aspect
    prompt = job.request.prompt
    return {
        "id": job.id,
        "src": image_url(job.image.thumbnail) if job.image else "",
        "aspect": round(width / height, 4),
        "alt": prompt if len(prompt) <= _ALT else prompt[:_ALT] + "…",
        "star": job.starred,
        "label": studio.catalogue.label(job.request.provider) if job.image else "",
        "note": note,
    }


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count:,} pictures"
