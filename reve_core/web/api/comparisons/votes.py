"""What the votes on a comparison come to, and links to vote on it or to look."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from reve_core.compare.result_view import results_view
from reve_core.web.api.comparisons.answers import GROUP, UNCHANGED, found_by
from reve_core.web.api.comparisons.shapes import NewComparisonShare, ResultOf, ResultShape
from reve_core.web.api.endpoint import Call, Operation, answer, tagged
from reve_core.web.api.shapes import ShareShape
from reve_core.web.api.shares import shape_of_link
from reve_core.web.bodies import read_query

_SHARE: TypeAdapter[NewComparisonShare] = TypeAdapter(NewComparisonShare)


async def result(call: Call) -> Response:
    comparison = found_by(call)
    asked: ResultOf = read_query(call.request, ResultOf)

    def run() -> ResultShape:
        return ResultShape.model_validate(results_view(call.studio.polls.result(comparison, by=asked.by)))

    return tagged(call.request, await run_in_threadpool(run))


async def share(call: Call) -> Response:
    found = found_by(call)
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


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/comparisons/{comparison_id}/result",
        "getResult",
        "Read what the votes come to",
        result,
        {200: ResultShape, 304: None},
        query=ResultOf,
        problems=(404, 422, 503),
        headers={"If-None-Match": UNCHANGED},
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
