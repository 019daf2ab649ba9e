"""The values everybody knows: what was asked for, what became of it, what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from reve_core.allowance import Terms
from reve_core.layout import Layout

FORGOTTEN = "(not kept)"  # in the place of a prompt that was refused
PERSONAL = "me"  # the owner of everything while the app serves a single person


class JobStatus(StrEnum):
    QUEUED = "queued"  # waits for a worker; costs nothing yet
    RUNNING = "running"  # a worker holds it under a lease
    DONE = "done"  # the picture is on disk and was decoded once
    FAILED = "failed"  # no picture will come of it by itself; says why
    CANCELLED = "cancelled"  # a person stopped it before it cost anything
    UNKNOWN = "unknown"  # the call was sent and nobody can know whether it was paid; a person decides

    @property
    def is_pending(self) -> bool:
        return self in (JobStatus.QUEUED, JobStatus.RUNNING)


class Review(StrEnum):
    """A job whose prompt the moderation policy alone could not decide about."""

    SERVICE = "service"  # the moderation service has to say yes before anything is called
    PERSON = "person"  # waits for the operator
    APPROVED = "approved"  # the operator said yes


class Stage(StrEnum):
    """Where a running job stands. A provider's slot is taken until ``STORING``."""

    CLAIMED = "claimed"  # before the paid request
    CALLING = "calling"  # the request is, or may be, on its way
    STORING = "storing"  # the answer is here: check, save, make the thumbnail


class JobRequest(BaseModel):
    """
    What a person asks for: one picture.

    ``prompt`` is what was typed, untouched. ``aspect_ratio`` is width first, such as ``"3:2"``. ``seed`` is None when
    nobody said. ``provider``, ``model`` (one of the provider's) and ``aspect_ratio`` may be empty: the default then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str
    aspect_ratio: str = ""
    seed: int | None = Field(default=None, ge=0, le=2**32 - 1)
    provider: str = ""
    model: str = ""


class Price(BaseModel):
    """
    The forecast for one picture. The recorded cost of a call always wins over it.

    ``as_of`` and ``source`` say when and where the price was read, such as ``"2026-09-14"``; empty where it is nobody's list.
    """

    model_config = ConfigDict(frozen=True)

    credits: int = 0
    usd: float = 0.0
    as_of: str = ""
    source: str = ""


class Capabilities(BaseModel):
    """
    What one model of a provider can do; forms and payloads follow it.

    ``aspect_ratios`` are width first, the default one first or named in ``default_ratio``. ``max_prompt_chars`` counts
    code points. ``typical_s`` is the usual wait (low, high) in seconds, used until we have a history of our own.
    ``own_key``: whether a visitor's own key may pay for it, or must because the link has none. ``progress``: it says how
    far it is; ``preview``: with small pictures. ``stops``: a call under way can be stopped. ``resumes``: an answer that was
    lost can be asked for again. ``note`` is one short sentence to show, such as a licence.
    """

    model_config = ConfigDict(frozen=True)

    aspect_ratios: tuple[str, ...]
    default_ratio: str
    max_prompt_chars: int
    seed: bool = False
    layout: bool = False
    progress: bool = False
    preview: bool = False
    stops: bool = False
    resumes: bool = False
    references: int = 0
    note: str = ""
    price: Price = Price()
    typical_s: tuple[float, float] = (10.0, 60.0)
    own_key: Literal["no", "may", "must"] = "no"


class ModelInfo(BaseModel):
    """One entry of the provider choice: ``id`` is unique within its provider, ``title`` is shown."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    capabilities: Capabilities


class Receipt(BaseModel):
    """
    What an answer told us besides the picture. Stored with the call, whatever became of it.

    ``credits_used`` is what the provider says it charged, ``usd_used`` the same of one that counts in dollars (None: it did
    not say). ``notes`` are short sentences for the
    picture's page, such as what the sketch drew and left out. ``raw`` keeps unknown fields of the answer, never a key
    and never the picture.
    """

    model_config = ConfigDict(frozen=True)

    request_id: str | None = None
    http_status: int | None = None
    credits_used: float | None = None
    usd_used: float | None = None
    credits_left: float | None = None
    version: str | None = None
    layout: Layout | None = None
    notes: tuple[str, ...] = ()
    raw: Mapping[str, Any] = Field(default_factory=dict)


