"""What the parts of the operator's page share: tables that can be read on a phone, an act and what came of it."""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import ParamSpec

import streamlit as st

from pages.parts.look import asset
from reve_core.errors import ReveError

P = ParamSpec("P")
_SAID = "operator_said"
_THUMB = 132  # pixels


def style() -> None:
    st.html(f"<style>{asset('operator.css')}</style>")


def title(text: str, note: str = "") -> None:
    told = f"<p>{html.escape(note)}</p>" if note else ""
    st.html(f'<div class="op-title"><h2>{html.escape(text)}</h2>{told}</div>')


def note(text: str) -> None:
    st.html(f'<p class="op-note">{html.escape(text)}</p>')


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, about: str, numbers: Sequence[int] = ()) -> None:
    """
    Rows of plain text, whose cells stand below each other under their headings on a phone. ``about`` is for those who hear the
    page; ``numbers`` are the columns that stand to the right.
    """
    head = "".join(
        f'<th scope="col" role="columnheader"{_right(at, numbers)}>{html.escape(each)}</th>'
        for at, each in enumerate(headings)
    )
    body = "".join(
        '<tr role="row">'
        + "".join(
            f'<td role="cell" data-label="{html.escape(headings[at])}"{_right(at, numbers)}>{html.escape(cell) or "–"}</td>'
            for at, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    st.html(
        f'<table class="op-table" role="table"><caption>{html.escape(about)}</caption>'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead><tbody role="rowgroup">{body}</tbody></table>'
    )


def facts(pairs: Sequence[tuple[str, str]]) -> None:
    """Numbers that matter, each under its name."""
    told = "".join(f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>" for name, value in pairs)
    st.html(f'<dl class="op-facts">{told}</dl>')


def picture(data: bytes | None, alt: str) -> None:
    """A thumbnail within the page itself: no address leads to a picture that is hidden."""
    if data is None:
        st.html('<div class="op-picture lost">No file</div>', width=_THUMB)
        return
    st.html(
        f'<img class="op-picture" alt="{html.escape(alt)}" src="data:image/webp;base64,{b64encode(data).decode("ascii")}">',
        width=_THUMB,
    )


def act(do: Callable[P, str], *args: P.args, **kwargs: P.kwargs) -> None:
    """Do something, say what came of it, and draw the page anew."""
    try:
        say(do(*args, **kwargs))
    except ReveError as exc:
        say(str(exc), wrong=True)
    st.rerun()


def say(text: str, *, wrong: bool = False) -> None:
    """For the next run's ``said``."""
    st.session_state[_SAID] = (text, wrong)


def said() -> None:
    """What came of the last act, once."""
    text, wrong = st.session_state.pop(_SAID, ("", False))
    if text and wrong:
        alert(text)
    elif text:
        st.html(f'<p class="op-said" role="status">{html.escape(text)}</p>')


def alert(text: str) -> None:
    st.html(f'<p class="op-said wrong" role="alert">{html.escape(text)}</p>')


def when(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(UTC):%d %b %H:%M} UTC"


def ago(at: datetime | None) -> str:
    return "" if at is None else lasting((datetime.now(UTC) - at).total_seconds())


def lasting(seconds: float) -> str:
    """ "48 s", "12 min", "3 h 5 min", "4 d"."""
    seconds = max(0, round(seconds))
    if seconds < 90:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} d"


def count(number: float) -> str:
    return f"{number:,.0f}"


def _right(at: int, numbers: Sequence[int]) -> str:
    return ' class="number"' if at in numbers else ""
