"""
Tells receivers what became of jobs: takes what is due from the outbox, signs it, sends it, and notes how that went.

At least once: a message whose answer was not noted, because the app died in between, is due again when its lease is over,
under the same id. Many are on their way at once in one thread, so that a receiver that hangs holds up nobody else.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial

import httpx

from reve_core.errors import BadInput, StoreError
from reve_core.faults import log_fault
from reve_core.grants import Callback
from reve_core.guard.callbacks import CallbackSigner, Receivers
from reve_core.jobs.posting import Post
from reve_core.loops import Loop
from reve_core.models import Job
from reve_core.ports import JobStore, Outbox

log = logging.getLogger(__name__)

_WEBHOOKS = Loop("reve-webhooks")  # it waits for the database, so nothing else may be on it
_MINUTE, _HOUR = 60.0, 3600.0
# After the first attempt, after the second, …; after the last one, given up. Two days in all.
WAITS_S = (5.0, 30.0, 2 * _MINUTE, 10 * _MINUTE, _HOUR, 3 * _HOUR, 8 * _HOUR, 16 * _HOUR, 24 * _HOUR)
TIMEOUT_S = 15.0
LEASE_S = 4 * TIMEOUT_S

_OF_ONE_RECEIVER = 4  # on their way at once, before no more of its are taken
_IN_ALL = 64
_LOOK_S = 0.5
_LAST_S = 3.0  # what is on its way when the app stops has this long
_GONE = 410  # the receiver says: never again


class Messenger:
    """
    ``describe`` gives a job as receivers see it, plain JSON values. Not for use inside a running event loop.
    """

    def __init__(
        self,
        *,
        store: JobStore,
        outbox: Outbox,
        receivers: Receivers,
        signer: CallbackSigner,
        describe: Callable[[Job], Mapping[str, object]],
        post: Post | None = None,
        clock: Callable[[], float] = time.time,
        jitter: random.Random | None = None,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._receivers = receivers
        self._signer = signer
        self._describe = describe
        self._post = post or Post(timeout_s=TIMEOUT_S)
        self._clock = clock
        self._jitter = jitter or random.Random()
        self._draining = False

    def drain(self) -> None:
        """Begin nothing more. Takes no lock: a signal handler may call it."""
        self._draining = True

    def tell(self) -> None:
        """Send all that is due. Returns when nothing is due or on its way any more, or soon after ``drain``."""
        first = self._take(())
        if first:
            _WEBHOOKS.run(self._deliver(first))

    async def _deliver(self, taken: list[Callback]) -> None:
        under_way: dict[asyncio.Task[None], Callback] = {}
        async with self._post.open() as over:
            while True:
                while taken:
                    under_way |= {asyncio.create_task(self._tell(over, each)): each for each in taken}
                    there_may_be_more = len(taken) == _OF_ONE_RECEIVER
                    taken = self._take(under_way.values()) if there_may_be_more else []
                if not under_way:
                    return
                if self._draining:
                    await self._wind_up(under_way)
                    return
                done, _ = await asyncio.wait(under_way, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    del under_way[task]
                taken = self._take(under_way.values())

    def _take(self, under_way: Collection[Callback]) -> list[Callback]:
        if self._draining or len(under_way) >= _IN_ALL:
            return []
        busy = Counter(_beginning(callback.url) for callback in under_way)
        skip = [beginning for beginning, count in busy.items() if count >= _OF_ONE_RECEIVER]
        try:
            return self._outbox.due_callbacks(lease_s=LEASE_S, limit=_OF_ONE_RECEIVER, skip=skip)
        except StoreError as exc:
            log.warning("Webhooks wait: %s", exc)
            return []

    async def _wind_up(self, under_way: dict[asyncio.Task[None], Callback]) -> None:
        """What does not arrive soon is cut off, and sent again under the same id when the app runs next."""
        _, late = await asyncio.wait(under_way, timeout=_LAST_S)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        for task in late:
            self._note(partial(self._outbox.tell_later, under_way[task], delay_s=0, why="the app stopped"))

    async def _tell(self, over: httpx.AsyncHTTPTransport, callback: Callback) -> None:
        try:
            await self._try(over, callback)
        except StoreError as exc:
            # Its lease runs out, and it is due again.
            log.warning("Webhook %s waits: %s", callback.id, exc)
        except Exception as exc:
            log_fault(log, f"Webhook {callback.id} could not be sent", exc)
            self._note(partial(self._later, callback, "a fault of our own"))

    async def _try(self, over: httpx.AsyncHTTPTransport, callback: Callback) -> None:
        if callback.attempt > len(WAITS_S) + 1:
            self._later(callback, "the app was stopped in the middle of it")
            return
        job = self._store.get(callback.job_id)
        if job is None or job.status.is_pending or job.trashed_at is not None:
            return  # thrown away, or sent round again: then that end will be told
        try:
            url = self._receivers.allowed(callback.url)
        except BadInput:
            self._later(callback, "its host is not listed any more")
            return
        body = self._body(job)
        headers = self._signer.headers(callback.id, self._clock(), body)
        answer = await self._post.send(over, url, headers, body)
        if answer.status == _GONE:
            log.info("Webhook %s: the receiver wants no more of it.", callback.id)
            self._outbox.told(callback, why_not="it answered 410")
        elif answer.why_not:
            self._later(callback, answer.why_not)
        else:
            self._outbox.told(callback)

    def _body(self, job: Job) -> bytes:
        """The same for every attempt, as long as nobody changes the job, by a star for instance."""
        ended = job.finished_at or job.created_at
        event = {"type": f"job.{job.status.value}", "timestamp": _iso(ended), "data": dict(self._describe(job))}
        return json.dumps(event, separators=(",", ":")).encode()

    def _later(self, callback: Callback, why: str) -> None:
        if callback.attempt > len(WAITS_S):
            log.warning(
                "Webhook %s to %s is given up after %d attempts: %s.",
                callback.id,
                callback.url.partition("?")[0],
                callback.attempt,
                why,
            )
            self._outbox.told(callback, why_not=why)
            return
        # Spread a little, so that what failed together does not come back together.
        delay = WAITS_S[callback.attempt - 1] * self._jitter.uniform(1.0, 1.1)
        self._outbox.tell_later(callback, delay_s=delay, why=why)

    @staticmethod
    def _note(write: Callable[[], None]) -> None:
        try:
            write()
        except StoreError as exc:
            log.warning("How a webhook went could not be noted: %s", exc)


def _beginning(url: str) -> str:
    """What all addresses of one receiver begin with; they are kept in their normal form."""
    return "/".join(url.split("/", 3)[:3]) + "/"


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
