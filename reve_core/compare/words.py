"""
What differs between prompts, word by word (``tokens`` says what a word is).

Punctuation stands for itself, and spaces follow the words around them. A few longer differences read better than many
small ones, so what is too little to matter between two changes is counted in with them.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from reve_core.compare.subsequence import common
from reve_core.compare.tokens import graphemes, kind_of, tokens

Kind = Literal["same", "removed", "added"]

_GAP = "…"

# Words too small to carry a comparison: alone between two changes they are counted in with them.
_LITTLE = frozenset(
    """
    a an the of in on at to by and or with is as for from la le les el los un una une de du des et en y o e il der die das
    den ein eine und im am mit в и на с
    """.split()  # noqa: SIM905
)
_LINKS = frozenset("-–/_")
_MOST_WEAK = 24  # letters


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text. In ``marked`` and ``differing``, "added" means: its own, not in all the others."""

    kind: Kind
    text: str


# ---------------------------------------------------------------- two prompts


def diff(a: str, b: str) -> tuple[Segment, ...]:
    """
    ``a`` turned into ``b``: "same" and "removed" together are exactly ``a``, "same" and "added" exactly ``b``.

    No segment is empty, neighbours differ in kind, and where something was replaced "removed" stands before "added".
    """
    if a == b:
        return (Segment("same", a),) if a else ()
    ours, theirs = tokens(a), tokens(b)
    found: list[Segment] = []
    for block in _smoothed(_blocks(ours, theirs, common(ours, theirs))):
        _append(found, "same", block.same)
        _append(found, "removed", block.removed)
        _append(found, "added", block.added)
    return tuple(found)


def _append(found: list[Segment], kind: Kind, text: str) -> None:
    if text and found and found[-1].kind == kind:
        text = found.pop().text + text
    if text:
        found.append(Segment(kind, text))


@dataclass(frozen=True, slots=True)
class _Block:
    """Common text, and what the one and the other prompt have behind it. ``size`` is the letters of the longer of them."""

    same: str
    removed: str
    added: str
    size: int

    @classmethod
    def of(cls, same: str, removed: str, added: str) -> _Block:
        return cls(same, removed, added, max(_letters(removed), _letters(added)))

    def followed_by(self, other: _Block) -> _Block:
        """Both as one change, and what they have in common between them as part of it."""
        between = other.same
        removed, added = self.removed + between + other.removed, self.added + between + other.added
        return _Block(self.same, removed, added, self.size + _letters(between) + other.size)


def _blocks(ours: Sequence[str], theirs: Sequence[str], pairs: Sequence[tuple[int, int]]) -> list[_Block]:
    """The gaps between matched words, each with the spaces that both share taken off its ends."""
    blocks: list[_Block] = []
    same: list[str] = []
    i = j = 0
    for at, other in [*pairs, (len(ours), len(theirs))]:
        if at > i or other > j:
            before, removed, added, after = _ends(ours[i:at], theirs[j:other])
            same.append(before)
            if removed or added:
                blocks.append(_Block.of("".join(same), removed, added))
                same = []
            same.append(after)
        if at < len(ours):
            same.append(ours[at])
        i, j = at + 1, other + 1
    blocks.append(_Block("".join(same), "", "", 0))
    return blocks


def _ends(ours: Sequence[str], theirs: Sequence[str]) -> tuple[str, str, str, str]:
    """What both begin with, what is left of each, and what both end with."""
    head = 0
    while head < min(len(ours), len(theirs)) and ours[head] == theirs[head]:
        head += 1
    tail = 0
    while tail < min(len(ours), len(theirs)) - head and ours[-1 - tail] == theirs[-1 - tail]:
        tail += 1
    end, other = len(ours) - tail, len(theirs) - tail
    return "".join(ours[:head]), "".join(ours[head:end]), "".join(theirs[head:other]), "".join(ours[end:])


def _smoothed(blocks: Sequence[_Block]) -> list[_Block]:
    """Common text too small to be worth a gap between two changes is counted in with both of them."""
    out: list[_Block] = []
    for block in blocks:
        if out and _is_weak(out[-1], block):
            block = out.pop().followed_by(block)
        out.append(block)
    return out


def _is_weak(before: _Block, after: _Block) -> bool:
    between = after.same
    if len(between) > _MOST_WEAK or not (after.removed or after.added):
        return False
    if between.isspace():
        # Two changed words read as one change; a word put in here and another taken out there do not.
        return "\n" not in between and bool((before.removed and after.removed) or (before.added and after.added))
    words = [word for word in tokens(between) if not word.isspace()]
    singles = sum(_is_single(word) for word in words)
    if singles > 2 or not all(word in _LINKS or word.casefold() in _LITTLE or _is_single(word) for word in words):
        return False
    return _letters(between) < min(before.size, after.size)


