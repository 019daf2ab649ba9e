"""Create: describe a picture, choose its shape, see what it will cost, and watch it come."""

from __future__ import annotations

import streamlit as st

from pages.parts import composer, feed, form, look
from pages.parts.settings_drop import settings_drop
from reve_core import bootstrap
from reve_core.examples import examples


def main() -> None:
    look.heading("Create")
    studio = bootstrap.get()
    any_yet = bool(studio.feed(limit=1).cards)
    with st.container(key="create", horizontal=True, gap="large"):
        with st.container(key="create_form", gap="small", width=420):
            # The examples stand in the empty place where pictures will be; once there are some, beside the form.
            composer.draw(form.choices(studio), list(examples()[:6]) if any_yet else [])
            settings_drop(studio)
        with st.container(key="create_feed", width="stretch"):
            feed.draw()


main()
