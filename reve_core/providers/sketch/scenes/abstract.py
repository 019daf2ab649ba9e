"""
For prompts that name nothing we can draw: layered paper cuts, each casting a soft shadow on the one below.

The palette follows the colours the prompt names, or is chosen by its words.
"""

from __future__ import annotations

import numpy as np

from reve_core.providers.sketch.canvas import Array, Canvas, F, lerp, noise, rgb, smoothstep
from reve_core.providers.sketch.scenes.tint import from_hsv, hues

_PALETTES = (
    "264653 2a9d8f e9c46a f4a261 e76f51",
    "0b132b 1c2541 3a506b 5bc0be f2f5ea",
    "2b2d42 8d99ae edf2f4 ef233c ffb703",
    "355070 6d597a b56576 e56b6f eaac8b",
    "003049 d62828 f77f00 fcbf49 eae2b7",
    "10002b 5a189a c77dff ffd6ff ff9e00",
    "14213d 2a6f97 61a5c2 fefae0 dda15e",
    "0f2e2a 2d6a4f 95d5b2 fefae0 e07a5f",
)
_SHADES = ((0.8, 0.2), (0.75, 0.5), (0.65, 0.8), (0.35, 0.95), (0.1, 0.97))  # saturation, value: dark to light
_LAYERS = 9


def paint(canvas: Canvas) -> None:
    palette = _palette(canvas)
    width, height, rng = canvas.width, canvas.height, canvas.rng
    level = _relief(canvas)
    step = np.floor(level * _LAYERS) / (_LAYERS - 1)
    stops = np.linspace(0, 1, 5)
    canvas.pixels[:] = np.stack([np.interp(step, stops, palette[:, i]) for i in range(3)], -1).astype(F)
    canvas.pixels *= (1 - F(0.38) * np.exp(-((level * _LAYERS) % 1) * 5))[..., None]
    fibre = noise(height, width, 7, rng, 2)
    canvas.pixels *= 1 + (fibre[..., None] - F(0.5)) * F(0.09)
    x, y = width * float(rng.choice([0.34, 0.5, 0.66])), height * float(rng.uniform(0.3, 0.5))
    radius = canvas.unit * float(rng.uniform(0.13, 0.2))
    shadow = np.abs(canvas.distance(x + radius * 0.1, y + radius * 0.14) - F(radius * 0.5)) / F(radius * 0.6)
    canvas.fill(np.clip(1 - shadow, 0, 1) * F(0.3), np.zeros(3, F))
    disc = np.clip(F(radius) - canvas.distance(x, y), 0, 1)
    if rng.random() < 0.5:
        disc = disc * smoothstep(0.18, 0.2, level)  # the darkest layer lies over the disc
    slope = np.clip((canvas.rows - F(y)) / F(radius) * F(0.5) + F(0.5), 0, 1)[..., None]
    canvas.fill(disc, lerp(palette[-1], palette[-2], slope) + np.zeros((height, 1, 3), F))


def _palette(canvas: Canvas) -> Array:
    """Five colours, dark to light or in the order of a ready-made set."""
    rng = canvas.rng
    chosen = int(rng.integers(0, len(_PALETTES)))
    named = hues(canvas.setting.colors)
    if not named:
        return np.stack([rgb("#" + color) for color in _PALETTES[chosen].split()])
    return np.stack(
        [
            from_hsv(named[i % len(named)] + float(rng.uniform(-0.03, 0.03)), saturation, value)
            for i, (saturation, value) in enumerate(_SHADES)
        ]
    )


def _relief(canvas: Canvas) -> Array:
    """Folded noise, 0 to 1, rising toward the bottom."""
    width, height, unit = canvas.width, canvas.height, canvas.unit
    down, right, base = (canvas.noise(cell, octaves) for cell, octaves in ((0.8, 3), (0.8, 3), (0.7, 2)))
    rows = np.clip(np.arange(height)[:, None] + ((down - F(0.5)) * F(unit)).astype(int), 0, height - 1)
    columns = np.clip(np.arange(width)[None] + ((right - F(0.5)) * F(unit)).astype(int), 0, width - 1)
    level = base[rows, columns] * F(0.75) + np.linspace(0, 0.25, height, dtype=F)[:, None]
    low, high = float(level.min()), float(level.max())
    relief: Array = (level - F(low)) / F(max(1e-6, high - low))
    return relief
