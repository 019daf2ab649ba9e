"""The soft, mottled canvas behind a portrait."""

from __future__ import annotations

import numpy as np

from reve_core.providers.sketch.canvas import Canvas, F, lerp, rgb, smoothstep
from reve_core.providers.sketch.scenes.tint import light_and_deep

_TONES = (
    ("#c9a27a", "#4a3326"),
    ("#9fb4b0", "#2f4648"),
    ("#b9a3b8", "#46364f"),
    ("#a9b38c", "#3b4630"),
    ("#a8b6cf", "#2f3b57"),
)


def paint(canvas: Canvas) -> None:
    tones = _TONES[int(canvas.rng.integers(0, len(_TONES)))]
    light, deep = light_and_deep(canvas.setting.colors) or (rgb(tones[0]), rgb(tones[1]))
    away = canvas.distance(canvas.width * (0.5 + canvas.side * 0.1), canvas.height * 0.38) / F(canvas.grain * 0.82)
    mottle = (canvas.noise(0.3, 5, 1.0, 0.6) - F(0.5)) * F(0.55)
    canvas.pixels[:] = lerp(light, deep, np.clip(smoothstep(0, 1, away) + mottle, 0, 1)[..., None])
    canvas.pixels *= F(0.7 if canvas.is_dark else 1.0)
