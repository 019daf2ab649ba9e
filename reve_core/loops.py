"""
An event loop on a thread of its own, for ordinary threads that need a deadline over a whole exchange on the network.

Shared by all who do the same, because forty answers that come at once would otherwise be forty loops on forty threads, all
of which the interpreter lets take turns with whoever serves the pages. Not shared by those who do something else: who
waits for the database on a loop holds up all that is on it.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any


class Loop:
    """Its thread starts with the first work, and lasts as long as the process."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Like ``asyncio.run``, from any thread but its own. A name look-up that hangs holds up nobody but ``work``."""
        future = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            future.result()
        except BaseException:  # Control-C
            future.cancel()
            raise

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._guard:
            if self._loop is None or self._pid != os.getpid():  # threads do not cross a fork
                self._loop, self._pid = asyncio.new_event_loop(), os.getpid()
                threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True).start()
            return self._loop
