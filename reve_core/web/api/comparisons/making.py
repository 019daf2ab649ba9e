"""To plan a comparison and to make one."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from reve_core.compare import template
from reve_core.compare.models import MAX_PROMPTS, Axes, Comparison, Maker
from reve_core.errors import BadInput
from reve_core.service import Studio
from reve_core.web.api.comparisons.answers import GROUP, WAIT, plan_of, waited
from reve_core.web.api.comparisons.shapes import ComparisonShape, Extension, NewComparison, PlanShape, Wanted
from reve_core.web.api.endpoint import Call, Operation, answer
from reve_core.web.api.jobs import IDEMPOTENCY_KEY
from reve_core.web.api.standing import GIVES, limit_headers
from reve_core.web.problems import Invalid, of_item

_P = ParamSpec("_P")
_T = TypeVar("_T")
_WANTED: TypeAdapter[Wanted] = TypeAdapter(Wanted)
_NEW: TypeAdapter[NewComparison] = TypeAdapter(NewComparison)


async def quote(call: Call) -> Response:
    owner = call.mine
    wanted = await call.body(_WANTED)

    def run() -> PlanShape:
        axes, cap_usd = _axes(call.studio, wanted, owner)
        return plan_of(
            said(wanted, call.studio.comparisons.plan, axes, cap_usd=cap_usd, reuse=wanted.reuse, owner=owner)
        )

    return answer(await run_in_threadpool(run))


async def create(call: Call) -> Response:
    owner = call.mine
    new = await call.body(_NEW)
    key = call.request.headers.get("idempotency-key")

    def run() -> tuple[Comparison, bool]:
        comparisons = call.studio.comparisons
        replayed = key is not None and comparisons.made_with(key, owner=owner)
        if new.pictures is not None:
            if sum(each is not None for each in (new.prompts, new.template, new.from_)):
                raise BadInput("Give either pictures that are there, or prompts to make pictures of.", "pictures")
            made = comparisons.of_pictures(
                new.pictures,
                owner=owner,
                origin=call.origin,
                title=new.title,
                question=new.question,
                idempotency_key=key,
            )
            return made, replayed
        axes, cap_usd = _axes(call.studio, new, owner)
        made = said(
            new,
            comparisons.make,
            axes,
            cap_usd=cap_usd,
            reuse=new.reuse,
            owner=owner,
            origin=call.origin,
            title=new.title,
            question=new.question,
            idempotency_key=key,
        )
        return made, replayed

    made, replayed = await run_in_threadpool(run)
    headers = {"Location": f"/api/v1/comparisons/{made.id}"} | limit_headers(call)
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    shape = await waited(call, made.id, headers)
    return answer(shape, 201, headers)


def _axes(studio: Studio, wanted: Wanted, owner: str) -> tuple[Axes, float | None]:
    """What is asked for, with what is left out taken from the comparison that it is to be like."""
    sources = [each for each in (wanted.prompts, wanted.template, wanted.from_) if each is not None]
    if not sources or (len(sources) > 1 and wanted.from_ is None) or len(sources) > 2:
        raise BadInput("Give what to compare: either prompts, or a template, or the id of a comparison.", "prompts")
    like, cap_usd = Axes(prompts=()), wanted.cap_usd
    if wanted.from_ is not None:
        found = studio.comparisons.get(wanted.from_, owner=owner)
        like = found.axes
        cap_usd = wanted.cap_usd if "cap_usd" in wanted.model_fields_set else found.cap_usd
    return Axes(
        prompts=like.prompts if wanted.prompts is None and wanted.template is None else prompts_of(wanted),
        makers=like.makers
        if wanted.makers is None
        else tuple(Maker(provider=maker.provider, model=maker.model) for maker in wanted.makers),
        aspect_ratios=like.aspect_ratios if wanted.aspect_ratios is None else tuple(wanted.aspect_ratios),
        seeds=like.seeds if wanted.seeds is None else tuple(wanted.seeds),
        samples=like.samples if wanted.samples is None else wanted.samples,
    ), cap_usd


def prompts_of(asked: Wanted | Extension) -> tuple[str, ...]:
    if asked.template is None:
        return tuple(asked.prompts or ())
    try:
        return template.lines(asked.template, MAX_PROMPTS).prompts
    except BadInput as exc:
        raise Invalid([("template", str(exc))]) from None


def said(asked: Wanted | Extension, run: Callable[_P, _T], *args: _P.args, **words: _P.kwargs) -> _T:
    """Do it; a mistake in one of several prompts is told with its number."""
    try:
        return run(*args, **words)
    except BadInput as exc:
        if exc.item is not None and asked.template is None and exc.field in ("prompt", None):
            raise of_item(exc, f"prompts.{exc.item}") from None
        raise


OPERATIONS = (
    Operation(
        "POST",
        "/api/v1/comparisons/quote",
        "quoteComparison",
        "Say what a comparison would take",
        quote,
        {200: PlanShape},
        body=_WANTED,
        example={"prompts": ["a red fox in snow", "a blue fox in snow"], "samples": 3},
        problems=(401, 404, 413, 415, 422, 503),
        group=GROUP,
        about="How many pictures, how many of them you have already, the price of the rest and the usual wait.",
    ),
    Operation(
        "POST",
        "/api/v1/comparisons",
        "createComparison",
        "Make a comparison",
        create,
        {201: ComparisonShape},
        body=_NEW,
        example={"template": "a {red|blue} fox in snow", "samples": 3, "cap_usd": 2.5, "title": "Foxes"},
        problems=(401, 403, 404, 409, 410, 413, 415, 422, 429, 503),
        headers={"Idempotency-Key": IDEMPOTENCY_KEY.replace("the same jobs", "the same comparison"), **WAIT},
        gives=("Idempotency-Replayed", "Location", "Preference-Applied", "Retry-After", *GIVES),
        group=GROUP,
        about="What it needs and you do not have is queued with it, in one go. Its pictures are ordinary jobs.",
    ),
)
