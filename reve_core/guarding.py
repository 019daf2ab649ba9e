"""What an operator's log and lists hold: bans, moderation decisions, changes."""

from __future__ import annotations

from dataclasses import dataclass
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
