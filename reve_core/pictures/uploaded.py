"""
A picture that somebody sent: looked at before it is decoded, decoded within limits, and made anew.

Nothing of the file goes on but its pixels, upright. What is stored and served was encoded here, so that no file that is a
picture and something else at once, no note on where a photograph was taken and no hidden text ever comes out again.
"""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass
from typing import Final

from reve_core.errors import PictureDamaged
from reve_core.pictures import check, thumbnail
from reve_core.pictures.bare import orientation
from reve_core.pictures.check import PNG_SIGNATURE, Caps, PictureFacts, png_chunks

MOST: Final = Caps(max_bytes=40_000_000, max_pixels=16_000_000)
LONGEST: Final = 6000  # pixels of a side
QUALITY: Final = 90

_AT_ONCE = 2  # decodings: each may take a hundred megabytes, and strangers choose the moment
_MOST_TEXTS, _TEXT_BYTES = 100, 1_000_000  # of a PNG, packed; none is ever unpacked
_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf")

_turns = threading.BoundedSemaphore(_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A WebP of our own making, with its small copy. Neither carries anything but pixels."""

    data: bytes
    thumbnail: bytes
    facts: PictureFacts


def fresh(data: bytes, caps: Caps = MOST) -> Fresh:
    """
    ``caps`` may be tighter than ``MOST``, never wider. Waits while others are decoded.

    Raises ``PictureDamaged`` for whatever is not a still PNG, JPEG or WebP, is too large once unpacked, cut short or corrupt.
    """
    least = Caps(min(caps.max_bytes, MOST.max_bytes), min(caps.max_pixels, MOST.max_pixels))
    facts = check.inspect(data, least)
    if max(facts.width, facts.height) > LONGEST:
        raise PictureDamaged(f"The picture is {max(facts.width, facts.height):,} pixels long; the most is {LONGEST:,}.")
    if data.startswith(PNG_SIGNATURE):
        _few_texts(data)
    with _turns:
        return _made(data, least)


def _few_texts(data: bytes) -> None:
    texts = [chunk.end - chunk.start for chunk in png_chunks(data, checksums=False) if chunk.type in _TEXTS]
    if len(texts) > _MOST_TEXTS or sum(texts) > _TEXT_BYTES:
        raise PictureDamaged("The picture holds more text than any honest one.")


def _made(data: bytes, caps: Caps) -> Fresh:
    from PIL import Image as Pillow
    from PIL import WebPImagePlugin  # noqa: F401  (registers the format)

    way = Pillow.Transpose
    turns = {
        2: way.FLIP_LEFT_RIGHT,
        3: way.ROTATE_180,
        4: way.FLIP_TOP_BOTTOM,
        5: way.TRANSPOSE,
        6: way.ROTATE_270,
        7: way.TRANSVERSE,
        8: way.ROTATE_90,
    }
    picture = thumbnail.plain(check.decode(data, caps))
    if (turned := turns.get(orientation(data))) is not None:
        picture = picture.transpose(turned)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=QUALITY, method=2, icc_profile=b"", exif=b"", xmp=b"")
    facts = PictureFacts("image/webp", ".webp", picture.width, picture.height)
    return Fresh(buffer.getvalue(), thumbnail.make(picture), facts)
