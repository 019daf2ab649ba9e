"""
``/c/{token}`` and what lies below it.

A visitor is a cookie of its own that is set on the way in and must have come back before a pair is shown: a preview or a
robot, which keeps none, gets neither a cookie nor a ballot, and who keeps no cookies is told so before voting in vain. A vote
is a POST that answers with the way to what it reveals, so that reloading and going back repeat nothing.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from urllib.parse import parse_qsl

import anyio.from_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reve_core.comparison_shares import VOTER_S, Opened, Turn
from reve_core.errors import BadInput, ComparisonNotFound, ReveError, ShareNotFound, WrongState
from reve_core.grants import File
from reve_core.service import Studio
from reve_core.web import visits
from reve_core.web.address import base_url, scheme_of
from reve_core.web.bodies import read_body
from reve_core.web.conditional import is_known
from reve_core.web.crosssite import refuse_cross_site
from reve_core.web.doors import Door, Under
from reve_core.web.html.document import Html
from reve_core.web.problems import CrossSite, RequestRefused, WrongType
from reve_core.web.shares.routes import Exactly, robots, sorry, sorry_because
from reve_core.web.site import Site
from reve_core.web.voting import pages
from reve_core.web.voting.outcome import Outcome, outcome
from reve_core.web.who import cookies_of

COOKIE, SECURE_COOKIE = "reve_voter", "__Host-reve_voter"
_BALLOT = re.compile(r"[A-Za-z0-9_-]{16,32}")
_NAME = re.compile(r"[A-Za-z0-9_-]{22}")
_MOST = 2048  # bytes of a vote's form
_PACKED = 1400  # bytes from which packing pays
_NEW = "new"  # asks, in an address, whether the cookie came back
_NO_COOKIE = (
    "Your browser sends no cookie back to this page, so a vote could not be told from a second one and is not counted. "
    "Allow cookies for this site, or open the link in another browser."
)
_AGAIN = "again"


class Visitor:
    """One request to a link: what it opens, and who is asking."""

    def __init__(self, request: Request, studio: Studio, site: Site, token: str) -> None:
        self.request = request
        self.studio = studio
        self.site = site
        self.links = studio.comparison_shares
        self.opened: Opened = self.links.open(token)
        self.here = f"/c/{token}"
        cookies = cookies_of(request.headers)
        self.voter = self.links.votes.voter(self.opened, cookies.get(SECURE_COOKIE)) or self.links.votes.voter(
            self.opened, cookies.get(COOKIE)
        )

    @property
    def base(self) -> str:
        return base_url(self.request, self.site)

    @property
    def title(self) -> str:
        return self.opened.title

    @property
    def seen_by(self) -> str:
        """For whom the names of a grid's pictures are worked out: each voter, where the grid opens after voting only."""
        return (self.voter or "") if self.opened.share.may_vote and self.opened.is_open else ""

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

    def outcome(self) -> Outcome:
        return outcome(self.studio.polls.result(self.opened.comparison), show_prompts=self.opened.share.show_prompt)

    def count(self) -> None:
        visits.count(self.request, self.studio, self.opened.share)


def voting_routes(get_studio: Callable[[], Studio], get_site: Callable[[], Site]) -> list[Route]:
    def answer(request: Request, rest: str) -> Response:
        token, _, what = rest.partition("/")
        try:
            visitor = Visitor(request, get_studio(), get_site(), token)
            if request.method == "POST":
                return _cast(visitor, what)
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

    door = Door(answer, ("GET", "HEAD", "POST"))
    return [Exactly("/c", door), Under("/c", door)]


def _shown(visitor: Visitor, what: str) -> Response:
    match what.split("/"):
        case [""]:
            return _front(visitor)
        case ["b", ballot] if _BALLOT.fullmatch(ballot):
            return _revealed(visitor, ballot)
        case ["b", ballot, ("left" | "right") as which] if _BALLOT.fullmatch(ballot):
            if visitor.voter is None:
                raise ShareNotFound()
            return _file(visitor, *visitor.links.votes.side(visitor.opened, ballot, which, voter=visitor.voter))
        case ["done"]:
            return _done(visitor)
        case ["card.jpg"]:
            return _file(visitor, *visitor.links.previews.card(visitor.opened), shown_elsewhere=True)
        case ["embed"]:
            return _embedded(visitor)
        case ["result"]:
            return _result(visitor)
    return _looked(visitor, what.split("/"))


# -- voting


