"""
The websockets of Streamlit's pages: how many, how large their frames, and how fast.

Each frame that asks for a rerun starts a thread on the event loop, which costs milliseconds: some hundred of them at once
and the whole server stands still. So in public mode a socket may send a few at once and then so many a second, and all
sockets of one address together three times as many; whoever sends more is closed. A page load is one frame, a click too.

The socket also carries the visitor's address to the page's script, as a header that no visitor can send.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reve_core.guard.address import prefix_of
from reve_core.web.address import client_of
from reve_core.web.counters import count, stands
from reve_core.web.shield.buckets import Buckets
from reve_core.web.site import Site

log = logging.getLogger(__name__)

ADDRESS_HEADER = "x-reve-address"
MAX_FRAME = 1024 * 1024  # bytes; a form full of prompts is a hundredth of it
BURST = 20  # frames at once
PER_ADDRESS = 3  # so many times what one socket may
MAX_SOCKETS = 500  # of everybody together: each holds a session in memory
_OPENINGS = 4  # so many times the sockets an address may hold may it open at once, and again within a minute

_POLICY, _NO_TEXT, _TOO_BIG = 1008, 1003, 1009  # RFC 6455, section 7.4.1


class Sockets:
    """``app`` with these limits around its websockets. One event loop runs all of it."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._open: Counter[str] = Counter()
        self._limits: tuple[int, float] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send, site: Site) -> None:
        address = client_of(HTTPConnection(scope), site) or ""
        scope = {**scope, "headers": _told(scope["headers"], address)}
        if not site.public:
            await self._app(scope, receive, send)
            return
        self._set_up(site)
        prefix = prefix_of(address)
        if why := self._refused(prefix, site):
            count("sockets_refused", why=why)
            await receive()
            await send({"type": "websocket.close", "code": _POLICY})  # before it was accepted: the server answers 403
            return
        self._change(prefix, 1)
        try:
            await self._guarded(scope, receive, send, prefix)
        finally:
            self._change(prefix, -1)

    def _set_up(self, site: Site) -> None:
        """Buckets for these limits; they change when an operator changes them, and begin anew then."""
        limits = (site.sockets_per_address, site.frames_per_second)
        if limits != self._limits:
            self._limits = limits
            openings = site.sockets_per_address * _OPENINGS
            self._openings = Buckets(openings / 60, openings, clock=self._clock)
            rate = site.frames_per_second
            self._of_addresses = Buckets(rate * PER_ADDRESS, BURST * PER_ADDRESS, clock=self._clock)

    def _refused(self, prefix: str, site: Site) -> str:
        if self._open.total() >= MAX_SOCKETS:
            return "all"
        if not prefix:  # nobody can say whose it is: a limit would be everybody's
            return ""
        if site.sockets_per_address and self._open[prefix] >= site.sockets_per_address:
            return "address"
        return "openings" if self._openings.take(prefix) else ""

    def _change(self, prefix: str, by: int) -> None:
        self._open[prefix] += by
        if not self._open[prefix]:
            del self._open[prefix]
        stands("sockets_open", self._open.total())

    async def _guarded(self, scope: Scope, receive: Receive, send: Send, prefix: str) -> None:
        assert self._limits is not None
        own = Buckets(self._limits[1], BURST, clock=self._clock)
        closed = False

        async def frames() -> Message:
            nonlocal closed
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            code, why = self._verdict(message, own, prefix)
            if not code:
                return message
            count("frames_refused", why=why)
            if not closed:
                closed = True
                await send({"type": "websocket.close", "code": code})
            return {"type": "websocket.disconnect", "code": code, "reason": ""}

        async def until_closed(message: Message) -> None:
            if not closed:  # what the page's script still has to say reaches nobody
                await send(message)

        await self._app(scope, frames, until_closed)

    def _verdict(self, message: Message, own: Buckets, prefix: str) -> tuple[int, str]:
        data = message.get("bytes")
        if data is None:
            return _NO_TEXT, "text"  # Streamlit would fall over it
        if len(data) > MAX_FRAME:
            return _TOO_BIG, "size"
        if own.take("") > 0:
            return _POLICY, "socket"
        if prefix and self._of_addresses.take(prefix) > 0:
            return _POLICY, "address"
        return 0, ""


def _told(headers: list[tuple[bytes, bytes]], address: str) -> list[tuple[bytes, bytes]]:
    name = ADDRESS_HEADER.encode()
    kept = [pair for pair in headers if pair[0].lower() != name]
    return [*kept, (name, address.encode("ascii"))] if address else kept
