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
# Doubles that English hardly has, so that one of them is already a stretch.
_ODD_DOUBLE = re.compile(r"([ahijkquvwxy])\1")
_DOUBLED = re.compile(r"(?:([^\W\d_])\1)+")
_MOST_GUESSES = 64
_SHORTEST = 3
_SPLIT = range(7, 161)  # letters of a token that may be words run together
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
        self._by_form: dict[tuple[int, str], list[str]] = {}
        for word in self.words:
            self._by_form.setdefault((len(word), word[0]), []).append(word)

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
        for guess in self._readings(token):
            if self.knows(guess):
                return guess
        return plain

    def _readings(self, token: str) -> Iterator[str]:
        choices = [_EITHER.get(char) or char.translate(_LEET) for char in token]
        for letters in itertools.islice(itertools.product(*choices), _MOST_GUESSES):
            yield "".join(letters)
        if token[-1] in "!|+" and len(token) > _SHORTEST:
            for letters in itertools.islice(itertools.product(*choices[:-1]), _MOST_GUESSES):
                yield "".join(letters)

    def unstretch(self, token: str) -> str:
        """``naaaked`` and ``nnaakkeedd`` are naked; ``rapping`` is what it is."""
        if not (_STRETCHED.search(token) or _ODD_DOUBLE.search(token) or _DOUBLED.fullmatch(token)):
            return token
        if self._is_whole(token):
            return token
        runs = [match[0] for match in _RUN.finditer(token)]
        if len("".join(runs)) != len(token):
            return token  # digits in it
        choices = [(run[0], run[0] * 2) if len(run) > 1 else (run,) for run in runs]
        first = ""
        for letters in itertools.islice(itertools.product(*choices), _MOST_GUESSES):
            guess = "".join(letters)
            first = first or guess
            if self.knows(guess):
                return guess
        if _DOUBLED.fullmatch(token):
            return token[::2]
        return first if _STRETCHED.search(token) else token

    def _is_part(self, part: str, long: bool) -> bool:
        if not part.isalpha():
            return long and (part.isdigit() or (part[:2].isdigit() and part[2:] in ("yo", "yr", "y")))
        if len(part) >= _SHORTEST and part in self.words:
            return True
        return long and (part in self.small or (len(part) > _SHORTEST + 1 and part in self.beginnings))

    def unmask(self, pattern: str) -> list[str]:
        """What ``n.ked`` may be, a dot for each hidden letter; the first letter must be there."""
        if pattern[0] == ".":
            return []
        found = [word for word in self._by_form.get((len(pattern), pattern[0]), ()) if _fits(word, pattern)]
        for end in range(_SHORTEST + 2, len(pattern)):
            # The beginning of a longer word: the rest is left as it is, stars and all.
            found += [
                word + pattern[end:].replace(".", "")
                for word in self._beginnings(end, pattern[0])
                if "." in pattern[:end] and _fits(word, pattern[:end])
            ]
        return found

    def _beginnings(self, length: int, first: str) -> Iterator[str]:
        return (word for word in self.beginnings if len(word) == length and word[0] == first)

    def split(self, token: str) -> list[str]:
        """``nakedgirl`` is two words. Empty where the token is a word of its own, or not made of known ones."""
        if len(token) not in _SPLIT or not token.isascii() or not token.isalnum():
            return []
        long = len(token) >= _LONG
        if self.knows(token) or (self._is_whole(token) and not long):
            return []
        # best[end] is how many letters up to there are in known words, and the cut that leads there
        best: list[tuple[float, int]] = [(0.0, 0)] * (len(token) + 1)
        for end in range(1, len(token) + 1):
            score, cut = best[end - 1][0], end - 1
            for begin in range(max(0, end - _LONGEST_WORD), end):
                part = token[begin:end]
                size = end - begin
                if self._is_part(part, long):
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
            if self._is_part(part, long):
                known += len(part)
                parts.append(part)
            elif parts and parts[-1].startswith("\0"):
                parts[-1] = f"\0{part}{parts[-1][1:]}"
            else:
                parts.append(f"\0{part}")
            end = cut
        if known < len(token) * (_COVERED if long else 1):
            return []
        return [part.lstrip("\0") for part in reversed(parts)]


def _fits(word: str, pattern: str) -> bool:
    return all(hidden in (letter, ".") for letter, hidden in zip(word, pattern, strict=True))
