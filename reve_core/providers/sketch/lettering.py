"""Words in the picture, set after the style filter so that they stay sharp, in a font that suits the style."""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from reve_core.providers.sketch.assets import FOLDER
from reve_core.providers.sketch.brief import Setting
from reve_core.providers.sketch.canvas import Array, rgb
from reve_core.providers.sketch.plan import Lettering
from reve_core.providers.sketch.scenes.logo import inks

_FONTS = {
    "neon": "pacifico",
    "pixel": "press-start-2p",
    "comic": "bangers",
    "watercolor": "pacifico",
    "ink": "pacifico",
    "oil": "pacifico",
}
_DEFAULT_FONT = "bebas-neue"
MAX_CHARS = 120
MIN_SIZE = 9  # pixels

Font = ImageFont.FreeTypeFont
Ink = str | int | tuple[int, int, int]
Box = tuple[float, float, float, float]


def is_drawable(text: str) -> bool:
    """Whether our Latin fonts have the letters. Others are said to be not drawn rather than set as empty boxes."""
    letters = [char for char in text if char.isalnum()]
    return bool(letters) and all(ord(char) < 0x250 for char in letters)


@functools.lru_cache(64)
def _font(name: str, size: int) -> Font:
    return ImageFont.truetype(str(FOLDER / "fonts" / f"{name}.woff2"), size)


@functools.lru_cache(256)
def _has_glyphs(name: str, text: str) -> bool:
    """Whether the font draws each letter differently from a character it certainly lacks."""
    font = _font(name, 32)
    missing = bytes(font.getmask("\ue000"))
    return all(bytes(font.getmask(char)) != missing for char in set(text) if not char.isspace())


def paint_lettering(image: Image.Image, words: Lettering, setting: Setting, key: str) -> Image.Image:
    """The picture with the words fitted into their box, on up to three lines; unchanged where no font has them."""
    text = " ".join("".join(char if char.isprintable() else " " for char in words.text).split())[:MAX_CHARS].strip()
    if not is_drawable(text):
        return image
    name = _DEFAULT_FONT if setting.scene != "card" else "pacifico"
    name = next((_FONTS[style] for style in reversed(setting.styles) if style in _FONTS), name)
    known = "".join(char for char in text if _has_glyphs(name, char) or char == " ")
    if len(known) < len(text) and _has_glyphs("bebas-neue", text):
        name = "bebas-neue"
    elif not known.strip():
        return image
    else:
        text = known
    text, size = _fitted(name, text, words.box)
    font = _font(name, size)
    if setting.scene == "logo":
        return _in_ink(image, text, font, words.box, setting, key)
    if setting.scene == "card":
        return _on_card(image, text, font, words.box)
    if "neon" in setting.styles:
        return _as_tube(image, text, font, words.box)
    return _with_shadow(image, text, font, words.box)


def _fitted(name: str, text: str, box: Box) -> tuple[str, int]:
    """The way to break the text, in at most three lines, that lets it be largest; and the font size in pixels."""
    width, height = max(8.0, box[2] - box[0]), max(8.0, box[3] - box[1])
    words = text.split(" ")
    best = (text, MIN_SIZE)
    probe = _font(name, 100)
    pen = ImageDraw.Draw(Image.new("L", (8, 8)))
    for lines in range(1, min(3, len(words)) + 1):
        broken = _broken(words, lines)
        left, top, right, bottom = pen.multiline_textbbox((0, 0), broken, font=probe, spacing=12)
        size = int(100 * min(width / max(1, right - left), height / max(1, bottom - top)))
        size = min(size, int(height))
        if size > best[1] * (1.15 if lines > 1 else 1):
            best = (broken, size)
    return best


def _broken(words: list[str], lines: int) -> str:
    """The words on so many lines of about equal length."""
    target = len(" ".join(words)) / lines
    out = [""]
    for word in words:
        if out[-1] and len(out) < lines and len(out[-1]) + len(word) / 2 > target:
            out.append("")
        out[-1] = f"{out[-1]} {word}".strip()
    return "\n".join(out)


