"""The rows and cells of a comparison: more of them, fewer, and those that are to run again."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from reve_core.errors import BadInput
from reve_core.web.api.comparisons.answers import GROUP, found_by, plan_of, shape_now
from reve_core.web.api.comparisons.making import prompts_of, said
from reve_core.web.api.comparisons.shapes import (
    CellsDone,
    CellsToRemove,
    CellsToRun,
    ComparisonShape,
    Extension,
    PlanShape,
    SomeCells,
)
from reve_core.web.api.endpoint import Call, Operation, answer, nothing

_MORE: TypeAdapter[Extension] = TypeAdapter(Extension)
_RUN: TypeAdapter[CellsToRun] = TypeAdapter(CellsToRun)
_CELLS: TypeAdapter[SomeCells] = TypeAdapter(SomeCells)
_REMOVE: TypeAdapter[CellsToRemove] = TypeAdapter(CellsToRemove)


async def extend(call: Call) -> Response:
    found = found_by(call)
    more = await call.body(_MORE)
    if not (more.prompts or more.template is not None or more.twin_of is not None or more.samples is not None):
        raise BadInput("Say what to add: prompts, a row to repeat, or more samples.", "prompts")
    if more.prompts and more.template is not None:
        raise BadInput("Give either prompts or a template.", "template")
    how: dict[str, Any] = {"twin_of": more.twin_of, "samples": more.samples, "reuse": more.reuse, "owner": found.owner}

    def run() -> PlanShape | ComparisonShape:
        how["prompts"] = prompts_of(more)
        if more.dry_run:
            return plan_of(said(more, call.studio.comparisons.plan_extension, found.id, **how))
        said(more, call.studio.comparisons.extend, found.id, origin=call.origin, **how)
        return shape_now(call)

    return answer(await run_in_threadpool(run), 200 if more.dry_run else 201)


async def delete_row(call: Call) -> Response:
    found = found_by(call)
    row_id = str(call.request.path_params["row_id"])
    await run_in_threadpool(call.studio.comparisons.remove_row, found.id, row_id, owner=found.owner)
    return nothing()


async def run_cells(call: Call) -> Response:
    found = found_by(call)
    asked = await call.body(_RUN)

    def run() -> CellsDone:
        comparisons = call.studio.comparisons
        if asked.dry_run:
            plan = plan_of(comparisons.plan_again(found.id, asked.cells, owner=found.owner))
            return CellsDone(count=0, detail=f"{plan.says}.", plan=plan)
        count = comparisons.run_again(found.id, asked.cells, owner=found.owner, origin=call.origin)
        return CellsDone(count=count, detail=_told(count, "ordered"))

    return answer(await run_in_threadpool(run))


async def cancel_cells(call: Call) -> Response:
    found = found_by(call)
    asked = await call.body(_CELLS)
    count = await run_in_threadpool(call.studio.comparisons.cancel, found.id, asked.cells, owner=found.owner)
    return answer(CellsDone(count=count, detail=_told(count, "asked to stop")))


async def remove_cells(call: Call) -> Response:
    found = found_by(call)
    asked = await call.body(_REMOVE)
    count = await run_in_threadpool(call.studio.comparisons.remove, found.id, asked.cells, owner=found.owner)
    return answer(CellsDone(count=count, detail=_told(count, "removed")))


def _told(count: int, what: str) -> str:
    return f"{count:,} picture{'' if count == 1 else 's'} {what}."


OPERATIONS = (
    Operation(
        "POST",
        "/api/v1/comparisons/{comparison_id}/rows",
        "extendComparison",
        "Add prompts, an A-vs-A row, or samples",
        extend,
        {200: PlanShape, 201: ComparisonShape},
        body=_MORE,
        example={"twin_of": "r1", "dry_run": True},
        problems=(403, 404, 409, 413, 415, 422, 429, 503),
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
        problems=(403, 404, 409, 413, 415, 422, 429, 503),
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
)
