"""A screen print: flat colours, the drawing's own edges kept, a paper border."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from reve_core.providers.sketch.canvas import F, rgb, to_array, to_image
from reve_core.providers.sketch.styles.tools import flat_colors, paper

_COLORS = 22


def apply(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    width, height = image.size
    unit = min(width, height)
    flat = to_array(flat_colors(image, _COLORS))
    sharp, soft = (image.filter(ImageFilter.GaussianBlur(radius)) for radius in (1, unit * 0.012))
    detail = to_array(sharp).mean(-1) - to_array(soft).mean(-1)
    flat = flat + np.clip(np.round(detail * 7) / 7, -0.25, 0.3)[..., None] * F(0.8)
    flat = flat * (1 + rng.standard_normal((height, width, 1), dtype=F) * F(0.02))
    border = max(2, int(unit * 0.035))
    sheet = np.ones((height, width, 3), F) * rgb("#f6eeda")
    sheet[border : height - border, border : width - border] = flat[border : height - border, border : width - border]
    return to_image(sheet * paper(height, width, rng, 0.018))
