"""Ranges behind a valley with firs, or behind a lake."""

from __future__ import annotations

from reve_core.providers.sketch.canvas import Canvas, F, rolling
from reve_core.providers.sketch.nature import (
    leafy,
    paint_grass,
    paint_ground,
    paint_mountains,
    paint_trees,
    paint_water,
)
from reve_core.providers.sketch.sky import paint_sky


def paint(canvas: Canvas) -> None:
    paint_sky(canvas)
    paint_mountains(canvas)
    height = canvas.height
    far, near, texture = ("#e6eef8", "#f8fbff", 0.05) if canvas.is_snowy else ("#7f9a63", "#3f6338", 0.1)
    if "lake" in canvas.setting.extras:
        _paint_lake(canvas, near, texture)
    else:
        paint_ground(canvas, far, near, texture=texture)
    if "autumn" in canvas.setting.extras:
        paint_trees(canvas, height * 0.78, height * 0.2, 26, "#b5532a", shape=leafy, near=0.75, gap=0.2)
    else:
        paint_trees(canvas, height * 0.8, height * 0.24, 30, "#274a3f", near=0.8, gap=0.2)
    paint_trees(canvas, height * 0.99, height * 0.5, 10, "#173029", near=0.97, gap=0.36)
    if not canvas.is_snowy:
        paint_grass(canvas, "#1d3a28", 60, 0.05)


def _paint_lake(canvas: Canvas, bank: str, texture: float) -> None:
    """A still lake up to the foot of the mountains, and the near bank, higher where somebody stands on it."""
    paint_water(canvas, canvas.horizon, "#1d5a78" if not canvas.is_dark else "#1b3d68", chop=0.5)
    share = 0.82 if canvas.is_walked_on else 0.92
    line = F(canvas.height * share) + (rolling(canvas.width, canvas.rng, 4) - F(0.5)) * F(canvas.height * 0.05)
    mask, top = canvas.below(line)
    grain = canvas.noise(0.12, 5, 4.0, 0.6, top=top)
    canvas.fill(mask, canvas.lit(bank) * (1 + (grain[..., None] - F(0.5)) * F(texture * 4)), top)
