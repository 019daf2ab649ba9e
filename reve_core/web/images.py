"""
The doors that picture bytes leave by: pictures and thumbnails by name, downloads, and exports as one zip file.

Every path below these prefixes is answered here, whatever the method and whatever the name, so that nothing can fall
through to Streamlit's page for unknown paths. The work is done on a thread of the pool, never on the event loop.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from reve_core.blobs.keys import is_key, mime_of
from reve_core.errors import BadInput, BlobMissing, JobNotFound, ReveError, StoreBusy, WrongState
from reve_core.models import PERSONAL
from reve_core.pictures.names import disposition
from reve_core.ports import Blobs

# A name's bytes never change, so a browser may keep them for good. "private": a picture belongs to its owner, and a
# shared cache on the way would go on serving it after its owner has deleted it.
FOREVER = "private, max-age=31536000, immutable"

# On every answer, also those that Starlette makes by itself (206, 416): whatever the bytes turn out to be, a browser runs
# nothing of them and no other site embeds them.
SEALED = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
MAX_BYTES = 128_000_000  # for stores without local files, whose pictures pass through memory

_JOB_ID = re.compile(r"[0-9a-f]{32}")
_TOKEN = re.compile(r"[A-Za-z0-9_\-]{8,128}")

Handler = Callable[[Request, str], Response]


class Download(Protocol):
    """A picture on its way out, with its settings written into it. ``filename`` may hold any script."""

    @property
    def filename(self) -> str: ...

    @property
    def mime(self) -> str: ...

    @property
    def data(self) -> bytes: ...


class Downloads(Protocol):
    """What these doors need of the service. Both raise ``ReveError``; foreign and absent jobs raise the same one."""

    def download(self, job_id: str, owner: str | None) -> Download: ...

    def export(self, token: str) -> Iterator[bytes]:
        """A zip file piece by piece. An unknown token raises before the first piece."""
        ...


def image_routes(get_blobs: Callable[[], Blobs]) -> list[Route]:
    """
    ``/images/{name}`` for originals and thumbnails, and the same under ``/app/static``.

    Streamlit's own ``st.image`` passes a URL through untouched only if it begins with ``/app/static/``.
    """

    def show(request: Request, name: str) -> Response:
        if not is_key(name):
            return problem(404, "not_found", "There is no such picture.")
        blobs = get_blobs()
        headers = {
            "Cache-Control": FOREVER,
            "Content-Disposition": f'inline; filename="{name}"',
            "ETag": f'"{name}"',
        }
        path = blobs.path(name)
        if path is None:
            data = blobs.get(name, max_bytes=MAX_BYTES)
            return _unchanged(request, headers) or Response(data, headers=headers, media_type=mime_of(name))
        try:
            about = os.stat(path)
        except FileNotFoundError:
            raise BlobMissing(name) from None
        return _unchanged(request, headers) or FileResponse(
            path, headers=headers, media_type=mime_of(name), stat_result=about
        )

    door = _Door(show, ("GET", "HEAD"))
    return [_Under("/images", door), _Under("/app/static/images", door)]


def download_routes(
    get_studio: Callable[[], Downloads], owner_of: Callable[[Request], str | None] = lambda request: PERSONAL
) -> list[Route]:
    """``/download/{job_id}``: one picture to keep. ``/exports/{token}``: many, as a zip file."""

    def download(request: Request, job_id: str) -> Response:
        if not _JOB_ID.fullmatch(job_id):
            raise JobNotFound(job_id)
        found = get_studio().download(job_id, owner_of(request))
        return Response(found.data, headers=_attachment(found.filename), media_type=found.mime)

    def export(request: Request, token: str) -> Response:
        if not _TOKEN.fullmatch(token):
            return problem(404, "not_found", "There is no such export. It may have run out.")
        pieces = iter(get_studio().export(token))
        first = next(pieces, b"")  # a refusal comes here, while there is still time for an honest status
        return _Pieces(first, pieces, _attachment("reve-studio.zip"))

    return [
        _Under("/download", _Door(download, ("GET", "HEAD"))),
        _Under("/exports", _Door(export, ("GET",))),  # a HEAD would have to build the archive to answer truthfully
    ]


def problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """A refusal as ``application/problem+json`` (RFC 9457). ``code`` is for programs, ``detail`` for people."""
    body = json.dumps({"status": status, "code": code, "detail": detail})
    return Response(
        body,
        status,
        {**SEALED, "Cache-Control": "no-store", **(headers or {})},
        media_type="application/problem+json",
    )


def _attachment(filename: str) -> dict[str, str]:
    return {"Cache-Control": "no-store", "Content-Disposition": disposition("attachment", filename)}


def _unchanged(request: Request, headers: Mapping[str, str]) -> Response | None:
    """A 304 where the browser already has the picture: its name is its version."""
    asked = request.headers.get("if-none-match")
    if asked is None:
        return None
    tags = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
    if "*" not in tags and headers["ETag"] not in tags:
        return None
    return Response(status_code=304, headers=dict(headers))


def _status(error: ReveError) -> int:
    match error:
        case JobNotFound() | BlobMissing():
            return 404
        case WrongState():
            return 409
        case BadInput():
            return 422
        case StoreBusy():
            return 503
        case _:
            return 500


class _Pieces(StreamingResponse):
    """An archive on its way. However it ends, the service's generator is closed, and its files with it."""

    def __init__(self, first: bytes, rest: Iterator[bytes], headers: Mapping[str, str]) -> None:
        super().__init__(itertools.chain([first], rest), headers=headers, media_type="application/zip")
        self._close: Callable[[], None] = getattr(rest, "close", lambda: None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(self._close)


class _Door:
    """
    An ASGI endpoint that answers every method, in JSON where it refuses.

    Starlette would take a route that knows only GET for half a match, and try the rest of the table before it says 405:
    with a catch-all page at the end of the table it never does.
    """

    def __init__(self, handle: Handler, methods: tuple[str, ...]) -> None:
        self._handle = handle
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def seal(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SEALED.items():
                    headers.setdefault(name, value)
            await send(message)

        request = Request(scope, receive)
        if request.method not in self._methods:
            allowed = ", ".join(self._methods)
            response = problem(405, "method_not_allowed", f"This address knows only {allowed}.", {"Allow": allowed})
        else:
            try:
                response = await run_in_threadpool(self._handle, request, request.path_params["rest"])
            except ReveError as exc:
                response = problem(_status(exc), exc.code, str(exc))
        await response(scope, receive, seal)


class _Under(Route):
    """Everything below a prefix. Starlette's own ``{rest:path}`` does not match a line break, and would let it pass."""

    def __init__(self, prefix: str, door: _Door) -> None:
        super().__init__(prefix + "/{rest:path}", door)
        self.path_regex = re.compile(rf"{re.escape(prefix)}/(?P<rest>[\s\S]*)\Z")
