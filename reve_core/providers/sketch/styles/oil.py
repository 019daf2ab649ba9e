"""Oil: thousands of strokes from broad to fine that follow the forms; each carries paint, which catches the light."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from reve_core.providers.sketch.canvas import Array, F, noise, shifted, to_array, to_image
from reve_core.providers.sketch.styles.tools import saturated

# Brush width, softness of the reference, spacing (in brush widths), and the difference that calls for a stroke.
_PASSES = ((0.026, 0.008, 0.8, -1.0), (0.013, 0.003, 0.8, 0.035), (0.0062, 0.0012, 0.85, 0.05))
_CELL = 8  # pixels per cell of the direction field


def apply(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    width, height = image.size
    unit = min(width, height)
    # The alpha channel of the working picture is not opacity: it is the height of the paint.
    work = image.filter(ImageFilter.GaussianBlur(unit * 0.012))
    work.putalpha(110)
    angles = _directions(image, unit, rng)
    for brush, soft, spacing, threshold in _PASSES:
        reference = np.asarray(image.filter(ImageFilter.GaussianBlur(unit * soft)))
        _strokes(work, reference, angles, unit * brush, spacing, threshold, rng)
    relief = to_array(work.getchannel("A").filter(ImageFilter.GaussianBlur(1)))
    relief = relief + (noise(height, width, 5, rng, 2) - F(0.5)) * F(0.22)
    shine = np.clip((relief - shifted(relief, 2, 2)) * F(0.55), -0.12, 0.12)[..., None]
    color = saturated(to_array(work.convert("RGB").filter(ImageFilter.GaussianBlur(0.6))), 1.15)
    return to_image(color * (1 + shine) + np.clip(shine, 0, 1) * F(0.25))


def _directions(image: Image.Image, unit: int, rng: np.random.Generator) -> Array:
    """The angle a stroke takes in each cell: along edges, and with a slow random flow where there are none."""
    gray = to_array(image.convert("L").filter(ImageFilter.GaussianBlur(unit * 0.007)))
    down, right = np.gradient(gray)
    parts = []
    for product in (right * right, down * down, right * down):
        cells = to_image(product * 900 + F(0.5)).reduce(_CELL).filter(ImageFilter.GaussianBlur(2))
        parts.append(to_array(cells) - F(0.5))
    xx, yy, xy = parts
    along = 0.5 * np.arctan2(2 * xy, xx - yy) + math.pi / 2
    rows, columns = along.shape
    flow = (noise(rows, columns, max(2.0, columns / 3), rng, 2) - F(0.5)) * 5
    certain = np.clip(np.hypot(xx - yy, 2 * xy) * 60, 0, 1)
    return np.where(certain > 0.12, along, flow)


def _strokes(
    work: Image.Image,
    reference: Array,
    angles: Array,
    brush: float,
    spacing: float,
    threshold: float,
    rng: np.random.Generator,
) -> None:
    width, height = work.size
    ys, xs = np.mgrid[0 : height : brush * spacing, 0 : width : brush * spacing]
    ys, xs = ((axis + rng.uniform(-0.5, 0.5, axis.shape) * brush).ravel() for axis in (ys, xs))
    order = rng.permutation(len(xs))
    x = np.clip(xs[order].astype(int), 0, width - 1)
    y = np.clip(ys[order].astype(int), 0, height - 1)
    if threshold > 0:  # the finer brushes only mend what the broader ones left wrong
        so_far = np.asarray(work.convert("RGB").filter(ImageFilter.BoxBlur(brush * 0.3)), F)
        wrong = np.abs(so_far - reference).mean(-1)[y, x] / 255 > threshold
        x, y = x[wrong], y[wrong]
    count = len(x)
    colors = np.clip(reference[y, x] + rng.normal(0, 5.5, (count, 1)) + rng.normal(0, 2.5, (count, 3)), 0, 255)
    rows, columns = angles.shape
    angle = angles[np.minimum(y // _CELL, rows - 1), np.minimum(x // _CELL, columns - 1)] + rng.normal(0, 0.16, count)
    length = brush * rng.uniform(0.9, 2.1, count)
    thick = max(2, int(brush * 0.78))
    heights = rng.integers(70, 170, count).tolist()
    across, down = (np.cos(angle) * length / 2).tolist(), (np.sin(angle) * length / 2).tolist()
    radius = thick * 0.42
    pen = ImageDraw.Draw(work)
    strokes = zip(x.tolist(), y.tolist(), across, down, colors.astype(int).tolist(), heights, strict=True)
    for px, py, a, b, (red, green, blue), paint in strokes:
        fill = (red, green, blue, paint)
        pen.line((px - a, py - b, px + a, py + b), fill=fill, width=thick)
        if thick > 6:  # round ends show only on a broad brush
            pen.ellipse((px + a - radius, py + b - radius, px + a + radius, py + b + radius), fill=fill)
            pen.ellipse((px - a - radius, py - b - radius, px - a + radius, py - b + radius), fill=fill)
