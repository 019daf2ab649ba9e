"""Small pictures made on the spot, and PNG pieces put together by hand."""

from __future__ import annotations

import io
import zlib
from typing import Any

from PIL import Image

from reve_core.pictures.check import PNG_SIGNATURE, Caps

CAPS = Caps(max_bytes=2_000_000, max_pixels=4_000_000)


def image(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    red = Image.linear_gradient("L").resize((width, height))
    green = red.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    blue = Image.radial_gradient("L").resize((width, height))
    return Image.merge("RGB", (red, green, blue)).convert(mode)


def encoded(kind: str, picture: Image.Image | None = None, **options: Any) -> bytes:
    buffer = io.BytesIO()
    (picture or image()).save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    return chunk(b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([depth, colour, 0, 0, 0]))


def png(*chunks: bytes) -> bytes:
    return PNG_SIGNATURE + b"".join(chunks)


def with_chunk(data: bytes, piece: bytes) -> bytes:
    """``piece`` set right behind the PNG's header."""
    return data[:33] + piece + data[33:]


def pieces(data: bytes) -> list[tuple[bytes, bytes]]:
    """Type and body of each chunk, by a reading of the format that is not the app's own."""
    found, at = [], 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found
