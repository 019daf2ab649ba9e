"""The comparisons that there are, newest first, and what the page shows while there is none."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts import look
from pages.parts.comparing import asking, form
from pages.parts.me import live, me
from pages.parts.pictures import example_url, image_url, page_url
from pages.parts.ticking import Ticking
from reve_core import bootstrap, gridview
from reve_core.compare import words
from reve_core.compare.models import Comparison, Summary
from reve_core.errors import ReveError
from reve_core.examples import Example, examples
from reve_core.models import Job

NAME = "reve_comparisons"
KEY = "comparisons_list"
STEP, MOST = 12, 240
TICK_S = 4.0
THUMBS = 4
_ALT = 120
_SHOWN, _SAID, _AGAIN = "comparisons_shown", "comparisons_said", "comparisons_again"
_EXAMPLES = ("sailboat", "lighthouse")

_piece = st.components.v2.component(
    NAME,
    html='<section class="reve comparisons"></section>',
    css=look.piece_css("compare_list.css"),
    js=look.asset("common.js") + look.asset("live.js") + look.asset("compare_list.js"),
)


def _draw() -> None:
    if st.session_state.pop(_AGAIN, False):
        st.rerun()  # the page around it: it shows something else now
    studio = bootstrap.get()
    shown = st.session_state.get(_SHOWN, STEP)
    rev = studio.revision(owner=me())  # before the rows: news in between is then noticed, not lost
    found = studio.comparisons.listed(owner=me(), limit=shown + 1)
    summaries = studio.comparisons.summaries(found[:shown], faces=THUMBS)
    _piece(
        key=KEY,
        data={
            "items": [row(*each) for each in zip(found[:shown], summaries, strict=True)],
            "more": len(found) > shown and shown < MOST,
            "rev": rev,
            "live": live(1),
            "home": page_url("compare"),
            "example": _example(),
            "said": st.session_state.get(_SAID),
        },
        on_act_change=_acts,
    )
    draw.busy(sum(summary.pending for summary in summaries))


draw = Ticking(_draw, every_s=TICK_S)


def say(text: str) -> None:
    st.session_state[_SAID] = {"n": time.time_ns() // 10**6, "text": text}


def _acts() -> None:
    said: Any = st.session_state[KEY].act
    if not isinstance(said, Mapping):
        return
    match said.get("do"):
        case "open":
            st.query_params[form.PARAM] = str(said.get("id"))
            st.session_state[_AGAIN] = True
        case "example":
            form.put(form.EXAMPLE)
            st.session_state[_AGAIN] = True
        case "more":
            st.session_state[_SHOWN] = min(st.session_state.get(_SHOWN, STEP) + STEP, MOST)
        case "delete":
            try:
                bootstrap.get().comparisons.delete(str(said.get("id")), owner=me())
                say("The comparison is gone. Its pictures are in the gallery.")
            except ReveError as exc:
                say(str(exc))


def row(comparison: Comparison, summary: Summary) -> dict[str, Any]:
    cells = asking.count(summary.cells)
    return {
        "id": comparison.id,
        "title": comparison.title or gridview.title(comparison),
        "thumbs": [_thumb(job) for job in summary.faces],
        "about": _about(comparison),
        "label": _label(comparison) if summary.faces else "",
        "says": cells if summary.done == summary.cells else f"{summary.done:,} of {cells}",
        "pending": summary.pending,
        "votes": asking.count(summary.votes, "vote") if summary.votes else "",
        "created": comparison.created_at.isoformat(),
    }


def _label(comparison: Comparison) -> str:
    """The marks of the pictures in the row."""
    label = bootstrap.get().catalogue.label
    return " · ".join(dict.fromkeys(label(maker.provider) for maker in comparison.makers))


def _about(comparison: Comparison) -> str:
    parts = [asking.count(len(comparison.originals), "prompt")]
    if len(comparison.makers) > 1:
        parts.append(asking.count(len(comparison.makers), "model"))
    if len(comparison.aspect_ratios) > 1:
        parts.append(asking.count(len(comparison.aspect_ratios), "shape"))
    if comparison.samples > 1:
        parts.append(f"{comparison.samples} of each")
    return " · ".join(parts)


def _thumb(job: Job) -> dict[str, str]:
    assert job.image is not None
    prompt = job.request.prompt
    return {
        "src": image_url(job.image.thumbnail),
        "alt": prompt if len(prompt) <= _ALT else prompt[:_ALT] + "…",
    }


def _example() -> list[dict[str, Any]]:
    """Two pictures that came with the app, as one would compare them."""
    known: dict[str, Example] = {example.name: example for example in examples()}
    pair = [known[name] for name in _EXAMPLES if name in known]
    marked = words.marked([example.prompt for example in pair])
    return [
        {
            "src": example_url(example.picture),
            "alt": example.prompt,
            "words": [["+" if piece.kind == "added" else "=", piece.text] for piece in pieces],
        }
        for example, pieces in zip(pair, marked, strict=True)
    ]
