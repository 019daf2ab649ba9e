"""
Words in the pictures we make ourselves: cards and contact sheets.

One font, Source Sans 3, which is also the pages' own: Latin, Greek and Cyrillic. What it has no letters for is said in
words, "[Japanese]" or "[emoji]", and never set as empty boxes. Lines are laid out by Pillow's own plain rules, so that
every machine draws the same.
"""

from __future__ import annotations

import functools
import itertools
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

PLAIN, STRONG = 400, 650

_FILE = Path(__file__).parent / "fonts" / "source-sans-3.woff2"
_MOST = 6000  # letters of one text that are looked at
_NOWHERE = "\ue000"  # a character that no font has
CUT = "…"  # stands for what was left out
_SCRIPTS = {
    "cjk": "Chinese",
    "hiragana": "Japanese",
    "katakana": "Japanese",
    "hangul": "Korean",
    "halfwidth": "Japanese",
}

Run = tuple[str, bool]  # text, and whether it is emphasised


@functools.lru_cache(64)
def font(size: int, weight: int = PLAIN) -> FreeTypeFont:
    """``size`` in pixels; ``weight`` from 200 to 900."""
    from PIL import ImageFont

    made = ImageFont.truetype(str(_FILE), size, layout_engine=ImageFont.Layout.BASIC)
    made.set_variation_by_axes([weight])
    return made


# ---------------------------------------------------------------- what can be drawn


def written(text: str) -> str:
    """
    The text in one line of characters that the font has; a stretch of others becomes its name in brackets.

    Composed, with marks that cannot be seen left out. At most some thousand letters of it.
    """
    pieces: list[str] = []
    text = unicodedata.normalize("NFC", text[:_MOST].encode("utf-8", "ignore").decode("utf-8"))
    text = " ".join("".join(char for char in text if not _is_unseen(char)).split())
    is_japanese = any(_foreign(char) == "Japanese" for char in text)
    for foreign, run in itertools.groupby(text, _foreign):
        if foreign is None:
            pieces.append("".join(run))
            continue
        note = f"[{'Japanese' if is_japanese and foreign == 'Chinese' else foreign}]"
        if pieces and pieces[-1] == note:
            continue
        if len(pieces) > 1 and not pieces[-1].strip() and pieces[-2] == note:
            pieces.pop()  # 日本 語: one stretch, whatever spaces are in it
            continue
        pieces.append(note)
    return "".join(pieces)


@functools.lru_cache(8192)
def _foreign(char: str) -> str | None:
    """What to call a character that the font does not have."""
    if char == " " or bytes(font(32).getmask(char)) != _box():
        return None
    if not (name := unicodedata.name(char, "").split(" ")[0].split("-")[0].lower()):
        return "signs"
    if unicodedata.category(char)[0] in "LMN":
        return _SCRIPTS.get(name, name.capitalize() if name.isalpha() else "signs")
    if ord(char) >= 0x1F000 or 0x2600 <= ord(char) < 0x27C0:
        return "emoji"
    return _SCRIPTS.get(name, "Chinese" if name in ("ideographic", "fullwidth") else "signs")


@functools.lru_cache(1)
def _box() -> bytes:
    return bytes(font(32).getmask(_NOWHERE))


def _is_unseen(char: str) -> bool:
    if char.isspace():
        return False
    category = unicodedata.category(char)
    return category in ("Cc", "Cf", "Cs", "Me") or "\ufe00" <= char <= "\ufe0f" or 0x1F3FB <= ord(char) <= 0x1F3FF


# ---------------------------------------------------------------- what fits


def short(text: str, face: FreeTypeFont, most: float) -> str:
    """The text as ``written``, cut to ``most`` pixels with "…"."""
    text = written(text)
    if len(text) * face.size < 8 * most and face.getlength(text) <= most:
        return text
    return _fitting(text, face, most - face.getlength(CUT)).rstrip() + CUT


