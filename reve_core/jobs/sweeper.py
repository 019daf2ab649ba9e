"""
The repair round: what a dead worker left behind is put right by what the table and the disk say.

Safe to run anywhere and any number of times: each repair is a fenced write, so of two sweepers one wins.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from reve_core.errors import BlobError, PictureDamaged, StoreError
from reve_core.jobs.keeper import Keeper
from reve_core.jobs.retry import RetryPolicy
from reve_core.models import Call, Claim, Receipt, Ticket
from reve_core.ports import CallOutcome, JobStore, Presence

Found = Literal["saved", "asked", "nothing"]

log = logging.getLogger(__name__)

MAY_BE_CHARGED = "The app stopped while the provider was working. It may have been charged."
NOT_HERE = "Its provider is not set up here any more, so its answer cannot be picked up. It may have been charged."
CHARGED_AND_LOST = "The provider answered, but the app stopped before the picture was saved. It was probably charged."


@dataclass(slots=True)
class SweepReport:
    """How many jobs went which way in one round."""

    requeued: int = 0
    adopted: int = 0
    picked_up: int = 0
    unknown: int = 0
    failed: int = 0


class Sweeper:
    def __init__(
        self,
        *,
        store: JobStore,
        keeper: Keeper,
        presence: Presence,
        retry: RetryPolicy,
        is_ours: Callable[[str], bool],
        is_at_work: Callable[[Claim], bool],
        offer: Callable[[Claim, Ticket], bool],
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._keeper = keeper
        self._presence = presence
        self._retry = retry
        self._is_ours = is_ours
        self._is_at_work = is_at_work
        self._offer = offer
        self._wake = wake

    def sweep(self) -> SweepReport:
        report = SweepReport()
        leased = self._store.workers()
        for worker in leased:
            if self._presence.is_dead(worker):
                self._store.drop_worker(worker)
        self._presence.forget(leased)
        for claim, call in self._store.expired():
            if self._is_at_work(claim):
                continue  # the clock was set forward, or the computer slept: the next heartbeat prolongs it
            try:
                self._repair(claim, call, report)
            except (StoreError, BlobError) as exc:
                log.warning("Job %s could not be repaired yet: %s", claim.job.id, exc)
        if report.requeued or report.picked_up:
            self._wake()
        return report

    def check_again(self, job_id: str) -> Found:
        """
        Look for the picture of an ``unknown`` job. ``saved``: it was on the disk and the job is done; ``asked``: its
        provider is asked for it now.
        """
        claim = self._store.held(job_id)
        if claim is None:
            return "nothing"
        calls = self._store.calls(job_id)
        call = calls[-1] if calls else None
        try:
            if self._keeper.adopt(claim, (call.receipt if call else None) or Receipt()):
                return "saved"
        except PictureDamaged:
            log.warning("Job %s: the saved picture does not decode.", job_id)
        if call is None or call.ticket is None or not self._offer(claim, call.ticket):
            return "nothing"
        self._wake()
        return "asked"

    def _repair(self, claim: Claim, call: Call | None, report: SweepReport) -> None:
        receipt = (call.receipt if call else None) or Receipt()
        if self._keeper.saved_name(claim) is not None:
            try:
                if self._keeper.adopt(claim, receipt):
                    report.adopted += 1
                return
            except PictureDamaged as exc:
                log.warning("Job %s: the saved picture does not decode: %s", claim.job.id, exc)
        if call is None or call.idempotent:
            self._try_again(claim, call, report)
            return
        if call.outcome == "ok" and self._is_ours(claim.job.id):
            # This process still has the picture in its hands and goes on trying to save it.
            return
        if call.ticket is not None and self._offer(claim, call.ticket):
            report.picked_up += 1
            return
        why = MAY_BE_CHARGED if call.ticket is None else NOT_HERE
        if call.outcome == "ok":
            why = CHARGED_AND_LOST
        report.unknown += self._store.unknown(claim, why, receipt=call.receipt)

    def _try_again(self, claim: Claim, call: Call | None, report: SweepReport) -> None:
        outcome: CallOutcome | None = None if call is None else "not_charged"
        if self._retry.delay(claim.job.tries) is None:
            why = f"The app stopped {claim.job.tries} times while working on this. Nothing was charged."
            report.failed += self._store.fail(claim, "worker_died", why, outcome=outcome)
        else:
            why = "The app stopped before this was finished, so it starts again. Nothing was charged."
            report.requeued += self._store.requeue(claim, delay_s=0, why=why, free=False, outcome=outcome)
