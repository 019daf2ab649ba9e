"""
What the metrics tell of the tables: numbers of everybody's jobs and calls, nothing of anybody.

Read over a connection of its own, which can only read: whoever watches the app must not stand in its way.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path

from reve_core.errors import StoreError
from reve_core.guarding import Tally

_PATIENCE_S = 2.0


def tally(path: Path) -> Tally:
    """The numbers of the database at ``path``. Raises StoreError."""
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_S)
        ) as db:
            jobs = db.execute("select provider, status, count(*) from jobs group by provider, status").fetchall()
            calls = db.execute(
                "select provider, coalesce(outcome, 'open'), count(*), coalesce(sum(credits), 0) from calls group by 1, 2"
            ).fetchall()
            [(oldest,)] = db.execute("select min(created_at) from jobs where status = 'queued'").fetchall()
    except sqlite3.Error as exc:
        raise StoreError("The numbers cannot be read now.") from exc
    return Tally(
        jobs={(provider, status): count for provider, status, count in jobs},
        calls={(provider, outcome): count for provider, outcome, count, _ in calls},
        credits={(provider, outcome): spent for provider, outcome, _, spent in calls},
        waiting_s=max(0.0, time.time() - oldest) if oldest is not None else 0.0,
    )
