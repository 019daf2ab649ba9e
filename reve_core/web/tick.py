"""
Orders that arrive within one turn of the event loop are placed in one commit, made on the loop's own thread.

A commit that is on the disk before the answer goes out costs about a third of a millisecond here, and handing it to
another thread costs as much again. So the loop does it itself, for all who have just asked at once. Where that would hold
it up, because another program has the database or the disk is slow, a thread of our own does it instead; never one of the
shared pool, which slow work can fill.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from reve_core.errors import ReveError, StoreBusy
from reve_core.models import Order, Placed

Answer = Placed | ReveError
Place = Callable[[Sequence[Order], float | None], list[Answer]]
Waiting = tuple[Order, asyncio.Future[Placed]]

_PATIENCE_S = 0.002  # how long the loop itself waits for another writer
_SLOW_S = 0.005  # commits that usually take longer than this are none of the loop's business


class Tick:
    """``place(orders, patience_s)`` is the service's: None waits as long as the database may be locked."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._waiting: list[Waiting] = []
        self._usual_s = 0.0  # what a commit takes here, of late
        self._writer: ThreadPoolExecutor | None = None
        self._writing = False

    async def place(self, order: Order) -> Placed:
        """The order once it is committed. Raises its refusal, StoreError."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Placed] = loop.create_future()
        self._waiting.append((order, future))
        if len(self._waiting) == 1 and not self._writing:
            loop.call_soon(self._commit, loop)
        return await future

    def _commit(self, loop: asyncio.AbstractEventLoop) -> None:
        batch, self._waiting = self._waiting, []
        if not batch:
            return
        if self._usual_s > _SLOW_S:
            self._hand_over(loop, batch)
            return
        try:
            answers = self._timed([order for order, _ in batch], _PATIENCE_S)
        except StoreBusy:
            self._hand_over(loop, batch)
        except Exception as exc:
            _refuse(batch, exc)
        else:
            _answer(batch, answers)

    def _hand_over(self, loop: asyncio.AbstractEventLoop, batch: list[Waiting]) -> None:
        """What arrives meanwhile waits and goes together afterwards."""
        self._writer = self._writer or ThreadPoolExecutor(1, "reve-commit")
        orders = [order for order, _ in batch]
        try:
            written = loop.run_in_executor(self._writer, self._timed, orders, None)
        except RuntimeError as exc:  # the machine has no thread to spare
            self._writer = None  # or it would place these orders after all, once it gets one
            _refuse(batch, exc)
            return
        self._writing = True
        written.add_done_callback(partial(self._written, loop, batch))

    def _written(
        self, loop: asyncio.AbstractEventLoop, batch: list[Waiting], written: asyncio.Future[list[Answer]]
    ) -> None:
        self._writing = False
        error = written.exception()
        if error is None:
            _answer(batch, written.result())
        else:
            _refuse(batch, error)
        self._commit(loop)

    def _timed(self, orders: Sequence[Order], patience_s: float | None) -> list[Answer]:
        begun = time.perf_counter()
        answers = self._place(orders, patience_s)
        self._usual_s += (time.perf_counter() - begun - self._usual_s) / 8
        return answers


def _answer(batch: list[Waiting], answers: list[Answer]) -> None:
    for (_, future), answer in zip(batch, answers, strict=True):
        if future.done():  # who asked has gone away; the job stays
            continue
        if isinstance(answer, Placed):
            future.set_result(answer)
        else:
            future.set_exception(answer)


def _refuse(batch: list[Waiting], error: BaseException) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
