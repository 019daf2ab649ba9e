"""
``/s/{token}`` and what lies below it, and ``/oembed``.

Nothing is kept by a browser or on the way without asking again: a link that was taken back shows nothing from that moment.
People who meet a link that has ended get a page, not JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reve_core.errors import Ended, NotFound, ReveError, ShareNotFound
from reve_core.grants import File, Window
from reve_core.pictures.names import disposition
from reve_core.service import Studio
from reve_core.web import visits
from reve_core.web.address import base_url
from reve_core.web.conditional import is_known
from reve_core.web.doors import Door, Under
from reve_core.web.html.document import MARK, Html
from reve_core.web.problems import problem, status_of
from reve_core.web.shares import oembed
from reve_core.web.shares.page import embed_page, picture_page, sorry_page
from reve_core.web.site import Site

_UNLISTED = "noindex, nofollow, noarchive, noimageindex"


def share_routes(get_studio: Callable[[], Studio], get_site: Callable[[], Site]) -> list[Route]:
    def share(request: Request, rest: str) -> Response:
        if rest == "mark.svg":
            return Response(MARK, headers={"Cache-Control": "public, max-age=86400"}, media_type="image/svg+xml")
        token, _, what = rest.partition("/")
        try:
            return _answer(request, get_studio(), get_site(), token, what)
        except ReveError as exc:
            return sorry_because(exc, framed=what == "embed")

    def embedding(request: Request, rest: str) -> Response:
        if rest:
            return problem(404, "not_found", "There is nothing at this address.")
        studio, base = get_studio(), base_url(request, get_site())
        kind, token = oembed.place_in(request.query_params.get("url", ""), base)
        if kind == "c":
            opened = studio.comparison_shares.open(token)
            may_vote = opened.share.may_vote
            return oembed.of_comparison(opened.title, token, base, request.query_params, may_vote=may_vote)
        return oembed.of_picture(studio.shares.open(token), token, base, request.query_params)

    door = Door(share, ("GET", "HEAD"))
    return [Exactly("/s", door), Under("/s", door), Exactly("/oembed", Door(embedding, ("GET", "HEAD")))]


class Exactly(Route):
    """One address, with nothing below it."""

    def __init__(self, path: str, door: Door) -> None:
        super().__init__(path + "{rest:path}", door)
        self.path_regex = re.compile(rf"{re.escape(path)}(?P<rest>)\Z")


def _answer(request: Request, studio: Studio, site: Site, token: str, what: str) -> Response:
    shares = studio.shares
    match what:
        case "":
            window = shares.open(token)
            visits.count(request, studio, window.share)
            return _page(picture_page(window, token, base_url(request, site)), 200, window)
        case "embed":
            window = shares.open(token)
            return _page(embed_page(window, token, base_url(request, site)), 200, None)
        case "picture" | "card.jpg":
            window = shares.open(token)
            return _shown(request, window, what, lambda: (shares.picture if what == "picture" else shares.card)(token))
        case "download":
            file = shares.download(token)
            headers = {**robots(published=False), "Cache-Control": "no-store"}
            headers["Content-Disposition"] = disposition("attachment", file.filename)
            return Response(file.data, headers=headers, media_type=file.mime)
        case _:
            raise ShareNotFound()


# -- answers


def _page(html: Html, status: int, window: Window | None) -> Response:
    headers = {
        **robots(published=window is not None and window.published),
        "Content-Security-Policy": html.csp,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(html.body, status, headers, media_type="text/html")


def _shown(request: Request, window: Window, what: str, read: Callable[[], File]) -> Response:
    """A picture that a browser may keep, but asks about each time it shows it."""
    tag = f'"{window.version}-{what.partition(".")[0]}"'
    headers = {
        **robots(published=window is not None and window.published),
        "Cache-Control": "private, no-cache",
        "ETag": tag,
    }
    if what == "card.jpg":
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # previews are shown on other sites
    if is_known(request, tag):
        return Response(status_code=304, headers=headers)
    file = read()
    headers["Content-Disposition"] = disposition("inline", file.filename)
    return Response(file.data, headers=headers, media_type=file.mime)


def robots(*, published: bool) -> Mapping[str, str]:
    """What keeps an address out of search engines, where its owner has not let them in, and out of other sites' logs."""
    return {"Referrer-Policy": "same-origin"} | ({} if published else {"X-Robots-Tag": _UNLISTED})


def sorry_because(error: ReveError, *, framed: bool) -> Response:
    """A page, for people, where a link leads to nothing."""
    match error:
        case NotFound():
            heading = "There is nothing here"
        case Ended():
            heading = "This link has ended"
        case _:
            heading = "This cannot be shown now"
    return sorry(heading, _told(error, heading), status_of(error), framed=framed)


def sorry(heading: str, told: str, status: int, *, framed: bool = False) -> Response:
    answer = _page(sorry_page(heading, told, framed=framed), status, None)
    if status == 503:
        answer.headers["Retry-After"] = "5"
    return answer


def _told(error: ReveError, heading: str) -> str:
    told = str(error)
    return told.removeprefix(f"{heading}. ")
