"""The moderation's log, prompts that wait for a person, and what is taken off the screens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reve_core.errors import BadInput, BlobError, JobNotFound, NotFound, ShareNotFound, WrongState
from reve_core.grants import Share
from reve_core.guard.signing import hashed
from reve_core.guarding import Verdicts
from reve_core.models import Job, JobStatus
from reve_core.operating.tools import Tools

_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_LINK = re.compile(r"/[sc]/([A-Za-z0-9_-]{22})(?![A-Za-z0-9_-])")
_MOST_NOTE = 200
_MOST_THUMBNAIL = 1_000_000
REFUSED = "The operator of this link refused this prompt."


@dataclass(frozen=True, slots=True)
class Held:
    """A job that waits for a person, and why as the policy says now; ``category`` is empty where it would let it pass."""

    job: Job
    visitor: str
    category: str
    rule: str


@dataclass(frozen=True, slots=True)
class Said:
    """A line of the moderation's log; ``visitor`` is keyed and cut."""

    event: Verdicts
    visitor: str


@dataclass(frozen=True, slots=True)
class Found:
    """What an address or an id leads to: a picture with its links, or a link to a comparison."""

    visitor: str
    job: Job | None
    shares: tuple[Share, ...]


class Judging:
    def __init__(self, tools: Tools, who: str) -> None:
        self._tools = tools
        self._who = who

    # -- prompts

    def held(self) -> list[Held]:
        """Oldest first. The prompt is for the operator's eyes alone."""
        found = []
        for job in self._tools.guard.to_review(limit=50):
            verdict = self._tools.screening.judge(job.request.prompt)
            said = ("", "") if verdict is None else (verdict.category, verdict.rule)
            found.append(Held(job, self._tools.name(job.owner), *said))
        return found

    def approve(self, job_id: str) -> None:
        """The job takes its turn. Raises WrongState where it waits no longer."""
        job = self._waiting(job_id)
        if not self._tools.guard.approve(job_id):
            raise _decided()
        self._note(job, "approve")
        self._tools.audit(self._who, "approve", job_id)
        self._tools.wake()

    def refuse(self, job_id: str, note: str = "") -> None:
        """The job ends without a call, and its prompt is forgotten. ``note`` is for its visitor. Raises WrongState, BadInput."""
        note = " ".join(note.split())
        if len(note) > _MOST_NOTE or not note.isprintable():
            raise BadInput(f"A note has at most {_MOST_NOTE} characters.", "note")
        job = self._waiting(job_id)
        if not self._tools.guard.reject(job_id, f"{REFUSED} {note}" if note else REFUSED):
            raise _decided()
        self._note(job, "refuse")
        self._tools.audit(self._who, "refuse", job_id)

    def log(self, *, before: int | None = None, limit: int = 50) -> list[Said]:
        return [
            Said(event, self._tools.name(event.owner)) for event in self._tools.guard.noted(before=before, limit=limit)
        ]

    # -- pictures and links

    def newest(self, limit: int = 12) -> list[Job]:
        return self._tools.ledger.newest(limit=limit)

    def hidden(self) -> list[Job]:
        return self._tools.ledger.hidden()

    def hidden_shares(self) -> list[Share]:
        return self._tools.ledger.hidden_shares()

    def find(self, text: str) -> Found:
        """By the address of a share, a picture, a download or a page, or by an id. Raises NotFound."""
        tools = self._tools
        if (link := _LINK.search(text)) is not None:
            share = tools.access.share_of_token(hashed(link[1]))
            if share is None:
                raise ShareNotFound()
            return self._found(share)
        for each in _ID.findall(text.lower()):
            if (job := tools.store.get(each)) is not None:
                return Found(tools.name(job.owner), job, tuple(tools.ledger.shares_of(job.id)))
            if (share := tools.ledger.any_share(each)) is not None:
                return self._found(share)
        raise NotFound("Nothing here has that address. Paste a share link, or the address of a picture.")

    def thumbnail(self, job: Job) -> bytes | None:
        """A small WebP, None where there is none on the disk."""
        if job.image is None:
            return None
        try:
            return self._tools.blobs.get(job.image.thumbnail, max_bytes=_MOST_THUMBNAIL)
        except BlobError:
            return None

    def hide_picture(self, job_id: str, on: bool) -> None:
        """Off every screen and behind no link, or back. Raises JobNotFound, WrongState for one that is under way."""
        self._tools.must_write()
        job = self._tools.store.get(job_id)
        if job is None:
            raise JobNotFound(job_id)
        if not self._tools.guard.hide_job(job_id, on):
            raise WrongState("It is still under way: cancel it first." if job.status.is_pending else _unchanged(on))
        self._tools.forget_hidden()
        self._tools.audit(self._who, "hide picture" if on else "show picture", job_id)

    def hide_share(self, share_id: str, on: bool) -> None:
        """The link opens nothing, or what it did before. Raises ShareNotFound, WrongState."""
        self._tools.must_write()
        if self._tools.ledger.any_share(share_id) is None:
            raise ShareNotFound()
        if not self._tools.guard.hide_share(share_id, on):
            raise WrongState(_unchanged(on))
        self._tools.audit(self._who, "hide share" if on else "show share", share_id)

    def _found(self, share: Share) -> Found:
        job = None if share.job_id is None else self._tools.store.get(share.job_id)
        shares = (share,) if job is None else tuple(self._tools.ledger.shares_of(job.id)) or (share,)
        return Found(self._tools.name(share.owner), job, shares)

    def _waiting(self, job_id: str) -> Job:
        self._tools.must_write()
        job = self._tools.store.get(job_id)
        if job is None or job.status is not JobStatus.QUEUED:
            raise _decided()
        return job

    def _note(self, job: Job, action: str) -> None:
        verdict = self._tools.screening.judge(job.request.prompt)
        self._tools.guard.note(
            Verdicts(
                at=self._tools.now(),
                owner=job.owner,
                what="prompt",
                action=action,
                category=verdict.category if verdict is not None else "",
                rule=verdict.rule if verdict is not None else "",
                stage="operator",
                job_id=job.id,
            )
        )


def _decided() -> WrongState:
    return WrongState("It does not wait any more: somebody has decided, or its visitor has cancelled it.")


def _unchanged(on: bool) -> str:
    return "It was hidden before." if on else "It was not hidden."
