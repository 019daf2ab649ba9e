"""
The seams. An adapter imports this file, the models and the errors, and nothing else of the house.

Each port's promises are held by one contract suite in ``tests/contracts``, run against every adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from reve_core.models import (
    Call,
    Claim,
    Job,
    JobFilter,
    JobRequest,
    JobStatus,
    Limits,
    ModelInfo,
    Page,
    Picture,
    ProviderState,
    Receipt,
    StoredImage,
)

# ---------------------------------------------------------------- providers


def _no_progress(fraction: float | None, text: str = "") -> None:
    return None


@dataclass(frozen=True, slots=True)
class CallContext:
    """
    What a provider is handed with a request.

    ``key`` names this attempt (job id and number): a label, or an idempotency key where the service has one.
    ``timeout_s`` is the total time for the call, connect to last byte. ``progress(fraction, text)`` may be called at any
    time, ``fraction`` 0 to 1 or None. ``is_cancelled()`` turns True when a person asks to stop: a provider that can stop
    without cost raises ``CallCancelled``, others go on.
    """

    key: str
    timeout_s: float
    progress: Callable[..., None] = _no_progress
    is_cancelled: Callable[[], bool] = field(default=lambda: False)


@dataclass(frozen=True, slots=True)
class Health:
    """A provider looked at without spending: ``ok``, one sentence about it, and the credit balance where it tells."""

    ok: bool
    text: str
    credits_left: float | None = None


class Provider(Protocol):
    """
    The service that makes a picture. Called from several threads at once.

    ``name`` is stored with every job (lower case). ``title`` is shown. ``label`` is the fixed mark on every picture, such
    as "AI-generated". ``idempotent`` is True when repeating a call after a lost answer can cost nothing more.
    """

    name: str
    title: str
    label: str
    idempotent: bool

    @property
    def models(self) -> Sequence[ModelInfo]:
        """At least one; the first is the default."""
        ...

    def generate(self, request: JobRequest, context: CallContext) -> Picture:
        """
        Make one picture. ``request.model`` names one of ``models``.

        Raises ``NotCharged``, ``RateLimited``, ``NoCredits``, ``KeyRefused``, ``ServiceClosed``, ``RequestRejected``,
        ``PromptRefused`` or ``CallCancelled`` where that is certain; ``OutcomeUnknown``, or anything else at all, means
        that the call may have been charged. Sends the paid request at most once. Returns within ``timeout_s`` or raises.
        """
        ...

    def check(self) -> Health:
        """Look whether the service answers and accepts the key, without spending. Never raises for the service's faults."""
        ...

    def close(self) -> None: ...


# ---------------------------------------------------------------- store

CancelAnswer = Literal["cancelled", "requested", "too_late"]
BeatAnswer = Literal["ok", "cancel", "lost"]
CallOutcome = Literal["ok", "not_charged", "refused", "unknown"]


