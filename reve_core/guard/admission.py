"""
Who is let in: the rules of a public link's limits, and the words of a refusal. See ``reve_core.allowance``.

Rules only. The store applies them in the transaction that queues the jobs, so that they hold across threads,
processes and restarts, and so that a refused order has cost nothing.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from reve_core.errors import LimitReached

MINUTE_S = 60.0
SOON_S = 30.0  # after which somebody whose line is full may as well ask again
NEW_S = 600.0  # a visitor who came less than this ago shares the place in line of everybody behind the same address


def day_of(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")


def next_day(now: float) -> datetime:
    """When the day's budgets begin anew (aware UTC)."""
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)


def gate(arrival: float | None, now: float, per_minute: int) -> tuple[float, float]:
    """
    One step of the generic cell rate algorithm: (the next theoretical arrival, seconds to wait; 0: let in).

    ``arrival`` is what the last step that let in returned, None for the first.
    """
    step = MINUTE_S / per_minute
    arrival = _earliest(arrival, now)
    wait = arrival + step - now - MINUTE_S
    return (arrival, wait) if wait > 1e-6 else (arrival + step, 0.0)


def _earliest(arrival: float | None, now: float) -> float:
    """
    No step writes an arrival more than a minute ahead. One that is further off was written before the clock was set back,
    and holding to it could lock somebody out for as long.
    """
    return now if arrival is None or arrival > now + MINUTE_S + 1 else max(arrival, now)


def left(arrival: float | None, now: float, per_minute: int) -> tuple[int, float]:
    """How many more would be let in at once, and the seconds until there is one more."""
    step = MINUTE_S / per_minute
    arrival = _earliest(arrival, now)
    room = max(0.0, (now + MINUTE_S - arrival) / step + 1e-6)
    free = math.floor(room)
    return free, 0.0 if free >= per_minute else (free + 1 - room) * step


def too_fast(scope: str, wait_s: float, per_minute: int) -> LimitReached:
    who = {
        "visitor": "You have asked for a lot in the last minute.",
        "address": "A lot has been asked for from your network in the last minute.",
        "link": "Many people are asking for pictures right now.",
    }[scope]
    return LimitReached(
        f"{who} Try again in {_duration(wait_s)}.",
        code=f"rate_{scope}",
        retry_after_s=wait_s,
        limit=per_minute,
        window_s=MINUTE_S,
        reason=who,
    )


def queue_full(scope: str, allowed: int, waiting: int, asked: int, wait_s: float) -> LimitReached:
    if scope == "visitor" and asked > allowed:
        text = f"That is {asked:,} pictures at once; this link makes {allowed:,} for one visitor. Ask for fewer."
    elif scope == "visitor":
        text = (
            f"You have {waiting:,} pictures on their way, and this link takes {allowed:,} of one visitor at a time. "
            f"{_fits(allowed - waiting)}"
        )
    elif scope == "address":
        text = (
            f"{waiting:,} pictures are on their way to your network, and this link takes {allowed:,} of one at a time. "
            f"{_fits(allowed - waiting)}"
        )
    else:
        text = "The line is full. Nothing was lost: try again in a minute or two."
    return LimitReached(text, code=f"queue_{scope}", retry_after_s=wait_s, limit=allowed)


def spent(scope: str, allowed: float, left: float, asked: float, now: float) -> LimitReached:
    wait_s = (next_day(now) - datetime.fromtimestamp(now, UTC)).total_seconds()
    whose = {
        "visitor": "Your credits for today",
        "address": "Today's credits for your network",
        "link": "Today's credits of this link",
    }[scope]
    text = (
        f"{whose} are used up."
        if left <= 0
        else f"This takes {asked:,.0f} credits. {whose}: {max(left, 0):,.0f} of {allowed:,.0f} left."
    )
    return LimitReached(
        f"{text} New ones come in {_duration(wait_s)}, at midnight UTC.",
        code=f"budget_{scope}",
        retry_after_s=wait_s,
        limit=allowed,
        window_s=86_400.0,
        reason=f"{text} New ones come at midnight UTC.",
    )


def provider_empty(title: str) -> LimitReached:
    return LimitReached(
        f"The account behind this link has too few credits left at {title}. Its operator has to add some.",
        code="credits_exhausted",
        retry_after_s=3600.0,
    )


def _fits(room: int) -> str:
    if room <= 0:
        return "Wait until one is done, then ask again."
    return f"{room:,} more would fit; or wait until some are done."


def _duration(seconds: float) -> str:
    seconds = max(1, math.ceil(seconds))
    if seconds < 90:
        return f"{seconds} s"
    if seconds < 90 * 60:
        return f"{math.ceil(seconds / 60)} min"
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
