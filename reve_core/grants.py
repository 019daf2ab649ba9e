"""What opens a door for somebody who is not the owner in the browser: share links, API tokens, one-time passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Share:
    """
    A window on one picture. The link's token is not in here: the store keeps its hash alone.

    ``show_prompt`` and ``show_settings`` are the owner's choice; ``published`` lets search engines list it. ``views``
    counts openings of the page. ``_at`` are aware UTC instants.
    """

    id: str
    job_id: str
    owner: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    show_prompt: bool = True
    show_settings: bool = False
    published: bool = False
    views: int = 0

    def has_ended(self, now: datetime) -> bool:
        return self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= now)


@dataclass(frozen=True, slots=True)
class ApiToken:
    """Lets a program act for ``owner``. The token itself is shown once and kept as a hash."""

    id: str
    name: str
    owner: str
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Callback:
    """
    A promise to tell ``url`` what became of a job. ``attempt`` counts from 1; ``id`` stays the same for every attempt at
    telling the same end, so that the receiver can drop repetitions.
    """

    id: str
    job_id: str
    url: str
    attempt: int
