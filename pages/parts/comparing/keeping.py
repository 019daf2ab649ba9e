"""Comparisons as files: what one can take along, and the place where such a file is brought back."""

from __future__ import annotations

import html
from collections.abc import Mapping
from functools import partial

import streamlit as st

from pages.parts.comparing import asking
from pages.parts.me import me
from pages.parts.pictures import collected
from reve_core import bootstrap
from reve_core.compare.models import Comparison
from reve_core.errors import ReveError
from reve_core.exchange import Imported
from reve_core.exchange.payload import MAX_FILE
from reve_core.pictures.names import friendly
from reve_core.service import Studio
from reve_core.web.comparison_files import FILES

_ROUND, _SAID = "compare_import_round", "compare_import_said"
# What each file is called, and what it is good for.
_FILES = (
    ("export.html", "A page that works offline", "One file with the pictures in it. It can be imported again."),
    ("contact.png", "Contact sheet", "One picture of the grid, with its labels."),
    ("originals.zip", "Original pictures", "A zip of the files as they came."),
    ("cells.csv", "Table of pictures", "What each was made from, and what it cost."),
    ("votes.csv", "Table of votes", "Every vote, without names."),
    ("export.json", "All of it as JSON", "For programs, and to import elsewhere."),
)
_MOST_MB = MAX_FILE // 1024**2


def bring() -> Imported | None:
    """The place for a file, and what somebody has just brought there."""
    with st.expander("Import a comparison", key="compare_import"):
        # Read once, then a new and empty uploader takes its place: the same file can be dropped a second time.
        turn = st.session_state.setdefault(_ROUND, 0)
        upload = st.file_uploader(
            "An HTML page or a JSON file that was exported here, or in another studio",
            key=f"compare_import_{turn}",
            type=["html", "json"],
            max_upload_size=_MOST_MB,
        )
        if upload is not None:
            st.session_state[_ROUND] = turn + 1
            try:
                return bootstrap.get().exchange.bring(upload.getvalue(), owner=me())
            except ReveError as exc:
                st.session_state[_SAID] = str(exc)
                st.rerun()
        if said := st.session_state.pop(_SAID, ""):
            st.html(f'<p role="alert">{html.escape(said)}</p>')
    return None


def exports(urls: Mapping[str, str]) -> None:
    """``urls``: the address of each file, by its name."""
    rows = "".join(
        f'<li><a href="{html.escape(urls[name])}" download>{what}</a> <span>{good_for}</span></li>'
        for name, what, good_for in _FILES
        if name in urls
    )
    st.html(f'<section class="reve-exports"><h2>Take it along</h2><ul>{rows}</ul></section>')


def exports_here(studio: Studio, comparison: Comparison) -> None:
    """The same files through Streamlit, each made when its button is pressed: for hosts that let no link of ours through."""
    title = studio.exchange.title(comparison.id, owner=comparison.owner)
    with st.container(key="compare_files", width=640, gap="small"):
        st.html('<div class="reve-exports"><h2>Take it along</h2></div>')
        for name, what, good_for in _FILES:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.download_button(
                    what,
                    partial(_file, studio, comparison.id, comparison.owner, name),
                    file_name=friendly(title, FILES[name].end, fallback="comparison"),
                    mime=FILES[name].mime,
                    key=f"compare_file_{name}",
                    on_click="ignore",
                    width=240,
                )
                st.caption(good_for)


def _file(studio: Studio, comparison_id: str, owner: str, name: str) -> bytes:
    """Runs outside of any script run."""
    body = FILES[name].make(studio.exchange, comparison_id, owner)
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else collected(body)


def brought_words(brought: Imported) -> str:
    if brought.again:
        return "This file was imported before. Here it is."
    words = f"Imported: {asking.count(brought.pictures)}"
    return f"{words} and {asking.count(brought.votes, 'vote')}." if brought.votes else f"{words}."
