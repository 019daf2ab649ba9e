"""
What every front door calls: pages, HTTP routes and the command line. Knows ports only, never which adapter is behind.

Every method takes the owner; a job of somebody else does not exist (``JobNotFound``).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

from reve_core import intake
from reve_core.admission import Admission
from reve_core.allowance import HERE, Allowance, Origin
from reve_core.board import Board
from reve_core.catalogue import Catalogue
from reve_core.comparison_shares import ComparisonShares
from reve_core.comparisons import Comparisons
from reve_core.errors import BadInput, ConfigurationError, JobNotFound, LimitReached, ReveError, WrongState
from reve_core.exchange import Exchange
from reve_core.guard.callbacks import Receivers
from reve_core.guard.signing import Signer
from reve_core.jobs.sweeper import Found
from reve_core.keeping import Keeping, Recipient
from reve_core.models import (
    PERSONAL,
    Call,
    Glance,
    Job,
    JobFilter,
    JobRequest,
    JobStatus,
    Limits,
    Order,
    Page,
    Placed,
)
from reve_core.operating import Entry, Operator
from reve_core.ownkeys import OwnKeys
from reve_core.pictures.check import Caps
from reve_core.pictures.marker import UNSIGNED, Marker
from reve_core.polls import Polls
from reve_core.ports import (
    AccessStore,
    Blobs,
    ComparisonStore,
    GuardStore,
    JobStore,
    OperatorStore,
    PrivacyStore,
    Provider,
)
from reve_core.privacy import Privacy
from reve_core.retrying import Retrying
from reve_core.screening import Moderates, Screening
from reve_core.shares import Shares
from reve_core.shelf import Shelf
from reve_core.visitors import Visitors

Resolution = Literal["check", "rerun", "give_up"]
# A refusal would be refused again; what was given up may have been paid for, so it takes a click of its own.
_FINAL = ("refused", "given_up", "blocked")
KEYS_KEPT_S = 24 * 3600.0
_NO_RECEIVERS = Receivers()
_RETRYABLE = (JobStatus.FAILED, JobStatus.CANCELLED)


class Worker(Protocol):
    """The job manager as the service needs it."""

    def start(self) -> None: ...
    def drain(self) -> None: ...
    def stop(self, grace_s: float) -> bool: ...
    def wake(self) -> None: ...
    def ask_to_stop(self, job_id: str) -> None: ...
    def check_again(self, job_id: str) -> Found: ...
    def disk_is_low(self) -> bool: ...


class Studio:
    def __init__(
        self,
        *,
        store: JobStore,
        blobs: Blobs,
        providers: Mapping[str, Provider],
        limits: Mapping[str, Limits],
        default_provider: str,
        worker: Worker,
        access: AccessStore,
        grids: ComparisonStore,
        signer: Signer,
        public: bool,
        caps: Caps,
        marker: Marker = UNSIGNED,
        guard: GuardStore,
        ledger: OperatorStore,
        records: PrivacyStore,
        allowance: Allowance | None = None,
        moderator: Moderates | None = None,
        has_moderation_service: bool = False,
        own_keys: OwnKeys | None = None,
        receivers: Receivers = _NO_RECEIVERS,
        operator_entry: Entry | None = None,
        backups: Path | None = None,
        keeping: Keeping | None = None,
        recipients: Sequence[Recipient] = (),
        trash_days: float = 7.0,
        read_only: str | None = None,
        preview: Callable[[str], bytes | None] = lambda job_id: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self.blobs = blobs
        self._providers = providers
        self.catalogue = Catalogue(
            store=store,
            providers=providers,
            limits=limits,
            default_provider=default_provider,
            public=public,
            clock=clock,
        )
        self.board = Board(
            store=store,
            catalogue=self.catalogue,
            providers=providers,
            limits=limits,
            disk_is_low=worker.disk_is_low,
            at_once=lambda: self.admission.at_once(),
            preview=preview,
            read_only=read_only,
            clock=clock,
        )
        self._worker = worker
        self.own_keys = own_keys
        self.admission = Admission(guard=guard, signer=signer, allowance=allowance, clock=clock)
        self.screening = Screening(guard=guard, moderator=moderator, has_service=has_moderation_service, clock=clock)
        self.operator = Operator(
            entry=operator_entry,
            store=store,
            guard=guard,
            ledger=ledger,
            access=access,
            blobs=blobs,
            catalogue=self.catalogue,
            admission=self.admission,
            screening=self.screening,
            wake=worker.wake,
            backups=backups,
            read_only=read_only,
            clock=clock,
        )
        self._retrying = Retrying(
            store=store, catalogue=self.catalogue, screening=self.screening, providers=providers, own_keys=own_keys
        )
        self._receivers = receivers
        self.read_only = read_only
        self.draining = False
        self.visitors = Visitors(access=access, signer=signer, public=public, clock=clock)
        self.shelf = Shelf(
            store=store,
            blobs=blobs,
            caps=caps,
            label_of=self.catalogue.label,
            trash_days=trash_days,
            marker=marker,
            read_only=read_only,
            clock=clock,
        )
        self.comparisons = Comparisons(
            store=store,
            grids=grids,
            catalogue=self.catalogue,
            providers=providers,
            worker=worker,
            admission=self.admission,
            screening=self.screening,
            retrying=self._retrying,
            own_keys=own_keys,
            read_only=read_only,
            clock=clock,
        )
        self.polls = Polls(grids=grids, catalogue=self.catalogue, read_only=read_only, clock=clock)
        self.exchange = Exchange(
            grids=grids,
            comparisons=self.comparisons,
            catalogue=self.catalogue,
            shelf=self.shelf,
            blobs=blobs,
            caps=caps,
            marker=marker,
            admission=self.admission,
            screening=self.screening,
            read_only=read_only,
            clock=clock,
        )
        self.shares = Shares(
            store=store,
            access=access,
            grids=grids,
            blobs=blobs,
            signer=signer,
            caps=caps,
            label_of=self.catalogue.label,
            title_of=self.catalogue.title,
            marker=marker,
            read_only=read_only,
            clock=clock,
        )
        self.comparison_shares = ComparisonShares(
            shares=self.shares,
            grids=grids,
            comparisons=self.comparisons,
            polls=self.polls,
            catalogue=self.catalogue,
            blobs=blobs,
            signer=signer,
            caps=caps,
            marker=marker,
            read_only=read_only,
            clock=clock,
        )
        self.privacy = Privacy(
            records=records,
            store=store,
            access=access,
            grids=grids,
            guard=guard,
            shelf=self.shelf,
            exchange=self.exchange,
            catalogue=self.catalogue,
            votes=self.comparison_shares.votes,
            admission=self.admission,
            worker=worker,
            public=public,
            keeping=keeping,
            recipients=recipients,
            own_keys=own_keys,
            backups=backups,
            read_only=read_only,
            clock=clock,
        )

    # -- life

    def start(self) -> None:
        if self.read_only is None:
            self._worker.start()

    def drain(self) -> None:
        """Take up no more work; what runs goes on. Takes no lock."""
        self.draining = True
        self._worker.drain()

    def stop(self, grace_s: float) -> bool:
        """Drain, wait at most ``grace_s`` for what runs, close. True when everything finished."""
        finished = True if self.read_only is not None else self._worker.stop(grace_s)
        for provider in self._providers.values():
            provider.close()
        self._store.close()
        return finished

    # -- making

    def submit(self, request: JobRequest, *, count: int = 1, owner: str = PERSONAL, origin: Origin = HERE) -> list[Job]:
        """
        Queue ``count`` pictures, all or none, and return at once. Raises BadInput, Blocked, LimitReached, Banned,
        StoreError.
        """
        [answer] = self.place([self.order([(request, count)], owner=owner, origin=origin)])
        if isinstance(answer, ReveError):
            raise answer
        return answer.jobs

    def order(
        self,
        wanted: Sequence[tuple[JobRequest, int]],
        *,
        owner: str,
        origin: Origin = HERE,
        idempotency_key: str | None = None,
        callback_url: str | None = None,
    ) -> Order:
        """
        What is ``wanted``, each so many times, checked and ready to be placed; nothing is stored yet. Raises BadInput,
        Blocked.
        """
        self._must_write()
        requests: list[JobRequest] = []
        for number, (request, count) in enumerate(wanted):
            try:
                request, model = intake.resolve(request, self._providers, self.catalogue.default_provider)
                requests += intake.spread(request, model, count)
            except BadInput as exc:
                exc.item = number
                raise
        keys = self._keys(requests, owner, origin)
        review = self.screening.prompts((request.prompt for request, _ in wanted), owner=owner)
        if callback_url is not None:
            callback_url = self._receivers.allowed(callback_url)
        once = None
        if idempotency_key is not None:
            once = intake.once(idempotency_key, wanted, callback_url)
        return Order(
            tuple(requests),
            owner,
            once=once,
            callback_url=callback_url,
            terms=self.admission.terms(owner, origin),
            credits=tuple(self.catalogue.forecast(request) for request in requests),
            review=review,
            own_keys=keys,
        )

    def place(self, orders: Sequence[Order], patience_s: float | None = None) -> list[Placed | ReveError]:
        """Queue orders in one commit and return at once. See ``JobStore.submit``."""
        answers = self._store.submit(orders, patience_s=patience_s)
        self._worker.wake()
        return answers

    def forget_old_keys(self) -> int:
        """
        Idempotency keys that are a day old, passes that nobody can use any more, ballots that were not cast for a week.
        Returns how many.
        """
        keys = self._store.forget_keys(KEYS_KEPT_S) + self.comparisons.forget_keys(KEYS_KEPT_S)
        return keys + self.visitors.forget_passes() + self.polls.forget_idle()

    def cancel(self, job_id: str, *, owner: str = PERSONAL) -> str:
        """Stop a job where that is free. Says in a sentence what will happen."""
        self.get(job_id, owner=owner)
        match self._store.cancel(job_id):
            case "cancelled":
                return "Cancelled. Nothing was charged."
            case "requested":
                self._worker.ask_to_stop(job_id)
                return "Stopping. If the provider was already paid, the picture still comes."
            case _:
                raise WrongState("This job has already ended.")

    def retry(self, job_id: str, *, owner: str = PERSONAL, origin: Origin = HERE) -> None:
        """
        A person says: once more. For failed and cancelled jobs; nothing of theirs is still under way. Raises Blocked,
        LimitReached, Banned.
        """
        self._must_write()
        job = self.get(job_id, owner=owner)
        if not self._retrying.again(job, _RETRYABLE, origin, self.admission.terms(owner, origin)):
            raise WrongState("Only failed and cancelled jobs can be tried again.", job.status)
        self._worker.wake()

    def retry_failed(self, *, owner: str = PERSONAL, origin: Origin = HERE) -> int:
        """
        Try every failed job once more, except those that were refused or given up, as far as the limits reach. Returns how
        many. Raises LimitReached, Banned where they let none through.
        """
        retried, terms = 0, self.admission.terms(owner, origin)
        try:
            for job in self._worth_a_retry(owner):
                retried += self._retrying.again(job, (JobStatus.FAILED,), origin, terms)
                terms = terms and terms.same_submission()
        except LimitReached:
            if not retried:
                raise
        self._worker.wake()
        return retried

    def _keys(self, requests: Sequence[JobRequest], owner: str, origin: Origin) -> dict[str, str]:
        """The visitor's own keys that these would be paid with, by provider. Raises BadInput."""
        return intake.own_keys(requests, self._providers, self.own_keys, owner, origin.own_keys)

    def retryable(self, *, owner: str = PERSONAL) -> int:
        """How many jobs ``retry_failed`` would try."""
        return len(self._worth_a_retry(owner))

    def _worth_a_retry(self, owner: str) -> list[Job]:
        failed = self._all(JobFilter(owner=owner, statuses=frozenset({JobStatus.FAILED})))
        return [job for job in failed if job.error_code not in _FINAL]

    def resolve(self, job_id: str, how: Resolution, *, owner: str = PERSONAL, origin: Origin = HERE) -> str:
        """A person's decision about an ``unknown`` job. Says in a sentence what came of it."""
        self._must_write()
        job = self.get(job_id, owner=owner)
        if job.status is not JobStatus.UNKNOWN:
            raise WrongState("This job is no longer unclear.", job.status)
        match how:
            case "check":
                match self._worker.check_again(job_id):
                    case "saved":
                        return "The picture had been saved. It is in the gallery now."
                    case "asked":
                        title = self.catalogue.provider(job.request.provider).title
                        return f"{title} is being asked what has become of it. That costs nothing."
                    case "nothing":
                        return "No picture has come. Run it again, or give up."
            case "rerun":
                self._retrying.again(job, (JobStatus.UNKNOWN,), origin, self.admission.terms(owner, origin))
                self._worker.wake()
                return "Running again. It may be charged a second time."
            case "give_up":
                self._store.give_up(job_id, "Given up. The first call may have been charged.")
                return "Given up."

    def pause(self, provider: str, reason: str = "Paused by hand.") -> None:
        self._must_write()
        self._store.pause(provider, until=None, reason=reason)

    def resume(self, provider: str) -> None:
        self._must_write()
        self._store.resume(provider)
        self._worker.wake()

    # -- looking

    def get(self, job_id: str, *, owner: str = PERSONAL) -> Job:
        job = self._store.get(job_id, owner=owner)
        if job is None:
            raise JobNotFound(job_id)
        return job

    def peek(self, job_id: str, *, owner: str | None = PERSONAL) -> Glance:
        """The little that those who ask every second need. Raises JobNotFound."""
        job = self._store.peek(job_id, owner=owner)
        if job is None:
            raise JobNotFound(job_id)
        return job

    def calls(self, job_id: str, *, owner: str = PERSONAL) -> list[Call]:
        """Every paid request of a job, with what it cost."""
        self.get(job_id, owner=owner)
        return self._store.calls(job_id)

    def jobs(self, which: JobFilter, *, after: str | None = None, limit: int = 50) -> Page:
        """Jobs of every status, newest first. ``which.owner`` must be set by the caller."""
        return self._store.page(which, after=after, limit=limit)

    def gallery(self, which: JobFilter, *, after: str | None = None, limit: int = 60) -> Page:
        """Finished pictures, the newest first."""
        return self._store.page(which, after=after, limit=limit, by_finish=True)

    def counts(self, *, owner: str = PERSONAL) -> dict[JobStatus, int]:
        return self._store.counts(owner)

    def revision(self, *, owner: str = PERSONAL) -> int:
        return self._store.revision(owner)

    # -- inside

    def _all(self, which: JobFilter) -> list[Job]:
        jobs: list[Job] = []
        page = self._store.page(which, limit=500)
        jobs += page.jobs
        while page.next is not None:
            page = self._store.page(which, after=page.next, limit=500)
            jobs += page.jobs
        return jobs

    def _must_write(self) -> None:
        if self.read_only is not None:
            raise ConfigurationError(self.read_only)
