"""The side of the Compare form that can be wrong without a browser: what it offers, what came back, what that would cost."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pages.parts import form, ownkeys, standing
from reve_core import views
from reve_core.catalogue import ProviderView
from reve_core.compare import template
from reve_core.compare.models import MAX_PROMPTS, MAX_SAMPLES, Axes, Comparison, Maker, Plan
from reve_core.errors import BadInput
from reve_core.models import JobRequest, ModelInfo, Quote, ratio_of
from reve_core.service import Studio

_WHOLE = re.compile(r"-?[0-9]{1,30}")  # whether it is within the range of seeds is said elsewhere
_AMOUNT = re.compile(r"\$?\s*(-?\d{1,9}(?:[.,]\d{1,4})?)\s*\$?")
_SIGN = re.compile(r"[{|}]")
# What a single picture's field is called here.
_FIELDS = {
    "prompt": "prompts",
    "provider": "makers",
    "model": "makers",
    "aspect_ratio": "aspect_ratios",
    "seed": "seeds",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A filled form. ``dropped`` is how many of its lines said what another one did."""

    axes: Axes
    title: str
    question: str
    cap_usd: float | None
    reuse: bool
    dropped: int


# -- what there is to choose from


def choices(studio: Studio, here: standing.View) -> list[dict[str, Any]]:
    """Every model of every provider, the default one first."""
    return [_choice(view, model, here) for view in studio.catalogue.providers() for model in view.models]


def _choice(view: ProviderView, model: ModelInfo, here: standing.View) -> dict[str, Any]:
    able, paid = model.capabilities, standing.is_paid(view, here.paid)
    one = Quote(able.price.credits, able.price.usd, 0, 0)
    return {
        **form.offer(view, model, here),
        "key": form.key_of(view.name, model.id),
        "title": standing.title(view.name, here.studio.catalogue.title(view.name, model.id), model, here.paid),
        "ratios": [[name, width / height] for name in able.aspect_ratios for width, height in [ratio_of(name)]],
        "default": able.default_ratio,
        "seed": able.seed,
        "own": ownkeys.offer(view.name, view.title, model, here.paid),
        "paused": standing.is_paused(view, here.paid),
        "price": form.PAID.lower() if paid else form.price_words(one),
        "spends": standing.spends(model, one, paid=paid),
    }


def fill(request: JobRequest) -> dict[str, Any]:
    """A form in which this picture's prompt is A, and B is still to be written."""
    return {
        "prompts": line(request.prompt) + "\n",
        "models": [form.key_of(request.provider, request.model)],
        "ratios": [request.aspect_ratio],
    }


def fill_again(comparison: Comparison) -> dict[str, Any]:
    """A form for another comparison like this one."""
    return {
        "prompts": "\n".join(line(row.prompt) for row in comparison.originals),
        "models": [form.key_of(maker.provider, maker.model) for maker in comparison.makers],
        "ratios": list(comparison.aspect_ratios),
        "seeds": ", ".join(map(str, comparison.seeds)),
        "samples": comparison.samples,
        "question": comparison.question,
        "cap": "" if comparison.cap_usd is None else f"{comparison.cap_usd:g}",
    }


def line(prompt: str) -> str:
    """A prompt as one line of the form that means just this prompt: nothing in it is taken for a variant."""
    text = " ".join(prompt.split("\n")).strip()
    return text if template.preview(text, 2) == [text] else _SIGN.sub(r"\\\g<0>", text)


# -- what came back. It is a stranger's JSON: anything may be in it


def read(sent: Mapping[str, Any]) -> Asked:
    """Raises BadInput, with the field that is wrong."""
    found = template.lines(text_of(sent, "prompts"), MAX_PROMPTS)
    samples = sent.get("samples", 1)
    if type(samples) is not int or not 1 <= samples <= MAX_SAMPLES:  # a truth value is an int to isinstance
        raise BadInput(f"Choose 1 to {MAX_SAMPLES} pictures of each.", "samples")
    axes = Axes(
        prompts=found.prompts,
        makers=tuple(
            Maker(provider=provider, model=model)
            for provider, _, model in (key.partition("/") for key in _texts(sent, "models"))
        ),
        aspect_ratios=_texts(sent, "ratios"),
        seeds=_seeds(text_of(sent, "seeds")),
        samples=samples,
    )
    return Asked(
        axes=axes,
        title=text_of(sent, "title"),
        question=text_of(sent, "question"),
        cap_usd=amount(text_of(sent, "cap")),
        reuse=sent.get("reuse") is not False,
        dropped=found.dropped,
    )


