"""The form's side that can be wrong without a browser: what there is to choose from, and reading what came back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pages.parts import ownkeys, standing
from reve_core import views, waits
from reve_core.catalogue import ProviderView
from reve_core.errors import BadInput
from reve_core.models import JobRequest, ModelInfo, Quote, ratio_of
from reve_core.service import Studio

PAID = "Paid by your own key"
MOST = 4  # pictures at a time from this page
COMMON = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16")
STYLES = (
    "watercolor",
    "oil painting",
    "ink drawing",
    "poster",
    "comic",
    "pixel art",
    "low poly",
    "neon",
    "noir",
    "photo",
)


def key_of(provider: str, model: str) -> str:
    """The value of one entry of the model choice."""
    return f"{provider}/{model}"


def choices(studio: Studio, here: standing.View | None = None) -> list[dict[str, Any]]:
    """Every model of every provider, the default one first, with what the form needs to know of it."""
    here = here or standing.now(studio)
    quotes = studio.catalogue.quotes(MOST, here.turn)
    return [
        _choice(view, model, quotes[view.name, model.id], here)
        for view in studio.catalogue.providers()
        for model in view.models
    ]


def _choice(view: ProviderView, model: ModelInfo, quotes: list[Quote], here: standing.View) -> dict[str, Any]:
    able = model.capabilities
    paid = standing.is_paid(view, here.paid)
    made_by = model.title if view.title in model.title else f"{view.title} · {model.title}"
    if paused := standing.paused_words(view, here):
        paused = f"{paused} What you create now waits in line."
    return {
        **offer(view, model, here),
        "key": key_of(view.name, model.id),
        "title": standing.title(view.name, made_by, model, here.paid),
        "ratios": [[name, width / height] for name in able.aspect_ratios for width, height in [ratio_of(name)]],
        "default": able.default_ratio,
        "max": able.max_prompt_chars,
        "seed": able.seed,
        "paused": paused,
        "own": ownkeys.offer(view.name, view.title, model, here.paid),
        "quotes": [
            {
                "price": PAID if paid else price_words(quote),
                "spends": standing.spends(model, quote, paid=paid),
                "wait": "Once it goes on" if paused else wait_words(quote),
                "refused": here.refused([(view.name, model)], count, quote),
            }
            for count, quote in enumerate(quotes, 1)
        ],
    }


def offer(view: ProviderView, model: ModelInfo, here: standing.View) -> dict[str, Any]:
    """
    What a list of models says of this one: see ``assets/choosing.js``. ``closed`` is why its provider makes nothing for now.
    """
    able, paid = model.capabilities, standing.is_paid(view, here.paid)
    needs = able.own_key == "must" and view.name not in here.paid
    usual = here.studio.catalogue.usually(view.name, model)
    return {
        "group": view.title,
        "name": model.title + (" · needs your key" if needs else ""),
        "each": PAID.lower() if paid else views.price_words(able.price.credits, able.price.usd),
        "usual": usual_words(*usual.seconds, from_history=usual.from_history),
        "closed": view.why(public=here.studio.visitors.public) or "Paused."
        if standing.is_paused(view, here.paid)
        else "",
        "supports": views.supports(able),
        "notes": [words for words in (able.note, "" if paid else views.price_source(able.price)) if words],
    }


def price_words(quote: Quote) -> str:
    """``"Free"``, ``"$0.25"``, or such as ``"150 credits · about $0.20"``."""
    return views.price_words(quote.credits, quote.usd)


def wait_words(quote: Quote) -> str:
    """How long it will take here, counting the jobs in line before it."""
    return usual_words(quote.low_s, quote.high_s, from_history=quote.from_history)


def usual_words(low_s: float, high_s: float, *, from_history: bool) -> str:
    words = waits.in_words(low_s, high_s)
    return f"{words}, as usual here" if from_history else words


def read(form: Mapping[str, Any]) -> tuple[JobRequest, int]:
    """What the browser sent, as a request and a number of pictures. It is a stranger's JSON: anything may be in it."""
    provider, _, model = _text(form, "model").partition("/")
    count, seed = form.get("count", 1), _text(form, "seed").strip()
    if type(count) is not int or not 1 <= count <= MOST:  # a truth value is an int to isinstance
        raise BadInput(f"Choose 1 to {MOST} pictures.", "count")
    if seed and not (seed.isascii() and seed.isdigit() and len(seed) <= 10 and int(seed) < 2**32):
        raise BadInput("A seed is a whole number from 0 to 4,294,967,295. Leave it empty for a random one.", "seed")
    request = JobRequest(
        prompt=_text(form, "prompt"),
        aspect_ratio=_text(form, "ratio") or "1:1",
        seed=int(seed) if seed else None,
        provider=provider,
        model=model,
    )
    return request, count


def _text(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name, "")
    if not isinstance(value, str):
        raise BadInput("The form did not arrive whole. Reload the page and try again.", name)
    return value


def fill(request: JobRequest, *, prompt_only: bool = False) -> dict[str, Any]:
    """What puts a request back into the form. A provider that is not here any more is adapted, and said, over there."""
    if prompt_only:
        return {"prompt": request.prompt}
    return {
        "prompt": request.prompt,
        "ratio": request.aspect_ratio,
        "seed": "" if request.seed is None else str(request.seed),
        **({"model": key_of(request.provider, request.model)} if request.provider else {}),
    }


def sent(count: int, *, paused: bool = False, held: bool = False) -> str:
    """``paused``: the provider is, so nothing is on its way yet. ``held``: a person decides first."""
    if held:
        return "A person looks at it first."
    if paused:
        return "Your picture waits in line." if count == 1 else f"{count} pictures wait in line."
    return "Your picture is on its way." if count == 1 else f"{count} pictures are on their way."
