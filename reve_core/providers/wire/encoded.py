"""
JSON answers that carry a picture as base64.

A picture of some megabytes never becomes a Python string: parsing it as one, with the standard decoder after it, keeps
every other thread waiting for the interpreter for many milliseconds.
"""

from __future__ import annotations

import binascii
import json
import re
from typing import Any

import pybase64

_MARK = "(picture %d)"


def cut_out(body: bytes | bytearray, begins: re.Pattern[bytes], most: int = 1) -> tuple[bytes, list[memoryview]]:
    """
    The JSON with a mark in place of its long base64 strings, and those strings. ``begins`` matches up to, and with, the
    quotation mark before one.
    """
    cuts: list[memoryview] = []
    kept: list[bytes] = []
    done = 0
    while len(cuts) < most and (found := begins.search(body, done)) is not None:
        start, end = found.end(), body.find(b'"', found.end())
        if end <= start:
            break
        kept += [bytes(body[done:start]), mark(len(cuts)).encode()]
        cuts.append(memoryview(body)[start:end])
        done = end
    return b"".join([*kept, bytes(body[done:])]), cuts


def mark(number: int) -> str:
    return _MARK % number


def json_object(text: bytes | bytearray) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def decoded(encoded: object) -> bytes | None:
    """The bytes that a base64 text or a ``data:`` address stands for; None where it stands for none."""
    if isinstance(encoded, str):
        encoded = encoded.encode("ascii", "replace")
    if not isinstance(encoded, bytes | memoryview) or not encoded:
        return None
    if bytes(encoded[:5]) == b"data:":
        head = bytes(encoded[:200])
        encoded = encoded[head.find(b",") + 1 :]
    try:
        return pybase64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        pass
    # Not quite base64 as promised, but it was paid for: try it without slashes, blanks and padding.
    text = bytes(encoded)
    if b"\\" in text:  # cut out of the JSON, so still with its escapes
        text = str(_unescaped(text)).encode("ascii", "replace")
    if text.startswith(b"data:"):
        text = text.partition(b",")[2]
    text = re.sub(rb"[^A-Za-z0-9+/]", b"", text.replace(b"-", b"+").replace(b"_", b"/"))
    try:
        return pybase64.b64decode(text[: len(text) - (len(text) % 4 == 1)] + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None


def _unescaped(text: bytes) -> object:
    try:
        return json.loads(b'"' + text + b'"')
    except ValueError:
        return ""
