"""The bytes of a job's picture."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.responses import Response

from reve_core.errors import NotFound
from reve_core.models import StoredImage
from reve_core.web.api.endpoint import Call, Operation
from reve_core.web.api.jobs import visible
from reve_core.web.images import picture
from reve_core.web.problems import SEALED


async def image(call: Call) -> Response:
    return await _send(call, _stored(call).name)


async def thumbnail(call: Call) -> Response:
    return await _send(call, _stored(call).thumbnail)


def _stored(call: Call) -> StoredImage:
    job = visible(call)
    if job.image is None:
        raise NotFound("There is no picture yet, or none will come. The job says which.")
    return job.image


async def _send(call: Call, name: str) -> Response:
    response = await run_in_threadpool(picture, call.request, call.studio.blobs, name)
    # Here the address is the job's, and a job that is tried again may bring another picture: ask each time.
    MutableHeaders(raw=response.raw_headers).update({**SEALED, "Cache-Control": "private, no-cache"})
    return response


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/jobs/{job_id}/image",
        "getImage",
        "Fetch the picture",
        image,
        {200: None, 206: None, 304: None},
        problems=(404, 503),
        group="Images",
        about="Byte for byte as the provider sent it. `image.url` of the job leads to the same picture.",
        media_type="image/*",
    ),
    Operation(
        "GET",
        "/api/v1/jobs/{job_id}/thumbnail",
        "getThumbnail",
        "Fetch the thumbnail",
        thumbnail,
        {200: None, 206: None, 304: None},
        problems=(404, 503),
        group="Images",
        about="WebP, at most 384 pixels a side.",
        media_type="image/webp",
    ),
)
