"""What two rows of words have in common, in the same order: the work behind the differences, in bounded time."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Final

_MOST_STEPS: Final = 9_000_000  # words of the one times words of the other that are compared one by one: some 10 ms
_STOPS = frozenset(".,;:!?。、，；：！？।။។|")


def common(ours: Sequence[str], theirs: Sequence[str]) -> list[tuple[int, int]]:
    """Which words stand in both in the same order, as pairs of positions. Spaces are left to the words around them."""
    head = 0
    while head < min(len(ours), len(theirs)) and ours[head] == theirs[head]:
        head += 1
    tail = 0
    while tail < min(len(ours), len(theirs)) - head and ours[-1 - tail] == theirs[-1 - tail]:
        tail += 1
    end, other_end = len(ours) - tail, len(theirs) - tail
    return [
        *((at, at) for at in range(head)),
        *_middle(ours, theirs, (head, end, head, other_end)),
        *((end + at, other_end + at) for at in range(tail)),
    ]


_Box = tuple[int, int, int, int]  # from and to in the one, from and to in the other


def _middle(ours: Sequence[str], theirs: Sequence[str], box: _Box) -> Iterator[tuple[int, int]]:
    """By words where that is quick enough; otherwise by clauses first, and by words between those that match."""
    left = [at for at in range(box[0], box[1]) if not ours[at].isspace()]
    right = [at for at in range(box[2], box[3]) if not theirs[at].isspace()]
    if len(left) * len(right) <= _MOST_STEPS:
        yield from ((left[i], right[j]) for i, j in longest([ours[at] for at in left], [theirs[at] for at in right]))
        return
    mine, others = _clauses(ours, box[0], box[1]), _clauses(theirs, box[2], box[3])
    if len(mine) * len(others) > _MOST_STEPS or len(mine) * len(others) >= len(left) * len(right):
        return
    i, j = box[0], box[2]
    steps = _MOST_STEPS
    texts = [tuple(ours[first:end]) for first, end in mine], [tuple(theirs[first:end]) for first, end in others]
    for at, other in [*longest(*texts), (len(mine), len(others))]:
        first, end = mine[at] if at < len(mine) else (box[1], box[1])
        start, _ = others[other] if other < len(others) else (box[3], box[3])
        if (size := (first - i) * (start - j)) and size <= steps:
            steps -= size
            yield from _middle(ours, theirs, (i, first, j, start))
        yield from ((first + step, start + step) for step in range(end - first))
        i, j = end, start + end - first


def _clauses(words: Sequence[str], start: int, end: int) -> list[tuple[int, int]]:
    """Positions from and to, each up to its punctuation or line break."""
    found: list[tuple[int, int]] = []
    for at in range(start, end):
        if words[at] in _STOPS or "\n" in words[at] or at == end - 1:
            found.append((start, at + 1))
            start = at + 1
    return found


def longest(ours: Sequence[Hashable], theirs: Sequence[Hashable]) -> list[tuple[int, int]]:
    """
    One longest common subsequence, a whole row of the table at a time in the bits of one number.

    Bit i of a row is 0 where taking one more of ``ours`` makes the subsequence longer. Source: H. Hyyrö, "Bit-parallel LCS-
    length computation revisited", 2004; the way back through the rows follows from what the bits mean.
    """
    where: dict[Hashable, int] = {}
    for at, word in enumerate(ours):
        where[word] = where.get(word, 0) | 1 << at
    full = (1 << len(ours)) - 1
    row = full
    rows = [row]
    for word in theirs:
        hit = row & where.get(word, 0)
        row = ((row + hit) | (row - hit)) & full
        rows.append(row)
    pairs: list[tuple[int, int]] = []
    i, j = len(ours), len(theirs)
    while i and j:
        bit = 1 << (i - 1)
        if rows[j] & bit:
            i -= 1
        elif not rows[j - 1] & bit:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]