class Ticket(BaseModel):
    """
    By which a service knows a request that it has accepted, so that its answer can be asked for at any time.

    ``data`` is what else the adapter needs for that: JSON values, never a key, never the prompt.
    """

    model_config = ConfigDict(frozen=True)

    request_id: str
    data: Mapping[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Picture:
    """A provider's answer: the bytes exactly as they came (PNG, JPEG or WebP) and what was said with them."""

    data: bytes
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class StoredImage:
    """
    A picture on disk. ``name`` and ``thumbnail`` are blob keys and the last part of their URLs.

    ``width`` and ``height`` in pixels, ``size`` in bytes, ``sha256`` of the file as hex.
    """

    name: str
    thumbnail: str
    mime: str
    width: int
    height: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Job:
    """
    One picture on its way, as the store last knew it. ``_at`` are aware UTC instants.

    ``attempt`` counts every try from 1 and never goes back (it names the blob); ``tries`` counts the automatic ones
    since a person last said go. ``position`` is the place in line among queued jobs, from 1, where it was asked for.
    ``own_key`` names the visitor's own provider key. ``hidden_at``: the operator took the picture off all screens.
    """

    id: str
    seq: int
    owner: str
    request: JobRequest
    status: JobStatus
    created_at: datetime
    rev: int
    priority: int = 0
    stage: Stage | None = None
    attempt: int = 0
    tries: int = 0
    not_before: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    lease_until: datetime | None = None
    cancel_requested: bool = False
    progress: float | None = None
    progress_text: str | None = None
    error_code: str | None = None
    error: str | None = None
    credits_used: float | None = None
    usd_used: float | None = None
    request_id: str | None = None
    image: StoredImage | None = None
    receipt: Receipt | None = None
    starred: bool = False
    trashed_at: datetime | None = None
    position: int | None = None
    review: Review | None = None
    own_key: str | None = None
    hidden_at: datetime | None = None

    @property
    def aspect(self) -> tuple[float, float]:
        """Width and height to reserve on screen before the picture is there."""
        if self.image is not None:
            return float(self.image.width), float(self.image.height)
        return ratio_of(self.request.aspect_ratio)


class Glance(NamedTuple):
    """What those who ask about a job every second need to know. ``image`` is the blob key of its picture."""

    id: str
    status: JobStatus
    provider: str
    model: str
    image: str | None = None
    error: str | None = None
    trashed: bool = False


@dataclass(frozen=True, slots=True)
class Once:
    """
    An idempotency key: the same ``key`` of the same owner with the same ``digest`` is the same order; with another
    digest it is a mistake. ``digest`` is a hash of what was asked for, made before anything was drawn at random.
    """

    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Order:
    """
    What one person submits in one go. ``callback_url`` is told when each of the jobs has ended.

    ``terms``: let in only within these limits (None: no limits apply). ``credits`` is the forecast for each request, in
    their sequence; empty: nothing is known to cost anything. ``review``: a moderation verdict that has to be confirmed
    first, see ``Review``. ``own_keys`` name, by provider, the visitor's own keys, which pay instead of the link.
    """

    requests: tuple[JobRequest, ...]
    owner: str
    priority: int = 0
    once: Once | None = None
    callback_url: str | None = None
    terms: Terms | None = None
    credits: tuple[float, ...] = ()
    review: Review | None = None
    own_keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Placed:
    """The jobs of an order. ``replayed``: they were there already, made by an earlier order with the same key."""

    jobs: list[Job]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """
    One paid request, recorded before it was sent. ``outcome`` is None while nobody has closed it. ``ticket``: the service
    has accepted it under that, and can be asked for the answer.

    Outcomes: ``ok``, ``not_charged``, ``refused``, ``unknown``.
    """

    job_id: str
    attempt: int
    provider: str
    model: str
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    idempotent: bool = False
    receipt: Receipt | None = None
    error: str | None = None
    ticket: Ticket | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's hold on a job: ``token`` fences every write made under it."""

    job: Job
    token: str

    @property
    def blob_stem(self) -> str:
        """The deterministic name of this attempt's picture, without its suffix."""
        return f"{self.job.id}-{self.job.attempt}"


@dataclass(frozen=True, slots=True)
class ProviderState:
    """
    Whether a provider may be called. Paused with ``until`` None: until a person resumes it.

    ``probing`` means that a pause has just run out: one call at a time until one succeeds. ``own_keys``: the pause is about
    the link's account alone, and what visitors pay with their own keys goes on.
    """

    name: str
    paused: bool = False
    until: datetime | None = None
    reason: str | None = None
    probing: bool = False
    own_keys: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """
    For one provider: calls at once, calls begun in any 60 seconds, and credits that may be spent in a day (UTC), visitors'
    own keys not counted. None: no such limit. ``timeout_s``: seconds for a whole call, None for the usual ones.
    """

    concurrency: int
    per_minute: int | None = None
    daily_credits: float | None = None
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class JobFilter:
    """
    Which jobs to list. None means: do not ask. ``words`` must all occur in the prompt, in any letter case.

    ``since`` and ``before`` bound ``created_at``; ``trashed`` chooses between the trash and the rest.
    """

    owner: str | None = None
    statuses: frozenset[JobStatus] | None = None
    provider: str | None = None
    aspect_ratio: str | None = None
    words: str = ""
    since: datetime | None = None
    before: datetime | None = None
    starred: bool | None = None
    trashed: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of jobs, newest first. ``next`` is the cursor of the following page, None on the last one."""

    jobs: list[Job]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What pressing the button would cost and how long it would take here: forecasts, in credits, USD and seconds."""

    credits: int
    usd: float
    low_s: float
    high_s: float
    from_history: bool = field(default=False)


def ratio_of(aspect_ratio: str) -> tuple[float, float]:
    """``"16:9"`` as two numbers. Raises ValueError for anything that is not two positive numbers."""
    width, height = (float(part) for part in aspect_ratio.split(":"))
    if width <= 0 or height <= 0:
        raise ValueError(aspect_ratio)
    return width, height
