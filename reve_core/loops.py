"""
One event loop on a thread of its own, for ordinary threads that need a deadline over a whole exchange on the network.

Shared, because forty answers that come at once would otherwise be forty loops on forty threads, all of which the
interpreter lets take turns with whoever serves the pages.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any

_guard = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_pid = 0


def run(work: Coroutine[Any, Any, None]) -> None:
    """Like ``asyncio.run``, from any thread but the loop's own. A name look-up that hangs holds up nobody but ``work``."""
    future = asyncio.run_coroutine_threadsafe(work, _running())
    try:
        future.result()
    except BaseException:  # Control-C
        future.cancel()
        raise


def _running() -> asyncio.AbstractEventLoop:
    global _loop, _pid
    with _guard:
        if _loop is None or _pid != os.getpid():  # threads do not cross a fork
            _loop, _pid = asyncio.new_event_loop(), os.getpid()
            threading.Thread(target=_loop.run_forever, name="reve-network", daemon=True).start()
        return _loop
