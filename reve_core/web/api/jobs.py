"""The operations on jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Annotated

from pydantic import Discriminator, Tag, TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from reve_core.errors import BadInput, JobNotFound
from reve_core.models import Job, JobFilter, JobRequest, JobStatus, Order
from reve_core.web.api.described import shape_of
from reve_core.web.api.endpoint import Call, Operation, answer, nothing, tagged
from reve_core.web.api.shapes import (
    Decision,
    Deletion,
    JobList,
    JobPage,
    Jobs,
    JobShape,
    NewBatch,
    NewJob,
    NewSingle,
    Outcome,
)
from reve_core.web.api.standing import GIVES, limit_headers
from reve_core.web.api.waiting import LONGEST_S, asked_to_wait, until_ended
from reve_core.web.bodies import read_query
from reve_core.web.problems import Invalid, of_item

# Told apart by one field, so that a mistake is explained once and not for each of the two.
_NEW: TypeAdapter[NewBatch | NewSingle] = TypeAdapter(
    Annotated[
        Annotated[NewBatch, Tag("batch")] | Annotated[NewSingle, Tag("single")],
        Discriminator(lambda new: "batch" if isinstance(new, dict) and "jobs" in new else "single"),
    ]
)
_DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)
MOST_AT_ONCE = 200  # jobs of one request
_FEW, _SHORT = 4, 2_000  # prompts, and letters in all of them, that are checked on the event loop itself

IDEMPOTENCY_KEY = (
    "Any text of up to 255 characters, a UUID say. The same key with the same body answers with the same jobs for "
    "24 hours and makes nothing new; with another body it is refused (409)."
)
PREFER = f"`wait=N`: hold the answer back until the jobs have ended, at most N seconds, at most {LONGEST_S}."


def request_of(new: NewJob) -> JobRequest:
    # Checked already; what a provider takes is checked by the service.
    return JobRequest.model_construct(
        prompt=new.prompt, aspect_ratio=new.aspect_ratio, seed=new.seed, provider=new.provider, model=new.model
    )


async def create(call: Call) -> Response:
    owner = call.mine
    new = await call.body(_NEW)
    wanted = new.jobs if isinstance(new, NewBatch) else [new]
    if sum(each.n for each in wanted) > MOST_AT_ONCE:
        raise Invalid([("jobs", f"Ask for at most {MOST_AT_ONCE} pictures in one request.")])

    def check() -> Order:
        return call.studio.order(
            [(request_of(each), each.n) for each in wanted],
            owner=owner,
            origin=call.origin,
            idempotency_key=call.request.headers.get("idempotency-key"),
            callback_url=new.callback_url,
        )

    try:
        order = check() if _is_quick(wanted) else await run_in_threadpool(check)
    except BadInput as exc:
        if exc.item is None or not isinstance(new, NewBatch):
            raise
        raise of_item(exc, f"jobs.{exc.item}.{exc.field}") from None
    placed = await call.tick.place(order)
    jobs = placed.jobs
    headers = {"Location": f"/api/v1/jobs/{jobs[0].id}"} if len(jobs) == 1 else {}
    if placed.replayed:
        headers["Idempotency-Replayed"] = "true"
    if wait_s := asked_to_wait(call):
        await until_ended(call, [job.id for job in jobs], wait_s)
        headers["Preference-Applied"] = f"wait={wait_s}"
    if wait_s or placed.replayed:
        jobs = [_as_it_is_now(call, job) for job in jobs]
    headers |= poll_again(call, jobs) | limit_headers(call)
    return answer(Jobs.model_construct(jobs=_shapes(call, jobs)), 201, headers)


async def get(call: Call) -> Response:
    headers = {}
    if wait_s := asked_to_wait(call):
        await until_ended(call, [call.job_id], wait_s)
        headers["Preference-Applied"] = f"wait={wait_s}"
    job = visible(call)
    return tagged(call.request, shape_of(job, call.studio.catalogue), headers | poll_again(call, [job]))


async def list_(call: Call) -> Response:
    owner, asked = call.mine, read_query(call.request, JobList)
    which = JobFilter(
        owner=owner,
        statuses=frozenset(JobStatus(each) for each in asked.status) or None,
        provider=asked.provider,
        words=asked.words,
        starred=asked.starred,
    )

    def read() -> JobPage:
        page = call.studio.jobs(which, after=asked.cursor, limit=asked.limit)
        return JobPage.model_construct(jobs=_shapes(call, page.jobs), next=page.next)

    return tagged(call.request, await run_in_threadpool(read))


async def cancel(call: Call) -> Response:
    return await _act(call, lambda job: call.studio.cancel(job.id, owner=job.owner))


async def retry(call: Call) -> Response:
    def run(job: Job) -> str:
        call.studio.retry(job.id, owner=job.owner, origin=call.origin)
        return "Back in the queue."

    return await _act(call, run)


async def resolve(call: Call) -> Response:
    visible(call)
    decision = await call.body(_DECISION)
    return await _act(call, lambda job: call.studio.resolve(job.id, decision.how, owner=job.owner, origin=call.origin))


async def delete(call: Call) -> Response:
    asked: Deletion = read_query(call.request, Deletion)
    job = visible(call)
    await run_in_threadpool(call.studio.shelf.delete, job.id, for_good=asked.for_good, owner=job.owner)
    return nothing()


async def restore(call: Call) -> Response:
    job = call.studio.get(call.job_id, owner=call.anybody)
    await run_in_threadpool(call.studio.shelf.restore, [job.id], owner=job.owner)
    return _outcome(call, "Put back.")


def _is_quick(wanted: Sequence[NewJob]) -> bool:
    """Judging a long prompt takes milliseconds: a few may hold up everybody else, a hundred may not."""
    return len(wanted) <= _FEW and sum(len(each.prompt) for each in wanted) <= _SHORT


def _as_it_is_now(call: Call, job: Job) -> Job:
    with suppress(JobNotFound):  # deleted while we waited: then this is the last that is known
        job = call.studio.get(job.id, owner=job.owner)
    return job


def poll_again(call: Call, jobs: Sequence[Job]) -> dict[str, str]:
    """``Retry-After`` where there is something to wait for."""
    pending = [job for job in jobs if job.status.is_pending]
    return (
        {
            "Retry-After": str(
                min(call.studio.catalogue.poll_after_s(job.request.provider, job.request.model) for job in pending)
            )
        }
        if pending
        else {}
    )


async def _act(call: Call, run: Callable[[Job], str]) -> Response:
    return _outcome(call, await run_in_threadpool(run, visible(call)))


def _outcome(call: Call, detail: str) -> Response:
    return answer(Outcome.model_construct(detail=detail, job=shape_of(visible(call), call.studio.catalogue)))


def visible(call: Call) -> Job:
    """What lies in the trash is gone, for a program; ``restore`` alone still finds it."""
    job = call.studio.get(call.job_id, owner=call.anybody)
    if job.trashed_at is not None:
        raise JobNotFound(job.id)
    return job


def _shapes(call: Call, jobs: Sequence[Job]) -> list[JobShape]:
    return [shape_of(job, call.studio.catalogue) for job in jobs]


OPERATIONS = (
    Operation(
        "POST",
        "/api/v1/jobs",
        "createJobs",
        "Queue one picture or many",
        create,
        {201: Jobs},
        body=_NEW,
        example={"prompt": "a red fox in snow", "aspect_ratio": "3:2", "n": 2},
        problems=(401, 403, 409, 410, 413, 415, 422, 429, 503),
        headers={"Idempotency-Key": IDEMPOTENCY_KEY, "Prefer": PREFER},
        gives=("Idempotency-Replayed", "Location", "Preference-Applied", "Retry-After", *GIVES),
        about="Answers as soon as the jobs are on the disk. A batch is queued whole or not at all.",
    ),
    Operation(
        "GET",
        "/api/v1/jobs",
        "listJobs",
        "List jobs, newest first",
        list_,
        {200: JobPage, 304: None},
        query=JobList,
        problems=(401, 422, 503),
        headers={"If-None-Match": "An earlier ETag: 304 where nothing has changed."},
        gives=("ETag",),
    ),
    Operation(
        "GET",
        "/api/v1/jobs/{job_id}",
        "getJob",
        "Read a job",
        get,
        {200: JobShape, 304: None},
        problems=(404, 503),
        headers={"If-None-Match": "An earlier ETag: 304 where nothing has changed.", "Prefer": PREFER},
        gives=("ETag", "Preference-Applied", "Retry-After"),
    ),
    Operation(
        "DELETE",
        "/api/v1/jobs/{job_id}",
        "deleteJob",
        "Delete a job and its picture",
        delete,
        {204: None},
        query=Deletion,
        problems=(404, 409, 422, 503),
        about="Into the trash, from where `restore` brings it back for some days, unless `for_good` is true.",
    ),
    Operation(
        "POST",
        "/api/v1/jobs/{job_id}/cancel",
        "cancelJob",
        "Cancel a job",
        cancel,
        {200: Outcome},
        problems=(404, 409, 503),
        about="Free while it is queued. A running call that was paid already still brings its picture.",
    ),
    Operation(
        "POST",
        "/api/v1/jobs/{job_id}/retry",
        "retryJob",
        "Try a failed or cancelled job again",
        retry,
        {200: Outcome},
        problems=(403, 404, 409, 422, 429, 503),
    ),
    Operation(
        "POST",
        "/api/v1/jobs/{job_id}/resolve",
        "resolveJob",
        "Decide about an unknown job",
        resolve,
        {200: Outcome},
        body=_DECISION,
        example={"how": "check"},
        problems=(403, 404, 409, 413, 415, 422, 429, 503),
    ),
    Operation(
        "POST",
        "/api/v1/jobs/{job_id}/restore",
        "restoreJob",
        "Take a job out of the trash",
        restore,
        {200: Outcome},
        problems=(404, 503),
    ),
)
