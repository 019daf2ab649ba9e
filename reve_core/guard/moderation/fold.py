"""What a text looks like to a reader: one plain spelling of its letters, whatever alphabet they were taken from."""

from __future__ import annotations

import re
import unicodedata

from reve_core.guard.moderation.lookalikes import LOOKALIKES

_LOOKALIKE = {ord(char): plain for plain, chars in LOOKALIKES.items() for char in chars}
_NAMED = re.compile(
    r"(?:LATIN (?:SMALL LETTER|CAPITAL LETTER|LETTER SMALL CAPITAL)|MODIFIER LETTER (?:SMALL|CAPITAL)"
    r"|(?:NEGATIVE )?(?:CIRCLED|SQUARED) LATIN CAPITAL LETTER|CROSSED NEGATIVE SQUARED LATIN CAPITAL LETTER"
    r"|REGIONAL INDICATOR SYMBOL LETTER|LATIN SUBSCRIPT SMALL LETTER|LATIN SMALL LETTER SIDEWAYS)"
    r" (?:TURNED |REVERSED |INVERTED |SIDEWAYS |OPEN |DOTLESS |SCRIPT |BARRED |LONG |SMALL CAPITAL )*"
    r"([A-Z])(?: WITH .*)?$"
)
_DIGIT_NAMED = re.compile(r"(?:DINGBAT )?(?:NEGATIVE |DOUBLE |SANS-SERIF )*CIRCLED (?:SANS-SERIF )?DIGIT ([A-Z]+)$")
_DIGITS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")
_BY_HAND = {
    "ᴁ": "ae",
    "ꜱ": "s",
    "ꞯ": "q",
    "€": "e",
    "£": "l",
    "¢": "c",
    "¥": "y",
    "©": "c",
    "®": "r",
    "ı": "i",
    "ℓ": "l",
}
_LONGEST_EXPANSION = 4  # one Arabic ligature becomes eighteen letters; nobody hides a word in those
_MOST_REMEMBERED = 20_000  # characters; a text can hold a few thousand different ones, all texts together a million

# Marks that sit on letters of these scripts' readers; in the scripts of India and South-East Asia marks are letters.
_MARKS = (
    (0x0300, 0x036F),
    (0x0483, 0x0489),
    (0x0591, 0x05C7),
    (0x064B, 0x065F),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F),
)
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180b\u180c\u180d\u0640")


class _Fold(dict[int, str]):
    """For ``str.translate``: each character's plain spelling, worked out when it is first met."""

    def __missing__(self, point: int) -> str:
        if len(self) > _MOST_REMEMBERED:
            self.clear()
        self[point] = folded = _fold(chr(point))
        return folded


def _fold(char: str) -> str:
    point = ord(char)
    if point < 128:
        return char.lower() if char.isprintable() else " "
    category = unicodedata.category(char)
    if char in _BLANK_LETTERS or category == "Cf" or any(low <= point <= high for low, high in _MARKS):
        return ""
    if category == "Nd":
        return str(unicodedata.digit(char))
    if alike := _LOOKALIKE.get(point):
        return alike
    if plain := _BY_HAND.get(char):
        return plain
    name = unicodedata.name(char, "")
    if named := _NAMED.match(name):
        return named[1].lower()
    if (digit := _DIGIT_NAMED.match(name)) and digit[1] in _DIGITS:
        return str(_DIGITS.index(digit[1]))
    parts = unicodedata.normalize("NFKD", char)
    if len(parts) == 3 and parts[0] == "(" and parts[2] == ")":
        parts = parts[1]  # a letter in its own parentheses
    if len(parts) <= _LONGEST_EXPANSION and parts != char:
        return "".join(_fold(part) for part in parts)
    if parts == char and (lower := char.casefold()) != char:
        return "".join(_fold(part) for part in lower)
    if category[0] in "LM":
        return char
    if category == "So":
        return f" {char} "  # an emoji is a word
    return "'" if char in "‘’ʼ＇`´" else "*" if char in "•●∗★☆■█▓░◯○" else " "


_FOLD = _Fold()
# What separates tokens; an apostrophe joins what it stands between, as in "driver's".
SEPARATE = str.maketrans(dict.fromkeys('!"#$%&()*+,-./:;<=>?@[\\]^_{|}~', " ") | {"'": "", "`": ""})


def fold(text: str) -> str:
    """One plain spelling: small letters, marks and invisible characters gone, look-alikes as what they look like."""
    # Without its apostrophe the contraction is an insult.
    return text.translate(_FOLD).replace("who're", "who are")


def words(text: str) -> str:
    """Folded words with one blank between them and no punctuation: how terms of a policy are spelled too."""
    return " ".join(fold(text).translate(SEPARATE).split())
