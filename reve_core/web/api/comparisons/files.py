"""A comparison's files for programs, and the way in for one that was exported."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import IO

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response

from reve_core.exchange.payload import MAX_FILE
from reve_core.web.api.comparisons.answers import GROUP, comparison_id, shape_of
from reve_core.web.api.comparisons.shapes import ImportedShape
from reve_core.web.api.endpoint import Call, Operation, Run, answer
from reve_core.web.comparison_files import FILES, comparison_file
from reve_core.web.problems import SEALED, TooLarge, WrongType

_TYPES = ("application/json", "text/html", "application/octet-stream")
_IN_MEMORY = 1_000_000


async def bring(call: Call) -> Response:
    owner = call.mine
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _TYPES:
        raise WrongType(f"Send the file as it is, with a Content-Type of {', '.join(_TYPES[:-1])} or {_TYPES[-1]}.")
    with SpooledTemporaryFile(_IN_MEMORY) as file:
        await _read(call.request, file)

        def run() -> ImportedShape:
            file.seek(0)
            found = call.studio.exchange.bring(file, owner=owner, origin=call.origin)
            shape = shape_of(call.studio, call.studio.comparisons.grid(found.comparison.id, owner=owner))
            return ImportedShape(comparison=shape, pictures=found.pictures, votes=found.votes, again=found.again)

        made = await run_in_threadpool(run)
    headers = {"Location": f"/api/v1/comparisons/{made.comparison.id}"}
    return answer(made, 201, headers | ({"Idempotency-Replayed": "true"} if made.again else {}))


async def _read(request: Request, into: IO[bytes]) -> None:
    """Raises TooLarge as soon as it is known, without reading on."""
    announced = request.headers.get("content-length", "")
    known = int(announced[:20]) if announced.isascii() and announced.isdigit() else 0
    read = 0
    if known <= MAX_FILE:
        async for chunk in request.stream():
            read += len(chunk)
            if read > MAX_FILE:
                break
            into.write(chunk)
    if max(read, known) > MAX_FILE:
        raise TooLarge(f"The file is larger than {MAX_FILE // 1024**2} MB, which no exported comparison is.")


def _sending(name: str) -> Run:
    async def send(call: Call) -> Response:
        head = call.request.method == "HEAD"
        response = await run_in_threadpool(
            comparison_file, call.studio, comparison_id(call), name, call.anybody, head=head
        )
        MutableHeaders(raw=response.raw_headers).update(SEALED)
        return response

    return send


def _file(
    name: str, operation: str, summary: str, about: str = "", problems: tuple[int, ...] = (404, 503)
) -> Operation:
    return Operation(
        "GET",
        f"/api/v1/comparisons/{{comparison_id}}/{name}",
        operation,
        summary,
        _sending(name),
        {200: None},
        problems=problems,
        group=GROUP,
        about=about,
        media_type=FILES[name].mime,
    )


OPERATIONS = (
    Operation(
        "POST",
        "/api/v1/comparisons/import",
        "importComparison",
        "Import a comparison from an exported file",
        bring,
        {201: ImportedShape},
        upload=_TYPES,
        problems=(401, 413, 415, 422, 503),
        gives=("Idempotency-Replayed", "Location"),
        group=GROUP,
        about=f"HTML or JSON as this app exports it, at most {MAX_FILE // 1024**2} MB. Its pictures become yours, at no "
        "cost. The same file again answers with the same comparison.",
    ),
    _file(
        "export.html",
        "exportComparisonPage",
        "Export as one page",
        "One file with the pictures inside, which needs no server, and can be imported.",
    ),
    _file(
        "export.json", "exportComparison", "Export as JSON", "Everything, pictures included, to be imported elsewhere."
    ),
    _file("cells.csv", "exportCells", "Export the cells as a table"),
    _file("votes.csv", "exportVotes", "Export the votes as a table", "Voters have names that lead back to nobody."),
    _file("contact.png", "exportContactSheet", "Export as one labelled picture", problems=(404, 422, 503)),
    _file(
        "originals.zip",
        "exportOriginals",
        "Export the pictures as they came",
        "Each with its settings written into it.",
        (404, 422, 503),
    ),
)
