"""Orders of one turn of the loop are one commit; whoever waits for one is answered, whatever becomes of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from reve_core.errors import IdempotencyConflict, ReveError, StoreBusy, StoreFull
from reve_core.models import JobRequest, Order, Placed
from reve_core.web import tick as module
from reve_core.web.tick import Tick

NET_S = 20.0


def order(name: str) -> Order:
    return Order((JobRequest(prompt=name),), owner=name)


class Store:
    """``place`` as the service has it. ``then`` is called in each, with its number and patience, and may raise."""

    def __init__(self, then: Callable[[int, float | None], None] = lambda number, patience_s: None) -> None:
        self.commits: list[list[str]] = []
        self.threads: list[bool] = []
        self.answers: dict[str, Placed | ReveError] = {}
        self._then = then

    def place(self, orders: Sequence[Order], patience_s: float | None) -> list[Placed | ReveError]:
        self.commits.append([each.owner for each in orders])
        self.threads.append(threading.current_thread() is not threading.main_thread())
        self._then(len(self.commits), patience_s)
        return [self.answers.setdefault(each.owner, Placed([])) for each in orders]


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, NET_S))


def test_orders_of_one_turn_are_one_commit_on_the_loops_own_thread() -> None:
    async def test() -> None:
        store = Store()
        tick = Tick(store.place)
        names = [str(number) for number in range(50)]
        placed = await asyncio.gather(*[tick.place(order(name)) for name in names])
        assert store.commits == [names]
        assert store.threads == [False]
        assert all(mine is store.answers[name] for name, mine in zip(names, placed, strict=True))
        await tick.place(order("later"))
        assert store.commits == [names, ["later"]]

    run(test())


def test_a_refused_order_leaves_its_neighbours_alone() -> None:
    async def test() -> None:
        store = Store()
        store.answers["b"] = IdempotencyConflict()
        tick = Tick(store.place)
        a, b, c = await asyncio.gather(*[tick.place(order(name)) for name in "abc"], return_exceptions=True)
        assert isinstance(b, IdempotencyConflict)
        assert (a, c) == (store.answers["a"], store.answers["c"])
        assert store.commits == [["a", "b", "c"]]

    run(test())


@pytest.mark.parametrize("error", [StoreFull("The disk is full."), ZeroDivisionError("a bug")])
def test_an_error_reaches_everybody_who_waits_and_the_next_order_goes_through(error: Exception) -> None:
    def fail_first(number: int, patience_s: float | None) -> None:
        if number == 1:
            raise error

    async def test() -> None:
        store = Store(fail_first)
        tick = Tick(store.place)
        answers = await asyncio.gather(*[tick.place(order(name)) for name in "abc"], return_exceptions=True)
        assert answers == [error] * 3
        assert await tick.place(order("d")) is store.answers["d"]
        assert store.commits == [["a", "b", "c"], ["d"]]

    run(test())


class BusyStore(Store):
    """Locked for whoever has no time; for others the commit lasts until the gate opens."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__(self._busy)
        self.begun = threading.Event()
        self.gate = threading.Event()
        self._error = error

    def _busy(self, number: int, patience_s: float | None) -> None:
        if patience_s is not None:
            raise StoreBusy("locked")
        self.begun.set()
        assert self.gate.wait(timeout=NET_S)
        if self._error is not None:
            raise self._error


def test_a_locked_database_is_waited_for_by_a_thread_while_the_loop_goes_on() -> None:
    async def test() -> None:
        store = BusyStore()
        tick = Tick(store.place)
        waiting = asyncio.ensure_future(tick.place(order("a")))
        # Only a loop that is free gets to open the gate.
        while not store.begun.is_set():
            await asyncio.sleep(0)
        assert not waiting.done()
        store.gate.set()
        assert await waiting is store.answers["a"]
        assert store.commits == [["a"], ["a"]]
        assert store.threads == [False, True]

    run(test())


def test_orders_that_arrive_while_a_thread_commits_go_together_afterwards() -> None:
    async def test() -> None:
        store = BusyStore()
        tick = Tick(store.place)
        first = asyncio.ensure_future(tick.place(order("a")))
        while not store.begun.is_set():
            await asyncio.sleep(0)
        later = [asyncio.ensure_future(tick.place(order(name))) for name in "bcd"]
        for _ in range(5):
            await asyncio.sleep(0)
        assert store.commits == [["a"], ["a"]]
        store.gate.set()
        await asyncio.gather(first, *later)
        assert store.commits[2:] == [["b", "c", "d"], ["b", "c", "d"]]  # tried by the loop, then by the thread

    run(test())


@pytest.mark.parametrize("error", [StoreBusy("for ever"), ZeroDivisionError("a bug")])
def test_an_error_on_the_thread_reaches_everybody_and_the_next_order_goes_through(error: Exception) -> None:
    async def test() -> None:
        store = BusyStore(error)
        store.gate.set()
        tick = Tick(store.place)
        answers = await asyncio.gather(*[tick.place(order(name)) for name in "ab"], return_exceptions=True)
        assert answers == [error] * 2
        store._error = None
        assert await tick.place(order("c")) is store.answers["c"]

    run(test())


@pytest.mark.parametrize("kind", [Store, BusyStore])
def test_who_hangs_up_loses_nothing_and_takes_nobody_along(kind: type[Store]) -> None:
    async def test() -> None:
        store = kind()
        tick = Tick(store.place)
        waiting = [asyncio.ensure_future(tick.place(order(name))) for name in "abc"]
        await asyncio.sleep(0)
        waiting[1].cancel()
        if isinstance(store, BusyStore):
            store.gate.set()
        a, b, c = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(b, asyncio.CancelledError)
        assert (a, c) == (store.answers["a"], store.answers["c"])
        assert store.commits[-1] == ["a", "b", "c"]
        assert await tick.place(order("d")) is store.answers["d"]

    run(test())


def test_commits_that_are_usually_slow_are_made_by_the_thread_until_they_are_quick_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, takes = [0.0], [1.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: now[0]))

    def pass_time(number: int, patience_s: float | None) -> None:
        now[0] += takes[0]

    async def test() -> None:
        store = Store(pass_time)
        tick = Tick(store.place)
        await tick.place(order("a"))
        await tick.place(order("b"))
        assert store.threads == [False, True]
        takes[0] = 0.0
        for number in range(100):
            await tick.place(order(str(number)))
        assert store.threads[-1] is False

    run(test())


def test_a_machine_without_a_thread_to_spare_refuses_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoThreads:
        def __init__(self, *options: object) -> None:
            pass

        def submit(self, *work: object) -> None:
            raise RuntimeError("can't start new thread")

    async def test() -> None:
        store = BusyStore()
        store.gate.set()
        tick = Tick(store.place)
        with monkeypatch.context() as patch:
            patch.setattr(module, "ThreadPoolExecutor", NoThreads)
            with pytest.raises(RuntimeError, match="thread"):
                await tick.place(order("a"))
        assert await tick.place(order("b")) is store.answers["b"]

    run(test())
