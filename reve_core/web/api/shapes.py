"""
What goes in and comes out of the HTTP API. These models validate, serialise, and are what the OpenAPI document says.

Times are RFC 3339 in UTC. Addresses are paths on this server.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from reve_core.intake import MAX_IMAGES
from reve_core.layout import Layout
from reve_core.models import Capabilities, JobStatus

MAX_BATCH = 100
MAX_PROMPT = 20_000  # characters that are read at all; each model says how many it takes
Status = Literal["queued", "running", "done", "failed", "cancelled", "unknown"]
assert set(Status.__args__) == set(JobStatus)  # type: ignore[attr-defined]


def _only_numbers(value: object) -> object:
    if isinstance(value, bool | str):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


# What JSON Schema calls an integer: 5 and 5.0, but neither true nor "5".
WHOLE = BeforeValidator(_only_numbers)


class Strict(BaseModel):
    """A misspelt field is an error, not a silent default, and nothing is taken for what it is not."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NewJob(Strict):
    """What to make. Empty fields mean the provider's default."""

    prompt: str = Field(max_length=MAX_PROMPT, description="Describe the picture.")
    aspect_ratio: str = Field("", max_length=20, description="Width first, such as `3:2`; see the provider's list.")
    seed: Annotated[int, Field(strict=False, ge=0, le=2**32 - 1), WHOLE] | None = Field(
        None, description="The same seed makes the same picture again, where the model has seeds."
    )
    provider: str = Field("", max_length=64, description="A name from `GET /api/v1/providers`.")
    model: str = Field("", max_length=128, description="One of that provider's models.")
    n: Annotated[int, Field(strict=False, ge=1, le=MAX_IMAGES), WHOLE] = Field(
        1, description="How many pictures of it, each a job of its own."
    )


class NewSingle(NewJob):
    callback_url: str | None = Field(
        None, max_length=2000, description="Told when each job has ended, where the operator allows the host."
    )


class NewBatch(Strict):
    """Several prompts, all queued or none."""

    jobs: Annotated[list[NewJob], Field(min_length=1, max_length=MAX_BATCH)]
    callback_url: str | None = Field(None, max_length=2000, description="As for a single job, for all of them.")


class Decision(Strict):
    """What to do about a job of which nobody knows whether it was paid."""

    how: Literal["check", "rerun", "give_up"] = Field(
        description="`check` looks once more for a saved picture, `rerun` may be charged a second time, "
        "`give_up` ends it as failed."
    )


class JobList(BaseModel):
    """Which jobs to list."""

    status: list[Status] = Field([], description="Only jobs in these states; may be repeated.")
    provider: str | None = Field(None, max_length=64, description="Only those of this provider.")
    words: str = Field("", max_length=200, description="Words that must all occur in the prompt.")
    starred: bool | None = Field(None, description="`true`: only those with a star; `false`: only the others.")
    limit: int = Field(20, ge=1, le=100, description="How many on a page.")
    cursor: str | None = Field(None, pattern=r"^[0-9]{1,18}$", description="`next` of the page before.")


class Deletion(BaseModel):
    for_good: bool = Field(False, description="Skip the trash: nobody can bring it back.")


class NewShare(Strict):
    """What whoever has the link may see."""

    show_prompt: bool = Field(True, description="Show the prompt, and the labels of the layout's boxes.")
    show_settings: bool = Field(False, description="Show ratio, seed and model.")
    lasts_s: Annotated[int, Field(strict=False, ge=1, le=10 * 365 * 24 * 3600), WHOLE] | None = Field(
        None, description="Seconds until it ends; null: never."
    )
    published: bool = Field(False, description="Let search engines list the page.")


class ShareList(BaseModel):
    """Which share links to list."""

    limit: int = Field(20, ge=1, le=100, description="How many on a page.")
    cursor: str | None = Field(None, pattern=r"^[0-9a-f]{1,64}$", description="`next` of the page before.")


# ---------------------------------------------------------------- answers


class JobError(BaseModel):
    code: str = Field(description="Stable, for programs.")
    detail: str = Field(description="A sentence for people.")


class Image(BaseModel):
    """A stored picture, byte for byte as the provider sent it, and its thumbnail. ``size`` is in bytes."""

    url: str
    thumbnail_url: str
    mime: str
    width: int
    height: int
    size: int
    sha256: str


