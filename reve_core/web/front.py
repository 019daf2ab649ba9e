"""
What stands in front of Streamlit: our own addresses are answered here, before any of its middleware sees them.

Streamlit's session, gzip and path checks cost a short JSON answer more than the answer itself, and its last route answers
every unknown path with a page. Nothing below a prefix of ours ever gets that far.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from reve_core.service import Studio
from reve_core.web import routes
from reve_core.web.doors import nothing_here
from reve_core.web.site import Site

OURS = frozenset(
    ("api", "continue", "download", "examples", "exports", "generate", "images", "oembed", "s", "share", "status")
)


def is_ours(path: str) -> bool:
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return first in OURS or path.startswith("/app/static/images/")


class Front:
    """``get_studio`` and ``get_site`` may raise ReveError: our addresses answer 503 then."""

    def __init__(self, app: ASGIApp, *, get_studio: Callable[[], Studio], get_site: Callable[[], Site]) -> None:
        self._streamlit = app
        self._ours = Router(routes(get_studio, get_site), redirect_slashes=False, default=nothing_here)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_ours(scope["path"]):
            await self._ours(scope, receive, send)
        else:
            await self._streamlit(scope, receive, send)
