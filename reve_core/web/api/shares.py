"""Share links for programs: make, list, revoke."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from reve_core.grants import Link
from reve_core.web.api.endpoint import Call, Operation, answer, nothing
from reve_core.web.api.jobs import visible
from reve_core.web.api.shapes import NewShare, ShareList, SharePage, ShareShape
from reve_core.web.bodies import read_query

_NEW: TypeAdapter[NewShare] = TypeAdapter(NewShare)


async def create(call: Call) -> Response:
    job = visible(call)
    new = await call.body(_NEW)
    make = partial(
        call.studio.shares.make,
        job.id,
        owner=job.owner,
        show_prompt=new.show_prompt,
        show_settings=new.show_settings,
        lasts=None if new.lasts_s is None else timedelta(seconds=new.lasts_s),
        published=new.published,
    )
    return answer(shape_of_link(await run_in_threadpool(make)), 201)


async def list_(call: Call) -> Response:
    owner, asked = call.mine, read_query(call.request, ShareList)
    # One more than asked for tells whether there is another page.
    links = await run_in_threadpool(call.studio.shares.links, owner, before=asked.cursor, limit=asked.limit + 1)
    shown, more = links[: asked.limit], len(links) > asked.limit
    return answer(SharePage(shares=[shape_of_link(link) for link in shown], next=shown[-1].share.id if more else None))


async def revoke(call: Call) -> Response:
    await run_in_threadpool(call.studio.shares.revoke, str(call.request.path_params["share_id"]), owner=call.anybody)
    return nothing()


def shape_of_link(link: Link) -> ShareShape:
    share = link.share
    return ShareShape(
        id=share.id,
        job_id=share.job_id,
        comparison_id=share.comparison_id,
        url=None if link.token is None else f"/{'s' if share.comparison_id is None else 'c'}/{link.token}",
        state=link.state,
        show_prompt=share.show_prompt,
        show_settings=share.show_settings,
        published=share.published,
        may_vote=share.may_vote,
        created_at=share.created_at,
        expires_at=share.expires_at,
        views=share.views,
    )


OPERATIONS = (
    Operation(
        "POST",
        "/api/v1/jobs/{job_id}/shares",
        "createShare",
        "Make a share link to a picture",
        create,
        {201: ShareShape},
        body=_NEW,
        example={"show_prompt": True, "lasts_s": 604800},
        problems=(404, 413, 415, 422, 503),
        group="Shares",
        about="Whoever has the link sees the picture, and the prompt and settings only if you say so.",
    ),
    Operation(
        "GET",
        "/api/v1/shares",
        "listShares",
        "List share links, newest first",
        list_,
        {200: SharePage},
        query=ShareList,
        problems=(401, 422, 503),
        group="Shares",
    ),
    Operation(
        "DELETE",
        "/api/v1/shares/{share_id}",
        "revokeShare",
        "Revoke a share link",
        revoke,
        {204: None},
        problems=(404, 503),
        group="Shares",
        about="From then on the link answers 410.",
    ),
)
