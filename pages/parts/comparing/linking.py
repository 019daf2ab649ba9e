"""The form on a comparison's page that makes a link to it: to vote, or to look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import streamlit as st

from pages.parts import look, sharing
from pages.parts.me import me
from reve_core import bootstrap
from reve_core.compare.models import MAX_QUESTION, Comparison
from reve_core.comparison_shares import QUESTION
from reve_core.errors import BadInput, ReveError
from reve_core.shares import LASTS_DAYS

NAME = "reve_linking"
KEY = "linking"
_MADE, _GO = "linking_made", "linking_go"

_piece = st.components.v2.component(
    NAME,
    html='<div id="root"></div>',
    css=look.asset("common.css") + look.asset("sharing.css") + look.asset("linking.css"),
    js=look.asset("common.js") + look.asset("copying.js") + look.asset("linking.js"),
)


def draw(comparison: Comparison) -> None:
    """The form, and the link that it has made of this comparison in this session."""
    made = st.session_state.get(_MADE)
    _piece(
        key=f"{KEY}_{comparison.id}",
        data={
            "id": comparison.id,
            "question": comparison.question,
            "usual": QUESTION,
            "most": MAX_QUESTION,
            "closed": comparison.frozen_at is not None,
            "made": made if made is not None and made["id"] == comparison.id else None,
        },
        on_act_change=lambda: _acts(comparison.id),
    )
    if st.session_state.pop(_GO, False):
        st.switch_page("shares.py")


def _acts(comparison_id: str) -> None:
    """Runs before the page is drawn again."""
    said: Any = st.session_state[f"{KEY}_{comparison_id}"].act
    if not isinstance(said, Mapping):
        return
    match said.get("do"):
        case "make":
            st.session_state[_MADE] = make(comparison_id, said)
        case "shares":
            st.session_state[_GO] = True


def make(comparison_id: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """What the form sent, done; the answer for it. It is a stranger's JSON: anything may be in it."""
    answer: dict[str, Any] = {"id": comparison_id, "n": said.get("n")}
    studio = bootstrap.get()
    try:
        days = said.get("days")
        if days is not None and (type(days) is not int or days not in LASTS_DAYS):
            raise BadInput("Choose when the link ends from the list.", "days")
        question = said.get("question")
        found = studio.comparisons.get(comparison_id, owner=me())
        if isinstance(question, str) and " ".join(question.split()) != found.question:
            studio.comparisons.describe(comparison_id, owner=me(), question=question)
        link = studio.comparison_shares.make(
            comparison_id,
            owner=me(),
            may_vote=said.get("vote") is not False,
            show_prompt=said.get("prompt") is not False,
            show_grid=said.get("grid") is True,
            lasts=None if days is None else timedelta(days=days),
            published=said.get("published") is True,
        )
        address = sharing.address(link)
        if address is not None:
            answer["link"] = address | {"code": _code(address["url"]), "vote": link.share.may_vote}
    except ReveError as exc:
        answer["problem"] = str(exc)
    return answer


def _code(url: str) -> str:
    """A QR code, for people in the same room. Empty where only the browser knows the whole address."""
    if not url.startswith("http"):
        return ""
    import segno  # as long in loading as all the rest of a page takes to run, and seldom needed

    # Dark on light in both themes, with the margin that readers need: many do not read the reverse.
    return str(segno.make(url, error="m", micro=False).svg_data_uri(scale=4, border=4, dark="#1d1c1a", light="#ffffff"))
