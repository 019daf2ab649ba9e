"""
One comparison: its head, its tabs and the player in one Components v2 piece.

The piece asks ``/api/live/comparison`` for the grid by itself, so a picture that comes costs no script run and nothing large
goes through Streamlit. What a person does comes here. Where the host lets no such request through, the grid comes along with
the rest, with thumbnails; a picture in full, and what is known about it, once somebody looks at it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.parts import look
from pages.parts.comparing import asking, form
from pages.parts.host import plain
from pages.parts.me import live, live_at, me, origin
from pages.parts.pictures import image_url, page_url
from reve_core import bootstrap, gridview, views
from reve_core.compare import player, template
from reve_core.compare.models import MAX_PROMPTS, MAX_ROWS, MAX_SAMPLES, Comparison, Plan
from reve_core.errors import BadInput, ReveError
from reve_core.models import Quote
from reve_core.service import Studio
from reve_core.web.live_comparison import grid_news

NAME = "reve_comparison"
KEY = "comparison_sheet"
PARAM, TAB = form.PARAM, "tab"
GRID = "grid"
_SAID, _ANSWER, _MISSING, _GO = (f"comparison_{name}" for name in ("said", "answer", "missing", "go"))
_OPENED, _DETAILS = "comparison_opened", "comparison_details"
_OPEN_MOST = 24  # pictures in full that a page is given again with each run

_piece = st.components.v2.component(
    NAME,
    html='<section class="reve sheet"></section>',
    css=look.piece_css("compare_sheet.css") + player.style(),
    js=look.asset("common.js") + look.asset("live.js") + player.script() + look.asset("compare_sheet.js"),
)


def draw(studio: Studio, comparison: Comparison, tabs: Mapping[str, str]) -> str:
    """``tabs``: titles by key. Returns the key of the one that is shown; below the piece is its place."""
    asked = st.query_params.get(TAB, GRID)
    tab = asked if asked in tabs else GRID
    _piece(
        key=KEY,
        data={
            "id": comparison.id,
            "live": live_at(f"/api/live/comparison/{comparison.id}"),
            "cards": live(1),
            "news": _news(studio, comparison) if plain() is not None else None,
            "details": _for(comparison, _DETAILS),
            "home": page_url("compare"),
            "title": comparison.title,
            "named": gridview.title(comparison),
            "question": comparison.question,
            "cap": "" if comparison.cap_usd is None else f"{comparison.cap_usd:g}",
            "spent": _spent(studio, comparison),
            "prompts": len(comparison.originals),
            "rows": len(comparison.rows),
            "samples": comparison.samples,
            "most": {"prompts": MAX_PROMPTS, "all": MAX_ROWS, "samples": MAX_SAMPLES},
            "twin": _twin(studio, comparison),
            "tab": tab,
            "tabs": [{"key": key, "title": title} for key, title in tabs.items()],
            "theme": st.context.theme.type,
            "made": form.made_by(comparison.id),
            "missing": _for(comparison, _MISSING),
            "answer": _for(comparison, _ANSWER),
            "said": _for(comparison, _SAID),
        },
        on_act_change=_acts,
    )
    return tab


def say(comparison_id: str, text: str) -> None:
    st.session_state[_SAID] = {"of": comparison_id, "n": time.time_ns() // 10**6, "text": text}


def gone() -> tuple[str, dict[str, str]] | None:
    """The page that a person has asked for, and its parameters. Asked once."""
    go: tuple[str, dict[str, str]] | None = st.session_state.pop(_GO, None)
    return go


def pending(studio: Studio, comparison: Comparison) -> int:
    """How many of its pictures are on their way."""
    cells = studio.comparisons.grid(comparison.id, owner=comparison.owner).cells.values()
    return sum(cell.job is not None and cell.job.status.is_pending for cell in cells)


def _news(studio: Studio, comparison: Comparison) -> dict[str, object]:
    """The grid as the piece gets it from ``/api/live/comparison`` elsewhere."""
    opened: set[str] = set((_for(comparison, _OPENED) or {}).get("jobs", ()))
    return grid_news(
        studio,
        comparison.id,
        comparison.owner,
        thumbnail=lambda _, image: image_url(image.thumbnail),
        full=lambda job, image: image_url(image.name) if job.id in opened else "",
    )


def _for(comparison: Comparison, name: str) -> dict[str, Any] | None:
    """A message that is this comparison's and no other's."""
    kept: dict[str, Any] | None = st.session_state.get(name)
    return kept if kept and kept["of"] == comparison.id else None


# -- what a person does; this runs before the page is drawn again


def _acts() -> None:
    said: Any = st.session_state[KEY].act
    comparison_id = st.query_params.get(PARAM)
    if not isinstance(said, Mapping) or not comparison_id:
        return
    what = said.get("do")
    answers = isinstance(what, str) and what in ("plan_add", "plan_samples", "add", "samples", "describe")
    try:
        if answers:
            _answer(comparison_id, said, {"made": True} if _change(comparison_id, said) is None else None)
        else:
            _act(bootstrap.get(), comparison_id, said)
    except ReveError as exc:
        if answers:
            early = what == "plan_add" and not str(said.get("prompts", "")).strip()
            _answer(comparison_id, said, {"problem": str(exc), "early": early})
        else:
            say(comparison_id, str(exc))


def _answer(comparison_id: str, said: Mapping[str, Any], answer: dict[str, Any] | None) -> None:
    if answer is not None:
        st.session_state[_ANSWER] = {"of": comparison_id, "n": said.get("n"), **answer}


def _change(comparison_id: str, said: Mapping[str, Any]) -> Plan | None:
    """What a form above the page asks for: the plan, which is answered here, or None where it was done."""
    studio, owner = bootstrap.get(), me()
    match said.get("do"):
        case "describe":
            studio.comparisons.describe(
                comparison_id,
                owner=owner,
                question=asking.text_of(said, "question"),
                cap_usd=asking.amount(asking.text_of(said, "cap")),
            )
            say(comparison_id, "Saved.")
            return None
        case "plan_add" | "add":
            comparison = studio.comparisons.get(comparison_id, owner=owner)
            left = MAX_PROMPTS - len(comparison.originals)
            more: dict[str, Any] = {"prompts": template.lines(asking.text_of(said, "prompts"), left).prompts}
            if not more["prompts"]:
                raise BadInput("Write a prompt, one on each line.", "prompts")
        case _:
            samples = said.get("samples")
            if type(samples) is not int:
                raise BadInput(f"Choose up to {MAX_SAMPLES} pictures of each.", "samples")
            more = {"samples": samples}
    plan = studio.comparisons.plan_extension(comparison_id, owner=owner, **more)
    if str(said.get("do")).startswith("plan_"):
        cap = studio.comparisons.get(comparison_id, owner=owner).cap_usd
        held = f"The limit of ${cap:,.2f} holds {plan.held:,} of them back." if plan.held and cap is not None else ""
        button = f"Make {asking.count(plan.new)}" if plan.new else "Add them"
        _answer(comparison_id, said, {"says": views.plan_words(plan), "held": held, "button": button})
        return plan
    studio.comparisons.extend(comparison_id, owner=owner, origin=origin(), **more)
    say(comparison_id, _done(plan))
    return None


def _act(studio: Studio, comparison_id: str, said: Mapping[str, Any]) -> None:
    comparisons, owner = studio.comparisons, me()
    keys, row = [str(key) for key in said.get("keys") or ()], str(said.get("row") or "")
    match said.get("do"):
        case "tab":
            tab = str(said.get("tab"))
            if tab == GRID:
                st.query_params.pop(TAB, None)
            else:
                st.query_params[TAB] = tab
        case "list":
            _leave()
        case "title":
            comparisons.describe(comparison_id, owner=owner, title=str(said.get("title") or ""))
        case "twin":
            plan = comparisons.plan_extension(comparison_id, owner=owner, twin_of=row)
            comparisons.extend(comparison_id, owner=owner, origin=origin(), twin_of=row)
            say(comparison_id, _done(plan))
        case "remove_row":
            comparisons.remove_row(comparison_id, row, owner=owner)
            say(comparison_id, "The row is gone. Its pictures are in the gallery.")
        case "missing":
            _price_missing(studio, comparison_id)
        case "again":
            _again(studio, comparison_id, None)
        case "retry" | "rerun":
            _again(studio, comparison_id, keys)
        case "cancel":
            asked = comparisons.cancel(comparison_id, keys or None, owner=owner)
            say(comparison_id, f"{asking.count(asked)} stopped." if asked else "There was nothing left to stop.")
        case "remove":
            comparisons.remove(comparison_id, keys, owner=owner)
            say(comparison_id, "Taken out of the grid. The picture is in the gallery.")
        case "open" if keys:
            job = comparisons.cell(comparison_id, keys[0], owner=owner).job
            if job is not None:
                st.session_state[_GO] = ("gallery.py", {"image": job.id})
        case "look" if keys:
            _look(studio, comparison_id, keys[:4])
        case "queue":
            st.session_state[_GO] = ("queue.py", {})
        case "again_like":
            form.put(asking.fill_again(comparisons.get(comparison_id, owner=owner)))
            _leave()
        case "delete":
            comparisons.delete(comparison_id, owner=owner)
            _leave()


def _look(studio: Studio, comparison_id: str, keys: Sequence[str]) -> None:
    """Somebody looks at these pictures: they come in full, with what is known about them."""
    found = [(key, studio.comparisons.cell(comparison_id, key, owner=me())) for key in keys]
    kept = st.session_state.get(_OPENED)
    before: list[str] = kept["jobs"] if kept and kept["of"] == comparison_id else []
    jobs = [cell.job.id for _, cell in found if cell.job is not None]
    st.session_state[_OPENED] = {
        "of": comparison_id,
        "jobs": [*(old for old in before if old not in jobs), *jobs][-_OPEN_MOST:],
    }
    st.session_state[_DETAILS] = {
        "of": comparison_id,
        "n": time.time_ns() // 10**6,
        "cells": {key: gridview.details(cell, catalogue=studio.catalogue) for key, cell in found},
    }


def _leave() -> None:
    st.query_params.clear()


def _again(studio: Studio, comparison_id: str, keys: Sequence[str] | None) -> None:
    ordered = studio.comparisons.run_again(comparison_id, keys, owner=me(), origin=origin())
    say(
        comparison_id,
        f"{asking.count(ordered)} on {'its' if ordered == 1 else 'their'} way." if ordered else "Nothing to make.",
    )


def _price_missing(studio: Studio, comparison_id: str) -> None:
    comparisons, owner = studio.comparisons, me()
    pulse = comparisons.pulse(comparison_id, owner=owner)  # before the plan, so that it is never older than it says
    plan = comparisons.plan_again(comparison_id, owner=owner)
    button = (
        "Make the missing one"
        if plan.new == 1
        else f"Make {plan.new:,} of them"
        if plan.held
        else "Make the missing ones"
    )
    held = f"the spending limit holds {plan.held:,} back" if plan.held else ""
    cost = f"{views.quote_words(plan.quote)} to make" if plan.new else ""
    st.session_state[_MISSING] = {
        "of": comparison_id,
        "pulse": pulse,
        "new": plan.new,
        "held": plan.held,
        "button": button,
        "says": ", ".join(filter(None, (cost, held))),
    }


# -- in words


def _done(plan: Plan) -> str:
    words = views.plan_words(plan)
    return f"Added {words[0].lower()}{words[1:]}."


def _spent(studio: Studio, comparison: Comparison) -> str:
    spending = studio.comparisons.spending(comparison.id, owner=me())
    if not spending.committed:
        return "Nothing has been spent on it so far."
    coming = f", and ${spending.coming:,.2f} is on its way" if spending.coming else ""
    return f"${spending.spent:,.2f} has been spent on it so far{coming}."


def _twin(studio: Studio, comparison: Comparison) -> str:
    """What an A-vs-A row costs at most: "4 pictures, free"."""
    counts: dict[tuple[str, str], int] = {}
    for maker in comparison.makers:
        seeds = len(comparison.seeds) if studio.catalogue.takes_seeds(maker.provider, maker.model) else 1
        number = len(comparison.aspect_ratios) * max(1, seeds) * comparison.samples
        counts[maker.provider, maker.model] = number
    try:
        quote: Quote = studio.catalogue.quote_all(counts)
    except ReveError:
        return ""  # a model that is not offered any more: the row itself will say so
    return f"{asking.count(sum(counts.values()))}, {views.quote_words(quote)}"
