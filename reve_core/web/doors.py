"""
How every address of ours answers: whatever the method and the name, in JSON where it refuses, sealed against browsers.

Nothing may fall through to Streamlit, which answers any unknown path with its own page and 200.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from reve_core.errors import ReveError
from reve_core.faults import log_fault
from reve_core.web.bodies import read_body
from reve_core.web.problems import SEALED, RequestRefused, internal, problem, refusal

log = logging.getLogger(__name__)

Handler = Callable[[Request, str], Response]
_BODY = "reve_body"


async def nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    """For what lies below a prefix of ours and is no address."""
    await problem(404, "not_found", "There is nothing at this address.")(scope, receive, send)


def body_of(request: Request) -> bytes:
    """What a door that reads bodies has read. Raises TooLarge, TooSlow."""
    body: bytes | RequestRefused = request.scope.get(_BODY, b"")
    if isinstance(body, RequestRefused):
        raise body
    return body


class Door:
    """
    An ASGI endpoint that answers every method, in JSON where it refuses.

    Starlette would take a route that knows only GET for half a match, and try the rest of the table before it says 405:
    with a catch-all page at the end of the table it never does.

    ``handle`` may read files and is run on a thread of the pool; a ``quick`` one takes well under a millisecond and is
    run where it is, so that slow work elsewhere cannot hold it up. ``body``: the bytes of a POST that are read before, see
    ``body_of``; whoever dawdles over them keeps no thread busy.
    """

    def __init__(self, handle: Handler, methods: tuple[str, ...], *, quick: bool = False, body: int = 0) -> None:
        self._handle = handle
        self._methods = methods
        self._quick = quick
        self._body = body

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
                rest = request.path_params["rest"]
                if self._body and request.method == "POST":
                    scope[_BODY] = await self._read(request)
                if self._quick:
                    response = self._handle(request, rest)
                else:
                    response = await run_in_threadpool(self._handle, request, rest)
            except ReveError as exc:
                response = refusal(exc)
            except ClientDisconnect:
                return  # in the middle of its own request: nobody is left to answer
            except Exception as exc:
                log_fault(log, f"{request.method} {scope['route'].path} failed", exc)
                response = internal()
        await response(scope, receive, seal)

    async def _read(self, request: Request) -> bytes | RequestRefused:
        try:
            return await read_body(request, self._body)
        except RequestRefused as exc:
            return exc  # whoever handles the request says it in their own words


class Under(Route):
    """Everything below a prefix. Starlette's own ``{rest:path}`` does not match a line break, and would let it pass."""

    def __init__(self, prefix: str, door: Door) -> None:
        super().__init__(prefix + "/{rest:path}", door)
        self.path_regex = re.compile(rf"{re.escape(prefix)}/(?P<rest>[\s\S]*)\Z")
