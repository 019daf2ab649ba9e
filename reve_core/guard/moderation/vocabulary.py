"""
Guessing the word that was meant. Only words of the policy are guessed, so a guess can only turn up what rules look for.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

# Digits and signs that stand for letters. Those that may stand for two are tried both ways.
_LEET = str.maketrans("@$43605789+1!|", "asaegostbgtiii")
_EITHER = {"1": "il", "!": "il", "|": "il", "2": "zr"}
_LETTER = re.compile(r"[^\W\d_]")
_RUN = re.compile(r"([^\W\d_])\1*")
_STRETCHED = re.compile(r"([^\W\d_])\1\1")
_TRIPLED = re.compile(r"(.)\1{2,}")
# Doubles that English hardly has, so that one of them is already a stretch.
_ODD_DOUBLE = re.compile(r"([ahijkquvwxy])\1")
_DOUBLED = re.compile(r"(?:([^\W\d_])\1)+")
_MOST_GUESSES = 32
_MOST_EITHER = 4  # signs in a token that may stand for two letters
_MOST_RUNS = 5
_MOST_PARTS = 4
_MOST_REMEMBERED = 20_000
_NONE: list[str] = []
_SHORTEST = 3
SHORTEST_SPLIT = 7
_SPLIT = range(SHORTEST_SPLIT, 161)  # letters of a token that may be words run together
_LONG = 15  # from here on hardly anything is one word
_COVERED = 0.85  # of a long token must be known words
_LONGEST_WORD = 20
_LONGEST_ENDING = 6  # letters after the beginning of a word that is listed as one


class Vocabulary:
    """
    ``words`` as they stand in terms, ``beginnings`` of words, ``small`` words that join others, and the beginnings of
    ``whole`` words that are never taken for anything else.
    """

    def __init__(
        self, words: Iterable[str], beginnings: Iterable[str], small: Iterable[str], whole: Iterable[str]
    ) -> None:
        self.words = frozenset(word for word in words if len(word) >= _SHORTEST and word.isascii())
        self.beginnings = frozenset(word for word in beginnings if len(word) > _SHORTEST and word.isascii())
        self.small = frozenset(small)
        self.whole = frozenset(whole)
        self._known_splits: dict[str, list[str]] = {}
        self._words_by_form = _by_form(self.words)
        self._beginnings_by_form = _by_form(self.beginnings)

    def knows(self, token: str) -> bool:
        return token in self.words or any(
            token[:end] in self.beginnings
            for end in range(max(_SHORTEST + 1, len(token) - _LONGEST_ENDING), len(token))
        )

    def _is_whole(self, token: str) -> bool:
        return any(token[:end] in self.whole for end in range(_SHORTEST, min(len(token), _LONGEST_WORD) + 1))

    def unleet(self, token: str) -> str:
        """``n4k3d`` is naked. Tokens without a letter are numbers and stay."""
        if not _LETTER.search(token):
            return token
        plain = token.translate(_LEET)
        if plain == token and "2" not in token:
            return token
        spelled = [token]
        if _TRIPLED.search(token):
            spelled += [_TRIPLED.sub(r"\1", token), _TRIPLED.sub(r"\1\1", token)]
        for each in spelled:
            for guess in self._readings(each):
                if self.knows(guess):
                    return guess
        return plain

    def _readings(self, token: str) -> Iterator[str]:
        if sum(char in _EITHER for char in token) > _MOST_EITHER:
            return
        choices = [_EITHER.get(char) or char.translate(_LEET) for char in token]
        yield from map("".join, itertools.islice(itertools.product(*choices), _MOST_GUESSES))
        if token[-1] in "!|+" and len(token) > _SHORTEST:
            yield from map("".join, itertools.islice(itertools.product(*choices[:-1]), _MOST_GUESSES))

    def unstretch(self, token: str) -> str:
        """``naaaked`` and ``nnaakkeedd`` are naked; ``rapping`` is what it is."""
        if not (_STRETCHED.search(token) or _ODD_DOUBLE.search(token) or _DOUBLED.fullmatch(token)):
            return token
        if self._is_whole(token):
            return token
        runs = [match[0] for match in _RUN.finditer(token)]
        if len("".join(runs)) != len(token):
            return token  # digits in it
        if (every := min(map(len, runs))) > 1:
            return "".join(run[0] * (len(run) // every) for run in runs)  # each letter as often
        if sum(len(run) > 1 for run in runs) > _MOST_RUNS:
            return "".join(run[0] for run in runs)
        choices = [(run[0], run[0] * 2) if len(run) > 1 else (run,) for run in runs]
        first = ""
        for letters in itertools.islice(itertools.product(*choices), _MOST_GUESSES):
            guess = "".join(letters)
            first = first or guess
            if self.knows(guess):
                return guess
        return first if _STRETCHED.search(token) else token

    def _is_part(self, part: str) -> bool:
        if not part.isalpha():
            return part.isdigit() or (part[:2].isdigit() and part[2:] in ("yo", "yr", "y"))
        if len(part) >= _SHORTEST and part in self.words:
            return True
        return part in self.small or (len(part) > _SHORTEST + 1 and part in self.beginnings)

    def unmask(self, pattern: str) -> list[str]:
        """What ``n.ked`` may be, a dot for each hidden letter; the first letter must be there."""
        if pattern[0] == ".":
            return []
        found = [word for word in self._words_by_form.get((len(pattern), pattern[0]), ()) if _fits(word, pattern)]
        for end in range(max(_SHORTEST + 1, pattern.index(".") + 1), len(pattern)):
            # The beginning of a longer word: the rest is left as it is.
            found += [
                word + pattern[end:].replace(".", "")
                for word in self._beginnings_by_form.get((end, pattern[0]), ())
                if _fits(word, pattern[:end])
            ]
        return found

    def split(self, token: str) -> list[str]:
        """See ``_split``; the same words come again and again, so what was found is remembered."""
        if len(token) not in _SPLIT:
            return _NONE
        if (found := self._known_splits.get(token)) is None:
            if len(self._known_splits) > _MOST_REMEMBERED:
                self._known_splits.clear()
            self._known_splits[token] = found = self._split(token)
        return found

    def _split(self, token: str) -> list[str]:
        """``nakedgirl`` is two words. Empty where the token is a word of its own, or not made of known ones."""
        if not token.isascii() or not token.isalnum():
            return []
        long = len(token) >= _LONG
        if self.knows(token) or (self._is_whole(token) and not long):
            return []
        return self._spell_out(token) if long else self._parts(token, _MOST_PARTS)

    def _parts(self, token: str, most: int) -> list[str]:
        """``token`` as known words without a rest, the longest first; empty where there is no way."""
        if token in self.words:
            return [token]
        if most > 1:
            for cut in range(len(token) - _SHORTEST, _SHORTEST - 1, -1):
                if token[:cut] in self.words and (rest := self._parts(token[cut:], most - 1)):
                    return [token[:cut], *rest]
        return []

    def _spell_out(self, token: str) -> list[str]:
        """A whole sentence without blanks: as many of its letters as possible in known words, and what lies between."""
        # best[end] is how many letters up to there are in known words, and the cut that leads there
        best: list[tuple[float, int]] = [(0.0, 0)] * (len(token) + 1)
        for end in range(1, len(token) + 1):
            score, cut = best[end - 1][0], end - 1
            for begin in range(max(0, end - _LONGEST_WORD), end):
                part = token[begin:end]
                size = end - begin
                if self._is_part(part):
                    # Fewer and longer words explain a token better.
                    value = best[begin][0] + size - 0.4
                    if value > score:
                        score, cut = value, begin
            best[end] = score, cut
        parts: list[str] = []
        end = len(token)
        known = 0
        while end:
            cut = best[end][1]
            part = token[cut:end]
            if self._is_part(part):
                known += len(part)
                parts.append(part)
            elif parts and parts[-1].startswith("\0"):
                parts[-1] = f"\0{part}{parts[-1][1:]}"
            else:
                parts.append(f"\0{part}")
            end = cut
        if known < len(token) * _COVERED:
            return []
        return [part.lstrip("\0") for part in reversed(parts)]


def _fits(word: str, pattern: str) -> bool:
    return all(hidden in (letter, ".") for letter, hidden in zip(word, pattern, strict=True))


def _by_form(words: Iterable[str]) -> dict[tuple[int, str], list[str]]:
    """By length and first letter."""
    found: dict[tuple[int, str], list[str]] = {}
    for word in words:
        found.setdefault((len(word), word[0]), []).append(word)
    return found
