"""Copies of everything, and what they would give back."""

from __future__ import annotations

import html
from datetime import UTC, datetime

import streamlit as st

from pages.parts.host import plain
from pages.parts.media import file_url
from pages.parts.operating import frame
from pages.parts.pictures import collected
from reve_core.errors import BadInput, ReveError
from reve_core.operating import Desk, Report
from reve_core.web.backup import PREFIX, filename

_LINK, _REPORT = "operator_backup", "operator_report"


def draw(desk: Desk) -> None:
    frame.title(
        "Download a copy",
        "One zip file of the database and every picture in it, as they are now. Whoever has it can read every prompt.",
    )
    if st.button("Make a download link", key="operator_backup_make"):
        frame.act(_made, desk)
    if (address := st.session_state.pop(_LINK, None)) is not None:
        st.html(f'<a class="op-link" href="{html.escape(address)}" download>Download the copy</a>')
        frame.note("The link works once, within ten minutes.")
    frame.title(
        "Restore check", "Opens a copy, looks whether it is sound, and says what it would give back. Changes nothing."
    )
    newest = desk.copying.newest()
    if newest is None:
        frame.note("There is no backup yet: one is made every hour in which something has changed, and at each stop.")
    elif st.button("Check the newest backup", key="operator_check_newest"):
        _look(desk, None)
    file = st.file_uploader("Or a file of yours", type=["zip", "db"], key="operator_check_file", width=520)
    if file is not None and st.button("Check this file", key="operator_check_this"):
        _look(desk, file)
    report = st.session_state.get(_REPORT)
    if isinstance(report, Report):
        _tell(report)


def _made(desk: Desk) -> str:
    host = plain()
    if host is None:
        st.session_state[_LINK] = f"{PREFIX}/{desk.copying.link()}"
    else:  # no address of ours comes through: the file is made now, as large as Streamlit's own route can take
        data = collected(desk.copying.pieces())
        st.session_state[_LINK] = host.root + file_url(data, "application/zip", filename(datetime.now(UTC)))
    return "The link is ready."


def _look(desk: Desk, file: object) -> None:
    st.session_state.pop(_REPORT, None)
    try:
        if file is None:
            report = desk.copying.check_newest()
        elif hasattr(file, "read") and hasattr(file, "seek"):
            report = desk.copying.check(file, str(getattr(file, "name", "file")))  # type: ignore[arg-type]
        else:
            raise BadInput("This file cannot be read.", "file")
        st.session_state[_REPORT] = report
    except ReveError as exc:
        frame.alert(str(exc))


def _tell(report: Report) -> None:
    holds = report.holds
    if holds.problem is not None:
        frame.alert(f"{report.name} cannot be put back. {holds.problem}")
        return
    rows = [
        ("File", report.name),
        ("Made", frame.when(report.made_at)),
        ("Jobs", frame.count(holds.jobs)),
        ("Pictures", frame.count(holds.pictures)),
        ("Comparisons", frame.count(holds.comparisons)),
        ("Share links", frame.count(holds.shares)),
        ("Newest job", frame.when(holds.newest_at)),
        ("Files of pictures that are nowhere", frame.count(report.missing)),
        ("Jobs that are here and not in it", frame.count(report.lost_jobs)),
    ]
    frame.table(["What", "It holds"], rows, about="What putting this copy back would give")
    told = "It is sound, and could be put back."
    if holds.older:
        told += " An earlier version wrote it; starting the app brings it up to date."
    frame.note(f"{told} How: stop the app, then see docs/operator.md.")
