"""A small event loop in the calling thread, for whoever needs a deadline over a whole exchange."""

import asyncio
from collections.abc import Coroutine
from typing import Any


def run(work: Coroutine[Any, Any, None]) -> None:
    """Like ``asyncio.run``, which would wait at its end for a name look-up that hangs, far past any deadline."""
    loop = asyncio.new_event_loop()
    try:
        task = loop.create_task(work)
        try:
            loop.run_until_complete(task)
        finally:
            if not task.done():  # Control-C
                task.cancel()
                loop.run_until_complete(asyncio.wait([task]))
            loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
