"""The comparison that an address names, and what comes out of our own models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from starlette.concurrency import run_in_threadpool

from reve_core import gridview, views
from reve_core.compare.models import Cell, Comparison, Grid, Plan
from reve_core.service import Studio
from reve_core.web.api.comparisons.shapes import (
    CellShape,
    CellState,
    ColumnShape,
    ComparisonShape,
    ComparisonSummary,
    MakerShape,
    PlanShape,
    RowShape,
    SpendingShape,
)
from reve_core.web.api.described import error_shape, image_path
from reve_core.web.api.endpoint import Call
from reve_core.web.api.jobs import PREFER
from reve_core.web.api.shapes import Image
from reve_core.web.api.waiting import asked_to_wait, until_ended

GROUP = "Comparisons"
UNCHANGED = "An earlier ETag: 304 where nothing has changed."
WAIT = {"Prefer": PREFER}
_POLL_S = 1


def comparison_id(call: Call) -> str:
    return str(call.request.path_params["comparison_id"])


def found_by(call: Call) -> Comparison:
    """To nobody, every comparison is one that does not exist."""
    return call.studio.comparisons.get(comparison_id(call), owner=call.anybody)


def shape_now(call: Call) -> ComparisonShape:
    return shape_of(call.studio, call.studio.comparisons.grid(comparison_id(call), owner=call.anybody))


async def waited(call: Call, made: str, headers: dict[str, str]) -> ComparisonShape:
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
    cells = [_cell(studio, cell) for cell in _in_order(grid)]
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


def _in_order(grid: Grid) -> Iterable[Cell]:
    for row in grid.comparison.rows:
        for column in grid.columns:
            if (cell := grid.cells.get((row.id, column.column))) is not None:
                yield cell


def _cell(studio: Studio, cell: Cell) -> CellShape:
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
        error=error_shape(studio.catalogue, job) if job is not None else None,
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
