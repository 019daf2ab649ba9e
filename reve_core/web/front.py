"""
What stands in front of Streamlit: our own addresses are answered here, before any of its middleware sees them.

Streamlit's session, gzip and path checks cost a short JSON answer more than the answer itself, and its last route answers
every unknown path with a page. Nothing below a prefix of ours ever gets that far.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from reve_core.errors import ReveError
from reve_core.service import Studio
from reve_core.web import routes
from reve_core.web.cookies import VisitorCookies
from reve_core.web.doors import nothing_here
from reve_core.web.operating import ADDRESSES
from reve_core.web.problems import problem
from reve_core.web.shield.asking import Asking
from reve_core.web.shield.headers import Seals
from reve_core.web.shield.hosts import is_for_us
from reve_core.web.shield.sockets import Sockets
from reve_core.web.shield.uploads import Held, Uploads, is_import, is_upload
from reve_core.web.site import Site

if TYPE_CHECKING:
    from reve_core.guarding import Tally

log = logging.getLogger(__name__)

_UNKNOWN = Site()
# Asked by the host's own watchman, by whatever name; they say "ok" and nothing else.
_WATCHED = ("/_stcore/health", "/healthz", "/readyz")
# What Streamlit tells of itself, and a way to run pages by program: neither is meant for visitors.
_CLOSED = ("/_stcore/metrics", "/_stcore/agent")
OURS = frozenset(
    ("api", "c", "continue", "download", "examples", "exports", "generate", "images", "oembed", "s", "share", "status")
).union(ADDRESSES)


def is_ours(path: str) -> bool:
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return first in OURS or path.startswith("/app/static/images/")


class Front:
    """
    ``get_studio`` and ``get_site`` may raise ReveError: our addresses answer 503 then, and the pages say why. ``index`` is
    Streamlit's index.html, ``held`` what its open pages keep of uploaded files, ``get_tally`` reads the metrics' numbers.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        get_studio: Callable[[], Studio],
        get_site: Callable[[], Site],
        index: Path | None = None,
        held: Held = dict,
        get_tally: Callable[[], Tally] | None = None,
    ) -> None:
        self._streamlit = app
        self._for_visitors = VisitorCookies(app, get_studio)
        self._sockets = Sockets(app)
        self._uploads = Uploads(app, held)
        self._seals = Seals(index)
        self._ours = Router(routes(get_studio, get_site, get_tally), redirect_slashes=False, default=nothing_here)
        self._imports = Uploads(self._ours)
        self._asking = Asking(self._answer)
        self._get_site = get_site
        self._seems_proxied = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            await self._streamlit(scope, receive, send)
            return
        try:
            site = self._get_site()
        except ReveError:
            site = _UNKNOWN
        path = scope["path"]
        if path not in _WATCHED and not is_for_us(scope, site):
            await _refuse(scope, receive, send)
        elif kind == "websocket":
            self._look_for_a_proxy(scope, site)
            await self._sockets(scope, receive, send, site)
        elif is_ours(path):
            send = self._seals.on(scope, send, site, ours=True)
            if path in _WATCHED:
                await self._ours(scope, receive, send)
            else:
                await self._asking(scope, receive, send, site)
        else:
            send = self._seals.on(scope, send, site, ours=False)
            if path.startswith(_CLOSED):
                await nothing_here(scope, receive, send)
            elif not site.public:
                await self._streamlit(scope, receive, send)
            elif is_upload(scope):
                await self._uploads(scope, receive, send, site)
            else:
                await self._for_visitors(scope, receive, send, site)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, site: Site) -> None:
        if site.public and is_import(scope):
            await self._imports(scope, receive, send, site)
        else:
            await self._ours(scope, receive, send)

    def _look_for_a_proxy(self, scope: Scope, site: Site) -> None:
        """All visitors share a proxy's address until somebody says that there is one, and with it the limits of one."""
        if self._seems_proxied or not site.public or site.trusted_hops:
            return
        if "x-forwarded-for" in HTTPConnection(scope).headers:
            self._seems_proxied = True
            log.warning(
                "Requests name X-Forwarded-For, but REVE_TRUSTED_HOPS is 0. If a proxy of yours stands in front of the app, "
                "set it to the number of proxies: all visitors share one address otherwise."
            )


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})  # before it was accepted: the server answers 403
    else:
        told = "This server does not answer to that host name. If it is yours, list it in REVE_ALLOWED_HOSTS."
        await problem(400, "unknown_host", told)(scope, receive, send)
