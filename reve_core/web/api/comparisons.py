"""The operations on comparisons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, cast

from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from reve_core import gridview, views
from reve_core.compare import template
from reve_core.compare.models import MAX_PROMPTS, Axes, Comparison, Grid, Maker, Plan
from reve_core.compare.models import Cell as GridCell
from reve_core.compare.result_view import results_view
from reve_core.errors import BadInput
from reve_core.service import Studio
from reve_core.web.api.comparison_shapes import (
    CellsDone,
    CellShape,
    CellState,
    CellsToRemove,
    CellsToRun,
    ColumnShape,
    ComparisonChange,
    ComparisonList,
    ComparisonPage,
    ComparisonShape,
    ComparisonSummary,
    Extension,
    MakerShape,
    NewComparison,
    NewComparisonShare,
    PlanShape,
    ResultOf,
    ResultShape,
    RowShape,
    SomeCells,
    SpendingShape,
    Wanted,
)
from reve_core.web.api.described import image_path
from reve_core.web.api.endpoint import Call, Operation, answer, nothing, tagged
from reve_core.web.api.jobs import IDEMPOTENCY_KEY, PREFER
from reve_core.web.api.shapes import Image, JobError, ShareShape
from reve_core.web.api.shares import shape_of_link
from reve_core.web.api.waiting import asked_to_wait, until_ended
from reve_core.web.bodies import read_query
from reve_core.web.problems import Invalid

GROUP = "Comparisons"
_WANTED: TypeAdapter[Wanted] = TypeAdapter(Wanted)
_NEW: TypeAdapter[NewComparison] = TypeAdapter(NewComparison)
_CHANGE: TypeAdapter[ComparisonChange] = TypeAdapter(ComparisonChange)
_MORE: TypeAdapter[Extension] = TypeAdapter(Extension)
_RUN: TypeAdapter[CellsToRun] = TypeAdapter(CellsToRun)
_CELLS: TypeAdapter[SomeCells] = TypeAdapter(SomeCells)
_REMOVE: TypeAdapter[CellsToRemove] = TypeAdapter(CellsToRemove)
_SHARE: TypeAdapter[NewComparisonShare] = TypeAdapter(NewComparisonShare)
_POLL_S = 1


# ---------------------------------------------------------------- making


async def quote(call: Call) -> Response:
    owner = call.mine
    wanted = await call.body(_WANTED)

    def run() -> PlanShape:
        axes, cap_usd = _axes(call.studio, wanted, owner)
        return plan_of(
            _said(wanted, call.studio.comparisons.plan, axes, cap_usd=cap_usd, reuse=wanted.reuse, owner=owner)
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
                new.pictures, owner=owner, title=new.title, question=new.question, idempotency_key=key
            )
            return made, replayed
        axes, cap_usd = _axes(call.studio, new, owner)
        made = _said(
            new,
            comparisons.make,
            axes,
            cap_usd=cap_usd,
            reuse=new.reuse,
            owner=owner,
            title=new.title,
            question=new.question,
            idempotency_key=key,
        )
        return made, replayed

    made, replayed = await run_in_threadpool(run)
    headers = {"Location": f"/api/v1/comparisons/{made.id}"}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    shape = await _waited(call, made.id, headers)
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
        prompts=like.prompts if wanted.prompts is None and wanted.template is None else _prompts(wanted),
        makers=like.makers
        if wanted.makers is None
        else tuple(Maker(provider=maker.provider, model=maker.model) for maker in wanted.makers),
        aspect_ratios=like.aspect_ratios if wanted.aspect_ratios is None else tuple(wanted.aspect_ratios),
        seeds=like.seeds if wanted.seeds is None else tuple(wanted.seeds),
        samples=like.samples if wanted.samples is None else wanted.samples,
    ), cap_usd


def _prompts(asked: Wanted | Extension) -> tuple[str, ...]:
    if asked.template is None:
        return tuple(asked.prompts or ())
    try:
        return template.lines(asked.template, MAX_PROMPTS).prompts
    except BadInput as exc:
        raise Invalid([("template", str(exc))]) from None


def _said(asked: Wanted | Extension, run: Any, *args: Any, **words: Any) -> Any:
    """Do it; a mistake in one of several prompts is told with its number."""
    try:
        return run(*args, **words)
    except BadInput as exc:
        if exc.item is not None and asked.template is None and exc.field in ("prompt", None):
            raise Invalid([(f"prompts.{exc.item}", str(exc))]) from None
        raise


# ---------------------------------------------------------------- looking


async def list_(call: Call) -> Response:
    owner, asked = call.mine, read_query(call.request, ComparisonList)

    def run() -> ComparisonPage:
        # One more than asked for tells whether there is another page.
        found = call.studio.comparisons.listed(owner=owner, before=asked.cursor, limit=asked.limit + 1)
        shown, more = found[: asked.limit], len(found) > asked.limit
        return ComparisonPage(comparisons=[summary_of(one) for one in shown], next=shown[-1].id if more else None)

    return tagged(call.request, await run_in_threadpool(run))


async def get(call: Call) -> Response:
    _found(call)
    headers: dict[str, str] = {}
    shape = await _waited(call, comparison_id(call), headers)
    return tagged(call.request, shape, headers)


async def result(call: Call) -> Response:
    comparison = _found(call)
    asked: ResultOf = read_query(call.request, ResultOf)

    def run() -> ResultShape:
        return ResultShape.model_validate(results_view(call.studio.polls.result(comparison, by=asked.by)))

    return tagged(call.request, await run_in_threadpool(run))


# ---------------------------------------------------------------- changing


async def patch(call: Call) -> Response:
    found = _found(call)
    change = await call.body(_CHANGE)
    sent = change.model_fields_set

    def run() -> ComparisonShape:
        comparisons = call.studio.comparisons
        if sent & {"title", "question", "cap_usd"}:
            comparisons.describe(
                found.id,
                owner=found.owner,
                title=change.title if "title" in sent else None,
                question=change.question if "question" in sent else None,
                cap_usd=change.cap_usd if "cap_usd" in sent else "keep",
            )
        if "frozen" in sent:
            comparisons.freeze(found.id, change.frozen, owner=found.owner)
        return _shape(call)

    return answer(await run_in_threadpool(run))


async def extend(call: Call) -> Response:
    found = _found(call)
    more = await call.body(_MORE)
    if not (more.prompts or more.template is not None or more.twin_of is not None or more.samples is not None):
        raise BadInput("Say what to add: prompts, a row to repeat, or more samples.", "prompts")
    if more.prompts and more.template is not None:
        raise BadInput("Give either prompts or a template.", "template")
    how: dict[str, Any] = {"twin_of": more.twin_of, "samples": more.samples, "reuse": more.reuse, "owner": found.owner}

    def run() -> PlanShape | ComparisonShape:
        how["prompts"] = _prompts(more)
        if more.dry_run:
            return plan_of(_said(more, call.studio.comparisons.plan_extension, found.id, **how))
        _said(more, call.studio.comparisons.extend, found.id, **how)
        return _shape(call)

    return answer(await run_in_threadpool(run), 200 if more.dry_run else 201)


async def delete(call: Call) -> Response:
    found = _found(call)
    await run_in_threadpool(call.studio.comparisons.delete, found.id, owner=found.owner)
    return nothing()


async def delete_row(call: Call) -> Response:
    found = _found(call)
    row_id = str(call.request.path_params["row_id"])
    await run_in_threadpool(call.studio.comparisons.remove_row, found.id, row_id, owner=found.owner)
    return nothing()


async def run_cells(call: Call) -> Response:
    found = _found(call)
    asked = await call.body(_RUN)

    def run() -> CellsDone:
        comparisons = call.studio.comparisons
        if asked.dry_run:
            plan = plan_of(comparisons.plan_again(found.id, asked.cells, owner=found.owner))
            return CellsDone(count=0, detail=f"{plan.says}.", plan=plan)
        count = comparisons.run_again(found.id, asked.cells, owner=found.owner)
        return CellsDone(count=count, detail=_told(count, "ordered"))

    return answer(await run_in_threadpool(run))


async def cancel_cells(call: Call) -> Response:
    found = _found(call)
    asked = await call.body(_CELLS)
    count = await run_in_threadpool(call.studio.comparisons.cancel, found.id, asked.cells, owner=found.owner)
    return answer(CellsDone(count=count, detail=_told(count, "asked to stop")))


async def remove_cells(call: Call) -> Response:
    found = _found(call)
    asked = await call.body(_REMOVE)
    count = await run_in_threadpool(call.studio.comparisons.remove, found.id, asked.cells, owner=found.owner)
    return answer(CellsDone(count=count, detail=_told(count, "removed")))


async def share(call: Call) -> Response:
    found = _found(call)
    new = await call.body(_SHARE)
    make = partial(
        call.studio.comparison_shares.make,
        found.id,
        owner=found.owner,
        may_vote=new.may_vote,
        show_prompt=new.show_prompt,
        show_grid=new.show_grid,
        lasts=None if new.lasts_s is None else timedelta(seconds=new.lasts_s),
        published=new.published,
    )
    return answer(shape_of_link(await run_in_threadpool(make)), 201)


# ---------------------------------------------------------------- shapes


def comparison_id(call: Call) -> str:
    return str(call.request.path_params["comparison_id"])


def plan_of(plan: Plan) -> PlanShape:
    return PlanShape(
        pictures=plan.pictures,
        have=plan.have,
        new=plan.new,
        held=plan.held,
        credits=plan.quote.credits,
        usd=plan.quote.usd,
        low_s=plan.quote.low_s,
        high_s=plan.quote.high_s,
        says=views.plan_words(plan),
    )


def summary_of(comparison: Comparison) -> ComparisonSummary:
    return ComparisonSummary(**_summary(comparison))


def shape_of(studio: Studio, grid: Grid) -> ComparisonShape:
    # The rows are our own: validating hundreds of them once more would cost more than reading them.
    comparison = grid.comparison
    spending = studio.comparisons.spending(comparison.id, owner=comparison.owner)
    cells = [_cell(cell) for cell in _in_order(grid)]
    return ComparisonShape.model_construct(
        **_summary(comparison),
        columns=[
            ColumnShape.model_construct(
                id=column.column,
                provider=column.provider,
                model=column.model,
                title=studio.catalogue.title(column.provider, column.model),
                aspect_ratio=column.aspect_ratio,
                seed=column.seed,
                sample=column.sample,
            )
            for column in grid.columns
        ],
        cells=cells,
        spending=SpendingShape(spent=spending.spent, coming=spending.coming),
        pending=sum(cell.state in ("queued", "running") for cell in cells),
    )


def _summary(comparison: Comparison) -> dict[str, Any]:
    return {
        "id": comparison.id,
        "title": comparison.title or gridview.title(comparison),
        "question": comparison.question,
        "created_at": comparison.created_at,
        "frozen_at": comparison.frozen_at,
        "rows": [
            RowShape(id=row.id, name=comparison.name_of(row.id), prompt=row.prompt, twin_of=row.twin_of)
            for row in comparison.rows
        ],
        "makers": [MakerShape(provider=maker.provider, model=maker.model) for maker in comparison.makers],
        "aspect_ratios": list(comparison.aspect_ratios),
        "seeds": list(comparison.seeds),
        "samples": comparison.samples,
        "cap_usd": comparison.cap_usd,
    }


def _in_order(grid: Grid) -> Iterable[GridCell]:
    for row in grid.comparison.rows:
        for column in grid.columns:
            if (cell := grid.cells.get((row.id, column.column))) is not None:
                yield cell


def _cell(cell: GridCell) -> CellShape:
    job = cell.job
    image = job.image if job is not None else None
    return CellShape.model_construct(
        key=cell.key,
        row=cell.place.row,
        column=cell.place.column,
        state=cast(CellState, gridview.state_of(cell)),
        adopted=cell.adopted,
        job_id=cell.job_id,
        seed=job.request.seed if job is not None else None,
        error=JobError(code=job.error_code or "error", detail=job.error) if job is not None and job.error else None,
        image=None
        if image is None
        else Image.model_construct(
            url=image_path(image.name),
            thumbnail_url=image_path(image.thumbnail),
            mime=image.mime,
            width=image.width,
            height=image.height,
            size=image.size,
            sha256=image.sha256,
        ),
    )


def _found(call: Call) -> Comparison:
    """To nobody, every comparison is one that does not exist."""
    return call.studio.comparisons.get(comparison_id(call), owner=call.anybody)


def _shape(call: Call) -> ComparisonShape:
    return shape_of(call.studio, call.studio.comparisons.grid(comparison_id(call), owner=call.anybody))


async def _waited(call: Call, made: str, headers: dict[str, str]) -> ComparisonShape:
    """The comparison, once its pictures are there where that was asked for. Adds to ``headers``."""

    def look() -> ComparisonShape:
        return shape_of(call.studio, call.studio.comparisons.grid(made, owner=call.anybody))

    shape = await run_in_threadpool(look)
    if wait_s := asked_to_wait(call):
        pending = _pending(shape.cells)
        if pending:
            await until_ended(call, pending, wait_s)
            shape = await run_in_threadpool(look)
        headers["Preference-Applied"] = f"wait={wait_s}"
    if shape.pending:
        headers["Retry-After"] = str(_POLL_S)
    return shape


def _pending(cells: Sequence[CellShape]) -> list[str]:
    return [cell.job_id for cell in cells if cell.job_id and cell.state in ("queued", "running")]


def _told(count: int, what: str) -> str:
    return f"{count:,} picture{'' if count == 1 else 's'} {what}."


# ---------------------------------------------------------------- the table

_UNCHANGED = "An earlier ETag: 304 where nothing has changed."
_WAIT = {"Prefer": PREFER}

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
        problems=(401, 404, 409, 410, 413, 415, 422, 503),
        headers={"Idempotency-Key": IDEMPOTENCY_KEY.replace("the same jobs", "the same comparison"), **_WAIT},
        gives=("Idempotency-Replayed", "Location", "Preference-Applied", "Retry-After"),
        group=GROUP,
        about="What it needs and you do not have is queued with it, in one go. Its pictures are ordinary jobs.",
    ),
    Operation(
        "GET",
        "/api/v1/comparisons",
        "listComparisons",
        "List comparisons, newest first",
        list_,
        {200: ComparisonPage, 304: None},
        query=ComparisonList,
        problems=(401, 422, 503),
        headers={"If-None-Match": _UNCHANGED},
        gives=("ETag",),
        group=GROUP,
    ),
    Operation(
        "GET",
        "/api/v1/comparisons/{comparison_id}",
        "getComparison",
        "Read a comparison",
        get,
        {200: ComparisonShape, 304: None},
        problems=(404, 503),
        headers={"If-None-Match": _UNCHANGED, **_WAIT},
        gives=("ETag", "Preference-Applied", "Retry-After"),
        group=GROUP,
    ),
    Operation(
        "PATCH",
        "/api/v1/comparisons/{comparison_id}",
        "changeComparison",
        "Rename, cap, or close the vote of a comparison",
        patch,
        {200: ComparisonShape},
        body=_CHANGE,
        example={"question": "Which fox looks colder?", "frozen": False},
        problems=(404, 409, 413, 415, 422, 503),
        group=GROUP,
        about="To raise the limit orders nothing by itself: `run` the cells that were held back.",
    ),
    Operation(
        "DELETE",
        "/api/v1/comparisons/{comparison_id}",
        "deleteComparison",
        "Delete a comparison",
        delete,
        {204: None},
        problems=(404, 503),
        group=GROUP,
        about="The grid and its votes, at once. What is queued for it is cancelled; its pictures stay in the gallery.",
    ),
    Operation(
        "POST",
        "/api/v1/comparisons/{comparison_id}/rows",
        "extendComparison",
        "Add prompts, an A-vs-A row, or samples",
        extend,
        {200: PlanShape, 201: ComparisonShape},
        body=_MORE,
        example={"twin_of": "r1", "dry_run": True},
        problems=(404, 409, 413, 415, 422, 503),
        group=GROUP,
        about="Only the new cells are ordered. With `dry_run` the answer is a 200 that says what they would cost.",
    ),
    Operation(
        "DELETE",
        "/api/v1/comparisons/{comparison_id}/rows/{row_id}",
        "deleteRow",
        "Take a row out",
        delete_row,
        {204: None},
        problems=(404, 409, 422, 503),
        group=GROUP,
        about="With the A-vs-A rows that repeat it. Its pictures stay in the gallery.",
    ),
    Operation(
        "POST",
        "/api/v1/comparisons/{comparison_id}/cells/run",
        "runCells",
        "Order pictures for cells",
        run_cells,
        {200: CellsDone},
        body=_RUN,
        example={"cells": None, "dry_run": True},
        problems=(404, 409, 413, 415, 422, 503),
        group=GROUP,
        about="For those named, or for every one without a picture: held back, failed, cancelled, removed. A cell that has "
        "one gets another; the first stays in the gallery.",
    ),
    Operation(
        "POST",
        "/api/v1/comparisons/{comparison_id}/cells/cancel",
        "cancelCells",
        "Cancel what is under way",
        cancel_cells,
        {200: CellsDone},
        body=_CELLS,
        example={"cells": None},
        problems=(404, 413, 415, 422, 503),
        group=GROUP,
    ),
    Operation(
        "POST",
        "/api/v1/comparisons/{comparison_id}/cells/remove",
        "removeCells",
        "Take cells out",
        remove_cells,
        {200: CellsDone},
        body=_REMOVE,
        example={"cells": ["0123456789abcdef0123456789abcdef"]},
        problems=(404, 413, 415, 422, 503),
        group=GROUP,
        about="What is queued for them is cancelled; pictures stay in the gallery.",
    ),
    Operation(
        "GET",
        "/api/v1/comparisons/{comparison_id}/result",
        "getResult",
        "Read what the votes come to",
        result,
        {200: ResultShape, 304: None},
        query=ResultOf,
        problems=(404, 422, 503),
        headers={"If-None-Match": _UNCHANGED},
        gives=("ETag",),
        group=GROUP,
    ),
    Operation(
        "POST",
        "/api/v1/comparisons/{comparison_id}/shares",
        "shareComparison",
        "Make a link to a comparison",
        share,
        {201: ShareShape},
        body=_SHARE,
        example={"may_vote": True, "show_prompt": False},
        problems=(404, 413, 415, 422, 503),
        group=GROUP,
        about="To vote on it without knowing which is which, or only to look. `GET /api/v1/shares` lists all links.",
    ),
)
