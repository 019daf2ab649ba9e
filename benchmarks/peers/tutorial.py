"""
The service of the usual tutorial, typed again: what this app is measured against, not an example to follow.

A dict in memory, background tasks, no checks beyond the types. ``PROVIDER_URL`` is where a picture is asked for; without it
a job is done as soon as it begins, so that only the way of a request counts. Pictures go to ``images/`` in the folder that
it is started in:

    uvicorn --app-dir . benchmarks.peers.tutorial:app --no-access-log
"""

import os
import uuid
from pathlib import Path
from typing import Any

import requests
from fastapi import BackgroundTasks, FastAPI, HTTPException
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

PROVIDER_URL = os.environ.get("PROVIDER_URL", "")
IMAGES = Path("images")
IMAGES.mkdir(exist_ok=True)

JOBS: dict[str, dict[str, Any]] = {}

app = FastAPI()
app.mount("/images", StaticFiles(directory=IMAGES), name="images")


class GenerateRequest(BaseModel):
    prompt: str
    width: int = 1024
    height: int = 1024


def run_job(job_id: str, request: GenerateRequest) -> None:
    JOBS[job_id]["status"] = "running"
    try:
        if PROVIDER_URL:
            answer = requests.post(PROVIDER_URL, json=request.model_dump(), timeout=120)
            answer.raise_for_status()
            picture = requests.get(answer.json()["image_url"], timeout=120)
            picture.raise_for_status()
            (IMAGES / f"{job_id}.png").write_bytes(picture.content)
        JOBS[job_id].update(status="done", url=f"/images/{job_id}.png")
    except Exception as exc:
        JOBS[job_id].update(status="failed", error=str(exc))


@app.post("/generate")
def generate(request: GenerateRequest, background_tasks: BackgroundTasks) -> dict[str, str]:
    job_id = str(uuid.uuid4())
    JOBS[job_id] = {"status": "pending", "url": None, "error": None}
    background_tasks.add_task(run_job, job_id, request)
    return {"job_id": job_id, "status": "pending"}


@app.get("/status/{job_id}")
def status(job_id: str) -> dict[str, Any]:
    if job_id not in JOBS:
        raise HTTPException(status_code=404, detail="unknown job")
    return {"job_id": job_id, **JOBS[job_id]}
