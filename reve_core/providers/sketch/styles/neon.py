"""Neon: violet shadows, pink and cyan light along the edges, a glow around what is bright."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from reve_core.providers.sketch.canvas import Array, F, lerp, rgb, to_array, to_image
from reve_core.providers.sketch.styles.tools import gray_of, lines


def apply(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    width, height = image.size
    unit = min(width, height)
    color = _duotone(to_array(image), 0.34)
    edges = np.clip(F(0.65) - lines(image, unit * 0.0016, 16, 0.5, 9), 0, 1)
    glow = _spread(edges, unit * 0.0035)[..., None]
    across = np.linspace(0, 1, width, dtype=F)[None, :, None]
    color = color + glow * lerp(rgb("#ff2fa0"), rgb("#19e3ff"), across) * F(0.4)
    return to_image(color + _spread(np.clip(color - F(0.62), 0, 1) * 2, unit * 0.006) * F(0.26))


def tint(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The light alone, without lit edges: for a style that draws its own."""
    return to_image(_duotone(to_array(image), 0.5))


def _duotone(color: Array, strength: float) -> Array:
    """Pull grey parts toward violet, pink and cyan by their brightness; strong colours stay as they are."""
    light = gray_of(color)
    dark = lerp(rgb("#0b0420"), rgb("#7a1fb0"), light * 2)
    bright = lerp(rgb("#c22a9c"), rgb("#7df3ff"), light * 2 - 1)
    duo = np.where(light < 0.5, dark, bright)
    vivid = np.clip((color.max(-1, keepdims=True) - color.min(-1, keepdims=True)) * F(1.2), 0, 1)
    vivid = vivid * np.clip(light * F(2.2), 0, 1)
    mixed = color + (duo - color) * (F(strength) * (1 - vivid))
    strong: Array = np.clip((mixed - F(0.5)) * F(1.14) + F(0.52), 0, 1)
    return strong


def _spread(light: Array, radius: float) -> Array:
    """Blur at a quarter of the size, which nobody can see in a glow."""
    small = to_image(light).reduce(4).filter(ImageFilter.GaussianBlur(radius))
    return to_array(small.resize((light.shape[1], light.shape[0]), Image.Resampling.BILINEAR))
