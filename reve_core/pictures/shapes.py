"""The shapes that our own pictures are put together from: a picture fitted into a box, round corners, the app's mark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

SCALE: Final = 2  # the small drawn parts are drawn larger and shrunk, for smooth edges
PAPER, INK, TRAY, ACCENT = "#151514", "#ecebe8", "#8a8782", "#e2571e"
NAME: Final = "Reve Studio"


def on_paper(image: Image) -> Image:
    from PIL import Image as Pillow

    if image.mode == "RGB":
        return image
    paper = Pillow.new("RGB", image.size, "#faf9f8")
    paper.paste(image, (0, 0), image)
    return paper


def shrunk(image: Image, side: int) -> Image:
    from PIL import Image as Pillow

    scale = side / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Pillow.Resampling.LANCZOS, reducing_gap=3.0)


def fitting(image: Image, room: tuple[int, int]) -> Image:
    """As large as fits; a tiny picture grows no more than fourfold."""
    from PIL import Image as Pillow

    scale = min(room[0] / image.width, room[1] / image.height, 4.0)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Pillow.Resampling.LANCZOS, reducing_gap=3.0)


def covering(image: Image, room: tuple[int, int]) -> Image:
    """The middle of the picture, as large as leaves no part of ``room`` empty."""
    from PIL import Image as Pillow

    scale = max(room[0] / image.width, room[1] / image.height)
    wide, high = room[0] / scale, room[1] / scale
    left, top = (image.width - wide) / 2, (image.height - high) / 2
    box = (left, top, left + wide, top + high)
    return image.resize(room, Pillow.Resampling.LANCZOS, box=box, reducing_gap=3.0)


def out_of_focus(image: Image, size: tuple[int, int]) -> Image:
    """The picture's own colours, far out of focus and darkened: they fill what its shape leaves empty."""
    from PIL import Image as Pillow
    from PIL import ImageFilter

    far = covering(shrunk(image, 160), (size[0] // 8, size[1] // 8)).filter(ImageFilter.GaussianBlur(7))
    return Pillow.blend(far.resize(size, Pillow.Resampling.BICUBIC), Pillow.new("RGB", size, PAPER), 0.45)


def rounded(size: tuple[int, int], radius: int) -> Image:
    from PIL import Image as Pillow
    from PIL import ImageDraw

    mask = Pillow.new("L", (size[0] * SCALE, size[1] * SCALE), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, mask.width - 1, mask.height - 1), radius * SCALE, fill=255)
    return mask.resize(size, Pillow.Resampling.LANCZOS)


def mark(draw: ImageDraw, left: int, top: int, side: int) -> None:
    """Four sheets of a contact sheet, one of them chosen: the app's mark."""
    step, small, line = side * 16 // 32, side * 12 // 32, max(1, side * 5 // 64)
    for column, row in ((0, 0), (0, 1), (1, 1)):
        x, y = left + column * step + line, top + row * step + line
        draw.rounded_rectangle((x, y, x + small, y + small), side // 14, outline=TRAY, width=line)
    x, y = left + step + line // 2, top
    draw.rounded_rectangle((x, y, x + small + line * 2, y + small + line * 2), side // 12, fill=ACCENT)