def _fitting(text: str, face: FreeTypeFont, most: float) -> str:
    """As much of its beginning as fits."""
    low, high = (
        0,
        min(len(text), max(0, int(most / face.size * 8))),
    )  # few letters are less than an eighth as wide as high
    while low < high:
        middle = (low + high + 1) // 2
        if face.getlength(text[:middle]) <= most:
            low = middle
        else:
            high = middle - 1
    return text[:low]


def wrapped(runs: Sequence[Run], size: int, width: float, lines: int) -> list[list[Run]]:
    """
    The runs in at most so many lines of ``width`` pixels, broken between words; the last ends with "…" where more was to
    come. Emphasised runs are measured in the strong weight.
    """
    made: list[list[Run]] = [[]]
    left = width
    for word in _words(runs):
        if length_of(word, size, ends_here=True) > left and made[-1]:
            made.append([])
            left = width
        for text, is_strong in word:
            face = font(size, STRONG if is_strong else PLAIN)
            while text and face.getlength(text.rstrip()) > left:  # longer than a line alone
                if len(made) > lines:
                    break
                part = _fitting(text, face, left) or ("" if made[-1] else text[0])
                made[-1] += [(part, is_strong)] if part else []
                made.append([])
                left, text = width, text[len(part) :]
            made[-1].append((text, is_strong))
            left -= face.getlength(text)
        if len(made) > lines:
            return [*(_joined(line) for line in made[: lines - 1]), _ended(made[lines - 1], size, width)]
    return [_joined(line) for line in made if line]


def _words(runs: Sequence[Run]) -> list[list[Run]]:
    """Words with the space behind them, each in as many pieces as its emphasis changes within it."""
    found: list[list[Run]] = []
    is_open = False  # whether the next piece goes on with the last word
    for text, is_strong in runs:
        if text[:1].isspace() and is_open:
            last, was_strong = found[-1].pop()
            found[-1].append((last + " ", was_strong))
            is_open = False
        words = written(text).split()
        for at, word in enumerate(words):
            space = " " if at < len(words) - 1 or text[-1:].isspace() else ""
            if is_open:
                found[-1].append((word + space, is_strong))
            else:
                found.append([(word + space, is_strong)])
            is_open = not space
    return found


def _ended(line: list[Run], size: int, width: float) -> list[Run]:
    """The line with "…" behind it, and so many of its last words less as that takes."""
    line = line.copy()
    room = width - font(size).getlength(CUT)
    while len(line) > 1 and length_of(line, size, ends_here=True) > room:
        line.pop()
    if line:
        text, is_strong = line.pop()
        face = font(size, STRONG if is_strong else PLAIN)
        line.append((_fitting(text.rstrip(), face, room - length_of(line, size)), is_strong))
    return [*_joined(line), (CUT, False)]


def _joined(line: list[Run]) -> list[Run]:
    """Neighbours of one weight as one run, so that emphasis goes on under the space between two words."""
    return [
        ("".join(text for text, _ in run), is_strong) for is_strong, run in itertools.groupby(line, lambda run: run[1])
    ]


def length_of(line: Sequence[Run], size: int, *, ends_here: bool = False) -> float:
    """In pixels; without the space behind the last word where the line ``ends_here``."""
    total = sum(font(size, STRONG if is_strong else PLAIN).getlength(text) for text, is_strong in line)
    if ends_here and line and line[-1][0].endswith(" "):
        total -= font(size, STRONG if line[-1][1] else PLAIN).getlength(" ")
    return total


def write(draw: ImageDraw, at: tuple[float, float], line: Sequence[Run], size: int, *, ink: str, strong: str) -> None:
    """One line from its left baseline. Emphasis is weight, a line below, and colour: no one of them alone."""
    x, y = at
    for text, is_strong in line:
        face = font(size, STRONG if is_strong else PLAIN)
        draw.text((x, y), text, fill=ink, font=face, anchor="ls")
        if is_strong:
            rule = max(1, size // 11)
            below = y + max(2, size // 7)
            draw.rectangle((x, below, x + face.getlength(text.rstrip()) - 1, below + rule - 1), fill=strong)
        x += face.getlength(text)
