"""Many terms looked for in one pass over a text (Aho and Corasick), whatever their number."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

import ahocorasick

from reve_core.guard.moderation.views import View

_ALLOWED = -1  # stands for the groups of an allowed phrase


class Hit(NamedTuple):
    """Something of ``groups`` (bits) was found from chunk ``first`` to chunk ``last`` of a view."""

    groups: int
    first: int
    last: int
    view: str


class Terms:
    """
    Terms to find, spelled as ``fold.words`` spells. A term ending in ``*`` is the beginning of a word, one beginning with
    ``=`` may stand anywhere; all others are whole words. What an allowed phrase covers is not found.
    """

    def __init__(self, groups: Mapping[str, int], allowed: Mapping[str, None]) -> None:
        self._automaton = ahocorasick.Automaton()
        patterns: dict[str, int] = {}
        for term, bits in groups.items():
            pattern = _pattern(term)
            patterns[pattern] = patterns.get(pattern, 0) | bits
        for term in allowed:
            patterns[_pattern(term)] = _ALLOWED
        for pattern, bits in patterns.items():
            self._automaton.add_word(pattern, (bits, len(pattern)))
        self._automaton.make_automaton()
        self.count = len(patterns)

    def find(self, view: View, shortest: int = 0) -> Iterator[Hit]:
        """All that is found in ``view``; ``shortest``: leave out terms with fewer characters than this."""
        found: list[tuple[int, int, int]] = []
        covered = -1  # up to where the allowed phrases reach that have begun
        allowed: list[tuple[int, int]] = []
        text = view.text
        for end, (bits, length) in self._automaton.iter(text):
            begin = end - length + 1
            # The blanks around a word are not part of what is covered.
            begin += text[begin] == " "
            end -= text[end] == " "
            if bits == _ALLOWED:
                allowed.append((begin, end))
            elif length >= shortest:
                found.append((begin, end, bits))
        if not allowed:
            for begin, end, bits in found:
                first = view.chunk(begin)
                yield Hit(bits, first, first if " " not in text[begin:end] else view.chunk(end), view.name)
            return
        allowed.sort()
        found.sort()
        waiting = 0
        for begin, end, bits in found:
            # Both in order of where they begin, so one walk along them is enough.
            while waiting < len(allowed) and allowed[waiting][0] <= begin:
                covered = max(covered, allowed[waiting][1])
                waiting += 1
            if end > covered:
                yield Hit(bits, view.chunk(begin), view.chunk(end), view.name)


class Pieces:
    """Terms without their blanks, to be found across tokens."""

    def __init__(self, groups: Mapping[str, int], shortest: int) -> None:
        self._automaton = ahocorasick.Automaton()
        patterns: dict[str, tuple[int, bool]] = {}
        for term, bits in groups.items():
            squeezed = term.rstrip("*").replace(" ", "")
            if len(squeezed) >= shortest and squeezed.isascii() and squeezed.isalpha():
                known, begins = patterns.get(squeezed, (0, False))
                patterns[squeezed] = known | bits, begins or term.endswith("*")
        for pattern, (bits, begins) in patterns.items():
            self._automaton.add_word(pattern, (bits, len(pattern), begins))
        if patterns:
            self._automaton.make_automaton()
        self._empty = not patterns

    def find(self, text: str) -> Iterator[tuple[int, int, int, bool]]:
        """Where each begins and ends (exclusive) in ``text``, its groups, and whether it is only a beginning."""
        if self._empty:
            return
        for end, (bits, length, begins) in self._automaton.iter(text):
            yield end - length + 1, end + 1, bits, begins


def _pattern(term: str) -> str:
    if term.startswith("="):
        return term[1:]
    if not term.isascii() and any(map(_unspaced, term)):
        return term.rstrip("*")
    return f" {term[:-1]}" if term.endswith("*") else f" {term} "


@cache
def _unspaced(char: str) -> bool:
    """Does the script of this letter go without blanks between words?"""
    return char > "\u0dff" and unicodedata.name(char, "").startswith(
        ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "MYANMAR", "KHMER")
    )
