"""A job as the API shows it."""

from __future__ import annotations

from reve_core.catalogue import Catalogue
from reve_core.models import Job, JobStatus, Stage
from reve_core.web.api.shapes import Image, JobError, JobShape


def shape_of(job: Job, catalogue: Catalogue) -> JobShape:
    # The row is our own: validating it once more would cost more than reading it.
    receipt, image = job.receipt, job.image
    return JobShape.model_construct(
        id=job.id,
        status=job.status.value,
        prompt=job.request.prompt,
        aspect_ratio=job.request.aspect_ratio,
        seed=job.request.seed,
        provider=job.request.provider,
        model=job.request.model,
        label=catalogue.label(job.request.provider),
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        attempt=job.attempt,
        position=job.position,
        progress=job.progress,
        cancel_requested=job.cancel_requested,
        error=error_shape(catalogue, job),
        credits_used=job.credits_used,
        usd_used=job.usd_used,
        starred=job.starred,
        image=Image(
            url=image_path(image.name),
            thumbnail_url=image_path(image.thumbnail),
            mime=image.mime,
            width=image.width,
            height=image.height,
            size=image.size,
            sha256=image.sha256,
        )
        if image is not None
        else None,
        layout=receipt.layout if receipt else None,
        notes=list(receipt.notes) if receipt else [],
        can=actions(job),
    )


def error_shape(catalogue: Catalogue, job: Job) -> JobError | None:
    went_wrong = catalogue.error_of(job)
    return JobError(code=went_wrong[0], detail=went_wrong[1]) if went_wrong else None


def actions(job: Job) -> list[str]:
    """The API's verbs that fit the job's state."""
    match job.status:
        case JobStatus.QUEUED:
            return ["cancel"]
        case JobStatus.RUNNING:
            return [] if job.cancel_requested or job.stage is Stage.STORING else ["cancel"]
        case JobStatus.FAILED if job.error_code == "blocked":
            return ["delete"]
        case JobStatus.FAILED | JobStatus.CANCELLED:
            return ["retry", "delete"]
        case JobStatus.UNKNOWN:
            return ["resolve", "delete"]
        case JobStatus.DONE:
            return ["share", "delete"]


def image_path(name: str) -> str:
    """Where a stored picture is found on this server. Blob keys hold nothing that a URL would have to escape."""
    return f"/images/{name}"
