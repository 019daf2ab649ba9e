"""The door that the operator's copy of everything leaves by, once for each link. The operator's page makes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reve_core.pictures.names import disposition
from reve_core.service import Studio
from reve_core.web.doors import Door, Under
from reve_core.web.images import Pieces
from reve_core.web.problems import problem

PREFIX = "/exports/backup"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")


def backup_routes(get_studio: Callable[[], Studio]) -> list[Route]:
    """Before the door of all exports, below which it lies. Whoever has the link needs no cookie: it is good for one use."""

    def copy(request: Request, token: str) -> Response:
        if not _TOKEN.fullmatch(token):
            return problem(404, "not_found", "There is no such download.")
        pieces = get_studio().operator.take_backup(token)
        first = next(pieces, b"")  # a refusal comes here, while there is still time for an honest status
        return Pieces(first, pieces, {"Cache-Control": "no-store", "Content-Disposition": _named()})

    return [Under(PREFIX, Door(copy, ("GET",)))]


def filename(now: datetime) -> str:
    return f"reve-studio-{now:%Y%m%d-%H%M}.zip"


def _named() -> str:
    return disposition("attachment", filename(datetime.now(UTC)))
