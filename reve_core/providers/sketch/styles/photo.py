"""A photograph's grading: teal shadows, warm lights, contrast, vignette, grain. It does not make a drawing real."""

from __future__ import annotations

import numpy as np
from PIL import Image

from reve_core.providers.sketch.canvas import F, rgb, to_array, to_image
from reve_core.providers.sketch.styles.tools import gray_of, grid


def apply(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    width, height = image.size
    color = to_array(image)
    light = gray_of(color)
    shadows = (rgb("#0c3a4a") - F(0.18)) * (1 - light) ** 2 * F(0.35)
    highlights = (rgb("#ffcf9a") - F(0.75)) * light**2 * F(0.3)
    color = np.clip((color + shadows + highlights - F(0.5)) * F(1.1) + F(0.5), 0, 1)
    down, across = grid(height, width)
    color *= np.clip(F(1.1) - F(0.34) * (across * across + down * down), 0.2, 1.05)[..., None]
    return to_image(color + rng.standard_normal((height, width, 1), dtype=F) * F(0.014))
