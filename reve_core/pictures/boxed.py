"""
A picture for a blind vote: whatever made it and however large it came, it is shown at the size that its rival is shown at.

Only pixels of one size leave: no metadata, no format, no dimensions that would tell who drew it.
"""

from __future__ import annotations

import io
from math import sqrt
from typing import TYPE_CHECKING

from reve_core.models import ratio_of
from reve_core.pictures import thumbnail
from reve_core.pictures.shapes import covering, on_paper

if TYPE_CHECKING:
    from PIL.Image import Image

_PIXELS = 1_000_000
_LONGEST = 1600
# Models keep to a shape within a few per cent. So little is cut off: bars as narrow as that would tell them apart.
_NEARLY = 1.06
_GROUND = "#7d7c7a"  # neither light nor dark


def box_of(aspect_ratio: str) -> tuple[int, int]:
    """Width and height, in pixels, of everything that was asked for in this shape. A shape unknown here is a square."""
    try:
        wide, high = ratio_of(aspect_ratio)
    except ValueError:
        wide = high = 1.0
    scale = min(sqrt(_PIXELS / (wide * high)), _LONGEST / max(wide, high))
    return max(1, round(wide * scale)), max(1, round(high * scale))


def boxed(picture: Image, box: tuple[int, int]) -> bytes:
    """A WebP of exactly ``box``. A picture of quite another shape stands whole on neutral ground."""
    from PIL import Image as Pillow
    from PIL import WebPImagePlugin  # noqa: F401  (registers the format)

    flat = on_paper(thumbnail.plain(picture))
    shape = flat.width / flat.height * box[1] / box[0]
    if 1 / _NEARLY <= shape <= _NEARLY:
        whole = covering(flat, box)
    else:
        whole = Pillow.new("RGB", box, _GROUND)
        scale = min(box[0] / flat.width, box[1] / flat.height)
        size = (max(1, round(flat.width * scale)), max(1, round(flat.height * scale)))
        near = flat.resize(size, Pillow.Resampling.LANCZOS, reducing_gap=3.0)
        whole.paste(near, ((box[0] - size[0]) // 2, (box[1] - size[1]) // 2))
    buffer = io.BytesIO()
    whole.save(buffer, "WEBP", quality=86, method=2, icc_profile=b"", exif=b"", xmp=b"")
    return buffer.getvalue()
