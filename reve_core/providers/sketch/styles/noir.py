"""Film noir: hard contrast, a deep vignette, grain; only a strong red keeps its colour."""

from __future__ import annotations

import numpy as np
from PIL import Image

from reve_core.providers.sketch.canvas import F, rgb, smoothstep, to_array, to_image
from reve_core.providers.sketch.styles.tools import grid


def apply(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    width, height = image.size
    color = to_array(image)
    light = smoothstep(0.08, 0.86, color @ np.array([0.45, 0.4, 0.15], F)) ** F(1.1)
    down, across = grid(height, width)
    light *= np.clip(F(1.18) - F(0.58) * (across * across + down * down) ** F(1.1), 0.14, 1.2)
    spread = color.max(-1) - color.min(-1)
    is_red = (color[..., 0] >= color.max(-1)) & (color[..., 1] < 0.42) & (color[..., 2] < 0.42)
    red = (smoothstep(0.38, 0.62, spread) * is_red * F(0.8))[..., None]
    light += rng.standard_normal((height, width), dtype=F) * F(0.028)
    toned = light[..., None] * np.array([1.0, 0.985, 0.96], F)
    return to_image(toned * (1 - red) + red * color * rgb("#ff3b30"))
