"""
The text chunks of a PNG: written behind the header, read within limits. No pixel is decoded.

Source: PNG, third edition, 11.3.3.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

from reve_core.errors import PictureDamaged
from reve_core.pictures.check import Chunk, png_chunks

MAX_TEXT = 64 * 1024  # characters or bytes of one text chunk, unpacked

_TEXT_KINDS = (b"tEXt", b"zTXt", b"iTXt")


def spliced(
    data: bytes,
    texts: Mapping[str, str],
    *,
    instead_of: tuple[str, ...],
    stays: Callable[[str, Chunk], bool] = lambda keyword, chunk: False,
) -> bytes:
    """
    The same PNG with ``texts`` by their keywords. Chunks under the keywords ``instead_of`` go, but for those that
    ``stays`` accepts: such a one is kept, and ours of the same keyword left out. Raises ``PictureDamaged``.
    """
    chunks = list(png_chunks(data, checksums=False))
    if chunks[0].type != b"IHDR":
        raise PictureDamaged("The picture's header is corrupt.")
    left = dict(texts)
    view = memoryview(data)
    head = kept_from = chunks[0].end
    pieces: list[bytes | memoryview] = []
    for chunk in chunks[1:]:
        keyword = keyword_of(data, chunk)
        if keyword is None or keyword not in instead_of:
            continue
        if stays(keyword, chunk):
            left.pop(keyword, None)
            continue
        pieces.append(view[kept_from : chunk.start])
        kept_from = chunk.end
    pieces.append(view[kept_from:])
    return b"".join([view[:head], *(_itxt(keyword, text) for keyword, text in left.items()), *pieces])


def keyword_of(data: bytes, chunk: Chunk) -> str | None:
    if chunk.type not in _TEXT_KINDS:
        return None
    start = chunk.body.start
    end = data.find(b"\x00", start, min(chunk.body.stop, start + 80))
    return data[start:end].decode("latin-1") if end > start else None


def text_of(data: bytes, chunk: Chunk) -> str:
    """The text of a chunk whose keyword is known. Raises ``PictureDamaged`` where it is too long or malformed."""
    body = data[chunk.body].partition(b"\x00")[2]
    packed = chunk.type == b"zTXt"
    if packed:
        body = body[1:]
    elif chunk.type == b"iTXt":
        packed, body = body[:1] == b"\x01", body[2:]
        body = body.partition(b"\x00")[2].partition(b"\x00")[2]
    if packed:
        try:
            body = zlib.decompressobj().decompress(body, MAX_TEXT + 1)
        except zlib.error as exc:
            raise PictureDamaged("The picture's text is corrupt.") from exc
    if len(body) > MAX_TEXT:
        raise PictureDamaged(f"The picture holds more than {MAX_TEXT // 1024} kB of text.")
    try:
        return body.decode("utf-8")  # tEXt ought to be Latin-1, but many tools write UTF-8 there
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _itxt(keyword: str, text: str) -> bytes:
    # keyword, no compression, no language, no translated keyword; a zero byte may not occur in the text
    content = text.replace("\x00", "\ufffd").encode("utf-8", "replace")
    body = b"iTXt" + keyword.encode("latin-1") + b"\x00\x00\x00\x00\x00" + content
    return (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
