"""
What a framework costs before anything is done: the same two operations through FastAPI, and through Starlette with pydantic.

In process, without a network, CPU per request, the least of several rounds in turn. Needs benchmarks/requirements.txt.

    python -m benchmarks.frameworks
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp


class New(BaseModel):
    model_config = ConfigDict(extra="forbid")

    prompt: str
    aspect_ratio: str = ""
    seed: int | None = None
    provider: str = ""
    model: str = ""
    n: int = Field(1, ge=1, le=16)


class Made(BaseModel):
    id: str
    status: str
    prompt: str
    seed: int | None = None


BODY = json.dumps({"prompt": "a heron", "aspect_ratio": "3:2"}).encode()
JOB_ID = "a" * 32


async def owner_of(request: Request) -> str:  # a plain function would go through the pool of threads
    return request.headers.get("authorization", "me")


Owner = Annotated[str, Depends(owner_of)]


def fastapi() -> ASGIApp:
    app = FastAPI()

    @app.post("/jobs", status_code=201)
    async def create(new: New, owner: Owner, idempotency_key: Annotated[str | None, Header()] = None) -> Made:
        return Made(id=JOB_ID, status="queued", prompt=new.prompt)

    @app.get("/jobs/{job_id}")
    async def get(job_id: str, owner: Owner, if_none_match: Annotated[str | None, Header()] = None) -> Made:
        return Made(id=job_id, status="queued", prompt="a heron")

    return app


def starlette() -> ASGIApp:
    def answer(made: Made, status: int) -> Response:
        return Response(made.model_dump_json(), status, media_type="application/json")

    async def create(request: Request) -> Response:
        request.headers.get("authorization", "me")
        request.headers.get("idempotency-key")
        new = New.model_validate_json(await request.body())
        return answer(Made(id=JOB_ID, status="queued", prompt=new.prompt), 201)

    async def get(request: Request) -> Response:
        request.headers.get("authorization", "me")
        request.headers.get("if-none-match")
        return answer(Made(id=request.path_params["job_id"], status="queued", prompt="a heron"), 200)

    return Router([Route("/jobs", create, methods=["POST"]), Route("/jobs/{job_id}", get)])


async def send(app: ASGIApp, method: str, path: str, body: bytes = b"") -> None:
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        "http_version": "1.1",
        "scheme": "http",
        "root_path": "",
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def drop(message: Mapping[str, Any]) -> None:
        assert message.get("status", 200) < 300

    await app(scope, receive, drop)


async def cpu_us(app: ASGIApp, request: tuple[str, str, bytes], repeats: int) -> float:
    begun = time.process_time()
    for _ in range(repeats):
        await send(app, *request)
    return (time.process_time() - begun) / repeats * 1e6


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--repeats", type=int, default=300)
    options = parser.parse_args()
    makers: Mapping[str, Callable[[], ASGIApp]] = {"FastAPI": fastapi, "Starlette + pydantic": starlette}
    apps = {name: make() for name, make in makers.items()}
    requests = {"create": ("POST", "/jobs", BODY), "read": ("GET", f"/jobs/{JOB_ID}", b"")}
    least = {(name, what): float("inf") for name in apps for what in requests}
    for _ in range(options.rounds):
        for name, app in apps.items():
            for what, request in requests.items():
                least[name, what] = min(least[name, what], await cpu_us(app, request, options.repeats))
    print(f"{'':22}" + "".join(f"{what:>14}" for what in requests) + "   CPU µs a request")
    for name in apps:
        print(f"{name:22}" + "".join(f"{least[name, what]:14.1f}" for what in requests))


if __name__ == "__main__":
    asyncio.run(main())
