"""
What would be careless about posting this set-up in public: each finding with its reason and what to do about it.

Settings, limits as they hold now, Streamlit's options, and the files and folders around them. Nothing is asked of a
provider, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from reve_core.allowance import Allowance
from reve_core.cli.careful import doors, files, keys, screen, spending, words
from reve_core.cli.careful.finding import Finding
from reve_core.cli.careful.surroundings import Surroundings
from reve_core.settings import Settings

__all__ = ["KEYS", "Finding", "Surroundings", "findings", "spending"]

KEYS = ("secret", "operator")  # codes of what the app itself refuses to start with


def findings(settings: Settings, allowance: Allowance, around: Surroundings) -> Iterator[Finding]:
    yield from doors.findings(settings, around)
    yield from keys.findings(settings, around)
    yield from spending.findings(settings, allowance)
    yield from words.findings(settings)
    yield from screen.findings(around)
    yield from files.findings(settings, around)
