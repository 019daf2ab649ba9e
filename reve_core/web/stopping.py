"""
Stopping in two steps: the first signal stops taking up work at once and drains; the second one ends the process now.

A drained process ends with status 0. uvicorn would raise the signal once more after a graceful stop and so end with
"killed by SIGTERM", which supervisors report as a failure.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def two_step_stop(drain: Callable[[], None]) -> Iterator[None]:
    """
    Handle SIGTERM and SIGINT while the body runs. ``drain`` is called from the signal handler: it must not take a lock.

    Does nothing outside the main thread, where Python allows no handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = False
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def handler(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            # What was recorded before each call is on the disk; waiting would add nothing to it.
            os._exit(128 + number)
        asked = True
        drain()
        previous = before[signal.Signals(number)]
        server = getattr(previous, "__self__", None)
        if isinstance(server, uvicorn.Server):
            server.should_exit = True
        elif callable(previous):
            previous(number, frame)

    for number in _SIGNALS:
        signal.signal(number, handler)
    try:
        yield
    finally:
        # Left in place while the process winds down, so that the second signal works until the very end.
        if not asked:
            for number, previous in before.items():
                signal.signal(number, previous)
