"""The thread engine: wake-ups are hints, steps are bounded, stopping waits for what runs."""

import threading
from collections.abc import Callable, Iterator

import pytest

from reve_core.engines.threads import ThreadEngine
from tests.building import until


@pytest.fixture
def engine() -> Iterator[ThreadEngine]:
    engine = ThreadEngine(slots=2, cpu_slots=1)
    yield engine
    engine.stop(5)


def test_there_is_looked_until_there_is_nothing_and_again_after_a_wake_up(engine: ThreadEngine) -> None:
    left, done = [3], []

    def look() -> Callable[[], None] | None:
        if left[0] == 0:
            return None
        left[0] -= 1
        return lambda: done.append(1)

    engine.start(look, {})
    until(lambda: len(done) == 3)
    left[0] = 5
    engine.wake()
    until(lambda: len(done) == 8)


def test_one_wake_up_fills_every_slot_and_never_more(engine: ThreadEngine) -> None:
    gate, running, most = threading.Event(), [0], [0]
    guard = threading.Lock()

    def work() -> None:
        with guard:
            running[0] += 1
            most[0] = max(most[0], running[0])
        gate.wait(timeout=10)
        with guard:
            running[0] -= 1

    left = iter(range(10))
    engine.start(lambda: work if next(left, None) is not None else None, {})
    engine.wake()
    until(lambda: running[0] == 2)
    gate.set()
    until(lambda: next(left, None) is None and running[0] == 0)
    assert most[0] == 2


def test_nobody_looks_while_another_does(engine: ThreadEngine) -> None:
    gate, began, looking = threading.Event(), threading.Event(), []

    def look() -> None:
        looking.append(1)
        began.set()
        gate.wait(timeout=10)

    engine.start(look, {})
    assert began.wait(timeout=5)
    for _ in range(20):
        engine.wake()
    assert len(looking) == 1
    gate.set()
    until(lambda: len(looking) == 2)  # what was called meanwhile is not forgotten


def test_a_slot_outlives_an_exception_in_looking_and_at_work(engine: ThreadEngine) -> None:
    calls: list[int] = []

    def stumble() -> None:
        raise RuntimeError("stumble")

    def look() -> Callable[[], None] | None:
        calls.append(1)
        if len(calls) == 1:
            stumble()
        return stumble if len(calls) < 4 else None

    engine.start(look, {})
    until(lambda: len(calls) >= 4)


def test_stopping_waits_for_what_runs_and_for_what_it_handed_on(engine: ThreadEngine) -> None:
    gate, began, kept = threading.Event(), threading.Event(), []
    once = iter([True])

    def work() -> None:
        began.set()
        gate.wait(timeout=10)
        engine.offload(lambda: kept.append("picture"))

    engine.start(lambda: work if next(once, False) else None, {})
    assert began.wait(timeout=5)
    stopping = threading.Thread(target=lambda: kept.append(engine.stop(10)))
    stopping.start()
    gate.set()
    stopping.join(timeout=10)
    assert kept == ["picture", True]


def test_stopping_gives_up_after_its_grace_and_says_so() -> None:
    engine = ThreadEngine(slots=1, cpu_slots=1)
    gate, began = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        gate.wait(timeout=10)

    engine.start(lambda: work, {})
    assert began.wait(timeout=5)
    assert engine.stop(0.05) is False
    gate.set()


def test_after_draining_no_new_work_is_begun(engine: ThreadEngine) -> None:
    gate, began, calls = threading.Event(), threading.Event(), []

    def work() -> None:
        calls.append(1)
        began.set()
        gate.wait(timeout=10)

    engine.start(lambda: work, {})
    assert began.wait(timeout=5)
    engine.drain()
    before = len(calls)
    gate.set()
    assert engine.stop(10)
    assert len(calls) <= before + 1  # the other slot may just have been on its way in


def test_too_many_waiting_steps_hold_up_those_who_bring_more() -> None:
    engine = ThreadEngine(slots=1, cpu_slots=1)
    gate, brought = threading.Event(), []
    engine.start(lambda: None, {})

    def bring() -> None:
        for number in range(70):
            engine.offload(lambda: gate.wait(timeout=10) and None)
            brought.append(number)

    bringing = threading.Thread(target=bring)
    bringing.start()
    until(lambda: len(brought) == 65)  # one under way, 64 waiting
    assert bringing.is_alive()
    gate.set()
    bringing.join(timeout=10)
    assert len(brought) == 70
    assert engine.stop(10)


def test_a_timer_goes_on_after_an_exception(engine: ThreadEngine) -> None:
    ticks: list[int] = []

    def tick() -> None:
        ticks.append(1)
        raise RuntimeError("stumble")

    engine.start(lambda: None, {tick: 0.01})
    until(lambda: len(ticks) >= 3)
