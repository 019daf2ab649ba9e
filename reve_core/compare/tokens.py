"""
Words, and characters as a reader counts them.

A word is a run of letters and digits with their marks. Scripts that set no spaces between words (Chinese, Japanese, Thai,
Khmer, …), emoji and punctuation go character by character, where a character is what a reader takes for one: a family of
emoji or a letter with three accents is never taken apart.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import Literal

_APOSTROPHES = frozenset("'’ʼ")
_JOINER = "\u200d"
_REGIONAL = range(0x1F1E6, 0x1F200)
_SKIN = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_STACKING = frozenset("\u17d2\u1039\u1a60")  # the next letter is written under the one before
_UNSPACED = (  # scripts whose words are not set apart
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x109F),  # Tibetan, Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x19E0, 0x19FF),
    (0x2E80, 0x312F),  # radicals, kana, bopomofo
    (0x31A0, 0x4DBF),
    (0x4E00, 0xA4CF),
    (0xA980, 0xA9DF),  # Javanese
    (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)


def tokens(text: str) -> list[str]:
    """The text in words, runs of spaces, and single characters; together they are the text."""
    found: list[str] = []
    kinds: list[str] = []
    for cluster in graphemes(text):
        kind = kind_of(cluster[0])
        if found and kind == kinds[-1] and kind in ("word", "space"):
            found[-1] += cluster
        elif (
            kind == "word"
            and len(found) > 1
            and kinds[-2] == "word"
            and (found[-1] in _APOSTROPHES or (found[-1] in ".,:" and found[-2][-1].isdigit() and cluster[0].isdigit()))
        ):
            joined = found.pop() + cluster  # don't, l’homme, 3.5, 1:1
            kinds.pop()
            found[-1] += joined
        else:
            found.append(cluster)
            kinds.append(kind)
    return found


@functools.lru_cache(4096)
def kind_of(char: str) -> Literal["word", "space", "single"]:
    if char.isspace():
        return "space"
    code = ord(char)
    if any(low <= code <= high for low, high in _UNSPACED):
        return "single"
    category = unicodedata.category(char)
    return "word" if category[0] in "LNM" or category in ("Pc", "Cf") else "single"


def graphemes(text: str) -> list[str]:
    """
    What a reader takes for one character each; together they are the text.

    Marks, joiners, skin tones and flags stay with what they belong to. After Unicode's annex 29, less its rules for the
    parts of a Hangul syllable, which only matter inside a word.
    """
    if text.isascii() and "\r" not in text:
        return list(text)
    found: list[str] = []
    flags = 0  # how many regional letters the cluster has: two make a flag
    for char in text:
        last = found[-1][-1] if found else ""
        if (
            (last == "\r" and char == "\n")
            or (last and last not in "\r\n" and _extends(char))
            or (last == _JOINER and unicodedata.category(char) in ("So", "Sm", "Sk") and _is_picture(found[-1][0]))
            or (last in _STACKING and unicodedata.category(char) == "Lo")
        ):
            found[-1] += char
        elif flags == 1 and ord(char) in _REGIONAL:
            found[-1] += char
            flags = 2
        else:
            found.append(char)
            flags = int(ord(char) in _REGIONAL)
    return found


def _is_picture(char: str) -> bool:
    return unicodedata.category(char) in ("So", "Sm")


@functools.lru_cache(4096)
def _extends(char: str) -> bool:
    code = ord(char)
    return (
        unicodedata.category(char) in ("Mn", "Me", "Mc")
        or char in "\u200c\u200d\u0e33\u0eb3\uff9e\uff9f"
        or code in _SKIN
        or code in _TAGS
    )
