"""
Are these bytes a picture that we may keep, and is it whole?

``inspect`` reads magic bytes and headers only: the caps hold before a single pixel is decoded. ``decode`` then decodes
every pixel. PNG, JPEG and WebP, nothing else, whatever a header or a file name says. Pillow is imported when first
needed, since start-up should not pay for it.

Sources: PNG, third edition (W3C), sections 5 and 11; ITU-T T.81 annex B; RFC 9649 (WebP).
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reve_core.errors import PictureDamaged

if TYPE_CHECKING:
    from PIL.Image import Image

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}  # colour type → bit depths
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})  # JPEG SOFn
_MOST_CHUNKS = 65_536
_TRUNCATED = "The picture is cut short: its last bytes are missing."
_STRANGE = "These bytes are not a PNG, JPEG or WebP picture."
_ANIMATED = "The picture is animated. Only still pictures can be used."


@dataclass(frozen=True, slots=True)
class Caps:
    """The largest picture we accept: bytes of the file, and pixels once decoded (width times height)."""

    max_bytes: int
    max_pixels: int


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What the bytes say about themselves. ``suffix`` begins with a dot; ``width`` and ``height`` are pixels."""

    mime: str
    suffix: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """One PNG chunk: its four-letter type, and where it lies, length and CRC fields included."""

    type: bytes
    start: int
    end: int

    @property
    def body(self) -> slice:
        return slice(self.start + 8, self.end - 4)


def inspect(data: bytes, caps: Caps) -> PictureFacts:
    """Type and size of a still picture, without decoding it. Raises ``PictureDamaged`` with a sentence that says why."""
    if len(data) > caps.max_bytes:
        raise PictureDamaged(f"The picture file is larger than {_mega(caps.max_bytes)} MB.")
    if data.startswith(PNG_SIGNATURE):
        facts = PictureFacts("image/png", ".png", *_png_size(data))
    elif data.startswith(b"\xff\xd8\xff"):
        facts = PictureFacts("image/jpeg", ".jpg", *_jpeg_size(data))
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        facts = PictureFacts("image/webp", ".webp", *_webp_size(data))
    else:
        raise PictureDamaged(_STRANGE if data else "There are no picture bytes at all.")
    if facts.width < 1 or facts.height < 1:
        raise PictureDamaged("The picture says that it has no pixels.")
    if facts.width * facts.height > caps.max_pixels:
        raise PictureDamaged(
            f"The picture is {facts.width} × {facts.height} pixels; the most allowed is"
            f" {_mega(caps.max_pixels)} million pixels."
        )
    return facts


def decode(data: bytes, caps: Caps) -> Image:
    """
    The picture, every pixel decoded, in the mode it came in; without text, profile or EXIF.

    Raises ``PictureDamaged`` for whatever is cut short, corrupt, animated or over the caps.
    """
    facts = inspect(data, caps)
    # The plugin classes themselves rather than Image.open(formats=...): no other decoder can be chosen, and Pillow's own
    # bomb check, a process-wide number that warns before it refuses, stays out of the way of the caps applied above.
    from PIL import ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    kind: type[ImageFile.ImageFile]
    if facts.suffix == ".png":
        kind, data = PngImagePlugin.PngImageFile, _lean_png(data)
    elif facts.suffix == ".jpg":
        kind = JpegImagePlugin.JpegImageFile
        _whole_jpeg(data)
    else:
        kind = WebPImagePlugin.WebPImageFile
        _whole_webp(data)
    try:
        with kind(io.BytesIO(data)) as opened:
            if opened.size != (facts.width, facts.height) or getattr(opened, "n_frames", 1) != 1:
                raise PictureDamaged("The picture's headers contradict each other.")
            opened.load()
    except PictureDamaged:
        raise
    except Exception as exc:  # Pillow's decoders raise nearly every type there is for bytes they cannot make sense of.
        raise PictureDamaged("The picture does not decode: its data is corrupt or cut short.") from exc
    keep = opened.info.get("transparency")
    opened.info = {} if keep is None else {"transparency": keep}
    # Pillow's JPEG object keeps EXIF in places of its own, which a copy leaves behind. The others are handed out as they
    # are, their file closed: a copy would hold the pixels twice, 64 MB each for a large picture.
    return opened.copy() if facts.suffix == ".jpg" else opened


# ---------------------------------------------------------------- PNG


