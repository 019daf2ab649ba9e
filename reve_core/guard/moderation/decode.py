"""Text that was written in escapes, codes or upside down, as plain text."""

from __future__ import annotations

import base64
import binascii
import html
import re
from urllib.parse import unquote

_ESCAPED = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([0-3][0-7]{2}))"
)
_POINTS = re.compile(r"\b[Uu]\+([0-9a-fA-F]{4,6})\b\s?")
_HEX = re.compile(r"\b(?:0x)?((?:[2-7][0-9a-fA-F][\s,:]?){5,})(?![0-9a-zA-Z])")
_BINARY = re.compile(r"\b(?:[01]{8}[\s,]*){3,}")
_BASE64 = re.compile(r"(?<![\w+/=-])(?:[A-Za-z0-9+/_-]{6,}={1,2}|[A-Za-z0-9+/_-]{8,})(?![\w+/=])")
_READABLE = re.compile(r"[\w .,;:'!?@$-]+")


def decoded(text: str) -> str:
    """The text with escapes and encodings in it undone, each once; the text itself where there are none."""
    if _TAG_CHARS.search(text):
        text = _TAG_CHARS.sub(lambda tags: f" {''.join(chr(ord(tag) - 0xE0000) for tag in tags[0])} ", text)
    for _ in range(2):  # an escape of an escape
        before = text
        if "%" in text:
            text = unquote(text, errors="ignore")
        if "&" in text:
            text = html.unescape(text)
        if "\\" in text:
            text = _ESCAPED.sub(_from_hex, text)
        if "+" in text:
            text = _POINTS.sub(lambda point: _character(int(point[1], 16)), text)
        if text == before:
            break
    text = _HEX.sub(_from_hex_digits, text)
    text = _BINARY.sub(_from_bits, text)
    return _BASE64.sub(_from_base64, text)


_TAG_CHARS = re.compile("[\U000e0020-\U000e007e]{3,}")


def _character(point: int) -> str:
    return chr(point) if 0x20 <= point < 0x110000 and not 0xD800 <= point < 0xE000 else " "


def _from_hex(found: re.Match[str]) -> str:
    if found[5]:
        return _character(int(found[5], 8))
    return _character(int(next(filter(None, found.groups())), 16))


def _from_hex_digits(found: re.Match[str]) -> str:
    digits = re.sub(r"[\s,:]", "", found[1])
    return _readable(bytes.fromhex(digits[: len(digits) // 2 * 2])) or found[0]


def _from_bits(found: re.Match[str]) -> str:
    bits = re.sub(r"[\s,]", "", found[0])
    return _readable(bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))) or found[0]


def _from_base64(found: re.Match[str]) -> str:
    code = found[0].rstrip("=").replace("-", "+").replace("_", "/")
    if len(code) % 4 == 1 or (code[1:].islower() and code.isalpha()):  # a word
        return found[0]
    try:
        inside = base64.b64decode(code + "=" * (-len(code) % 4))
    except (binascii.Error, ValueError):
        return found[0]
    return _readable(inside) or found[0]


def _readable(inside: bytes) -> str:
    """``inside`` as a few words, or nothing where it is not one: most words that look like base64 are just words."""
    try:
        text = inside.decode()
    except UnicodeDecodeError:
        return ""
    if len(text) < 4 or not _READABLE.fullmatch(text) or sum(map(str.isalpha, text)) < 0.7 * len(text):
        return ""
    return f" {text} "


# Letters turned by half a circle, as "upside-down text" generators write them.
_TURNED = str.maketrans("ɐɔǝɟƃɓɥᴉɾʞlɯɹʇʌʍʎbdnpqu", "acefgghijklmrtvwyqpudbn")
_SURELY_TURNED = re.compile("[ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ]")


def turned(text: str) -> str:
    """The text the right way up where it stands on its head; else empty."""
    if len(_SURELY_TURNED.findall(text)) < 3:
        return ""
    return text.translate(_TURNED)[::-1]
