"""A comparison as one labelled picture, put together from its thumbnails."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from reve_core import gridview
from reve_core.catalogue import Catalogue
from reve_core.compare import words
from reve_core.compare.models import Grid
from reve_core.errors import BlobError, PictureDamaged
from reve_core.models import ratio_of
from reve_core.pictures import check, contact
from reve_core.pictures.letters import Run
from reve_core.ports import Blobs

if TYPE_CHECKING:
    from PIL.Image import Image

log = logging.getLogger(__name__)

_THUMBNAIL = check.Caps(max_bytes=1_000_000, max_pixels=1_000_000)
_WORDS = {"held": "held back", "gone": "deleted", "queued": "in line", "running": "being made", "unknown": "unclear"}


def drawn(grid: Grid, *, catalogue: Catalogue, blobs: Blobs) -> bytes:
    """A PNG. Raises BadInput where there is nothing to show, or too much for one picture."""
    comparison, columns = grid.comparison, grid.columns

    def state(row: int, column: int) -> str:
        cell = grid.cells.get((comparison.rows[row].id, columns[column].column))
        return "not made" if cell is None else gridview.state_of(cell)

    def opened(row: int, column: int) -> Image | None:
        cell = grid.cells.get((comparison.rows[row].id, columns[column].column))
        if cell is None or cell.job is None or cell.job.image is None or gridview.state_of(cell) != "done":
            return None
        try:
            data = blobs.get(cell.job.image.thumbnail, max_bytes=_THUMBNAIL.max_bytes)
            return check.decode(data, _THUMBNAIL)
        except (BlobError, PictureDamaged) as exc:
            log.warning("A picture is missing on a contact sheet: %s", exc)
            return None

    heads = gridview.column_heads(columns, catalogue)
    return contact.contact_sheet(
        _told(grid),
        [" · ".join(each) for each in heads],
        opened,
        title=comparison.title or gridview.title(comparison),
        names=[comparison.name_of(row.id) for row in comparison.rows],
        labels=sorted({catalogue.label(maker.provider) for maker in comparison.makers}),
        word=lambda row, column: _WORDS.get(state(row, column), state(row, column)),
        shape=_shape(grid),
    )


def _told(grid: Grid) -> list[list[Run]]:
    """The prompts, each with the words emphasised that not all the others have."""
    marked = words.marked([row.prompt for row in grid.comparison.rows])
    return [[(piece.text, piece.kind != "same") for piece in each] for each in marked]


def _shape(grid: Grid) -> float:
    """The widest of its shapes: a taller one then still has the height."""
    shapes = [wide / tall for wide, tall in map(ratio_of, grid.comparison.aspect_ratios)]
    return min(max(max(shapes, default=1.0), 0.25), 4.0)
