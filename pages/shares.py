"""Shares: the links one has made, how often they were opened, and the button that ends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts import look, sharing
from pages.parts.home import base
from pages.parts.me import me
from pages.parts.pictures import example_url
from reve_core import bootstrap
from reve_core.errors import ReveError
from reve_core.examples import examples

NAME = "reve_shares"
KEY = "shares_list"
STEP, MOST = 30, 600
_SHOWN, _SAID, _GO = "shares_shown", "shares_said", "shares_go"

_piece = st.components.v2.component(
    NAME,
    html='<div id="root"></div>',
    css=look.asset("common.css") + look.asset("shares.css"),
    js=look.asset("common.js") + look.asset("copying.js") + look.asset("shares.js"),
)


def _acts() -> None:
    """Runs before the page is drawn again."""
    said: Any = st.session_state[KEY].act
    if not isinstance(said, Mapping):
        return
    match said.get("do"):
        case "revoke":
            try:
                bootstrap.get().shares.revoke(str(said.get("id")), owner=me())
                _say("The link has ended. Whoever opens it now sees a page that says so.")
            except ReveError as exc:
                _say(str(exc))
        case "more":
            st.session_state[_SHOWN] = min(st.session_state.get(_SHOWN, STEP) + STEP, MOST)
        case "open":
            st.session_state[_GO] = ("gallery.py", {"image": str(said.get("job"))})
        case "compare":
            st.session_state[_GO] = ("compare.py", {"c": str(said.get("compare"))})
        case "gallery":
            st.session_state[_GO] = ("gallery.py", {})


def _say(text: str) -> None:
    st.session_state[_SAID] = {"n": st.session_state.get(_SAID, {"n": 0})["n"] + 1, "text": text}


@st.fragment
def _body() -> None:
    studio = bootstrap.get()
    shown = st.session_state.get(_SHOWN, STEP)
    links = studio.shares.links(me(), limit=shown + 1)
    _piece(
        key=KEY,
        data={
            "items": sharing.listed(studio, links[:shown]),
            "more": len(links) > shown and shown < MOST,
            "note": sharing.note(base(), "These links work"),
            "said": st.session_state.get(_SAID),
            "drawing": [example_url(example.picture) for example in examples()[:1]],
        },
        on_act_change=_acts,
    )
    if (go := st.session_state.pop(_GO, None)) is not None:
        page, params = go
        st.switch_page(page, query_params=params)


look.heading("Shares")
try:
    _body()
except ReveError as exc:
    look.out_of_order(exc)