def _front(visitor: Visitor) -> Response:
    """The next pair; or what there is in its place."""
    opened, links, request = visitor.opened, visitor.links, visitor.request
    if not opened.share.may_vote:
        visitor.count()
        return _grid(visitor, framed=False)
    if not opened.is_open:
        visitor.count()
        return visitor.page(
            pages.outcome_page(
                opened,
                visitor.outcome(),
                visitor.title,
                visitor.base,
                heading="The vote is closed",
                lead="This is what it came to.",
                grid=opened.share.show_grid,
                more=False,
            )
        )
    if not visits.is_opened(request):
        return _preview(visitor)
    if visitor.voter is None:
        return _unknown(visitor)
    if _NEW in request.query_params:  # the cookie came back: the address that people copy is the plain one
        return _away(visitor, visitor.here)
    if not links.votes.has_come_before(opened, visitor.voter):
        visitor.count()
    turn = links.votes.next_turn(opened, visitor.voter)
    if turn is not None:
        return visitor.page(pages.ballot_page(opened, turn, visitor.title, visitor.base))
    if links.votes.progress(opened, visitor.voter)[0]:
        return _away(visitor, f"{visitor.here}/done")
    told = "There is nothing to vote on yet: its pictures are still being made. Come back in a while."
    return visitor.page(
        pages.door_page(opened, visitor.title, visitor.base, told=told, card=False, button="Look again")
    )


def _preview(visitor: Visitor) -> Response:
    told = f"{visitor.links.previews.told(visitor.opened)}."
    html = pages.door_page(visitor.opened, visitor.title, visitor.base, told=told, card=True, button="Vote")
    return visitor.page(html)


def _unknown(visitor: Visitor) -> Response:
    """A browser without our cookie is given one, and has to bring it back."""
    if _NEW in visitor.request.query_params:
        html = pages.door_page(
            visitor.opened, visitor.title, visitor.base, told=_NO_COOKIE, card=False, button="Try again"
        )
        return visitor.page(html)
    answer = _away(visitor, f"{visitor.here}?{_NEW}=1")
    answer.headers["Set-Cookie"] = voter_cookie(
        visitor.links.votes.new_voter(), https=scheme_of(visitor.request, visitor.site) == "https"
    )
    return answer


def voter_cookie(value: str, *, https: bool) -> str:
    """The ``Set-Cookie`` of a voter. The name that neighbours cannot plant asks for the whole site and for https."""
    where = f"{SECURE_COOKIE}={value}; Path=/; Secure" if https else f"{COOKIE}={value}; Path=/c"
    return f"{where}; Max-Age={VOTER_S}; HttpOnly; SameSite=Lax"


def _cast(visitor: Visitor, what: str) -> Response:
    opened = visitor.opened
    if what:
        raise ShareNotFound()
    refuse_cross_site(visitor.request.headers)
    form = _form(visitor.request)
    if not opened.share.may_vote:
        raise ShareNotFound()
    ballot, choice = form.get("ballot", ""), form.get("choice", "")
    if not _BALLOT.fullmatch(ballot):
        raise BadInput("There is no such ballot.", "ballot")
    if visitor.voter is None:
        html = pages.door_page(opened, visitor.title, visitor.base, told=_NO_COOKIE, card=False, button="Try again")
        return visitor.page(html, 403)
    before = visitor.studio.polls.ballot(opened.comparison, ballot, voter=visitor.voter)
    try:
        visitor.links.votes.cast(opened, ballot, choice, voter=visitor.voter)
    except WrongState:  # frozen meanwhile: the link's own page says so
        return _away(visitor, visitor.here)
    again = f"?{_AGAIN}=1" if before.choice is not None and before.choice != choice else ""
    return _away(visitor, f"{visitor.here}/b/{ballot}{again}")


def _revealed(visitor: Visitor, ballot: str) -> Response:
    opened = visitor.opened
    if visitor.voter is None or not opened.share.may_vote:
        raise ShareNotFound()
    found = visitor.studio.polls.ballot(opened.comparison, ballot, voter=visitor.voter)
    if found.choice is None:
        return _away(visitor, visitor.here)
    try:
        turn: Turn = visitor.links.votes.turn(opened, ballot, visitor.voter)
        reveal = visitor.links.votes.reveal(opened, turn)
    except ComparisonNotFound:  # one of its pictures was taken away since
        return _away(visitor, visitor.here)
    return visitor.page(pages.reveal_page(opened, reveal, visitor.title, again=_AGAIN in visitor.request.query_params))


