"""What an operator's log and lists hold: bans, moderation decisions, changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Ban:
    """
    ``name`` is an owner, or ``address:`` and the keyed hash of one. ``until`` None: until it is lifted. ``about`` is what
    the operator reads, such as an owner or a network as it was typed.
    """

    name: str
    about: str
    reason: str
    created_at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """
    One decision of the moderation, without the text. ``what``: ``prompt``, ``title``, ``question`` …; ``action``:
    ``block`` or ``review``, or ``approve`` and ``refuse`` of the operator; ``stage``: ``policy``, ``service``,
    ``provider`` or ``operator``.
    """

    at: datetime
    owner: str
    what: str
    action: str
    category: str
    rule: str = ""
    policy: str = ""
    stage: str = "policy"
    job_id: str | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Audit:
    """Something an operator did: who, what, and to which value or to whom."""

    at: datetime
    who: str
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Spent:
    """
    Credits of the link's own account, on one UTC day such as ``"2026-11-23"`` at one provider. ``unsaid`` of the ``calls``
    have no known cost: the provider did not say, or nobody knows what became of them.
    """

    day: str
    provider: str
    credits: float
    calls: int
    unsaid: int


@dataclass(frozen=True, slots=True)
class Spender:
    """A visitor by the keyed name that spending is written down under, and what was charged to them, in credits."""

    visitor: str
    today: float
    total: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """The line at one provider. ``held`` of the ``jobs`` wait for the operator; ``oldest_at`` is of the others."""

    provider: str
    jobs: int
    held: int
    owners: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Working:
    """A job that a worker has taken up. ``lease_until``: when it is taken from a worker that does not report."""

    worker: str
    job_id: str
    owner: str
    provider: str
    stage: str
    since: datetime
    lease_until: datetime | None


@dataclass(frozen=True, slots=True)
class Failing:
    """How often jobs of a provider failed for one reason, ``code`` being that of the error."""

    provider: str
    code: str
    last_day: int
    last_week: int


@dataclass(frozen=True, slots=True)
class Whence:
    """From where a job came: the keyed hash of its address on that day, both empty where nobody knows."""

    address: str
    day: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    What a copy of the database holds. ``problem`` says in a sentence why it could not be put back; the rest is then empty.

    ``jobs`` are those out of the trash. ``older``: it was written by an earlier version and would be brought up to date.
    ``newest_at``: its newest job.
    """

    problem: str | None = None
    jobs: int = 0
    pictures: int = 0
    comparisons: int = 0
    shares: int = 0
    newest_at: datetime | None = None
    older: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """
    ``jobs`` by provider and status, those in the trash included; ``calls`` and ``credits`` by provider and outcome, as long
    as their jobs are kept (a call that is under way has the outcome ``open``). ``waiting_s`` is how long the oldest queued
    job has waited, 0 where none does.
    """

    jobs: dict[tuple[str, str], int] = field(default_factory=dict)
    calls: dict[tuple[str, str], int] = field(default_factory=dict)
    credits: dict[tuple[str, str], float] = field(default_factory=dict)
    waiting_s: float = 0.0

    @property
    def queued(self) -> int:
        return sum(count for (_, status), count in self.jobs.items() if status == "queued")
