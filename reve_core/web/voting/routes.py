"""``/c/{token}`` and what lies below it: to vote, or to look."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reve_core.errors import BadInput, ComparisonNotFound, ReveError, ShareNotFound
from reve_core.service import Studio
from reve_core.web.doors import Door, Under
from reve_core.web.problems import CrossSite, RequestRefused
from reve_core.web.shares.routes import Exactly, sorry, sorry_because
from reve_core.web.site import Site
from reve_core.web.voting import looking, turns
from reve_core.web.voting.visitor import Visitor


def voting_routes(get_studio: Callable[[], Studio], get_site: Callable[[], Site]) -> list[Route]:
    def answer(request: Request, rest: str) -> Response:
        token, _, what = rest.partition("/")
        try:
            visitor = Visitor(request, get_studio(), get_site(), token)
            if request.method == "POST":
                return turns.cast(visitor, what)
            return _shown(visitor, what)
        except CrossSite:
            told = "A vote has to come from the page behind the link. Open the link again."
            return sorry("Press the button yourself", told, 403)
        except (ComparisonNotFound, ShareNotFound):
            return sorry_because(ShareNotFound(), framed=what == "embed")
        except (BadInput, RequestRefused) as exc:
            told = "Open the link again and press one of the four buttons."
            return sorry("That was not a vote", told, exc.status if isinstance(exc, RequestRefused) else 422)
        except ReveError as exc:
            return sorry_because(exc, framed=what == "embed")

    door = Door(answer, ("GET", "HEAD", "POST"), body=turns.MOST)
    return [Exactly("/c", door), Under("/c", door)]


def _shown(visitor: Visitor, what: str) -> Response:
    match what.split("/"):
        case [""]:
            return turns.front(visitor)
        case ["b", ballot] if turns.BALLOT.fullmatch(ballot):
            return turns.revealed(visitor, ballot)
        case ["b", ballot, ("left" | "right") as which] if turns.BALLOT.fullmatch(ballot):
            return turns.side(visitor, ballot, which)
        case ["done"]:
            return turns.done(visitor)
        case ["card.jpg"]:
            return visitor.file(*visitor.previews.card(visitor.opened), shown_elsewhere=True)
        case ["embed"]:
            return looking.embedded(visitor)
        case ["result"]:
            return looking.result(visitor)
    return looking.looked(visitor, what.split("/"))
