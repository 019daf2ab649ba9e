"""
The same picture with nothing in it but pixels and colours: what a shared copy begins as.

No pixel is decoded. What is kept is listed, and everything else goes: text, EXIF, XMP, comments, private pieces, C2PA
manifests, and whatever hangs behind the end. Of a JPEG's EXIF the orientation stays, for it belongs to the pixels.

Sources: PNG, third edition, 5.6 and 11; ITU-T T.81, B.1 and B.2; Exif 2.32, 4.6; RFC 9649 (WebP), 2.7; C2PA 2.2, A.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from reve_core.errors import PictureDamaged
from reve_core.pictures.check import PNG_SIGNATURE, png_chunks

# The critical ones, and those without which the same numbers would be other colours or another size on paper.
_PNG = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs".split(),
)
_WEBP = frozenset((b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP"))
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04

_JPEG_JFIF, _JPEG_EXIF, _JPEG_ICC, _JPEG_ADOBE = b"JFIF\0", b"Exif\0\0", b"ICC_PROFILE\0", b"Adobe"
_JPEG_APPS = {0xE2: _JPEG_ICC, 0xEE: _JPEG_ADOBE}
_SOS, _EOI, _COMMENT = 0xDA, 0xD9, 0xFE
_CUT = "The picture is cut short: its last bytes are missing."


def bare(data: bytes) -> bytes:
    """The picture stripped. Raises ``PictureDamaged`` where the file is cut short or corrupt."""
    if data.startswith(PNG_SIGNATURE):
        return _png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    raise PictureDamaged("These bytes are not a PNG, JPEG or WebP picture.")


def has_manifest(data: bytes) -> bool:
    """Whether the picture carries a C2PA manifest, which any change of the file would invalidate."""
    if data.startswith(PNG_SIGNATURE):
        return any(chunk.type == b"caBX" for chunk in png_chunks(data, checksums=False))
    if data.startswith(b"\xff\xd8\xff"):
        return any(marker == 0xEB and data[at + 4 : at + 6] == b"JP" for marker, at, _ in jpeg_parts(data))
    return any(kind == b"C2PA" for kind, _ in webp_chunks(data))


def _png(data: bytes) -> bytes:
    view = memoryview(data)
    kept = [view[chunk.start : chunk.end] for chunk in png_chunks(data, checksums=False) if chunk.type in _PNG]
    return b"".join([PNG_SIGNATURE, *kept])


# ---------------------------------------------------------------- JPEG


def _jpeg(data: bytes) -> bytes:
    head: list[bytes] = []
    marks: list[bytes] = []
    rest: list[bytes] = []
    if (turned := orientation(data)) > 1:
        tag = b"\x01\x12\x00\x03\x00\x00\x00\x01" + turned.to_bytes(2, "big") + b"\0\0"
        marks.append(segment(0xE1, _JPEG_EXIF + b"MM\0\x2a\0\0\0\x08\0\x01" + tag + b"\0\0\0\0"))
    for marker, start, end in jpeg_parts(data):
        body = data[start + 4 : end]
        if marker == 0xE0 and body.startswith(_JPEG_JFIF):
            head = [segment(0xE0, body[:12] + b"\0\0")]  # without the small picture that it may hold
        elif (marker in _JPEG_APPS and body.startswith(_JPEG_APPS[marker])) or (
            marker != _COMMENT and not 0xE0 <= marker <= 0xEF
        ):
            rest.append(data[start:end])
    return b"".join([b"\xff\xd8", *head, *marks, *rest])


def jpeg_parts(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of every segment behind SOI, each scan's compressed data with its header, EOI last."""
    at = 2
    while at + 2 <= len(data):
        if data[at] != 0xFF:
            raise PictureDamaged("The picture's header is corrupt.")
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker == _EOI:
            yield marker, at, at + 2
            return
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + length
        if length < 2 or end > len(data):
            raise PictureDamaged(_CUT)
        if marker == _SOS:
            end = _scan_end(data, end)
        yield marker, at, end
        at = end
    raise PictureDamaged(_CUT)


def _scan_end(data: bytes, at: int) -> int:
    """Where the compressed data that begins at ``at`` gives way to the next marker."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise PictureDamaged(_CUT)
        if data[at + 1] == 0 or 0xD0 <= data[at + 1] <= 0xD7:  # a stuffed byte, a restart mark
            at += 2
        elif data[at + 1] == 0xFF:
            at += 1
        else:
            return at


def segment(marker: int, body: bytes) -> bytes:
    """A segment of a JPEG; ``body`` has room for 65,533 bytes."""
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def orientation(data: bytes) -> int:
    """How the picture is to be turned: 1 to 8 as EXIF counts them, 1 where nothing sensible is said."""
    if data.startswith(PNG_SIGNATURE):
        tiffs = (data[chunk.body] for chunk in png_chunks(data, checksums=False) if chunk.type == b"eXIf")
    elif data.startswith(b"\xff\xd8\xff"):
        tiffs = (
            data[start + 4 + len(_JPEG_EXIF) : end]
            for marker, start, end in jpeg_parts(data)
            if marker == 0xE1 and data.startswith(_JPEG_EXIF, start + 4)
        )
    else:
        tiffs = (body.removeprefix(_JPEG_EXIF) for kind, body in webp_chunks(data) if kind == b"EXIF")
    return _turned(next(tiffs, b""))


def _turned(tiff: bytes) -> int:
    order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)

    first = number(4, 4)
    for index in range(min(number(first, 2), 200)):
        entry = first + 2 + 12 * index
        if number(entry, 2) == 0x0112:
            turned = number(entry + 8, 2)
            return turned if 1 <= turned <= 8 else 1
    return 1


# ---------------------------------------------------------------- WebP


def _webp(data: bytes) -> bytes:
    pieces: list[bytes] = []
    for kind, body in webp_chunks(data):
        if kind == b"VP8X":
            body = bytes((body[0] & ~(_WEBP_EXIF | _WEBP_XMP),)) + body[1:]
        if kind in _WEBP:
            pieces.append(riff(kind, body))
    whole = b"WEBP" + b"".join(pieces)
    return b"RIFF" + len(whole).to_bytes(4, "little") + whole


def webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and body of every chunk of a WebP. Raises ``PictureDamaged`` where one is cut short."""
    end, at = 8 + int.from_bytes(data[4:8], "little"), 12
    while at + 8 <= min(end, len(data)):
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > len(data):
            raise PictureDamaged(_CUT)
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + (length & 1)


def riff(kind: bytes, body: bytes) -> bytes:
    """A chunk of a WebP."""
    return kind + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) & 1)
