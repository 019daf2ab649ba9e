"""Drawings in the picture: lit by its light, with a shadow or a reflection, and a glow where they shine themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageFilter

from reve_core.providers.sketch import art
from reve_core.providers.sketch.canvas import WHITE, Array, Canvas, F, blurred, lerp, rgb, shifted
from reve_core.providers.sketch.vocabulary import traits

Ground = Literal["shadow", "water", "air"]

UNLIT = frozenset({"island", "logo", "card"})  # flat graphics: no light falls on anything
INDOORS = frozenset({"studio", "room", "backdrop", "underwater"})
DIM = {"night": 0.9, "dusk": 0.95}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a drawing goes, in whole pixels, and what is under it."""

    left: int
    top: int
    width: int
    height: int
    ground: Ground

    @property
    def bottom(self) -> int:
        return self.top + self.height


def paint_figure(canvas: Canvas, look: art.Look, box: tuple[float, float, float, float], ground: Ground) -> None:
    """Paint one drawing into ``box`` (left, top, right, bottom in pixels; may reach over the edges)."""
    left, top = round(box[0]), round(box[1])
    width, height = (max(art.MIN_SIDE, min(art.MAX_SIDE, round(side))) for side in (box[2] - box[0], box[3] - box[1]))
    place = Place(left, top, width, height, ground)
    pixels = np.asarray(art.sprite(look, width, height), F) / F(255)
    color, alpha = pixels[..., :3], pixels[..., 3]
    if ground == "water" and look.art in traits().roles["wader"]:  # afloat, its legs are under water
        dry = int(height * 0.8)
        color, alpha = color[:dry], alpha[:dry]
        place = Place(left, top + height - dry, width, dry, ground)
    is_flat = canvas.setting.scene in UNLIT
    if not is_flat:
        _halo(canvas, place)
        color = _lit(canvas, color, alpha)
    if canvas.setting.scene == "underwater":
        color = lerp(color, rgb("#2a9fc4"), F(0.18))
    if ground == "water":
        _reflection(canvas, place, color, alpha)
    elif ground == "shadow":
        _shadow(canvas, place, alpha, is_flat=is_flat)
    _blit(canvas, color, alpha, place.left, place.top)
    if look.art in traits().light and not is_flat:
        _shine(canvas, look.art, place)


def _blit(canvas: Canvas, color: Array, alpha: Array, left: int, top: int) -> None:
    """Lay a colour or a picture (rows, columns, 3) over the canvas through ``alpha``, clipped to it."""
    height, width = alpha.shape
    y0, y1, x0, x1 = max(0, top), min(canvas.height, top + height), max(0, left), min(canvas.width, left + width)
    if y1 <= y0 or x1 <= x0:
        return
    view = canvas.pixels[y0:y1, x0:x1]
    part = alpha[y0 - top : y1 - top, x0 - left : x1 - left, None]
    source = color[y0 - top : y1 - top, x0 - left : x1 - left] if color.ndim == 3 else color
    view += (source.astype(F) - view) * part


def _lit(canvas: Canvas, color: Array, alpha: Array) -> Array:
    """The scene's light on the drawing: tint, shade toward the bottom and the far side, a bright rim."""
    height, width = alpha.shape
    tint = lerp(canvas.ambient, WHITE, F(0.42)) * F(DIM.get(canvas.time, 1.0))
    across = np.linspace(-1, 1, width, dtype=F)[None] * F(canvas.side)
    down = np.linspace(0, 1, height, dtype=F)[:, None]
    edge = max(1, int(width * 0.022))
    rim = np.clip(alpha - shifted(alpha, edge // 2, -canvas.side * edge), 0, 1)
    rim = blurred(rim, edge * 0.5) * alpha * F(0.7 if canvas.is_dark else 0.5)
    shade = F(1.07) + F(0.12) * across - F(0.2 if canvas.is_dark else 0.26) * down * down
    lit: Array = color * tint * shade[..., None] + rim[..., None] * canvas.light
    return lit


def _halo(canvas: Canvas, place: Place) -> None:
    """In the dark, a breath of light behind the drawing keeps its outline from drowning."""
    if canvas.is_dark and canvas.setting.scene not in INDOORS and place.height > canvas.unit * 0.2:
        x, y = place.left + place.width / 2, place.top + place.height * 0.5
        canvas.glow(x, y, max(place.width, place.height) * 0.34, canvas.light, 0.17)


def _reflection(canvas: Canvas, place: Place, color: Array, alpha: Array) -> None:
    rows = place.height // 2
    fade = np.linspace(0.5, 0, rows, dtype=F)[:, None]
    sway = np.sin(np.arange(rows) * (18.0 / max(18, rows))) * np.linspace(0.2, 1.5, rows) * place.width * 0.014
    columns = np.clip(np.arange(place.width)[None] + sway.astype(int)[:, None], 0, place.width - 1)
    upside_down = np.take_along_axis(color[::-1][:rows], columns[..., None], 1) * F(0.8)
    mask = np.take_along_axis(alpha[::-1][:rows] * fade, columns, 1)
    _blit(canvas, upside_down, mask, place.left, place.bottom - 2)


def _shadow(canvas: Canvas, place: Place, alpha: Array, *, is_flat: bool) -> None:
    """A soft contact shadow; outdoors, in sunlight, a slanted cast one too."""
    dark = rgb("#2c3e66") * F(0.55) if canvas.is_snowy else rgb("#14101c")
    pad = int(place.width * 0.3)
    width, height = place.width + 2 * pad, int(place.width * 0.26) + 8
    rows, columns = np.mgrid[0:height, 0:width].astype(F)
    away = np.hypot(
        (columns - width / 2) / F(place.width * 0.5), (rows - height / 2) / F(max(2.0, place.width * 0.075))
    )
    contact = np.clip(F(1.15) - away, 0, 1) * F(0.3 if is_flat else 0.5)
    _blit(canvas, dark, contact, place.left - pad, place.bottom - int(height * 0.56))
    if is_flat or canvas.setting.scene in INDOORS or canvas.time not in ("day", "sunset", "dawn"):
        return
    length = max(4, int(place.height * (0.2 if canvas.time == "day" else 0.32)))
    lean = -canvas.side * (0.5 if canvas.time == "day" else 0.9)
    reach = int(abs(lean) * length)
    flat = Image.fromarray((alpha[::-1] * 255).astype(np.uint8)).resize((place.width, length))
    offset = -reach if lean < 0 else 0.0
    coefficients = (1, -lean, offset, 0, 1, 0)
    cast = flat.transform(
        (place.width + reach, length), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR
    ).filter(ImageFilter.GaussianBlur(max(1.0, place.width * 0.012)))
    fade = np.linspace(0.4, 0.05, length, dtype=F)[:, None]
    left = place.left - (reach if lean < 0 else 0)
    _blit(canvas, dark, np.asarray(cast, F) / F(255) * fade, left, place.bottom - max(2, int(place.height * 0.03)))


def _shine(canvas: Canvas, name: str, place: Place) -> None:
    x, y = place.left + place.width / 2, place.top + place.height * traits().light[name]
    is_house = art.kind(name) == "place" and name != "fire"
    strength = (0.4 if is_house else 0.75) if canvas.is_dark else (0.0 if is_house else 0.22)
    if strength:
        canvas.glow(x, y, max(place.width, place.height) * (0.36 if is_house else 0.5), rgb("#ffb45a"), strength)
