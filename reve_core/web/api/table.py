"""All operations of the API as routes, and the document about them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from html import escape

from starlette.responses import Response
from starlette.routing import Route

from reve_core import __version__
from reve_core.service import Studio
from reve_core.web import tutorial
from reve_core.web.address import base_url
from reve_core.web.api import comparisons, jobs, me, pictures, providers, reference, shares, standing
from reve_core.web.api.endpoint import Call, Endpoint, Json, Operation
from reve_core.web.api.openapi import document
from reve_core.web.crosssite import Cors
from reve_core.web.site import Site
from reve_core.web.tick import Tick

DESCRIBED = (
    *jobs.OPERATIONS,
    *pictures.OPERATIONS,
    *comparisons.OPERATIONS,
    *shares.OPERATIONS,
    *providers.OPERATIONS,
    *standing.OPERATIONS,
    *me.OPERATIONS,
)


_HERE = "http://this.server.invalid"  # stands in the page until somebody asks for it
_made: list[bytes] = []


async def _openapi(call: Call) -> Response:
    return Json(_spec())


def _spec() -> bytes:
    if not _made:
        _made.append(json.dumps(document((*DESCRIBED, *tutorial.OPERATIONS), version=__version__)).encode())
    return _made[0]


@lru_cache(1)
def _page() -> str:
    """Put together once: that takes a tenth of a second, in which nobody else would be answered."""
    return reference.page(json.loads(_spec()), _HERE)


def _about(get_site: Callable[[], Site]) -> tuple[Operation, ...]:
    async def docs(call: Call) -> Response:
        page = _page().replace(_HERE, escape(base_url(call.request, get_site())))
        return Response(page, headers=reference.HEADERS, media_type="text/html")

    return (
        Operation("GET", "/api/v1/openapi.json", "openapi", "This document", _openapi, {200: None}),
        Operation("GET", "/api/v1/docs", "docs", "This document, to read", docs, {200: None}),
    )


def api_routes(get_studio: Callable[[], Studio], get_site: Callable[[], Site]) -> list[Route]:
    """``/api/v1`` and the tutorial's doors."""
    tick = Tick(lambda orders, patience_s: get_studio().place(orders, patience_s))
    by_path: dict[str, list[Operation]] = {}
    for operation in (*tutorial.OPERATIONS, *DESCRIBED, *_about(get_site)):  # what is polled most is looked for first
        by_path.setdefault(operation.path, []).append(operation)
    return [
        Route(path, Cors(Endpoint(operations, get_studio, get_site, tick), get_site))
        for path, operations in by_path.items()
    ]
