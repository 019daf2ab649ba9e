"""Pictures and links: found by their address, taken off the screens and put back, and whoever made them shut out."""

from __future__ import annotations

import streamlit as st

from pages.parts.operating import frame
from reve_core.errors import NotFound
from reve_core.grants import Share
from reve_core.models import Job
from reve_core.operating import Desk, Found

_FIND = "operator_find"


def draw(desk: Desk) -> None:
    frame.title(
        "Find what was reported",
        "By a share link, or the address or id of a picture. What is hidden is off every screen, its owner's too, "
        "and behind no link. It is deleted like what lies in the trash.",
    )
    with st.form("operator_finding", border=False, width=640):
        text = st.text_input("Address or id", key=_FIND, max_chars=2000)
        st.form_submit_button("Find")
    if text.strip():
        try:
            _found(desk, desk.judging.find(text))
        except NotFound as exc:
            frame.alert(str(exc))
    hidden, links = desk.judging.hidden(), desk.judging.hidden_shares()
    frame.title("Hidden now")
    if not hidden and not links:
        frame.note("Nothing is hidden.")
    for job in hidden:
        with st.container(key=f"operator_hidden_{job.id}", horizontal=True, vertical_alignment="center"):
            frame.note(f"Picture {job.id[:8]} of visitor {desk.name(job.owner)}, hidden {frame.when(job.hidden_at)}")
            _hiding(desk, job, "list")
    for share in links:
        with st.container(key=f"operator_hidden_link_{share.id}", horizontal=True, vertical_alignment="center"):
            frame.note(f"Link {share.id[:8]} of visitor {desk.name(share.owner)}, hidden {frame.when(share.hidden_at)}")
            _hiding_link(desk, share, "list")
    _newest(desk)


def _found(desk: Desk, found: Found) -> None:
    with st.container(border=True, key="operator_found"):
        if found.job is not None:
            _picture(desk, found.job, found.visitor)
        for share in found.shares:
            with st.container(key=f"operator_link_{share.id}", horizontal=True, vertical_alignment="center"):
                opened = "once" if share.views == 1 else f"{frame.count(share.views)} times"
                frame.note(f"{_about(share)}, made {frame.when(share.created_at)}, opened {opened}")
                _hiding_link(desk, share, "found")


def _picture(desk: Desk, job: Job, visitor: str) -> None:
    with st.container(horizontal=True):
        if job.hidden_at is None or st.checkbox("Show the hidden picture", key=f"operator_look_{job.id}"):
            frame.picture(desk.judging.thumbnail(job), "The picture that was found")
        with st.container(width=520):
            st.text(job.request.prompt)
            frame.note(f"Visitor {visitor}, {job.request.provider}, {job.status.value}, {frame.when(job.created_at)}")
    with st.container(horizontal=True):
        _hiding(desk, job, "found")
        if st.button("Ban this visitor", key=f"operator_ban_{job.id}"):
            frame.act(_banned, desk, job.id)
        if st.button("Ban this address for today", key=f"operator_ban_address_{job.id}"):
            frame.act(_address_banned, desk, job.id)


def _hiding(desk: Desk, job: Job, where: str) -> None:
    hide = job.hidden_at is None
    if st.button("Hide picture" if hide else "Show picture again", key=f"operator_hide_{where}_{job.id}"):
        frame.act(_hid, desk, job.id, hide)


def _hiding_link(desk: Desk, share: Share, where: str) -> None:
    hide = share.hidden_at is None
    if st.button("Hide link" if hide else "Open link again", key=f"operator_hide_link_{where}_{share.id}"):
        frame.act(_hid_link, desk, share.id, hide)


def _newest(desk: Desk) -> None:
    frame.title("Newest pictures")
    if not st.toggle("Show everybody's newest pictures", key="operator_newest"):
        return
    for job in desk.judging.newest(12):
        with st.container(key=f"operator_new_{job.id}", border=True), st.container(horizontal=True):
            frame.picture(desk.judging.thumbnail(job), "One of the newest pictures")
            with st.container(width=520):
                st.text(job.request.prompt)
                frame.note(f"Visitor {desk.name(job.owner)}, {frame.ago(job.finished_at)} ago")
                _hiding(desk, job, "new")


def _hid(desk: Desk, job_id: str, on: bool) -> str:
    desk.judging.hide_picture(job_id, on)
    return "Hidden. It is off every screen, and behind no link." if on else "It is back where it was."


def _hid_link(desk: Desk, share_id: str, on: bool) -> str:
    desk.judging.hide_share(share_id, on)
    return "Hidden. The link opens nothing now." if on else "The link opens again."


def _banned(desk: Desk, job_id: str) -> str:
    shut = desk.shutting.visitor_of_job(job_id)
    more = f" {shut.cancelled:,} waiting pictures were cancelled." if shut.cancelled else ""
    return f"Banned until you lift it, under Bans.{more}"


def _address_banned(desk: Desk, job_id: str) -> str:
    desk.shutting.address_of_job(job_id)
    return "Banned until midnight UTC: no more than today's hash of the address is kept."


def _about(share: Share) -> str:
    what = "Link to a comparison" if share.comparison_id is not None else "Link"
    return f"{what} {share.id[:8]}"
