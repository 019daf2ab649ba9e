"""Create: describe a picture, choose its shape, see what it will cost, and watch it come."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import streamlit as st

from pages.parts import composer, feed, look
from pages.parts.me import me
from pages.parts.settings_drop import settings_drop
from reve_core import bootstrap
from reve_core.errors import ReveError
from reve_core.examples import examples
from reve_core.service import Studio

SHARE = "share"


def main() -> None:
    look.heading("Create")
    studio = bootstrap.get()
    if handed := st.session_state.pop("reuse", None):
        _reuse(studio, handed)
    _shared(studio)
    any_yet = bool(studio.board.feed(owner=me(), limit=1).cards)
    with st.container(key="create", horizontal=True, gap="large"):
        with st.container(key="create_form", gap="small", width=420):
            # The examples stand in the empty place where pictures will be; once there are some, beside the form.
            composer.draw(studio, list(examples()[:6]) if any_yet else [])
            settings_drop(studio)
        with st.container(key="create_feed", width="stretch"):
            feed.draw()


def _reuse(studio: Studio, handed: Mapping[str, str]) -> None:
    """What the gallery and the queue hand over: ``{"job_id": …, "what": "all" | "prompt"}``."""
    # A job that has been deleted meanwhile leaves the form as it was.
    with contextlib.suppress(ReveError):
        composer.put(studio.get(handed["job_id"], owner=me()).request, prompt_only=handed.get("what") == "prompt")


def _shared(studio: Studio) -> None:
    """``?share=TOKEN``, where "Make your own" leads to: what that share shows goes into the form, once."""
    token = st.query_params.get(SHARE)
    if token is None:
        return
    # Going back in the browser brings the address of before; the form is not filled a second time by that.
    if st.session_state.get(SHARE) != token:
        st.session_state[SHARE] = token
        try:
            offer = studio.shares.offer(token)
        except ReveError as exc:
            composer.say(str(exc))
        else:
            composer.put_shared(offer)
    st.query_params.pop(SHARE)


main()
