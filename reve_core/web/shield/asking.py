"""
How often, and how much at once, one address may ask our own addresses for something in public mode.

Admission counts what is ordered; nothing else would count what is only read, refused or worked out, such as exports. Each
address has one bucket. A request takes out of it roughly what it costs here: a status or a picture 1, what writes 4 and one
more for each 4 kB that it brings to be checked, a file that is made for it 20. What takes long also has few places at once,
since it is done on threads that all share. Who has asked to wait for too much at once is answered without waiting, as RFC
7240 allows.
"""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from reve_core.guard.address import prefix_of
from reve_core.web.address import client_of
from reve_core.web.counters import count
from reve_core.web.problems import problem
from reve_core.web.shield.buckets import Buckets
from reve_core.web.site import Site

BURST_S = 10  # seconds' worth that may be asked for at once
AT_ONCE, AT_ONCE_ALL = 4, 16  # requests that take long, of one address and of everybody; the pool has 40 threads
WAITS, WAITS_ALL = 8, 100
WRITE, SEARCH, LONG = 4.0, 4.0, 20.0
BYTES_EACH = 4096
_UNTOLD = 256 * 1024  # bytes that a body is taken for which does not say how long it is

App = Callable[[Scope, Receive, Send, Site], Awaitable[None]]

_READS = ("GET", "HEAD", "OPTIONS")
_BALLOT = re.compile(r"/c/[^/]+")  # whoever comes in without a ballot is given one, which is written down
_LONG = re.compile(
    r"/exports/.+|/download/comparisons/.+|/api/v1/me/export|/api/v1/comparisons/import|/api/v1/comparisons/quote"
    r"|/api/v1/comparisons/[^/]+/(export\.html|export\.json|contact\.png|originals\.zip|rows|cells/run)"
)


def price(scope: Scope) -> float:
    """What a request takes out of its address's bucket."""
    if takes_long(scope):
        return LONG  # the bytes of what is imported are counted beside
    if scope["method"] in _READS:
        if _BALLOT.fullmatch(scope["path"]):
            return WRITE
        return SEARCH if b"words=" in scope.get("query_string", b"") else 1.0
    told = next((value for name, value in scope["headers"] if name == b"content-length"), None)
    if told is None:
        chunked = any(name == b"transfer-encoding" for name, _ in scope["headers"])
        return WRITE + (_UNTOLD / BYTES_EACH if chunked else 0)
    size = int(told[:20]) if told.isdigit() else 0
    return WRITE + min(size, _UNTOLD) / BYTES_EACH


def takes_long(scope: Scope) -> bool:
    return _LONG.fullmatch(scope["path"]) is not None and scope["method"] != "HEAD"


class Asking:
    """``app`` with these limits around it. One event loop runs all of it."""

    def __init__(self, app: App, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._rate = 0.0
        self._buckets = Buckets(0, 0)
        self._long: Counter[str] = Counter()
        self._waits: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send, site: Site) -> None:
        prefix = prefix_of(client_of(HTTPConnection(scope), site) or "")
        if (
            not site.public or not site.requests_per_second or not prefix
        ):  # where nobody can say whose it is, a limit would be everybody's
            await self._app(scope, receive, send, site)
            return
        if site.requests_per_second != self._rate:
            self._rate = site.requests_per_second
            self._buckets = Buckets(self._rate, self._rate * BURST_S, clock=self._clock)
        if wait_s := self._buckets.take(prefix, min(price(scope), self._rate * BURST_S)):
            await _refuse(scope, receive, send, "rate", wait_s, "These are too many requests. Wait a moment.")
        elif takes_long(scope):
            if not _has_place(self._long, prefix, AT_ONCE, AT_ONCE_ALL):
                told = "Other files are being made. Wait until they are there, then try again."
                await _refuse(scope, receive, send, "long", 5.0, told)
                return
            with _held(self._long, prefix):
                await self._app(scope, receive, send, site)
        elif any(name == b"prefer" for name, _ in scope["headers"]):
            if not _has_place(self._waits, prefix, WAITS, WAITS_ALL):
                headers = [pair for pair in scope["headers"] if pair[0] != b"prefer"]
                await self._app({**scope, "headers": headers}, receive, send, site)
                return
            with _held(self._waits, prefix):
                await self._app(scope, receive, send, site)
        else:
            await self._app(scope, receive, send, site)


def _has_place(held: Counter[str], prefix: str, of_one: int, of_all: int) -> bool:
    return held[prefix] < of_one and held.total() < of_all


@contextmanager
def _held(held: Counter[str], prefix: str) -> Iterator[None]:
    held[prefix] += 1
    try:
        yield
    finally:
        held[prefix] -= 1
        if not held[prefix]:
            del held[prefix]


async def _refuse(scope: Scope, receive: Receive, send: Send, why: str, wait_s: float, told: str) -> None:
    count("requests_refused", why=why)
    headers = {"Retry-After": str(max(1, math.ceil(wait_s)))}
    await problem(429, "rate_requests", told, headers)(scope, receive, send)
