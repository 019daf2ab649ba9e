"""What is kept about somebody, how long, and what was deleted: values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

BACKUP_DAYS = 3.0  # how old an emergency copy of the database can get on a public link
TRACE_DAYS = 1.0  # after which an ended job no longer says from which address, or under which spending name, it came
AUDIT_DAYS = 365.0
SPENDING_DAYS = 40.0  # of which the numbers by day are kept


@dataclass(frozen=True, slots=True)
class Keeping:
    """How many days a public link keeps things; 0: until somebody deletes them."""

    failed_days: float = 0.0
    picture_days: float = 0.0
    comparison_days: float = 0.0
    event_days: float = 30.0


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody else who is sent what a visitor typed: ``name``, such as "Reve (api.reve.com)", and what for."""

    name: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Held:
    """
    What is stored about one owner. ``jobs`` are all, whatever became of them, each with its prompt; ``bytes`` those of the
    pictures themselves. ``votes`` are those they cast, as far as one can know. ``credits_today`` is what they have spent
    today, UTC, under a keyed hash of their name. ``oldest_at`` is None where there is nothing.
    """

    jobs: int = 0
    pictures: int = 0
    bytes: int = 0
    trashed: int = 0
    pending: int = 0
    failed: int = 0
    unknown: int = 0
    comparisons: int = 0
    links: int = 0
    votes: int = 0
    tokens: int = 0
    moderation: int = 0
    credits_today: float = 0.0
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Doomed:
    """A job that is gone and whose files have to go: ``attempts`` of them may have left some."""

    job_id: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Erased:
    """
    What left the tables in one commit. ``running``: ids of jobs whose calls were on their way. ``texts`` are what was
    written in the rows, for the proof that nothing of it is left in the file.
    """

    jobs: int = 0
    pictures: int = 0
    comparisons: int = 0
    links: int = 0
    votes: int = 0
    running: tuple[str, ...] = ()
    doomed: tuple[Doomed, ...] = ()
    texts: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """Older than these, in aware UTC, is gone by itself. None: never."""

    failed: datetime | None = None
    pictures: datetime | None = None
    comparisons: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lot:
    """One lot of a purge. ``next``: where the following one begins, None after the last."""

    gone: int
    next: int | None
    doomed: tuple[Doomed, ...] = ()
    texts: tuple[bytes, ...] = ()
