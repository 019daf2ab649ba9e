"""A picture made here carries its settings. Dropped on this piece, they go back into the form."""

from __future__ import annotations

import html

import streamlit as st

from pages.parts import composer
from reve_core.errors import ReveError
from reve_core.service import Studio

_ROUND, _SAID = "settings_drop_round", "settings_drop_said"


def settings_drop(studio: Studio) -> None:
    with st.expander("Use a picture's settings", key="settings_drop"):
        # Read once, then a new and empty uploader takes its place: the same file can be dropped a second time.
        turn = st.session_state.setdefault(_ROUND, 0)
        upload = st.file_uploader(
            "A PNG that was downloaded from here", key=f"settings_drop_{turn}", max_upload_size=40
        )
        if upload is not None:
            st.session_state[_SAID] = _read(studio, upload.getvalue())
            st.session_state[_ROUND] = turn + 1
            st.rerun()
        if said := st.session_state.pop(_SAID, ""):
            st.html(f'<p role="status">{html.escape(said)}</p>')


def _read(studio: Studio, data: bytes) -> str:
    """Fills the form and says nothing, or says why it could not."""
    try:
        request = studio.shelf.read_settings(data)
    except ReveError as exc:
        return str(exc)
    if request is None:
        return "This picture holds no settings. Only a PNG downloaded from this app does, as long as nothing else has saved it anew."
    composer.put(request, note="These are the settings of that picture.")
    return ""
