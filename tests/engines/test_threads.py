"""The thread engine: wake-ups are hints, steps are bounded, stopping waits for what runs."""

import threading
from collections.abc import Iterator

import pytest

from reve_core.engines.threads import ThreadEngine
from tests.building import until


@pytest.fixture
def engine() -> Iterator[ThreadEngine]:
    engine = ThreadEngine(slots=2, cpu_slots=1)
    yield engine
    engine.stop(5)


def test_work_is_called_until_there_is_none_and_again_after_a_wake_up(engine: ThreadEngine) -> None:
    left = [3]
    guard = threading.Lock()

    def work() -> bool:
        with guard:
            if left[0] == 0:
                return False
            left[0] -= 1
            return True

    engine.start(work, {})
    until(lambda: left[0] == 0)
    left[0] = 5
    engine.wake()
    until(lambda: left[0] == 0)


def test_at_most_as_many_run_at_once_as_there_are_slots(engine: ThreadEngine) -> None:
    gate, running, most = threading.Event(), [0], [0]
    guard = threading.Lock()

    def work() -> bool:
        with guard:
            running[0] += 1
            most[0] = max(most[0], running[0])
        gate.wait(timeout=10)
        with guard:
            running[0] -= 1
        return False

    engine.start(work, {})
    for _ in range(10):
        engine.wake()
    until(lambda: running[0] == 2)
    gate.set()
    until(lambda: running[0] == 0)
    assert most[0] == 2


def test_a_slot_outlives_an_exception(engine: ThreadEngine) -> None:
    calls: list[int] = []

    def work() -> bool:
        calls.append(1)
        if len(calls) <= 2:
            raise RuntimeError("stumble")
        return False

    engine.start(work, {})
    until(lambda: len(calls) >= 4)


def test_stopping_waits_for_what_runs_and_for_what_it_handed_on(engine: ThreadEngine) -> None:
    gate, began, kept = threading.Event(), threading.Event(), []
    once = iter([True])

    def work() -> bool:
        if not next(once, False):
            return False
        began.set()
        gate.wait(timeout=10)
        engine.offload(lambda: kept.append("picture"))
        return True

    engine.start(work, {})
    assert began.wait(timeout=5)
    stopping = threading.Thread(target=lambda: kept.append(engine.stop(10)))
    stopping.start()
    gate.set()
    stopping.join(timeout=10)
    assert kept == ["picture", True]


def test_stopping_gives_up_after_its_grace_and_says_so() -> None:
    engine = ThreadEngine(slots=1, cpu_slots=1)
    gate, began = threading.Event(), threading.Event()

    def work() -> bool:
        began.set()
        gate.wait(timeout=10)
        return False

    engine.start(work, {})
    assert began.wait(timeout=5)
    assert engine.stop(0.05) is False
    gate.set()


def test_after_draining_no_new_work_is_begun(engine: ThreadEngine) -> None:
    gate, began, calls = threading.Event(), threading.Event(), []

    def work() -> bool:
        calls.append(1)
        began.set()
        gate.wait(timeout=10)
        return True

    engine.start(work, {})
    assert began.wait(timeout=5)
    engine.drain()
    before = len(calls)
    gate.set()
    assert engine.stop(10)
    assert len(calls) <= before + 1  # the other slot may just have been on its way in


def test_too_many_waiting_steps_hold_up_those_who_bring_more() -> None:
    engine = ThreadEngine(slots=1, cpu_slots=1)
    gate, brought = threading.Event(), []
    engine.start(lambda: False, {})

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

    engine.start(lambda: False, {tick: 0.01})
    until(lambda: len(ticks) >= 3)
