"""The share as a frame on another page: how large, and the HTML for it."""

from __future__ import annotations

from reve_core.pictures.rendition import CARD
from reve_core.web.html.markup import Markup, tag

BAR = 48  # pixels below the picture, for the label and the way to the app
_WIDTH, _TALLEST, _SMALLEST = 640, 760, 120
TITLE, COMPARISON = "A picture from Reve Studio", "A comparison from Reve Studio"
_GRID = (8, 7)  # the shape of a frame that a grid is looked at in


def frame_size(
    width: int, height: int, most_width: int | None = None, most_height: int | None = None
) -> tuple[int, int]:
    """
    Width and height of a frame for a picture of ``width`` by ``height``, within what the other page has room for.

    A frame never gets so narrow that the label could not be read, as long as there is room.
    """
    widest = min(_WIDTH, most_width or _WIDTH)
    tallest = max(min(_TALLEST, most_height or _TALLEST) - BAR, 1)
    wide = min(widest, round(tallest * width / height))
    wide = min(max(wide, 2 * _SMALLEST), widest)
    return wide, min(max(round(wide * height / width), 1), tallest) + BAR


def comparison_size(
    *, may_vote: bool, most_width: int | None = None, most_height: int | None = None
) -> tuple[int, int]:
    """Of a vote the preview card is shown, of a comparison to look at its grid."""
    shape = CARD if may_vote else _GRID
    return frame_size(*shape, most_width, most_height)


def snippet(base: str, token: str, size: tuple[int, int], *, door: str = "s") -> Markup:
    """The HTML that shows the share of a picture, or of a comparison (``door`` "c"), on another page."""
    return tag(
        "iframe",
        src=f"{base}/{door}/{token}/embed",
        width=size[0],
        height=size[1],
        title=TITLE if door == "s" else COMPARISON,
        loading="lazy",
        frameborder=0,
        style="max-width:100%",
    )
