"""What opens a door for somebody who is not the owner in the browser: share links, API tokens, one-time passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from reve_core.layout import BBox
from reve_core.models import Job, JobRequest

if TYPE_CHECKING:
    from reve_core.compare.models import Comparison

# What became of a share: it can be opened, or why it cannot.
State = Literal["open", "expired", "revoked", "trashed", "deleted", "hidden"]


@dataclass(frozen=True, slots=True)
class Share:
    """
    A window on one picture, or on one comparison: of ``job_id`` and ``comparison_id`` exactly one is set. The link's token
    is not in here: the store keeps its hash alone.

    ``show_prompt`` and ``show_settings`` are the owner's choice; ``published`` lets search engines list it. Of a
    comparison, ``may_vote`` puts its pictures before visitors blind, two at a time, and ``show_grid`` opens the whole grid
    to who has voted on what there was; without ``may_vote`` the grid is what the link shows. ``views`` counts openings of
    the page. ``hidden_at``: the operator took it down. ``_at`` are aware UTC instants.
    """

    id: str
    owner: str
    created_at: datetime
    job_id: str | None = None
    comparison_id: str | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    show_prompt: bool = True
    show_settings: bool = False
    published: bool = False
    may_vote: bool = False
    show_grid: bool = False
    views: int = 0
    hidden_at: datetime | None = None

    def __post_init__(self) -> None:
        if (self.job_id is None) == (self.comparison_id is None):
            raise ValueError("A share is of a picture or of a comparison.")

    def has_ended(self, now: datetime) -> bool:
        ended = self.revoked_at is not None or self.hidden_at is not None
        return ended or (self.expires_at is not None and self.expires_at <= now)


@dataclass(frozen=True, slots=True)
class Box:
    """One part of the layout. ``label`` is empty where the prompt is kept back: it would tell of it."""

    label: str
    bbox: BBox


@dataclass(frozen=True, slots=True)
class Window:
    """
    What somebody with the link may see. ``prompt`` and ``settings`` are None and empty where their owner keeps them back.

    ``label`` is the provider's fixed mark, ``signed`` what is to be said of the files' signatures. ``width`` and ``height`` in pixels. ``version`` changes with what is shown.
    """

    share: Share
    label: str
    width: int
    height: int
    prompt: str | None
    settings: tuple[tuple[str, str], ...]
    boxes: tuple[Box, ...]
    version: str
    signed: str = ""

    @property
    def published(self) -> bool:
        return self.share.published


@dataclass(frozen=True, slots=True)
class Link:
    """
    A share as its owner sees it. ``token`` is None where the link cannot be shown again: the secret has changed. ``job`` or
    ``comparison`` is what it opens, both None where that was deleted.
    """

    share: Share
    state: State
    token: str | None
    job: Job | None
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True)
class File:
    """What a share gives away: bytes to show or to keep."""

    filename: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Offer:
    """What "Make your own" puts into the form: None where it is kept back. ``settings`` then have an empty prompt."""

    prompt: str | None
    settings: JobRequest | None


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
