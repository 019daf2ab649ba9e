"""Pictures on their way out and in: small copies with nothing in them but pixels."""

from __future__ import annotations

import base64
import binascii
import io
import math
from typing import TYPE_CHECKING

from reve_core.errors import PictureDamaged
from reve_core.exchange.payload import MAX_PICTURE, MAX_PICTURES, MAX_PIXELS, MAX_TOGETHER, QUALITY, SIDE
from reve_core.pictures import bare, check, thumbnail
from reve_core.pictures.uploaded import Fresh, fresh

if TYPE_CHECKING:
    from PIL.Image import Image

_ASSUMED = check.Caps(max_bytes=MAX_PICTURE, max_pixels=MAX_PIXELS)
_TRIES = 4  # at finding the size that fits
_LAST = 128, 40  # side and quality of what fits nowhere


def room_for(pictures: int) -> int:
    """The bytes that each of so many pictures may take."""
    return MAX_PICTURES // max(pictures, 1)


def small_copy(data: bytes, caps: check.Caps, room: int) -> bytes:
    """
    A still WebP of at most ``SIDE`` pixels on its longer side and ``room`` bytes. One that is so already stays as it is:
    a copy of a copy loses nothing. Raises PictureDamaged.
    """
    facts = check.inspect(data, caps)
    if facts.mime == "image/webp" and max(facts.width, facts.height) <= SIDE and len(data) <= room:
        return bare.bare(data)
    picture = thumbnail.plain(check.decode(data, caps))
    side = SIDE
    for _ in range(_TRIES):
        made = _webp(picture, side, QUALITY)
        if len(made) <= room:
            return made
        # Bytes grow about as the number of pixels does; a little less than that is nearly always enough at once.
        side = max(_LAST[0], int(min(side, max(picture.size)) * 0.9 * math.sqrt(room / len(made))))
    return _webp(picture, *_LAST)


def size_of_copy(width: int, height: int) -> tuple[int, int]:
    """Its pixels, where there is room for the usual size."""
    scale = min(1.0, SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _webp(picture: Image, side: int, quality: int) -> bytes:
    from PIL import Image as Pillow
    from PIL import WebPImagePlugin  # noqa: F401  (registers the format)

    scale = min(1.0, side / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = picture if size == picture.size else picture.resize(size, Pillow.Resampling.LANCZOS, reducing_gap=3.0)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=quality, method=2, icc_profile=b"", exif=b"", xmp=b"")
    return buffer.getvalue()


class Unpacking:
    """
    The pictures of one stranger's file, made anew one after the other. A small file may unpack to very much: together they
    may have no more pixels than an export's.
    """

    def __init__(self, caps: check.Caps, *, most: int = MAX_TOGETHER) -> None:
        self._caps = check.Caps(min(caps.max_bytes, _ASSUMED.max_bytes), min(caps.max_pixels, _ASSUMED.max_pixels))
        self._left = most

    def picture(self, text: str) -> Fresh:
        """One that came as base64. Raises PictureDamaged."""
        made = fresh(_decoded(text), self._caps)
        self._left -= made.facts.width * made.facts.height
        if self._left < 0:
            raise PictureDamaged("Together they are larger than those of any exported comparison.")
        return made


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise PictureDamaged("The picture is not written in base64.") from None
