"""
The doors that picture bytes leave by: pictures and thumbnails by name, downloads, and exports as one zip file.

Every path below these prefixes is answered here, whatever the method and whatever the name, so that nothing can fall
through to Streamlit's page for unknown paths. The work is done on a thread of the pool, never on the event loop.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from reve_core.blobs.keys import is_key, job_of, mime_of
from reve_core.errors import BlobMissing, JobNotFound
from reve_core.pictures.names import disposition
from reve_core.ports import Blobs
from reve_core.service import Studio
from reve_core.web.conditional import is_known
from reve_core.web.doors import Door, Under
from reve_core.web.problems import problem
from reve_core.web.who import may_open, owner_of

# A name's bytes never change, so a browser may keep them for good. "private": a picture belongs to its owner, and a
# shared cache on the way would go on serving it after its owner has deleted it.
FOREVER = "private, max-age=31536000, immutable"

MAX_BYTES = 128_000_000  # for stores without local files, whose pictures pass through memory

NOBODY = ""  # owns nothing
_JOB_ID = re.compile(r"[0-9a-f]{32}")
_TOKEN = re.compile(r"[A-Za-z0-9_\-]{8,128}")
_RANGE = re.compile(r"[ \t]*(?:([0-9]{1,18})-([0-9]{0,18})|-[0-9]{1,18})[ \t]*")


class Download(Protocol):
    """A picture on its way out, with its settings written into it. ``filename`` may hold any script."""

    @property
    def filename(self) -> str: ...

    @property
    def mime(self) -> str: ...

    @property
    def data(self) -> bytes: ...


class Downloads(Protocol):
    """
    What these doors need of the service. Both raise ``ReveError``; foreign and absent jobs raise the same one. The owner
    None is for whoever may have the file without being its owner.
    """

    def download(self, job_id: str, owner: str | None, *, with_prompt: bool = True) -> Download: ...

    def export(self, token: str, owner: str | None) -> Iterator[bytes]:
        """A zip file piece by piece. An unknown token raises before the first piece."""
        ...


# Whether whoever sent the request may see what lies under that name.
MaySee = Callable[[Request, str], bool]
# For whom something with that name is asked of the service. Raises ReveError.
Whose = Callable[[Request, str], str | None]


def may_see(get_studio: Callable[[], Studio]) -> MaySee:
    """
    Everybody in personal mode, which costs no look into the database. In public mode the owner of the job, or who has
    the key to this very picture. Nobody where the operator has hidden it.
    """

    def ask(request: Request, name: str) -> bool:
        studio = get_studio()
        if studio.operator.is_hidden(job_of(name)):
            return False
        if not studio.visitors.public or may_open(request, name, studio.visitors):
            return True
        owner = owner_of(request.headers, studio.visitors)
        if owner is None:
            return False
        try:
            studio.peek(job_of(name), owner=owner)
        except JobNotFound:
            return False
        return True

    return ask


def whose(get_studio: Callable[[], Studio]) -> Whose:
    """The asker; anybody's, where the address holds the key. Nobody has no jobs at all."""

    def ask(request: Request, name: str) -> str | None:
        visitors = get_studio().visitors
        if may_open(request, name, visitors):
            return None
        owner = owner_of(request.headers, visitors)
        return NOBODY if owner is None else owner

    return ask


def image_routes(get_blobs: Callable[[], Blobs], may_see: MaySee) -> list[Route]:
    """
    ``/images/{name}`` for originals and thumbnails, and the same under ``/app/static``.

    Streamlit's own ``st.image`` passes a URL through untouched only if it begins with ``/app/static/``.
    """

    def show(request: Request, name: str) -> Response:
        # Somebody else's picture must not differ by a byte from one that was never made.
        if not is_key(name) or not may_see(request, name):
            return problem(404, "not_found", "There is no such picture.")
        return picture(request, get_blobs(), name)

    door = Door(show, ("GET", "HEAD"))
    return [Under("/images", door), Under("/app/static/images", door)]


def picture(request: Request, blobs: Blobs, name: str) -> Response:
    """The picture of that blob key, with ranges, and a 304 where it is known. Raises BlobMissing, BlobError."""
    headers = {
        "Cache-Control": FOREVER,
        "Content-Disposition": f'inline; filename="{name}"',
        "ETag": f'"{name}"',
    }
    path = blobs.path(name)
    if path is None:
        data = blobs.get(name, max_bytes=MAX_BYTES)
    else:
        try:
            about = os.stat(path)
        except FileNotFoundError:
            raise BlobMissing(name) from None
    if is_known(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if path is None:
        return Response(data, headers=headers, media_type=mime_of(name))
    return _File(path, headers=headers, media_type=mime_of(name), stat_result=about)


def whole(blobs: Blobs, name: str) -> tuple[bytes, str]:
    """The picture of that blob key and its type, for who cannot send a browser to its address. Raises BlobMissing, BlobError."""
    return blobs.get(name, max_bytes=MAX_BYTES), mime_of(name)


def download_routes(get_studio: Callable[[], Downloads], whose: Whose) -> list[Route]:
    """
    ``/download/{job_id}``: one picture to keep, with its prompt in it unless ``?prompt=no``. ``/exports/{token}``: many, as a
    zip file.
    """

    def download(request: Request, job_id: str) -> Response:
        if not _JOB_ID.fullmatch(job_id):
            raise JobNotFound(job_id)
        with_prompt = request.query_params.get("prompt") != "no"
        found = get_studio().download(job_id, whose(request, job_id), with_prompt=with_prompt)
        return Response(found.data, headers=_attachment(found.filename), media_type=found.mime)

    def export(request: Request, token: str) -> Response:
        if not _TOKEN.fullmatch(token):
            return problem(404, "not_found", "There is no such export. It may have run out.")
        pieces = iter(get_studio().export(token, whose(request, token)))
        first = next(pieces, b"")  # a refusal comes here, while there is still time for an honest status
        return Pieces(first, pieces, _attachment("reve-studio.zip"))

    return [
        Under("/download", Door(download, ("GET", "HEAD"))),
        Under("/exports", Door(export, ("GET",))),  # a HEAD would have to build the archive to answer truthfully
    ]


def _attachment(filename: str) -> dict[str, str]:
    return {"Cache-Control": "no-store", "Content-Disposition": disposition("attachment", filename)}


class _File(FileResponse):
    """
    A file, or the parts of it that were asked for. What cannot be read as a range is passed over and the whole file
    sent, as RFC 9110 has it in 14.2; Starlette alone would refuse it with a 400.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope).get("range")
        if asked is not None and not _are_ranges(asked):
            scope = {**scope, "headers": [each for each in scope["headers"] if each[0] != b"range"]}
        await super().__call__(scope, receive, send)


def _are_ranges(text: str) -> bool:
    unit, _, listed = text.partition("=")
    ranges = [_RANGE.fullmatch(each) for each in listed.split(",")]
    return unit.strip().lower() == "bytes" and all(
        each and (not each[2] or int(each[1]) <= int(each[2])) for each in ranges
    )


class Pieces(StreamingResponse):
    """A file made while it is sent. However it ends, the service's generator is closed, and its files with it."""

    def __init__(
        self, first: bytes, rest: Iterator[bytes], headers: Mapping[str, str], media_type: str = "application/zip"
    ) -> None:
        super().__init__(itertools.chain([first], rest), headers=headers, media_type=media_type)
        self._close: Callable[[], None] = getattr(rest, "close", lambda: None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(self._close)
