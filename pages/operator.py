"""The operator's page: what the link spends, what waits for a person, and what only its operator may do."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts import look
from pages.parts.operating import (
    banning,
    copying,
    entering,
    frame,
    history,
    judging,
    limiting,
    removing,
    watching,
)
from reve_core import bootstrap
from reve_core.errors import ReveError
from reve_core.operating import Desk
from reve_core.service import Studio

SECTION = "operator_section"
_SECTIONS: dict[str, Callable[[Desk], None]] = {
    "Overview": watching.draw,
    "Review": judging.draw,
    "Pictures": removing.draw,
    "Bans": banning.draw,
    "Limits": limiting.draw,
    "Copies": copying.draw,
    "History": history.draw,
}


def _body(studio: Studio, desk: Desk) -> None:
    with st.container(key="operator"):
        waiting = len(desk.judging.held())
        with st.container(key="operator_bar", horizontal=True, vertical_alignment="center"):
            section = st.segmented_control(
                "Part",
                list(_SECTIONS),
                key=SECTION,
                default="Overview",
                required=True,
                label_visibility="collapsed",
                wrap=True,
                format_func=lambda name: f"{name} ({waiting})" if name == "Review" and waiting else name,
            )
        frame.said()
        if (fault := desk.fault()) is not None:
            frame.alert(f"The newest moderation policy is not in force: {fault}")
        try:
            _SECTIONS[str(section)](desk)
        except ReveError as exc:
            frame.alert(str(exc))
        entering.leaving(studio.operator)


look.heading("Operator")
frame.style()
try:
    _studio = bootstrap.get()
    if (_desk := entering.desk(_studio.operator)) is not None:
        _body(_studio, _desk)
    elif entering.can_sign_in(_studio.operator):
        entering.form(_studio.operator)
except ReveError as exc:
    look.out_of_order(exc)
