"""The whole front door over a service of the test's choosing, asked over real HTTP."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import httpx
from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

from reve_core.service import Studio
from reve_core.web import tutorial
from reve_core.web.api import table
from reve_core.web.api.endpoint import Operation
from reve_core.web.front import Front
from reve_core.web.site import Site
from tests.building import settled
from tests.web.servers import serving

PAGE = "the page for unknown paths"
SEALS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
}


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands for Streamlit, which answers whatever nobody else has answered."""
    await HTMLResponse(PAGE)(scope, receive, send)


def front(studio: Studio, site: Site | None = None) -> Front:
    site = site or Site(public=studio.visitors.public)
    return Front(page, get_studio=lambda: studio, get_site=lambda: site)


@contextlib.contextmanager
def asking(studio: Studio, site: Site | None = None) -> Iterator[httpx.Client]:
    """A client of a server that is there meanwhile; the service is the test's to start."""
    with (
        serving(front(studio, site)) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        yield client


def refusal(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem that the answer is, checked for everything that all of them promise."""
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["code"]) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    assert SEALS.items() <= dict(response.headers).items()
    assert body["type"] == "about:blank"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


def made(response: httpx.Response) -> str:
    """The id of the one job that a create answered with."""
    assert response.status_code == 201, response.text
    [job] = response.json()["jobs"]
    return str(job["id"])


def ended(studio: Studio, client: httpx.Client, prompt: str) -> str:
    """The id of a job with that prompt that is not pending any more."""
    job_id = made(client.post("/api/v1/jobs", json={"prompt": prompt}))
    settled(studio, job_id)
    return job_id


def operations() -> dict[str, Operation]:
    """Every operation of the API by its method and path, such as ``GET /status/{job_id}``."""
    return {f"{each.method} {each.path}": each for each in (*table.DESCRIBED, *tutorial.OPERATIONS)}


def named(operation: str, things: dict[str, str]) -> tuple[str, str]:
    """An operation's method, and its path with things that there are, by the names of their places."""
    method, path = operation.split(" ")
    return method, path.format(**things)


def filled(path: str, value: str = "0" * 32) -> str:
    """An operation's path with something in every place."""
    return re.sub(r"{\w+}", value, path)
