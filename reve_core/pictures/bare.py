"""
The same picture with nothing in it but pixels and colours: what a shared copy begins as.

No pixel is decoded. What is kept is listed, and everything else goes: text, EXIF, XMP, comments, private pieces, C2PA
manifests, and whatever hangs behind the end. Of a JPEG's EXIF the orientation stays, for it belongs to the pixels.

Sources: PNG, third edition, 5.6 and 11; ITU-T T.81, B.1 and B.2; Exif 2.32, 4.6; RFC 9649 (WebP), 2.7; C2PA 2.2, A.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from reve_core.errors import PictureDamaged
from reve_core.pictures.check import PNG_SIGNATURE, png_chunks

# The critical ones, and those without which the same numbers would be other colours or another size on paper.
_PNG = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs".split(),
)
_WEBP = frozenset((b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP"))
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04

_JPEG_JFIF, _JPEG_EXIF, _JPEG_ICC, _JPEG_ADOBE = b"JFIF\0", b"Exif\0\0", b"ICC_PROFILE\0", b"Adobe"
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_JPEG_APPS = {0xE2: _JPEG_ICC, 0xEE: _JPEG_ADOBE}
_SOS, _EOI, _COMMENT = 0xDA, 0xD9, 0xFE
_CUT = "The picture is cut short: its last bytes are missing."


def bare(data: bytes, *, xmp: str | None = None) -> bytes:
    """
    The picture stripped. ``xmp`` is a packet written into a JPEG or WebP in the place of what was there; a PNG's own mark
    is ``metadata.embed``'s. A WebP of the simple kind has no room for one and goes without.

    Raises ``PictureDamaged`` where the file is cut short or corrupt.
    """
    if data.startswith(PNG_SIGNATURE):
        return _png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data, xmp)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data, xmp)
    raise PictureDamaged("These bytes are not a PNG, JPEG or WebP picture.")


def has_manifest(data: bytes) -> bool:
    """Whether the picture carries a C2PA manifest, which any change of the file would invalidate."""
    if data.startswith(PNG_SIGNATURE):
        return any(chunk.type == b"caBX" for chunk in png_chunks(data, checksums=False))
    if data.startswith(b"\xff\xd8\xff"):
        return any(marker == 0xEB and data[at + 4 : at + 6] == b"JP" for marker, at, _ in _jpeg_parts(data))
    return any(kind == b"C2PA" for kind, _ in _webp_chunks(data))


def _png(data: bytes) -> bytes:
    view = memoryview(data)
    kept = [view[chunk.start : chunk.end] for chunk in png_chunks(data, checksums=False) if chunk.type in _PNG]
    return b"".join([PNG_SIGNATURE, *kept])


# ---------------------------------------------------------------- JPEG


def _jpeg(data: bytes, xmp: str | None) -> bytes:
    head: list[bytes] = []
    marks: list[bytes] = []
    rest: list[bytes] = []
    if (turned := _orientation(data)) > 1:
        tag = b"\x01\x12\x00\x03\x00\x00\x00\x01" + turned.to_bytes(2, "big") + b"\0\0"
        marks.append(_segment(0xE1, _JPEG_EXIF + b"MM\0\x2a\0\0\0\x08\0\x01" + tag + b"\0\0\0\0"))
    if xmp is not None:
        marks.append(_segment(0xE1, _JPEG_XMP + xmp.encode()))
    for marker, start, end in _jpeg_parts(data):
        body = data[start + 4 : end]
        if marker == 0xE0 and body.startswith(_JPEG_JFIF):
            head = [_segment(0xE0, body[:12] + b"\0\0")]  # without the small picture that it may hold
        elif (marker in _JPEG_APPS and body.startswith(_JPEG_APPS[marker])) or (
            marker != _COMMENT and not 0xE0 <= marker <= 0xEF
        ):
            rest.append(data[start:end])
    return b"".join([b"\xff\xd8", *head, *marks, *rest])


def _jpeg_parts(data: bytes) -> Iterator[tuple[int, int, int]]:
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


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def _orientation(data: bytes) -> int:
    """1 to 8 as EXIF counts them, 1 where nothing sensible is said."""
    for marker, start, end in _jpeg_parts(data):
        if marker == 0xE1 and data[start + 4 : end].startswith(_JPEG_EXIF):
            tiff = data[start + 10 : end]
            order = "little" if tiff[:2] == b"II" else "big"

            def number(at: int, size: int, tiff: bytes = tiff, order: str = order) -> int:
                return int.from_bytes(tiff[at : at + size], order)  # type: ignore[arg-type]

            first = number(4, 4)
            for index in range(min(number(first, 2), 200)):
                entry = first + 2 + 12 * index
                if number(entry, 2) == 0x0112:
                    turned = number(entry + 8, 2)
                    return turned if 1 <= turned <= 8 else 1
    return 1


# ---------------------------------------------------------------- WebP


def _webp(data: bytes, xmp: str | None) -> bytes:
    pieces: list[bytes] = []
    extended = False
    for kind, body in _webp_chunks(data):
        if kind == b"VP8X":
            extended = True
            flags = body[0] & ~(_WEBP_EXIF | _WEBP_XMP) | (_WEBP_XMP if xmp is not None else 0)
            body = bytes((flags,)) + body[1:]
        if kind in _WEBP:
            pieces.append(_riff(kind, body))
    if extended and xmp is not None:
        pieces.append(_riff(b"XMP ", xmp.encode()))
    whole = b"WEBP" + b"".join(pieces)
    return b"RIFF" + len(whole).to_bytes(4, "little") + whole


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    end, at = 8 + int.from_bytes(data[4:8], "little"), 12
    while at + 8 <= min(end, len(data)):
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > len(data):
            raise PictureDamaged(_CUT)
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + (length & 1)


def _riff(kind: bytes, body: bytes) -> bytes:
    return kind + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) & 1)
