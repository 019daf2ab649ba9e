"""Comparisons as files: what one can take along, and the place where such a file is brought back."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from pages.parts.comparing import asking
from pages.parts.me import me
from reve_core import bootstrap
from reve_core.errors import ReveError

_ROUND, _SAID = "compare_import_round", "compare_import_said"
_MOST_MB = 500


def bring() -> str | None:
    """The place for a file. Returns the id of the comparison that one has just brought, once."""
    with st.expander("Import a comparison", key="compare_import"):
        # Read once, then a new and empty uploader takes its place: the same file can be dropped a second time.
        turn = st.session_state.setdefault(_ROUND, 0)
        upload = st.file_uploader(
            "An HTML page or JSON file that was exported from here or another studio",
            key=f"compare_import_{turn}",
            type=["html", "json"],
            max_upload_size=_MOST_MB,
        )
        made = None
        if upload is not None:
            st.session_state[_ROUND] = turn + 1
            try:
                brought = bootstrap.get().exchange.bring(upload.getvalue(), owner=me())
            except ReveError as exc:
                st.session_state[_SAID] = str(exc)
                st.rerun(scope="fragment")
            made = brought.comparison.id
        if said := st.session_state.pop(_SAID, ""):
            st.html(f'<p role="alert">{html.escape(said)}</p>')
    return made


def exports(links: Sequence[tuple[str, str, str]]) -> None:
    """``links``: what, what it is good for, and the address."""
    rows = "".join(
        f'<li><a href="{html.escape(url)}" download>{html.escape(what)}</a><span>{html.escape(good_for)}</span></li>'
        for what, good_for, url in links
    )
    st.html(f'<section class="reve-exports"><h2>Take it along</h2><ul>{rows}</ul></section>')


def brought_words(pictures: int, votes: int, *, again: bool) -> str:
    if again:
        return "This file was imported before. Here it is."
    words = f"Imported: {asking.count(pictures)}"
    return f"{words} and {asking.count(votes, 'vote')}." if votes else f"{words}."
