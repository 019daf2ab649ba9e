"""
What the live cards ask for about once a second: the newest jobs of the visitor as JSON.

Answered on the event loop itself: a few indexed reads, well under a millisecond, and no thread pool that slow work could
fill.
"""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reve_core.models import PERSONAL
from reve_core.service import Studio
from reve_core.web.doors import Door, Under
from reve_core.web.problems import problem

_MOST = 60


def live_routes(get_studio: Callable[[], Studio]) -> list[Route]:
    """``GET /api/live?limit=24`` → ``{"cards": [...], "rev": 7, "pending": 2}``; see ``views.Card``."""

    def api(request: Request, rest: str) -> Response:
        if rest != "live":
            return problem(404, "not_found", "There is nothing at this address.")
        raw = request.query_params.get("limit", "24")
        limit = min(max(int(raw), 1), _MOST) if raw.isascii() and raw.isdigit() and len(raw) < 5 else 24
        feed = get_studio().feed(owner=PERSONAL, limit=limit)
        return JSONResponse(
            {"cards": feed.cards, "rev": feed.rev, "pending": feed.pending}, headers={"Cache-Control": "no-store"}
        )

    return [Under("/api", Door(api, ("GET", "HEAD"), quick=True))]
