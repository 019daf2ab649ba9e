"""Whose gallery and queue this script run shows."""

from __future__ import annotations

import streamlit as st

from reve_core import bootstrap

_ALONE = "me_alone"


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
    """Whether cookies do not come back here, so that the gallery ends with this session."""
    me()
    return _ALONE in st.session_state
