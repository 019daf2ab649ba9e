"""
Other sites in the same browser: they may not act with a visitor's cookie, and may call only if the operator lists them.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from reve_core.errors import ReveError
from reve_core.web.problems import CrossSite
from reve_core.web.site import Site
from reve_core.web.who import token_of


def refuse_cross_site(headers: Headers) -> None:
    """
    For requests that change something and carry no token. Raises CrossSite.

    A browser says where a request comes from; a program says nothing, and is let through.
    """
    if token_of(headers) is not None:  # only a token: a browser sends other credentials along by itself
        return
    where = headers.get("sec-fetch-site")
    if where in ("same-origin", "none"):
        return
    origin = headers.get("origin")
    if where is None and (origin is None or origin.partition("://")[2] == headers.get("host")):
        return
    raise CrossSite("Another site may not do this with your browser. Programs use an API token.")


class Cors:
    """Answers browsers' questions about other origins where the operator lists any; otherwise is not there."""

    def __init__(self, app: ASGIApp, get_site: Callable[[], Site]) -> None:
        self._app = app
        self._get_site = get_site
        self._with_cors: tuple[tuple[str, ...], ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if any(name == b"origin" for name, _ in scope["headers"]):
            await self._listed()(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _listed(self) -> ASGIApp:
        try:
            origins = self._get_site().cors_origins
        except ReveError:
            return self._app  # whoever answers says what is wrong with the settings
        if not origins:
            return self._app
        if self._with_cors is None or self._with_cors[0] != origins:
            listed = CORSMiddleware(
                self._app,
                allow_origins=origins,
                allow_methods=("GET", "POST", "PATCH", "DELETE"),
                allow_headers=("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Prefer"),
                expose_headers=("ETag", "Location", "Retry-After", "Idempotency-Replayed", "Preference-Applied"),
            )
            self._with_cors = (origins, listed)
        return self._with_cors[1]
