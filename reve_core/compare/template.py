"""
Prompts written as a template: ``a {red|blue} fox`` is two prompts.

A group may stand in another, and an option may be empty: ``{red |}fox``. ``\\{``, ``\\|`` and ``\\}`` are the characters
themselves. Braces with no ``|`` of their own, and braces without their partner, stay as they were typed. Nothing here
recurses, and all of it takes time in proportion to the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from reve_core.errors import BadInput

MOST_COUNTED: Final = 10**100  # what ``count`` says of this many or more
_MARK = re.compile(r"\\[{|}]|[{|}]")
_LINE = re.compile("\r\n|[\r\n\u2028\u2029]")
_UP = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Expanded:
    """``dropped`` is how many prompts were left out because the same one stood there before."""

    prompts: tuple[str, ...]
    dropped: int


@dataclass(slots=True, eq=False, repr=False)
class _Sequence:
    """Literal text and groups, one after the other."""

    parts: list[str | _Group] = field(default_factory=list)
    count: int = 1


@dataclass(slots=True, eq=False, repr=False)
class _Group:
    options: list[_Sequence]
    count: int


def has_variants(text: str) -> bool:
    return count(text) > 1


def count(text: str) -> int:
    """How many prompts the template makes, duplicates included; ``MOST_COUNTED`` where it is that many or more."""
    return _parsed(text).count


def expand(text: str, most: int) -> list[str]:
    """
    Every prompt the template makes, in reading order: the last group varies fastest.

    Raises BadInput where that is more than ``most``; nothing is made then.
    """
    parsed = _parsed(text)
    if parsed.count > most:
        raise _too_many(parsed.count, most)
    return [_variant(parsed, number) for number in range(parsed.count)]


def preview(text: str, most: int) -> list[str]:
    """The first ``most`` prompts, however many the template makes."""
    parsed = _parsed(text)
    return [_variant(parsed, number) for number in range(min(parsed.count, most))]


def lines(text: str, most: int) -> Expanded:
    """
    Prompts typed or pasted one per line, each line a template.

    Spaces at the ends and empty lines go. Raises BadInput where more than ``most`` prompts would come of it.
    """
    stripped = [line for raw in _LINE.split(text) if (line := raw.strip())]
    distinct = list(dict.fromkeys(stripped))
    parsed = [_parsed(line) for line in distinct]
    total = min(sum(each.count for each in parsed), MOST_COUNTED)
    if total > most:
        raise _too_many(total, most)
    made = [_variant(each, number).strip() for each in parsed for number in range(each.count)]
    made = [prompt for prompt in made if prompt]
    prompts = tuple(dict.fromkeys(made))
    return Expanded(prompts, len(stripped) - len(distinct) + len(made) - len(prompts))


def _too_many(number: int, most: int) -> BadInput:
    if number < 10**12:
        said = f"{number:,}"
    else:
        zeros = str(len(str(number)) - 1).translate(_UP)
        said = f"{'more than' if number >= MOST_COUNTED else 'about'} 10{zeros}"
    return BadInput(
        f"This makes {said} prompts, and a comparison takes at most {most:,}. Take out lines or choices in {{…|…}}.",
        "prompts",
    )


# ---------------------------------------------------------------- reading


def _parsed(text: str) -> _Sequence:
    meant = _meant(text)
    root = _Sequence()
    # Per open group: the options so far (the last is being filled), and the sequence that the group belongs to.
    open_groups: list[tuple[list[_Sequence], _Sequence]] = []
    filling, at = root, 0
    for mark in _MARK.finditer(text):
        start = mark.start()
        sign = text[start]
        if sign != "\\" and not meant[start]:
            continue  # a brace or bar that stays as typed
        if start > at:
            filling.parts.append(text[at:start])
        at = mark.end()
        if sign == "\\":
            filling.parts.append(text[start + 1])
        elif sign == "{":
            options = [_Sequence()]
            open_groups.append((options, filling))
            filling = options[0]
        elif sign == "|":
            filling = _Sequence()
            open_groups[-1][0].append(filling)
        else:
            options, filling = open_groups.pop()
            group = _Group(options, min(MOST_COUNTED, sum(option.count for option in options)))
            filling.parts.append(group)
            filling.count = min(MOST_COUNTED, filling.count * group.count)
    if at < len(text):
        filling.parts.append(text[at:])
    return root


def _meant(text: str) -> bytearray:
    """1 where a brace or bar means something: those of a closed pair with a bar of its own."""
    meant = bytearray(len(text))
    waiting: list[int] = []  # open braces, and above each its bars, as -1 - position
    for mark in _MARK.finditer(text):
        at = mark.start()
        sign = text[at]
        if sign == "{":
            waiting.append(at)
        elif sign == "|":
            if waiting:
                waiting.append(-1 - at)
        elif sign == "}" and waiting:
            has_bar = waiting[-1] < 0
            while (opened := waiting.pop()) < 0:
                meant[-1 - opened] = 1
            meant[opened] = meant[at] = has_bar
    return meant


# ---------------------------------------------------------------- writing


def _variant(root: _Sequence, number: int) -> str:
    """The prompt of that number, from 0. Its digits, in a base of its own per group, are the choices."""
    pieces: list[str] = []  # backwards, since the last group's digit comes first
    todo: list[tuple[str | _Group | _Sequence, int]] = [(root, number)]
    while todo:
        node, rest = todo.pop()
        if isinstance(node, str):
            pieces.append(node)
        elif isinstance(node, _Group):
            for option in node.options:
                if rest < option.count:
                    todo.append((option, rest))
                    break
                rest -= option.count
        else:
            digits: list[tuple[str | _Group | _Sequence, int]] = []
            for part in reversed(node.parts):
                if isinstance(part, str):
                    digits.append((part, 0))
                else:
                    rest, digit = divmod(rest, part.count)
                    digits.append((part, digit))
            todo.extend(reversed(digits))
    return "".join(reversed(pieces))