def _origin(pen: ImageDraw.ImageDraw, text: str, font: Font, box: Box) -> tuple[float, float]:
    left, top, right, bottom = pen.multiline_textbbox((0, 0), text, font=font, spacing=font.size * 0.12, align="center")
    x = (box[0] + box[2] - (right - left)) / 2 - left
    y = (box[1] + box[3] - (bottom - top)) / 2 - top
    return x, y


def _write(image: Image.Image, text: str, font: Font, at: tuple[float, float], fill: Ink, stroke: int = 0) -> None:
    pen = ImageDraw.Draw(image)
    pen.multiline_text(
        at,
        text,
        font=font,
        fill=fill,
        spacing=font.size * 0.12,
        align="center",
        stroke_width=stroke,
        stroke_fill=fill,
    )


def _tuple(color: Array) -> tuple[int, int, int]:
    red, green, blue = (int(255 * float(value)) for value in color)
    return red, green, blue


def _in_ink(image: Image.Image, text: str, font: Font, box: Box, setting: Setting, key: str) -> Image.Image:
    """A logo's wordmark, in its own ink, over a short rule."""
    _, ink, accent = inks(key, setting.colors)
    image = image.copy()
    pen = ImageDraw.Draw(image)
    _write(image, text, font, _origin(pen, text, font, box), _tuple(ink))
    width, height = box[2] - box[0], box[3] - box[1]
    row = min(image.height - 4.0, box[3] + height * 0.22)
    rule = [(box[0] + width * 0.3, row), (box[0] + width * 0.7, row)]
    pen.line(rule, fill=_tuple(accent), width=max(3, int(height * 0.04)))
    return image


def _on_card(image: Image.Image, text: str, font: Font, box: Box) -> Image.Image:
    """Script in a deep colour with a thin pale edge, so that confetti does not nibble at it."""
    image = image.copy()
    at = _origin(ImageDraw.Draw(image), text, font, box)
    _write(image, text, font, at, _tuple(rgb("#fffaf2")), stroke=max(2, int(font.size * 0.06)))
    _write(image, text, font, at, _tuple(rgb("#5a2342")))
    return image


def _as_tube(image: Image.Image, text: str, font: Font, box: Box) -> Image.Image:
    glow = Image.new("RGB", image.size)
    at = _origin(ImageDraw.Draw(glow), text, font, box)
    _write(glow, text, font, at, "#ff2fa0", stroke=max(2, int(font.size * 0.03)))
    for radius in (font.size * 0.28, font.size * 0.08):
        image = ImageChops.screen(image, glow.filter(ImageFilter.GaussianBlur(radius)))
    _write(image, text, font, at, "#ff7fcf", stroke=max(1, int(font.size * 0.015)))
    _write(image, text, font, at, "#fff0fb")
    return image


def _with_shadow(image: Image.Image, text: str, font: Font, box: Box) -> Image.Image:
    """Pale on dark or dark on pale, by what lies behind, with a soft shadow."""
    image = image.copy()
    behind = image.crop(tuple(int(value) for value in box)).convert("L").resize((16, 16))  # type: ignore[arg-type]
    is_dark = float(np.asarray(behind).mean()) < 150
    ink, shadow = ("#fffaf0", "#000000") if is_dark else ("#241c2b", "#ffffff")
    at = _origin(ImageDraw.Draw(image), text, font, box)
    mask = Image.new("L", image.size)
    _write(mask, text, font, (at[0] + 2, at[1] + font.size * 0.03), 170, stroke=2)
    image.paste(Image.new("RGB", image.size, shadow), (0, 0), mask.filter(ImageFilter.GaussianBlur(font.size * 0.05)))
    _write(image, text, font, at, ink)
    return image
