"""The contact sheet as one Components v2 piece: tiles, choosing many, the bar that offers to take things back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from pages.parts.host import plain
from pages.parts.look import asset
from pages.parts.me import live
from pages.parts.pictures import example_url
from pages.parts.sheet import MOST, Sheet
from reve_core.examples import Example, examples
from reve_core.models import JobStatus, ratio_of
from reve_core.service import Studio

NAME = "reve_grid"
KEY = "gallery_grid"
_LOOK_MS = 10_000
_NEWEST = 24

_piece = st.components.v2.component(
    NAME,
    html='<div id="root"></div>',
    css=asset("common.css") + asset("grid.css"),
    js=asset("common.js") + asset("live.js") + asset("grid.js"),
)


def draw(studio: Studio, sheet: Sheet, on_act: Callable[[], None]) -> None:
    full = len(sheet.jobs) >= MOST
    message = sheet.message
    # News is looked for only where a new picture would certainly belong: at the top of the unfiltered sheet.
    watching = sheet.mode == "shelf" and not sheet.filtered and not sheet.which.starred and len(sheet.starts) == 1
    _piece(
        key=KEY,
        data={
            "items": sheet.tiles(studio, datetime.now(UTC)),
            "mode": sheet.mode,
            "says": _says(studio, sheet),
            "turn": sheet.turn,
            "rev": sheet.rev,
            "more": sheet.next is not None and not full,
            "older": sheet.next is not None and full,
            "newer": len(sheet.starts) > 1,
            "poll": live(_NEWEST) if watching else None,
            "poll_ms": _LOOK_MS,
            "fresh": _fresh(studio, sheet) if watching and plain() is not None else 0,
            "message": None
            if message is None
            else {"n": message.n, "text": message.text, "undo": message.undo, "url": message.url},
            "empty": _empty(studio, sheet),
        },
        on_act_change=on_act,
    )


def _fresh(studio: Studio, sheet: Sheet) -> int:
    """New pictures that are not on the sheet. On other hosts the piece counts them itself."""
    if studio.revision(owner=sheet.owner) == sheet.rev:
        return 0
    known = {job.id for job in sheet.jobs}
    cards = studio.board.feed(owner=sheet.owner, limit=_NEWEST).cards
    return sum(card["status"] == JobStatus.DONE and card["id"] not in known for card in cards)


def _says(studio: Studio, sheet: Sheet) -> str:
    shown = len(sheet.jobs)
    if sheet.mode == "trash":
        return f"Deleted for good after {studio.shelf.trash_days:g} days." if shown else ""
    if not shown:
        return ""
    if sheet.filtered or sheet.which.starred:
        return f"{shown:,}{'' if sheet.next is None else ' or more'} found"
    total = studio.counts(owner=sheet.owner)[JobStatus.DONE]
    says = "1 picture" if total == 1 else f"{total:,} pictures"
    days = studio.privacy.kept_for()
    return f"{says}, kept for {days} here" if days else says


def _empty(studio: Studio, sheet: Sheet) -> dict[str, Any]:
    if sheet.mode == "trash":
        days = f"{studio.shelf.trash_days:g}"
        return {
            "title": "The trash is empty",
            "text": f"What you delete waits here for {days} days, in case you change your mind.",
        }
    if sheet.filtered:
        return {
            "title": "Nothing matches",
            "text": "No picture fits this search and these filters. Try fewer words.",
            "button": "Clear search and filters",
            "act": "clear",
        }
    if sheet.which.starred:
        return {
            "title": "No favourites yet",
            "text": "Press the star on a picture, or S on the keyboard, and it is kept together here.",
            "button": "Show all pictures",
            "act": "clear",
        }
    return {
        "title": "Your pictures will hang here",
        "text": "Describe something you would like to see. Everything you make comes here.",
        "button": "Create a picture",
        "act": "create",
        "pictures": [_example(example) for example in examples()[:5]],
    }


def _example(example: Example) -> dict[str, Any]:
    width, height = ratio_of(example.ratio)
    return {"src": example_url(example.picture), "aspect": width / height}
