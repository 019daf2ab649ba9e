"""What several styles need: line finding, paper, flat colours."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from reve_core.providers.sketch.canvas import Array, F, noise, to_array, to_image


def lines(image: Image.Image, radius: float, weight: float, threshold: float, steepness: float) -> Array:
    """Ink lines by an extended difference of Gaussians: 1 is paper, 0 is ink."""
    gray = image.convert("L")
    near = to_array(gray.filter(ImageFilter.GaussianBlur(radius)))
    far = to_array(gray.filter(ImageFilter.GaussianBlur(radius * 1.6)))
    value = near + F(weight) * (near - far)
    return np.where(value >= threshold, F(1), 1 + np.tanh(F(steepness) * (value - F(threshold)))).astype(F)


def paper(height: int, width: int, rng: np.random.Generator, strength: float) -> Array:
    """A factor around 1 for every pixel (height, width, 1): fine grain and broad unevenness."""
    fine, broad = noise(height, width, 5, rng, 2), noise(height, width, 90, rng, 3)
    return (1 + (fine - F(0.5)) * F(strength * 2) + (broad - F(0.5)) * F(strength * 0.7))[..., None]


def gray_of(color: Array) -> Array:
    """The mean of the channels, kept as a last axis of length 1."""
    mean: Array = color.mean(-1, keepdims=True)
    return mean


def saturated(color: Array, amount: float) -> Array:
    gray = gray_of(color)
    more: Array = gray + (color - gray) * F(amount)
    return more


def grid(height: int, width: int) -> tuple[Array, Array]:
    """Rows (height, 1) and columns (1, width), each from -1 to 1."""
    return np.linspace(-1, 1, height, dtype=F)[:, None], np.linspace(-1, 1, width, dtype=F)[None]


def flat_colors(image: Image.Image, colors: int, saturation: float = 1.3, shrink: int = 3) -> Image.Image:
    """Few colours with smooth contours: the palette from a thumbnail, applied again after a blur at full size."""
    small = to_array(image.reduce(shrink).filter(ImageFilter.MedianFilter(5)))
    vivid = to_image((saturated(small, saturation) - F(0.5)) * F(1.14) + F(0.51))
    none = Image.Dither.NONE
    thumbnail = vivid.resize((96, 96), Image.Resampling.NEAREST)
    palette = thumbnail.quantize(colors, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=none)
    coarse = vivid.quantize(palette=palette, dither=none).convert("RGB")
    smooth = coarse.resize(image.size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(shrink * 0.9))
    return smooth.quantize(palette=palette, dither=none).convert("RGB").filter(ImageFilter.GaussianBlur(0.7))
