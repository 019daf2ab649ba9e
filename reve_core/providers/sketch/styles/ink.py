"""Pen and ink: outlines, and hatching in four directions that thickens with the dark."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from reve_core.providers.sketch.canvas import F, lerp, noise, rgb, smoothstep, to_array, to_image
from reve_core.providers.sketch.styles.tools import lines, paper

# Direction of the strokes in radians, and the brightness below which they begin.
_HATCHES = ((0.78, 0.52), (-0.78, 0.36), (0.1, 0.22), (1.45, 0.12))
_PAPER_SHARE = 0.56  # how bright the middle of the picture's tones should be: paper must show, also at night


def apply(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    width, height = image.size
    unit = min(width, height)
    gray = _on_paper(image)
    outline = lines(gray.filter(ImageFilter.MedianFilter(3)), unit * 0.0014, 22, 0.5, 10)
    light = to_array(gray.filter(ImageFilter.GaussianBlur(unit * 0.002)))
    waver = noise(height, width, unit * 0.03, rng, 3)
    down, across = np.arange(height, dtype=F)[:, None], np.arange(width, dtype=F)[None]
    pitch = unit / 150
    tone = np.ones((height, width), F)
    for angle, threshold in _HATCHES:
        phase = (across * F(math.cos(angle)) + down * F(math.sin(angle))) / F(pitch) * F(math.tau)
        stroke = smoothstep(0.1, 0.75, np.sin(phase + (waver - F(0.5)) * 9))
        tone *= 1 - smoothstep(threshold + 0.1, threshold - 0.16, light) * stroke * F(0.62)
    tone = np.minimum(tone, outline * F(0.92) + F(0.06) + (waver - F(0.5)) * F(0.1))
    return to_image(lerp(rgb("#23252e"), rgb("#faf6ec"), tone[..., None]) * paper(height, width, rng, 0.03))


def _on_paper(image: Image.Image) -> Image.Image:
    """The tones spread over the whole range, and lifted until a night scene leaves paper to draw on."""
    gray = ImageOps.autocontrast(image.convert("L"), 1)
    light = to_array(gray)
    level = float(np.clip(np.median(light[::8, ::8]), 0.04, 0.96))
    if level >= _PAPER_SHARE:
        return gray
    gamma = max(0.42, math.log(_PAPER_SHARE) / math.log(level))
    return to_image(light ** F(gamma))
