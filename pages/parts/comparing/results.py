"""
What the votes on a comparison come to, as one Components v2 piece.

The piece asks ``/api/live/comparison/{id}/result`` by itself, so a vote costs no script run. Freezing comes here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts import look
from pages.parts.host import plain
from pages.parts.me import live_at, me
from reve_core import bootstrap
from reve_core.compare.models import Comparison
from reve_core.errors import ReveError
from reve_core.web.live_result import result_news

NAME = "reve_results"
KEY = "comparison_results"
_OF, _SAID, _BY = "results_of", "results_said", "results_by"

_piece = st.components.v2.component(
    NAME,
    html='<section class="reve results"></section>',
    css=look.piece_css("results.css"),
    js=look.asset("common.js") + look.asset("live.js") + look.asset("results.js"),
)


def draw(comparison: Comparison, *, votes_url: str = "") -> None:
    """``votes_url``: where the raw votes can be downloaded; no such link without it."""
    st.session_state[_OF] = comparison.id
    said = st.session_state.get(_SAID)
    _piece(
        key=KEY,
        data={
            "id": comparison.id,
            "live": live_at(f"/api/live/comparison/{comparison.id}/result"),
            "news": _news(comparison) if plain() is not None else None,
            "candidates": [len(each) for each in (comparison.originals, comparison.makers) if len(each) > 1],
            "frozen": comparison.frozen_at is not None,
            "votes": votes_url,
            "said": said if said and said["of"] == comparison.id else None,
        },
        on_act_change=_acts,
    )


def _news(comparison: Comparison) -> dict[str, object]:
    """The result as the piece gets it from ``/api/live/comparison/{id}/result`` elsewhere; ``by`` is whose votes."""
    by = st.session_state.get(_BY, "all")
    by = by if by in ("all", "visitors", "owner") else "all"
    return {"by": by, **result_news(bootstrap.get(), comparison.id, comparison.owner, by=by, rev=None)}


def _acts() -> None:
    """Runs before the page is drawn again."""
    said: Any = st.session_state[KEY].act
    comparison_id = st.session_state.get(_OF)
    if isinstance(said, Mapping) and said.get("do") == "by":
        st.session_state[_BY] = str(said.get("by"))
    if not isinstance(said, Mapping) or comparison_id is None or said.get("do") != "freeze":
        return
    on = bool(said.get("on"))
    try:
        bootstrap.get().comparisons.freeze(comparison_id, on, owner=me())
        text = "The vote is closed. The result stays as it is." if on else "The vote is open again."
    except ReveError as exc:
        text = str(exc)
    st.session_state[_SAID] = {"of": comparison_id, "n": time.time_ns() // 10**6, "text": text}
