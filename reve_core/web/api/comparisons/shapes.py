"""What goes in and comes out of the operations on comparisons. As in ``shapes``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from reve_core.compare.models import (
    MAX_CELLS,
    MAX_MODELS,
    MAX_PROMPTS,
    MAX_QUESTION,
    MAX_RATIOS,
    MAX_SAMPLES,
    MAX_SEEDS,
    MAX_TITLE,
)
from reve_core.web.api.shapes import MAX_PROMPT, WHOLE, Image, JobError, Strict

# A cell's: the job's status, or why there is no job.
CellState = Literal["queued", "running", "done", "failed", "cancelled", "unknown", "held", "gone"]

_Prompt = Annotated[str, Field(max_length=MAX_PROMPT)]
_Seed = Annotated[int, Field(strict=False, ge=0, le=2**32 - 1), WHOLE]
_Samples = Annotated[int, Field(strict=False, ge=1, le=MAX_SAMPLES), WHOLE]
_Usd = Annotated[float, Field(allow_inf_nan=False, json_schema_extra={"exclusiveMinimum": 0})]
_Key = Annotated[str, Field(max_length=64)]
_TEMPLATE = 100_000

_DRY_RUN = "Only say what it would take; order nothing."
_REUSE = "Take pictures that you made earlier with the same settings, rather than pay for new ones."


class MakerShape(Strict):
    provider: str = Field("", max_length=64, description="A name from `GET /api/v1/providers`.")
    model: str = Field("", max_length=128, description="One of that provider's models.")


class Wanted(Strict):
    """
    What is to be compared with what. Give one of `prompts`, `template` and `from`, or, where a comparison is made,
    `pictures`.
    """

    model_config = ConfigDict(extra="forbid", strict=True, validate_by_name=True, validate_by_alias=True)

    prompts: Annotated[list[_Prompt], Field(max_length=MAX_PROMPTS)] | None = Field(None, description="Two or more.")
    template: str | None = Field(
        None, max_length=_TEMPLATE, description="One per line; `a {red|blue} fox` stands for two prompts."
    )
    from_: str | None = Field(
        None,
        alias="from",
        max_length=64,
        description="The id of a comparison of yours: everything that is not given here is as it was there.",
    )
    makers: Annotated[list[MakerShape], Field(max_length=MAX_MODELS)] | None = Field(
        None, description="Providers and models; empty for the default one."
    )
    aspect_ratios: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=MAX_RATIOS)] | None = Field(
        None, description="Width first, such as `3:2`; empty for the model's own."
    )
    seeds: Annotated[list[_Seed], Field(max_length=MAX_SEEDS)] | None = Field(
        None, description="A column for each, where a model has seeds; empty: every picture gets its own."
    )
    samples: _Samples | None = Field(
        None, description="Pictures of each prompt, model, ratio and seed; 1 if not given."
    )
    cap_usd: _Usd | None = Field(None, description="The most it may spend, in US dollars; null: no limit.")
    reuse: bool = Field(True, description=_REUSE)


class NewComparison(Wanted):
    """What to compare, and what to call it."""

    pictures: Annotated[list[_Key], Field(max_length=MAX_CELLS)] | None = Field(
        None, description="Ids of finished jobs: compare those, order nothing."
    )
    title: str = Field("", max_length=MAX_TITLE)
    question: str = Field("", max_length=MAX_QUESTION, description="What voters are asked.")


class ComparisonChange(Strict):
    """Only the fields that are sent are changed."""

    title: str = Field("", max_length=MAX_TITLE)
    question: str = Field("", max_length=MAX_QUESTION, description="What voters are asked.")
    cap_usd: _Usd | None = Field(None, description="The most it may spend, in US dollars; null: no limit.")
    frozen: bool = Field(False, description="`true`: no more votes; `false`: the vote is open.")


class Extension(Strict):
    """More prompts, an A-vs-A row, or more samples of everything."""

    prompts: Annotated[list[_Prompt], Field(max_length=MAX_PROMPTS)] = Field([], description="A row for each.")
    template: str | None = Field(None, max_length=_TEMPLATE, description="The same as lines with `{a|b}` in them.")
    twin_of: str | None = Field(
        None, max_length=64, description="The id of a row to repeat, to see how much chance does."
    )
    samples: _Samples | None = Field(None, description="How many there are to be of each, at least as many as now.")
    reuse: bool = Field(True, description=_REUSE)
    dry_run: bool = Field(False, description=_DRY_RUN)


class SomeCells(Strict):
    cells: Annotated[list[_Key], Field(max_length=MAX_CELLS)] | None = Field(
        None, description="Keys of cells; null: every one that this can be done with."
    )


class CellsToRun(SomeCells):
    dry_run: bool = Field(False, description=_DRY_RUN)


class CellsToRemove(Strict):
    cells: Annotated[list[_Key], Field(max_length=MAX_CELLS)] = Field(description="Keys of cells.")


class ComparisonList(BaseModel):
    """Which comparisons to list."""

    limit: int = Field(20, ge=1, le=100, description="How many on a page.")
    cursor: str | None = Field(None, pattern=r"^[0-9a-f]{1,64}$", description="`next` of the page before.")


class ResultOf(BaseModel):
    by: Literal["all", "visitors", "owner"] = Field("all", description="Whose votes to count.")


class NewComparisonShare(Strict):
    """What whoever has the link may do and see."""

    may_vote: bool = Field(True, description="Ask for blind votes; `false`: only show it.")
    show_prompt: bool = Field(True, description="Show the prompts, after a vote where there is one.")
    show_grid: bool = Field(False, description="Who has voted on every pair sees the whole grid.")
    lasts_s: Annotated[int, Field(strict=False, ge=1, le=10 * 365 * 24 * 3600), WHOLE] | None = Field(
        None, description="Seconds until it ends; null: never."
    )
    published: bool = Field(False, description="Let search engines list the page.")


# ---------------------------------------------------------------- answers


class PlanShape(BaseModel):
    """What it would take. ``says`` is the same as a sentence for people."""

    pictures: int = Field(description="All that are asked for.")
    have: int = Field(description="Of which you have so many already: they cost nothing.")
    new: int = Field(description="So many would be ordered.")
    held: int = Field(description="So many would not, because of the spending limit.")
    credits: int = Field(
        description="0 as well where one of the models has no price in credits; `usd` is the whole then."
    )
    usd: float
    low_s: float = Field(description="The usual wait for all of the new ones, from here …")
    high_s: float = Field(description="… to there, in seconds.")
    says: str


class RowShape(BaseModel):
    """``name`` is A, B, …; that of an A-vs-A row is its original's with a stroke."""

    id: str
    name: str
    prompt: str
    twin_of: str | None


