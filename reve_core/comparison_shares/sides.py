"""The pictures behind a link, and what may be said of two that stand side by side."""

from __future__ import annotations

from dataclasses import dataclass

from reve_core.catalogue import Catalogue
from reve_core.compare import words
from reve_core.compare.ballots import Kind
from reve_core.compare.models import Cell, Place
from reve_core.comparison_shares.opened import Opened
from reve_core.errors import ComparisonNotFound
from reve_core.models import StoredImage

_WORDS = 260  # letters of a prompt beside its picture


@dataclass(frozen=True, slots=True)
class Side:
    """Whose picture stood there: "A", or the model. ``segments`` is the prompt with its own words marked, or nothing."""

    name: str
    segments: tuple[words.Segment, ...]


def sides_of(opened: Opened, kind: Kind, left: Place, right: Place, catalogue: Catalogue) -> tuple[Side, Side]:
    """Of two pictures that differ in ``kind``."""
    comparison = opened.comparison
    if kind == "models":
        return Side(catalogue.title(left.provider, left.model), ()), Side(
            catalogue.title(right.provider, right.model), ()
        )
    rows = [comparison.row(left.row), comparison.row(right.row)]
    prompts = [row.prompt if row else "" for row in rows]
    marked = words.marked(prompts) if opened.share.show_prompt else [(), ()]
    one, other = (
        Side(comparison.name_of(place.row), words.cut(segments, _WORDS))
        for place, segments in zip((left, right), marked, strict=True)
    )
    return one, other


def image_of(cell: Cell) -> StoredImage:
    """Raises ComparisonNotFound where there is none any more."""
    if cell.job is None or cell.job.image is None:
        raise ComparisonNotFound()
    return cell.job.image
