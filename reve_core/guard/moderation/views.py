"""
The readings of one text: as it stands, and as whoever hides a word from a machine expects a person to read it.

A *chunk* is what stands between blanks, a *token* a run of letters and digits in it. Each view keeps for each of its tokens
the chunk it came from, so that finds in different views can be compared by place.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from reve_core.guard.moderation.fold import SEPARATE
from reve_core.guard.moderation.vocabulary import SHORTEST_SPLIT, Vocabulary

_CONTEXT = 4  # chunks around a changed one that are looked at with it: a term may be several words
_BREAK = "\n"  # a token that no term has
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
_ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
_MOST_CANDIDATES = 4


class View:
    """One reading. ``text`` is its tokens with a blank between and around them."""

    __slots__ = ("_starts", "chunks", "name", "text", "tokens")

    def __init__(self, name: str, tokens: Sequence[str], chunks: Sequence[int]) -> None:
        self.name = name
        self.tokens = tokens
        self.chunks = chunks
        self.text = f" {' '.join(tokens)} "
        self._starts: list[int] = []

    def chunk(self, offset: int) -> int:
        """The chunk of the character at ``offset`` of ``text``."""
        if not self._starts:
            at = 1
            for token in self.tokens:
                self._starts.append(at)
                at += len(token) + 1
        return self.chunks[max(0, bisect_right(self._starts, offset) - 1)]


def readings(folded: str, known: Vocabulary) -> Iterator[View]:
    """The plain reading first; readings that change nothing are left out."""
    yield from _of("text", folded, known)
    if (spaced := _SPACED.sub(_close_up, folded)) != folded:
        yield from _of("spaced", spaced, known)


def _of(name: str, folded: str, known: Vocabulary) -> Iterator[View]:
    chunks = folded.split()
    tokens = [chunk.translate(SEPARATE).split() for chunk in chunks]
    plain = View(name, [token for own in tokens for token in own], [n for n, own in enumerate(tokens) for _ in own])
    yield plain
    yield from _rest(plain, tokens, {}, known)
    for other, changed in _respelled(chunks, tokens, folded, known):
        if changed:
            yield _around(other, tokens, sorted(changed), changed)
            yield from _rest(plain, tokens, changed, known)


def _respelled(
    chunks: Sequence[str], tokens: Sequence[list[str]], folded: str, known: Vocabulary
) -> Iterator[tuple[str, dict[int, list[str]]]]:
    """Other tokens for some chunks, with the name of the view that has them."""
    if _SYMBOLS.search(folded):
        yield "leet", _differing(tokens, chunks, _SYMBOLS, lambda chunk: _unleet(chunk, known))
    if _INNER.search(folded):
        yield "joined", _differing(tokens, chunks, _INNER, lambda chunk: _unleet(_INNER.sub("", chunk), known))
    if _MASK.search(folded):
        guesses = _unmasked(chunks, known)
        for nth in range(min(_MOST_CANDIDATES, max(map(len, guesses.values()), default=0))):
            yield "masked", {number: [found[min(nth, len(found) - 1)]] for number, found in guesses.items() if found}


def _differing(
    tokens: Sequence[list[str]], chunks: Sequence[str], sign: re.Pattern[str], respell: Callable[[str], list[str]]
) -> dict[int, list[str]]:
    found = {number: respell(chunk) for number, chunk in enumerate(chunks) if sign.search(chunk)}
    return {number: spelled for number, spelled in found.items() if spelled != tokens[number]}


def _rest(plain: View, tokens: Sequence[list[str]], changed: dict[int, list[str]], known: Vocabulary) -> Iterator[View]:
    """What the tokens are without stretched letters, and where words run together are taken apart."""
    numbers: Iterable[int] = range(len(tokens))
    if _REPEATED.search(f"{plain.text}{' '.join(map(' '.join, changed.values()))} "):
        short = {number: list(map(known.unstretch, changed.get(number, tokens[number]))) for number in numbers}
        short = {number: found for number, found in short.items() if found != tokens[number]}
        if short:
            yield _around("repeats", tokens, sorted(short), changed | short)
            changed = changed | short
    apart = {}
    for number in changed or numbers:
        own = changed.get(number) or tokens[number]
        if len(own) == 1 and len(own[0]) < SHORTEST_SPLIT:
            continue
        parts = [part for token in own for part in (known.split(token) or (token,))]
        if len(parts) != len(own):
            apart[number] = parts
    if apart:
        yield _around("apart", tokens, sorted(apart), changed | apart)


def _around(name: str, tokens: Sequence[list[str]], numbers: Sequence[int], changed: Mapping[int, list[str]]) -> View:
    """A view of the chunks in ``numbers`` and a few around each, with what was ``changed`` in them."""
    found: list[str] = []
    chunks: list[int] = []
    following = 0
    for number in numbers:
        begin = max(following, number - _CONTEXT)
        if begin > following:
            found.append(_BREAK)
            chunks.append(begin)
        for near in range(begin, min(len(tokens), number + _CONTEXT + 1)):
            own = changed.get(near, tokens[near])
            found += own
            chunks += [near] * len(own)
            following = near + 1
    return View(name, found, chunks)


def _unleet(chunk: str, known: Vocabulary) -> list[str]:
    found: list[str] = []
    for piece in _PIECE.findall(chunk.replace("'", "").replace(_FILLER, "")):
        found += known.unleet(piece).translate(SEPARATE).split()
    return found


def _unmasked(chunks: Sequence[str], known: Vocabulary) -> dict[int, list[str]]:
    """What the words with stars in them may be, by chunk."""
    guesses: dict[int, list[str]] = {}
    for number, chunk in enumerate(chunks):
        for match in _MASKED.finditer(chunk):
            pattern = _MASK.sub(".", match[0])
            if 3 <= len(pattern) <= 20 and pattern.count(".") * 2 <= len(pattern) + 1 and len(guesses) < _MOST_MASKED:
                guesses[number] = known.unmask(pattern)
    return guesses


def _close_up(found: re.Match[str]) -> str:
    run = found[0]
    gaps = [len(gap) for gap in _BETWEEN.findall(run)]
    usual = min(gaps)
    closed = _BETWEEN.sub(lambda gap: "" if len(gap[0]) == usual else " ", run)
    return closed + f" {_FILLER}" * max(0, len(run.split()) - len(closed.split()))


def backwards(view: View) -> Iterator[View]:
    """The two ways to hide a text that any schoolchild knows: from its end, and thirteen letters on."""
    yield View("reversed", [token[::-1] for token in reversed(view.tokens)], view.chunks[::-1])
    yield View("rot13", view.text.translate(_ROT13).split(), view.chunks)
