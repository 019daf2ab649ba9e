"""The open sea, and a beach."""

from __future__ import annotations

from reve_core.providers.sketch.canvas import WHITE, Canvas, F, lerp, rgb, rolling
from reve_core.providers.sketch.nature import paint_mountains, paint_water
from reve_core.providers.sketch.sky import paint_sky

_DEEP = {"day": "#0f5f8f", "sunset": "#3a2c62", "dawn": "#4a6a94", "night": "#1b3d68"}
# From the water's edge up the sand: offset down in fractions of the height, colour, opacity.
_EDGE = (
    (-0.022, "#ffffff", 0.55),
    (-0.012, "#8fd0d8", 0.5),
    (-0.002, "#ffffff", 0.9),
    (0.008, "#b98f62", 0.9),
    (0.028, "#e8c995", 1.0),
)


def paint_sea(canvas: Canvas) -> None:
    paint_sky(canvas)
    if canvas.rng.random() < 0.8:
        paint_mountains(canvas, "#4a6478", layers=1, top=0.93, bottom=0.93, snow_line=canvas.is_snowy)
    paint_water(canvas, canvas.horizon, _DEEP.get(canvas.time, "#13304f"))


def paint_beach(canvas: Canvas) -> None:
    paint_sky(canvas)
    paint_water(canvas, canvas.horizon, "#14304f" if canvas.is_dark else "#1b7fa0")
    height = canvas.height
    line = F(height * 0.745) + (rolling(canvas.width, canvas.rng, 5) - F(0.5)) * F(height * 0.05)
    for offset, color, alpha in _EDGE:
        mask, top = canvas.below(line + F(offset * height))
        tone = lerp(canvas.ambient, WHITE, F(0.15)) * F(0.65 if canvas.is_dark else 1.0)
        sand = "#eef3fa" if canvas.is_snowy and offset > 0.02 else color
        canvas.fill(mask, rgb(sand) * tone, top, alpha)
    mask, top = canvas.below(line + F(0.028 * height))
    grain = canvas.noise(0.12, 6, 4.0, 0.65, top=top)
    canvas.pixels[top:] *= 1 + ((grain - F(0.5)) * F(0.35) * mask)[..., None]
