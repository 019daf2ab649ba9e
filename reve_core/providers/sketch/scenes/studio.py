"""A table top before a plain wall, as for a product photograph."""

from __future__ import annotations

import numpy as np

from reve_core.providers.sketch.canvas import Canvas, F, lerp, rgb, smoothstep
from reve_core.providers.sketch.scenes.tint import light_and_deep

_WALLS = (
    ("#f3e4d2", "#c69a76"),
    ("#d9e9ec", "#7fa6ad"),
    ("#f6dcd7", "#cb8a86"),
    ("#e2def0", "#8d84b5"),
    ("#e8ecd9", "#98a672"),
)
_WOOD = (("#8a5a3a", "#c48f5f"), ("#6f4a33", "#a97b55"), ("#a9744a", "#d8a878"))


def paint(canvas: Canvas) -> None:
    width, height, rng = canvas.width, canvas.height, canvas.rng
    wall = _WALLS[int(rng.integers(0, len(_WALLS)))]
    light, deep = light_and_deep(canvas.setting.colors) or (rgb(wall[0]), rgb(wall[1]))
    dim = F(0.55 if canvas.is_dark else 1.0)
    away = canvas.distance(width * (0.5 + canvas.side * 0.12), height * 0.36)
    canvas.pixels[:] = lerp(light, deep, smoothstep(0, 1.05, away / F(canvas.grain))[..., None]) * dim
    top = int(canvas.horizon * 1.02)
    dark_wood, light_wood = (rgb(color) for color in _WOOD[int(rng.integers(0, len(_WOOD)))])
    t = np.linspace(0, 1, height - top, dtype=F)[:, None]
    fibre = canvas.noise(0.5, 5, 16.0, 0.62, top=top)
    wood = lerp(dark_wood, light_wood, (F(0.25) + F(0.45) * t + (fibre - F(0.5)) * F(1.1))[..., None].clip(0, 1))
    for share in (0.16, 0.42, 0.74):  # seams between the boards, farther apart toward the eye
        row = int((height - top) * share)
        wood[row : row + max(2, int(canvas.unit * 0.003))] *= F(0.72)
    away = (canvas.columns - F(width * (0.5 + canvas.side * 0.12))) / F(width * 0.62)
    pool = F(0.72) + F(0.42) * np.exp(-away * away)
    canvas.pixels[top:] = wood * pool[..., None] * dim
    edge = np.exp(-np.abs(canvas.rows[:, 0] - F(top)) / F(canvas.unit * 0.006)) * F(0.35)
    canvas.pixels *= 1 - edge[:, None, None]
