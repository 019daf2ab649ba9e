"""
A comparison's card for chat apps: two pictures side by side, the words that differ under each, and the vote so far.

Only pixels, and only the words that it is given. What a voter must not know before voting is kept back by ``hidden``, and
the vote is shown only where the caller says so.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from reve_core.pictures import letters, thumbnail
from reve_core.pictures.foot import BAR, MARGIN, foot
from reve_core.pictures.rendition import CARD
from reve_core.pictures.shapes import ACCENT, INK, PAPER, covering, fitting, on_paper, out_of_focus, rounded, shrunk

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

QUESTION = "Which one is better?"

_GUTTER = 20
_WIDE = (CARD[0] - 2 * MARGIN - _GUTTER) // 2
_TALL = 400
_TOP = 28
_BADGE = 44
_SIZE, _LEADING = 31, 40  # of the words, in pixels
# A picture of about the box's own shape fills it; of others all is shown.
_FITS = (1.2, 1.7)
_QUIET = "#2b2a28"


def versus(
    left: Image,
    right: Image,
    *,
    left_words: str,
    right_words: str,
    label: str,
    names: tuple[str, str] = ("A", "B"),
    tally: str = "",
    show_tally: bool = False,
    hidden: bool = False,
    question: str = QUESTION,
) -> bytes:
    """
    A JPEG of 1200 × 630. ``label`` is the provider's fixed mark, or both providers' in one line.

    ``hidden`` leaves names and words out and sets ``question`` in their place, over as many as two lines. ``tally`` is
    shown only with ``show_tally``: a card is seen before its link is opened, and so before anybody has voted.
    """
    from PIL import Image as Pillow
    from PIL import ImageDraw, JpegImagePlugin  # noqa: F401  (registers the format)

    whole = Pillow.new("RGB", CARD, PAPER)
    draw = ImageDraw.Draw(whole)
    lefts = (MARGIN, CARD[0] - MARGIN - _WIDE)
    for x, picture in zip(lefts, (left, right), strict=True):
        pane = _pane(picture)
        whole.paste(pane, (x, _TOP), rounded(pane.size, 14))
    if hidden:
        _ask(draw, question)
    else:
        for x, name, words in zip(lefts, names, (left_words, right_words), strict=True):
            _caption(draw, x, name, words)
    signed = foot(CARD[0], label, between=tally if show_tally else "")
    whole.paste(signed, (0, CARD[1] - BAR), signed)
    buffer = io.BytesIO()
    whole.save(buffer, "JPEG", quality=86, optimize=True)
    return buffer.getvalue()


def _pane(picture: Image) -> Image:
    size = (_WIDE, _TALL)
    plain = on_paper(thumbnail.plain(shrunk(thumbnail.plain(picture), 2 * _WIDE)))
    if _FITS[0] <= plain.width / plain.height <= _FITS[1]:
        return covering(plain, size)
    pane = out_of_focus(plain, size)
    near = fitting(plain, size)
    pane.paste(near, ((_WIDE - near.width) // 2, (_TALL - near.height) // 2))
    return pane


def _caption(draw: ImageDraw, x: int, name: str, words: str) -> None:
    """The name in a badge, and the words beside it on one or two lines."""
    top = _TOP + _TALL + 20
    face = letters.font(27, letters.STRONG)
    name = letters.short(name, face, 150)
    wide = max(_BADGE, round(face.getlength(name)) + 24) if name else 0
    if name:
        draw.rounded_rectangle((x, top, x + wide - 1, top + _BADGE - 1), 10, fill=_QUIET, outline=ACCENT, width=2)
        draw.text((x + wide / 2, top + _BADGE / 2), name, fill=INK, font=face, anchor="mm")
    start = x + wide + (16 if name else 0)
    lines = letters.wrapped([(words, False)], _SIZE, x + _WIDE - start, 2)
    base = top + _BADGE / 2 + 11
    for at, line in enumerate(lines):
        letters.write(draw, (start, base + at * _LEADING), line, _SIZE, ink=INK, strong=ACCENT)


def _ask(draw: ImageDraw, question: str) -> None:
    """The question in the middle, as large as its length allows."""
    width, top = CARD[0] - 2 * MARGIN, _TOP + _TALL
    room = CARD[1] - BAR - top
    for size, most in ((50, 1), (38, 2), (31, 3)):
        lines = letters.wrapped([(question, True)], size, width, most)
        if lines and lines[-1][-1][0] != "…":
            break
    leading = round(size * 1.2)
    base = top + (room - leading * len(lines)) / 2 + size * 0.95
    for at, line in enumerate(lines):
        text = "".join(text for text, _ in line)
        face = letters.font(size, letters.STRONG)
        draw.text((CARD[0] / 2, base + at * leading), text.rstrip(), fill=INK, font=face, anchor="ms")
