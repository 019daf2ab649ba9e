"""
The worker process as the app sees it: started, spoken to, listened to, ended.

A subprocess with pipes and not ``multiprocessing``: its ``spawn`` imports the parent's main module again, and that may be
Streamlit's command or ``app.py``, which must not start a second time. It also pickles, and hands on what it need not.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from reve_core.providers.diffusers import frames
from reve_core.providers.diffusers.frames import Message

log = logging.getLogger(__name__)

MODULE = "reve_core.providers.diffusers.worker"
_ROOT = Path(__file__).resolve().parents[3]
_SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")
_TAIL_LINES = 20
_END_S = 3.0
_MB = 1024 * 1024
GONE = "gone"  # said by us in the worker's place, with its exit code

Inbox = queue.SimpleQueue[Message]


def command_for(*, idle_s: float, beat_s: float) -> list[str]:
    # -P: the folder that the app was started in must not be searched for modules.
    return [sys.executable, "-P", "-m", MODULE, "--idle", f"{idle_s:g}", "--beat", f"{beat_s:g}"]


def environment() -> dict[str, str]:
    """The app's own, without its secrets: the libraries that run in there need none. They must not dial out either."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("REVE_") and not any(word in name.upper() for word in _SECRET)
    }
    path = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(path),
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DISABLE_TELEMETRY": "YES",
        "TOKENIZERS_PARALLELISM": "false",
    }


class Worker:
    """
    One process. Messages carry the number of their job, so that what comes late is never taken for another's.

    Its end of the pipes closes when this process dies, however it dies, and it goes with that. ``max_body`` caps a picture,
    in bytes.
    """

    def __init__(
        self, command: Sequence[str], *, max_body: int = 64 * _MB, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_body = max_body
        self._clock = clock
        self._heard_at = clock()
        self.has_spoken = False  # its start takes as long as the machine likes
        self._inboxes: dict[int, Inbox] = {}
        self._guard = threading.Lock()
        self._writing = threading.Lock()
        self._exit_code: int | None = None
        self._is_ended_by_us = False
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        # A session of its own: Control-C in a terminal is for the app, which lets running jobs finish.
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._stdin: BinaryIO = self._process.stdin  # type: ignore[assignment]
        self._errors = threading.Thread(
            target=self._keep_errors, args=(self._process.stderr,), name="diffusers-errors", daemon=True
        )
        self._listener = threading.Thread(
            target=self._listen, args=(self._process.stdout,), name="diffusers-worker", daemon=True
        )
        self._errors.start()
        self._listener.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._exit_code is None and self._process.poll() is None

    def silent_for(self) -> float:
        """Seconds since it last said anything; it says that it lives every few seconds."""
        return self._clock() - self._heard_at

    def begin(self, job: int, order: Mapping[str, object]) -> Inbox:
        """Send an order. What the worker says about it comes into the inbox, at last how it ended, or ``GONE``."""
        inbox: Inbox = queue.SimpleQueue()
        with self._guard:
            if self._exit_code is not None:
                inbox.put(self._gone(self._exit_code))
                return inbox
            self._inboxes[job] = inbox
        self._send({"do": "make", "job": job, **order})
        return inbox

    def cancel(self, job: int) -> None:
        self._send({"do": "cancel", "job": job})

    def forget(self, job: int) -> None:
        with self._guard:
            self._inboxes.pop(job, None)

    def kill(self) -> None:
        self._end()
        self._listener.join(_END_S)

    def close(self) -> None:
        """Whatever it is doing: it ends when nobody speaks to it any more, or is killed."""
        # Whoever holds the lock for long is writing to a process that does not read.
        if self._writing.acquire(timeout=_END_S):
            with contextlib.suppress(OSError):
                self._stdin.close()
            self._writing.release()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._end()
        self._listener.join()
        self._errors.join()

    def last_words(self) -> str:
        """What it printed last, for the log."""
        return "\n".join(self._tail)

    def _send(self, head: Mapping[str, object]) -> None:
        # Where it has gone, or we closed it, the listener says so to whom it concerns.
        with self._writing, contextlib.suppress(OSError, ValueError):
            frames.write(self._stdin, head)

    def _listen(self, stdout: BinaryIO) -> None:
        with stdout:
            try:
                while (message := frames.read(stdout, self._max_body)) is not None:
                    self._heard_at = self._clock()
                    self.has_spoken = True
                    self._hand_out(message)
            except (frames.BadFrame, OSError):
                log.error("The diffusion worker said something that is none of its messages, or too large.")
                self._end()
        exit_code = self._process.wait()
        with self._writing, contextlib.suppress(OSError):
            self._stdin.close()
        with self._guard:
            self._exit_code = exit_code
            waiting = list(self._inboxes.values())
        for inbox in waiting:
            inbox.put(self._gone(exit_code))

    def _hand_out(self, message: Message) -> None:
        job = message.head.get("job")
        with self._guard:
            inbox = self._inboxes.get(job) if isinstance(job, int) else None
        if inbox is not None:
            inbox.put(message)

    def _keep_errors(self, stderr: BinaryIO) -> None:
        with stderr:
            for line in stderr:
                self._tail.append(line.decode("utf-8", "replace").rstrip()[:500])

    def _end(self) -> None:
        self._is_ended_by_us = True
        self._process.kill()

    def _gone(self, exit_code: int) -> Message:
        return Message({"say": GONE, "exit_code": exit_code, "by_us": self._is_ended_by_us})


numbers = itertools.count(1)  # of jobs, in this process
