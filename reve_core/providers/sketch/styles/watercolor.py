"""Watercolour: wobbling washes, pigment gathered at their rims, granulation, a ragged edge of bare paper."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from reve_core.providers.sketch.canvas import Array, F, noise, resized, rgb, smoothstep, to_array, to_image
from reve_core.providers.sketch.styles.tools import grid, paper, saturated


def apply(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    width, height = image.size
    unit = min(width, height)
    soft = image.reduce(3).filter(ImageFilter.MedianFilter(5)).resize(image.size, Image.Resampling.BICUBIC)
    wash = np.asarray(Image.blend(soft, image.filter(ImageFilter.BoxBlur(1)), 0.3))
    rows = np.arange(height, dtype=np.int32)[:, None] + _wobble(height, width, unit, rng)
    columns = np.arange(width, dtype=np.int32)[None] + _wobble(height, width, unit, rng)
    rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    color = wash.reshape(-1, 3)[rows * width + columns]
    rims = _rims(color, unit)
    strength = F(0.86) + (noise(height, width, unit * 0.09, rng, 5, 1, 0.6) - F(0.5)) * F(0.55)
    strength = strength * (1 + (noise(height, width, 6, rng, 2) - F(0.5)) * F(0.36))
    paint = 1 - (1 - color.astype(F) / F(255)) * strength[..., None]
    paint = saturated(paint * (1 - rims * F(0.8))[..., None], 1.18)
    down, across = grid(height, width)
    # The painted area ends at about the same number of pixels from every side, also in a long picture.
    reach_x, reach_y = width / unit, height / unit
    edge = np.maximum(F(1) - (1 - np.abs(across)) * F(reach_x), F(1) - (1 - np.abs(down)) * F(reach_y))
    edge = edge + (noise(height, width, unit * 0.16, rng, 5, 1, 0.6) - F(0.5)) * F(0.16)
    bare = smoothstep(0.9, 0.955, edge)[..., None]
    paint *= (1 - np.exp(-(((edge - F(0.925)) / F(0.012)) ** 2)) * F(0.14))[..., None]
    return to_image((paint + (rgb("#fbf7ee") - paint) * bare) * paper(height, width, rng, 0.035))


def _wobble(height: int, width: int, unit: int, rng: np.random.Generator) -> Array:
    """How far each pixel strays, as from an unsteady hand."""
    broad = (noise(height, width, unit * 0.05, rng, 2) - F(0.5)) * F(unit * 0.018)
    fine = (noise(height, width, unit * 0.012, rng, 1) - F(0.5)) * F(unit * 0.006)
    moved: Array = (broad + fine).astype(np.int32)
    return moved


def _rims(color: Array, unit: int) -> Array:
    """Where a wash ends, its pigment gathers: 0 to about 0.45."""
    height, width = color.shape[:2]
    gray = Image.fromarray(color).convert("L").reduce(2)
    light = to_array(gray)
    inner = np.clip((to_array(gray.filter(ImageFilter.GaussianBlur(unit * 0.003))) - light) * F(2.3), 0, 0.28)
    outline = np.abs(light - to_array(gray.filter(ImageFilter.GaussianBlur(unit * 0.0009)))) * F(1.5)
    return resized(inner + np.clip(outline, 0, 0.16), width, height)
