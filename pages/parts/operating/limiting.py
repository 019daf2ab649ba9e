"""The link's limits and budgets, changed while it runs."""

from __future__ import annotations

import streamlit as st

from pages.parts.operating import frame
from reve_core.operating import Desk, Limit

_ROUND = "operator_limits_round"  # of the form: after a change its fields begin anew with what holds now


def draw(desk: Desk) -> None:
    limits = desk.tuning.limits()
    frame.title("Limits", "In force within a second, and kept until you change them back. 0 means no such limit.")
    if not limits:
        frame.note("The app serves a single person, so nobody is limited.")
        return
    number: int = st.session_state.setdefault(_ROUND, 0)
    typed: dict[str, int] = {}
    with st.form(f"operator_limits_{number}", border=False, width=520):
        for unit in dict.fromkeys(each.unit for each in limits):
            frame.note(unit.capitalize())
            for limit in limits:
                if limit.unit == unit:
                    typed[limit.name] = int(
                        st.number_input(
                            _label(limit), min_value=0, max_value=1_000_000_000, value=int(limit.now), step=1,
                            key=f"operator_limit_{limit.name}_{number}",
                        )
                    )  # fmt: skip
        saved = st.form_submit_button("Save")
    if saved:
        _next_round()
        frame.act(_save, desk, limits, typed)
    changed = [each for each in limits if each.is_changed]
    if changed:
        frame.title("Changed here", "The settings say otherwise.")
    for limit in changed:
        with st.container(key=f"operator_changed_{limit.name}", horizontal=True, vertical_alignment="center"):
            frame.note(f"{_label(limit)}: {_said(limit.now)} instead of {_said(limit.as_set)}")
            if st.button("Back to the settings", key=f"operator_reset_{limit.name}"):
                _next_round()
                frame.act(_reset, desk, limit.name)


def _save(desk: Desk, limits: list[Limit], typed: dict[str, int]) -> str:
    different = [each for each in limits if typed[each.name] != each.now]
    for limit in different:
        desk.tuning.change(limit.name, typed[limit.name])
    if not different:
        return "Nothing was changed."
    return "Saved. " + " ".join(f"{_label(each)}: {_said(typed[each.name])}." for each in different)


def _reset(desk: Desk, name: str) -> str:
    desk.tuning.reset(name)
    return "It is what the settings say again."


def _label(limit: Limit) -> str:
    return f"{limit.title} ({limit.unit})"


def _said(value: float) -> str:
    return frame.count(value) if value else "no limit"


def _next_round() -> None:
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
