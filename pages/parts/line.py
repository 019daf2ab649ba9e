"""The jobs a visitor is looking at on the Queue page: which kind, how far down, what was last said. No screen in here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pages.parts.me import live
from pages.parts.pictures import image_url
from reve_core import views, waits
from reve_core.allowance import Turn
from reve_core.catalogue import BY_HAND, ProviderView
from reve_core.errors import ReveError
from reve_core.models import Job, JobFilter, JobRequest, JobStatus
from reve_core.service import Studio

STEP = 40
MOST = 400
ALL = "all"
_PROMPT = 600  # letters of a prompt in a row; two lines of it are seen

_TITLES = {
    JobStatus.QUEUED: "Waiting",
    JobStatus.RUNNING: "Being made",
    JobStatus.UNKNOWN: "Unclear",
    JobStatus.FAILED: "Failed",
    JobStatus.DONE: "Done",
    JobStatus.CANCELLED: "Cancelled",
}


@dataclass
class Line:
    tab: str = ALL
    shown: int = STEP
    starts: list[str | None] = field(default_factory=lambda: [None])
    next: str | None = None
    message: dict[str, Any] | None = None
    removed: list[str] = field(default_factory=list)

    def choose(self, tab: str) -> None:
        if tab == ALL or tab in set(JobStatus):
            self.tab, self.shown, self.starts = tab, STEP, [None]

    def more(self) -> None:
        self.shown = min(self.shown + STEP, MOST)

    def older(self) -> None:
        """Turn over: a sheet of ``MOST`` rows is full, and reading ever more of them again would cost ever more."""
        if self.next is not None:
            self.starts.append(self.next)
            self.shown = STEP

    def newer(self) -> None:
        if len(self.starts) > 1:
            self.starts.pop()
            self.shown = MOST

    def say(self, text: str, *, undo: bool = False) -> None:
        self.message = {"n": (self.message["n"] if self.message else 0) + 1, "text": text, "undo": undo}

    # -- as the piece draws it

    def data(self, studio: Studio, owner: str) -> dict[str, Any]:
        turn = studio.admission.turn(owner)
        # The revision before the rows: what changes in between is noticed by the next look, not lost.
        rev = studio.revision(owner=owner)
        counts = studio.counts(owner=owner)
        statuses = None if self.tab == ALL else frozenset({JobStatus(self.tab)})
        page = studio.jobs(JobFilter(owner=owner, statuses=statuses), after=self.starts[-1], limit=self.shown)
        self.next = page.next
        tabs = [{"key": ALL, "title": "All", "count": sum(counts.values())}]
        tabs += [{"key": status.value, "title": title, "count": counts[status]} for status, title in _TITLES.items()]
        return {
            "providers": [provider_row(studio, view, turn) for view in studio.catalogue.providers()],
            "tabs": tabs,
            "tab": self.tab,
            "failed": studio.retryable(owner=owner) if counts[JobStatus.FAILED] else 0,
            "rows": rows(studio, page.jobs, owner),
            "more": page.next is not None and self.shown < MOST,
            "older": page.next is not None and self.shown >= MOST,
            "newer": len(self.starts) > 1,
            "live": live(60),
            "rev": rev,
            "pending": counts[JobStatus.QUEUED] + counts[JobStatus.RUNNING],
            "message": self.message,
            "empty": self._empty(),
        }

    def _empty(self) -> dict[str, str]:
        if self.tab != ALL:
            title = _TITLES[JobStatus(self.tab)].lower()
            return {"title": f"Nothing {title}" if self.tab != JobStatus.DONE else "Nothing done yet", "text": ""}
        return {
            "title": "Nothing has been asked for yet",
            "text": "Every picture you order stands here, with what became of it.",
            "button": "Create a picture",
            "act": "create",
        }


def provider_row(studio: Studio, view: ProviderView, turn: Turn | None) -> dict[str, Any]:
    try:
        quote = studio.catalogue.quote(JobRequest(prompt="", provider=view.name), turn=turn)
        says = f"A picture ordered now: {waits.in_words(quote.low_s, quote.high_s)}"
    except ReveError as exc:
        says = str(exc)
    state = view.state
    return {
        "name": view.name,
        "title": view.title,
        "paused": view.paused,
        "operated": not studio.visitors.public,
        # "Paused by hand" says no more than the word "Paused" beside it.
        "reason": "" if state is None or state.reason == BY_HAND else view.why(public=studio.visitors.public),
        "until": state.until.isoformat() if state and view.paused and state.until else None,
        "says": "Trying one call at a time" if state and state.probing and not view.paused else says,
    }


def rows(studio: Studio, jobs: list[Job], owner: str) -> list[dict[str, Any]]:
    # A listing does not know the places in line; the feed of what is pending does.
    pending = any(job.status.is_pending for job in jobs)
    live = {card["id"]: card for card in studio.board.feed(owner=owner, limit=1).cards} if pending else {}
    cards = studio.board.cards(jobs)
    return [row(job, live.get(job.id) or card) for job, card in zip(jobs, cards, strict=True)]


def row(job: Job, card: views.Card) -> dict[str, Any]:
    prompt, seed = job.request.prompt, job.request.seed
    return {
        "id": job.id,
        "status": job.status.value,
        "says": _says(job, card),
        "prompt": prompt if len(prompt) <= _PROMPT else prompt[:_PROMPT] + "…",
        "thumb": image_url(job.image.thumbnail) if job.image else "",
        "provider": card["provider"],
        "about": " · ".join(
            filter(None, (job.request.aspect_ratio, f"seed {seed}" if seed is not None else "", _mark(job, card)))
        ),
        "created": job.created_at.isoformat(),
        "elapsed": card["elapsed_s"],
        "made": (job.finished_at - job.started_at).total_seconds()
        if job.finished_at and job.started_at and job.status in (JobStatus.DONE, JobStatus.FAILED)
        else None,
        "attempt": job.attempt,
        "progress": card["progress"],
        "wait": card["wait"],
        "cost": card["cost"],
        "error": card["error"],
        "refused": card["refused"],
        "request_id": job.request_id,
        "asks": card["asks"],
        "can": card["can"],
    }


def _mark(job: Job, card: views.Card) -> str:
    return card["says"] if job.status is JobStatus.DONE else ""


def _says(job: Job, card: views.Card) -> str:
    match job.status:
        case JobStatus.DONE:
            return "Done"  # what the picture's label says stands beside it
        case JobStatus.UNKNOWN:
            return "Unclear"  # the row says the rest at length
        case _:
            return card["says"]
