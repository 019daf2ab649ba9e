"""
The readings of one text: as it stands, and as whoever hides a word from a machine expects a person to read it.

A *chunk* is what stands between blanks, a *token* a run of letters and digits in it. Each view keeps for each of its tokens
the chunk it came from, so that finds in different views can be compared by place.
"""

from __future__ import annotations

import codecs
import itertools
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from reve_core.guard.moderation.fold import SEPARATE
from reve_core.guard.moderation.vocabulary import Vocabulary

_FILLER = "`"  # a chunk without a token: keeps the count of chunks where several became one
_SYMBOLS = re.compile(r"[@$!|+0-9]")
_PIECE = re.compile(r"[^\s\"#%&()*,\-./:;<=>?\[\\\]^_{}~]+")
_REPEATED = re.compile(r"([^\W\d_])\1\1|([ahijkquvwxy])\2|(?<= )(?:([^\W\d_])\3){2,}(?= )")
_INNER = re.compile(r"(?<=[^\W_])[-./|_\\~*+:,=]{1,3}(?=[^\W_])")
# Single characters with separators between them: "n a k e d", "n.a.k.e.d", "n-4-k-3-d".
_SPACED = re.compile(
    r"(?<![\w@$])(?:[^\W_]|[@$!])(?:[\s._\-*/\\~+:;,\"()\[\]{}<>=#|^&'`]{1,4}(?:[^\W_]|[@$!])){2,}(?![\w@$])"
)
_BETWEEN = re.compile(r"[^\w@$!]+|_+")
# A word with some of its letters hidden: "n*ked", "p**n".
_MASKED = re.compile(r"(?<![\w*])[a-z]+(?:[*#%?]{1,4}[a-z]+)+(?!\w)")
_MASK = re.compile(r"[*#%?]")
_MOST_MASKED = 12
_MOST_CANDIDATES = 4


@dataclass(frozen=True)
class View:
    """One reading. ``text`` is its tokens with a blank between and around them."""

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

    def changed(self, name: str, tokens: Sequence[str]) -> View:
        """The same tokens spelled otherwise."""
        return View(name, tokens, self.chunks)


def readings(folded: str, known: Vocabulary) -> Iterator[View]:
    """The plain reading first; readings that change nothing are left out."""
    yield from _of("text", folded, known)
    if (spaced := _SPACED.sub(_close_up, folded)) != folded:
        yield from _of("spaced", spaced, known)


def _of(name: str, folded: str, known: Vocabulary) -> Iterator[View]:
    chunks = folded.split()
    plain = _view(name, (chunk.translate(SEPARATE).split() for chunk in chunks))
    found = [plain]
    if _SYMBOLS.search(folded):
        leet = _view("leet", (_unleet(chunk, known) for chunk in chunks))
        if leet.tokens != plain.tokens:
            found.append(leet)
    if _INNER.search(folded):
        whole = _view("joined", (_unleet(_INNER.sub("", chunk), known) for chunk in chunks))
        if whole.tokens != plain.tokens:
            found.append(whole)
    for hidden in itertools.islice(_unmasked(plain, chunks, known), _MOST_CANDIDATES):
        found.append(hidden)
    for view in found:
        yield view
        if _REPEATED.search(view.text):
            view = view.changed("repeats", [known.unstretch(token) for token in view.tokens])
            yield view
        if (apart := _apart(view, known)) is not None:
            yield apart


def _view(name: str, tokens_of_chunks: Iterable[Sequence[str]]) -> View:
    tokens: list[str] = []
    chunks: list[int] = []
    for number, found in enumerate(tokens_of_chunks):
        tokens += found
        chunks += [number] * len(found)
    return View(name, tokens, chunks)


def _unleet(chunk: str, known: Vocabulary) -> list[str]:
    found: list[str] = []
    for piece in _PIECE.findall(chunk.replace("'", "").replace(_FILLER, "")):
        found += known.unleet(piece).translate(SEPARATE).split()
    return found


def _apart(view: View, known: Vocabulary) -> View | None:
    """Words run together, apart."""
    tokens: list[str] = []
    chunks: list[int] = []
    changed = False
    for token, chunk in zip(view.tokens, view.chunks, strict=True):
        parts = known.split(token) or [token]
        changed = changed or len(parts) > 1
        tokens += parts
        chunks += [chunk] * len(parts)
    return View("apart", tokens, chunks) if changed else None


def _unmasked(plain: View, chunks: Sequence[str], known: Vocabulary) -> Iterator[View]:
    """One view for each guess at the words with stars in them: all first guesses, all second ones, and so on."""
    if not any(char in chunk for chunk in chunks for char in "*#%?"):
        return
    guesses: dict[int, list[str]] = {}
    for number, chunk in enumerate(chunks):
        for match in _MASKED.finditer(chunk):
            pattern = _MASK.sub(".", match[0])
            if 3 <= len(pattern) <= 20 and pattern.count(".") * 2 <= len(pattern) + 1 and len(guesses) < _MOST_MASKED:
                guesses[number] = known.unmask(pattern)
    for nth in range(max(map(len, guesses.values()), default=0)):
        yield _view(
            "masked",
            (
                [guesses[number][min(nth, len(guesses[number]) - 1)]]
                if guesses.get(number)
                else chunk.translate(SEPARATE).split()
                for number, chunk in enumerate(chunks)
            ),
        )


def _close_up(found: re.Match[str]) -> str:
    run = found[0]
    gaps = [len(gap) for gap in _BETWEEN.findall(run)]
    usual = min(gaps)
    closed = _BETWEEN.sub(lambda gap: "" if len(gap[0]) == usual else " ", run)
    return closed + f" {_FILLER}" * max(0, len(run.split()) - len(closed.split()))


def backwards(view: View) -> Iterator[View]:
    """The two ways to hide a text that any schoolchild knows: from its end, and thirteen letters on."""
    yield View("reversed", [token[::-1] for token in reversed(view.tokens)], view.chunks[::-1])
    yield view.changed("rot13", [codecs.encode(token, "rot13") for token in view.tokens])
