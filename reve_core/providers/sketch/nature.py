"""Land and water: mountains, ground, trees, grass, fog, waves. Scenes are put together from these."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from PIL import Image, ImageDraw

from reve_core.providers.sketch.canvas import (
    WHITE,
    Array,
    Canvas,
    F,
    Point,
    lerp,
    noise,
    resized,
    rgb,
    ridge,
    smoothstep,
)

AUTUMN = ("#b5532a", "#d98a2b", "#c9a227", "#9c3d24")


def paint_mountains(
    canvas: Canvas,
    color: str = "#3d5a6c",
    *,
    layers: int = 3,
    top: float = 0.34,
    bottom: float = 0.92,
    snow_line: bool = True,
) -> None:
    """Ranges from far to near between two heights (fractions of the horizon), lit from the sun's side, sunk in mist."""
    horizon, unit = canvas.horizon, canvas.unit
    for index in range(layers):
        near = (index + 0.6) / layers
        base = lerp(top, bottom, index / max(1, layers - 1)) * horizon
        amplitude = horizon * 0.52 * (1 - 0.45 * index / layers)
        wider = max(1.0, canvas.width / canvas.height)
        line = base + amplitude * (0.5 - ridge(canvas.width, canvas.rng, int((4 + 2 * index) * wider**0.8)))
        mask, start = canvas.below(line)
        mask = mask[: horizon + 2 - start] if start < horizon else mask  # the rest lies under the ground
        depth = np.arange(start, start + mask.shape[0], dtype=F)[:, None] - line[None]
        facets = _facets(canvas, mask.shape[0])
        slope = np.convolve(np.gradient(line), np.ones(9) / 9, "same").astype(F)
        toward = np.clip(slope * F(-canvas.side * 0.14), -0.2, 0.2)[None] * np.exp(-depth / F(unit * 0.12))
        lit = smoothstep(0.34, 0.66, facets + toward)
        dark = 0.62 if canvas.is_dark or canvas.time == "storm" else 1.0
        tone = lerp(canvas.fog, rgb(color) * (canvas.ambient * F(0.6) + F(0.4)) * F(dark), F(0.3 + 0.7 * near))
        bright = lerp(tone, canvas.light, F(0.16 if canvas.is_dark else 0.32))
        deep = tone * F(0.82)
        body = lerp(deep, bright, lit[..., None])
        if snow_line and index < 2:
            reach = amplitude * (0.7 if canvas.is_snowy else 0.34)
            snow = smoothstep(0, unit * 0.012, F(reach) * (F(0.35) + facets) - depth)
            shade = lerp(rgb("#a9bedb"), canvas.fog, F(0.4))
            white = lerp(shade, lerp(WHITE, canvas.light, F(0.3)), lit[..., None]) * F(0.7 if canvas.is_dark else 1.0)
            white -= body
            white *= snow[..., None]
            body += white
        mist = np.clip(depth / F(horizon * 0.42), 0, 1)[..., None] * F(0.75 - 0.35 * near)
        canvas.fill(mask, lerp(body, canvas.fog, mist), start)


def _facets(canvas: Canvas, height: int) -> Array:
    """Noise sheared along the light, so that rock faces slant."""
    width = canvas.width
    wide = Image.fromarray(noise(height, width + height, canvas.unit * 0.11, canvas.rng, 5, 0.9, 0.6))
    shear = 0.62 * canvas.side
    offset = 0 if canvas.side > 0 else 0.62 * height
    moved = wide.transform(
        (width, height), Image.Transform.AFFINE, (1, shear, offset, 0, 1, 0), Image.Resampling.BILINEAR
    )
    return np.asarray(moved)


