"""A room: a window on this picture's own sky, bookshelves, a plant, a rug, lamplight."""

from __future__ import annotations

import numpy as np

from reve_core.providers.sketch.canvas import Canvas, F, lerp, rgb
from reve_core.providers.sketch.sky import window_view

_BOOKS = ("#b5483a", "#3a6b8a", "#d9a441", "#5a7d4a", "#7a4f8a", "#e9dcc3")
_WALLS = (("#ecd2b0", "#c99d74"), ("#cfd8cf", "#98aa9c"), ("#e3c9c4", "#bd8f88"), ("#c9d3e0", "#8c9fb8"))


def paint(canvas: Canvas) -> None:
    width, height, unit, rng = canvas.width, canvas.height, canvas.unit, canvas.rng
    dim = F(0.6 if canvas.is_dark else 0.86 if canvas.time in ("storm", "overcast") else 1.0)
    light, deep = (rgb(color) for color in _WALLS[int(rng.integers(0, len(_WALLS)))])
    canvas.pixels[:] = lerp(light, deep, np.linspace(0, 1, height, dtype=F)[:, None, None]) * dim
    floor = canvas.horizon
    boards = canvas.noise(0.5, 5, 12.0, top=floor)
    canvas.pixels[floor:] = rgb("#8a5a3c") * dim * (1 + (boards[..., None] - F(0.5)) * F(0.35))
    _window(canvas, dim)
    _shelves(canvas, dim)
    skirting = max(4, int(unit * 0.012))
    canvas.pixels[floor - skirting : floor] = rgb("#f0dfc8") * dim * F(0.92)
    _rug(canvas, dim)
    warm = 0.55 if canvas.is_dark else 0.3
    canvas.glow(width * 0.5, height * 0.6, unit * 0.3, rgb("#ffb866") * F(0.6), warm)


def _window(canvas: Canvas, dim: np.float32) -> None:
    width, height, unit = canvas.width, canvas.height, canvas.unit
    half = min(width * 0.2, unit * 0.24)
    left, right = int(width / 2 - half), int(width / 2 + half)
    top, bottom = int(height * 0.09), int(height * 0.52)
    frame, bar = max(4, int(unit * 0.014)), max(2, int(unit * 0.005))
    wood = rgb("#f5ead9") * dim
    canvas.pixels[top - frame : bottom + frame, left - frame : right + frame] = wood
    canvas.pixels[top:bottom, left:right] = window_view(canvas, right - left, bottom - top)
    middle = (left + right) // 2
    canvas.pixels[top:bottom, middle - bar : middle + bar] = wood
    row = top + int((bottom - top) * 0.42)
    canvas.pixels[row - bar : row + bar, left:right] = wood
    sill = max(4, int(unit * 0.012))
    canvas.pixels[bottom + frame : bottom + frame + sill, left - frame * 2 : right + frame * 2] = wood * F(0.9)


def _shelves(canvas: Canvas, dim: np.float32) -> None:
    width, height, unit, rng = canvas.width, canvas.height, canvas.unit, canvas.rng
    board = max(3, int(unit * 0.01))
    for start in (0.04, 0.76):
        for level in (0.2, 0.38, 0.56):
            row, end = int(level * height), int((start + 0.2) * width)
            canvas.pixels[row : row + board, int(start * width) : end] = rgb("#6b4328") * dim
            canvas.pixels[row + board : row + board * 2, int(start * width) : end] *= F(0.82)
            x = start * width + 4
            while x < (start + 0.19) * width - unit * 0.012:
                thick, tall = unit * float(rng.uniform(0.012, 0.026)), unit * float(rng.uniform(0.07, 0.12))
                color = rgb(_BOOKS[int(rng.integers(0, len(_BOOKS)))]) * dim * F(rng.uniform(0.85, 1.0))
                if rng.random() < 0.08:
                    x += thick * 2  # a gap between two books
                    continue
                canvas.pixels[int(row - tall) : row, int(x) : int(x + thick)] = color
                x += thick + 1


def _rug(canvas: Canvas, dim: np.float32) -> None:
    width, height = canvas.width, canvas.height
    away = np.hypot(
        (canvas.columns - F(width / 2)) / F(width * 0.38), (canvas.rows - F(height * 0.88)) / F(height * 0.09)
    )
    color = ("#a8443c", "#3f6a78", "#7d5a86")[int(canvas.rng.integers(0, 3))]
    canvas.fill(np.clip((1 - away) * F(canvas.unit * 0.05), 0, 1), rgb(color) * dim, 0, 0.92)
    ring = np.exp(-(((away - F(0.86)) / F(0.03)) ** 2))
    canvas.fill(ring, rgb("#f0dfc0") * dim, 0, 0.7)
