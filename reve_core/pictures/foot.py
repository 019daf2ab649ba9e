"""The foot of a preview card: whose picture it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reve_core.pictures import letters
from reve_core.pictures.shapes import INK, NAME, SCALE, mark

if TYPE_CHECKING:
    from PIL.Image import Image

MARGIN: Final = 36  # pixels
BAR: Final = 76  # its height in pixels


def foot(width: int, label: str, *, between: str = "") -> Image:
    """
    See-through, ``width`` × ``BAR``: the mark and the name at the left, the provider's ``label`` at the right.

    ``between`` is a line that stands in the middle of what is left, and is cut to it.
    """
    from PIL import Image as Pillow
    from PIL import ImageDraw

    size = (width * SCALE, BAR * SCALE)
    whole = Pillow.new("RGBA", size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(whole)
    middle = size[1] // 2
    mark(draw, MARGIN * SCALE, middle - 17 * SCALE, 34 * SCALE)
    face, start = letters.font(29 * SCALE, 500), (MARGIN + 48) * SCALE
    draw.text((start, middle), NAME, fill=INK, font=face, anchor="lm")
    start += round(face.getlength(NAME)) + 28 * SCALE

    font = letters.font(24 * SCALE)
    text = letters.short(label, font, (360 if between else 600) * SCALE)
    right, pad = (width - MARGIN) * SCALE, 20 * SCALE
    left = right - round(font.getlength(text)) - 2 * pad
    box = (left, middle - 21 * SCALE, right, middle + 21 * SCALE)
    draw.rounded_rectangle(box, 21 * SCALE, fill=(12, 12, 11, 190), outline=(236, 235, 232, 130), width=SCALE)
    draw.text((left + pad, middle), text, fill=INK, font=font, anchor="lm")

    if between:
        end = left - 28 * SCALE
        face = letters.font(27 * SCALE, letters.STRONG)
        text = letters.short(between, face, end - start)
        # In the card's own middle where it fits there.
        half = face.getlength(text) / 2
        centre = min(max(size[0] / 2, start + half), end - half)
        draw.text((centre, middle), text, fill=INK, font=face, anchor="mm")
    return whole.resize((width, BAR), Pillow.Resampling.LANCZOS)
