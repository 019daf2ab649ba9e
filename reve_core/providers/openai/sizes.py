"""Ratios to sizes and back, and the size that a picture really has."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import suppress

from reve_core.errors import PictureDamaged
from reve_core.models import ratio_of
from reve_core.pictures.check import Caps, inspect
from reve_core.providers.openai.profiles import FREE_SIZES, Size

_SIZE = re.compile(r"(\d{2,5})\s*[x×]\s*(\d{2,5})", re.IGNORECASE)
_SAME = 0.06  # ratios are names: no eye sees less than this
_EXACT = 0.01
_ANY = Caps(max_bytes=1 << 40, max_pixels=1 << 40)  # others say what is too large
_NAMES = (
    *("1:1", "3:2", "2:3", "16:9", "9:16", "4:3", "3:4", "21:9", "5:4", "4:5", "2:1", "1:2", "3:1", "1:3"),
    *("17:9", "4:1", "1:4"),
)


def parsed(text: str) -> Size | None:
    """``"1536x1024"`` as two numbers."""
    found = _SIZE.fullmatch(text.strip())
    size = (int(found[1]), int(found[2])) if found else None
    return size if size and min(size) >= 16 else None


def by_ratio(sizes: Sequence[Size]) -> dict[str, Size]:
    """What can be asked for: the name of each size's ratio. Of several of the same the first; none: any size is drawn."""
    if not sizes:
        return dict(FREE_SIZES)
    found: dict[str, Size] = {}
    for size in sizes:
        found.setdefault(_name(size), size)
    return found


def differ(one: Size, other: Size | str) -> bool:
    """Whether somebody would see that the shape is another one."""
    return _apart(one, other) > _SAME


def is_rough(size: Size, ratio: str) -> bool:
    return _apart(size, ratio) > _EXACT


def size_of(data: bytes) -> Size | None:
    """By its header alone; None where it has none that can be read."""
    with suppress(PictureDamaged):
        facts = inspect(data, _ANY)
        return facts.width, facts.height
    return None


def written(size: Size) -> str:
    return f"{size[0]}x{size[1]}"


def _name(size: Size) -> str:
    nearest = min(_NAMES, key=lambda name: _apart(size, name))
    if _apart(size, nearest) <= _SAME:
        return nearest
    common = math.gcd(*size)
    return f"{size[0] // common}:{size[1] // common}"


def _apart(one: Size, other: Size | str) -> float:
    width, height = ratio_of(other) if isinstance(other, str) else other
    return abs(math.log(one[0] / one[1]) - math.log(width / height))
