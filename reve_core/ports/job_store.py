"""The table that is the truth about jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from reve_core.allowance import Terms
from reve_core.errors import ReveError
from reve_core.models import (
    Call,
    Claim,
    Glance,
    Job,
    JobFilter,
    JobStatus,
    Limits,
    Order,
    Page,
    Placed,
    ProviderState,
    Receipt,
    Review,
    StoredImage,
    Ticket,
)

CancelAnswer = Literal["cancelled", "requested", "too_late"]
BeatAnswer = Literal["ok", "cancel", "lost"]
CallOutcome = Literal["ok", "not_charged", "refused", "unknown"]


class JobStore(Protocol):
    """
    The table that is the truth. Safe from many threads and processes at once.

    Every write made under a claim is fenced by the claim's token: it returns False, and changes nothing, once the job
    has gone to somebody else. So does one whose ``outcome`` None says that no call was begun, where one was. Methods raise ``StoreBusy`` when the database stays locked past its timeout and
    ``StoreFull`` when the disk is full; the change has then not been made.
    """

    # -- what people do
    def submit(self, orders: Sequence[Order], *, patience_s: float | None = None) -> list[Placed | ReveError]:
        """
        Queue several people's orders in one commit, made when this returns. The answers are in the orders' sequence.
        ``patience_s``: raise ``StoreBusy`` after that long where others are writing, instead of the usual time.

        An order is placed whole or not at all: a refusal, such as ``IdempotencyConflict`` or ``JobGone``, stands in its
        place in the answer and leaves the others alone. An order whose ``once`` was seen before is not placed again; its
        jobs are returned as they are now, also where the two come in the same call.

        An order with ``terms`` is let in only within them: ``LimitReached`` or ``Banned`` stands in its place otherwise,
        and nothing was debited. What it was let in with is reserved in the same commit, settled with what the calls
        really cost, and given back where they cost nothing.
        """
        ...

    def forget_keys(self, older_than_s: float) -> int:
        """Forget idempotency keys of that age; returns how many."""
        ...

    def peek(self, job_id: str, *, owner: str | None = None) -> Glance | None:
        """The little that those who look often need, at the cost of one indexed read. Finds what ``get`` finds."""
        ...

    def get(self, job_id: str, *, owner: str | None = None) -> Job | None:
        """
        The job, with ``position`` while it is queued. None also where it is another owner's, or hidden from its own: the
        operator alone, who asks for nobody, still sees that.
        """
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

    def ahead(self, provider: str, name: str, credits: float) -> int:
        """
        How many jobs, running ones too, come before the next job at that provider that takes its turn under this name and
        is forecast to cost so much.
        """
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

    def again(
        self,
        job_id: str,
        *,
        when: Iterable[JobStatus],
        terms: Terms | None = None,
        credits: float = 0.0,
        own_key: str | None = None,
        review: Review | None = None,
    ) -> bool:
        """
        A person says go once more: back to the queue with fresh tries, if its status is one of ``when``. ``terms`` and
        ``credits`` as in an order, ``review`` too: what the operator approved before stays so. Raises LimitReached, Banned; nothing is changed then.
        """
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
    def claim(
        self, worker: str, *, lease_s: float, limits: Mapping[str, Limits], at_once: int | None = None
    ) -> Claim | None:
        """
        Take the best queued job that is due, of a provider named in ``limits`` that is not paused and has room, and of
        somebody who has fewer than ``at_once`` running. None where there is none. Nothing is taken that would go past the
        credits that a provider may take in a day.

        Best is the highest priority, then the fairest, then the oldest. Fair: by what their jobs are forecast to cost,
        everybody's turn comes as often, and whoever comes new is not behind what others queued before. ``attempt`` and
        ``tries`` come back one higher. Two callers never hold the same job. One that waits for a person's review is not
        taken.
        """
        ...

    def beat(self, claims: Sequence[Claim], *, lease_s: float) -> dict[str, BeatAnswer]:
        """Prolong leases; says for each job id whether to go on, stop if that is free, or that the job is lost."""
        ...

    def begin_call(self, claim: Claim, *, idempotent: bool) -> bool:
        """Durably record that a paid request is about to go out. False: lost or cancelled, do not send."""
        ...

    def accept(self, claim: Claim, ticket: Ticket) -> bool:
        """
        Durably record by which the provider knows the call of this claim, instead of what was recorded before. Also where
        the job has been lost meanwhile, unless somebody else has taken the call over. A job that was called ``unknown``
        meanwhile is running again, held by nobody, as if it had been put off without a delay.
        """
        ...

    def take_over(self, claim: Claim, worker: str, *, lease_s: float) -> Claim | None:
        """
        Take a job whose call has a ticket from whoever held it under ``claim``: its lease has run out, or it ended in
        ``unknown``. It is running again, same attempt, under the returned claim. None: somebody else was first.
        """
        ...

    def put_off(self, claim: Claim, *, delay_s: float, why: str) -> bool:
        """Let go of a running job whose answer is picked up later: its lease runs out after ``delay_s``."""
        ...

    def set_progress(self, claim: Claim, fraction: float | None, text: str) -> bool: ...

    def arrived(self, claim: Claim, receipt: Receipt) -> bool:
        """The answer is here: close the call as ``ok``, keep its receipt, free the provider's slot."""
        ...

    def done(self, claim: Claim, image: StoredImage, receipt: Receipt) -> bool:
        """
        Finish. Also lifts a job out of ``unknown`` when it still carries this claim's token. What nobody wants any more,
        see ``is_wanted``, is not stored: False, and the job is gone.
        """
        ...

    def is_wanted(self, claim: Claim) -> bool:
        """Whether what comes of the call is still anybody's. False once its owner has deleted everything."""
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

    def cancelled(
        self,
        claim: Claim,
        *,
        outcome: CallOutcome | None,
        why: str | None = None,
        receipt: Receipt | None = None,
    ) -> bool: ...

    def hold(self, claim: Claim) -> bool:
        """Nobody could decide about its prompt: back in line, to wait for the operator. No call was begun."""
        ...

    def block(self, claim: Claim, message: str) -> bool:
        """End in ``failed`` with the code ``blocked``, before any call; its prompt is forgotten."""
        ...

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
    def pause(self, provider: str, *, until: datetime | None, reason: str, own_keys: bool = False) -> None:
        """``own_keys``: jobs that a visitor's own key pays for go on. Of two pauses at once both must say so."""
        ...

    def resume(self, provider: str) -> None: ...

    def provider_states(self) -> dict[str, ProviderState]: ...

    def spent_today(self, provider: str) -> float:
        """
        Credits that the provider has taken since midnight (UTC), visitors' own keys not counted; of what it has not said, the
        forecast.
        """
        ...

    def durations(self, provider: str, model: str, *, limit: int = 50) -> list[float]:
        """Seconds from start to picture of the newest finished jobs of this model, newest first."""
        ...

    def maintain(self) -> None:
        """Housekeeping of the adapter's own that would hold up whoever did it by the way. Called about once a second."""
        ...

    def close(self) -> None: ...
