"""
What an exported comparison says: one JSON object, versioned by its ``format``.

The same models write it and read it back, so their limits are what an import accepts. Fields that are not known are passed
over, so that a later version of this format may say more.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from reve_core.compare.models import (
    MAX_CELLS,
    MAX_MODELS,
    MAX_QUESTION,
    MAX_RATIOS,
    MAX_ROWS,
    MAX_SAMPLES,
    MAX_SEEDS,
    MAX_TITLE,
    Choice,
)
from reve_core.models import ratio_of

FORMAT: Final = "reve-studio-comparison/1"
FAMILY = "reve-studio-comparison/"

MAX_FILE = 64 * 1024 * 1024  # bytes of a file that is read, HTML or JSON
MAX_PICTURES = 32 * 1024 * 1024  # bytes of all its pictures; base64 makes a third more of them
MAX_PICTURE = 4_000_000  # bytes of one picture that is read
MAX_PIXELS = 4_200_000  # of one picture that is read
MAX_VOTES = 50_000
MAX_PROMPT = 20_000  # characters
MAX_LAYOUT = 16_384  # bytes of a layout as JSON; a larger one stays behind
MAX_REGIONS = 200
MAX_NOTES = 20
MAX_NOTE = 500
SIDE = 1024  # pixels of an exported picture, the longer side
MAX_TOGETHER = MAX_CELLS * SIDE**2  # pixels of all the pictures of one file
QUALITY = 82

_SEEDS = 2**32


def _ratio(text: str) -> str:
    ratio_of(text)
    return text


def _plain(text: str) -> str:
    """A name as the app shows it. A bar would make two columns look like one; see ``Place.column``."""
    if not text.isprintable() or "|" in text:
        raise ValueError("a name has printable characters and no |")
    return text


def _not_a_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number, not true or false")
    return value


Model = Annotated[str, Field(max_length=128), AfterValidator(_plain)]
Name = Annotated[Model, Field(min_length=1)]
Ratio = Annotated[
    str, Field(max_length=20, pattern=r"^[0-9]{1,5}(\.[0-9]{1,4})?:[0-9]{1,5}(\.[0-9]{1,4})?$"), AfterValidator(_ratio)
]
Seed = Annotated[int, Field(ge=0, lt=_SEEDS), BeforeValidator(_not_a_bool)]
Count = Annotated[int, Field(ge=1, le=MAX_SAMPLES), BeforeValidator(_not_a_bool)]
Id = Annotated[str, Field(min_length=1, max_length=400)]
Prompt = Annotated[str, Field(min_length=1, max_length=MAX_PROMPT)]
Pixels = Annotated[int, Field(ge=1, le=100_000), BeforeValidator(_not_a_bool)]
Fraction = Annotated[float, Field(ge=-1, le=2, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Maker(_Part):
    """What makes pictures. ``title`` is what the exporting app called it."""

    provider: Name
    model: Model = ""
    title: Annotated[str, Field(max_length=200)] = ""


class About(_Part):
    """The comparison as it was set up."""

    title: Annotated[str, Field(max_length=MAX_TITLE)] = ""
    question: Annotated[str, Field(max_length=MAX_QUESTION)] = ""
    made_at: AwareDatetime
    frozen_at: AwareDatetime | None = None
    makers: Annotated[tuple[Maker, ...], Field(min_length=1, max_length=MAX_MODELS)]
    aspect_ratios: Annotated[tuple[Ratio, ...], Field(min_length=1, max_length=MAX_RATIOS)]
    seeds: Annotated[tuple[Seed, ...], Field(max_length=MAX_SEEDS)] = ()
    samples: Count


class Row(_Part):
    id: Id
    prompt: Prompt
    twin_of: Id | None = None


class Column(_Part):
    """``seed`` is None where each picture got its own."""

    id: Id
    provider: Name
    model: Model = ""
    aspect_ratio: Ratio
    seed: Seed | None = None
    sample: Count


class Box(_Part):
    """A region of a layout: fractions of the picture, 0 to 1, from the top left."""

    label: Annotated[str, Field(max_length=1000)] = ""
    prompt: Annotated[str, Field(max_length=MAX_PROMPT)] = ""
    x0: Fraction
    y0: Fraction
    x1: Fraction
    y1: Fraction


class Picture(_Part):
    """``data`` is base64. It is empty in a page, where the player's own list carries the picture."""

    mime: Literal["image/webp", "image/png", "image/jpeg"]
    width: Pixels
    height: Pixels
    data: str = ""


class Cell(_Part):
    """
    One picture and what it was made with. ``seed`` is the picture's own. ``original`` is the SHA-256 of the file that the
    provider sent, of which ``picture`` is a smaller copy; ``label`` the mark that it was shown with.
    """

    key: Id
    row: Id
    column: Id
    state: Annotated[str, Field(max_length=20)]
    prompt: Annotated[str, Field(max_length=MAX_PROMPT)] = ""
    provider: Annotated[str, Field(max_length=128)] = ""
    model: Annotated[str, Field(max_length=128)] = ""
    aspect_ratio: Annotated[str, Field(max_length=20)] = ""
    sample: Count = 1
    seed: Seed | None = None
    made_at: AwareDatetime | None = None
    label: Annotated[str, Field(max_length=100)] = ""
    credits: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    usd: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    notes: Annotated[tuple[Annotated[str, Field(max_length=MAX_NOTE)], ...], Field(max_length=MAX_NOTES)] = ()
    layout: Annotated[tuple[Box, ...], Field(max_length=MAX_REGIONS)] = ()
    original: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    picture: Picture | None = None


class Vote(_Part):
    """``voter`` is a name that leads back to nobody; ``left`` and ``right`` are keys of cells, as they were shown."""

    voter: Id
    by: Literal["owner", "visitor"] = "visitor"
    left: Id
    right: Id
    choice: Choice
    at: AwareDatetime


class Payload(_Part):
    format: Literal["reve-studio-comparison/1"] = "reve-studio-comparison/1"
    exported_at: datetime
    comparison: About
    rows: Annotated[tuple[Row, ...], Field(min_length=1, max_length=MAX_ROWS)]
    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=MAX_CELLS)]
    cells: Annotated[tuple[Cell, ...], Field(max_length=MAX_CELLS)]
    votes: Annotated[tuple[Vote, ...], Field(max_length=MAX_VOTES)] = ()


class PageCell(_Part):
    key: Id
    full: str = ""


class PageData(_Part):
    """What an import reads of the data that an exported page draws: its pictures, as ``data:`` addresses."""

    cells: Annotated[tuple[PageCell, ...], Field(max_length=MAX_CELLS)]
