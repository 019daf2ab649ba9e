"""
The visitor cookie: set on Streamlit's own pages in public mode, before their first script run asks for it.

The websocket that a page opens carries it along, so a script knows its visitor on the very first run. Nobody is written
down anywhere for it: a cookie that never comes back has cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reve_core.errors import ReveError
from reve_core.service import Studio
from reve_core.visitors import COOKIE, COOKIE_S, RENEW_S, SECURE_COOKIE, Visitors
from reve_core.web.address import scheme_of
from reve_core.web.site import Site
from reve_core.web.who import cookies_of

_NO_PAGES = ("/_stcore/", "/static/", "/media/", "/component/")  # Streamlit's own; asked for by the dozen
_CONDITIONS = (b"if-none-match", b"if-modified-since")


def visitor_cookie(owner: str, visitors: Visitors, *, https: bool, embedded: bool) -> str:
    """
    The ``Set-Cookie`` that makes a browser this visitor.

    ``embedded``: other sites may show the app in a frame, where browsers send only cookies that say so, and keep those of
    each such site apart.
    """
    parts = [
        f"{SECURE_COOKIE if https else COOKIE}={visitors.cookie(owner)}",
        f"Max-Age={COOKIE_S}",
        "Path=/",
        "HttpOnly",
    ]
    if https:
        parts.append("Secure")
    parts += ["SameSite=None", "Partitioned"] if https and embedded else ["SameSite=Lax"]
    return "; ".join(parts)


def cleared_cookies(*, https: bool, embedded: bool) -> list[str]:
    """The ``Set-Cookie`` headers that make a browser nobody again: with its next page it is somebody new."""
    gone = "Max-Age=0; Path=/; HttpOnly"
    cleared = [f"{COOKIE}=; {gone}; SameSite=Lax"]
    if https:
        where = "SameSite=None; Partitioned" if embedded else "SameSite=Lax"
        cleared.append(f"{SECURE_COOKIE}=; {gone}; Secure; {where}")
    return cleared


class VisitorCookies:
    """
    ASGI middleware around Streamlit. ``get_studio`` may raise ReveError: the page, which says why, comes without a cookie.
    """

    def __init__(self, app: ASGIApp, get_studio: Callable[[], Studio]) -> None:
        self._app = app
        self._get_studio = get_studio

    async def __call__(self, scope: Scope, receive: Receive, send: Send, site: Site) -> None:
        """Answer an HTTP request of the public mode."""
        connection = HTTPConnection(scope)
        https = scheme_of(connection, site) == "https"
        embedded = bool(site.embed_origins)
        made = None
        if scope["method"] == "GET" and not scope["path"].startswith(_NO_PAGES):
            made = self._made(connection.headers, https=https, embedded=embedded)
        if made is not None:
            # A browser that still has the page, but no cookie, is to be given the whole of it again.
            scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in _CONDITIONS]}

        async def with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if https:
                    _fit_for_tls(headers, embedded=embedded)
                if made is not None and _is_page(message["status"], headers):
                    headers.append("Set-Cookie", made)
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, with_cookies)

    def _made(self, headers: Headers, *, https: bool, embedded: bool) -> str | None:
        """The cookie to set, None where the one that came is good for a while yet."""
        try:
            visitors = self._get_studio().visitors
        except ReveError:
            return None
        known = visitors.visit(cookies_of(headers))
        if known is None:
            owner = visitors.new()
        elif known.age_s > RENEW_S or (https and known.cookie != SECURE_COOKIE):
            owner = known.owner
        else:
            return None
        return visitor_cookie(owner, visitors, https=https, embedded=embedded)


def _is_page(status: int, headers: Headers) -> bool:
    return status == 200 and headers.get("content-type", "").partition(";")[0].strip().lower() == "text/html"


def _fit_for_tls(headers: MutableHeaders, *, embedded: bool) -> None:
    """
    Streamlit's own cookies as ours are: behind a proxy that speaks TLS for it, it does not know that they must stay within
    it, and in a frame an upload would be refused for want of its cookie.
    """
    for index, (name, value) in enumerate(headers.raw):
        if name.lower() != b"set-cookie":
            continue
        first, *rest = [part.strip() for part in value.split(b";")]
        told = {part.partition(b"=")[0].lower(): part for part in rest}
        told.setdefault(b"secure", b"Secure")
        if embedded:
            told |= {b"samesite": b"SameSite=None", b"partitioned": b"Partitioned"}
        headers.raw[index] = (name, b"; ".join((first, *told.values())))
