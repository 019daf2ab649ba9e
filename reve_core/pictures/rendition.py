"""
What a share link shows of a picture, each made once: a WebP for the page, a JPEG of 1200 × 630 for a chat's preview.

Both hold pixels alone. The card says by what the picture was made and where; it never holds a word of the prompt, so that
one card serves every link to its picture, also those that keep the prompt to themselves.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from reve_core.pictures import thumbnail
from reve_core.pictures.foot import BAR, MARGIN, foot
from reve_core.pictures.shapes import covering, fitting, on_paper, out_of_focus, rounded, shrunk

if TYPE_CHECKING:
    from PIL.Image import Image

WEB_SIDE = 1600  # pixels, the longer side
CARD = (1200, 630)  # the size that chat apps ask for

# Nearly the card's own shape: what is cut off at the edges is not missed.
_FITS = (1.55, 2.35)


def web(picture: Image) -> bytes:
    """At most ``WEB_SIDE`` pixels on the longer side, never larger than the picture itself."""
    from PIL import WebPImagePlugin  # noqa: F401  (registers the format)

    small = shrunk(thumbnail.plain(picture), WEB_SIDE)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=84, method=2, icc_profile=b"", exif=b"", xmp=b"")
    return buffer.getvalue()


def card(picture: Image, label: str) -> bytes:
    """The preview card. ``label`` is the provider's fixed mark, such as "AI-generated"."""
    from PIL import JpegImagePlugin  # noqa: F401  (registers the format)

    plain = on_paper(thumbnail.plain(picture))
    width, height = CARD
    if _FITS[0] <= plain.width / plain.height <= _FITS[1]:
        whole = covering(plain, CARD)
    else:
        whole = out_of_focus(plain, CARD)
        room = (width - 2 * MARGIN, height - MARGIN - BAR - 14)
        near = fitting(plain, room)
        at = ((width - near.width) // 2, MARGIN + (room[1] - near.height) // 2)
        whole.paste(near, at, rounded(near.size, 14))
    _sign(whole, label)
    buffer = io.BytesIO()
    whole.save(buffer, "JPEG", quality=86, optimize=True)
    return buffer.getvalue()


def _sign(whole: Image, label: str) -> None:
    """The foot, on a shade that it can be read on."""
    from PIL import Image as Pillow

    width, height = CARD
    shade = (
        Pillow.linear_gradient("L")
        .resize((width, 150))
        .point([round((value / 255) ** 1.4 * 205) for value in range(256)])
    )
    whole.paste(Pillow.new("RGB", (width, 150), "#0c0c0b"), (0, height - 150), shade)
    words = foot(width, label)
    whole.paste(words, (0, height - words.height), words)
