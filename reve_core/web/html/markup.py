"""
HTML put together from values. Whatever is not ``Markup`` already is text, and is shown as text: there is no other way in.
"""

from __future__ import annotations

import html
import re

_VOID = frozenset(("br", "hr", "img", "input", "link", "meta"))
# Characters that HTML does not allow anywhere, line breaks and tabs excepted.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# What turns the direction of a text, or hides in it: welcome in a paragraph of its own, not in a title beside others.
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")


class Markup(str):
    """Text that is HTML already. Made by ``tag`` and ``raw`` only."""

    __slots__ = ()


def raw(text: str) -> Markup:
    """For text of our own that is HTML, never for anybody else's."""
    return Markup(text)


def text(value: str) -> Markup:
    """Anybody's text, safe between tags and inside a quoted attribute."""
    return value if isinstance(value, Markup) else Markup(html.escape(_FORBIDDEN.sub("\ufffd", value), quote=True))


def tag(name: str, /, *inside: str | None, **attributes: str | int | bool | None) -> Markup:
    """
    An element. ``class_`` and ``for_`` stand for the words that Python keeps for itself, ``aria_label`` for a hyphen.

    An attribute that is None or False is left out, one that is True stands without a value.
    """
    parts = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        word = key.rstrip("_").replace("_", "-")
        parts.append(word if value is True else f'{word}="{text(str(value))}"')
    opening = f"<{' '.join(parts)}>"
    if name in _VOID:
        return Markup(opening)
    return Markup(f"{opening}{''.join(text(one) for one in inside if one is not None)}</{name}>")


def together(*parts: str | None) -> Markup:
    return Markup("".join(text(one) for one in parts if one is not None))


def one_line(value: str, most: int) -> str:
    """Plain words for a title or a preview: one line, at most ``most`` letters, nothing that turns or hides text."""
    words = " ".join(_UNSEEN.sub("", _FORBIDDEN.sub(" ", value)).split())
    if len(words) <= most:
        return words
    cut = words[: most - 1]
    # Between words where there is a gap near the end; scripts without gaps are cut where they are.
    gap = cut.rfind(" ")
    return (cut[:gap] if gap > most * 2 // 3 else cut).rstrip(" ,;:.") + "…"
