"""Where no cookie comes back: what a visitor should know about that, and the link that brings them back to what they made."""

from __future__ import annotations

from functools import cache

import streamlit as st

from pages.parts import look
from pages.parts.host import plain
from pages.parts.me import RESUME, came, resume_pass, start_anew
from reve_core import bootstrap
from reve_core.visitors import RESUME_S, Visitors

NAME = "reve_resuming"
KEY = "resuming"

_piece = st.components.v2.component(
    NAME,
    html='<div id="root"></div>',
    css=look.asset("common.css") + look.asset("sharing.css"),
    js=look.asset("common.js") + look.asset("copying.js") + look.asset("resuming.js"),
)


def draw() -> None:
    with st.container(key="resuming_line", horizontal=True, vertical_alignment="center"):
        look.note(_says())
        with st.popover("Your link", key="resuming_entry", type="tertiary"), st.container(width=320, gap="small"):
            st.markdown(
                "This link brings you back to your pictures, also in another browser. Whoever has it can see and delete "
                f"them, so keep it to yourself. It works for {RESUME_S // 86400} days."
            )
            host = plain()
            _piece(key=KEY, data={"query": f"?{RESUME}={resume_pass()}", "root": host.root if host else "/"})
            if came() == "link":
                st.button("Start a new gallery", on_click=start_anew, width="stretch")


def kept() -> str:
    """What this tab should keep, so that it goes on as the same visitor after a reload."""
    return resume_pass()


def is_common_by_chance(visitors: Visitors) -> bool:
    """Whether all who come here are one and the same, on a host for everybody, and nobody has said that it shall be so."""
    return plain() is not None and not visitors.public and not _is_mode_chosen()


@cache
def _is_mode_chosen() -> bool:
    return "mode" in bootstrap.load_settings().model_fields_set


def _says() -> str:
    where = "This host passes on no cookies" if plain() is not None else "Your browser sends no cookies here"
    match came():
        case "link":
            return f"{where}. You are in the gallery of the link that was opened."
        case "lost":
            return f"{where}. The link that was opened is not valid, or its time is over; this is a new gallery."
        case _:
            return f"{where}. What you make stays with this tab, and your own link brings you back to it."
