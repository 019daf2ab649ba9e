"""
A comparison as the browser draws it: plain JSON values, every text meant to be shown as text.

The same data serves the owner's page, a link that only shows, and an exported file; ``reve_core/compare/player`` draws it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import combinations

from reve_core import views
from reve_core.catalogue import Catalogue
from reve_core.compare import words
from reve_core.compare.grid import key as key_of
from reve_core.compare.models import Cell, Comparison, Grid, Place, Row
from reve_core.models import Job, JobStatus, ModelInfo, StoredImage, ratio_of

Json = dict[str, object]
Address = Callable[[Job, StoredImage], str]

_SIDE = 1024.0  # pixels of a picture that is not there yet, the longer side: only its shape matters
_SIGNS = {"same": "=", "removed": "-", "added": "+"}
_NO_STANDING: Mapping[str, str] = {}


def player_data(
    grid: Grid,
    *,
    catalogue: Catalogue,
    thumbnail: Address,
    full: Address,
    rev: int,
    show_prompts: bool = True,
    acts: bool = True,
    standing: Mapping[str, str] = _NO_STANDING,
) -> Json:
    """
    What the player draws. ``thumbnail`` and ``full`` give a picture's addresses; ``standing`` a few words for a row, by
    its id. Without ``show_prompts`` nothing in it tells what the prompts say; without ``acts`` it can only be looked at.
    """
    comparison = grid.comparison
    makers = {(column.provider, column.model): column for column in grid.columns}
    layouts = {maker: _has_layout(catalogue, column) for maker, column in makers.items()}
    labels = {name: catalogue.label(name) for name, _ in makers}
    priced = _priced(grid, catalogue) if acts and len(makers) > 1 else {}
    cells = []
    for row in comparison.rows:
        alt = row.prompt if show_prompts else f"Picture of {comparison.name_of(row.id)}"
        for column in grid.columns:
            cell = grid.cells.get((row.id, column.column))
            shown = _cell(comparison, row.id, column, cell, thumbnail, full, acts, catalogue)
            is_there = shown["state"] == "done"
            shown["alt"] = alt
            shown["label"] = labels[column.provider] if is_there else ""
            shown["layout"] = is_there and layouts[column.provider, column.model]
            cells.append(shown)
    return {
        "id": comparison.id,
        "title": comparison.title or title(comparison, show_prompts=show_prompts),
        "question": comparison.question,
        "rows": [
            {
                "id": row.id,
                "name": comparison.name_of(row.id),
                "prompt": row.prompt if show_prompts else "",
                "twin_of": comparison.name_of(row.twin_of) if row.twin_of else None,
                "hidden": not show_prompts,
            }
            for row in comparison.rows
        ],
        "columns": [
            {"id": column.column, "heads": heads, **priced.get((column.provider, column.model), {})}
            for column, heads in zip(grid.columns, column_heads(grid.columns, catalogue), strict=True)
        ],
        "diffs": diffs(comparison.rows) if show_prompts else {},
        "cells": cells,
        "standing": dict(standing) or None,
        "rev": rev,
    }


def details(cell: Cell, *, catalogue: Catalogue, show_prompts: bool = True) -> Json:
    """The layout of a cell's picture, as fractions from the top left, and what is known about it, as names and values."""
    job = cell.job
    if job is None or job.image is None:
        return {"regions": [], "facts": []}
    layout = job.receipt.layout if job.receipt else None
    request, image = job.request, job.image
    return {
        "regions": [
            {
                "label": region.label if show_prompts else "",
                "prompt": region.prompt if show_prompts else "",
                **region.bbox.model_dump(),
            }
            for region in (layout.regions if layout else ())
        ],
        "facts": [
            ["Made by", catalogue.title(request.provider, request.model)],
            ["Shape", request.aspect_ratio],
            ["Size", f"{image.width:,} × {image.height:,} px"],
            ["Seed", "Not set" if request.seed is None else str(request.seed)],
            ["Cost", views.cost_words(job).capitalize() or "Not reported"],
        ],
    }


def title(comparison: Comparison, *, show_prompts: bool = True) -> str:
    """What a comparison without a title of its own is called: by what differs, "fox or heron"."""
    prompts = [row.prompt for row in comparison.originals]
    if not show_prompts:
        return "A comparison"
    if len(prompts) < 2:
        return _short(prompts[0], 60) if prompts else "A comparison"
    told = [_short(each, 36) for each in _differing(tuple(prompts))[:3]]
    return " or ".join((", ".join(told[:-1]), told[-1])) + (" …" if len(prompts) > 3 else "")


