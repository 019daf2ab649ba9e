"""Prompts that wait for a person, and the moderation's log."""

from __future__ import annotations

import streamlit as st

from pages.parts.operating import frame
from reve_core.operating import Desk, Held

_BEFORE = "operator_log_before"
_STEP = 50


def draw(desk: Desk) -> None:
    held = desk.judging.held()
    frame.title(
        "Waiting for you",
        "Nothing is called for these before somebody says yes. Only operators see the words. A refused prompt is forgotten.",
    )
    if not held:
        frame.note("Nothing waits.")
    for each in held:
        _one(desk, each)
    _log(desk)


def _one(desk: Desk, held: Held) -> None:
    job = held.job
    with st.container(border=True, key=f"operator_held_{job.id}"):
        st.text(job.request.prompt)
        why = f"Policy: {held.category}, {held.rule}" if held.category else "The policy lets it pass by now"
        frame.note(f"{why}. Visitor {held.visitor}, {job.request.provider}, {frame.ago(job.created_at)} ago.")
        with st.form(f"operator_judge_{job.id}", border=False):
            note = st.text_input("Note to the visitor, where it is refused", max_chars=200)
            with st.container(horizontal=True):
                approved = st.form_submit_button("Approve")
                refused = st.form_submit_button("Refuse")
        if approved:
            frame.act(_approved, desk, job.id)
        if refused:
            frame.act(_refused, desk, job.id, note)


def _approved(desk: Desk, job_id: str) -> str:
    desk.judging.approve(job_id)
    return "Approved. It takes its turn now."


def _refused(desk: Desk, job_id: str, note: str) -> str:
    desk.judging.refuse(job_id, note)
    return "Refused. Its prompt is forgotten, and nothing was charged."


def _log(desk: Desk) -> None:
    frame.title("Decisions", "What the policy, the service, the provider and operators decided. No text is kept here.")
    before: int | None = st.session_state.get(_BEFORE)
    events = desk.judging.log(before=before, limit=_STEP)
    if not events:
        frame.note("Nothing was decided yet." if before is None else "Nothing before that.")
    else:
        frame.table(
            ["When", "What", "Decision", "Category", "Rule", "By", "Visitor"],
            [
                [
                    frame.when(said.event.at),
                    said.event.what,
                    said.event.action,
                    said.event.category,
                    said.event.rule,
                    said.event.stage,
                    said.visitor,
                ]
                for said in events
            ],
            about="Decisions of the moderation, newest first",
        )
    with st.container(horizontal=True):
        if before is not None and st.button("Newest", key="operator_log_newest"):
            st.session_state.pop(_BEFORE, None)
            st.rerun()
        if len(events) == _STEP and st.button("Older", key="operator_log_older"):
            st.session_state[_BEFORE] = events[-1].event.number
            st.rerun()