def _done(visitor: Visitor) -> Response:
    opened, links = visitor.opened, visitor.links
    if not opened.is_open:
        return _away(visitor, visitor.here)
    judged, left = links.votes.progress(opened, visitor.voter) if visitor.voter else (0, 1)
    if not judged:
        return _away(visitor, visitor.here)
    said = "1 pair" if judged == 1 else f"{judged:,} pairs"
    lead = f"You have voted on {said}." if left else f"You have voted on {said}, and that was all of them."
    return visitor.page(
        pages.outcome_page(
            opened,
            visitor.outcome(),
            visitor.title,
            visitor.base,
            heading="Thank you",
            lead=lead,
            grid=links.votes.may_look(opened, visitor.voter),
            more=left > 0,
        )
    )


# -- looking


def _looked(visitor: Visitor, what: list[str]) -> Response:
    links, opened = visitor.links, visitor.opened
    match what:
        case ["p", name] if _NAME.fullmatch(name) and _knows_names(visitor):
            return _file(visitor, *links.looking.picture(opened, name, "full", visitor.seen_by))
        case ["p", name, "small"] if _NAME.fullmatch(name) and _knows_names(visitor):
            return _file(visitor, *links.looking.picture(opened, name, "small", visitor.seen_by))
        case ["d", name] if _NAME.fullmatch(name) and _knows_names(visitor):
            return visitor.json(links.looking.details(opened, name, visitor.seen_by))
        case ["grid"] if not opened.share.may_vote:
            return _away(visitor, visitor.here)
        case ["grid"]:
            if not links.votes.may_look(opened, visitor.voter):
                return _away(visitor, visitor.here)
            return _grid(visitor, framed=False)
        case ["data"] if links.votes.may_look(opened, visitor.voter):
            return visitor.json(links.looking.data(opened, visitor.seen_by))
    raise ShareNotFound()


def _knows_names(visitor: Visitor) -> bool:
    """Names are told to those only who may look, and every voter has others."""
    opened = visitor.opened
    return not opened.share.may_vote or (opened.share.show_grid and (not opened.is_open or visitor.voter is not None))


def _grid(visitor: Visitor, *, framed: bool) -> Response:
    opened = visitor.opened
    data = visitor.links.looking.data(opened, visitor.seen_by)
    label = opened.label
    html = pages.look_page(opened, data, visitor.outcome(), visitor.title, visitor.base, label=label, framed=framed)
    return visitor.page(html)


def _result(visitor: Visitor) -> Response:
    """How the vote stands, and a number that changes with all that the page shows. Before their vote nobody is told."""
    opened, links = visitor.opened, visitor.links
    if opened.is_open and not (visitor.voter and links.votes.progress(opened, visitor.voter)[0]):
        raise ShareNotFound()
    rev = links.looking.pulse(opened)
    if visitor.request.query_params.get("rev") == rev:
        return visitor.json({"rev": rev})
    return visitor.json(
        {"rev": rev, "closed": opened.comparison.frozen_at is not None, "result": visitor.outcome().as_json()}
    )


def _embedded(visitor: Visitor) -> Response:
    if not visitor.opened.share.may_vote:
        return _grid(visitor, framed=True)
    return visitor.page(pages.embedded_vote(visitor.opened, visitor.title, visitor.base))


# -- answers


def _file(visitor: Visitor, tag: str, read: Callable[[], File], *, shown_elsewhere: bool = False) -> Response:
    """Bytes that a browser may keep, but asks about each time it shows them: a link that ended shows nothing more."""
    headers = {
        **robots(published=shown_elsewhere and visitor.opened.share.published),
        "Cache-Control": "private, no-cache",
        "ETag": f'"{tag}"',
    }
    if shown_elsewhere:
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    else:
        headers["Vary"] = "Cookie"
    if is_known(visitor.request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    file = read()
    headers["Content-Disposition"] = f'inline; filename="{file.filename}"'
    return Response(file.data, headers=headers, media_type=file.mime)


def _away(visitor: Visitor, to: str) -> Response:
    headers = {**robots(published=False), "Location": to, "Cache-Control": "no-store", "Vary": "Cookie"}
    return Response(status_code=303, headers=headers)


def _packed(request: Request, body: bytes, kind: str, headers: dict[str, str], status: int) -> Response:
    if len(body) > _PACKED and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 3, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, status, headers, media_type=kind)


def _form(request: Request) -> dict[str, str]:
    """The fields of a small form. Raises TooLarge, WrongType, BadInput."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise WrongType("A vote is sent as a form.")
    body = anyio.from_thread.run(read_body, request, _MOST)
    try:
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=8, strict_parsing=False))
    except ValueError:
        raise BadInput("That was not a form.") from None
