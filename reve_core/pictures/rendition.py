"""
What a share link shows of a picture, each made once: a WebP for the page, a JPEG of 1200 × 630 for a chat's preview.

Both hold pixels alone. The card says by what the picture was made and where; it never holds a word of the prompt, so that
one card serves every link to its picture, also those that keep the prompt to themselves.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from reve_core.pictures import thumbnail

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

    Font = FreeTypeFont | ImageFont

WEB_SIDE = 1600  # pixels, the longer side
CARD = (1200, 630)  # the size that chat apps ask for

_SCALE = 2  # the small drawn parts are drawn larger and shrunk, for smooth edges
_PAPER, _INK, _TRAY, _ACCENT = "#151514", "#ecebe8", "#8a8782", "#e2571e"
_NAME = "Reve Studio"
_MARGIN, _BAR = 36, 76
# Nearly the card's own shape: what is cut off at the edges is not missed.
_FITS = (1.55, 2.35)


def web(picture: Image) -> bytes:
    """At most ``WEB_SIDE`` pixels on the longer side, never larger than the picture itself."""
    from PIL import WebPImagePlugin  # noqa: F401  (registers the format)

    small = _shrunk(thumbnail.plain(picture), WEB_SIDE)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=84, method=2, icc_profile=b"", exif=b"", xmp=b"")
    return buffer.getvalue()


def card(picture: Image, label: str) -> bytes:
    """The preview card. ``label`` is the provider's fixed mark, such as "AI-generated"."""
    from PIL import Image as Pillow
    from PIL import ImageFilter, JpegImagePlugin  # noqa: F401  (registers the format)

    plain = _on_paper(thumbnail.plain(picture))
    width, height = CARD
    if _FITS[0] <= plain.width / plain.height <= _FITS[1]:
        whole = _covering(plain, CARD)
    else:
        # The picture's own colours, far out of focus and darkened, fill what its shape leaves empty.
        far = _covering(_shrunk(plain, 160), (width // 8, height // 8)).filter(ImageFilter.GaussianBlur(7))
        whole = far.resize(CARD, Pillow.Resampling.BICUBIC)
        whole = Pillow.blend(whole, Pillow.new("RGB", CARD, _PAPER), 0.45)
        room = (width - 2 * _MARGIN, height - _MARGIN - _BAR - 14)
        near = _fitting(plain, room)
        at = ((width - near.width) // 2, _MARGIN + (room[1] - near.height) // 2)
        whole.paste(near, at, _rounded(near.size, 14))
    _sign(whole, label)
    buffer = io.BytesIO()
    whole.save(buffer, "JPEG", quality=86, optimize=True)
    return buffer.getvalue()


# ---------------------------------------------------------------- the words


def _sign(whole: Image, label: str) -> None:
    """The mark and the name at the lower left, the label at the lower right, on a shade that both can be read on."""
    from PIL import Image as Pillow
    from PIL import ImageDraw

    width, height = CARD
    shade = (
        Pillow.linear_gradient("L")
        .resize((width, 150))
        .point([round((value / 255) ** 1.4 * 205) for value in range(256)])
    )
    whole.paste(Pillow.new("RGB", (width, 150), "#0c0c0b"), (0, height - 150), shade)
    size = (width * _SCALE, _BAR * _SCALE)
    words = Pillow.new("RGBA", size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(words)
    middle = size[1] // 2
    _mark(draw, _MARGIN * _SCALE, middle - 17 * _SCALE, 34 * _SCALE)
    draw.text(((_MARGIN + 48) * _SCALE, middle), _NAME, fill=_INK, font=_font(27 * _SCALE), anchor="lm")
    font = _font(23 * _SCALE)
    text = _short(label, font, 600 * _SCALE)
    right, pad = (width - _MARGIN) * _SCALE, 20 * _SCALE
    left = right - round(font.getlength(text)) - 2 * pad
    box = (left, middle - 21 * _SCALE, right, middle + 21 * _SCALE)
    draw.rounded_rectangle(box, 21 * _SCALE, fill=(12, 12, 11, 190), outline=(236, 235, 232, 130), width=_SCALE)
    draw.text((left + pad, middle), text, fill=_INK, font=font, anchor="lm")
    words = words.resize((width, _BAR), Pillow.Resampling.LANCZOS)
    whole.paste(words, (0, height - _BAR), words)


def _mark(draw: ImageDraw, left: int, top: int, side: int) -> None:
    """Four sheets of a contact sheet, one of them chosen: the app's mark."""
    step, small, line = side * 16 // 32, side * 12 // 32, max(1, side * 5 // 64)
    for column, row in ((0, 0), (0, 1), (1, 1)):
        x, y = left + column * step + line, top + row * step + line
        draw.rounded_rectangle((x, y, x + small, y + small), side // 14, outline=_TRAY, width=line)
    x, y = left + step + line // 2, top
    draw.rounded_rectangle((x, y, x + small + line * 2, y + small + line * 2), side // 12, fill=_ACCENT)


def _font(size: int) -> Font:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _short(text: str, font: Font, most: int) -> str:
    text = " ".join(text.split())
    if font.getlength(text) <= most:
        return text
    while text and font.getlength(text + "…") > most:
        text = text[:-1]
    return text.rstrip() + "…"


# ---------------------------------------------------------------- shapes


def _on_paper(image: Image) -> Image:
    from PIL import Image as Pillow

    if image.mode == "RGB":
        return image
    paper = Pillow.new("RGB", image.size, "#faf9f8")
    paper.paste(image, (0, 0), image)
    return paper


def _shrunk(image: Image, side: int) -> Image:
    from PIL import Image as Pillow

    scale = side / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Pillow.Resampling.LANCZOS, reducing_gap=3.0)


def _fitting(image: Image, room: tuple[int, int]) -> Image:
    """As large as fits; a tiny picture grows no more than fourfold."""
    from PIL import Image as Pillow

    scale = min(room[0] / image.width, room[1] / image.height, 4.0)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Pillow.Resampling.LANCZOS, reducing_gap=3.0)


def _covering(image: Image, room: tuple[int, int]) -> Image:
    """The middle of the picture, as large as leaves no part of ``room`` empty."""
    from PIL import Image as Pillow

    scale = max(room[0] / image.width, room[1] / image.height)
    wide, high = room[0] / scale, room[1] / scale
    left, top = (image.width - wide) / 2, (image.height - high) / 2
    box = (left, top, left + wide, top + high)
    return image.resize(room, Pillow.Resampling.LANCZOS, box=box, reducing_gap=3.0)


def _rounded(size: tuple[int, int], radius: int) -> Image:
    from PIL import Image as Pillow
    from PIL import ImageDraw

    mask = Pillow.new("L", (size[0] * _SCALE, size[1] * _SCALE), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, mask.width - 1, mask.height - 1), radius * _SCALE, fill=255)
    return mask.resize(size, Pillow.Resampling.LANCZOS)
