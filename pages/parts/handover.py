"""“Devices”: a link and a QR code that make another browser this visitor, once. Only where there are visitors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from pages.parts import look
from pages.parts.home import base, is_here_only
from pages.parts.host import plain
from pages.parts.me import is_alone, me
from reve_core import bootstrap
from reve_core.errors import ReveError
from reve_core.visitors import PASS_S

NAME = "reve_handover"
KEY = "handover"
_MADE, _PROBLEM = "handover_made", "handover_problem"

_piece = st.components.v2.component(
    NAME, html=look.asset("handover.html"), css=look.piece_css("handover.css"), js=look.asset("handover.js")
)


def entry() -> None:
    """A quiet way in, for the bar of a page."""
    visitors = bootstrap.get().visitors
    if not visitors.public or plain() is not None:  # where no link of ours is let through, one's own link is at the top
        return
    with st.popover("Devices", key="handover_entry", type="tertiary"):
        made = st.session_state.get(_MADE)
        if made is not None and visitors.waiting(made["token"]) is None:
            made = None
        with st.container(width=280, gap="small"):
            if made is not None:
                _piece(key=KEY, data=made["shown"])
            else:
                st.markdown(_about(used=_MADE in st.session_state))
            if problem := st.session_state.pop(_PROBLEM, ""):
                st.text(problem)
            st.button("Make a link" if made is None else "Make a new link", on_click=_make, width="stretch")


def _about(*, used: bool) -> str:
    if used:
        return "The link has been used, or its time is over."
    return "Take this gallery and queue along to another browser or a phone. The link works once, for a quarter of an hour."


def _make() -> None:
    try:
        token = bootstrap.get().visitors.hand_over(me())
    except ReveError as exc:
        st.session_state[_PROBLEM] = str(exc)
        return
    url = f"{base()}/continue/{token}"
    until = datetime.now(UTC) + timedelta(seconds=PASS_S)
    st.session_state[_MADE] = {"token": token, "shown": {**shown(url), "until": until.isoformat()}}


def shown(url: str) -> dict[str, Any]:
    import segno  # as long in loading as all the rest of a page takes to run, and seldom needed

    note = ""
    if is_here_only(url):
        note = (
            "This address is known to this computer only. Open the studio by its network name to reach it from a phone."
        )
    elif is_alone():
        note = "Where the link is opened the gallery stays, cookies permitting."
    # Dark on light in both themes, with the margin that readers need: many do not read the reverse.
    code = segno.make(url, error="m", micro=False).svg_data_uri(scale=5, border=4, dark="#1d1c1a", light="#ffffff")
    return {"url": url, "code": code, "note": note}
