"""``Prefer: wait=N`` (RFC 7240): an answer held back until the jobs have ended, or the time is over."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable

from reve_core.errors import JobNotFound
from reve_core.web.api.endpoint import Call

LONGEST_S = 60
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?([0-9]{1,9})", re.IGNORECASE)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.03, 0.5


def asked_to_wait(call: Call) -> int:
    """Seconds, 0 to 60."""
    found = _WAIT.search(", ".join(call.request.headers.getlist("prefer")))
    return min(int(found[1]), LONGEST_S) if found else 0


async def until_ended(call: Call, job_ids: Iterable[str], wait_s: float) -> None:
    """
    Return once none of the jobs is pending, the time is over, whoever asked has gone, or the app is stopping.

    Looks at the table now and then, a few microseconds each time: any process may be the one that finishes a job.
    """
    left = list(job_ids)
    until = time.monotonic() + wait_s
    pause = _FIRST_PAUSE_S
    while True:
        left = [job_id for job_id in left if _is_pending(call, job_id)]
        remaining = until - time.monotonic()
        if not left or remaining <= 0 or call.studio.draining or await call.request.is_disconnected():
            return
        await asyncio.sleep(min(pause, remaining))
        pause = min(pause * 1.3, _LONGEST_PAUSE_S)


def _is_pending(call: Call, job_id: str) -> bool:
    try:
        return call.studio.peek(job_id, owner=call.anybody).status.is_pending
    except JobNotFound:
        return False  # deleted meanwhile: there is nothing to wait for
