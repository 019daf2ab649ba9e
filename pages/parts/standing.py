"""
What is left for this visitor, as the forms say it beside their buttons, and what an order would run into.

In personal mode nobody is limited, and nothing of this is on the page.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pages.parts import ownkeys
from pages.parts.me import me, origin
from reve_core import board
from reve_core.allowance import Allowance, Standing, Turn, in_credits
from reve_core.catalogue import ProviderView
from reve_core.errors import LimitReached
from reve_core.models import ModelInfo, Quote
from reve_core.service import Studio

SKETCH = "sketch"  # the provider that needs no key and costs nothing
_WHOSE = {"visitor": "", "address": " for your network", "link": " for everybody"}
_TIMED = ("rate_", "budget_")  # limits of which one can say when they end
_OTHERS = ("budget_", "credits_exhausted")  # limits that the sketch, and one's own key, are not under


@dataclass(frozen=True, slots=True)
class View:
    """How things stand in this run. ``standing`` and ``turn`` are None where nobody is limited."""

    studio: Studio
    standing: Standing | None
    turn: Turn | None
    paid: frozenset[str]

    def data(self) -> dict[str, Any] | None:
        """For the piece; see ``assets/standing.js``."""
        if not self.studio.visitors.public:
            return None
        found: dict[str, Any] = {"n": time.time_ns() // 10**6, "left": "", "busy": "", "resets_s": None}
        found["sketch"] = self._sketch()
        standing, allowance = self.standing, self.studio.admission.allowance()
        if standing is None or allowance is None:
            return found
        if standing.credits_left is not None:
            of = _allowed_credits(allowance, standing.scarcest)
            found["left"] = f"{standing.credits_left:,.0f} of {of:,.0f} credits left today{_WHOSE[standing.scarcest]}"
            found["resets_s"] = max(0, round((standing.resets_at - datetime.now(UTC)).total_seconds()))
        if standing.waiting:
            of_how_many = f" of {allowance.visitor_queue:,}" if allowance.visitor_queue else ""
            pictures = "picture" if standing.waiting == 1 and not of_how_many else "pictures"
            found["busy"] = f"{standing.waiting:,}{of_how_many} {pictures} on their way"
        return found

    def refused(self, makers: Iterable[tuple[str, ModelInfo]], pictures: int, quote: Quote) -> dict[str, Any] | None:
        """What this order would run into as things stand, in words; None: it would be let in."""
        makers = list(makers)
        if not self.studio.visitors.public or not pictures:
            return None
        for name, model in makers:
            if model.capabilities.own_key == "must" and name not in self.paid:
                says = f"{model.title} needs a key of your own here: this link has none."
                return {"code": "own_key", "says": says, "wait_s": None, "others": True}
        if self.standing is None:
            return None
        # Of an order of which a part is paid with an own key nobody here can say beforehand what the rest will cost.
        credits = 0.0 if any(name in self.paid for name, _ in makers) else in_credits(quote.credits, quote.usd)
        limit = self.studio.admission.foresee(self.standing, pictures, credits)
        return None if limit is None else refusal(limit)

    def _sketch(self) -> dict[str, str] | None:
        view = next((view for view in self.studio.catalogue.providers() if view.name == SKETCH), None)
        if view is None or view.paused:
            return None
        return {"key": f"{view.name}/{view.models[0].id}", "label": view.label}


def now(studio: Studio) -> View:
    where = origin()
    standing = studio.admission.standing(me(), where)
    turn = studio.admission.turn(me(), where) if standing is not None else None
    return View(studio, standing, turn, ownkeys.paying())


def refusal(limit: LimitReached) -> dict[str, Any]:
    """``wait_s``: the clock beside the words; None where nobody knows. ``others``: other ways are open."""
    return {
        "code": limit.code,
        "says": limit.reason,
        "wait_s": max(1, round(limit.retry_after_s)) if limit.code.startswith(_TIMED) else None,
        "others": limit.code.startswith(_OTHERS),
    }


def title(name: str, made_by: str, model: ModelInfo, paid: frozenset[str]) -> str:
    """A model's name in a choice, with what it needs before it can be used."""
    needs = model.capabilities.own_key == "must" and name not in paid
    return f"{made_by} · needs your key" if needs else made_by


def is_paid(view: ProviderView, paid: frozenset[str]) -> bool:
    return view.name in paid and any(model.capabilities.own_key != "no" for model in view.models)


def spends(model: ModelInfo, quote: Quote, *, paid: bool) -> bool:
    """Whether an order of that price takes of the credits that the link allows."""
    return not paid and model.capabilities.own_key != "must" and in_credits(quote.credits, quote.usd) > 0


def paused_words(view: ProviderView, here: View) -> str:
    """Why nothing is made there for now, and until when; empty where something is."""
    if not is_paused(view, here.paid):
        return ""
    return board.paused_words(view, datetime.now(UTC), public=here.studio.visitors.public)


def is_paused(view: ProviderView, paid: frozenset[str]) -> bool:
    """Whether what is ordered now would wait."""
    return view.paused and not (is_paid(view, paid) and view.state is not None and view.state.own_keys)


def _allowed_credits(allowance: Allowance, scope: str) -> float:
    return float(getattr(allowance, f"{scope}_credits"))
