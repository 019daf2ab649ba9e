"""
From a shape to a size in pixels.

Sides are multiples of 32, which suits every family: Stable Diffusion wants 8, most others 16, Sana 32, and some round down
without a word where they get anything else.
"""

from __future__ import annotations

import math

from reve_core.models import ratio_of

STEP = 32
RATIOS = ("1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16")
_LOOSE = 0.05  # how far a picture may be from the shape that it is offered as


def size_for(ratio: str, area: int) -> tuple[int, int]:
    """Width and height of about ``area`` pixels together."""
    wide, high = ratio_of(ratio)
    return _side(math.sqrt(area * wide / high)), _side(math.sqrt(area * high / wide))


def shapes_for(area: int) -> tuple[str, ...]:
    """The ratios that come out in their shape. A small picture has too few sizes for most."""
    return tuple(ratio for ratio in RATIOS if _is_close(ratio, area))


def _side(length: float) -> int:
    return max(1, round(length / STEP)) * STEP


def _is_close(ratio: str, area: int) -> bool:
    wide, high = ratio_of(ratio)
    width, height = size_for(ratio, area)
    return abs(width / height / (wide / high) - 1) <= _LOOSE