def amount(text: str) -> float | None:
    """US dollars as typed; None where nothing was. Raises BadInput."""
    if not text.strip():
        return None
    found = _AMOUNT.fullmatch(text.strip())
    if found is None or not found[1].isascii():
        raise BadInput(
            "A spending limit is an amount in US dollars, such as 2.50. Leave it empty for no limit.", "cap_usd"
        )
    return float(found[1].replace(",", "."))


def text_of(sent: Mapping[str, Any], name: str) -> str:
    value = sent.get(name, "")
    if not isinstance(value, str):
        raise BadInput("The form did not arrive whole. Reload the page and try again.", name)
    return value


def _texts(sent: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = sent.get(name, [])
    if not isinstance(values, list) or len(values) > 100 or not all(isinstance(value, str) for value in values):
        raise BadInput("The form did not arrive whole. Reload the page and try again.", name)
    return tuple(dict.fromkeys(values))


def _seeds(text: str) -> tuple[int, ...]:
    parts = [part for part in re.split(r"[\s,;]+", text) if part]
    if not all(_WHOLE.fullmatch(part) for part in parts):
        raise BadInput(
            "Seeds are whole numbers with commas between, such as 1, 2, 3. Leave them empty for random ones.", "seeds"
        )
    return tuple(dict.fromkeys(int(part) for part in parts))


# -- in words


def count(number: int, what: str = "picture") -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def held_words(plan: Plan, cap_usd: float | None) -> str:
    """What the spending limit does, where it does anything."""
    if not plan.held or cap_usd is None:
        return ""
    if not plan.new:
        return f"The limit of ${cap_usd:,.2f} is less than a single picture costs. Raise it, or leave it empty."
    waiting = "1 waits" if plan.held == 1 else f"{plan.held:,} wait"
    return f"The limit of ${cap_usd:,.2f} pays for {plan.new:,} of the new ones; {waiting} until you raise it."


def button_words(plan: Plan) -> str:
    if plan.new:
        return f"Make {count(plan.new)}"
    return "Compare them" if plan.have else "Make pictures"


def asked_words(asked: Asked, plan: Plan, here: standing.View) -> dict[str, Any]:
    """What stands around the button."""
    ready = plan.new > 0 or plan.have > 0
    models = {(view.name, model.id): model for view in here.studio.catalogue.providers() for model in view.models}
    chosen = [(maker.provider, maker.model) for maker in asked.axes.makers]
    makers = [(name, models[name, model]) for name, model in chosen if (name, model) in models]
    return {
        "refused": here.refused(makers, plan.new, plan.quote),
        "says": views.plan_words(plan),
        "by_maker": _by_maker(plan, models),
        "held": held_words(plan, asked.cap_usd),
        "button": button_words(plan),
        "ready": ready,
    }


def _by_maker(plan: Plan, models: Mapping[tuple[str, str], ModelInfo]) -> dict[str, str]:
    """What each of several models would take of it, by its key: ``"6 for $1.50"``."""
    if len(plan.by_maker) < 2:
        return {}
    found = {}
    for maker, number in plan.by_maker.items():
        price = models[maker].capabilities.price
        total = views.price_words(price.credits * number, price.usd * number)
        found[form.key_of(*maker)] = f"{number:,} for {'nothing' if total == 'Free' else total.split(' · ')[0]}"
    return found


def problem(error: BadInput, prompts: Sequence[str] = ()) -> dict[str, Any]:
    """A refusal, beside the field that it is about. ``item`` is the number of the prompt, from 0."""
    field = error.field or ""
    item = error.item if field == "prompt" and prompts else None
    return {"problem": str(error), "field": _FIELDS.get(field, field), "item": item}
