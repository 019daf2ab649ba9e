"""
A picture's layout: labelled boxes, as Reve 2 returns them and as the sketch provider draws from.

Coordinates are fractions of the picture, 0 to 1, origin at the top left. The field names are those of the Reve v2 API,
so a layout travels to and from it unchanged.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class BBox(BaseModel):
    """A box in the picture: ``x0 < x1`` and ``y0 < y1`` in a layout fit for drawing."""

    model_config = ConfigDict(frozen=True)

    x0: float
    y0: float
    x1: float
    y1: float


class Region(BaseModel):
    """
    One labelled box. ``label`` is unique in its layout; ``prompt`` says what is drawn there.

    Fields we do not know are kept (``extra="allow"``), so that a stored layout loses nothing of the answer.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    label: str
    prompt: str = ""
    bbox: BBox
    region_type: str | None = None
    parent: str | None = None


class Layout(BaseModel):
    """All regions of one picture. ``width`` and ``height`` are pixels, both or neither."""

    model_config = ConfigDict(frozen=True, extra="allow")

    regions: tuple[Region, ...] = Field(default=())
    prompt: str | None = None
    width: int | None = None
    height: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The layout as plain JSON values, absent fields left out."""
        return self.model_dump(mode="json", exclude_none=True)
