"""
What a comparison's page asks for about once a second: its grid where it changed, and nothing where it did not.

``GET /api/live/comparison/{id}`` → ``{"rev": 7, "data": {…}, "wait": "about 3 min"}``; ``data`` is what the player draws, with
each cell's ``alt`` left out where it is its row's prompt, and ``wait`` is empty where nothing is under way. With ``?rev=7``,
and nothing new since, the answer is ``{"rev": 7}``. ``GET /api/live/comparison/{id}/cell/{key}`` → that picture's layout and
facts; ``…/{id}/result``: see ``live_result``. In public mode also ``you``, as in ``live``; where cookies do not come back the addresses of pictures carry their keys.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reve_core import gridview, waits
from reve_core.compare import result_view
from reve_core.compare.models import Grid
from reve_core.service import Studio
from reve_core.web.doors import Door, Under
from reve_core.web.live_result import result_news
from reve_core.web.problems import problem
from reve_core.web.who import KEY, PASS_HEADER, owner_of, somebody

PREFIX = "/api/live/comparison"
_NO_STORE = {"Cache-Control": "no-store"}
_SMALL = 4096  # bytes that are not worth packing


def live_comparison_routes(get_studio: Callable[[], Studio]) -> list[Route]:
    def api(request: Request, rest: str) -> Response:
        studio = get_studio()
        owner = somebody(owner_of(request.headers, studio.visitors))
        match rest.split("/"):
            case [comparison_id]:
                return _grid(request, studio, comparison_id, owner)
            case [comparison_id, "result"]:
                by, known = request.query_params.get("by", "all"), request.query_params.get("rev")
                news = result_news(studio, comparison_id, owner, by=by, rev=known)
                return JSONResponse({**news, **_you(studio, owner)}, headers=_NO_STORE)
            case [comparison_id, "cell", key]:
                cell = studio.comparisons.cell(comparison_id, key, owner=owner)
                found = gridview.details(cell, catalogue=studio.catalogue)
                return JSONResponse({**found, **_you(studio, owner)}, headers=_NO_STORE)
        return problem(404, "not_found", "There is nothing at this address.")

    return [Under(PREFIX, Door(api, ("GET", "HEAD")))]


def _grid(request: Request, studio: Studio, comparison_id: str, owner: str) -> Response:
    address = _address(studio, alone=PASS_HEADER in request.headers)
    news = grid_news(
        studio,
        comparison_id,
        owner,
        thumbnail=lambda _, image: address(image.thumbnail),
        full=lambda _, image: address(image.name),
        known=request.query_params.get("rev"),
    )
    news |= _you(studio, owner)
    return JSONResponse(news, headers=_NO_STORE) if "data" not in news else _packed(request, news)


def grid_news(
    studio: Studio,
    comparison_id: str,
    owner: str,
    *,
    thumbnail: gridview.Address,
    full: gridview.Address,
    known: str | None = None,
) -> dict[str, object]:
    """``{"rev": …, "data": {…}, "wait": "…"}``; no more than ``rev`` where it is ``known``. Raises ComparisonNotFound."""
    # The pulse before the rows: what changes in between is noticed by the next look, not lost.
    rev = studio.comparisons.pulse(comparison_id, owner=owner)
    if known == str(rev):
        return {"rev": rev}
    grid = studio.comparisons.grid(comparison_id, owner=owner)
    data = gridview.player_data(
        grid,
        catalogue=studio.catalogue,
        thumbnail=thumbnail,
        full=full,
        rev=rev,
        standing=result_view.standing(studio.polls.result(grid.comparison)),
    )
    prompts = {row.id: row.prompt for row in grid.comparison.rows}
    cells: list[dict[str, object]] = data["cells"]  # type: ignore[assignment]
    for cell in cells:
        # Said once per row: hundreds of cells would repeat a long prompt hundreds of times.
        if cell["alt"] == prompts.get(str(cell["row"])):
            del cell["alt"]
    return {"rev": rev, "data": data, "wait": _wait(studio, grid)}


def _you(studio: Studio, owner: str) -> dict[str, str]:
    return {"you": studio.visitors.tag(owner)} if studio.visitors.public else {}


def _address(studio: Studio, *, alone: bool) -> Callable[[str], str]:
    if studio.visitors.public and alone:
        return lambda name: f"/images/{name}?{KEY}={studio.visitors.key(name)}"
    return lambda name: f"/images/{name}"


def _wait(studio: Studio, grid: Grid) -> str:
    """How long until the line in which its pictures stand is through."""
    pending = {
        (cell.place.provider, cell.place.model): 0
        for cell in grid.cells.values()
        if cell.job is not None and cell.job.status.is_pending
    }
    known = {view.name: {model.id for model in view.models} for view in studio.catalogue.providers()}
    makers = {maker: count for maker, count in pending.items() if maker[1] in known.get(maker[0], ())}
    if not makers:
        return ""
    quote = studio.catalogue.quote_all(makers, studio.admission.turn(grid.comparison.owner))
    return waits.in_words(quote.low_s, quote.high_s)


def _packed(request: Request, value: dict[str, object]) -> Response:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {**_NO_STORE, "Vary": "Accept-Encoding"}
    if len(body) > _SMALL and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 1)
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type="application/json", headers=headers)
