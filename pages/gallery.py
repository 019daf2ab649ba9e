"""The Gallery: every finished picture, newest first, and ``?image=ID`` for a single one."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from pages.parts import grid, handover, look, sharing, viewer
from pages.parts.host import plain
from pages.parts.me import me, origin
from pages.parts.sheet import STEP, Mode, Sheet
from pages.parts.ticking import Ticking
from reve_core import bootstrap
from reve_core.errors import ReveError
from reve_core.models import JobFilter, JobStatus
from reve_core.service import Studio

PARAM = "image"
TICK_S = 4.0
_ALL, _STARRED, _TRASH = "Pictures", "Favourites", "Trash"
_ANY = "Any"
_LONGEST = 200
_VIEW, _WORDS, _PROVIDER, _RATIO, _DAYS = (f"gallery_{name}" for name in ("view", "words", "provider", "ratio", "days"))
_SHEET, _VIEWED, _GO = "gallery_sheet", "gallery_viewed", "gallery_go"


def _sheet() -> Sheet:
    sheet: Sheet = st.session_state.setdefault(_SHEET, Sheet(JobFilter(owner=me())))
    return sheet


# -- what the pieces say; these run before the page is drawn again


def _grid_acts() -> None:
    _act(st.session_state[grid.KEY].act)


def _viewer_acts() -> None:
    _act(st.session_state[viewer.KEY].act)


def _act(said: Any) -> None:
    if not isinstance(said, Mapping):
        return
    sheet = _sheet()
    ids = [str(job_id) for job_id in said.get("ids") or ()]
    try:
        studio = bootstrap.get()
        match said.get("do"):
            case "open" if ids:
                st.session_state[_VIEWED] = None
                st.query_params[PARAM] = ids[0]
            case "go":
                # The address was rewritten in place by the browser: Back leaves the view, however far one has leafed.
                st.session_state[_VIEWED] = (st.query_params.get(PARAM), str(said.get("id")))
            case "close":
                _close()
            case "reuse":
                st.session_state[_GO] = {"job_id": str(said.get("id")), "what": said.get("what")}
            case "create":
                st.session_state[_GO] = {}
            case "compare":
                made = studio.comparisons.of_pictures(ids, owner=me(), origin=origin())
                st.session_state[_GO] = {"page": "compare.py", "params": {"c": made.id}}
            case "compare_with":
                st.session_state[_GO] = {"page": "compare.py", "from": str(said.get("id"))}
            case "share":
                sharing.make(said)
            case "shares":
                st.session_state[_GO] = {"page": "shares.py"}
            case "clear":
                for key, rest in ((_VIEW, _ALL), (_WORDS, ""), (_PROVIDER, _ANY), (_RATIO, _ANY), (_DAYS, ())):
                    st.session_state[key] = rest
            case "star":
                sheet.star(studio, ids, bool(said.get("on")))
            case "download":
                sheet.download(studio, str(said.get("id")), with_prompt=said.get("prompt") is not False)
            case "zip":
                sheet.zip(studio, ids, with_prompts=said.get("prompt") is not False)
            case "trash" | "restore" | "purge" as name:
                if name in ("trash", "restore") and st.query_params.get(PARAM):
                    _close()
                getattr(sheet, name)(studio, ids)
            case "undo":
                sheet.take_back(studio)
            case "empty_trash" | "more" | "older" | "newer" | "fresh" as name:
                getattr(sheet, name)(studio)
    except ReveError as exc:
        # What the page assumed did not happen: show what there is.
        with contextlib.suppress(ReveError):
            sheet.load(bootstrap.get(), max(STEP, len(sheet.jobs)))
        sheet.say(str(exc))


def _close() -> None:
    st.session_state[_VIEWED] = None
    st.query_params.pop(PARAM, None)


def _viewed() -> str | None:
    """The picture that is open: the one in the address, or where one has leafed to from there."""
    asked = st.query_params.get(PARAM)
    leafed = st.session_state.get(_VIEWED)
    return leafed[1] if asked and leafed and leafed[0] == asked else asked


# -- the page


def _filters(studio: Studio) -> tuple[JobFilter, Mode]:
    with st.container(horizontal=True, vertical_alignment="center", key="gallery_bar"):
        view = st.segmented_control(
            "Show", [_ALL, _STARRED, _TRASH], default=_ALL, required=True, key=_VIEW, label_visibility="collapsed"
        )
        if view == _TRASH:
            return JobFilter(owner=me()), "trash"
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", width=460, key="gallery_find"):
            words = st.text_input(
                "Search in prompts",
                key=_WORDS,
                type="search",
                live=True,
                placeholder="Search in prompts",
                label_visibility="collapsed",
                width="stretch",
            )
            known = studio.catalogue.providers()
            providers = {one.name: one.title for one in known}
            chosen = [
                st.session_state.get(_PROVIDER, _ANY) != _ANY,
                st.session_state.get(_RATIO, _ANY) != _ANY,
                bool(st.session_state.get(_DAYS)),
            ]
            count = sum(chosen)
            with st.popover(f"Filters · {count}" if count else "Filters", key="gallery_filters"):
                provider = st.selectbox(
                    "Made by", [_ANY, *providers], format_func=lambda name: providers.get(name, name), key=_PROVIDER
                )
                ratios = dict.fromkeys(
                    ratio for one in known for model in one.models for ratio in model.capabilities.aspect_ratios
                )
                ratio = st.selectbox("Shape", [_ANY, *ratios], key=_RATIO)
                days = st.date_input("Created between", value=[], key=_DAYS, format="YYYY-MM-DD")
        handover.entry()
    since, before = _range(days)
    return (
        JobFilter(
            owner=me(),
            provider=None if provider == _ANY else provider,
            aspect_ratio=None if ratio == _ANY else ratio,
            words=(words or "")[:_LONGEST],
            since=since,
            before=before,
            starred=True if view == _STARRED else None,
        ),
        "shelf",
    )


def _range(days: Any) -> tuple[datetime | None, datetime | None]:
    """Whole days where the visitor is. A range of which only the first day is chosen so far is that one day."""
    chosen: list[date] = [day for day in (days if isinstance(days, tuple) else (days,)) if day]
    if not chosen:
        return None, None
    zone = _zone()
    first, last = chosen[0], chosen[-1]
    return (
        datetime.combine(first, time.min, zone).astimezone(UTC),
        datetime.combine(last + timedelta(days=1), time.min, zone).astimezone(UTC),
    )


def _zone() -> tzinfo:
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _body() -> None:
    studio = bootstrap.get()
    sheet = _sheet()
    which, mode = _filters(studio)
    sheet.open(studio, which, mode)
    grid.draw(studio, sheet, _grid_acts)
    image = _viewed()
    viewer.draw(
        viewer.view_of(studio, image, sheet.around, owner=me()) if image else None, sharing.made(), _viewer_acts
    )
    if (go := st.session_state.pop(_GO, None)) is not None:
        if "job_id" in go:
            st.session_state["reuse"] = go
        if "from" in go:
            st.session_state["compare_from"] = go["from"]
        st.switch_page(go.get("page", "create.py"), query_params=go.get("params"))
    if plain() is not None:
        counts = studio.counts(owner=me())
        _ticking.busy(counts[JobStatus.QUEUED] + counts[JobStatus.RUNNING])


_ticking = Ticking(_body, every_s=TICK_S)


# Streamlit forgets a widget's value while another page is shown: without it, somebody has just come in.
if _VIEW not in st.session_state:
    st.session_state.pop(_SHEET, None)
    st.session_state.pop(_VIEWED, None)
look.heading("Gallery")
try:
    _ticking()
except ReveError as exc:
    look.out_of_order(exc)
