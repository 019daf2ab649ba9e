"""One thing that is careless about a public set-up, or worth a thought."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """``refuses``: such a link must not be posted. ``text`` is one line: what is so, why it matters, what to do."""

    code: str
    text: str
    refuses: bool = True


def warning(code: str, text: str) -> Finding:
    return Finding(code, text, refuses=False)
