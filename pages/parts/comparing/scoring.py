"""
Scoring alone: two pictures at a time, blind, over the whole window, as one Components v2 piece with the buttons that open it.

The piece holds pairs in store, so that a key press shows the next one at once, and keeps every vote until Python has said
that it is stored: what Streamlit drops is sent again, and storing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from pages.parts import look
from pages.parts.comparing.sheet import TAB
from pages.parts.me import me
from pages.parts.pictures import image_url
from reve_core import bootstrap
from reve_core.compare.ballots import Kind
from reve_core.compare.models import OWNER, Cell, Comparison
from reve_core.errors import ReveError, StoreError
from reve_core.service import Studio

NAME = "reve_scoring"
KEY = "comparison_scoring"
STORE = 6  # pairs that wait in the browser
_OF, _ANSWER = "scoring_of", "scoring_answer"

_piece = st.components.v2.component(
    NAME,
    html='<div class="reve scoring"></div>',
    css=look.piece_css("scoring.css"),
    js=look.asset("common.js") + look.asset("scoring.js"),
)


def draw(comparison: Comparison) -> None:
    """
    The buttons that open it, and, while it is open, what it shows. "See the result" leads to the tab ``results``.
    """
    st.session_state[_OF] = comparison.id
    answer = st.session_state.get(_ANSWER)
    studio = bootstrap.get()
    _piece(
        key=KEY,
        data={
            "id": comparison.id,
            "frozen": comparison.frozen_at is not None,
            "question": comparison.question,
            "marks": marks(studio, comparison),
            "brackets": _brackets(studio, comparison),
            "answer": answer if answer and answer["of"] == comparison.id else None,
        },
        on_act_change=_acts,
    )


def marks(studio: Studio, comparison: Comparison) -> str:
    """The marks of all that take part, in one line: the same under both pictures, so that it tells nothing."""
    return " · ".join(dict.fromkeys(studio.catalogue.label(maker.provider) for maker in comparison.makers))


def _brackets(studio: Studio, comparison: Comparison) -> list[dict[str, Any]]:
    """``ready`` of ``count`` would take part now; ``coming``: pictures of the others are being made."""
    found: list[dict[str, Any]] = []
    kinds: tuple[tuple[Kind, int], ...] = (("prompts", len(comparison.originals)), ("models", len(comparison.makers)))
    for kind, count in kinds:
        if count > 2:
            ready = len(studio.polls.entrants(comparison, kind))
            found.append({"kind": kind, "count": count, "ready": ready, "coming": False})
    if comparison.frozen_at is None and any(each["ready"] < each["count"] for each in found):
        cells = studio.comparisons.grid(comparison.id, owner=comparison.owner).cells.values()
        pending = any(cell.job is not None and cell.job.status.is_pending for cell in cells)
        for each in found:
            each["coming"] = pending and each["ready"] < each["count"]
    return found


def _acts() -> None:
    """Runs before the page is drawn again."""
    said: Any = st.session_state[KEY].act
    comparison_id = st.session_state.get(_OF)
    if not isinstance(said, Mapping) or comparison_id is None:
        return
    answer: dict[str, Any] = {"of": comparison_id, "n": said.get("n"), "run": said.get("run")}
    try:
        studio = bootstrap.get()
        comparison = studio.comparisons.get(comparison_id, owner=me())
        answer |= _stored(studio, comparison, said)
        match said.get("do"):
            case "pairs":
                answer["pairs"] = _pairs(studio, comparison, said)
            case "result":
                st.query_params[TAB] = "results"
            case "bracket":
                kind: Kind = "models" if said.get("kind") == "models" else "prompts"
                answer["entrants"] = _shown(studio, comparison, studio.polls.entrants(comparison, kind), revealed=True)
    except StoreError as exc:
        answer["problem"] = str(exc)  # the votes stay in the browser, which asks again
    except ReveError as exc:
        answer |= {"problem": str(exc), "refused": True}
    st.session_state[_ANSWER] = answer


def _stored(studio: Studio, comparison: Comparison, said: Mapping[str, Any]) -> dict[str, Any]:
    """``upto`` is the number of the newest vote that need not be sent again."""
    votes = [vote for vote in _list(said.get("votes")) if isinstance(vote, list) and len(vote) == 4]
    if votes:
        studio.polls.score(comparison, [(str(left), str(right), str(choice)) for _, left, right, choice in votes])
    numbers = [vote[0] for vote in votes if isinstance(vote[0], int)]
    cast, left = studio.polls.progress(comparison, OWNER)
    return {"upto": max(numbers, default=0), "cast": cast, "left": left}


def _pairs(studio: Studio, comparison: Comparison, said: Mapping[str, Any]) -> list[dict[str, Any]]:
    waiting = [(str(pair[0]), str(pair[1])) for pair in _list(said.get("waiting")) if len(pair) == 2]
    pairs = studio.polls.pairs(comparison, count=max(0, STORE - len(waiting)), besides=waiting)
    keys = {key for pair in pairs for key in pair}
    pictures = {each["key"]: each for each in _shown(studio, comparison, keys, revealed=False)}
    return [
        {"left": pictures[pair.left], "right": pictures[pair.right]}
        for pair in pairs
        if pair.left in pictures and pair.right in pictures
    ]


def _shown(studio: Studio, comparison: Comparison, keys: Iterable[str], *, revealed: bool) -> list[dict[str, Any]]:
    """Pictures as the piece shows them; ``revealed`` with the name and words that stand at the end of a bracket."""
    found = []
    for key in keys:
        cell = studio.comparisons.cell(comparison.id, key, owner=comparison.owner)
        if cell.job is not None and cell.job.image is not None:
            image = cell.job.image
            found.append(
                {
                    "key": key,
                    "src": image_url(image.name),
                    "thumb": image_url(image.thumbnail),
                    "width": image.width,
                    "height": image.height,
                    **(_told(studio, comparison, cell) if revealed else {}),
                }
            )
    return found


def _told(studio: Studio, comparison: Comparison, cell: Cell) -> dict[str, str]:
    row = comparison.row(cell.place.row)
    return {
        "name": comparison.name_of(cell.place.row),
        "prompt": row.prompt if row else "",
        "label": studio.catalogue.label(cell.place.provider),
        "model": studio.catalogue.title(cell.place.provider, cell.place.model) if len(comparison.makers) > 1 else "",
    }


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
