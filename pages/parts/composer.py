"""The form of the Create page: one Components v2 piece, so that typing, styles and shapes answer without the server."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts import form, look, ownkeys, pictures, standing
from pages.parts.me import me, origin
from reve_core import bootstrap
from reve_core.errors import Blocked, LimitReached, ReveError
from reve_core.examples import Example, surprises
from reve_core.grants import Offer
from reve_core.models import JobRequest, Review
from reve_core.service import Studio

NAME = "reve_composer"
KEY = "composer"
_FILL, _ANSWER, _KEY_ANSWER = "composer_fill", "composer_answer", "composer_key_answer"

_piece = st.components.v2.component(
    NAME,
    html=look.asset("composer.html"),
    css=look.piece_css("composer.css") + look.asset("standing.css") + look.asset("choosing.css"),
    js=look.asset("standing.js") + look.asset("choosing.js") + look.asset("composer.js"),
)


def put(request: JobRequest, *, prompt_only: bool = False, note: str = "") -> None:
    """Fill the form when it is drawn next. Whoever calls this from within a fragment asks for a full rerun as well."""
    _fill({**form.fill(request, prompt_only=prompt_only), "note": note})


def put_shared(offer: Offer) -> None:
    """Fill the form with what a share shows. What its owner keeps back stays as it is."""
    filled = form.fill(offer.settings) if offer.settings else {}
    filled.pop("prompt", None)
    if offer.prompt is not None:
        filled["prompt"] = offer.prompt
    if filled:
        _fill(filled)


def say(note: str) -> None:
    """A word under the form, which stays as it is."""
    _fill({"note": note, "show": False})


def _fill(filled: dict[str, Any]) -> None:
    st.session_state[_FILL] = {"note": "", **filled, "n": time.time_ns() // 10**6}


def draw(studio: Studio, ideas: list[Example]) -> None:
    here = standing.now(studio)
    _piece(
        key=KEY,
        data={
            "models": form.choices(studio, here),
            "standing": here.data(),
            "key_answer": st.session_state.get(_KEY_ANSWER),
            "common": form.COMMON,
            "styles": form.STYLES,
            "surprises": surprises(),
            "ideas": [idea_card(example) for example in ideas],
            "fill": st.session_state.get(_FILL),
            "answer": st.session_state.get(_ANSWER),
        },
        on_submit_change=_submit,
        on_own_key_change=_own_key,
        on_look_change=lambda: None,  # a limit has ended: the page is drawn anew
    )


def idea_card(example: Example) -> dict[str, str]:
    return {"prompt": example.prompt, "ratio": example.ratio, "src": pictures.example_url(example.picture)}


def _submit() -> None:
    """Runs before the page is drawn again, so that the answer and the new cards come in one go."""
    sent: Any = st.session_state[KEY].submit
    if not isinstance(sent, Mapping):
        return
    answer: dict[str, Any] = {"n": sent.get("n")}
    try:
        request, count = form.read(sent)
        studio = bootstrap.get()
        job, *_ = studio.submit(request, count=count, owner=me(), origin=origin())
        paused = studio.catalogue.provider(job.request.provider).paused
        answer["said"] = form.sent(count, paused=paused, held=job.review is Review.PERSON)
    except LimitReached as exc:
        answer["refused"] = standing.refusal(exc)
    except Blocked as exc:
        answer |= {"problem": str(exc), "kind": exc.category}
    except ReveError as exc:
        answer["problem"] = str(exc)
    st.session_state[_ANSWER] = answer


def _own_key() -> None:
    st.session_state[_KEY_ANSWER] = ownkeys.act(st.session_state[KEY].own_key)