class JobStore(Protocol):
    """
    The table that is the truth. Safe from many threads and processes at once.

    Every write made under a claim is fenced by the claim's token: it returns False, and changes nothing, once the job
    has gone to somebody else. Methods raise ``StoreBusy`` when the database stays locked past its timeout and
    ``StoreFull`` when the disk is full; the change has then not been made.
    """

    # -- what people do
    def submit(self, requests: Sequence[JobRequest], *, owner: str, priority: int = 0) -> list[Job]:
        """Insert all or none, committed when this returns."""
        ...

    def get(self, job_id: str, *, owner: str | None = None) -> Job | None:
        """The job, with ``position`` while it is queued; None also where it is another owner's."""
        ...

    def page(self, which: JobFilter, *, after: str | None = None, limit: int = 50, by_finish: bool = False) -> Page:
        """Newest first, by creation or by the time they finished; a page costs the same however deep it lies."""
        ...

    def pending(self, owner: str | None, *, limit: int = 200) -> list[Job]:
        """Queued and running jobs, oldest first, queued ones with ``position``."""
        ...

    def pending_count(self, owner: str | None) -> int:
        """How many jobs are queued or running."""
        ...

    def line(self) -> dict[str, int]:
        """Of each provider: how many jobs of all owners are queued or running. Providers without any may be absent."""
        ...

    def counts(self, owner: str | None) -> dict[JobStatus, int]:
        """How many jobs there are in each state, the trash left out."""
        ...

    def revision(self, owner: str | None) -> int:
        """A number that changes whenever any of the owner's jobs changes state, star or trash."""
        ...

    def calls(self, job_id: str) -> list[Call]: ...

    def cancel(self, job_id: str) -> CancelAnswer:
        """Queued: cancelled at once. Running: asks the worker; ``too_late`` when the job has ended."""
        ...

    def again(self, job_id: str, *, when: Iterable[JobStatus]) -> bool:
        """A person says go once more: back to the queue with fresh tries, if its status is one of ``when``."""
        ...

    def give_up(self, job_id: str, reason: str) -> bool:
        """A person closes an ``unknown`` job: it becomes failed, its call stays recorded as unknown."""
        ...

    def star(self, job_ids: Iterable[str], on: bool) -> int: ...

    def trash(self, job_ids: Iterable[str], on: bool) -> int:
        """Put into the trash or take out again. Pending jobs are left alone."""
        ...

    def purge(self, job_ids: Sequence[str]) -> int:
        """Forget jobs for good (their files are the caller's to delete first)."""
        ...

    # -- what workers do
    def claim(self, worker: str, *, lease_s: float, limits: Mapping[str, Limits]) -> Claim | None:
        """
        Take the best queued job that is due, of a provider named in ``limits`` that is not paused and has room.

        Best is the highest priority, then the oldest. ``attempt`` and ``tries`` come back one higher. Two callers never
        hold the same job.
        """
        ...

    def beat(self, claims: Sequence[Claim], *, lease_s: float) -> dict[str, BeatAnswer]:
        """Prolong leases; says for each job id whether to go on, stop if that is free, or that the job is lost."""
        ...

    def begin_call(self, claim: Claim, *, idempotent: bool) -> bool:
        """Durably record that a paid request is about to go out. False: lost or cancelled, do not send."""
        ...

    def set_progress(self, claim: Claim, fraction: float | None, text: str) -> bool: ...

    def arrived(self, claim: Claim, receipt: Receipt) -> bool:
        """The answer is here: close the call as ``ok``, keep its receipt, free the provider's slot."""
        ...

    def done(self, claim: Claim, image: StoredImage, receipt: Receipt) -> bool:
        """Finish. Also lifts a job out of ``unknown`` when it still carries this claim's token."""
        ...

    def fail(
        self, claim: Claim, code: str, message: str, *, outcome: CallOutcome | None, receipt: Receipt | None = None
    ) -> bool:
        """End in ``failed``. ``outcome`` closes the open call; None where no call was begun."""
        ...

    def requeue(
        self,
        claim: Claim,
        *,
        delay_s: float,
        why: str,
        free: bool,
        outcome: CallOutcome | None,
        receipt: Receipt | None = None,
    ) -> bool:
        """
        Back to the queue after ``delay_s``, or ``cancelled`` where a person has asked for that meanwhile. ``free``: this
        try is not counted.
        """
        ...

    def unknown(self, claim: Claim, why: str, *, receipt: Receipt | None = None) -> bool:
        """End in ``unknown``; the token stays, so that a late success can still lift it."""
        ...

    def cancelled(self, claim: Claim, *, outcome: CallOutcome | None) -> bool: ...

    def expired(self) -> list[tuple[Claim, Call | None]]:
        """Running jobs whose lease has run out, with the call of their current attempt where one was begun."""
        ...

    def held(self, job_id: str) -> Claim | None:
        """The claim that an ``unknown`` job still carries, to adopt a late answer."""
        ...

    def workers(self) -> set[str]:
        """The workers that hold a lease now."""
        ...

    def drop_worker(self, worker: str) -> int:
        """That worker is certainly dead: let its leases run out at once."""
        ...

    # -- providers
    def pause(self, provider: str, *, until: datetime | None, reason: str) -> None: ...

    def resume(self, provider: str) -> None: ...

    def provider_states(self) -> dict[str, ProviderState]: ...

    def durations(self, provider: str, model: str, *, limit: int = 50) -> list[float]:
        """Seconds from start to picture of the newest finished jobs of this model, newest first."""
        ...

    def close(self) -> None: ...


# ---------------------------------------------------------------- blobs


@dataclass(frozen=True, slots=True)
class BlobInfo:
    key: str
    size: int


class Blobs(Protocol):
    """
    Bytes under a key such as ``<job id>-<attempt>.png``.

    Create-only: a key's bytes never change. After ``put`` returns they survive a crash of the machine, and a reader sees
    all of them or nothing.
    """

    def put(self, key: str, data: bytes) -> None:
        """Store. The same bytes again are fine; others raise ``BlobConflict``. Raises ``DiskFull``, ``BlobError``."""
        ...

    def get(self, key: str, *, max_bytes: int) -> bytes:
        """Raises ``BlobMissing``, or ``BlobError`` where it is larger than ``max_bytes``."""
        ...

    def find(self, stem: str) -> list[BlobInfo]:
        """The blobs whose key is ``stem`` and a suffix (``.png``), in name order."""
        ...

    def delete(self, key: str) -> None:
        """Gone afterwards, also where it was not there."""
        ...

    def path(self, key: str) -> str | None:
        """A local file to serve it from, None where there is no such thing or no such blob."""
        ...

    def free_bytes(self) -> int | None:
        """Room left, None where it cannot be known."""
        ...

    def sweep(self, older_than_s: float) -> int:
        """Remove leftovers of writes that never finished; returns how many."""
        ...


# ---------------------------------------------------------------- engine


class Engine(Protocol):
    """
    Gives the job core its threads. Wake-ups are anonymous hints: lost, late or repeated ones do no harm.
    """

    def start(self, work: Callable[[], bool], timers: Mapping[Callable[[], None], float]) -> None:
        """
        Call ``work`` from each slot until it returns False, then wait for a wake-up (or at most about a second).

        ``timers`` maps a function to the seconds between its calls.
        """
        ...

    def wake(self) -> None: ...

    def offload(self, step: Callable[[], None]) -> None:
        """
        Run a CPU-heavy step on one of a few threads and return at once; blocks while too many wait.
        """
        ...

    def drain(self) -> None:
        """Stop calling ``work`` from now on. Returns at once and takes no lock: a signal handler may call it."""
        ...

    def stop(self, grace_s: float) -> bool:
        """
        Stop calling ``work``, let what runs finish for at most ``grace_s`` seconds. True when everything finished.
        """
        ...


class Presence(Protocol):
    """Who is certainly dead. Saying nobody is dead is always allowed: leases then run out by time."""

    def announce(self, worker: str) -> None: ...

    def is_dead(self, worker: str) -> bool: ...

    def leave(self, worker: str) -> None: ...

    def forget(self, leased: set[str]) -> None:
        """Dead workers that are not in ``leased`` need not be remembered any longer."""
        ...