def column_heads(columns: Sequence[Place], catalogue: Catalogue) -> list[list[str]]:
    """What sets the columns apart, outermost first; nothing that is the same in all of them."""
    parts: list[Callable[[Place], str]] = []
    if len({(column.provider, column.model) for column in columns}) > 1:
        parts.append(lambda column: catalogue.title(column.provider, column.model))
    if len({column.aspect_ratio for column in columns}) > 1:
        parts.append(lambda column: column.aspect_ratio)
    if len({column.seed for column in columns}) > 1:
        parts.append(lambda column: "any seed" if column.seed is None else f"seed {column.seed}")
    if len({column.sample for column in columns}) > 1:
        parts.append(lambda column: str(column.sample))
    return [[part(column) for part in parts] for column in columns]


@lru_cache(64)  # a grid is drawn again with every picture that comes, and its prompts stay
def diffs(rows: tuple[Row, ...]) -> dict[str, list[list[str]]]:
    """The difference between the prompts of any two rows, by their ids with a bar between: see ``words.diff``."""
    return {
        f"{one.id}|{other.id}": [[_SIGNS[piece.kind], piece.text] for piece in words.diff(one.prompt, other.prompt)]
        for one, other in combinations(rows, 2)
    }


@lru_cache(256)
def _differing(prompts: tuple[str, ...]) -> list[str]:
    return words.differing(prompts)


# -- inside


def _priced(grid: Grid, catalogue: Catalogue) -> dict[tuple[str, str], Json]:
    """By model: its price for a picture, and what its pictures did cost this comparison. For the owner alone."""
    offered = {(view.name, model.id): model for view in catalogue.providers() for model in view.models}
    found: dict[tuple[str, str], Json] = {}
    for maker in {(column.provider, column.model) for column in grid.columns}:
        jobs = [
            cell.job
            for cell in grid.cells.values()
            if cell.job is not None and not cell.adopted and (cell.place.provider, cell.place.model) == maker
        ]
        model = offered.get(maker)
        price = model.capabilities.price if model is not None else None
        each = views.price_words(price.credits, price.usd) if price is not None else ""
        spent = views.spent_words(jobs)
        found[maker] = {
            "price": each if each in ("", "Free") else f"{each} each",
            "cost": f"{spent} so far" if spent else "",
        }
    return found


def _cell(
    comparison: Comparison,
    row_id: str,
    column: Place,
    cell: Cell | None,
    thumbnail: Address,
    full: Address,
    acts: bool,
    catalogue: Catalogue,
) -> Json:
    job = cell.job if cell else None
    state = state_of(cell)
    width, height = _shape(job, column)
    shown = job if job is not None and job.image is not None and state == "done" else None
    return {
        "key": cell.key if cell else key_of(comparison, column.model_copy(update={"row": row_id})),
        "row": row_id,
        "column": column.column,
        "state": state,
        # What a provider says when it fails is between it and the owner.
        "says": _says(state, job, catalogue) if acts or state != "failed" else "Not made",
        "src": thumbnail(shown, shown.image) if shown and shown.image else "",
        "full": full(shown, shown.image) if shown and shown.image else "",
        "width": width,
        "height": height,
        "can": _can(state, job) if acts else [],
        # By which the page finds how far it is.
        **({"job": job.id} if acts and job is not None and state == "running" else {}),
    }


def state_of(cell: Cell | None) -> str:
    """The job's status; ``held`` back by the cap, ``gone`` where it was deleted, ``empty`` where there is no cell."""
    if cell is None:
        return "empty"
    if cell.job is None:
        return "held" if cell.job_id is None else "gone"
    if cell.job.trashed_at is not None:
        return "gone"
    if cell.job.status is JobStatus.CANCELLED and cell.job.error_code == "cap":
        return "held"
    return cell.job.status.value


def _says(state: str, job: Job | None, catalogue: Catalogue) -> str:
    match state:
        case "empty":
            return "Not made"
        case "held":
            return "Held back by the spending limit"
        case "gone":
            return "Deleted, or in the trash"
        case "failed":
            went_wrong = catalogue.error_of(job) if job else None
            return went_wrong[1] if went_wrong else "Failed"
        case "done":
            return ""
        case _:
            return views.says(job) if job else ""


def _can(state: str, job: Job | None) -> list[str]:
    match state:
        case "failed" if job is not None and job.error_code == "blocked":
            return ["remove"]
        case "queued" | "running":
            return ["cancel", "remove"]
        case "done":
            return ["open", "rerun", "remove"]
        case "failed" | "cancelled":
            return ["retry", "remove"]
        case "unknown":
            return ["queue"]
        case _:
            return ["retry"]


def _shape(job: Job | None, column: Place) -> tuple[int, int]:
    """Pixels to reserve before the picture is there."""
    if job is not None and job.image is not None:
        return job.image.width, job.image.height
    try:
        wide, high = ratio_of(column.aspect_ratio)
    except ValueError:
        wide = high = 1.0
    scale = _SIDE / max(wide, high)
    return round(wide * scale), round(high * scale)


def _has_layout(catalogue: Catalogue, column: Place) -> bool:
    models: Sequence[ModelInfo] = catalogue.provider(column.provider).models
    return next((model.capabilities.layout for model in models if model.id == column.model), True)


def _short(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
