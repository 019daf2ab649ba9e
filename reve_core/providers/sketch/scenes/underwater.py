"""Below the surface: shafts of light, sand, weed, bubbles, and a few fish."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from reve_core.providers.sketch.canvas import WHITE, Canvas, F, lerp, noise, rgb, rolling, smoothstep

_DEPTHS = {"day": ("#5fd4e0", "#06325f"), "night": ("#2f6f9a", "#041a3a"), "sunset": ("#f0b48a", "#123a66")}
_WEEDS = ("#1f7a5a", "#2f9a6a", "#c2447a", "#e8734a")


def paint(canvas: Canvas) -> None:
    width, height, unit, rng = canvas.width, canvas.height, canvas.unit, canvas.rng
    shallow, deep = _DEPTHS["night" if canvas.is_dark else canvas.time if canvas.time in _DEPTHS else "day"]
    t = np.linspace(0, 1, height, dtype=F)[:, None, None]
    canvas.pixels[:] = lerp(rgb(shallow), rgb(deep), t ** F(0.7))
    _shafts(canvas)
    for index in range(2):
        line = F(height * (0.84 + 0.07 * index)) + (rolling(width, rng, 4) - F(0.5)) * F(height * 0.08)
        mask, top = canvas.below(line)
        grain = canvas.noise(0.05, 3, 3.0, top=top)
        sand = lerp(rgb("#0d4f78"), rgb("#d9c48f"), F(0.25 + 0.35 * index)) * F(0.7 if canvas.is_dark else 1.0)
        canvas.fill(mask, sand * (1 + (grain[..., None] - F(0.5)) * F(0.3)), top)
    for index in range(int(9 * max(1.0, width / height))):
        side = float(rng.uniform(0, 0.3)) if index % 2 else float(rng.uniform(0.7, 1))
        tall = height * float(rng.uniform(0.12, 0.34))
        _weed(canvas, width * side, tall, float(rng.uniform(0, 6)), _WEEDS[index % 4])
    _bubbles(canvas)
    for index in range(6):
        x = width * (float(rng.uniform(0.02, 0.28)) if index % 2 else float(rng.uniform(0.72, 0.98)))
        name = ("coral", "coral", "spiral-shell", "coral", "rock")[index % 5]
        canvas.props.append(
            (height * float(rng.uniform(0.9, 0.99)), x, unit * (0.13 if name == "coral" else 0.075), name)
        )
    for index in range(4):
        x = width * (float(rng.uniform(0.03, 0.2)) if index % 2 else float(rng.uniform(0.8, 0.97)))
        canvas.props.append((height * float(rng.uniform(0.18, 0.7)), x, unit * 0.075, "tropical-fish"))


def _shafts(canvas: Canvas) -> None:
    width, height = canvas.width, canvas.height
    streaks = noise(1, width, max(2.0, canvas.unit * 0.08), canvas.rng, 3)
    image = Image.fromarray(np.repeat(streaks, 2, 0)).resize((width, height))
    slanted = image.transform(
        (width, height), Image.Transform.AFFINE, (0.7, -0.25, width * 0.2, 0, 1, 0), Image.Resampling.BILINEAR
    )
    fade = np.linspace(1, 0, height, dtype=F)[:, None]
    canvas.pixels += (smoothstep(0.5, 0.75, np.asarray(slanted)) * fade * F(0.3))[..., None]


def _weed(canvas: Canvas, x: float, tall: float, phase: float, color: str) -> None:
    height, unit = canvas.height, canvas.unit

    def draw(pen: ImageDraw.ImageDraw, k: int) -> None:
        points = []
        for q in range(15):
            sway = math.sin(phase + q * 0.5) * unit * 0.02 * q / 6
            points.append(((x + sway) * k, (height * 0.93 - tall * q / 14) * k))
        pen.line(points, fill=255, width=max(2, int(unit * 0.014 * k)), joint="curve")

    canvas.fill(canvas.mask(draw, 1), rgb(color) * F(0.6 if canvas.is_dark else 1.0), 0, 0.85)


def _bubbles(canvas: Canvas) -> None:
    rng = canvas.rng
    spots = [
        (
            float(rng.uniform(0, canvas.width)),
            float(rng.uniform(0, canvas.height * 0.9)),
            float(rng.uniform(0.003, 0.012)),
        )
        for _ in range(46)
    ]

    def draw(pen: ImageDraw.ImageDraw, k: int) -> None:
        for x, y, size in spots:
            radius = canvas.unit * size
            box = [(x - radius) * k, (y - radius) * k, (x + radius) * k, (y + radius) * k]
            pen.ellipse(box, outline=255, width=2 * k)

    canvas.fill(canvas.mask(draw), WHITE, 0, 0.6)
