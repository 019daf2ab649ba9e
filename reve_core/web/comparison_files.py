"""
A comparison's files on their way out: for programs below the API, for the pages below ``/download/comparisons``.

The address ``/download/comparisons/{id}/{file}`` opens to its owner, and to who has the key to ``{id}/{file}``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reve_core.errors import NotFound
from reve_core.exchange import Exchange
from reve_core.pictures.names import disposition, friendly
from reve_core.service import Studio
from reve_core.web.doors import Door, Under
from reve_core.web.images import Pieces, Whose

PREFIX = "/download/comparisons"

_Body = str | bytes | Iterator[bytes]


class _File(NamedTuple):
    """``end`` is what the saved file's name ends in."""

    end: str
    mime: str
    make: Callable[[Exchange, str, str | None], _Body]


FILES = {
    "export.html": _File(".html", "text/html", lambda x, one, owner: x.as_page(one, owner=owner)),
    "export.json": _File(".json", "application/json", lambda x, one, owner: x.as_json(one, owner=owner)),
    "cells.csv": _File("-cells.csv", "text/csv", lambda x, one, owner: x.cells_csv(one, owner=owner)),
    "votes.csv": _File("-votes.csv", "text/csv", lambda x, one, owner: x.votes_csv(one, owner=owner)),
    "contact.png": _File(".png", "image/png", lambda x, one, owner: x.contact_png(one, owner=owner)),
    "originals.zip": _File(".zip", "application/zip", lambda x, one, owner: x.originals(one, owner=owner)),
}


def comparison_file(
    studio: Studio, comparison_id: str, name: str, owner: str | None, *, head: bool = False
) -> Response:
    """
    The file of that name, sent while it is made where it is large. Any owner's where None is asking. ``head``: only what
    stands before the body.

    Raises ComparisonNotFound, and BadInput where there is nothing for such a file yet.
    """
    file = FILES[name]
    title = studio.exchange.title(comparison_id, owner=owner)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": disposition("attachment", friendly(title, file.end, fallback="comparison")),
    }
    if head:
        response = Response(headers=headers, media_type=file.mime)
        del response.headers["Content-Length"]  # nobody knows it before the file is made
        return response
    body = file.make(studio.exchange, comparison_id, owner)
    if isinstance(body, str | bytes):
        return Response(body, headers=headers, media_type=file.mime)
    return Pieces(next(body, b""), body, headers, media_type=file.mime)


def comparison_file_routes(get_studio: Callable[[], Studio], whose: Whose) -> list[Route]:
    """Stand before ``/download/{job_id}``, which takes all that is below it."""

    def download(request: Request, rest: str) -> Response:
        comparison_id, _, name = rest.partition("/")
        if name not in FILES:
            raise NotFound("There is nothing at this address.")
        head = request.method == "HEAD"
        return comparison_file(get_studio(), comparison_id, name, whose(request, rest), head=head)

    return [Under(PREFIX, Door(download, ("GET", "HEAD")))]
