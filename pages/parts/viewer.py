"""One picture, large, with all that is known about it. The piece is always on the page and closed most of the time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.parts.host import plain
from pages.parts.look import asset
from pages.parts.pictures import ahead_url, download_url, image_url
from pages.parts.sheet import tile
from reve_core import views
from reve_core.errors import JobNotFound, ReveError
from reve_core.models import Job, JobStatus
from reve_core.service import Studio

NAME = "reve_viewer"
KEY = "gallery_viewer"

_piece = st.components.v2.component(
    NAME,
    html='<div id="root"></div>',
    css=asset("common.css") + asset("viewer.css") + asset("sharing.css"),
    js=asset("common.js") + asset("copying.js") + asset("sharing.js") + asset("viewer.js"),
)


def draw(view: dict[str, Any] | None, shared: dict[str, Any] | None, on_act: Callable[[], None]) -> None:
    """``shared``: the answer to the last share form; see ``sharing.made``."""
    _piece(key=KEY, data={"view": view, "shared": shared}, on_act_change=on_act)


def view_of(
    studio: Studio, job_id: str, around: Callable[[str], tuple[Job | None, Job | None]], *, owner: str
) -> dict[str, Any]:
    """Everything the view shows, or a calm sentence where there is nothing to show."""
    try:
        job = studio.get(job_id, owner=owner)
    except JobNotFound:
        return _missing(job_id, "No such picture", "There is no picture at this address. It may have been deleted.")
    except ReveError as exc:
        return _missing(job_id, "The picture cannot be shown now", str(exc))
    if job.image is None:
        return _missing(job_id, *_not_made(studio, job))
    newer, older = around(job.id)
    intact = studio.shelf.is_intact(job)
    layout = job.receipt.layout if job.receipt else None
    return {
        "id": job.id,
        "src": image_url(job.image.name),
        "thumb": image_url(job.image.thumbnail),
        "width": job.image.width,
        "height": job.image.height,
        "prompt": job.request.prompt,
        "label": studio.catalogue.label(job.request.provider),
        "signed": studio.shelf.marker.says,
        "trouble": ""
        if intact
        else "The picture’s file is damaged or missing. Its settings are still here, so it can be made again.",
        "trashed": job.trashed_at is not None,
        "starred": job.starred,
        "download": download_url(job.id),
        "shares": plain() is None,
        "facts": facts(studio, job),
        "notes": list(job.receipt.notes) if job.receipt else [],
        "regions": [
            {"label": region.label, "prompt": region.prompt, **region.bbox.model_dump()}
            for region in (layout.regions if layout else ())
        ],
        "newer": _neighbour(studio, newer),
        "older": _neighbour(studio, older),
    }


def facts(studio: Studio, job: Job) -> list[tuple[Any, ...]]:
    """Name, value and, where the browser is to write it in its own way, what kind of value it is."""
    assert job.image is not None
    request, image = job.request, job.image
    provider = studio.catalogue.provider(request.provider)
    model = next((model.title for model in provider.models if model.id == request.model), request.model)
    waited, made = _durations(job)
    rows: list[tuple[Any, ...]] = [
        ("Made by", provider.title if model == provider.title else f"{provider.title} · {model}"),
        ("Shape", request.aspect_ratio),
        ("Size", f"{image.width:,} × {image.height:,} px"),
        ("Seed", "Not set" if request.seed is None else str(request.seed)),
        ("Created", job.created_at.isoformat(), "time"),
        *([("Waited", waited, "s")] if waited is not None else []),
        *([("Made in", made, "s")] if made is not None else []),
        *([("Attempts", str(job.attempt))] if job.attempt > 1 else []),
        ("Cost", views.cost_words(job).capitalize() or "Not reported"),
        ("File", f"{_size(image.size)} · {image.mime.removeprefix('image/').upper()}"),
    ]
    if job.request_id:
        rows.append(("Request", job.request_id, "code"))
    return rows


def _durations(job: Job) -> tuple[float | None, float | None]:
    if job.started_at is None:
        return None, None
    made = None if job.finished_at is None else max(0.0, (job.finished_at - job.started_at).total_seconds())
    # After a second attempt the time in line is no longer known: it was not one wait.
    waited = max(0.0, (job.started_at - job.created_at).total_seconds()) if job.attempt == 1 else None
    return waited, made


def _neighbour(studio: Studio, job: Job | None) -> dict[str, Any] | None:
    if job is None:
        return None
    return {**tile(studio, job), "full": ahead_url(job.image.name) if job.image else ""}


def _missing(job_id: str, title: str, text: str) -> dict[str, Any]:
    return {"id": job_id, "title": title, "missing": text, "prompt": "", "regions": [], "notes": []}


def _not_made(studio: Studio, job: Job) -> tuple[str, str]:
    match job.status:
        case JobStatus.QUEUED | JobStatus.RUNNING:
            return "Not finished yet", "This picture is still being made. The queue shows how far it is."
        case JobStatus.UNKNOWN:
            return (
                "Not clear yet",
                "Nobody can say yet whether this picture was made. The queue shows what can be done.",
            )
        case JobStatus.CANCELLED:
            return "Cancelled", "This picture was cancelled before it was made."
        case _:
            went_wrong = studio.catalogue.error_of(job)
            return "Not made", went_wrong[1] if went_wrong else "This picture could not be made."


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"
