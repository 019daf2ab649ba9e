"""Backdrops in a colour the prompt names."""

from __future__ import annotations

import colorsys

import numpy as np

from reve_core.providers.sketch.canvas import Array, F
from reve_core.providers.sketch.vocabulary import vocabulary


def hues(colors: tuple[str, ...]) -> list[float]:
    """The hues (0 to 1) of the colour words that have one; white, black and grey do not."""
    values = [vocabulary().colors.get(color, -1) for color in colors]
    return [value / 360 for value in values if value >= 0]


def from_hsv(hue: float, saturation: float, value: float) -> Array:
    return np.array(colorsys.hsv_to_rgb(hue % 1, saturation, value), F)


def light_and_deep(colors: tuple[str, ...]) -> tuple[Array, Array] | None:
    """Two tones of the first colour named, None where none is."""
    found = hues(colors)
    return (from_hsv(found[0], 0.2, 0.96), from_hsv(found[0], 0.5, 0.66)) if found else None
