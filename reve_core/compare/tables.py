"""Tables for spreadsheet programs: CSV as RFC 4180 has it, and no cell that runs."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence

Cell = str | int | float | None

# What a program may skip before it looks whether a cell is a formula: spaces, quotes, and what cannot be seen.
_SKIPPED = re.compile(r"[\s\"'‘’“”\x00-\x1f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]*")
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """
    The table as text that begins with a byte order mark, without which Excel takes UTF-8 for something else.

    Numbers stay numbers; None is an empty cell. Text that a spreadsheet would run as a formula gets an apostrophe in
    front. Half characters and NULs become "\ufffd", so that the text can always be encoded and read back.
    """
    out = io.StringIO(newline="")
    out.write("\ufeff")
    writer = csv.writer(out)
    for row in (header, *rows):
        writer.writerow([harmless(cell) for cell in row])
    return out.getvalue()


def harmless(cell: Cell) -> Cell:
    """The same, and text that no spreadsheet runs."""
    if not isinstance(cell, str):
        return cell
    text = _UNUSABLE.sub("\ufffd", cell)
    return "'" + text if _runs(text) else text


def _runs(text: str) -> bool:
    """Whether it begins with a formula's sign, in any width, or with a tab or line break."""
    skipped = _SKIPPED.match(text)
    start = skipped.end() if skipped else 0
    if any(char in "\t\r\n" for char in text[:start]):
        return True
    return start < len(text) and unicodedata.normalize("NFKC", text[start])[:1] in ("=", "+", "-", "@", "−")
