"""The grid behind a link, its pictures, and how the vote on it stands."""

from __future__ import annotations

import re

from starlette.responses import Response

from reve_core.errors import ShareNotFound
from reve_core.web.voting import pages
from reve_core.web.voting.visitor import Visitor

_NAME = re.compile(r"[A-Za-z0-9_-]{22}")


def looked(visitor: Visitor, what: list[str]) -> Response:
    opened = visitor.opened
    match what:
        case ["p", name] if _NAME.fullmatch(name) and _knows_names(visitor):
            return visitor.file(*visitor.looking.picture(opened, name, "full", visitor.seen_by))
        case ["p", name, "small"] if _NAME.fullmatch(name) and _knows_names(visitor):
            return visitor.file(*visitor.looking.picture(opened, name, "small", visitor.seen_by))
        case ["d", name] if _NAME.fullmatch(name) and _knows_names(visitor):
            return visitor.json(visitor.looking.details(opened, name, visitor.seen_by))
        case ["grid"] if not opened.share.may_vote:
            return visitor.away(visitor.here)
        case ["grid"]:
            if not visitor.votes.may_look(opened, visitor.voter):
                return visitor.away(visitor.here)
            return grid(visitor, framed=False)
        case ["data"] if visitor.votes.may_look(opened, visitor.voter):
            return visitor.json(visitor.looking.data(opened, visitor.seen_by))
    raise ShareNotFound()


def _knows_names(visitor: Visitor) -> bool:
    """Names are told to those only who may look, and every voter has others."""
    opened = visitor.opened
    return not opened.share.may_vote or (opened.share.show_grid and (not opened.is_open or visitor.voter is not None))


def grid(visitor: Visitor, *, framed: bool) -> Response:
    opened = visitor.opened
    data = visitor.looking.data(opened, visitor.seen_by)
    alt = "" if framed else visitor.alt
    title, result = opened.title_inside, visitor.outcome()
    html = pages.look_page(opened, data, result, title, visitor.base, alt=alt, label=opened.label, framed=framed)
    return visitor.page(html)


def result(visitor: Visitor) -> Response:
    """How the vote stands, and a number that changes with all that the page shows. Before their vote nobody is told."""
    opened = visitor.opened
    if opened.is_open and not (visitor.voter and visitor.votes.progress(opened, visitor.voter)[0]):
        raise ShareNotFound()
    rev = visitor.looking.pulse(opened)
    if visitor.request.query_params.get("rev") == rev:
        return visitor.json({"rev": rev})
    return visitor.json(
        {"rev": rev, "closed": opened.comparison.frozen_at is not None, "result": visitor.outcome().as_json()}
    )


def embedded(visitor: Visitor) -> Response:
    if not visitor.opened.share.may_vote:
        return grid(visitor, framed=True)
    return visitor.page(pages.embedded_vote(visitor.opened, visitor.opened.title, visitor.base, alt=visitor.alt))
