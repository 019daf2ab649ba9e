"""Rolling fields with trees on the far hills and flowers near by."""

from __future__ import annotations

import numpy as np

from reve_core.providers.sketch.canvas import WHITE, Array, Canvas, F, lerp, rgb, rolling
from reve_core.providers.sketch.nature import leafy, paint_flowers, paint_grass, paint_mountains, paint_trees
from reve_core.providers.sketch.sky import paint_sky


def paint(canvas: Canvas) -> None:
    paint_sky(canvas)
    paint_mountains(canvas, "#5f8296", layers=1, top=0.72, bottom=0.72)
    autumn = "autumn" in canvas.setting.extras
    far, near = ("#9cc26a", "#4f8f3f")
    if canvas.is_snowy:
        far, near = "#dfe9f4", "#f6faff"
    elif autumn:
        far, near = "#d8b45e", "#a5702f"
    height = canvas.height
    for index in range(3):
        t = (index + 1) / 3
        line = lerp(canvas.horizon * 0.93, height * 0.8, index / 2.2)
        line = line + (rolling(canvas.width, canvas.rng) - F(0.5)) * F(height * 0.09)
        if index < 2:
            foot, tall = float(line.mean()) + height * 0.01, height * (0.07 + 0.05 * index)
            paint_trees(canvas, foot, tall, 12 - 4 * index, "#3f7a3c", shape=leafy, near=0.4 + 0.2 * index, gap=0.12)
        _paint_hill(canvas, line, far, near, t)
    if not canvas.is_snowy:
        paint_flowers(canvas, 190 if "flowers" in canvas.setting.extras else 60)
        paint_grass(canvas, "#8a5a24" if autumn else "#2f6a2c", 120, 0.06)


def _paint_hill(canvas: Canvas, line: Array, far: str, near: str, t: float) -> None:
    mask, top = canvas.below(line)
    grain = canvas.noise(0.1, 5, 4.0, 0.6, top=top)
    depth = (np.arange(top, canvas.height, dtype=F)[:, None] - line[None]) / F(canvas.height * 0.35)
    depth = np.clip(depth, 0, 1)
    color = lerp(rgb(far), rgb(near), (depth * F(0.7) + F(0.3 * t))[..., None])
    color = color * lerp(canvas.ambient, WHITE, F(0.2)) * F(canvas.exposure)
    color = color * (1 + (grain[..., None] - F(0.5)) * F(0.28))
    color += (np.exp(-depth * 9) * F(0.14))[..., None] * canvas.light
    canvas.fill(mask, lerp(canvas.fog, color, F(0.55 + 0.45 * t)), top)
