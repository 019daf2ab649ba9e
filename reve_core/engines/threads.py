"""The default engine: threads of this process."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial

from reve_core.faults import log_fault
from reve_core.ports.engine import Look, Work

log = logging.getLogger(__name__)

_POLL_S = 1.0  # jobs of another process, and jobs whose wait is over, are seen after at most this long
_AFTER_FAULT_S = 0.5
_REST_S = 0.01
_WAITING_STEPS = 64  # a few seconds of work: jobs that are done soon should not wait behind an hour of them


class ThreadEngine:
    """
    ``slots`` threads that wait for providers and ``cpu_slots`` threads for CPU-heavy steps.

    Daemon threads of our own rather than a ``ThreadPoolExecutor``: the interpreter joins an executor's threads at exit,
    so one hanging provider would keep a stopped app alive.
    """

    def __init__(self, *, slots: int, cpu_slots: int) -> None:
        self._slots = slots
        self._cpu_slots = cpu_slots
        # One lock, and a condition for each who waits: a wake-up that rouses every thread costs more than a submit does.
        guard = threading.Lock()
        self._woken = threading.Condition(guard)  # slots
        self._handed = threading.Condition(guard)  # CPU threads
        self._taken = threading.Condition(guard)  # slots with one step too many
        self._ended = threading.Condition(guard)  # who stops us
        self._asked = False  # there may be something to begin
        self._looking = False
        self._resting = False
        self._steps: list[Callable[[], None]] = []
        self._busy = 0  # slots at work or looking, and steps under way
        self._stopping = False
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, look: Look, timers: Mapping[Callable[[], None], float]) -> None:
        for number in range(self._slots):
            self._spawn(f"slot-{number}", partial(self._slot, look))
        for number in range(self._cpu_slots):
            self._spawn(f"cpu-{number}", self._cpu)
        for timer, every_s in timers.items():
            self._spawn(f"timer-{timer.__name__}", partial(self._timer, timer, every_s))
        self._spawn("poll", partial(self._timer, self.wake, _POLL_S))

    def wake(self) -> None:
        with self._woken:
            self._asked = True
            if not (self._looking or self._resting):  # else whoever looks or rests sees to it
                self._woken.notify()

    def offload(self, step: Callable[[], None]) -> None:
        with self._taken:
            # While stopping, too: what waits here may have been paid for.
            self._taken.wait_for(lambda: len(self._steps) < _WAITING_STEPS or self._stopped.is_set())
            if not self._stopped.is_set():
                self._steps.append(step)
                self._handed.notify()
                return
        # The grace period is over and nobody is left to hand it to.
        step()

    def drain(self) -> None:
        self._stopping = True

    def stop(self, grace_s: float) -> bool:
        deadline = time.monotonic() + grace_s
        with self._ended:
            self._stopping = True
            self._woken.notify_all()
            finished = self._ended.wait_for(
                lambda: self._busy == 0 and not self._steps, timeout=max(0.0, deadline - time.monotonic())
            )
        # The heartbeat goes on until here, so that nobody takes a job that is just finishing.
        self._stopped.set()
        with self._ended:
            self._handed.notify_all()
            self._taken.notify_all()
        if finished:
            for thread in self._threads:
                thread.join(timeout=5)
        return finished

    def _spawn(self, name: str, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name=f"reve-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _slot(self, look: Look) -> None:
        while True:
            with self._woken:
                self._woken.wait_for(self._may_look)
                if self._stopping:
                    return
                self._asked, self._looking = False, True
                self._busy += 1
            work: Work | None = None
            try:
                work = look()
            except Exception as exc:
                log_fault(log, "A worker slot stumbled and goes on", exc)
                self._stopped.wait(_AFTER_FAULT_S)
            with self._woken:
                self._looking = False
                if work is not None:
                    self._asked = True
                    self._woken.notify()  # while this one is at work, the next one looks
            try:
                if work is not None:
                    work()
            except Exception as exc:
                log_fault(log, "A worker slot stumbled and goes on", exc)
            finally:
                with self._ended:
                    self._busy -= 1
                    self._ended.notify()
            if work is None:
                self._rest()
            else:
                # There is room again: no rest for this one.
                with self._woken:
                    self._asked, self._resting = True, False
            del work

    def _may_look(self) -> bool:
        return self._stopping or (self._asked and not self._looking and not self._resting)

    def _rest(self) -> None:
        """
        Somebody has looked and found nothing to begin: nobody looks again for a moment, whoever calls. A thousand submits
        a second while every provider is busy would otherwise be a thousand looks, each of which takes the interpreter
        from those who serve the pages.
        """
        with self._woken:
            self._resting = True
        self._stopped.wait(_REST_S)
        with self._woken:
            self._resting = False
            if self._asked:
                self._woken.notify()

    def _cpu(self) -> None:
        while True:
            with self._handed:
                self._handed.wait_for(lambda: self._steps or self._stopped.is_set())
                if not self._steps:
                    return
                step = self._steps.pop(0)
                self._busy += 1
                self._taken.notify()
            try:
                step()
            except Exception as exc:
                log_fault(log, "A step failed", exc)
            finally:
                with self._ended:
                    self._busy -= 1
                    self._ended.notify()

    def _timer(self, timer: Callable[[], None], every_s: float) -> None:
        while True:
            try:
                timer()
            except Exception as exc:
                log_fault(log, f"{timer.__name__} failed and is tried again", exc)
            if self._stopped.wait(every_s):
                return
