"""A greeting card: paper, a double border, bunting, and confetti when there is something to celebrate."""

from __future__ import annotations

import math

from PIL import ImageDraw

from reve_core.providers.sketch.canvas import Array, Canvas, F, lerp, rgb, smoothstep
from reve_core.providers.sketch.scenes.tint import from_hsv, hues

# Paper light and deep, border, and the confetti's colours.
_SETS = (
    ("#fff6e6", "#ffe0c2", "#e4572e", ("#e4572e", "#f3a712", "#29b6a8", "#4f6fd0", "#e56b9a")),
    ("#f2fbff", "#cfeaf7", "#2f6fb5", ("#2f6fb5", "#f2b134", "#ed553b", "#3caea3", "#b07cc6")),
    ("#fff1f5", "#ffd3e0", "#c83f73", ("#c83f73", "#f7a8b8", "#ffd166", "#6fc2b0", "#8c6fd1")),
    ("#f6fbef", "#dcefc6", "#4d8a3c", ("#4d8a3c", "#f2c14e", "#f78154", "#5fad9e", "#b4436c")),
)


def paint(canvas: Canvas) -> None:
    width, height, unit, rng = canvas.width, canvas.height, canvas.unit, canvas.rng
    light, deep, border, bits = _SETS[int(rng.integers(0, len(_SETS)))]
    paper, edge, line = rgb(light), rgb(deep), rgb(border)
    named = hues(canvas.setting.colors)
    if named:
        paper, edge = from_hsv(named[0], 0.06, 1.0), from_hsv(named[0], 0.2, 0.96)
        line = from_hsv(named[0], 0.72, 0.72)
    away = canvas.distance(width / 2, height * 0.5)
    canvas.pixels[:] = lerp(paper, edge, smoothstep(0.2, 0.95, away / F(canvas.grain))[..., None])
    for inset, thick in ((0.035, 0.008), (0.052, 0.003)):
        _frame(canvas, unit * inset, unit * thick, line)
    if "confetti" in canvas.setting.extras:
        _bunting(canvas, [rgb(color) for color in bits])
        _confetti(canvas, [rgb(color) for color in bits])
    else:
        _sprigs(canvas, line)


def _frame(canvas: Canvas, inset: float, thick: float, color: Array) -> None:
    def draw(pen: ImageDraw.ImageDraw, k: int) -> None:
        box = [inset * k, inset * k, (canvas.width - inset) * k, (canvas.height - inset) * k]
        pen.rounded_rectangle(box, canvas.unit * 0.03 * k, outline=255, width=max(1, int(thick * k)))

    canvas.fill(canvas.mask(draw), color)


def _bunting(canvas: Canvas, colors: list[Array]) -> None:
    """Two swags of pennants under the upper edge."""
    width, unit = canvas.width, canvas.unit
    inset, count = unit * 0.06, max(8, int(12 * canvas.width / canvas.grain))
    string = []
    for index in range(count * 4 + 1):
        t = index / (count * 4)
        sag = abs(math.sin(t * math.pi * 2)) * unit * 0.045
        string.append((inset + t * (width - 2 * inset), inset + unit * 0.012 + sag))
    for index in range(count):
        (ax, ay), (bx, by) = string[index * 4], string[index * 4 + 3]
        tip = ((ax + bx) / 2 + (ay - by) * 0.4, (ay + by) / 2 + unit * 0.062)
        canvas.polygon([(ax, ay), (bx, by), tip], colors[index % len(colors)])

    def draw(pen: ImageDraw.ImageDraw, k: int) -> None:
        pen.line([(x * k, y * k) for x, y in string], fill=255, width=max(1, int(unit * 0.003 * k)))

    canvas.fill(canvas.mask(draw), rgb("#5b4a44"))


def _confetti(canvas: Canvas, colors: list[Array]) -> None:
    rng, unit = canvas.rng, canvas.unit
    for index, color in enumerate(colors):
        pieces = []
        for _ in range(int(26 * canvas.width * canvas.height / unit**2)):
            x, y = float(rng.uniform(0.06, 0.94)) * canvas.width, float(rng.uniform(0.1, 0.94)) * canvas.height
            pieces.append((x, y, unit * float(rng.uniform(0.005, 0.011)), float(rng.uniform(0, math.pi))))

        def draw(
            pen: ImageDraw.ImageDraw,
            k: int,
            pieces: list[tuple[float, float, float, float]] = pieces,
            kind: int = index,
        ) -> None:
            for x, y, size, angle in pieces:
                if kind % 2:
                    pen.ellipse(
                        [(x - size * 0.7) * k, (y - size * 0.7) * k, (x + size * 0.7) * k, (y + size * 0.7) * k],
                        fill=255,
                    )
                    continue
                a, b = math.cos(angle) * size, math.sin(angle) * size
                corners = [(x - a - b / 2, y - b + a / 2), (x + a - b / 2, y + b + a / 2)]
                corners += [(x + a + b / 2, y + b - a / 2), (x - a + b / 2, y - b - a / 2)]
                pen.polygon([(px * k, py * k) for px, py in corners], fill=255)

        canvas.fill(canvas.mask(draw), color, 0, 0.85)


def _sprigs(canvas: Canvas, color: Array) -> None:
    """A leafy twig in each lower corner."""
    unit = canvas.unit
    for sign, x0 in ((1, unit * 0.08), (-1, canvas.width - unit * 0.08)):
        for index in range(7):
            t = index / 6
            x, y = x0 + sign * unit * 0.2 * t, canvas.height - unit * (0.08 + 0.12 * t * (1 - t) + 0.015 * index)
            for side in (-1, 1):
                tip = (x + sign * unit * 0.02, y + side * unit * 0.032 - unit * 0.012)
                leaf = [
                    (x, y),
                    (x + sign * unit * 0.018, y + side * unit * 0.008),
                    tip,
                    (x - sign * unit * 0.002, y + side * unit * 0.02),
                ]
                canvas.polygon(leaf, color, 0.75)
