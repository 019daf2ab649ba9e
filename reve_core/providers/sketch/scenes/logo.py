"""A round badge with rays, its ink colours chosen together; the lettering uses them too."""

from __future__ import annotations

import numpy as np

from reve_core.providers.sketch.canvas import WHITE, Array, Canvas, F, generator, lerp, rgb, smoothstep
from reve_core.providers.sketch.scenes.tint import from_hsv, hues

# Paper, ink, accent.
_SETS = (
    ("#f6efe2", "#2b2a33", "#c8553d"),
    ("#12343b", "#f3e9d2", "#e1b382"),
    ("#f9f4ef", "#1f3a5f", "#e8a33d"),
    ("#24201d", "#f5e6cc", "#d98e4a"),
    ("#e8f1ec", "#1e4d3a", "#d9664f"),
)


def inks(key: str, colors: tuple[str, ...]) -> tuple[Array, Array, Array]:
    """Paper, ink and accent of a logo: the same for the badge and its lettering."""
    paper, ink, accent = (rgb(color) for color in _SETS[int(generator("logo", key).integers(0, len(_SETS)))])
    named = hues(colors)
    if named:
        paper, ink, accent = rgb("#f9f4ef"), from_hsv(named[0], 0.7, 0.3), from_hsv(named[0], 0.62, 0.8)
    return paper, ink, accent


def paint(canvas: Canvas) -> None:
    paper, _, accent = inks(canvas.key, canvas.setting.colors)
    canvas.pixels[:] = paper
    cx, cy, radius = canvas.width / 2, canvas.height * 0.4, min(canvas.width * 0.45, canvas.height * 0.32)
    away = canvas.distance(cx, cy)

    def disc(share: float) -> Array:
        return np.clip(F(radius * share) - away, 0, 1)

    canvas.fill(disc(1), accent)
    canvas.fill(disc(0.96) * (1 - disc(0.935)), paper)
    canvas.fill(disc(0.88), lerp(accent, WHITE, F(0.82)))
    angle = np.arctan2(canvas.rows - F(cy), canvas.columns - F(cx))
    rays = smoothstep(-0.1, 0.1, np.sin(angle * 14)) * smoothstep(0.1, 0.9, away / F(radius))
    canvas.fill(disc(0.86) * rays, accent, 0, 0.2)
