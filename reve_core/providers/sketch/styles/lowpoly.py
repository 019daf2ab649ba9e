"""Low poly: triangles, small where there is much to see and large where there is not."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from reve_core.providers.sketch.canvas import Array, Point, to_array

_CELLS = 15  # along the shorter side, before any is split
_SPLIT = (0.0009, 0.0016, 0.003)  # variance above which a cell of that depth is split into four
_SCALE = 4  # the variance is measured on a picture this much smaller


def apply(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return _Folder(image, rng).fold()


class _Folder:
    def __init__(self, image: Image.Image, rng: np.random.Generator) -> None:
        self.width, self.height = image.size
        self.rng = rng
        self.source = image.filter(ImageFilter.GaussianBlur(1.5))
        self.out = self.source.copy()
        self.pen = ImageDraw.Draw(self.out)
        gray = to_array(self.source.reduce(_SCALE)).mean(-1).astype("f8")
        # Summed-area tables: the variance of any box from four look-ups.
        self.sums, self.squares = (self._integral(values) for values in (gray, gray * gray))
        self.corners: dict[tuple[int, int], Point] = {}

    @staticmethod
    def _integral(values: Array) -> Array:
        return np.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0)))

    def fold(self) -> Image.Image:
        side = min(self.width, self.height) / _CELLS
        for row in range(math.ceil(self.height / side)):
            for column in range(math.ceil(self.width / side)):
                self._cell(column * side, row * side, side, 0)
        return Image.blend(self.out, self.source, 0.1)

    def _variance(self, x: float, y: float, side: float) -> float:
        rows, columns = self.sums.shape[0] - 1, self.sums.shape[1] - 1
        x0, y0 = min(columns - 1, int(x / _SCALE)), min(rows - 1, int(y / _SCALE))
        x1, y1 = min(columns, max(x0 + 1, int((x + side) / _SCALE))), min(rows, max(y0 + 1, int((y + side) / _SCALE)))
        area = (x1 - x0) * (y1 - y0)

        def mean(table: Array) -> float:
            return float(table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0]) / float(area)

        average: float = mean(self.sums)
        return mean(self.squares) - average * average

    def _corner(self, x: float, y: float, side: float) -> Point:
        """A jittered grid point, shared by all cells around it; those on the edge stay there."""
        key = (round(x), round(y))
        if key not in self.corners:
            dx, dy = (float(self.rng.uniform(-0.26, 0.26)) * side for _ in range(2))
            inside_x, inside_y = 1 < x < self.width - 1, 1 < y < self.height - 1
            self.corners[key] = (x + dx * inside_x, y + dy * inside_y)
        return self.corners[key]

    def _cell(self, x: float, y: float, side: float, depth: int) -> None:
        if x >= self.width or y >= self.height:
            return
        if depth < len(_SPLIT) and self._variance(x, y, side) > _SPLIT[depth]:
            half = side / 2
            for i in (0, 1):
                for j in (0, 1):
                    self._cell(x + i * half, y + j * half, half, depth + 1)
            return
        a, b, c, d = (self._corner(x + i * side, y + j * side, side) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1)))
        for triangle in ((a, b, c), (a, c, d)) if self.rng.random() < 0.5 else ((a, b, d), (b, c, d)):
            self._triangle(triangle)

    def _triangle(self, points: tuple[Point, Point, Point]) -> None:
        x = min(self.width - 1, max(0, int(sum(point[0] for point in points) / 3)))
        y = min(self.height - 1, max(0, int(sum(point[1] for point in points) / 3)))
        facet = 1 + 0.07 * math.sin(points[0][0] * 0.7 + points[1][1])
        color = self.source.getpixel((x, y))
        assert isinstance(color, tuple)
        red, green, blue = (min(255, int(value * facet)) for value in color[:3])
        self.pen.polygon(points, fill=(red, green, blue))
