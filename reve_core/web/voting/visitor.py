"""One request to a link: what it opens, who is asking, and the headers of what they get."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from reve_core.comparison_shares import VOTER_S
from reve_core.grants import File
from reve_core.service import Studio
from reve_core.web import visits
from reve_core.web.address import base_url
from reve_core.web.conditional import is_known
from reve_core.web.html.document import Html
from reve_core.web.shares.routes import robots
from reve_core.web.site import Site
from reve_core.web.voting.outcome import Outcome, outcome
from reve_core.web.who import cookies_of

COOKIE, SECURE_COOKIE = "reve_voter", "__Host-reve_voter"
_PACKED = 1400  # bytes from which packing pays


class Visitor:
    def __init__(self, request: Request, studio: Studio, site: Site, token: str) -> None:
        self.request = request
        self.studio = studio
        self.site = site
        links = studio.comparison_shares
        self.opened = links.open(token)
        self.votes, self.looking, self.previews = links.votes, links.looking, links.previews
        self.here = f"/c/{token}"
        cookies = cookies_of(request.headers)
        self.voter = self.votes.voter(self.opened, cookies.get(SECURE_COOKIE)) or self.votes.voter(
            self.opened, cookies.get(COOKIE)
        )

    @property
    def base(self) -> str:
        return base_url(self.request, self.site)

    @property
    def seen_by(self) -> str:
        """For whom the names of a grid's pictures are worked out: each voter, where the grid opens after voting only."""
        return (self.voter or "") if self.opened.share.may_vote and self.opened.is_open else ""

    @property
    def alt(self) -> str:
        """The link's card in words."""
        return self.previews.alt(self.opened)

    def outcome(self) -> Outcome:
        return outcome(self.studio.polls.result(self.opened.comparison), show_prompts=self.opened.share.show_prompt)

    def count(self) -> None:
        visits.count(self.request, self.studio, self.opened.share)

    # -- answers

    def page(self, html: Html, status: int = 200) -> Response:
        headers = {
            **robots(published=self.opened.share.published),
            "Content-Security-Policy": html.csp,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding, Cookie",
        }
        return _packed(self.request, html.body, "text/html", headers, status)

    def json(self, value: object) -> Response:
        headers = {**robots(published=False), "Cache-Control": "no-store", "Vary": "Accept-Encoding, Cookie"}
        return _packed(self.request, json.dumps(value).encode(), "application/json", headers, 200)

    def file(self, tag: str, read: Callable[[], File], *, shown_elsewhere: bool = False) -> Response:
        """Bytes that a browser may keep, but asks about each time it shows them: a link that ended shows nothing more."""
        headers = {
            **robots(published=shown_elsewhere and self.opened.share.published),
            "Cache-Control": "private, no-cache",
            "ETag": f'"{tag}"',
        }
        if shown_elsewhere:
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        else:
            headers["Vary"] = "Cookie"
        if is_known(self.request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        file = read()
        headers["Content-Disposition"] = f'inline; filename="{file.filename}"'
        return Response(file.data, headers=headers, media_type=file.mime)

    def away(self, to: str) -> Response:
        headers = {**robots(published=False), "Location": to, "Cache-Control": "no-store", "Vary": "Cookie"}
        return Response(status_code=303, headers=headers)


def voter_cookie(value: str, *, https: bool) -> str:
    """The ``Set-Cookie`` of a voter. The name that neighbours cannot plant asks for the whole site and for https."""
    where = f"{SECURE_COOKIE}={value}; Path=/; Secure" if https else f"{COOKIE}={value}; Path=/c"
    return f"{where}; Max-Age={VOTER_S}; HttpOnly; SameSite=Lax"


def cleared_voter_cookies(*, https: bool) -> list[str]:
    """The ``Set-Cookie`` headers that make a browser no voter again."""
    gone = "Max-Age=0; HttpOnly; SameSite=Lax"
    return [f"{COOKIE}=; Path=/c; {gone}", *([f"{SECURE_COOKIE}=; Path=/; Secure; {gone}"] if https else [])]


def voter_of(cookies: Mapping[str, str]) -> str | None:
    """The cookie of a browser that has voted."""
    return cookies.get(SECURE_COOKIE) or cookies.get(COOKIE)


def _packed(request: Request, body: bytes, kind: str, headers: dict[str, str], status: int) -> Response:
    if len(body) > _PACKED and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 3, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, status, headers, media_type=kind)