class JobShape(BaseModel):
    """One picture on its way."""

    id: str
    status: Status
    prompt: str
    aspect_ratio: str
    seed: int | None
    provider: str
    model: str
    label: str = Field(description="The mark of this provider's pictures, such as `AI-generated`.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempt: int = Field(description="Which try this is or was, from 1; 0 before the first.")
    position: int | None = Field(None, description="Place in line while queued, from 1.")
    progress: float | None = Field(None, description="0 to 1 while running, where the provider tells.")
    cancel_requested: bool
    error: JobError | None
    credits_used: float | None = Field(
        description="What the provider says it charged, over all tries; of one that counts in dollars, what that is worth."
    )
    usd_used: float | None = Field(description="The same in US dollars, where the provider counts in them.")
    starred: bool
    image: Image | None
    layout: Layout | None = Field(None, description="Labelled boxes, 0 to 1 from the top left.")
    notes: list[str] = Field([], description="What the provider said about the picture.")
    can: list[str] = Field(description="What may be done with it now.")


class Jobs(BaseModel):
    jobs: list[JobShape]


class JobPage(Jobs):
    next: str | None = Field(description="`cursor` of the following page; null on the last.")


class Outcome(BaseModel):
    """What came of an action."""

    detail: str
    job: JobShape


class ShareShape(BaseModel):
    """
    A link to a picture or a comparison; the id of the other is null. ``url`` is null where the link cannot be shown again:
    this server's secret has changed.
    """

    id: str
    job_id: str | None
    comparison_id: str | None
    url: str | None
    state: Literal["open", "expired", "revoked", "trashed", "deleted"]
    show_prompt: bool
    show_settings: bool
    published: bool
    may_vote: bool
    created_at: datetime
    expires_at: datetime | None
    views: int


class SharePage(BaseModel):
    shares: list[ShareShape]
    next: str | None = Field(description="`cursor` of the following page; null on the last.")


class ModelShape(BaseModel):
    id: str
    title: str
    capabilities: Capabilities
    usual_s: tuple[float, float] = Field(
        description="How long a picture takes, from and to, in seconds, without the line."
    )
    from_history: bool = Field(description="Whether `usual_s` comes from the pictures that were made here.")


class ProviderShape(BaseModel):
    name: str
    title: str
    label: str
    paused: bool
    reason: str = Field(description="Why it is paused; empty where it is not.")
    until: datetime | None = Field(description="When a pause ends by itself; null where a person ends it.")
    models: list[ModelShape]


class Providers(BaseModel):
    """The default provider first, and of each the default model first."""

    providers: list[ProviderShape]


class StandingShape(BaseModel):
    """What is left. null: no such limit."""

    limited: bool = Field(description="Whether this link has limits at all.")
    credits_left: float | None = Field(None, description="The least of what you, your network and the link have left.")
    scarcest: Literal["visitor", "address", "link"] | None = Field(None, description="Whose credits those are.")
    resets_at: datetime | None = Field(None, description="When the credits of the next day come.")
    waiting: int = Field(0, description="Pictures of yours that wait or are being made.")
    queue_left: int | None = Field(None, description="Pictures that may be asked for besides those.")
    submissions_left: int | None = Field(None, description="Requests that may be made at once.")
    next_in_s: int = Field(0, description="Seconds until there is one more, where there is none.")


class PeriodShape(BaseModel):
    what: str
    how_long: str


class RecipientShape(BaseModel):
    """Somebody else who is sent what you typed."""

    name: str
    purpose: str


class MeShape(BaseModel):
    """What is stored about you."""

    jobs: int = Field(description="Of every status, each with its prompt; those in the trash too.")
    pictures: int
    bytes: int = Field(description="Of the pictures themselves.")
    trashed: int
    pending: int
    comparisons: int
    links: int = Field(description="Share links, ended ones too.")
    votes: int = Field(description="That you cast, on others' comparisons as far as this browser's cookie tells.")
    tokens: int
    moderation: int = Field(description="Lines of the moderation log, without any text.")
    credits_today: float = Field(description="Spent since midnight UTC, written down under a hash of your name.")
    oldest_at: datetime | None
    kept: list[PeriodShape]
    sent_to: list[RecipientShape]


class DeletedShape(BaseModel):
    """What went. ``votes`` stay and no longer say whose they are."""

    jobs: int
    pictures: int
    comparisons: int
    links: int
    votes: int


class FieldError(BaseModel):
    field: str
    message: str


class Problem(BaseModel):
    """RFC 9457. ``code`` is stable and for programs, ``detail`` for people."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldError] = []
    category: str | None = Field(None, description="With `blocked`: what the rules of this link leave out.")


# ---------------------------------------------------------------- the tutorial's door


class Generate(BaseModel):
    """The tutorial's request. Fields it does not know are passed over, as the tutorial's service did."""

    model_config = ConfigDict(extra="ignore")

    prompt: str = Field(max_length=MAX_PROMPT)
    width: int | None = Field(None, ge=1, le=100_000, description="Pixels; stands for the nearest ratio there is.")
    height: int | None = Field(None, ge=1, le=100_000)
    aspect_ratio: str = Field("", max_length=20, description="Goes before `width` and `height`.")
    seed: int | None = Field(None, ge=0, le=2**32 - 1)
    provider: str = Field("", max_length=64)
    model: str = Field("", max_length=128)
    n: int = Field(1, ge=1, le=MAX_IMAGES)


class Generated(BaseModel):
    job_id: str
    job_ids: list[str] = Field(description="All of them where `n` is more than one.")
    aspect_ratio: str
    provider: str


class TutorialStatus(BaseModel):
    status: Literal["pending", "running", "done", "failed", "cancelled", "unknown"]
    url: str | None = None
    error: str | None = None


class UnknownJob(BaseModel):
    detail: str = "unknown job"
