"""
Streamlit's upload address, which takes files for any open page whether or not it shows an uploader, and keeps them in
memory until the page is closed.

In public mode an address and a page may send so many, and so much, in ten minutes, and all that is kept has a limit. The
size of a single file is Streamlit's to check (``server.maxUploadSize``), which it does while the file comes. Comparisons that
programs bring in are held to the same, by their address.
"""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reve_core.guard.address import prefix_of
from reve_core.web.address import client_of
from reve_core.web.counters import count
from reve_core.web.problems import problem
from reve_core.web.shield.buckets import Buckets
from reve_core.web.site import Site

MB = 1024 * 1024
WITHIN_S = 600
FILES_OF_ADDRESS, BYTES_OF_ADDRESS = 40, 160 * MB
FILES_OF_PAGE, BYTES_OF_PAGE = 20, 80 * MB
BYTES_HELD_BY_PAGE, BYTES_HELD = 80 * MB, 256 * MB

_PATH = re.compile(r"/_stcore/upload_file/([0-9A-Za-z-]{1,64})/[^/]{1,128}")
_IMPORT = "/api/v1/comparisons/import"

# The bytes of the files that each page holds, by its session's id.
Held = Callable[[], Mapping[str, int]]


class _TooMuch(Exception):
    """More came than was announced, or fits."""


def is_upload(scope: Scope) -> bool:
    """Whether it brings a file. Taking one away again, and asking what may be sent, costs nothing."""
    return scope["method"] not in ("GET", "HEAD", "OPTIONS", "DELETE") and scope["path"].startswith(
        "/_stcore/upload_file"
    )


def is_import(scope: Scope) -> bool:
    return (scope["method"], scope["path"]) == ("POST", _IMPORT)


class Uploads:
    """``app`` with these limits around its uploads, or its imports. One event loop runs all of it."""

    def __init__(self, app: ASGIApp, held: Held = dict, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._held = held
        self._coming: Counter[str] = Counter()
        self._buckets = {
            "files of an address": Buckets(FILES_OF_ADDRESS / WITHIN_S, FILES_OF_ADDRESS, clock=clock),
            "files of a page": Buckets(FILES_OF_PAGE / WITHIN_S, FILES_OF_PAGE, clock=clock),
            "bytes of an address": Buckets(BYTES_OF_ADDRESS / WITHIN_S, BYTES_OF_ADDRESS, clock=clock),
            "bytes of a page": Buckets(BYTES_OF_PAGE / WITHIN_S, BYTES_OF_PAGE, clock=clock),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send, site: Site) -> None:
        connection = HTTPConnection(scope)
        prefix = prefix_of(client_of(connection, site) or "")
        found = _PATH.fullmatch(scope["path"])
        if found is None and not is_import(scope):
            await problem(404, "not_found", "There is nothing at this address.")(scope, receive, send)
            return
        page = found[1] if found else prefix
        announced = connection.headers.get("content-length", "")
        size = int(announced[:20]) if announced.isascii() and announced.isdigit() else 0
        wait_s = self._wait_s(page, prefix, size)
        if wait_s:
            count("uploads_refused")
            await _refuse(wait_s)(scope, receive, send)
            return
        self._take("files", page, prefix, 1)
        started, came = False, 0

        async def metered() -> Message:
            nonlocal came
            message = await receive()
            if message["type"] == "http.request" and (more := len(message.get("body", b""))):
                if not self._may_come(page, prefix, more):
                    raise _TooMuch
                came += more
                self._coming[page] += more
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, metered, noted)
        except _TooMuch:
            count("uploads_refused")
            if not started:
                await _refuse(self._wait_s(page, prefix, 1) or 1.0)(scope, receive, send)
        finally:
            self._coming[page] -= came
            self._coming += Counter()  # drops what is at 0

    def _wait_s(self, page: str, prefix: str, size: int) -> float:
        """Seconds until a file of that many bytes would be taken, 0 for now."""
        if not self._has_room(page, size):
            return float(WITHIN_S)
        waits = [self._buckets[f"{what} of a page"].wait_s(page, n) for what, n in (("files", 1), ("bytes", size))]
        if prefix:
            waits += [
                self._buckets[f"{what} of an address"].wait_s(prefix, n) for what, n in (("files", 1), ("bytes", size))
            ]
        return max(waits)

    def _may_come(self, page: str, prefix: str, more: int) -> bool:
        return self._has_room(page, more) and self._take("bytes", page, prefix, more)

    def _take(self, what: str, page: str, prefix: str, amount: int) -> bool:
        taken = self._buckets[f"{what} of a page"].take(page, amount) == 0
        if prefix:
            taken = self._buckets[f"{what} of an address"].take(prefix, amount) == 0 and taken
        return taken

    def _has_room(self, page: str, size: int) -> bool:
        held = self._held()
        return (
            held.get(page, 0) + self._coming[page] + size <= BYTES_HELD_BY_PAGE
            and sum(held.values()) + self._coming.total() + size <= BYTES_HELD
        )


def _refuse(wait_s: float) -> ASGIApp:
    if math.isinf(wait_s):
        return problem(413, "body_too_large", "This file is too large.")
    wait = math.ceil(wait_s)
    return problem(
        429,
        "rate_uploads",
        f"That is more than may be uploaded within {WITHIN_S // 60} minutes. Try again later.",
        {"Retry-After": str(wait)},
    )
