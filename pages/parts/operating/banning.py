"""Who is shut out."""

from __future__ import annotations

import streamlit as st

from pages.parts.operating import frame
from reve_core.operating import LASTS_DAYS, Desk, Shut, short

_VISITOR, _ADDRESS = "A visitor of the last 30 days", "An address"
_FOR_EVER = "until it is lifted"


def draw(desk: Desk) -> None:
    frame.title("Shut out", "Who is banned can look at what they have, and order nothing.")
    bans = desk.shutting.bans()
    if not bans:
        frame.note("Nobody is banned.")
    for number, ban in enumerate(bans):
        with st.container(key=f"operator_banned_{number}", horizontal=True, vertical_alignment="center"):
            ends = "until it is lifted" if ban.until is None else f"until {frame.when(ban.until)}"
            why = f" ({ban.reason})" if ban.reason else ""
            frame.note(f"{ban.about}, {ends}, since {frame.when(ban.created_at)}{why}")
            if st.button("Lift", key=f"operator_lift_{ban.name}"):
                frame.act(_lifted, desk, ban.name)
    _form(desk)


def _form(desk: Desk) -> None:
    frame.title("Ban")
    spenders = {each.visitor: each for each in desk.watching.money().by_visitor}
    kind = st.radio("Whom", [_ADDRESS, _VISITOR] if spenders else [_ADDRESS], horizontal=True, key="operator_ban_kind")
    with st.form("operator_ban", border=False, width=520):
        if kind == _VISITOR:
            whom = st.selectbox(
                "Visitor",
                list(spenders),
                format_func=lambda each: f"{short(each)}, {frame.count(spenders[each].total)} credits",
            )
        else:
            whom = st.text_input("IP address", placeholder="203.0.113.7 or 2001:db8::/64", max_chars=60)
        days = st.selectbox("For", [None, *LASTS_DAYS], format_func=_days)
        reason = st.text_input("Reason, for operators", max_chars=200)
        pressed = st.form_submit_button("Ban")
    if pressed:
        frame.act(_banned, desk, kind, str(whom or ""), days, reason)


def _banned(desk: Desk, kind: str, whom: str, days: int | None, reason: str) -> str:
    shut: Shut
    if kind == _VISITOR:
        shut = desk.shutting.visitor(whom, reason=reason, days=days)
    else:
        shut = desk.shutting.address(whom, reason=reason, days=days)
    more = f" {shut.cancelled:,} waiting pictures were cancelled." if shut.cancelled else ""
    return f"{shut.ban.about[:1].upper()}{shut.ban.about[1:]} is banned.{more}"


def _lifted(desk: Desk, name: str) -> str:
    desk.shutting.lift(name)
    return "Lifted."


def _days(days: int | None) -> str:
    return _FOR_EVER if days is None else "1 day" if days == 1 else f"{days} days"
