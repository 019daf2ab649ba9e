"""A PNG written from top to bottom, band by band, so that a large picture is never in memory as a whole."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from reve_core.pictures.check import PNG_SIGNATURE

if TYPE_CHECKING:
    from PIL.Image import Image

_UP = b"\x02"  # each line as its difference from the one above it


class Bands:
    """
    RGB, 8 bits a channel, ``width`` × ``height`` pixels. Source: PNG, third edition, 9.2 and 11.2.

    The bands' heights together must be ``height``; ``finished`` raises ValueError where they are not.
    """

    def __init__(self, width: int, height: int, *, level: int = 6) -> None:
        self._width, self._left = width, height
        self._packer = zlib.compressobj(level)
        self._above: Image | None = None
        header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
        self._pieces = [PNG_SIGNATURE, _chunk(b"IHDR", header)]

    def add(self, band: Image) -> None:
        from PIL import Image as Pillow
        from PIL import ImageChops

        if band.mode != "RGB" or band.width != self._width or band.height > self._left:
            raise ValueError("The band does not fit into the picture.")
        self._left -= band.height
        above = Pillow.new("RGB", band.size)
        if self._above is not None:
            above.paste(self._above)
        above.paste(band.crop((0, 0, band.width, band.height - 1)), (0, 1))
        self._above = band.crop((0, band.height - 1, band.width, band.height))
        lines = memoryview(ImageChops.subtract_modulo(band, above).tobytes())
        step = band.width * 3
        rows = (_UP + bytes(lines[at : at + step]) for at in range(0, len(lines), step))
        if packed := b"".join(self._packer.compress(row) for row in rows):
            self._pieces.append(_chunk(b"IDAT", packed))

    def finished(self) -> bytes:
        if self._left:
            raise ValueError("The picture is not complete.")
        return b"".join([*self._pieces, _chunk(b"IDAT", self._packer.flush()), _chunk(b"IEND", b"")])


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
