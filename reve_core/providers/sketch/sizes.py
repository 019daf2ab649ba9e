"""The aspect ratios on offer and the pixel size of each."""

from __future__ import annotations

import functools

from reve_core.models import ratio_of

RATIOS = (
    *("4:1", "3:1", "21:9", "2:1", "17:9", "16:9", "3:2", "4:3", "5:4"),
    "1:1",
    *("4:5", "3:4", "2:3", "9:16", "1:2", "1:3", "1:4"),
)
DEFAULT_RATIO = "1:1"
PIXELS = 1024 * 1024  # about one megapixel: large enough to look at, small enough to draw in about a second
STEP = 32  # sides are multiples of this


@functools.cache
def size_for(aspect_ratio: str, pixels: int = PIXELS) -> tuple[int, int]:
    """Width and height in pixels: multiples of 32, about ``pixels`` in all, as near to the ratio as that allows."""
    width, height = ratio_of(aspect_ratio)
    ratio = width / height
    ideal = (pixels / ratio) ** 0.5 / STEP

    def miss(rows: int) -> float:
        columns = max(1, round(rows * ratio))
        shape = columns / rows / ratio
        area = columns * rows * STEP * STEP / pixels
        return max(shape, 1 / shape) ** 3 * max(area, 1 / area)

    rows = min(range(max(1, int(ideal) - 2), int(ideal) + 4), key=miss)
    return max(1, round(rows * ratio)) * STEP, rows * STEP
