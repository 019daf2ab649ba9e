"""Numbers that belong to somebody, known by their form: payment cards and United States social security numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

CARD = "#card_number"
SOCIAL_SECURITY = "#social_security_number"
NUMBERS = (CARD, SOCIAL_SECURITY)

_CARD = re.compile(r"(?<![\w.])[3-6]\d{3}(?:[ -]?\d){9,15}(?![\w]|\.\d)")
_SOCIAL_SECURITY = re.compile(r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")


def numbers(folded: str) -> Iterator[tuple[str, int]]:
    """Which kinds stand in a folded text, each with the chunk it begins in."""
    for match in _CARD.finditer(folded):
        if _checks(re.sub(r"\D", "", match[0])):
            yield CARD, len(folded[: match.start()].split())
    for match in _SOCIAL_SECURITY.finditer(folded):
        yield SOCIAL_SECURITY, len(folded[: match.start()].split())


def _checks(digits: str) -> bool:
    """The check digit of ISO/IEC 7812 (Luhn)."""
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return len(set(digits)) > 1 and sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0
