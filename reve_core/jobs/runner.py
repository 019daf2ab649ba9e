"""
One job from claim to picture: claim, record the call, call, and hand the answer on to be kept.

Windows of a job, and who owns its money in each: before ``begin_call`` nothing is owed and a crash costs nothing; from
then until the picture is on disk nobody can know, so it ends in ``unknown``; once the picture is on disk it is adopted.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from pydantic import SecretStr

from reve_core import errors
from reve_core.faults import log_fault
from reve_core.jobs.keeper import Keeper
from reve_core.jobs.previews import Previews
from reve_core.jobs.retry import RetryPolicy, clamped
from reve_core.models import Claim, Limits, Picture, Receipt, Review, Ticket
from reve_core.ports import Blobs, CallContext, JobStore, Provider, Resumable

log = logging.getLogger(__name__)

_PROGRESS_EVERY_S = 0.4
_STORING_S = 60.0  # granted on top of the call's own time before the heartbeat lets go of a job
_KEY_GONE = "Your own key was kept in memory only and is gone. Nothing was charged. Enter it again, then try again."
_KEY_GONE_SINCE = "Your own key was kept in memory only and is gone, so the answer cannot be picked up here. It may have been charged."
_ASK_AGAIN_S = 30.0
_FIRST_PAUSE_S = 10.0  # after a 429 that did not say how long; doubles each time


@dataclass(slots=True)
class _Held:
    claim: Claim
    until: float
    stop: threading.Event = field(default_factory=threading.Event)
    ticket: Ticket | None = None  # the newest one
    is_noted: bool = True  # whether the store knows it
    is_lost: bool = False  # somebody else has it by now


class Screened(Protocol):
    @property
    def flagged(self) -> bool: ...
    @property
    def category(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def degraded(self) -> bool:
        """It could not be asked."""
        ...


class Screen(Protocol):
    """The moderation service: asked before money is spent."""

    def check(self, text: str) -> Screened: ...


Note = Callable[[Claim, Screened], None]


class Runner:
    def __init__(
        self,
        *,
        store: JobStore,
        blobs: Blobs,
        keeper: Keeper,
        providers: Mapping[str, Provider],
        limits: Mapping[str, Limits],
        worker: str,
        lease_s: float,
        call_timeout_s: float,
        min_free_bytes: int,
        retry: RetryPolicy,
        offload: Callable[[Callable[[], None]], None],
        screen: Screen | None = None,
        note: Note = lambda claim, screened: None,
        own_key: Callable[[str], SecretStr | None] = lambda name: None,
        at_once: Callable[[], int | None] = lambda: None,
        previews: Previews | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._keeper = keeper
        self._providers = providers
        self._limits = limits
        self._worker = worker
        self._lease_s = lease_s
        self._call_timeout_s = call_timeout_s
        self._min_free_bytes = min_free_bytes
        self._retry = retry
        self._offload = offload
        self._screen = screen
        self._note = note
        self._own_key = own_key
        self._at_once = at_once
        self._previews = previews or Previews()
        self._clock = clock
        self._leaving = False
        self._offered: deque[tuple[Claim, Ticket]] = deque()
        self._guard = threading.Lock()
        self._held: dict[str, _Held] = {}
        self._rate_limited: dict[str, int] = {}

    def look(self) -> Callable[[], None] | None:
        """Claim a job; what is returned runs it up to its answer. None when nothing can be started now."""
        if self.disk_is_low():
            return None
        if (picked_up := self._picked_up()) is not None:
            return picked_up
        claim = self._store.claim(self._worker, lease_s=self._lease_s, limits=self._limits, at_once=self._at_once())
        if claim is None:
            return None
        held = self._hold(claim)
        return partial(self._work, held, self._run)

    def offer(self, claim: Claim, ticket: Ticket) -> bool:
        """
        A job whose answer may be picked up at its provider, to be begun by the next who looks. False: its provider is not
        here, or cannot be asked.
        """
        if not isinstance(self._providers.get(claim.job.request.provider), Resumable):
            return False
        with self._guard:
            if all(claim.token != known.token for known, _ in self._offered):
                self._offered.append((claim, ticket))
        return True

    def _picked_up(self) -> Callable[[], None] | None:
        while True:
            with self._guard:
                if not self._offered:
                    return None
                found, ticket = self._offered.popleft()
            claim = self._store.take_over(found, self._worker, lease_s=self._lease_s)
            if claim is not None:
                return partial(self._work, self._hold(claim, ticket), self._resume)

    def _hold(self, claim: Claim, ticket: Ticket | None = None) -> _Held:
        held = _Held(claim, time.monotonic() + self._timeout(claim) + _STORING_S, ticket=ticket)
        if claim.job.cancel_requested:  # while nobody held it
            held.stop.set()
        with self._guard:
            self._held[claim.job.id] = held
        return held

    def _timeout(self, claim: Claim) -> float:
        limits = self._limits.get(claim.job.request.provider)
        return self._call_timeout_s if limits is None or limits.timeout_s is None else limits.timeout_s

    def _work(self, held: _Held, run: Callable[[_Held], None]) -> None:
        try:
            run(held)
        except Exception as exc:
            # Our own fault or the database's. The row and the calls table tell the truth; the sweeper repairs by them.
            self._release(held)
            log_fault(log, "A job was left to the sweeper", exc)

    def beat(self) -> None:
        """Prolong the leases of what we hold, except of jobs past their hard deadline."""
        now = time.monotonic()
        with self._guard:
            mine = [held for held in self._held.values() if held.until > now]
        answers = self._store.beat([held.claim for held in mine], lease_s=self._lease_s)
        for held in mine:
            answer = answers.get(held.claim.job.id)
            # Before it stops: whoever follows a request under a ticket is to leave it to its new owner, and not to cancel it.
            # Nor may it win the job back and take the stop for a person's.
            held.is_lost = held.is_lost or answer == "lost"
            if answer != "ok":
                held.stop.set()

    def ask_to_stop(self, job_id: str) -> None:
        """Tell a running call of this process at once what the next heartbeat would tell it."""
        with self._guard:
            held = self._held.get(job_id)
        if held is not None:
            held.stop.set()

    def holds(self, job_id: str) -> bool:
        with self._guard:
            return job_id in self._held

    def works_on(self, claim: Claim) -> bool:
        """Whether a call of this process, within its time, holds the job under that very claim: its lease is prolonged."""
        with self._guard:
            held = self._held.get(claim.job.id)
        return held is not None and held.claim.token == claim.token and held.until > time.monotonic()

    def leave(self) -> None:
        """The app stops: calls whose answers can be picked up by the next process are let go of. Takes no lock."""
        self._leaving = True

    def disk_is_low(self) -> bool:
        """Starting a paid call without room for its picture would be asking for trouble."""
        free = self._blobs.free_bytes()
        return free is not None and free < self._min_free_bytes

    def _run(self, held: _Held) -> None:
        claim = held.claim
        provider = self._providers[claim.job.request.provider]
        own_key = None
        if claim.job.own_key is not None and (own_key := self._own_key(claim.job.own_key)) is None:
            self._keeper.insist(lambda: self._store.fail(claim, "own_key_gone", _KEY_GONE, outcome=None))
            self._release(held)
            return
        if not self._is_let_through(claim):
            self._release(held)
            return
        try:
            begun = self._store.begin_call(claim, idempotent=provider.idempotent)
        except errors.StoreError as exc:
            # Nothing was sent, whether or not the row was written: not charged either way.
            why = str(exc)
            self._keeper.insist(
                lambda: self._store.requeue(claim, delay_s=1, why=why, free=True, outcome="not_charged")
            )
            self._release(held)
            return
        if not begun:
            self._keeper.insist(lambda: self._store.cancelled(claim, outcome=None))
            self._release(held)
            return
        context = self._context(held, own_key)
        self._hear(held, provider, lambda: provider.generate(claim.job.request, context))

    def _resume(self, held: _Held) -> None:
        """The call was made before, perhaps by another process: what has become of it?"""
        claim = held.claim
        provider = self._providers[claim.job.request.provider]
        own_key = None
        if claim.job.own_key is not None and (own_key := self._own_key(claim.job.own_key)) is None:
            self._keeper.insist(lambda: self._store.unknown(claim, _KEY_GONE_SINCE))
            self._release(held)
            return
        context = self._context(held, own_key)
        ticket = held.ticket
        assert isinstance(provider, Resumable)
        assert ticket is not None
        self._hear(held, provider, lambda: provider.resume(ticket, claim.job.request, context))

    def _hear(self, held: _Held, provider: Provider, call: Callable[[], Picture]) -> None:
        """From the call to its picture on the disk, or to what its error means."""
        claim = held.claim
        try:
            picture = call()
        except Exception as exc:
            self._keeper.insist(partial(self._answer_to, held, provider, exc))
            self._release(held)
            return
        self._rate_limited.pop(provider.name, None)
        try:
            self._store.arrived(claim, picture.receipt)
        except errors.StoreError as exc:
            # The picture goes to disk first; the row is written with ``done`` then.
            log.warning("The answer could not be recorded yet: %s", exc)
        if not self._is_wanted(claim):
            # Its owner has deleted everything meanwhile: what it has cost is all that is written down of it.
            self._keeper.insist(lambda: self._store.cancelled(claim, outcome="ok"))
            self._release(held)
            return
        try:
            name = self._keeper.save(claim, picture.data)
        except Exception as exc:
            self._not_kept(held, provider, picture.receipt, exc)
            return
        # Only the name is handed on: however many pictures wait to be decoded, none of them waits in memory.
        receipt = picture.receipt
        del picture
        self._offload(lambda: self._finish(held, provider, name, receipt))

    def _is_wanted(self, claim: Claim) -> bool:
        try:
            return self._store.is_wanted(claim)
        except errors.StoreError:
            return True  # ``done`` will know

    def _is_let_through(self, claim: Claim) -> bool:
        """What the moderation service says of it, before anything is called. Where it cannot be asked, a job that the
        policy was not sure of waits for the operator; every other goes on."""
        review = claim.job.review
        if self._screen is None or review is Review.APPROVED:
            return True
        screened = self._screen.check(claim.job.request.prompt)
        if screened.flagged:
            self._note(claim, screened)
            self._keeper.insist(lambda: self._store.block(claim, screened.message))
            return False
        if screened.degraded:
            log.warning("moderation_degraded: the moderation service could not be asked.")
            if review is Review.SERVICE:
                self._note(claim, screened)
                self._keeper.insist(lambda: self._store.hold(claim))
                return False
        return True

    def _finish(self, held: _Held, provider: Provider, name: str, receipt: Receipt) -> None:
        try:
            if not self._keeper.finish(held.claim, name, receipt):
                log.warning("Job %s had gone to somebody else when its picture came.", held.claim.job.id)
            self._release(held)
        except Exception as exc:
            self._not_kept(held, provider, receipt, exc)

    def _not_kept(self, held: _Held, provider: Provider, receipt: Receipt, exc: Exception) -> None:
        """A picture came and could not be made into a finished job. Where it can be had again, it is asked for later."""
        claim = held.claim
        try:
            match exc:
                case errors.PictureDamaged():
                    self._keeper.insist(partial(self._lost, claim, provider, str(exc), receipt))
                case errors.BlobError():
                    why = f"The picture came but could not be saved: {exc}"
                    if held.ticket is not None and isinstance(provider, Resumable):
                        later = errors.AnswerPending(why, retry_after=_ASK_AGAIN_S)
                        self._keeper.insist(partial(self._put_off, held, provider, later))
                        return
                    self._keeper.insist(partial(self._lost, claim, provider, why, receipt))
                case _:
                    log_fault(log, "A picture was left to the sweeper", exc)
        finally:
            self._release(held)

    def _context(self, held: _Held, own_key: SecretStr | None) -> CallContext:
        told_at = 0.0

        def progress(fraction: float | None, text: str = "", preview: bytes | None = None) -> None:
            nonlocal told_at
            if preview:
                self._previews.put(held.claim.job.id, preview)
            if time.monotonic() - told_at < _PROGRESS_EVERY_S:
                return
            told_at = time.monotonic()
            try:
                self._store.set_progress(held.claim, fraction, text)
            except errors.StoreError:
                log.debug("Progress was not recorded.")

        def accepted(ticket: Ticket) -> None:
            held.ticket, held.is_noted = ticket, False
            try:
                self._keeper.insist(lambda: self._store.accept(held.claim, ticket))
                held.is_noted = True
            except errors.StoreError as exc:
                # The call goes on. Should this process die now, nobody will know how to ask for the answer.
                log.error("By which its provider knows job %s could not be recorded: %s", held.claim.job.id, exc)

        return CallContext(
            key=held.claim.blob_stem,
            timeout_s=self._timeout(held.claim),
            progress=progress,
            is_cancelled=held.stop.is_set,
            own_key=own_key,
            accepted=accepted,
            is_leaving=lambda: self._leaving or held.is_lost,
        )

    def _answer_to(self, held: _Held, provider: Provider, exc: Exception) -> None:
        """Whose money it was, and what follows."""
        store, claim = self._store, held.claim
        if held.ticket is not None and isinstance(exc, errors.RateLimited | errors.NoCredits | errors.KeyRefused):
            # The request is there: what was refused is a question about it, and to buy it again would be no answer.
            is_busy = isinstance(exc, errors.RateLimited)
            wait = exc.retry_after if isinstance(exc, errors.RateLimited) else None
            exc = errors.AnswerPending(str(exc), retry_after=_ASK_AGAIN_S if wait is None else wait, pauses=not is_busy)
        receipt = exc.receipt if isinstance(exc, errors.ProviderError) else None
        match exc:
            case errors.NotCharged():
                delay = self._retry.delay(claim.job.tries, exc.retry_after)
                if delay is None:
                    why = f"{exc} Tried {claim.job.tries} times; nothing was charged."
                    store.fail(claim, exc.code, why, outcome="not_charged", receipt=receipt)
                else:
                    store.requeue(
                        claim, delay_s=delay, why=str(exc), free=False, outcome="not_charged", receipt=receipt
                    )
            case errors.RateLimited() if claim.job.own_key is not None:
                # Their account: how long the link itself was asked to wait says nothing of it, and for ever is too long.
                waits = _FIRST_PAUSE_S * 2 ** (claim.job.tries - 1) if exc.retry_after is None else exc.retry_after
                delay = self._retry.delay(claim.job.tries, waits)
                if delay is None:
                    why = f"Your own key: {exc} Tried {claim.job.tries} times; nothing was charged."
                    store.fail(claim, exc.code, why, outcome="not_charged", receipt=receipt)
                else:
                    store.requeue(
                        claim, delay_s=delay, why=str(exc), free=False, outcome="not_charged", receipt=receipt
                    )
            case errors.NoCredits() | errors.KeyRefused() if claim.job.own_key is not None:
                # Their key, their account: nobody else has to wait for it.
                store.fail(claim, exc.code, f"Your own key: {exc}", outcome="not_charged", receipt=receipt)
            case errors.RateLimited():
                self._pause(provider, str(exc), self._pause_length(provider, exc.retry_after), own_keys=True)
                store.requeue(claim, delay_s=0, why=str(exc), free=True, outcome="not_charged", receipt=receipt)
            case errors.NoCredits():
                self._pause(provider, str(exc), None, own_keys=True)
                store.requeue(claim, delay_s=0, why=str(exc), free=True, outcome="not_charged", receipt=receipt)
            case errors.KeyRefused() | errors.ServiceClosed():
                self._pause(provider, str(exc), None, own_keys=isinstance(exc, errors.KeyRefused))
                store.fail(claim, exc.code, str(exc), outcome="not_charged", receipt=receipt)
            case errors.RequestRejected():
                store.fail(claim, exc.code, str(exc), outcome="not_charged", receipt=receipt)
            case errors.PromptRefused():
                store.fail(claim, exc.code, str(exc), outcome="refused", receipt=receipt)
            case errors.CallCancelled(may_cost=True):
                store.cancelled(claim, outcome="unknown", why=str(exc), receipt=receipt)
            case errors.CallCancelled():
                store.cancelled(claim, outcome="not_charged", receipt=receipt)
            case errors.AnswerPending():
                self._put_off(held, provider, exc)
            case errors.OutcomeUnknown():
                self._lost(claim, provider, str(exc), receipt)
            case _:
                log_fault(log, f"The provider {provider.name} failed in an unforeseen way", exc)
                self._lost(claim, provider, f"The call ended in an unforeseen way ({type(exc).__name__}).", receipt)

    def _put_off(self, held: _Held, provider: Provider, exc: errors.AnswerPending) -> None:
        """Let go of a call whose answer is asked for later, by whoever comes to it first."""
        claim = held.claim
        if exc.pauses and claim.job.own_key is None:  # a visitor's key says nothing of the link's account
            self._pause(provider, str(exc), None, own_keys=True)
        if held.ticket is None:
            self._lost(claim, provider, str(exc), None)  # nobody could ask for it
            return
        if not held.is_noted:
            self._store.accept(claim, held.ticket)
            held.is_noted = True
        if self._leaving or held.is_lost:
            self._store.put_off(claim, delay_s=0, why=str(exc))
        elif held.stop.is_set() and self._is_wanted(claim):
            # They want it to end, and whether it has nobody can say now.
            self._store.unknown(claim, f"{exc} You asked to stop it.")
        else:
            self._store.put_off(claim, delay_s=clamped(exc.retry_after), why=str(exc))

    def _lost(self, claim: Claim, provider: Provider, why: str, receipt: Receipt | None) -> None:
        """No picture, and nobody can know whether it was paid, unless repeating is free."""
        if not provider.idempotent:
            self._store.unknown(claim, why, receipt=receipt)
            return
        delay = self._retry.delay(claim.job.tries)
        if delay is None:
            self._store.fail(claim, "no_picture", why, outcome="not_charged", receipt=receipt)
        else:
            self._store.requeue(claim, delay_s=delay, why=why, free=False, outcome="not_charged", receipt=receipt)

    def _pause(self, provider: Provider, reason: str, seconds: float | None, *, own_keys: bool) -> None:
        """``own_keys``: it is about the link's account, and what visitors' own keys pay for goes on."""
        until = None
        if seconds is not None:
            until = datetime.fromtimestamp(self._clock(), UTC) + timedelta(seconds=seconds)
        self._store.pause(provider.name, until=until, reason=reason, own_keys=own_keys)

    def _pause_length(self, provider: Provider, retry_after: float | None) -> float:
        times = self._rate_limited[provider.name] = self._rate_limited.get(provider.name, 0) + 1
        return clamped(retry_after if retry_after is not None else _FIRST_PAUSE_S * 2 ** (times - 1))

    def _release(self, held: _Held) -> None:
        job_id = held.claim.job.id
        with self._guard:
            if self._held.get(job_id) is not held:
                return  # its lease had run out, and another thread of this process has it by now
            del self._held[job_id]
        self._previews.drop(job_id)
