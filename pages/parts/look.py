"""The look that Streamlit's theme cannot give: the page's measures, the banner, the page for when nothing works."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import streamlit as st

from reve_core.errors import ConfigurationError, OutOfOrder, ReveError, StoreDamaged, StoreTooNew

ASSETS = Path(__file__).parent / "assets"
MARK = ASSETS / "mark.svg"


@cache
def asset(name: str) -> str:
    """The text of a style sheet or script beside the pieces. Read once: they change with a release only."""
    return (ASSETS / name).read_text(encoding="utf-8")


def piece_css(name: str) -> str:
    """A piece lives in a shadow tree, which no page style reaches: every piece brings the shared rules along."""
    return asset("kit.css") + asset(name)


def apply() -> None:
    """Once per run, before anything is drawn."""
    st.logo(str(MARK), size="medium")
    st.html(f"<style>{asset('page.css')}</style>")


def heading(text: str) -> None:
    """The page's name for those who hear the page; those who see it have the navigation."""
    st.html(f'<h1 class="reve-heard">{html.escape(text)}</h1>')


def banner(notices: Sequence[str]) -> None:
    """What everybody should know now. Plain text: a provider's own words may stand in it."""
    # Its place is kept while there is nothing to say: what stands below would be made anew, and forget what is open in it.
    place = st.empty()
    if notices:
        lines = "".join(f"<p>{html.escape(notice)}</p>" for notice in notices)
        place.html(f'<div class="reve-banner" role="status">{lines}</div>')


def note(text: str) -> None:
    """Something good to know, said quietly."""
    st.html(f'<p class="reve-note">{html.escape(text)}</p>')


def missing(title: str, text: str) -> None:
    """Instead of what an address promised."""
    st.html(f'<div class="reve-stop"><h2>{html.escape(title)}</h2><p>{html.escape(text)}</p></div>')


def out_of_order(error: ReveError) -> None:
    """Instead of a page, when there is no service. Says what is wrong and what to do; never a traceback."""
    with st.container(key="out_of_order"):
        st.html(
            '<div class="reve-stop" role="alert"><h1>The studio cannot start</h1>'
            f"<p>{html.escape(str(error))}</p><p>{html.escape(_what_to_do(error))}</p></div>"
        )
        st.button("Try again", type="primary")


def _what_to_do(error: ReveError) -> str:
    if isinstance(error, OutOfOrder):
        return "Your pictures are safe where they are. Come back in a while, then try again."
    if isinstance(error, StoreDamaged):
        return "Nothing was changed. Put back a backup of the database, or move the file away to begin anew."
    if isinstance(error, StoreTooNew):
        return "Nothing was changed. Start the newer version of the app again, or use another data folder."
    if isinstance(error, ConfigurationError):
        return "Mend the setting, start the app again, and reload this page."
    return "Your pictures are safe where they are. Wait a moment, then try again."
