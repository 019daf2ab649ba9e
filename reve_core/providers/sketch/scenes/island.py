"""An isometric block of sea with a small island, as on a board game's lid."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from reve_core.providers.sketch.canvas import Canvas, F, Point, generator, lerp, rgb, smoothstep

_SKIES = (("#cfe9f5", "#8fc3e0"), ("#fde3cf", "#f4b89a"), ("#e2dcf7", "#b3a6e0"), ("#d8f0df", "#9ad0b0"))
_ROCK = ("#8a6240", "#96693f", "#7c5637", "#4f8a3c", "#67a84a")
_PROPS = ("evergreen-tree", "deciduous-tree", "palm-tree", "rock", "evergreen-tree", "tulip", "mushroom", "hut")
_SMALL = frozenset({"rock", "tulip", "mushroom"})


class ShapePainter(Protocol):
    def __call__(self, points: list[Point], color: str, alpha: float = 1.0) -> None: ...


def paint(canvas: Canvas) -> None:
    width, height, unit, rng = canvas.width, canvas.height, canvas.unit, canvas.rng
    light, deep = _SKIES[int(rng.integers(0, 4))] if not canvas.is_dark else ("#323a70", "#151a3d")
    away = canvas.distance(width / 2, height * 0.45)
    canvas.pixels[:] = lerp(rgb(light), rgb(deep), smoothstep(0, 0.9, away / F(canvas.grain))[..., None])
    cx, cy = width / 2, height * 0.62
    tone = F(0.68 if canvas.is_dark else 1.0)

    def paint_shape(points: list[Point], color: str, alpha: float = 1.0) -> None:
        canvas.polygon(points, rgb(color) * tone, alpha)

    def diamond(size: float, drop: float) -> list[Point]:
        across, half = unit * size, unit * size / 2
        y = cy + drop
        return [(cx, y - half), (cx + across, y), (cx, y + half), (cx - across, y)]

    paint_shape(diamond(0.47, unit * 0.16), "#000000", 0.12)
    size = 0.44
    for top, bottom, left, right in ((0.0, 0.085, "#3f9fd0", "#2f86ba"), (0.085, 0.13, "#b58a5a", "#946c43")):
        for sign, color in ((-1, left), (1, right)):
            outer = cx + sign * unit * size
            near = cy + unit * size / 2
            face = [(outer, cy + unit * top), (cx, near + unit * top), (cx, near + unit * bottom)]
            paint_shape([*face, (outer, cy + unit * bottom)], color)
    paint_shape(diamond(size, 0), "#5cc0e8")
    _paint_land(canvas, cx, cy, paint_shape)
    for _ in range(10):
        angle, reach = float(rng.uniform(0, math.tau)), float(rng.uniform(0.15, 0.235))
        x, y = cx + math.cos(angle) * unit * reach, cy + math.sin(angle) * unit * reach / 2 - unit * 0.05
        name = _PROPS[int(rng.integers(0, len(_PROPS)))]
        if not (abs(x - cx) < unit * 0.09 and y < cy):  # the middle belongs to the subject
            canvas.props.append((y, x, unit * (0.07 if name in _SMALL else 0.13), name))
    canvas.props.sort()


def _paint_land(canvas: Canvas, cx: float, cy: float, paint_shape: ShapePainter) -> None:
    unit = canvas.unit

    def coast(size: float, which: str, lift: float = 0.0) -> list[Point]:
        phases = generator(canvas.key, "coast", which).uniform(0, math.tau, 3).tolist()
        points = []
        for angle in np.linspace(0, math.tau, 80).tolist():
            wobble = 1 + 0.06 * math.sin(3 * angle + phases[0]) + 0.04 * math.sin(5 * angle + phases[1])
            flat = 1 + 0.06 * math.sin(4 * angle + phases[2])
            x = cx + math.cos(angle) * unit * size * wobble
            points.append((x, cy + math.sin(angle) * unit * size / 2 * flat - unit * lift))
        return points

    paint_shape(coast(0.345, "sand"), "#a5e3f2", 0.8)
    paint_shape(coast(0.32, "sand"), "#e9cf94")
    paint_shape(coast(0.32, "sand", 0.012), "#f7e3ae")
    for index, color in enumerate(_ROCK):
        paint_shape(coast(0.262, "sand", 0.012 + 0.009 * index), color)
    paint_shape(coast(0.255, "sand", 0.052), "#86c65a")
    paint_shape(coast(0.17, "grass", 0.052), "#97d36a", 0.6)
