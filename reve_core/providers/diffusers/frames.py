"""
What goes through the pipes between the app and its worker: a JSON object, and bytes that belong to it.

Not pickled: neither side has to trust what the other has become, and neither needs the other's classes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

_LENGTHS = struct.Struct(">II")
_LONGEST_HEAD = 1024 * 1024


class BadFrame(Exception):
    """What came is not one of our messages."""


class Message(NamedTuple):
    head: Mapping[str, Any]
    body: bytes = b""


def write(stream: BinaryIO, head: Mapping[str, object], body: bytes = b"") -> None:
    """Not for two threads at once. Raises OSError where nobody reads any more."""
    packed = json.dumps(head).encode("ascii")  # half a character in a prompt travels as an escape
    stream.write(_LENGTHS.pack(len(packed), len(body)) + packed + body)
    stream.flush()


def read(stream: BinaryIO, max_body: int = 0) -> Message | None:
    """The next message, None where the other side has gone. Raises BadFrame, for a longer body before it is read."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head_length, body_length = _LENGTHS.unpack(lengths)
    if head_length > _LONGEST_HEAD or body_length > max_body:
        raise BadFrame
    head, body = stream.read(head_length), stream.read(body_length)
    if len(head) < head_length or len(body) < body_length:
        return None
    try:
        values = json.loads(head)
    except ValueError:
        raise BadFrame from None
    if not isinstance(values, dict):
        raise BadFrame
    return Message(values, body)
