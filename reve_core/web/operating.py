"""
For whoever runs the app, and for programs that look after it: is it up, may it be sent visitors, how is it doing.

``/healthz`` and ``/readyz`` are for the host, which asks without saying who it is: they tell no more than a word.
``/metrics`` is the operator's, and is not there where no token is set.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from reve_core.errors import ReveError
from reve_core.guard.address import prefix_of
from reve_core.service import Studio
from reve_core.web.address import client_of
from reve_core.web.doors import Door
from reve_core.web.html.document import MARK
from reve_core.web.metrics import exposition
from reve_core.web.problems import problem
from reve_core.web.shares.routes import Exactly
from reve_core.web.shield.buckets import Buckets
from reve_core.web.site import Site
from reve_core.web.who import token_of

if TYPE_CHECKING:
    from reve_core.guarding import Tally

TRIES, WITHIN_S = 5, 600
ADDRESSES = frozenset(("healthz", "readyz", "metrics", "robots.txt", "favicon.ico"))
_NO_STORE = {"Cache-Control": "no-store"}
# Shared pages say themselves whether they may be listed; the studio's own pages would open a session for every robot.
_ROBOTS = """User-agent: *
Allow: /s/
Allow: /c/
Allow: /oembed
Disallow: /
"""


def operating_routes(
    get_studio: Callable[[], Studio],
    get_site: Callable[[], Site],
    get_tally: Callable[[], Tally] | None = None,
) -> list[Route]:
    tries = Buckets(TRIES / WITHIN_S, TRIES)

    def healthy(request: Request, rest: str) -> Response:
        return PlainTextResponse("ok\n", headers=_NO_STORE)

    def ready(request: Request, rest: str) -> Response:
        why = why_not_ready(get_studio)
        return PlainTextResponse(f"{why or 'ready'}\n", 503 if why else 200, headers=_NO_STORE)

    def metrics(request: Request, rest: str) -> Response:
        site = get_site()
        if site.operator_token is None:
            return problem(404, "not_found", "There is nothing at this address.")
        whose = prefix_of(client_of(request, site) or "")
        wait_s = tries.wait_s(whose)
        if wait_s:
            told = "Too many wrong tokens came from this address. Wait, then try again."
            return problem(429, "too_many_tries", told, {"Retry-After": str(math.ceil(wait_s))})
        if not _is_operator(request, site.operator_token.get_secret_value()):
            tries.take(whose)
            told = "Send the operator's token, with the header Authorization: Bearer."
            return problem(401, "not_allowed", told, {"WWW-Authenticate": 'Bearer realm="metrics"'})
        text, kind = exposition(get_tally)
        return Response(text, headers={**_NO_STORE, "Content-Type": kind})

    def robots(request: Request, rest: str) -> Response:
        return PlainTextResponse(_ROBOTS, headers={"Cache-Control": "public, max-age=86400"})

    def icon(request: Request, rest: str) -> Response:
        return Response(MARK, headers={"Cache-Control": "public, max-age=86400"}, media_type="image/svg+xml")

    reads = ("GET", "HEAD")
    return [
        Exactly("/healthz", Door(healthy, reads, quick=True)),
        Exactly("/readyz", Door(ready, reads)),
        Exactly("/metrics", Door(metrics, reads)),
        Exactly("/robots.txt", Door(robots, reads, quick=True)),
        Exactly("/favicon.ico", Door(icon, reads, quick=True)),
    ]


def why_not_ready(get_studio: Callable[[], Studio]) -> str:
    """A word for why no visitors should be sent here now, empty where they may come."""
    try:
        studio = get_studio()
        if studio.draining:
            return "stopping"
        studio.catalogue.providers()  # reads the store
        return "disk" if studio.board.notices(pauses=False) else ""
    except ReveError:
        return "store"


def _is_operator(request: Request, token: str) -> bool:
    sent = token_of(request.headers) or ""
    return hmac.compare_digest(sent.encode(), token.encode())
