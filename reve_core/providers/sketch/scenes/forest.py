"""A clearing: rows of trees in thickening mist, the nearest ones framing both sides."""

from __future__ import annotations

from reve_core.providers.sketch.canvas import Canvas
from reve_core.providers.sketch.nature import conifer, leafy, paint_grass, paint_ground, paint_mountains, paint_trees
from reve_core.providers.sketch.sky import paint_sky


def paint(canvas: Canvas) -> None:
    paint_sky(canvas, int(canvas.horizon * 1.1))
    paint_mountains(canvas, "#4c6a6e", layers=1, top=0.5, bottom=0.6, snow_line=canvas.is_snowy)
    autumn = "autumn" in canvas.setting.extras
    is_jungle = "tropical" in canvas.setting.extras
    pines = canvas.is_snowy or (canvas.rng.random() < 0.6 and not autumn and not is_jungle)
    shape = conifer if pines else leafy
    far, near = ("#3f6b4f", "#1f4038") if pines else ("#5b8a3c", "#35612c")
    height, horizon = canvas.height, canvas.horizon
    for index, (foot, tall, count) in enumerate([(0.91, 0.26, 26), (0.955, 0.34, 18), (1.03, 0.46, 13)]):
        gap = 0.0 if index < 2 else 0.1
        paint_trees(canvas, foot * horizon, tall * height, count, far, shape=shape, near=0.2 + 0.2 * index, gap=gap)
        canvas.band_of_fog(horizon, 0.07, 0.3)
    if canvas.is_snowy:
        paint_ground(canvas, "#e6eef8", "#f8fbff", texture=0.045)
    elif autumn:
        paint_ground(canvas, "#b98a4a", "#7a4a24", texture=0.16)
    else:
        paint_ground(canvas, "#6f8f4e", "#31552f", texture=0.12)
    paint_trees(canvas, height * 0.8, height * 0.74, 9, near, shape=shape, near=0.8, gap=0.27)
    paint_trees(canvas, height * 0.97, height * 0.98, 7, near, shape=shape, near=0.97, gap=0.4)
    if not canvas.is_snowy:
        paint_grass(canvas, "#6b4420" if autumn else "#1f3a22")
