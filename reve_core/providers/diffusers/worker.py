"""
The worker process: reads orders from its standard input, says on its standard output how they go.

Three threads: one reads, one says every few seconds that all is alive, and the main one draws. It ends when its input does,
which is when the app's process is gone, however it went; and when nobody has asked for anything for a while.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import queue
import signal
import threading
import time
from collections.abc import Mapping
from typing import Any, BinaryIO

from reve_core.providers.diffusers import frames
from reve_core.providers.diffusers.engine import Engine, Fault

_REMEMBERED = 100  # jobs that were cancelled


class Voice:
    """What it says, one message after the other."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._guard = threading.Lock()

    def say(self, what: str, body: bytes = b"", **more: object) -> None:
        with self._guard:
            try:
                frames.write(self._stream, {"say": what, **more}, body)
            except OSError:
                os._exit(0)  # nobody listens any more


class Orders:
    """What is to be made, and what no longer is."""

    def __init__(self) -> None:
        self.waiting: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        self._cancelled: dict[int, None] = {}

    def is_cancelled(self, job: int) -> bool:
        return job in self._cancelled

    def read(self, stream: BinaryIO) -> None:
        """Until the other side has gone, and then away with everything: what is being drawn is for nobody."""
        with contextlib.suppress(frames.BadFrame, OSError):
            while (message := frames.read(stream)) is not None:
                head = message.head
                if head.get("do") == "make":
                    self.waiting.put(head)
                elif head.get("do") == "cancel":
                    self._cancelled[int(head["job"])] = None
                    if len(self._cancelled) > _REMEMBERED:
                        del self._cancelled[next(iter(self._cancelled))]
        os._exit(0)


def work(orders: Orders, voice: Voice, *, idle_s: float) -> None:
    engine = Engine()
    is_modest = False
    while True:
        try:
            order = orders.waiting.get(timeout=idle_s)
        except queue.Empty:
            return
        job = int(order["job"])
        voice.say("begun", job=job)
        try:
            if orders.is_cancelled(job):
                raise Fault("cancelled")
            if not engine.has(order["model"]):
                voice.say("loading", job=job)
                engine.load(order["model"])
                voice.say("loaded", job=job, device=engine.device)
                is_modest = is_modest or _step_back(engine.device)

            def step(number: int, total: int, preview: bytes, job: int = job) -> None:
                if orders.is_cancelled(job):
                    raise Fault("cancelled")
                if number:
                    voice.say("step", preview, job=job, step=number, steps=total)

            made = engine.make(order, step)
            voice.say("done", made.data, job=job, **made.told)
        except Fault as fault:
            voice.say("failed", job=job, code=fault.code, detail=fault.detail, more=fault.more, dtype=engine.dtype)
            fault.__traceback__ = None  # it holds on to the tensors of the steps
            is_broken = fault.code == "error"
            del fault
            engine.tidy()
            if is_broken and engine.device != "cpu":
                return  # after an error of its own a card may give wrong answers to everything


def _step_back(device: str) -> bool:
    """Where the processor draws, the pages go first."""
    if device != "cpu" or not hasattr(os, "nice"):
        return False
    with contextlib.suppress(OSError):
        os.nice(5)
    return True


def _beat(voice: Voice, parent: int, every_s: float) -> None:
    while True:
        time.sleep(every_s)
        if os.getppid() != parent:
            os._exit(0)
        voice.say("alive")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--idle", type=float, default=600.0)
    parser.add_argument("--beat", type=float, default=2.0)
    options = parser.parse_args()
    # The app lets running jobs finish before it goes; a signal to all of its processes must not end them first.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    # The libraries print when they like: they are given other ends, so that ours carry messages alone.
    ours_in, ours_out = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    orders, voice = Orders(), Voice(os.fdopen(ours_out, "wb"))
    threading.Thread(target=orders.read, args=(os.fdopen(ours_in, "rb"),), daemon=True).start()
    threading.Thread(target=_beat, args=(voice, os.getppid(), options.beat), daemon=True).start()
    work(orders, voice, idle_s=options.idle)
    os._exit(0)  # not through the libraries' own ways of ending, which may hang


if __name__ == "__main__":
    main()
