"""
A blind vote from the way in to the thanks: the next pair, the vote, what it reveals.

A visitor is a cookie of its own that is set on the way in and must have come back before a pair is shown: a preview or a
robot, which keeps none, gets neither a cookie nor a ballot, and who keeps no cookies is told so before voting in vain. A vote
is a POST that answers with the way to what it reveals, so that reloading and going back repeat nothing.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from reve_core.comparison_shares.voting import Which
from reve_core.errors import BadInput, ComparisonNotFound, ShareNotFound, WrongState
from reve_core.web import visits
from reve_core.web.address import scheme_of
from reve_core.web.crosssite import refuse_cross_site
from reve_core.web.doors import body_of
from reve_core.web.problems import WrongType
from reve_core.web.voting import looking, pages
from reve_core.web.voting.visitor import Visitor, voter_cookie

BALLOT = re.compile(r"[A-Za-z0-9_-]{16,32}")
MOST = 2048  # bytes of a vote's form
_NEW = "new"  # asks, in an address, whether the cookie came back
_AGAIN = "again"
_NO_COOKIE = (
    "Your browser sends no cookie back to this page, so a vote could not be told from a second one and is not counted. "
    "Allow cookies for this site, or open the link in another browser."
)


def front(visitor: Visitor) -> Response:
    """The next pair; or what there is in its place."""
    opened, request = visitor.opened, visitor.request
    if not opened.share.may_vote:
        visitor.count()
        return looking.grid(visitor, framed=False)
    if not opened.is_open:
        visitor.count()
        return visitor.page(
            pages.outcome_page(
                opened,
                visitor.outcome(),
                opened.title,
                visitor.base,
                alt=visitor.alt,
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
        return visitor.away(visitor.here)
    if not visitor.votes.has_come_before(opened, visitor.voter):
        visitor.count()
    turn = visitor.votes.next_turn(opened, visitor.voter)
    if turn is not None:
        return visitor.page(pages.ballot_page(opened, turn, opened.title, visitor.base, alt=visitor.alt))
    if visitor.votes.progress(opened, visitor.voter)[0]:
        return visitor.away(f"{visitor.here}/done")
    told = "There is nothing to vote on yet: its pictures are still being made. Come back in a while."
    return visitor.page(
        pages.door_page(opened, opened.title, visitor.base, told=told, alt=visitor.alt, card=False, button="Look again")
    )


def _preview(visitor: Visitor) -> Response:
    opened = visitor.opened
    told = f"{visitor.previews.told(opened)}."
    html = pages.door_page(opened, opened.title, visitor.base, told=told, alt=visitor.alt, card=True, button="Vote")
    return visitor.page(html)


def _unknown(visitor: Visitor) -> Response:
    """A browser without our cookie is given one, and has to bring it back."""
    opened = visitor.opened
    if _NEW in visitor.request.query_params:
        html = pages.door_page(
            opened, opened.title, visitor.base, told=_NO_COOKIE, alt=visitor.alt, card=False, button="Try again"
        )
        return visitor.page(html)
    answer = visitor.away(f"{visitor.here}?{_NEW}=1")
    answer.headers["Set-Cookie"] = voter_cookie(
        visitor.votes.new_voter(), https=scheme_of(visitor.request, visitor.site) == "https"
    )
    return answer


def cast(visitor: Visitor, what: str) -> Response:
    opened = visitor.opened
    if what:
        raise ShareNotFound()
    refuse_cross_site(visitor.request.headers)
    form = _form(visitor.request)
    if not opened.share.may_vote:
        raise ShareNotFound()
    ballot, choice = form.get("ballot", ""), form.get("choice", "")
    if not BALLOT.fullmatch(ballot):
        raise BadInput("There is no such ballot.", "ballot")
    if visitor.voter is None:
        html = pages.door_page(
            opened, opened.title, visitor.base, told=_NO_COOKIE, alt=visitor.alt, card=False, button="Try again"
        )
        return visitor.page(html, 403)
    before = visitor.studio.polls.ballot(opened.comparison, ballot, voter=visitor.voter)
    try:
        visitor.votes.cast(opened, ballot, choice, voter=visitor.voter)
    except WrongState:  # frozen meanwhile: the link's own page says so
        return visitor.away(visitor.here)
    again = f"?{_AGAIN}=1" if before.choice is not None and before.choice != choice else ""
    return visitor.away(f"{visitor.here}/b/{ballot}{again}")


def revealed(visitor: Visitor, ballot: str) -> Response:
    opened = visitor.opened
    if visitor.voter is None or not opened.share.may_vote:
        raise ShareNotFound()
    found = visitor.studio.polls.ballot(opened.comparison, ballot, voter=visitor.voter)
    if found.choice is None:
        return visitor.away(visitor.here)
    try:
        turn = visitor.votes.turn(opened, ballot, visitor.voter)
        reveal = visitor.votes.reveal(opened, turn)
    except ComparisonNotFound:  # one of its pictures was taken away since
        return visitor.away(visitor.here)
    return visitor.page(pages.reveal_page(opened, reveal, opened.title, again=_AGAIN in visitor.request.query_params))


def side(visitor: Visitor, ballot: str, which: Which) -> Response:
    if visitor.voter is None:
        raise ShareNotFound()
    return visitor.file(*visitor.votes.side(visitor.opened, ballot, which, voter=visitor.voter))


def done(visitor: Visitor) -> Response:
    opened = visitor.opened
    if not opened.is_open:
        return visitor.away(visitor.here)
    judged, left = visitor.votes.progress(opened, visitor.voter) if visitor.voter else (0, 1)
    if not judged:
        return visitor.away(visitor.here)
    said = "1 pair" if judged == 1 else f"{judged:,} pairs"
    lead = f"You have voted on {said}." if left else f"You have voted on {said}, and that was all of them."
    return visitor.page(
        pages.outcome_page(
            opened,
            visitor.outcome(),
            opened.title,
            visitor.base,
            alt=visitor.alt,
            heading="Thank you",
            lead=lead,
            grid=visitor.votes.may_look(opened, visitor.voter),
            more=left > 0,
        )
    )


def _form(request: Request) -> dict[str, str]:
    """The fields of a small form. Raises TooLarge, TooSlow, WrongType, BadInput."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise WrongType("A vote is sent as a form.")
    body = body_of(request)
    try:
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=8, strict_parsing=False))
    except ValueError:
        raise BadInput("That was not a form.") from None
