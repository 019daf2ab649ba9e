"""No style asked for: a slight vignette and a little grain."""

from __future__ import annotations

import numpy as np
from PIL import Image

from reve_core.providers.sketch.canvas import F, to_array, to_image
from reve_core.providers.sketch.styles.tools import grid


def apply(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    width, height = image.size
    down, across = grid(height, width)
    vignette = F(1.04) - F(0.12) * (across * across + down * down)
    grain = rng.standard_normal((height, width, 1), dtype=F) * F(0.009)
    return to_image(to_array(image) * vignette[..., None] + grain)
