"""A comic: flat colours, halftone dots in the shade, black outlines."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from reve_core.providers.sketch.canvas import F, smoothstep, to_array, to_image
from reve_core.providers.sketch.styles.tools import flat_colors, gray_of, lines

_COLORS = 20


def apply(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    width, height = image.size
    unit = min(width, height)
    color = to_array(flat_colors(image, _COLORS, 1.5, 2))
    pitch = F(unit / 110 / 4.44)
    down, across = np.arange(height, dtype=F)[:, None], np.arange(width, dtype=F)[None]
    dots = (np.sin((across + down) / pitch) * np.sin((across - down) / pitch) + 1) / 2
    tone = np.clip(1 - gray_of(color)[..., 0] * F(1.25), 0, 1)
    color = color * (1 - F(0.34) * smoothstep(-0.06, 0.06, tone - dots) * (tone > 0.12))[..., None]
    calm = image.reduce(2).filter(ImageFilter.MedianFilter(3)).resize(image.size, Image.Resampling.BICUBIC)
    # The brightest channel, not the mean: a red on green edge is no line in grey.
    outline = lines(to_image(to_array(calm).max(-1)), unit * 0.0022, 20, 0.36, 14)
    return to_image((color * F(0.92) + F(0.06)) * outline[..., None])
