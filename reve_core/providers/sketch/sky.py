"""Skies: gradient, stars, aurora, clouds, sun or moon, lightning, rainbow. Everything above the horizon that is far away."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from reve_core.providers.sketch.canvas import (
    WHITE,
    Array,
    Canvas,
    F,
    blurred,
    lerp,
    noise,
    resized,
    rgb,
    shifted,
    smoothstep,
    to_array,
    to_image,
)

CLOUD_COVER = {"storm": 0.36, "overcast": 0.42}  # how much noise stays blue: less is more cloud
GLOW = {"storm": 0.15, "overcast": 0.35, "night": 0.55}


def paint_sky(canvas: Canvas, bottom: int | None = None, *, disc: bool = True) -> None:
    """Fill the whole canvas with sky that reaches its lowest colour at row ``bottom`` (default: the horizon)."""
    bottom = bottom or canvas.horizon
    height = np.clip(np.arange(canvas.height) / max(1, bottom), 0, 1)
    stops = np.linspace(0, 1, 4)
    channels = [np.interp(height, stops, [color[i] for color in canvas.sky]) for i in range(3)]
    canvas.pixels[:] = np.stack(channels, -1).astype(F)[:, None]
    if canvas.is_dark:
        paint_stars(canvas, bottom)
    if "aurora" in canvas.setting.extras:
        _aurora(canvas, bottom)
    _sunshine(canvas)
    density = _clouds(canvas, bottom)
    if disc and canvas.time not in ("storm", "overcast"):
        _disc(canvas, density)
    if "rainbow" in canvas.setting.extras:
        _rainbow(canvas)
    if canvas.weather == "storm":
        _lightning(canvas, bottom)


def paint_stars(canvas: Canvas, bottom: int, density: float = 1.0) -> None:
    rng = canvas.rng
    count = int(canvas.width * bottom / 1900 * density)
    rows = (rng.random(count) ** 1.3 * bottom).astype(int)
    columns = rng.integers(0, canvas.width, count)
    brightness = rng.random(count).astype(F) ** 3
    canvas.pixels[rows, columns] += brightness[:, None] * F(0.9)
    for index in np.argsort(-brightness)[: count // 24]:  # the brightest ones get a small cross
        row, column = int(rows[index]), int(columns[index])
        canvas.pixels[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2] += F(0.28)
        canvas.pixels[row, max(0, column - 3) : column + 4] += F(0.2)
        canvas.pixels[max(0, row - 3) : row + 4, column] += F(0.2)


def _sunshine(canvas: Canvas) -> None:
    away = canvas.distance(*canvas.sun)
    strength = GLOW.get(canvas.time, 1.0)
    unit = canvas.unit
    canvas.fill(
        np.exp(-away / F(unit * 0.22)) * F(0.75 * strength) + np.exp(-away / F(unit * 0.06)) * F(0.35 * strength),
        canvas.light,
    )


def _clouds(canvas: Canvas, bottom: int) -> Array:
    """Clouds with a lit side; returns their density for every pixel above ``bottom``."""
    rng, width = canvas.rng, canvas.width
    rows, columns = max(8, bottom // 2), max(8, width // 2)
    shape = noise(rows, columns, canvas.unit * 0.2, rng, 5, 2.6, 0.55)
    cover = CLOUD_COVER.get(canvas.time, 0.54)
    density = smoothstep(cover, cover + 0.2, shape)
    toward_light = shifted(shape, -int(canvas.unit * 0.012), int(canvas.side * canvas.unit * 0.01))
    lit = np.clip(0.5 + (shape - toward_light) * 5, 0, 1)
    density, lit = resized(density, width, bottom), resized(lit, width, bottom)
    fade = np.linspace(1, 0.35, bottom, dtype=F)[:, None]
    shade = lerp(canvas.sky[1], canvas.sky[2], F(0.5)) * F(0.55 if canvas.time == "storm" else 0.9)
    whiteness = 0.25 if canvas.time in ("sunset", "dawn", "dusk") else 0.7
    brightness = {"night": 0.4, "storm": 0.62}.get(canvas.time, 1.0)
    bright = lerp(canvas.light, WHITE, F(whiteness)) * F(brightness)
    view = canvas.pixels[:bottom]
    opacity = density * fade * F(0.5 if canvas.time == "night" else 0.88)
    view += (lerp(shade, bright, lit[..., None]) - view) * opacity[..., None]
    return density


def _disc(canvas: Canvas, density: Array) -> None:
    x, y = canvas.sun
    away = canvas.distance(x, y)
    row, column = min(density.shape[0] - 1, int(y)), min(canvas.width - 1, int(x))
    veil = 1 - float(density[row, column])
    disc = np.clip(canvas.sun_radius - away, 0, 1)
    canvas.fill(disc, lerp(canvas.light, WHITE, F(0.72)), 0, 0.55 + 0.45 * veil)
    if canvas.is_dark:
        seas = smoothstep(0.45, 0.7, canvas.noise(0.05, 2))
        canvas.fill(disc * seas, rgb("#9fb3d8"), 0, 0.5)


def _lightning(canvas: Canvas, bottom: int) -> None:
    rng, unit = canvas.rng, canvas.unit
    x, y = canvas.width * (0.5 - canvas.side * 0.3), 0.0
    trunk = [(x, y)]
    while y < bottom * 0.96:
        x += float(rng.normal(0, unit * 0.03))
        y += bottom * float(rng.uniform(0.03, 0.08))
        trunk.append((x, y))
    twigs = []
    for index in range(2, len(trunk) - 3, 4):
        tx, ty = trunk[index]
        twig = [(tx, ty)]
        for step in (1, 2, 3):
            twig.append((tx - step * canvas.side * unit * 0.03, ty + step * unit * 0.045 + float(rng.normal(0, 6))))
        twigs.append(twig)

    def draw(pen: ImageDraw.ImageDraw, k: int) -> None:
        pen.line([(px * k, py * k) for px, py in trunk], fill=255, width=max(2, int(unit * 0.006 * k)))
        for twig in twigs:
            pen.line([(px * k, py * k) for px, py in twig], fill=200, width=max(1, int(unit * 0.003 * k)))

    bolt = canvas.mask(draw)
    small = to_image(bolt).reduce(8)
    halo = resized(blurred(to_array(small), unit / 60), canvas.width, canvas.height)
    canvas.pixels += (halo * F(2.2))[..., None] * rgb("#b9c8ff")
    canvas.fill(bolt, WHITE)


def _rainbow(canvas: Canvas) -> None:
    colors = ["#ff5a5a", "#ffa24a", "#ffe95a", "#6fdc7a", "#5ab8ff", "#9a7bff"]
    radius, band = canvas.horizon * 0.86, canvas.horizon * 0.028
    away = canvas.distance(canvas.width * (0.5 - canvas.side * 0.12), canvas.horizon * 1.02)
    for index, color in enumerate(colors):
        ring = np.exp(-(((away - F(radius - index * band)) / F(band * 0.62)) ** 2))
        canvas.fill(ring, rgb(color), 0, 0.42)


def _aurora(canvas: Canvas, bottom: int) -> None:
    """Curtains of light: bands that hang from a wavering line and fade downward in rays."""
    rng, width = canvas.rng, canvas.width
    rows = np.arange(bottom, dtype=F)[:, None]
    for color, height in (("#3dffb0", 0.52), ("#57e0ff", 0.38), ("#b06bff", 0.3)):
        line = F(bottom) * (F(height) + (noise(1, width, canvas.unit * 0.5, rng, 2)[0] - F(0.5)) * F(0.5))
        rays = F(0.45) + noise(1, width, canvas.unit * 0.03, rng, 3)[0] * F(0.9)
        above = (line[None] - rows) / F(bottom * 0.34)
        glow = np.where(above > 0, np.exp(-above * 2.2), np.exp(above * 16)) * rays[None]
        canvas.pixels[:bottom] += (glow * F(0.42))[..., None] * rgb(color)


def window_view(canvas: Canvas, width: int, height: int) -> Array:
    """A piece of this picture's sky, as seen through a window."""
    from dataclasses import replace

    outside = Canvas(width, height, replace(canvas.setting, scene="meadow"), 0.9, f"{canvas.key} window")
    paint_sky(outside)
    hills = np.asarray(outside.horizon - np.sin(np.linspace(0, 5, width)) * height * 0.04, F)
    mask, top = outside.below(hills)
    outside.fill(mask, outside.lit("#6f9a63" if not outside.is_snowy else "#eef3fa"), top)
    if canvas.weather in ("rain", "storm"):
        drops = Image.new("L", (width, height))
        pen = ImageDraw.Draw(drops)
        for _ in range(60):
            x, y = float(outside.rng.uniform(0, width)), float(outside.rng.uniform(0, height))
            pen.line([(x, y), (x - height * 0.02, y + height * 0.1)], fill=150, width=2)
        outside.fill(to_array(drops), rgb("#dbe7f5"))
    return np.clip(outside.pixels, 0, 1)
