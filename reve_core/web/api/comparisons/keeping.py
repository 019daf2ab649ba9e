"""The comparisons that are there: listed, read, renamed, closed, deleted."""

from __future__ import annotations

from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from reve_core.web.api.comparisons.answers import (
    GROUP,
    UNCHANGED,
    WAIT,
    comparison_id,
    found_by,
    shape_now,
    summary_of,
    waited,
)
from reve_core.web.api.comparisons.shapes import ComparisonChange, ComparisonList, ComparisonPage, ComparisonShape
from reve_core.web.api.endpoint import Call, Operation, answer, nothing, tagged
from reve_core.web.bodies import read_query

_CHANGE: TypeAdapter[ComparisonChange] = TypeAdapter(ComparisonChange)


async def list_(call: Call) -> Response:
    owner, asked = call.mine, read_query(call.request, ComparisonList)

    def run() -> ComparisonPage:
        # One more than asked for tells whether there is another page.
        found = call.studio.comparisons.listed(owner=owner, before=asked.cursor, limit=asked.limit + 1)
        shown, more = found[: asked.limit], len(found) > asked.limit
        return ComparisonPage(comparisons=[summary_of(one) for one in shown], next=shown[-1].id if more else None)

    return tagged(call.request, await run_in_threadpool(run))


async def get(call: Call) -> Response:
    found_by(call)
    headers: dict[str, str] = {}
    shape = await waited(call, comparison_id(call), headers)
    return tagged(call.request, shape, headers)


async def patch(call: Call) -> Response:
    found = found_by(call)
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
        return shape_now(call)

    return answer(await run_in_threadpool(run))


async def delete(call: Call) -> Response:
    found = found_by(call)
    await run_in_threadpool(call.studio.comparisons.delete, found.id, owner=found.owner)
    return nothing()


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/comparisons",
        "listComparisons",
        "List comparisons, newest first",
        list_,
        {200: ComparisonPage, 304: None},
        query=ComparisonList,
        problems=(401, 422, 503),
        headers={"If-None-Match": UNCHANGED},
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
        headers={"If-None-Match": UNCHANGED, **WAIT},
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
)