def paint_ground(canvas: Canvas, far: str, near: str, *, texture: float = 0.1, start: int | None = None) -> None:
    """Level ground from the horizon down, lighter toward the sun, its far edge in haze."""
    start = canvas.horizon if start is None else start
    height = canvas.height - start
    grain = canvas.noise(0.16, 5, 5.0, 0.6, top=start)
    t = np.linspace(0, 1, height, dtype=F)[:, None, None] ** F(0.8)
    color = lerp(rgb(far), rgb(near), t) * lerp(canvas.ambient, WHITE, F(0.25)) * F(canvas.exposure)
    color = color * (1 + (grain[..., None] - F(0.5)) * F(texture * 4))
    away = (np.arange(canvas.width, dtype=F) - F(canvas.sun[0])) / F(canvas.width * 0.4)
    color += canvas.light * (F(0.16) * np.exp(-away * away))[None, :, None] * (1 - t)
    edge = np.clip(np.arange(height, dtype=F) / 2, 0, 1)[:, None, None]
    canvas.pixels[start:] += (color - canvas.pixels[start:]) * edge
    canvas.band_of_fog(start, 0.1, 0.55)


def paint_water(canvas: Canvas, start: int, deep: str, *, mirror: float = 0.72, chop: float = 1.0) -> None:
    """Water from row ``start`` down: what stands above it, softened and broken by waves, and a glitter path under the sun."""
    height, width, unit = canvas.height - start, canvas.width, canvas.unit
    above = _without_disc(canvas, start, height)
    # Still water is never a hard mirror: smear the reflection downward before the waves break it.
    small = [resized(above[..., i], max(2, width // 2), max(2, height // 7)) for i in range(3)]
    above = np.stack([resized(channel, width, height) for channel in small], -1)
    waves = canvas.noise(0.09, 4, 9.0, top=start)
    near = np.linspace(0.15, 1, height, dtype=F)[:, None]
    sway = ((waves - F(0.5)) * F(unit * 0.16 * chop) * near).astype(int)
    columns = np.clip(np.arange(width)[None] + sway, 0, width - 1)
    reflection = np.take_along_axis(above, columns[..., None], 1)
    t = np.linspace(0, 1, height, dtype=F)[:, None, None]
    depth = rgb(deep) * lerp(canvas.ambient, WHITE, F(0.2)) * F(0.7 if canvas.is_dark else 1.0)
    color = lerp(reflection, depth, F(1 - mirror) + t * F(0.45))
    color += ((waves - F(0.5)) * near * F(0.35 * chop))[..., None] * canvas.light
    if canvas.time not in ("storm", "overcast"):
        away = np.arange(width, dtype=F) - F(canvas.sun[0])
        spread = F(unit) * (F(0.035) + F(0.1) * near)
        glitter = np.exp(-((away[None] / spread) ** 2)) * smoothstep(0.5, 0.64, waves)
        color += (glitter * F(0.5 if canvas.is_dark else 0.85))[..., None] * canvas.light
    canvas.pixels[start:] = np.clip(color, 0, 1.2)
    canvas.band_of_fog(start, 0.025, 0.5)


def _without_disc(canvas: Canvas, start: int, height: int) -> Array:
    """The rows above the water, upside down and as many as it has, with the sun's disc painted out."""
    above = canvas.pixels[max(0, start - height) : start].copy()
    top = max(0, start - height)
    x, y = canvas.sun
    reach = int(canvas.sun_radius * 1.5)
    y0, y1 = max(0, int(y) - reach - top), min(above.shape[0], int(y) + reach - top)
    x0, x1 = max(0, int(x) - reach), min(canvas.width, int(x) + reach)
    if y1 > y0 and x1 > x0:
        left, right = above[y0:y1, x0 : x0 + 1], above[y0:y1, x1 - 1 : x1]
        above[y0:y1, x0:x1] = lerp(left, right, np.linspace(0, 1, x1 - x0, dtype=F)[None, :, None])
    flipped = above[::-1]
    if flipped.shape[0] < height:
        flipped = np.concatenate([flipped, np.repeat(flipped[-1:], height - flipped.shape[0], 0)])
    return flipped


class TreeShape(Protocol):
    def __call__(
        self,
        pen: ImageDraw.ImageDraw,
        k: int,
        x: float,
        foot: float,
        height: float,
        rng: np.random.Generator,
        light: int,
    ) -> None:
        """Draw one tree, or with ``light`` not 0 only the part of it that the light touches (its sign: the side)."""


def conifer(
    pen: ImageDraw.ImageDraw, k: int, x: float, foot: float, height: float, rng: np.random.Generator, light: int
) -> None:
    for tier in range(6):
        t = tier / 6
        y = foot - height + height * t * 0.86
        half = height * (0.06 + 0.2 * t) * float(rng.uniform(0.9, 1.1))
        low = y + height * 0.25
        if light:
            shape = [(0.04, -0.02), (0.3, 0.085), (0.12, 0.07), (-0.06, 0.1), (-0.34, 0.085), (-0.8, 0.17)]
            shape += [(-0.42, 0.055), (-0.12, 0.0)]
            pen.polygon([((x - light * half * a) * k, (y + height * b) * k) for a, b in shape], fill=255)
            continue
        points: list[Point] = [(x, y - height * 0.03)]
        for q in range(5):
            points.append((x + half * (q + 1) / 5, y + (low - y) * ((q + 1) / 5) ** 0.8 + height * 0.02 * (q % 2)))
        points += [(x + half - half * 2 * (q + 0.5) / 7, low - height * 0.022 * (q % 2)) for q in range(7)]
        for q in range(5, 0, -1):
            points.append((x - half * q / 5, y + (low - y) * (q / 5) ** 0.8 + height * 0.02 * (q % 2)))
        pen.polygon([(a * k, b * k) for a, b in points], fill=255)
    if not light:
        trunk = height * 0.018
        pen.rectangle([(x - trunk) * k, (foot - height * 0.1) * k, (x + trunk) * k, foot * k], fill=255)


def leafy(
    pen: ImageDraw.ImageDraw, k: int, x: float, foot: float, height: float, rng: np.random.Generator, light: int
) -> None:
    if not light:
        trunk = [(-0.04, 0.0), (-0.022, 0.5), (0.022, 0.5), (0.04, 0.0)]
        pen.polygon([((x + a * height) * k, (foot - b * height) * k) for a, b in trunk], fill=255)
    for _ in range(22):
        angle, reach = float(rng.uniform(0, 6.28)), float(rng.uniform(0, 1)) ** 0.6
        cx = x + math.cos(angle) * reach * height * 0.22
        cy = foot - height * 0.68 + math.sin(angle) * reach * height * 0.2
        radius = height * float(rng.uniform(0.08, 0.13))
        if light:
            cx, cy, radius = cx + light * radius * 0.3, cy - radius * 0.35, radius * 0.62
        if not light or math.sin(angle) < 0.4:
            pen.ellipse([(cx - radius) * k, (cy - radius) * k, (cx + radius) * k, (cy + radius) * k], fill=255)


def paint_trees(
    canvas: Canvas,
    foot: float,
    height: float,
    count: int,
    color: str,
    *,
    shape: TreeShape = conifer,
    near: float = 0.8,
    gap: float = 0.0,
) -> None:
    """A row of trees: ``foot`` a row, ``height`` in pixels, ``near`` 0 to 1; the middle ``gap`` of the width stays free."""
    rng = canvas.rng
    count = max(2, int(count * min(2.2, max(0.6, (canvas.width / canvas.height) ** 0.8))))
    places = []
    for index in range(count):
        across = lerp(-0.04, 1.04, (index + float(rng.uniform(0.1, 0.9))) / count)
        places.append((across, float(rng.uniform(0.7, 1.25)), float(rng.uniform(-0.02, 0.02))))
    places = sorted(place for place in places if abs(place[0] - 0.5) > gap)
    seed = int(rng.integers(1_000_000_000))
    autumn = "autumn" in canvas.setting.extras and shape is leafy
    tints = AUTUMN if autumn else (color,)

    def drawn(light: int, every: int, first: int) -> Array:
        def draw(pen: ImageDraw.ImageDraw, k: int) -> None:
            for index, (across, size, shift) in enumerate(places):
                if index % every == first:
                    own = np.random.default_rng(seed + index)
                    shape(pen, k, across * canvas.width, foot + shift * canvas.height, height * size, own, light)

        return canvas.mask(draw, 2 if canvas.unit < 1300 else 1)

    for first, tint in enumerate(tints):
        body = drawn(0, len(tints), first)
        dark = 0.6 if canvas.is_dark else 0.85 if canvas.time == "storm" else 1.0
        base = lerp(canvas.fog, rgb(tint) * lerp(canvas.ambient, WHITE, F(0.2)) * F(dark), F(near))
        shade = np.linspace(0.12, -0.16, canvas.height, dtype=F)[:, None, None]
        canvas.fill(body, np.clip(base + shade * F(near), 0, 1) + np.zeros((canvas.height, 1, 3), F))
        snowy = canvas.is_snowy
        bright = (rgb("#f4f8ff") if snowy else lerp(base, canvas.light, F(0.45))) * F(0.78 if canvas.is_dark else 1.0)
        alpha = 0.9 if snowy else 0.38 if shape is leafy else 0.16
        canvas.fill(drawn(canvas.side, len(tints), first) * body, lerp(canvas.fog, bright, F(near)), 0, alpha)


def paint_grass(canvas: Canvas, color: str, count: int = 90, height: float = 0.07, foot: float = 1.0) -> None:
    """Tufts along the lower edge (``foot`` as a fraction of the height), nearest to the eye."""
    rng, unit = canvas.rng, canvas.unit
    count = int(count * max(1.0, canvas.width / canvas.height) ** 0.7)

    def draw(pen: ImageDraw.ImageDraw, k: int) -> None:
        for _ in range(count):
            x = float(rng.uniform(-0.02, 1.02)) * canvas.width
            tall = float(rng.uniform(0.3, 1)) * height * canvas.grain
            lean = float(rng.normal(0, 0.02)) * unit
            base = foot * canvas.height + 4
            for blade in range(5):
                offset, half = (blade - 2) * unit * 0.006, unit * 0.0035
                tip = base - 4 - tall * float(rng.uniform(0.6, 1))
                points = [(x + offset - half, base), (x + offset * 2.4 + lean, tip), (x + offset + half, base)]
                pen.polygon([(a * k, b * k) for a, b in points], fill=255)

    dark = 0.55 if canvas.is_dark else 0.9
    canvas.fill(canvas.mask(draw), rgb(color) * lerp(canvas.ambient, WHITE, F(0.2)) * F(dark))


def paint_flowers(canvas: Canvas, count: int, top: float = 0.72) -> None:
    """Blossoms of three colours over the ground below ``top`` (a fraction of the height), larger when nearer."""
    rng, unit = canvas.rng, canvas.unit
    count = int(count * max(1.0, canvas.width / canvas.height) ** 0.8)
    for color in rng.choice(["#ffffff", "#ffd84d", "#ff7f9f", "#b48cff", "#ff5a4a"], 3, replace=False):
        spots = []
        for _ in range(count):
            y = float(rng.uniform(top, 1)) ** 0.7
            spots.append((float(rng.uniform(0, canvas.width)), y * canvas.height, unit * 0.0065 * (y - 0.55) * 2))

        def draw(pen: ImageDraw.ImageDraw, k: int, spots: list[tuple[float, float, float]] = spots) -> None:
            for x, y, radius in spots:
                for a, b in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                    cx, cy, petal = x + a * radius, y + b * radius, radius * 0.62
                    pen.ellipse([(cx - petal) * k, (cy - petal) * k, (cx + petal) * k, (cy + petal) * k], fill=255)

        dark = 0.6 if canvas.is_dark else 1.0
        canvas.fill(canvas.mask(draw), rgb(str(color)) * lerp(canvas.ambient, WHITE, F(0.3)) * F(dark))