def _letters(text: str) -> int:
    return sum(not char.isspace() for char in text if unicodedata.category(char)[0] in "LNS")


def _is_single(word: str) -> bool:
    """One character of a script without spaces: few of them in common say nothing."""
    return kind_of(word[0]) == "single" and unicodedata.category(word[0])[0] == "L"


# ---------------------------------------------------------------- several prompts


def marked(prompts: Sequence[str]) -> list[tuple[Segment, ...]]:
    """Each prompt in "same" and "added" segments: "added" are its words that do not stand in all the others as well."""
    cut_up = [tokens(prompt) for prompt in prompts]
    if not cut_up:
        return []
    shared = cut_up[0]
    for others in cut_up[1:]:
        shared = [shared[i] for i, _ in common(shared, others)]
    found: list[tuple[Segment, ...]] = []
    for prompt, words in zip(prompts, cut_up, strict=True):
        if all(other == prompt for other in prompts):
            found.append((Segment("same", prompt),) if prompt else ())
            continue
        # Against the words they share: whatever is not among them is this prompt's own.
        segments: list[Segment] = []
        for block in _smoothed([_Block.of(same, "", own) for same, own in _own(words, shared)]):
            _append(segments, "same", block.same)
            _append(segments, "added", block.added)
        found.append(tuple(segments))
    return found


def _own(words: Sequence[str], of_all: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The shared text, and behind it the prompt's own, with the spaces at its ends given to what is shared."""
    shared = {i for i, _ in common(words, of_all)}
    same = ""
    for is_shared, run in itertools.groupby(range(len(words)), lambda at: at in shared):
        text = "".join(words[at] for at in run)
        if is_shared or not (inner := text.strip()):
            same += text
            continue
        start = text.index(inner)
        yield same + text[:start], inner
        same = text[start + len(inner) :]
    yield same, ""


def differing(prompts: Sequence[str]) -> list[str]:
    """
    For each prompt the words that make it another than the rest, in one line: ``red … in snow``.

    A prompt with no words of its own (the others only add to it) stands for itself, whole; so do prompts that are equal.
    """
    return [
        _phrase(segments) or " ".join(prompt.split()) for prompt, segments in zip(prompts, marked(prompts), strict=True)
    ]


def _phrase(segments: Sequence[Segment]) -> str:
    runs = [" ".join(each.text.split()) for each in segments if each.kind == "added"]
    runs = [stripped for run in runs if (stripped := run.strip(",.;: ")) and _letters(stripped)]
    return f" {_GAP} ".join(runs)


def cut(segments: Sequence[Segment], most: int) -> tuple[Segment, ...]:
    """
    The segments in about ``most`` letters: what is the same gives way first, from the middle of each run, to "…".

    What was removed or added is cut only where it is longer than ``most`` alone.
    """
    if sum(len(each.text) for each in segments) <= most:
        return tuple(segments)
    same = [at for at, each in enumerate(segments) if each.kind == "same"]
    changed = sum(len(each.text) for each in segments if each.kind != "same")
    # Short runs need less than their share; what they leave goes to the longer ones.
    room, left = {}, max(0, most - changed)
    for done, at in enumerate(sorted(same, key=lambda at: len(segments[at].text))):
        room[at] = min(len(segments[at].text), left // (len(same) - done))
        left -= room[at]
    out: list[Segment] = []
    spent = 0
    for at, each in enumerate(segments):
        text = each.text
        if at in room:
            text = _squeezed(text, room[at], is_first=at == 0, is_last=at == len(segments) - 1)
        elif spent + len(text) > most:
            text = _beginning(text, max(0, most - spent)) + _GAP
        spent += len(text)
        out.append(Segment(each.kind, text))
        if spent > most and changed > most:
            break
    return tuple(out)


def _squeezed(text: str, room: int, *, is_first: bool, is_last: bool) -> str:
    """Its end where it is the first, its beginning where it is the last, both otherwise; whole words, and at least a space."""
    if len(text) <= room:
        return text
    words = tokens(text)
    head = "" if is_first else _beginning(text, room if is_last else room // 2)
    tail = ""
    if not is_last:
        budget = room - len(head)
        for word in reversed(words):
            if len(word) > budget:
                break
            budget -= len(word)
            tail = word + tail
    space = " " if text[:1].isspace() or text[-1:].isspace() else ""
    head = head.rstrip() + space if not is_first else ""
    tail = space + tail.lstrip() if not is_last else ""
    return head + _GAP + tail


def _beginning(text: str, most: int) -> str:
    taken = ""
    for word in tokens(text):
        if len(taken) + len(word) > most:
            break
        taken += word
    if not taken:  # one word longer than the room
        for cluster in graphemes(text):
            if len(taken) + len(cluster) > most:
                break
            taken += cluster
    return taken.rstrip()
