"""
Fragments that run again by themselves while something is pending, and only on hosts where no piece of theirs can ask for news.

Everywhere else a tick of Python costs ten times what a piece's own look does, so there it is a fragment and nothing more.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts.host import plain


class Ticking:
    """``body`` as a fragment. It says ``busy(…)`` as its last word."""

    def __init__(self, body: Callable[[], None], *, every_s: float) -> None:
        self._still = st.fragment(body)
        self._ticking = st.fragment(body, run_every=every_s)
        self._key = f"ticking_{body.__module__}.{body.__qualname__}"

    def __call__(self) -> None:
        if plain() is not None and st.session_state.get(self._key):
            self._ticking()
        else:
            self._still()

    def busy(self, count: int) -> None:
        """
        How much is pending. Where that has changed the whole page is run again: Streamlit sets and stops its clock only
        then, and what stands around the fragment may have changed with it.
        """
        if plain() is not None and st.session_state.get(self._key, 0) != count:
            st.session_state[self._key] = count
            st.rerun()
