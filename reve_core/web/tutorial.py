"""
The tutorial's contract: ``POST /generate``, ``GET /status/{job_id}``, and the picture at the ``url`` it answers with.

A client that was written for that service works here unchanged.
"""

from __future__ import annotations

import json
from functools import lru_cache

from pydantic import TypeAdapter
from starlette.responses import Response

from reve_core.errors import JobNotFound
from reve_core.models import JobRequest, JobStatus
from reve_core.web.api.described import image_path
from reve_core.web.api.endpoint import Call, Json, Operation, answer
from reve_core.web.api.jobs import IDEMPOTENCY_KEY
from reve_core.web.api.shapes import Generate, Generated, TutorialStatus, UnknownJob
from reve_core.web.api.standing import GIVES, limit_headers

_GENERATE: TypeAdapter[Generate] = TypeAdapter(Generate)
_SIDE = 1024  # pixels, where only one of width and height was given
_UNKNOWN = json.dumps({"detail": "unknown job"}).encode()


async def generate(call: Call) -> Response:
    owner = call.mine
    asked = await call.body(_GENERATE)
    ratio = asked.aspect_ratio
    if not ratio and (asked.width or asked.height):
        ratio = call.studio.catalogue.nearest_ratio(
            asked.provider, asked.model, asked.width or _SIDE, asked.height or _SIDE
        )
    request = JobRequest.model_construct(
        prompt=asked.prompt, aspect_ratio=ratio, seed=asked.seed, provider=asked.provider, model=asked.model
    )
    order = call.studio.order(
        [(request, asked.n)],
        owner=owner,
        origin=call.origin,
        idempotency_key=call.request.headers.get("idempotency-key"),
    )
    placed = await call.tick.place(order)
    first = placed.jobs[0]
    headers = ({"Idempotency-Replayed": "true"} if placed.replayed else {}) | limit_headers(call)
    return answer(
        Generated.model_construct(
            job_id=first.id,
            job_ids=[job.id for job in placed.jobs],
            aspect_ratio=first.request.aspect_ratio,
            provider=first.request.provider,
        ),
        200,
        headers,
    )


async def status(call: Call) -> Response:
    try:
        job = call.studio.peek(call.job_id, owner=call.anybody)
    except JobNotFound:
        job = None
    if job is None or job.trashed:  # what lies in the trash is gone, for a program
        return Json(_UNKNOWN, 404)
    pending = job.status.is_pending
    headers = [(b"retry-after", b"%d" % call.studio.catalogue.poll_after_s(job.provider, job.model))] if pending else []
    error = job.error
    if error is not None and not pending and call.studio.catalogue.public:
        went_wrong = call.studio.catalogue.error_of(call.studio.get(job.id, owner=call.anybody))
        error = went_wrong[1] if went_wrong else None
    return Json(_told(job.status, job.image, error), 200, headers)


@lru_cache(maxsize=1024)
def _told(status: JobStatus, image: str | None, error: str | None) -> bytes:
    """The body; whoever polls is told the same thing many times."""
    told = {"status": "pending" if status is JobStatus.QUEUED else status.value}
    if image is not None:
        told["url"] = image_path(image)
    if error is not None and not status.is_pending:
        # A queued job may carry the reason of its last try; the tutorial's clients take an error for the end.
        told["error"] = error
    return json.dumps(told).encode()


OPERATIONS = (
    Operation(
        "POST",
        "/generate",
        "generate",
        "Queue a picture, the tutorial's way",
        generate,
        {200: Generated},
        body=_GENERATE,
        example={"prompt": "a red fox in snow", "width": 1024, "height": 1024},
        problems=(401, 403, 409, 410, 413, 415, 422, 429, 503),
        headers={"Idempotency-Key": IDEMPOTENCY_KEY},
        gives=("Idempotency-Replayed", *GIVES),
        group="Tutorial",
        about="`width` and `height` stand for the nearest ratio that the model has; the answer says which.",
    ),
    Operation(
        "GET",
        "/status/{job_id}",
        "status",
        "What became of it",
        status,
        {200: TutorialStatus, 404: UnknownJob},
        problems=(503,),
        gives=("Retry-After",),
        group="Tutorial",
        about="`url` is there once the picture is. A queued job is called `pending` here.",
    ),
)
