"""“New comparison”: one Components v2 piece. It keeps what is typed; Python says what it would cost, and makes it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts import form as single
from pages.parts import look, ownkeys, standing
from pages.parts.comparing import asking
from pages.parts.me import me, origin
from reve_core import bootstrap
from reve_core.compare import words
from reve_core.compare.models import MAX_PROMPTS, MAX_SAMPLES
from reve_core.errors import BadInput, Blocked, LimitReached, ReveError
from reve_core.service import Studio

NAME = "reve_compare_form"
KEY = "compare_form"
PARAM = "c"
_FILL, _ANSWER, _AGAIN, _KEY_ANSWER = "compare_fill", "compare_answer", "compare_again", "compare_key_answer"

# The button of the empty page fills this in.
EXAMPLE = {
    "prompts": "a lighthouse on a stormy coast at dusk, {oil painting|woodcut|watercolor}",
    "samples": 2,
}

_piece = st.components.v2.component(
    NAME,
    html=look.asset("compare_form.html"),
    css=look.piece_css("compare_form.css") + look.asset("standing.css") + look.asset("choosing.css"),
    js=look.asset("standing.js") + look.asset("choosing.js") + look.asset("compare_form.js"),
)


def put(filled: Mapping[str, Any]) -> None:
    """Fill the form when it is drawn next."""
    st.session_state[_FILL] = {**filled, "n": time.time_ns() // 10**6}


@st.fragment
def draw() -> None:
    if st.session_state.pop(_AGAIN, False):
        st.rerun()  # the page around it: it shows the comparison now
    studio = bootstrap.get()
    here = standing.now(studio)
    _piece(
        key=KEY,
        data={
            "models": asking.choices(studio, here),
            "standing": here.data(),
            "key_answer": st.session_state.get(_KEY_ANSWER),
            "common": single.COMMON,
            "most": {"prompts": MAX_PROMPTS, "samples": MAX_SAMPLES},
            "example": EXAMPLE,
            "fill": st.session_state.get(_FILL),
            "answer": st.session_state.get(_ANSWER),
        },
        on_act_change=_act,
        on_own_key_change=_own_key,
    )


def _act() -> None:
    """Runs before the piece is drawn again."""
    sent: Any = st.session_state[KEY].act
    if not isinstance(sent, Mapping) or not isinstance(form := sent.get("form"), Mapping):
        return
    answer: dict[str, Any] = {"n": sent.get("n")}
    prompts: tuple[str, ...] | None = None
    try:
        asked = asking.read(form)
        prompts = asked.axes.prompts
        answer |= {"prompts": _marked(prompts), "dropped": asked.dropped}
        studio = bootstrap.get()
        if sent.get("do") == "make":
            answer["made"] = _make(studio, asked, str(sent.get("key") or ""))
        else:
            plan = studio.comparisons.plan(asked.axes, owner=me(), cap_usd=asked.cap_usd, reuse=asked.reuse)
            answer |= asking.asked_words(asked, plan, standing.now(studio))
    except LimitReached as exc:
        answer["refused"] = standing.refusal(exc)
    except BadInput as exc:
        answer |= asking.problem(exc, prompts or ())
        if isinstance(exc, Blocked):
            answer["kind"] = exc.category
        # Whoever has only begun to type has made no mistake yet.
        begun = prompts is not None and len(prompts) < 2 and exc.field == "prompts"
        answer["early"] = begun and sent.get("do") != "make"
    except ReveError as exc:
        answer |= {"problem": str(exc), "field": ""}
    st.session_state[_ANSWER] = answer


def _own_key() -> None:
    st.session_state[_KEY_ANSWER] = ownkeys.act(st.session_state[KEY].own_key)


def made_by(comparison_id: str) -> int | None:
    """The number of the form that has just become this comparison: its draft can go."""
    answer = st.session_state.get(_ANSWER) or {}
    return answer.get("n") if answer.get("made") == comparison_id else None


def _make(studio: Studio, asked: asking.Asked, key: str) -> str:
    made = studio.comparisons.make(
        asked.axes,
        owner=me(),
        origin=origin(),
        title=asked.title,
        question=asked.question,
        cap_usd=asked.cap_usd,
        reuse=asked.reuse,
        idempotency_key=key or None,
    )
    st.query_params[PARAM] = made.id
    st.session_state[_AGAIN] = True
    return made.id


def _marked(prompts: tuple[str, ...]) -> list[list[list[str]]]:
    """Each prompt in pieces ``[sign, text]``: the words that are its own carry a "+"."""
    return [
        [["+" if piece.kind == "added" else "=", piece.text] for piece in pieces] for pieces in words.marked(prompts)
    ]
