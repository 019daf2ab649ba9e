"""
What the live cards ask for about once a second: the newest jobs of the visitor as JSON.

Answered on the event loop itself: a few indexed reads, well under a millisecond, and no thread pool that slow work could
fill.
"""

from collections.abc import Callable, Iterable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reve_core.service import Studio
from reve_core.views import Card
from reve_core.visitors import Visitors
from reve_core.web.doors import Door, Under
from reve_core.web.problems import problem
from reve_core.web.who import PASS_HEADER, owner_of, somebody

_MOST = 60


def live_routes(get_studio: Callable[[], Studio]) -> list[Route]:
    """
    ``GET /api/live?limit=24`` → ``{"cards": [...], "rev": 7, "pending": 2}``; see ``views.Card``.

    In public mode also ``you``: who was answered, as ``Visitors.tag`` tells it. Where cookies do not come back each card
    with a picture has the ``key`` to its thumbnail.
    """

    def api(request: Request, rest: str) -> Response:
        if rest != "live":
            return problem(404, "not_found", "There is nothing at this address.")
        raw = request.query_params.get("limit", "24")
        limit = min(max(int(raw), 1), _MOST) if raw.isascii() and raw.isdigit() and len(raw) < 5 else 24
        studio = get_studio()
        owner = somebody(owner_of(request.headers, studio.visitors))
        feed = studio.board.feed(owner=owner, limit=limit)
        news: dict[str, object] = {"cards": feed.cards, "rev": feed.rev, "pending": feed.pending}
        if studio.visitors.public:
            news["you"] = studio.visitors.tag(owner)
            if PASS_HEADER in request.headers:
                news["cards"] = with_keys(feed.cards, studio.visitors)
        return JSONResponse(news, headers={"Cache-Control": "no-store"})

    return [Under("/api", Door(api, ("GET", "HEAD"), quick=True))]


def with_keys(cards: Iterable[Card], visitors: Visitors) -> list[dict[str, object]]:
    """Cards for a browser that sends no cookies."""
    return [{**card, "key": visitors.key(card["thumbnail"])} if card.get("thumbnail") else {**card} for card in cards]
