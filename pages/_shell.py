"""The main script: what every screen has in common. It runs before each of them, on every rerun, so it does little."""

from __future__ import annotations

import streamlit as st

from pages.parts import host, look, resuming
from pages.parts.me import is_alone, me
from pages.parts.operating import entering
from reve_core import bootstrap
from reve_core.errors import ReveError


def main() -> None:
    st.set_page_config(page_title="Reve Studio", page_icon=str(look.MARK), layout="wide")
    look.apply()
    pages = [
        st.Page("create.py", title="Create", default=True),
        st.Page("gallery.py", title="Gallery", url_path="gallery"),
        st.Page("compare.py", title="Compare", url_path="compare"),
        st.Page("queue.py", title="Queue", url_path="queue"),
    ]
    if host.plain() is None:  # where nobody could open a link, there are none
        pages.append(st.Page("shares.py", title="Shares", url_path="shares"))
    my_data = st.Page("my_data.py", title="My data", url_path="my-data", visibility="hidden")
    operating = entering.page()
    page = st.navigation([*pages, *operating, my_data], position="top")
    with st.container(key="phone_nav", horizontal=True):
        for entry in pages:
            st.page_link(entry, label=entry.title)
    try:
        studio = bootstrap.get()
        if host.is_awaited(studio.visitors):
            return
        # The Queue says of each provider itself whether and why it is paused.
        notices = studio.board.notices(pauses=page.title != "Queue", public=studio.visitors.public)
        me()
    except ReveError as exc:
        look.out_of_order(exc)
        return
    look.banner(notices)
    alone = is_alone()
    if alone:
        resuming.draw()
    elif resuming.is_common_by_chance(studio.visitors):
        look.note(
            "Everybody who opens this page sees and deletes the same pictures. To give each visitor their own, set "
            'REVE_MODE = "public" and a REVE_SECRET in the app’s secrets.'
        )
    page.run()
    if page.title != my_data.title:
        with st.container(key="foot"):
            st.page_link(my_data, label="My data")
            # On a phone there is no room for it beside the other names.
            with st.container(key="foot_desk"):
                for entry in operating:
                    if entry.visibility == "visible" and page.title != entry.title:
                        st.page_link(entry, label=entry.title)
    host.look(resuming.kept() if alone else "")


main()
