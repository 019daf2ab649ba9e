"""
The live cards: one Components v2 piece and the fragment around it.

The piece asks ``/api/live`` by itself, so a card's progress costs no script run. Only what a person does comes here, and
reruns this fragment alone: the form above keeps its text, its caret and its focus. Where the host lets no such request
through, the fragment brings the news itself as long as something is pending.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from pages.parts import composer, look, pictures
from pages.parts.host import plain
from pages.parts.me import is_alone, live, me, origin
from pages.parts.ticking import Ticking
from reve_core import bootstrap
from reve_core.board import Feed
from reve_core.errors import ReveError
from reve_core.examples import examples, surprises
from reve_core.service import Studio
from reve_core.views import Card
from reve_core.web.live import with_keys

NAME = "reve_feed"
KEY = "feed"
LIMIT = 24
TICK_S = 1.5
_NOTE, _OPEN, _AGAIN = "feed_note", "feed_open", "feed_again"

_piece = st.components.v2.component(
    NAME, html=look.asset("feed.html"), css=look.piece_css("feed.css"), js=look.asset("live.js") + look.asset("feed.js")
)


def _draw() -> None:
    if (image := st.session_state.pop(_OPEN, None)) is not None:
        st.switch_page("gallery.py", query_params={"image": image})
    if st.session_state.pop(_AGAIN, False):
        st.rerun()  # the whole page: the form is outside of this fragment
    try:
        feed = bootstrap.get().board.feed(owner=me(), limit=LIMIT)
    except ReveError as exc:
        feed = Feed([], 0, 0)
        _note(str(exc))
    _piece(
        key=KEY,
        data={
            "cards": _shown(feed.cards),
            "pending": feed.pending,
            "live": live(LIMIT),
            "images": pictures.IMAGES,
            "gallery": pictures.page_url("gallery"),
            "note": st.session_state.get(_NOTE),
            "starts": [composer.idea_card(example) for example in examples()],
            "surprises": surprises(),
        },
        on_act_change=_act,
        on_moved_change=_moved,
    )
    draw.busy(feed.pending)


draw = Ticking(_draw, every_s=TICK_S)


def _shown(cards: list[Card]) -> Sequence[Mapping[str, object]]:
    """The cards, each with what a browser needs to get its thumbnail."""
    if plain() is not None:
        return [
            {**card, "src": pictures.image_url(card["thumbnail"])} if "thumbnail" in card else card for card in cards
        ]
    return with_keys(cards, bootstrap.get().visitors) if is_alone() else cards


def _moved() -> None:
    """The line has grown or shrunk: the wait beside the button is no longer true."""
    st.session_state[_AGAIN] = True


def _act() -> None:
    asked: Any = st.session_state[KEY].act
    if not isinstance(asked, Mapping) or not isinstance(job_id := asked.get("id"), str):
        return
    what = asked.get("what")
    try:
        if what == "open":
            st.session_state[_OPEN] = job_id
        elif what in ("reuse", "reuse_prompt"):
            composer.put(bootstrap.get().get(job_id, owner=me()).request, prompt_only=what == "reuse_prompt")
            st.session_state[_AGAIN] = True
        elif what in _ACTIONS and (said := _ACTIONS[what](bootstrap.get(), job_id)):
            _note(said)
    except ReveError as exc:
        _note(str(exc))


def _retry(studio: Studio, job_id: str) -> None:
    studio.retry(job_id, owner=me(), origin=origin())


def _trash(studio: Studio, job_id: str) -> str:
    studio.shelf.trash([job_id], owner=me())
    return "Removed. It stays in the trash for a while."


def _star(studio: Studio, job_id: str) -> None:
    studio.shelf.star([job_id], True, owner=me())


def _unstar(studio: Studio, job_id: str) -> None:
    studio.shelf.star([job_id], False, owner=me())


# What a card may ask for. Everything else a browser sends is ignored.
_ACTIONS: dict[Any, Callable[[Studio, str], str | None]] = {
    "cancel": lambda studio, job_id: studio.cancel(job_id, owner=me()),
    "retry": _retry,
    "trash": _trash,
    "star": _star,
    "unstar": _unstar,
    "check": lambda studio, job_id: studio.resolve(job_id, "check", owner=me(), origin=origin()),
    "rerun": lambda studio, job_id: studio.resolve(job_id, "rerun", owner=me(), origin=origin()),
    "give_up": lambda studio, job_id: studio.resolve(job_id, "give_up", owner=me(), origin=origin()),
}


def _note(text: str) -> None:
    st.session_state[_NOTE] = {"n": time.time_ns() // 10**6, "text": text}
