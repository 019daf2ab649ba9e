"""What kind of picture some bytes are, by their first bytes: a server's word for it is not enough."""

from __future__ import annotations

from typing import Literal

Kind = Literal["png", "jpeg", "webp"]

# Reve's largest are about 17 megapixels, or 34 after its largest upscale we could be sent.
_MOST_PIXELS = 100_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


def kind_of(data: bytes | bytearray) -> Kind | None:
    if data.startswith(_PNG):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    return None


def is_absurd(data: bytes) -> bool:
    """A PNG whose header claims a size that nobody drew: a few bytes that would fill the memory."""
    if not data.startswith(_PNG) or len(data) < 24:
        return False
    return int.from_bytes(data[16:20]) * int.from_bytes(data[20:24]) > _MOST_PIXELS


def begins_like_an_answer(body: bytes | bytearray) -> bool:
    """False once the first bytes can be neither a JSON object nor a picture, so that the rest need not be read."""
    start = bytes(body[:64]).removeprefix(_BOM).lstrip(_BLANK)
    if not start or start.startswith(b"{") or kind_of(start) is not None:
        return True
    return len(body) < 12 and (_PNG.startswith(start[:8]) or start[:1] in (b"\xef", b"\xff", b"R"))


def may_become_picture(body: bytes | bytearray) -> bool:
    """False once the first bytes cannot be those of a picture."""
    if len(body) >= 12:
        return kind_of(body) is not None
    return any(known.startswith(bytes(body[: len(known)])) for known in (_PNG, b"\xff\xd8\xff", b"RIFF"))