class ColumnShape(BaseModel):
    """``seed`` is null where each picture gets its own."""

    id: str
    provider: str
    model: str
    title: str
    aspect_ratio: str
    seed: int | None
    sample: int


class CellShape(BaseModel):
    """One picture's place. ``adopted``: the picture was there before, and cost this comparison nothing."""

    key: str
    row: str
    column: str
    state: CellState = Field(
        description="The job's status; `held`: not ordered because of the spending limit; `gone`: deleted since."
    )
    adopted: bool
    job_id: str | None
    seed: int | None
    error: JobError | None
    image: Image | None


class SpendingShape(BaseModel):
    """In US dollars. ``spent`` was, or may have been, charged; ``coming`` is queued or under way."""

    spent: float
    coming: float


class ComparisonSummary(BaseModel):
    id: str
    title: str
    question: str
    created_at: datetime
    frozen_at: datetime | None
    rows: list[RowShape]
    makers: list[MakerShape]
    aspect_ratios: list[str]
    seeds: list[int]
    samples: int
    cap_usd: float | None


class ComparisonShape(ComparisonSummary):
    """A grid. Where a row and a column meet and no cell is listed, it was taken out."""

    columns: list[ColumnShape]
    cells: list[CellShape]
    spending: SpendingShape
    pending: int = Field(description="Cells that are queued or under way.")


class ComparisonPage(BaseModel):
    comparisons: list[ComparisonSummary]
    next: str | None = Field(description="`cursor` of the following page; null on the last.")


class CellsDone(BaseModel):
    """``count`` is how many cells it was done with; ``plan`` is there after a dry run, which does nothing."""

    count: int
    detail: str
    plan: PlanShape | None = None


class ImportedShape(BaseModel):
    """``again``: this file was imported before, and this is that comparison."""

    comparison: ComparisonShape
    pictures: int
    votes: int
    again: bool


class ResultShape(BaseModel):
    """
    What the votes come to. ``questions`` asks which prompt, and which model, is better: each has ``state``, a
    ``sentence``, and its candidates with shares, strengths and intervals as fractions of 1.
    """

    id: str
    by: Literal["all", "visitors", "owner"]
    frozen_at: datetime | None
    votes: int
    voters: int
    ties: int
    both_bad: int
    by_visitors: int
    by_owner: int
    words: str
    questions: list[dict[str, Any]]
    noise: list[dict[str, Any]]
    sides: dict[str, Any]
    crossed: list[dict[str, Any]]
