"""
What a text looks like to a reader: one plain spelling of it, and the other spellings it may be hiding.

Everything here is a pure function of the text. A *chunk* is what stands between blanks, a *token* a run of letters and
digits in it; every view keeps for each of its tokens the number of the chunk it came from, so that what is found in
different views can be compared by place.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

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
_SEPARATE = str.maketrans(dict.fromkeys('!"#$%&()*+,-./:;<=>?@[\\]^_{|}~', " ") | {"'": "", "`": ""})
_FILLER = "`"  # a chunk without a token: keeps the count of chunks where several became one


def fold(text: str) -> str:
    """One plain spelling: small letters, marks and invisible characters gone, look-alikes as what they look like."""
    return text.translate(_FOLD)


def words(text: str) -> str:
    """Folded words with one blank between them and no punctuation: how terms of a policy are spelled too."""
    return " ".join(fold(text).translate(_SEPARATE).split())


@dataclass(frozen=True)
class View:
    """One spelling. ``text`` is tokens with a blank between and around; ``chunks`` is where each token came from."""

    name: str
    tokens: Sequence[str]
    chunks: Sequence[int]

    @cached_property
    def text(self) -> str:
        return f" {' '.join(self.tokens)} "

    @cached_property
    def _starts(self) -> list[int]:
        starts, at = [], 1
        for token in self.tokens:
            starts.append(at)
            at += len(token) + 1
        return starts

    def chunk(self, offset: int) -> int:
        """The chunk of the character at ``offset`` of ``text``."""
        return self.chunks[max(0, bisect_right(self._starts, offset) - 1)]


def spellings(folded: str) -> Iterator[View]:
    """What a folded text may be read as, the plain reading first; readings that change nothing are left out."""
    yield from _readings("", folded)
    if (spaced := _SPACED.sub(_close_up, folded)) != folded:
        yield from _readings("spaced", spaced)


def _readings(name: str, folded: str) -> Iterator[View]:
    chunks = folded.split()
    plain = _view(name or "text", (chunk.translate(_SEPARATE).split() for chunk in chunks))
    yield plain
    readings = [plain]
    if _SYMBOLS.search(folded):
        unmasked = [_unleet(chunk, _LEET) for chunk in chunks]
        leet = _view("leet", unmasked)
        if leet.tokens != plain.tokens:
            yield leet
            readings.append(leet)
            if any(char in folded for char in "1!|"):
                other = _view("leet", (_unleet(chunk, _LEET_L) for chunk in chunks))
                if other.tokens != leet.tokens:
                    yield other
                    readings.append(other)
    for view in readings:
        if _REPEATED.search(view.text):
            once = [_ODD_DOUBLE.sub(r"\1", _shorter(token)) for token in view.tokens]
            yield View("repeats", once, view.chunks)
            yield View("repeats", [_RUN.sub(r"\1\1", token) for token in view.tokens], view.chunks)


def _view(name: str, tokens_of_chunks: Iterable[Sequence[str]]) -> View:
    tokens: list[str] = []
    chunks: list[int] = []
    for number, found in enumerate(tokens_of_chunks):
        tokens += found
        chunks += [number] * len(found)
    return View(name, tokens, chunks)


# Digits and signs that stand for letters. 1, ! and | are an i or an l.
_LEET = str.maketrans("@$436057892+1!|", "asaegostbgztiii")
_LEET_L = _LEET | str.maketrans("1!|", "lll")
_SYMBOLS = re.compile(r"[@$!|+0-9]")
_PIECE = re.compile(r"[^\s\"#%&()*,\-./:;<=>?\[\\\]^_{}~]+")
_LETTER = re.compile(r"[^\W\d_]")


def _unleet(chunk: str, table: dict[int, int]) -> list[str]:
    found = []
    for piece in _PIECE.findall(chunk.replace("'", "").replace(_FILLER, "")):
        token = piece.strip("!|+")
        if not token:
            continue
        if _LETTER.search(token):
            found += token.translate(table).translate(_SEPARATE).split()
        else:
            found += token.translate(_SEPARATE).split()
    return found


# A run of three or more, or a doubled letter that English hardly doubles, or a token with every letter doubled.
_REPEATED = re.compile(r"([^\W\d_])\1\1|([ahijkquvwxy])\2|(?<= )(?:([^\W\d_])\3){2,}(?= )")
_RUN = re.compile(r"([^\W\d_])\1{2,}")
_DOUBLED = re.compile(r"([^\W\d_])\1+")
_ODD_DOUBLE = re.compile(r"([ahijkquvwxy])\1")
_ALL_DOUBLED = re.compile(r"(?:([^\W\d_])\1)+")


def _shorter(token: str) -> str:
    if _ALL_DOUBLED.fullmatch(token):
        return token[::2]
    return _DOUBLED.sub(r"\1", token) if _RUN.search(token) else token


# Single characters with separators between them: "n a k e d", "n.a.k.e.d", "n-4-k-3-d".
_SPACED = re.compile(
    r"(?<![\w@$])(?:[^\W_]|[@$!])(?:[\s._\-*/\\~+:;,\"()\[\]{}<>=#|^&'`]{1,4}(?:[^\W_]|[@$!])){2,}(?![\w@$])"
)
_BETWEEN = re.compile(r"[^\w@$!]+|_+")


def _close_up(found: re.Match[str]) -> str:
    run = found[0]
    gaps = [len(gap) for gap in _BETWEEN.findall(run)]
    usual = min(gaps)
    closed = _BETWEEN.sub(lambda gap: "" if len(gap[0]) == usual else " ", run)
    return closed + f" {_FILLER}" * max(0, len(run.split()) - len(closed.split()))


# A word with some of its letters hidden: "n*ked", "p**n".
_MASKED = re.compile(r"(?<![\w*])[a-z]+(?:[*#%?]{1,4}[a-z]+)+(?!\w)")
_MASK = re.compile(r"[*#%?]")
_MOST_MASKED = 12


def masked(folded: str) -> list[tuple[str, int]]:
    """Words with stars in them, each with a dot for a hidden letter, and the chunk it stands in."""
    if not any(char in folded for char in "*#%?"):
        return []
    found = []
    for match in _MASKED.finditer(folded):
        word = _MASK.sub(".", match[0])
        if 3 <= len(word) <= 16 and word.count(".") * 2 <= len(word) + 1:
            found.append((word, len(folded[: match.start()].split())))
        if len(found) == _MOST_MASKED:
            break
    return found


_ESCAPED = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([0-3][0-7]{2}))"
)
_POINTS = re.compile(r"\b[Uu]\+([0-9a-fA-F]{4,6})\b\s?")
_HEX = re.compile(r"\b(?:0x)?((?:[2-7][0-9a-fA-F][\s,:]?){5,})(?![0-9a-zA-Z])")
_BINARY = re.compile(r"\b(?:[01]{8}[\s,]*){3,}")
_BASE64 = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{8,}={0,2}(?![\w+/=])")
_READABLE = re.compile(r"[\w .,;:'!?@$-]+")


def decoded(text: str) -> str:
    """The text with escapes and encodings in it undone, each once; the text itself where there are none."""
    if _TAG_CHARS.search(text):
        text = _TAG_CHARS.sub(lambda tags: f" {''.join(chr(ord(tag) - 0xE0000) for tag in tags[0])} ", text)
    for _ in range(2):  # an escape of an escape
        before = text
        if "%" in text:
            text = unquote(text, errors="ignore")
        if "&" in text:
            text = html.unescape(text)
        if "\\" in text:
            text = _ESCAPED.sub(_from_hex, text)
        if "+" in text:
            text = _POINTS.sub(lambda point: _character(int(point[1], 16)), text)
        if text == before:
            break
    text = _HEX.sub(_from_hex_digits, text)
    text = _BINARY.sub(_from_bits, text)
    return _BASE64.sub(_from_base64, text)


_TAG_CHARS = re.compile("[\U000e0020-\U000e007e]{3,}")


def _character(point: int) -> str:
    return chr(point) if 0x20 <= point < 0x110000 and not 0xD800 <= point < 0xE000 else " "


def _from_hex(found: re.Match[str]) -> str:
    if found[5]:
        return _character(int(found[5], 8))
    return _character(int(next(filter(None, found.groups())), 16))


def _from_hex_digits(found: re.Match[str]) -> str:
    digits = re.sub(r"[\s,:]", "", found[1])
    return _readable(bytes.fromhex(digits[: len(digits) // 2 * 2])) or found[0]


def _from_bits(found: re.Match[str]) -> str:
    bits = re.sub(r"[\s,]", "", found[0])
    return _readable(bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))) or found[0]


def _from_base64(found: re.Match[str]) -> str:
    code = found[0].rstrip("=").replace("-", "+").replace("_", "/")
    if len(code) % 4 == 1:
        return found[0]
    try:
        inside = base64.b64decode(code + "=" * (-len(code) % 4))
    except (binascii.Error, ValueError):
        return found[0]
    return _readable(inside) or found[0]


def _readable(inside: bytes) -> str:
    """``inside`` as a few words, or nothing where it is not one: most words that look like base64 are just words."""
    try:
        text = inside.decode()
    except UnicodeDecodeError:
        return ""
    if len(text) < 4 or not _READABLE.fullmatch(text) or sum(map(str.isalpha, text)) < 0.7 * len(text):
        return ""
    return f" {text} "


def backwards(view: View) -> Iterator[View]:
    """The two ways to hide a text from a reader that any schoolchild knows: from the end, and thirteen letters on."""
    yield View("reversed", [token[::-1] for token in reversed(view.tokens)], view.chunks[::-1])
    yield View("rot13", [codecs.encode(token, "rot13") for token in view.tokens], view.chunks)
