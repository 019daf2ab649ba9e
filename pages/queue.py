"""The Queue: every job with what became of it, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts import look
from pages.parts.line import Line
from pages.parts.me import me, origin
from pages.parts.ticking import Ticking
from reve_core import bootstrap
from reve_core.errors import ReveError
from reve_core.service import Studio

NAME = "reve_jobs"
KEY = "queue_jobs"
TICK_S = 2.0
_LINE, _GO = "queue_line", "queue_go"

_piece = st.components.v2.component(
    NAME,
    html='<div id="root"></div>',
    css=look.asset("common.css") + look.asset("jobs.css"),
    js=look.asset("common.js") + look.asset("live.js") + look.asset("jobs.js"),
)


def _line() -> Line:
    line: Line = st.session_state.setdefault(_LINE, Line())
    return line


def _acts() -> None:
    """Runs before the page is drawn again."""
    said = st.session_state[KEY].act
    if isinstance(said, Mapping):
        try:
            _act(bootstrap.get(), _line(), said)
        except ReveError as exc:
            _line().say(str(exc))


def _act(studio: Studio, line: Line, said: Mapping[str, Any]) -> None:
    job_id = str(said.get("id", ""))
    match said.get("do"):
        case "tab":
            line.choose(str(said.get("tab")))
        case "more" | "older" | "newer" as turn:
            getattr(line, turn)()
        case "cancel":
            line.say(studio.cancel(job_id, owner=me()))
        case "retry":
            studio.retry(job_id, owner=me(), origin=origin())
            line.say("Back in the queue.")
        case "retry_failed":
            count = studio.retry_failed(owner=me(), origin=origin())
            line.say(
                "1 job is back in the queue."
                if count == 1
                else f"{count:,} jobs are back in the queue."
                if count
                else "None of them was tried again: they were refused or given up. Edit or retry them one by one."
            )
        case "resolve" if (how := said.get("how")) in ("check", "rerun", "give_up"):
            line.say(studio.resolve(job_id, how, owner=me(), origin=origin()))
        case "pause" | "resume" if studio.visitors.public:
            line.say("Only the operator pauses a provider here.")  # no button asks for it; somebody made the message up
        case "pause":
            name = str(said.get("provider"))
            studio.pause(name)
            line.say(
                f"{studio.catalogue.provider(name).title} is paused. What is being made now is finished; the rest waits."
            )
        case "resume":
            name = str(said.get("provider"))
            studio.resume(name)
            line.say(f"{studio.catalogue.provider(name).title} goes on.")
        case "trash":
            studio.shelf.trash([job_id], owner=me())
            line.removed = [job_id]
            line.say("Moved to the trash.", undo=True)
        case "undo":
            studio.shelf.restore(line.removed, owner=me())
            line.removed = []
            line.say("Put back.")
        case "open":
            st.session_state[_GO] = ("gallery.py", {"image": job_id})
        case "reuse":
            st.session_state["reuse"] = {"job_id": job_id, "what": "all"}
            st.session_state[_GO] = ("create.py", {})
        case "create":
            st.session_state[_GO] = ("create.py", {})


def _body() -> None:
    data = _line().data(bootstrap.get(), me())
    _piece(key=KEY, data=data, on_act_change=_acts)
    if (go := st.session_state.pop(_GO, None)) is not None:
        page, params = go
        st.switch_page(page, query_params=params)
    _ticking.busy(data["pending"])


_ticking = Ticking(_body, every_s=TICK_S)


look.heading("Queue")
try:
    _ticking()
except ReveError as exc:
    look.out_of_order(exc)
