"""Outer space, and the sky above the clouds."""

from __future__ import annotations

import numpy as np

from reve_core.providers.sketch.canvas import WHITE, Canvas, F, lerp, rgb, shifted, smoothstep
from reve_core.providers.sketch.sky import paint_sky, paint_stars

_NEBULAE = (("#5b2aa8", "#1579c9"), ("#b0306e", "#3a2a9c"), ("#0f8f8a", "#3b2f9e"))


def paint_space(canvas: Canvas) -> None:
    width, height, unit = canvas.width, canvas.height, canvas.unit
    canvas.pixels[:] = rgb("#070914")
    wide, fine = canvas.noise(0.5, 6, 1.0, 0.55), canvas.noise(0.4, 5)
    first, second = (rgb(color) for color in _NEBULAE[int(canvas.rng.integers(0, 3))])
    canvas.pixels += (smoothstep(0.42, 0.8, wide) * F(0.7))[..., None] * first
    canvas.pixels += (smoothstep(0.47, 0.85, fine) * F(0.62))[..., None] * second
    core = smoothstep(0.62, 0.9, wide * F(0.6) + fine * F(0.5)) * F(0.4)
    canvas.pixels += core[..., None] * rgb("#ffc9a0")
    paint_stars(canvas, height, 2.2)
    x, y, radius = width * (0.5 + canvas.side * 0.37), height * 0.19, unit * 0.13
    away = canvas.distance(x, y)
    across, down = (canvas.columns - F(x)) / F(radius), (canvas.rows - F(y)) / F(radius)
    bulge = np.sqrt(np.clip(1 - across * across - down * down, 0, 1))
    shade = np.clip(across * F(-canvas.side * 0.7) + down * F(0.6) + bulge * F(0.5), 0.04, 1)
    halo = np.exp(-np.clip(away - F(radius), 0, None) / F(radius * 0.16)) * F(0.45)
    canvas.fill(halo, lerp(second, WHITE, F(0.4)))
    bands = smoothstep(0.3, 0.7, canvas.noise(0.16, 4, 5.0))
    canvas.fill(
        np.clip(F(radius) - away, 0, 1), lerp(second, rgb("#ffdca8"), bands[..., None]) * shade[..., None] * F(1.15)
    )


def paint_clouds(canvas: Canvas) -> None:
    """High up: a floor of cumulus that thins out toward the top."""
    paint_sky(canvas, canvas.height)
    unit = canvas.unit
    for cell, floor, reach in ((0.42, 0.5, 0.3), (0.3, 0.72, 0.46)):
        shape = canvas.noise(cell, 6, 1.7, 0.55)
        slope = np.linspace(reach, -reach * 0.55, canvas.height, dtype=F)[:, None]
        density = smoothstep(floor - 0.02, floor + 0.1, shape - slope + F(floor - 0.5))
        toward = shifted(shape, -int(unit * 0.02), int(canvas.side * unit * 0.012))
        lit = np.clip(F(0.55) + (shape - toward) * 4, 0, 1)
        shade = lerp(lerp(canvas.sky[1], canvas.sky[2], F(0.6)), WHITE, F(0.12))
        bright = lerp(canvas.light, WHITE, F(0.6)) * F(0.66 if canvas.is_dark else 1.0)
        canvas.fill(density, lerp(shade, bright, lit[..., None]), 0, 0.95)
