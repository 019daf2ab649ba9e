"""What the visitor is told: the category in plain words and what to do, never the word that was found."""

from __future__ import annotations

from types import MappingProxyType

TOO_LONG = "too_long"
SELF_HARM = "self_harm"

_WHAT = {
    "sexual": "nudity or sexual content",
    "sexual_minors": "sexual content with children or teenagers",
    "real_person": "a real person shown in a sexual, degrading or deceptive way",
    "violence": "graphic violence",
    "hate": "hatred against a group of people",
    "harassment": "harassment or humiliation of somebody",
    "extremism": "praise of extremist violence",
    "illegal": "making weapons, explosives or drugs",
    "fraud": "forged papers or something made to deceive",
    "personal_data": "private data of a person",
}
KNOWN = (*_WHAT, SELF_HARM)
_FIXED = {
    "": "",
    SELF_HARM: (
        "If you are thinking about hurting yourself, you are not alone, and talking to somebody helps. "
        "In danger, call your local emergency number now. "
        "At findahelpline.com you find people who listen, free and in your language. "
        "This picture is not made here."
    ),
    TOO_LONG: "This text is too long to be checked. Shorten it.",
    "sexual_minors": (
        "This cannot be made here: it reads as sexual content with children or teenagers. "
        "If it was meant otherwise, describe the scene in other words."
    ),
}
_BLOCKED = "This cannot be made here: it reads as {what}. Say it in other words, or ask whoever runs this page if it is a mistake."
_HELD = "This has to be looked at first: it may be {what}. Say it in other words, or wait for whoever runs this page."
_OTHER = "something that the rules of this page leave out"


def message(category: str, *, held: bool = False) -> str:
    """For the visitor. ``held``: a person will decide. Categories of an operator's own get a general sentence."""
    if category in _FIXED and not (held and category == "sexual_minors"):
        return _FIXED[category]
    return (_HELD if held else _BLOCKED).format(what=_WHAT.get(category, _OTHER))


NAMES = MappingProxyType(_WHAT | {SELF_HARM: "self-harm", TOO_LONG: "a text that is too long"})
