"""The values of a comparison: what was asked for, its grid of cells, and the votes on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from reve_core.models import Job, JobRequest, Quote, Receipt, StoredImage

MAX_PROMPTS = 12
MAX_ROWS = 24  # with the A-vs-A rows
MAX_MODELS = 8
MAX_RATIOS = 8
MAX_SEEDS = 8
MAX_SAMPLES = 8
MAX_CELLS = 512
MAX_TITLE = 120
MAX_QUESTION = 200

# What a voter answers: the sides are as they were shown.
Choice = Literal["left", "right", "tie", "bad"]


class Maker(BaseModel):
    """One of the models compared. Both may be empty in a request: the default provider, or its default model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str = ""
    model: str = ""


class Axes(BaseModel):
    """
    What is to be compared with what. Empty ``makers`` and ``aspect_ratios`` mean the default one, empty ``seeds`` that
    each picture gets its own. ``samples`` is how many pictures each cell's place in the grid is given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompts: tuple[str, ...]
    makers: tuple[Maker, ...] = ()
    aspect_ratios: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    samples: int = 1


class Row(BaseModel):
    """
    One prompt of a comparison. ``twin_of`` is the id of the row that it repeats: an A-vs-A row, there to show how much
    pictures of one prompt differ. Ids are ``r1``, ``r2``, …, and ``r2-1`` for the first twin of ``r2``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    prompt: str
    twin_of: str | None = None


class Place(BaseModel):
    """Where a cell stands: its row, and what else makes its column. ``sample`` counts from 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: str
    provider: str
    model: str
    aspect_ratio: str
    seed: int | None = None
    sample: int = Field(default=1, ge=1, le=MAX_SAMPLES)

    @property
    def column(self) -> str:
        """The id of its column: the same for all rows."""
        seed = "" if self.seed is None else self.seed
        return f"{self.provider}|{self.model}|{self.aspect_ratio}|{seed}|{self.sample}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    A grid as its owner set it up. ``makers`` and ``aspect_ratios`` are resolved: they name what exists. ``cap_usd`` is
    the most it may spend (None: no cap). ``frozen_at``: no more votes from then on. ``rev`` rises with every change.
    """

    id: str
    owner: str
    created_at: datetime
    rows: tuple[Row, ...]
    makers: tuple[Maker, ...]
    aspect_ratios: tuple[str, ...]
    seeds: tuple[int, ...]
    samples: int
    title: str = ""
    question: str = ""
    cap_usd: float | None = None
    frozen_at: datetime | None = None
    rev: int = 1

    @property
    def originals(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.twin_of is None)

    @property
    def axes(self) -> Axes:
        """What it was made from: the template for another one."""
        return Axes(
            prompts=tuple(row.prompt for row in self.originals),
            makers=self.makers,
            aspect_ratios=self.aspect_ratios,
            seeds=self.seeds,
            samples=self.samples,
        )

    def row(self, row_id: str) -> Row | None:
        return next((row for row in self.rows if row.id == row_id), None)

    def name_of(self, row_id: str) -> str:
        """The letter of a row: A, B, …; a twin has its original's with a stroke, A′."""
        for row in self.rows:
            if row.id == row_id and row.twin_of is not None:
                twins = [each.id for each in self.rows if each.twin_of == row.twin_of]
                return self.name_of(row.twin_of) + "′" * (twins.index(row.id) + 1)
        originals = [row.id for row in self.originals]
        return letter(originals.index(row_id)) if row_id in originals else "?"


@dataclass(frozen=True, slots=True)
class Cell:
    """
    One picture's place. ``key`` is worked out from everything that determines the picture and its number. ``job_id`` is
    None while nothing was ordered for it (the spending cap held it back); ``job`` is None then, and where the job lies in
    the trash or was deleted. ``adopted``: the picture was there before and cost this comparison nothing.
    """

    key: str
    place: Place
    job_id: str | None = None
    adopted: bool = False
    job: Job | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """A comparison with its columns from left to right and the cells it has, by row id and column id."""

    comparison: Comparison
    columns: tuple[Place, ...]
    cells: Mapping[tuple[str, str], Cell]


@dataclass(frozen=True, slots=True)
class Finished:
    """
    A picture from somewhere else, its files in place already: a job that is done from the start. No call was made for it
    here, and none is recorded. ``image`` is named after ``job_id``, which is new.
    """

    job_id: str
    request: JobRequest
    image: StoredImage
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class NewCell:
    """
    A cell to be stored: with the job it adopts, with a ``request`` to be queued in the same commit, with a picture that is
    ``finished``, or with none of them, held back. ``usd`` and ``credits`` are the forecast for what is queued.
    """

    key: str
    place: Place
    adopts: str | None = None
    request: JobRequest | None = None
    finished: Finished | None = None
    usd: float = 0.0
    credits: float = 0.0


@dataclass(frozen=True, slots=True)
class Spending:
    """
    What a comparison has cost, in USD. ``spent`` was, or may have been, charged; ``claimed`` is about to be, and
    ``queued`` waits. ``dearest`` is the most that one call of a provider's model has cost it.
    """

    spent: float = 0.0
    claimed: float = 0.0
    queued: float = 0.0
    dearest: Mapping[tuple[str, str], float] = field(default_factory=dict)

    @property
    def coming(self) -> float:
        return self.claimed + self.queued

    @property
    def committed(self) -> float:
        return self.spent + self.coming


@dataclass(frozen=True, slots=True)
class Summary:
    """
    What a list shows of a comparison: how many ``cells`` it has, of which ``done`` have a picture and ``pending`` will
    have one, the votes that count, and some of its pictures: one of each row before a second one of any.
    """

    cells: int
    done: int
    pending: int
    votes: int
    faces: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What making, or completing, a comparison would do: ``pictures`` in all, of which the owner has ``have`` already;
    ``new`` will be ordered and ``held`` not, because of the cap. ``quote`` is for the new ones, ``by_maker`` how many of
    them each provider and model makes.
    """

    pictures: int
    have: int
    new: int
    held: int
    quote: Quote
    by_maker: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ballot:
    """
    Two pictures put before one voter, under an id that says nothing about them. ``left`` and ``right`` are cell keys;
    ``choice`` is None until it is cast. ``voter`` is an opaque name; the owner's own is ``OWNER``.
    """

    id: str
    comparison_id: str
    voter: str
    left: str
    right: str
    created_at: datetime
    choice: Choice | None = None
    cast_at: datetime | None = None


OWNER = "owner"  # the voter's name under which an owner's own scores are kept


def letter(index: int) -> str:
    """A, B, … Z, AA, AB."""
    return letter(index // 26 - 1) + letter(index % 26) if index >= 26 else chr(ord("A") + index)
