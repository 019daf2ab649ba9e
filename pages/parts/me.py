"""Whose gallery and queue this script run shows, and what the page's own requests carry so that they are theirs too."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from reve_core import bootstrap
from reve_core.web.shield.sockets import ADDRESS_HEADER

_ALONE, _PASS = "me_alone", "me_pass"
_FRESH_S = 3600.0


def me() -> str:
    """
    The owner that every call of the service is made for. Raises ReveError where there is no service.

    In personal mode there is one. In public mode it is the visitor of the cookie that came with the page; where none came
    back, a visitor of this session only, from then on and as long as it lasts.
    """
    visitors = bootstrap.get().visitors
    if not visitors.public:
        return visitors.new()
    if (alone := st.session_state.get(_ALONE)) is not None:
        return str(alone)
    if (known := visitors.of_cookies(st.context.cookies)) is not None:
        return known
    return str(st.session_state.setdefault(_ALONE, visitors.new()))


def is_alone() -> bool:
    """Whether cookies do not come back here, as ``me`` has found: the gallery ends with this session."""
    return _ALONE in st.session_state


def address() -> str:
    """The visitor's IP address, empty where nobody can say. It came with the page; no browser can send it itself."""
    return str(st.context.headers.get(ADDRESS_HEADER) or "")


def key_to(name: str) -> str:
    """What the end of an address needs behind it to be answered here: nothing, where cookies come back."""
    return f"?k={bootstrap.get().visitors.key(name)}" if is_alone() else ""


def live(limit: int) -> dict[str, Any]:
    """Where a piece asks for the newest jobs, and as whom."""
    return live_at(f"/api/live?limit={limit}")


def live_at(url: str) -> dict[str, Any]:
    """An address that a piece asks for news, and as whom; see ``askLive`` in ``assets/live.js``."""
    visitors = bootstrap.get().visitors
    told: dict[str, Any] = {"url": url}
    if visitors.public:
        told["you"] = visitors.tag(me())
        if is_alone():
            told["pass"] = _session_pass()
    return told


def _session_pass() -> str:
    """Kept for a while: a piece is drawn anew whenever its data differs."""
    made, text = st.session_state.get(_PASS) or (0.0, "")
    if time.monotonic() - made > _FRESH_S or not text:
        text = bootstrap.get().visitors.session_pass(me())
        st.session_state[_PASS] = (time.monotonic(), text)
    return str(text)
