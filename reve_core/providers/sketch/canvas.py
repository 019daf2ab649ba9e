"""
The picture being painted: a float32 array (height, width, 3), 0 to 1, and the tools all painters share.

Masks are float32 (rows, width), 0 to 1. Scalars stay Python floats: a NumPy float64 would turn whole layers into float64
and double the time.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from reve_core.providers.sketch.brief import Setting
from reve_core.providers.sketch.light import EXPOSURE, LOW_SUN, SUN_HEIGHT, palette_for

Array = NDArray[Any]
Point = tuple[float, float]
F = np.float32
WHITE = np.ones(3, F)


def generator(*key: object) -> np.random.Generator:
    """A random generator that depends on ``key`` alone: not on the process, the thread or the hash seed."""
    return np.random.default_rng(zlib.crc32(repr(key).encode()))


def rgb(color: str) -> Array:
    """``"#rrggbb"`` as three floats."""
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], F) / F(255)


def lerp(start: Any, end: Any, amount: Any) -> Any:
    return start + (end - start) * amount


def smoothstep(low: float, high: float, value: Array) -> Array:
    """0 below ``low``, 1 above ``high``, smooth between; falls instead where ``low`` is the larger."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def resized(array: Array, width: int, height: int, how: Image.Resampling = Image.Resampling.BILINEAR) -> Array:
    """A 2-D float32 array at another size."""
    return np.asarray(Image.fromarray(np.ascontiguousarray(array, F)).resize((width, height), how))


def to_image(array: Array) -> Image.Image:
    return Image.fromarray((np.clip(array, 0, 1) * 255).astype(np.uint8))


def to_array(image: Image.Image) -> Array:
    return np.asarray(image, F) / F(255)


def blurred(mask: Array, radius: float) -> Array:
    """A 0-to-1 mask or picture, blurred by ``radius`` pixels (8-bit precision)."""
    return to_array(to_image(mask).filter(ImageFilter.GaussianBlur(radius)))


def noise(
    height: int,
    width: int,
    cell: float,
    rng: np.random.Generator,
    octaves: int = 4,
    squeeze: float = 1.0,
    gain: float = 0.5,
) -> Array:
    """Value noise, 0 to 1: blotches ``cell`` pixels wide, ``squeeze`` times flatter than wide, plus finer octaves."""
    out: Array = np.zeros((height, width), F)
    amplitude, total = 1.0, 0.0
    for _ in range(octaves):
        rows = min(height, max(2, int(height * squeeze / cell) + 2))
        columns = min(width, max(2, int(width / cell) + 2))
        grid = rng.random((rows, columns), dtype=F)
        out += F(amplitude) * resized(grid, width, height, Image.Resampling.BICUBIC)
        total += amplitude
        amplitude *= gain
        cell = max(1.0, cell / 2)
    return out / F(total)


def shifted(array: Array, down: int, right: int) -> Array:
    """The same array moved; the edge rows and columns are repeated."""
    height, width = array.shape[:2]
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    moved: Array = array[rows][:, columns]
    return moved


def ridge(width: int, rng: np.random.Generator, peaks: int = 4, octaves: int = 7) -> Array:
    """A jagged skyline, 0 to 1, one value per column."""
    x = np.linspace(0, 1, width)
    y = np.zeros(width)
    amplitude, total = 1.0, 0.0
    for _ in range(octaves):
        y += amplitude * np.interp(x, np.linspace(0, 1, peaks + 1), rng.random(peaks + 1))
        total += amplitude
        amplitude *= 0.52
        peaks *= 2
    return (y / total).astype(F)


def rolling(width: int, rng: np.random.Generator, waves: int = 3) -> Array:
    """A soft hill line, about 0 to 1, one value per column."""
    x = np.linspace(0, 2 * np.pi, width)
    y = np.zeros(width)
    for k in (1, 2, 3):
        y += float(rng.uniform(0.4, 1)) / k * np.sin(k * x * 0.25 * waves + float(rng.uniform(0, 6.3)))
    return (y / 4.4 + 0.5).astype(F)


