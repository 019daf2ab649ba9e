"""Dry places: dunes, Mars, the Moon."""

from __future__ import annotations

import math

import numpy as np

from reve_core.providers.sketch.canvas import WHITE, Canvas, F, Point, lerp, rgb, rolling, smoothstep
from reve_core.providers.sketch.nature import paint_mountains
from reve_core.providers.sketch.sky import paint_sky, paint_stars


def paint_dunes(canvas: Canvas) -> None:
    paint_sky(canvas)
    _dunes(canvas, "#e9b872", "#c98645")


def paint_mars(canvas: Canvas) -> None:
    paint_sky(canvas)
    moon = canvas.distance(canvas.width * (0.5 - canvas.side * 0.28), canvas.horizon * 0.3)
    canvas.fill(np.clip(F(canvas.unit * 0.03) - moon, 0, 1), rgb("#ffe9cf"), 0, 0.8)
    paint_mountains(canvas, "#8a4a33", layers=2, top=0.72, bottom=0.9, snow_line=False)
    _dunes(canvas, "#d98a5a", "#a8522f")
    _rocks(canvas, ("#5b2a1c", "#8c472f", "#c47a52"))


def paint_moon(canvas: Canvas) -> None:
    """Grey dust and craters under a black sky, with the Earth in it."""
    canvas.pixels[:] = rgb("#04050c")
    canvas.light, canvas.ambient, canvas.fog = WHITE, rgb("#e3e7f2"), rgb("#565c6e")
    paint_stars(canvas, canvas.horizon, 1.6)
    _earth(canvas)
    _dunes(canvas, "#b9bcc4", "#6f737d")
    rng = canvas.rng
    for _ in range(9):
        depth = float(rng.random()) ** 0.7
        y = lerp(canvas.horizon * 1.06, canvas.height * 0.99, depth)
        x, radius = (
            float(rng.uniform(0, canvas.width)),
            canvas.unit * (0.02 + 0.09 * depth) * float(rng.uniform(0.5, 1)),
        )
        away = np.hypot((canvas.columns - F(x)) / F(radius), (canvas.rows - F(y)) / F(radius * 0.32))
        slope = (canvas.columns - F(x)) / F(radius) * F(canvas.side)
        canvas.fill(np.clip((1 - away) * 8, 0, 1), rgb("#5d616b"), 0, 0.75)
        rim = np.exp(-(((away - 1) / F(0.16)) ** 2)) * np.clip(F(0.55) - slope * F(0.6), 0, 1)
        canvas.fill(rim, rgb("#eceef2"), 0, 0.7)
    _rocks(canvas, ("#3a3d45", "#7d818b", "#b9bcc4"))


def _earth(canvas: Canvas) -> None:
    x, y, radius = canvas.width * (0.5 + canvas.side * 0.27), canvas.horizon * 0.34, canvas.unit * 0.1
    away = canvas.distance(x, y)
    canvas.fill(np.exp(-np.clip(away - F(radius), 0, None) / F(radius * 0.2)) * F(0.4), rgb("#6fb7ff"))
    land = smoothstep(0.5, 0.58, canvas.noise(0.09, 4))
    cloud = smoothstep(0.55, 0.7, canvas.noise(0.07, 4, 2.4))
    globe = lerp(lerp(rgb("#2467b8"), rgb("#5f9a4f"), land[..., None]), WHITE, cloud[..., None] * F(0.85))
    shade = np.clip(F(0.75) - (canvas.columns - F(x)) / F(radius) * F(canvas.side * 0.75), 0.06, 1)
    canvas.fill(np.clip(F(radius) - away, 0, 1), globe * shade[..., None])


def _dunes(canvas: Canvas, light: str, dark: str) -> None:
    height = canvas.height
    tone = lerp(canvas.ambient, WHITE, F(0.1)) * F(0.6 if canvas.is_dark else 1.0)
    bright, deep = rgb(light) * tone, rgb(dark) * tone
    for index in range(4):
        t = (index + 1) / 4
        line = lerp(canvas.horizon, height * 0.93, (index / 4) ** 1.1)
        line = F(line) + (rolling(canvas.width, canvas.rng) - F(0.5)) * F(height * 0.13)
        mask, top = canvas.below(line)
        slope = (np.gradient(line) * (canvas.side * -5)).astype(F)
        depth = np.arange(top, height, dtype=F)[:, None] - line[None]
        grain = canvas.noise(0.05, 3, 3.0, top=top)
        lit = smoothstep(-0.9, 0.9, slope[None] + (grain - F(0.5)) * F(0.6) - depth / F(canvas.unit))
        color = lerp(deep * F(0.78), bright, lit[..., None]) * (1 + (grain[..., None] - F(0.5)) * F(0.12))
        canvas.fill(mask, lerp(canvas.fog, color, F(0.35 + 0.65 * t)), top)


def _rocks(canvas: Canvas, colors: tuple[str, str, str]) -> None:
    """Boulders in three tones: shadow, body, lit top."""
    rng, side = canvas.rng, canvas.side
    shadow, body, top = (rgb(color) * F(0.65 if canvas.is_dark else 1.0) for color in colors)
    for _ in range(12):
        x = float(rng.uniform(0, canvas.width))
        y = lerp(canvas.horizon * 1.08, canvas.height, float(rng.random()) ** 0.8)
        depth = (y - canvas.horizon) / (canvas.height - canvas.horizon)
        radius = canvas.unit * 0.05 * depth * float(rng.uniform(0.3, 1))
        outline: list[Point] = []
        for index in range(8):
            angle = index * math.tau / 8
            reach = radius * float(rng.uniform(0.8, 1.15))
            outline.append((x + math.cos(angle) * reach, y + math.sin(angle) * reach * 0.6))
        away = np.hypot(
            (canvas.columns - F(x + side * -radius * 0.5)) / F(radius * 1.5),
            (canvas.rows - F(y + radius * 0.45)) / F(radius * 0.4),
        )
        canvas.fill(np.clip(F(1.1) - away, 0, 1), shadow, 0, 0.6)
        canvas.polygon(outline, body)
        lit = [(x + (a - x) * 0.6 + side * radius * 0.16, y + (b - y) * 0.5 - radius * 0.16) for a, b in outline]
        canvas.polygon(lit, top, 0.9)
