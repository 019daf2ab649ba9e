"""What operators did."""

from __future__ import annotations

from pages.parts.operating import frame
from reve_core.operating import Desk


def draw(desk: Desk) -> None:
    frame.title("History", "Every sign-in and every change made on this page, newest first.")
    entries = desk.audited(200)
    if not entries:
        frame.note("Nothing yet.")
        return
    frame.table(
        ["When", "Who", "What", "To what"],
        [[frame.when(each.at), each.who, each.what, each.detail] for each in entries],
        about="What operators did, newest first",
    )
