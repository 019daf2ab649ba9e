"""Pixel art: a coarse grid, a small palette, ordered dither."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from reve_core.providers.sketch.canvas import F, to_array, to_image
from reve_core.providers.sketch.styles.tools import saturated

_ACROSS = 136  # big pixels along the shorter side
_COLORS = 28
_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], F) / F(16) - F(0.47)


def apply(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    width, height = image.size
    side = min(width, height) / _ACROSS
    columns, rows = max(2, round(width / side)), max(2, round(height / side))
    coarse = image.filter(ImageFilter.GaussianBlur(side * 0.22)).resize((columns, rows), Image.Resampling.BOX)
    color = np.clip(saturated(to_array(coarse), 1.22), 0, 1)
    color = np.clip((color - F(0.5)) * F(1.08) + F(0.5), 0, 1)
    palette = to_image(color).quantize(_COLORS, Image.Quantize.MEDIANCUT, kmeans=2)
    dither = np.tile(_BAYER, (rows // 4 + 1, columns // 4 + 1))[:rows, :columns] * F(0.055)
    dotted = to_image(color + dither[..., None]).quantize(palette=palette, dither=Image.Dither.NONE)
    return dotted.convert("RGB").resize((width, height), Image.Resampling.NEAREST)
