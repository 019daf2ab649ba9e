"""
What is under way and what everybody should know, put together for screens: the home page's feed, the queue, notices.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from reve_core import views, waits
from reve_core.catalogue import Catalogue, ProviderView
from reve_core.models import PERSONAL, Job, JobFilter, JobStatus, Limits, ProviderState, Review
from reve_core.ports import JobStore, Provider


@dataclass(frozen=True, slots=True)
class Feed:
    """The newest jobs of an owner, and a number that changes when any of theirs does."""

    cards: list[views.Card]
    rev: int
    pending: int


class Board:
    def __init__(
        self,
        *,
        store: JobStore,
        catalogue: Catalogue,
        providers: Mapping[str, Provider],
        limits: Mapping[str, Limits],
        disk_is_low: Callable[[], bool],
        at_once: Callable[[], int | None] = lambda: None,
        preview: Callable[[str], bytes | None] = lambda job_id: None,
        read_only: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._providers = providers
        self._limits = limits
        self._disk_is_low = disk_is_low
        self._at_once = at_once
        self._preview = preview
        self._read_only = read_only
        self._clock = clock

    def feed(self, *, owner: str = PERSONAL, limit: int = 24) -> Feed:
        """Everything under way (at most 60 cards) and the newest that have ended, newest first."""
        rev = self._store.revision(owner)
        pending = self._store.pending(owner, limit=60)
        recent = self._store.page(JobFilter(owner=owner), limit=limit).jobs
        jobs = {job.id: job for job in [*recent, *pending]}
        cards = self.cards(sorted(jobs.values(), key=lambda job: -job.seq), among=pending)
        return Feed(cards, rev, self._store.pending_count(owner))

    def cards(self, jobs: Iterable[Job], *, among: Iterable[Job] = ()) -> list[views.Card]:
        """
        Jobs as JSON for the screen, with the wait that is left for each pending one. ``among``: all of the same visitor
        that are pending, of which only so many are made at once.
        """
        at_once, mine = self._at_once(), _places(among)
        now = datetime.fromtimestamp(self._clock(), UTC)
        usual: dict[tuple[str, str], tuple[float, float]] = {}
        states = self._catalogue.states()
        result = []
        for job in jobs:
            name, model = job.request.provider, job.request.model
            provider = self._providers.get(name)
            title = provider.title if provider else name.capitalize()
            expected, held_up = None, ""
            if job.status is JobStatus.QUEUED and job.review is Review.PERSON:
                pass  # whoever looks at it comes when they come
            elif job.status is JobStatus.QUEUED and provider is None:
                held_up = f"Waits: {title} is not set up here"
            elif job.status is JobStatus.QUEUED and name in states and _holds_up(states[name], job):
                held_up = f"Waits: {title} is paused"
            elif job.status.is_pending and provider is not None:
                if (name, model) not in usual:
                    usual[name, model] = self._catalogue.usual(provider, model)
                expected = usual[name, model]
                if job.position is not None:
                    expected = waits.in_line(
                        job.position,
                        self._limits[name].concurrency,
                        expected,
                        mine=mine.get(job.id, 0),
                        at_once=at_once,
                    )
            went_wrong = self._catalogue.error_of(job)
            card = views.card(
                job,
                now=now,
                expected=expected,
                title=title,
                label=self._catalogue.label(name),
                error=went_wrong[1] if went_wrong else None,
                preview=self._preview(job.id) if job.status is JobStatus.RUNNING else None,
                maker=self._catalogue.told_apart(name, model),
                resumes=job.status is JobStatus.UNKNOWN and self._catalogue.resumes(name, model),
            )
            if held_up:
                card["says"] = held_up
            result.append(card)
        return result

    def notices(self, *, pauses: bool = True, public: bool = False) -> list[str]:
        """
        What everybody should know now: read-only, little room, a paused provider. Plain sentences. ``public``: for strangers.
        """
        found = []
        if self._read_only is not None:
            found.append(self._read_only)
        elif self._disk_is_low():
            found.append("The disk is nearly full, so no new job is started. Make room and they go on by themselves.")
        for view in self._catalogue.providers() if pauses else ():
            if view.paused:
                words = paused_words(view, datetime.fromtimestamp(self._clock(), UTC), public=public)
                found.append(words if public else words + how_to_resume(view))
        return found


def paused_words(view: ProviderView, now: datetime, *, public: bool = False) -> str:
    """ "Reve is paused: it says it is busy. It goes on by itself in about 2 min." """
    why, until = view.why(public=public), view.state.until if view.state else None
    said = f"{view.title} is paused: {why}" if why else f"{view.title} is paused."
    if until is None or until <= now:
        return said
    left = (until - now).total_seconds()
    return f"{said} It goes on by itself in {waits.in_words(left, left)}."


def how_to_resume(view: ProviderView) -> str:
    """Of a pause that does not end by itself, a restart included: a sentence with a space before it. Else empty."""
    return "" if view.state is not None and view.state.until is not None else " Resume it on the Queue page."


def _holds_up(state: ProviderState, job: Job) -> bool:
    return state.paused and not (state.own_keys and job.own_key is not None)


def _places(pending: Iterable[Job]) -> dict[str, int]:
    """Of somebody's pending jobs, the places among themselves, from 1: those being made first, then as they stand in line."""
    ready = [job for job in pending if job.review is not Review.PERSON]
    ready.sort(key=lambda job: (job.status is not JobStatus.RUNNING, job.position or 0, job.seq))
    return {job.id: place for place, job in enumerate(ready, 1)}