def png_chunks(data: bytes, *, checksums: bool = True) -> Iterator[Chunk]:
    """
    The chunks of a PNG up to its IEND, each one's CRC checked as it is reached.

    Raises ``PictureDamaged`` where the file is cut short, a checksum is wrong, there are absurdly many chunks, or the
    data is no PNG. ``checksums=False`` is for bytes that were checked before.
    """
    if not data.startswith(PNG_SIGNATURE):
        raise PictureDamaged(_STRANGE)
    view = memoryview(data)
    at = len(PNG_SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        if at + 12 > len(data):
            raise PictureDamaged(_TRUNCATED)
        end = at + 12 + int.from_bytes(view[at : at + 4], "big")
        if end > len(data):
            raise PictureDamaged(_TRUNCATED)
        if checksums and zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
            raise PictureDamaged("The picture is corrupt: one of its checksums is wrong.")
        chunk = Chunk(bytes(view[at + 4 : at + 8]), at, end)
        yield chunk
        if chunk.type == b"IEND":
            return
        at = end
    raise PictureDamaged("The picture consists of more pieces than any honest one.")


def _png_size(data: bytes) -> tuple[int, int]:
    if len(data) < 33:
        raise PictureDamaged(_TRUNCATED)
    depth, colour, compression, filtering, interlace = data[24:29]
    if data[8:16] != b"\x00\x00\x00\rIHDR" or zlib.crc32(data[12:29]) != int.from_bytes(data[29:33], "big"):
        raise PictureDamaged("The picture's header is corrupt.")
    if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise PictureDamaged("The picture's header is corrupt.")
    at = 33
    for _ in range(_MOST_CHUNKS):  # acTL, where there is one, comes before the first IDAT
        kind = data[at + 4 : at + 8]
        if kind == b"acTL":
            raise PictureDamaged(_ANIMATED)
        if kind in (b"IDAT", b""):
            break
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _lean_png(data: bytes) -> bytes:
    """
    Only what the pixels need, after a walk that has checked every chunk.

    Text, profiles and other extras could each unpack to megabytes, and none of them changes a pixel.
    """
    view = memoryview(data)
    kept: list[memoryview | bytes] = [PNG_SIGNATURE]
    pixels = False
    for chunk in png_chunks(data):
        pixels = pixels or chunk.type == b"IDAT"
        if chunk.type in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            kept.append(view[chunk.start : chunk.end])
        elif chunk.type[0] & 0x20 == 0:  # an upper-case first letter: cannot be understood without it
            raise PictureDamaged("The picture uses a kind of PNG that this app does not know.")
    if not pixels:
        raise PictureDamaged("The picture holds no pixel data.")
    if sum(map(len, kept)) == len(data):
        return data
    return b"".join(kept)


# ---------------------------------------------------------------- JPEG


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Marker and position of each segment's length field, up to the first scan."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise PictureDamaged("The picture's header is corrupt.")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        at += 2
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # no length follows these
            continue
        if marker == 0xD9:
            break
        yield marker, at
        if marker == 0xDA:
            return
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2:
            raise PictureDamaged("The picture's header is corrupt.")
        at += length
    raise PictureDamaged(_TRUNCATED)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    for marker, at in _jpeg_segments(data):
        if marker in _FRAMES:
            if at + 8 > len(data):
                raise PictureDamaged(_TRUNCATED)
            return int.from_bytes(data[at + 5 : at + 7], "big"), int.from_bytes(data[at + 3 : at + 5], "big")
    raise PictureDamaged("The picture's header is corrupt.")


def _whole_jpeg(data: bytes) -> None:
    # The decoder is content without the closing marker; inside the scans it cannot occur by chance.
    scan = next(at for marker, at in _jpeg_segments(data) if marker == 0xDA)
    if data.find(b"\xff\xd9", scan) < 0:
        raise PictureDamaged(_TRUNCATED)


# ---------------------------------------------------------------- WebP


def _webp_size(data: bytes) -> tuple[int, int]:
    if len(data) < 30:
        raise PictureDamaged(_TRUNCATED)
    kind = data[12:16]
    if kind == b"VP8X":
        if data[20] & 0x02:
            raise PictureDamaged(_ANIMATED)
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
    raise PictureDamaged("The picture's header is corrupt.")


def _whole_webp(data: bytes) -> None:
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise PictureDamaged(_TRUNCATED)
    at = 12
    while at < end:
        if at + 8 > end:
            raise PictureDamaged(_TRUNCATED)
        if data[at : at + 4] in (b"ANIM", b"ANMF"):
            raise PictureDamaged(_ANIMATED)
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + (length & 1)
    if at > end + 1:  # one padding byte may be left out at the very end
        raise PictureDamaged(_TRUNCATED)


def _mega(count: int) -> str:
    return f"{count / 1_000_000:.3g}"
