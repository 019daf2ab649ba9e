"""Ranges behind a valley with firs."""

from __future__ import annotations

from reve_core.providers.sketch.canvas import Canvas
from reve_core.providers.sketch.nature import leafy, paint_grass, paint_ground, paint_mountains, paint_trees
from reve_core.providers.sketch.sky import paint_sky


def paint(canvas: Canvas) -> None:
    paint_sky(canvas)
    paint_mountains(canvas)
    if canvas.is_snowy:
        paint_ground(canvas, "#e6eef8", "#f8fbff", texture=0.05)
    else:
        paint_ground(canvas, "#7f9a63", "#3f6338", texture=0.1)
    height = canvas.height
    if "autumn" in canvas.setting.extras:
        paint_trees(canvas, height * 0.78, height * 0.2, 26, "#b5532a", shape=leafy, near=0.75, gap=0.2)
    else:
        paint_trees(canvas, height * 0.8, height * 0.24, 30, "#274a3f", near=0.8, gap=0.2)
    paint_trees(canvas, height * 0.99, height * 0.5, 10, "#173029", near=0.97, gap=0.36)
    if not canvas.is_snowy:
        paint_grass(canvas, "#1d3a28", 60, 0.05)
