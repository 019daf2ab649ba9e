"""A skyline over a wet street or a bay: four layers of towers, windows, and signs at night."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from reve_core.providers.sketch.canvas import WHITE, Array, Canvas, F, lerp, rgb, to_array
from reve_core.providers.sketch.nature import paint_water
from reve_core.providers.sketch.sky import paint_sky

_LAYERS = 4
_NEON = ((255, 45, 149), (0, 240, 255), (255, 200, 40), (140, 90, 255))
_WARM = ((255, 214, 140), (170, 214, 255), (255, 236, 200))
_ELECTRIC = ((255, 120, 220), (110, 235, 255), (255, 214, 140))


@dataclass(frozen=True, slots=True)
class _Tower:
    """One building in pixels, on its layer (0 farthest)."""

    x: int
    y: int
    width: int
    height: int
    layer: int
    color: Array


def paint(canvas: Canvas) -> None:
    is_neon = "neon" in canvas.setting.styles
    paint_sky(canvas)
    if canvas.is_dark:
        canvas.band_of_fog(canvas.horizon, 0.34, 0.5)
        away = (canvas.rows - F(canvas.horizon)) / F(canvas.height * 0.3)
        haze = np.repeat(np.exp(-away * away), canvas.width, 1) * F(0.75 if is_neon else 0.4)
        canvas.fill(haze, rgb("#c0308f" if is_neon else "#6b5a8f"))
    street = canvas.image()
    pen = ImageDraw.Draw(street)
    for layer in range(_LAYERS):
        _paint_layer(canvas, pen, layer, is_neon=is_neon)
    canvas.pixels = to_array(street).copy()
    canvas.band_of_fog(canvas.horizon, 0.14, 0.22 if canvas.is_dark else 0.35)
    if canvas.is_dark:
        small = street.reduce(4).filter(ImageFilter.GaussianBlur(canvas.unit * 0.006))
        light = to_array(small.resize((canvas.width, canvas.height), Image.Resampling.BILINEAR))
        canvas.pixels += np.clip(light - F(0.22), 0, 1) * F(1.1 if is_neon else 0.6)
    wet = canvas.weather in ("rain", "storm")
    paint_water(
        canvas, canvas.horizon, "#141a2c" if canvas.is_dark else "#59616e", mirror=0.78 if wet else 0.5, chop=0.5
    )
    edge = np.clip((np.arange(canvas.height, dtype=F) - F(canvas.horizon)) / F(canvas.height * 0.02), 0, 1)
    canvas.pixels *= 1 - (edge * (1 - edge))[:, None, None]
    if canvas.is_walked_on:
        _paint_quay(canvas)


def _paint_quay(canvas: Canvas) -> None:
    """A paved embankment along the lower edge, its slabs running toward the middle of the skyline."""
    width, height, unit = canvas.width, canvas.height, canvas.unit
    top = int(canvas.horizon + (height - canvas.horizon) * 0.36)
    t = np.linspace(0, 1, height - top, dtype=F)[:, None]
    grain = canvas.noise(0.05, 4, 4.0, 0.6, top=top)
    stone = (
        lerp(rgb("#8b8d97"), rgb("#6b6c76"), t[..., None]) * lerp(canvas.ambient, WHITE, F(0.25)) * F(canvas.exposure)
    )
    stone = stone * (1 + (grain[..., None] - F(0.5)) * F(0.3))
    across = (canvas.columns - F(width / 2)) / (F(0.35) + t)  # lines of perspective
    joints = np.abs((across / F(unit * 0.16)) % 1 - F(0.5)) < F(0.012)
    for share in (0.1, 0.27, 0.52, 0.86):
        row = int((height - top) * share)
        stone[row : row + max(1, int(unit * 0.004))] *= F(0.74)
    stone *= 1 - joints[..., None] * F(0.24)
    shine = canvas.pixels[top : top - (height - top) : -1] if top >= height - top else None
    if shine is not None and canvas.weather in ("rain", "storm"):
        stone = lerp(stone, shine[: height - top], F(0.35))
    canvas.pixels[top:] = stone
    lip = max(3, int(unit * 0.012))
    canvas.pixels[top : top + lip] = lerp(canvas.pixels[top : top + lip], canvas.light, F(0.3 * canvas.exposure))


def _tuple(color: Array) -> tuple[int, int, int]:
    red, green, blue = (int(255 * min(1.0, max(0.0, float(value)))) for value in color)
    return red, green, blue


def _paint_layer(canvas: Canvas, pen: ImageDraw.ImageDraw, layer: int, *, is_neon: bool) -> None:
    rng, unit = canvas.rng, canvas.unit
    t = (layer + 0.5) / _LAYERS
    near = rgb("#1a2240" if canvas.is_dark else "#5d6f86") * lerp(canvas.ambient, WHITE, F(0.4))
    base = lerp(rgb("#6a2a86") if is_neon else canvas.fog, near, F(t))
    x = -int(rng.integers(0, 40))
    while x < canvas.width:
        off_center = abs(x / canvas.width - 0.5)
        width = max(8, int(canvas.grain * float(rng.uniform(0.05, 0.1)) * (1 + 0.25 * layer)))
        rise = 1.3 - off_center if layer < 2 else 0.42 + 1.15 * off_center
        height = int(canvas.horizon * float(rng.uniform(0.3, 0.72)) * (1.12 - 0.14 * layer) * rise)
        color = np.clip(base * F(rng.uniform(0.85, 1.15)), 0, 1)
        tower = _Tower(x, canvas.horizon - height, width, height, layer, color)
        _paint_tower(canvas, pen, tower)
        _paint_windows(canvas, pen, tower, base, is_neon=is_neon)
        if layer >= 1 and canvas.is_dark and rng.random() < (0.85 if is_neon else 0.3):
            _paint_sign(canvas, pen, tower)
        x += width + (int(rng.integers(2, max(3, int(unit * 0.018)))) if layer > 1 else -2)


def _paint_tower(canvas: Canvas, pen: ImageDraw.ImageDraw, tower: _Tower) -> None:
    x, y, width, height = tower.x, tower.y, tower.width, tower.height
    pen.rectangle([x, y, x + width, canvas.height], fill=_tuple(tower.color))
    pen.rectangle([x + int(width * 0.72), y, x + width, canvas.height], fill=_tuple(tower.color * F(0.8)))
    roof = int(canvas.rng.integers(0, 5))
    middle = x + width // 2
    if roof == 0:
        tip = y - int(height * 0.16)
        pen.rectangle([middle - 2, tip, middle + 1, y], fill=_tuple(tower.color))
        if canvas.is_dark:
            pen.ellipse([middle - 4, tip - 4, middle + 3, tip + 3], fill=(255, 70, 70))
    elif roof == 1:
        pen.polygon([(x, y), (middle, y - width // 2), (x + width, y)], fill=_tuple(tower.color * F(1.05)))
    elif roof == 2:
        pen.rectangle([x + width // 5, y - width // 4, x + width * 4 // 5, y], fill=_tuple(tower.color * F(0.95)))


def _paint_windows(canvas: Canvas, pen: ImageDraw.ImageDraw, tower: _Tower, base: Array, *, is_neon: bool) -> None:
    rng = canvas.rng
    t = (tower.layer + 0.5) / _LAYERS
    side = max(4, int(canvas.unit * 0.008 * (1 + 0.35 * tower.layer)))
    warm = _ELECTRIC[int(rng.integers(0, 3))] if is_neon else _WARM[int(rng.choice(3, p=[0.6, 0.25, 0.15]))]
    color = np.array(warm, F) / F(255)
    glass = _tuple(lerp(tower.color, canvas.sky[1], F(0.35)))
    share = 0.5 if canvas.is_dark else 0.12
    for y in range(tower.y + side, canvas.horizon - side, int(side * 2.1)):
        for x in range(tower.x + side, tower.x + tower.width - side, int(side * 1.9)):
            box = [x, y, x + int(side * 0.8), y + side]
            if rng.random() < share:
                pen.rectangle(box, fill=_tuple(lerp(base, color, F((0.4 + 0.6 * t) * float(rng.uniform(0.55, 1))))))
            elif not canvas.is_dark:
                pen.rectangle(box, fill=glass)


def _paint_sign(canvas: Canvas, pen: ImageDraw.ImageDraw, tower: _Tower) -> None:
    """An upright neon sign with made-up characters."""
    rng = canvas.rng
    red, green, blue = color = _NEON[int(rng.integers(0, 4))]
    width = max(6, int(tower.width * 0.3))
    height = max(10, int(min(tower.height * 0.6, canvas.unit * 0.26)))
    x, y = tower.x + int(tower.width * float(rng.uniform(0.1, 0.5))), tower.y + int(tower.height * 0.12)
    box = [x, y, x + width, y + height]
    pen.rounded_rectangle(
        box, width // 4, outline=color, width=max(2, width // 9), fill=(red // 4, green // 4, blue // 4)
    )
    half, middle = width * 0.24, x + width / 2
    for row in range(y + width // 2, y + height - width // 2, max(8, int(width * 0.75))):
        glyph = int(rng.integers(0, 3))
        stroke = max(2, width // 12)
        if glyph == 0:
            pen.ellipse([middle - half, row, middle + half, row + 2 * half], outline=color, width=stroke)
        elif glyph == 1:
            points = [(middle - half, row), (middle + half, row), (middle, row + 2 * half)]
            pen.line([*points, points[0]], fill=color, width=stroke)
        else:
            pen.rectangle([middle - half, row, middle + half, row + half * 1.5], outline=color, width=stroke)