class Canvas:
    """
    One picture while it is painted. ``pixels`` is the array; ``unit`` the shorter side; ``horizon`` a row.

    ``side`` is where the light comes from: 1 right, -1 left; ``sun`` its place (x, y) in pixels. ``props`` are small
    drawings that a scene leaves for later: (bottom row, middle column, height, name).
    """

    def __init__(self, width: int, height: int, setting: Setting, horizon: float, key: str) -> None:
        self.width, self.height, self.setting, self.key = width, height, setting, key
        self.rng = generator("paint", key, setting.scene, width, height)
        self.pixels: Array = np.zeros((height, width, 3), F)
        self.time, self.weather = setting.time, setting.weather
        palette = palette_for(setting.time, setting.scene)
        self.sky = [rgb(color) for color in palette.sky]
        self.light, self.ambient, self.fog = rgb(palette.light), rgb(palette.ambient), rgb(palette.fog)
        self.unit = min(width, height)
        # Things in a very wide or tall picture are sized between its two sides, so that they are neither specks nor walls.
        self.grain = float((min(width, height) * (width * height) ** 0.5) ** 0.5)
        self.is_snowy = setting.weather == "snow"
        self.is_dark = setting.time in ("night", "dusk")
        self.exposure = EXPOSURE.get(setting.time, 1.0)
        self.horizon = max(8, min(height - 2, int(horizon * height))) if horizon < 1 else height
        self.side = 1 if self.rng.random() < 0.5 else -1
        reach = float(self.rng.uniform(0.2, 0.34))
        sun_y = SUN_HEIGHT.get(setting.time, LOW_SUN) * self.horizon
        self.sun: Point = (width * (0.5 + self.side * reach), sun_y)
        self.sun_radius = self.unit * 0.048
        self.is_walked_on = (
            False  # somebody stands on the ground: where there is only water, paint them a place to stand
        )
        self.props: list[tuple[float, float, float, str]] = []

    # ------------------------------------------------------------ geometry

    @property
    def columns(self) -> Array:
        return np.arange(self.width, dtype=F)[None]

    @property
    def rows(self) -> Array:
        return np.arange(self.height, dtype=F)[:, None]

    def distance(self, x: float, y: float) -> Array:
        """Pixels from a point, for every pixel."""
        return np.hypot(self.columns - F(x), self.rows - F(y))

    def noise(self, cell: float, octaves: int = 4, squeeze: float = 1.0, gain: float = 0.5, top: int = 0) -> Array:
        """Noise from row ``top`` to the bottom; ``cell`` as a fraction of the shorter side."""
        return noise(self.height - top, self.width, max(2.0, self.unit * cell), self.rng, octaves, squeeze, gain)

    # ------------------------------------------------------------ painting

    def fill(self, mask: Array, color: Array, top: int = 0, alpha: float = 1.0) -> None:
        """Blend a colour, or a picture of the mask's size, through a mask that begins at row ``top``."""
        used = np.flatnonzero(mask.any(axis=1))
        if not len(used):
            return
        first, last = int(used[0]), int(used[-1]) + 1  # most masks are empty in most rows
        view = self.pixels[top + first : top + last]
        if color.size == 3:
            touched = np.flatnonzero(mask[first:last])
            if len(touched) < 0.15 * mask[first:last].size:  # rain, flowers, stars: visit only those pixels
                flat = view.reshape(-1, 3)  # rows are contiguous, so this is a view
                before = flat[touched]
                flat[touched] = (
                    before + (color.reshape(3) - before) * (mask[first:last].ravel()[touched] * F(alpha))[:, None]
                )
                return
        part = mask[first:last, :, None] if alpha == 1 else mask[first:last, :, None] * F(alpha)
        paint = color[first:last] if color.ndim == 3 and color.shape[0] > 1 else color
        # In place: a whole layer more or less in memory is a third of this function's time.
        change = np.subtract(paint, view, dtype=F)
        change *= part
        view += change

    def below(self, line: Array) -> tuple[Array, int]:
        """The mask of everything under a line (a row per column), antialiased, and the row it begins at."""
        top = max(0, min(self.height - 1, int(line.min()) - 1))
        rows = np.arange(top, self.height, dtype=F)[:, None]
        return np.clip(rows - line[None] + F(0.5), 0, 1), top

    def mask(self, draw: Callable[[ImageDraw.ImageDraw, int], None], oversample: int = 2) -> Array:
        """The mask of what ``draw`` paints with 255; it is handed the factor to multiply coordinates with."""
        image = Image.new("L", (self.width * oversample, self.height * oversample))
        draw(ImageDraw.Draw(image), oversample)
        return to_array(image.reduce(oversample) if oversample > 1 else image)

    def polygon(self, points: Sequence[Point], color: Array, alpha: float = 1.0) -> None:
        def draw(pen: ImageDraw.ImageDraw, k: int) -> None:
            pen.polygon([(x * k, y * k) for x, y in points], fill=255)

        self.fill(self.mask(draw), color, 0, alpha)

    def lit(self, color: str, tint: float = 0.2) -> Array:
        """A ground colour as this time of day shows it; ``tint`` 1 ignores the ambient light."""
        shown: Array = rgb(color) * lerp(self.ambient, WHITE, F(tint)) * F(self.exposure)
        return shown

    def glow(self, x: float, y: float, radius: float, color: Array, strength: float) -> None:
        """Add light around a point."""
        reach = int(radius * 5)
        x0, x1 = max(0, int(x) - reach), min(self.width, int(x) + reach)
        y0, y1 = max(0, int(y) - reach), min(self.height, int(y) + reach)
        if x1 <= x0 or y1 <= y0:
            return
        away = np.hypot(np.arange(x0, x1, dtype=F)[None] - F(x), np.arange(y0, y1, dtype=F)[:, None] - F(y))
        self.pixels[y0:y1, x0:x1] += (np.exp(-away / F(radius)) * F(strength))[..., None] * color

    def band_of_fog(self, row: float, spread: float, alpha: float) -> None:
        """Fog around a row; ``spread`` as a fraction of the height."""
        reach = int(self.height * spread * 2.4)  # farther out it is less than one grey level
        top, bottom = max(0, int(row) - reach), min(self.height, int(row) + reach)
        away = (np.arange(top, bottom, dtype=F) - F(row)) / F(self.height * spread)
        view = self.pixels[top:bottom]
        view += (self.fog - view) * (np.exp(-away * away) * F(alpha))[:, None, None]

    def image(self) -> Image.Image:
        return to_image(self.pixels)
