"""What falls from the sky, in front of everything: rain, snow, fog; and the glow of bright parts."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from reve_core.providers.sketch.canvas import WHITE, Canvas, F, resized, rgb, to_array, to_image

DRY = frozenset(
    {"logo", "island", "space", "mars", "moon", "room", "studio", "card", "backdrop", "underwater", "abstract"}
)


def paint_weather(canvas: Canvas) -> None:
    if canvas.setting.scene in DRY:
        return
    if canvas.weather in ("rain", "storm"):
        _rain(canvas)
    elif canvas.weather == "snow":
        _snow(canvas)
    elif canvas.weather == "fog":
        mist = canvas.noise(0.5, 4, 3.0) * F(1.1) + np.linspace(-0.35, 0.25, canvas.height, dtype=F)[:, None]
        canvas.fill(np.clip(mist, 0, 0.62), canvas.fog)


def _rain(canvas: Canvas) -> None:
    rng, width, height = canvas.rng, canvas.width, canvas.height
    area = width * height / canvas.unit**2
    color = rgb("#dbe7f5")
    for count, length, thick, alpha in ((500, 0.03, 1, 0.22), (220, 0.06, 2, 0.26)):
        drops = rng.uniform((0, -0.1 * height), (width * 1.1, height), (int(count * area), 2)).tolist()
        long = length * canvas.unit

        def draw(
            pen: ImageDraw.ImageDraw, k: int, drops: list[list[float]] = drops, long: float = long, thick: int = thick
        ) -> None:
            for x, y in drops:
                pen.line([(x * k, y * k), ((x - long * 0.22) * k, (y + long) * k)], fill=255, width=thick)

        canvas.fill(canvas.mask(draw, 1), color, 0, alpha)
    if canvas.horizon >= height - 8:
        return
    rings = rng.uniform((0, canvas.horizon, 0.004), (width, height, 0.014), (int(60 * area), 3)).tolist()

    def splash(pen: ImageDraw.ImageDraw, k: int) -> None:
        for x, y, size in rings:
            radius = size * canvas.unit
            pen.arc([x - radius, y - radius * 0.3, x + radius, y + radius * 0.3], 180, 360, fill=255, width=2)

    canvas.fill(canvas.mask(splash, 1), color, 0, 0.3)


def _snow(canvas: Canvas) -> None:
    rng, width, height, unit = canvas.rng, canvas.width, canvas.height, canvas.unit
    area = width * height / unit**2
    for count, size, blur, alpha in ((420, 0.0016, 0.0, 0.8), (150, 0.0034, 0.0012, 0.8), (26, 0.009, 0.004, 0.55)):
        layer = Image.new("L", (width, height))
        pen = ImageDraw.Draw(layer)
        for x, y, share in rng.uniform((0, 0, 0.6), (width, height, 1.3), (int(count * area), 3)).tolist():
            radius = unit * size * share + 0.5
            pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
        if blur:
            layer = layer.filter(ImageFilter.GaussianBlur(unit * blur))
        canvas.fill(to_array(layer), WHITE, 0, alpha)


def bloom(canvas: Canvas) -> None:
    """Let the brightest parts bleed a little, as a lens does."""
    if canvas.setting.scene in ("logo", "island", "abstract", "card"):
        return
    threshold = 0.74 if canvas.is_dark else 0.88
    strong = (canvas.is_dark and canvas.setting.scene != "space") or canvas.time in ("sunset", "dawn")
    bright = to_image((canvas.pixels - F(threshold)) / F(1 - threshold)).reduce(4)
    soft = bright.filter(ImageFilter.GaussianBlur(canvas.unit * 0.005))
    light = np.stack([resized(band, canvas.width, canvas.height) for band in np.moveaxis(to_array(soft), -1, 0)], -1)
    canvas.pixels += light * F(0.45 if strong else 0.12)
