"""
``/continue/{token}``: another browser becomes the same visitor, once.

Opening the link only asks; the button does it, so that a chat's preview of the link does not use it up. Another site can
press that button for nobody: whoever was made another visitor unasked would show their next pictures to a stranger.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reve_core.errors import NotFound, ReveError
from reve_core.models import JobStatus
from reve_core.service import Studio
from reve_core.web.address import scheme_of
from reve_core.web.cookies import visitor_cookie
from reve_core.web.crosssite import refuse_cross_site
from reve_core.web.doors import Door, Under
from reve_core.web.html.document import document, header, never_listed
from reve_core.web.html.markup import Markup, tag, together
from reve_core.web.problems import CrossSite, status_of
from reve_core.web.site import Site
from reve_core.web.who import cookies_of

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # the form's Origin must come along, the address must not go elsewhere
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
_CSS = (
    ".gone form{margin:0}.gone button{border:0;font:inherit;font-weight:600;cursor:pointer}.gone .more{font-size:16px}"
)


def continue_routes(get_studio: Callable[[], Studio], get_site: Callable[[], Site]) -> list[Route]:
    def onward(request: Request, token: str) -> Response:
        studio = get_studio()
        if not studio.visitors.public:
            raise NotFound("There is nothing at this address.")
        try:
            if _TOKEN.fullmatch(token) is None:
                return _over()
            if request.method == "POST":
                return _taken(request, studio, get_site(), token)
            return _question(request, studio, token)
        except CrossSite:
            return _page(
                "Press the button yourself", "This has to come from the page behind the link. Open the link again.", 403
            )
        except ReveError as exc:
            return _page("Not now", "Something is in the way. Wait a moment, then reload this page.", status_of(exc))

    return [Under("/continue", Door(onward, ("GET", "HEAD", "POST")))]


def _question(request: Request, studio: Studio, token: str) -> Response:
    visitors = studio.visitors
    owner = visitors.waiting(token)
    if owner is None:
        return _over()
    here = visitors.of_cookies(cookies_of(request.headers))
    if here == owner:
        return _page(
            "You are already here", "This browser shows the same gallery. Open the link on another device.", 200
        )
    press = tag("form", tag("button", "Continue here", class_="main", type="submit"), method="post")
    left = _left_behind(studio.counts(owner=here)[JobStatus.DONE] if here else 0)
    return _page(
        "Continue in this browser",
        "You will see the gallery and the queue of the device that made this link, and both go on with it. "
        "Only do this if the link is your own.",
        200,
        left,
        press,
    )


def _left_behind(pictures: int) -> Markup | None:
    """Two galleries are not made one: whoever is lured to a stranger's link would hand over all of theirs."""
    if not pictures:
        return None
    has = "1 picture" if pictures == 1 else f"{pictures:,} pictures"
    return together(
        tag("p", f"This browser has {has} of its own. What was made here stays behind and is not seen here any more."),
        tag("p", tag("a", "Look through them first", href="/gallery"), class_="more"),
    )


def _taken(request: Request, studio: Studio, site: Site, token: str) -> Response:
    refuse_cross_site(request.headers)
    owner = studio.visitors.take_over(token)
    if owner is None:
        return _over()
    cookie = visitor_cookie(
        owner, studio.visitors, https=scheme_of(request, site) == "https", embedded=bool(site.embed_origins)
    )
    return Response(status_code=303, headers={**_HEADERS, "Location": "/", "Set-Cookie": cookie})


def _over() -> Response:
    return _page(
        "This link is over",
        "It works once, for a quarter of an hour. Make a new one on the other device: Gallery, then Devices.",
        410,
    )


def _page(heading: str, told: str, status: int, *more: Markup | None) -> Response:
    way_on = () if more else (tag("a", "Open the studio", class_="main", href="/"),)
    inside = tag("div", tag("h1", heading), tag("p", told), *more, *way_on, class_="gone")
    html = document(
        heading, never_listed(), together(header(), tag("main", inside)), _CSS, framed=False, forms=bool(more)
    )
    headers = {**_HEADERS, "Content-Security-Policy": html.csp, "X-Content-Type-Options": "nosniff"}
    return Response(html.body, status, headers, media_type="text/html")
