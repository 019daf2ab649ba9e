"""
Whether this host lets our own addresses through, or Streamlit's alone, as the page finds out by itself once a session.

On an ordinary host nothing waits for the answer and nothing is run again for it. Where the first run already has a doubt,
because no cookie came back or the host is known for it, the page is drawn once the browser has said.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from pages.parts.look import asset
from reve_core.examples import examples
from reve_core.visitors import Visitors

NAME = "reve_host"
KEY = "host"
_STATE = "host_found"
_LOOK_S = 30.0  # by then the browser has answered, or never will
_KNOWN = (".streamlit.app",)
_LONGEST = 512

_piece = st.components.v2.component(NAME, html="<i></i>", js=asset("host.js"))


@dataclass(frozen=True, slots=True)
class Host:
    """
    ``is_plain``: passes on Streamlit's own addresses only. ``root`` is the path that the app lies at, such as ``/~/+/``;
    ``kept`` is what this tab kept of an earlier visit.
    """

    is_plain: bool
    root: str
    kept: str


def plain() -> Host | None:
    """None on an ordinary host, and as long as nothing else is known."""
    found = st.session_state.get(_STATE)
    return found if isinstance(found, Host) and found.is_plain else None


def kept() -> str:
    """What ``look`` was given before this tab was loaded again, as far as the browser has said."""
    found = st.session_state.get(_STATE)
    return found.kept if isinstance(found, Host) else ""


def is_awaited(visitors: Visitors) -> bool:
    """Whether the page should not be drawn before the browser has said what host this is. It is being asked then."""
    if st.session_state.get(_STATE) is not None:
        return False
    if _is_doubtful(visitors):
        _ask(waits=True)
        return True
    st.session_state[_STATE] = time.monotonic()
    return False


def look(keep: str = "") -> None:
    """Last thing in a run: asks beside the page. ``keep``: what this tab shall know after a reload."""
    found = st.session_state.get(_STATE)
    if isinstance(found, Host):
        if found.is_plain or keep:
            _piece(key=KEY, data={"settled": True, "keep": keep}, on_found_change=_found)
    elif isinstance(found, float) and time.monotonic() - found < _LOOK_S:
        _ask(waits=False)


def _is_doubtful(visitors: Visitors) -> bool:
    url = st.context.url
    if not url:
        return False  # no browser
    if (urlsplit(url).hostname or "").endswith(_KNOWN):
        return True
    return visitors.public and visitors.of_cookies(st.context.cookies) is None


def _ask(*, waits: bool) -> None:
    _piece(
        key=KEY,
        data={"settled": False, "waits": waits, "ours": f"examples/{examples()[0].picture}"},
        on_found_change=_found,
    )


def _found() -> None:
    """Runs before the page is drawn again. It is a stranger's JSON: anything may be in it."""
    said: Any = st.session_state[KEY].found
    if not isinstance(said, Mapping):
        return
    root, kept = said.get("root"), said.get("kept")
    if not isinstance(root, str) or not _is_path(root):
        root = "/"
    if not isinstance(kept, str) or len(kept) > _LONGEST:
        kept = ""
    st.session_state[_STATE] = Host(said.get("plain") is True, root, kept)


def _is_path(root: str) -> bool:
    """Whether it is a path of this very host: what begins with two slashes is another one's."""
    return (
        len(root) <= _LONGEST and root.startswith("/") and root.endswith("/") and "//" not in root and "\\" not in root
    )
