"""
What stands in front of Streamlit: our own addresses are answered here, before any of its middleware sees them.

Streamlit's session, gzip and path checks cost a short JSON answer more than the answer itself, and its last route answers
every unknown path with a page. Nothing below a prefix of ours ever gets that far.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from reve_core.errors import ReveError
from reve_core.guard.address import is_allowed, plain_host
from reve_core.service import Studio
from reve_core.web import routes
from reve_core.web.cookies import VisitorCookies
from reve_core.web.doors import nothing_here
from reve_core.web.problems import problem
from reve_core.web.site import Site

_UNKNOWN = Site()
_HEALTH = "/_stcore/health"  # asked by the host's own watchman, by whatever name; says "ok" and nothing else
OURS = frozenset(
    ("api", "c", "continue", "download", "examples", "exports", "generate", "images", "oembed", "s", "share", "status")
)


def is_ours(path: str) -> bool:
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return first in OURS or path.startswith("/app/static/images/")


class Front:
    """``get_studio`` and ``get_site`` may raise ReveError: our addresses answer 503 then, and the pages say why."""

    def __init__(self, app: ASGIApp, *, get_studio: Callable[[], Studio], get_site: Callable[[], Site]) -> None:
        self._streamlit = app
        self._for_visitors = VisitorCookies(app, get_studio)
        self._ours = Router(routes(get_studio, get_site), redirect_slashes=False, default=nothing_here)
        self._get_site = get_site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            await self._streamlit(scope, receive, send)
            return
        try:
            site = self._get_site()
        except ReveError:
            site = _UNKNOWN
        if site.allowed_hosts and scope["path"] != _HEALTH and not is_for_us(scope, site):
            await _refuse(scope, receive, send)
        elif kind == "websocket":
            await self._streamlit(scope, receive, send)
        elif is_ours(scope["path"]):
            await self._ours(scope, receive, send)
        elif site.public:
            await self._for_visitors(scope, receive, send, site)
        else:
            await self._streamlit(scope, receive, send)


def is_for_us(scope: Scope, site: Site) -> bool:
    """Whether the request names a host that the operator lists. One that names two names none."""
    named = [value for name, value in scope["headers"] if name == b"host"]
    return len(named) == 1 and _is_listed(named[0], site.allowed_hosts)


@lru_cache(1024)
def _is_listed(host: bytes, allowed: tuple[str, ...]) -> bool:
    return is_allowed(plain_host(host.decode("latin-1")), allowed)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})  # before it was accepted: the server answers 403
    else:
        response = problem(400, "unknown_host", "This server does not answer to that host name.")
        await response(scope, receive, send)
