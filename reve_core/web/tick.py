"""
Orders that arrive within one turn of the event loop are placed in one commit, made on the loop's own thread.

A commit that is on the disk before the answer goes out costs about a third of a millisecond here, and handing it to
another thread costs as much again. So the loop does it itself, for all who have just asked at once. Where that would hold
it up, because another program has the database or the disk is slow, a thread of our own does it instead; never one of the
shared pool, which slow work can fill.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence

from reve_core.errors import ReveError, StoreBusy
from reve_core.models import Order, Placed

Answer = Placed | ReveError
Place = Callable[[Sequence[Order], float | None], list[Answer]]

_PATIENCE_S = 0.002  # how long the loop itself waits for another writer
_SLOW_S = 0.005  # a commit that takes longer than this is none of the loop's business
_BACK_AFTER_S = 10.0


class Tick:
    """``place(orders, patience_s)`` is the service's: None waits as long as the database may be locked."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._waiting: list[tuple[Order, asyncio.Future[Placed]]] = []
        self._busy = False
        self._off_loop_until = 0.0

    async def place(self, order: Order) -> Placed:
        """The order once it is committed. Raises its refusal, StoreError."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Placed] = loop.create_future()
        self._waiting.append((order, future))
        if len(self._waiting) == 1 and not self._busy:
            loop.call_soon(self._commit, loop)
        return await future

    def _commit(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._busy or not self._waiting:
            return
        batch, self._waiting = self._waiting, []
        begun = time.monotonic()
        if begun < self._off_loop_until:
            self._on_a_thread(loop, batch)
            return
        try:
            answers = self._place([order for order, _ in batch], _PATIENCE_S)
        except StoreBusy:
            self._on_a_thread(loop, batch)
            return
        except Exception as exc:
            _refuse(batch, exc)
            return
        _answer(batch, answers)
        if time.monotonic() - begun > _SLOW_S:
            self._off_loop_until = time.monotonic() + _BACK_AFTER_S

    def _on_a_thread(self, loop: asyncio.AbstractEventLoop, batch: list[tuple[Order, asyncio.Future[Placed]]]) -> None:
        self._busy = True

        def run() -> None:
            try:
                answers = self._place([order for order, _ in batch], None)
            except Exception as exc:
                loop.call_soon_threadsafe(self._ended, loop, batch, None, exc)
            else:
                loop.call_soon_threadsafe(self._ended, loop, batch, answers, None)

        threading.Thread(target=run, name="reve-commit", daemon=True).start()

    def _ended(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: list[tuple[Order, asyncio.Future[Placed]]],
        answers: list[Answer] | None,
        error: Exception | None,
    ) -> None:
        self._busy = False
        if answers is not None:
            _answer(batch, answers)
        elif error is not None:
            _refuse(batch, error)
        self._commit(loop)


def _answer(batch: list[tuple[Order, asyncio.Future[Placed]]], answers: list[Answer]) -> None:
    for (_, future), answer in zip(batch, answers, strict=True):
        if future.done():  # who asked has gone away; the job stays
            continue
        if isinstance(answer, Placed):
            future.set_result(answer)
        else:
            future.set_exception(answer)


def _refuse(batch: list[tuple[Order, asyncio.Future[Placed]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
