"""What is stored about whoever asks: told, handed over, deleted."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from reve_core.web.address import scheme_of
from reve_core.web.api.endpoint import Call, Operation, answer
from reve_core.web.api.shapes import DeletedShape, MeShape, PeriodShape, RecipientShape
from reve_core.web.cookies import cleared_cookies
from reve_core.web.images import Pieces
from reve_core.web.problems import SEALED
from reve_core.web.voting.visitor import cleared_voter_cookies, voter_of
from reve_core.web.who import cookies_of

_ZIP = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="my-data.zip"'}
_GROUP = "You"


async def get(call: Call) -> Response:
    owner, privacy, voter = call.mine, call.studio.privacy, _voter(call)

    def read() -> MeShape:
        held = privacy.held(owner, voter)
        return MeShape(
            jobs=held.jobs,
            pictures=held.pictures,
            bytes=held.bytes,
            trashed=held.trashed,
            pending=held.pending,
            comparisons=held.comparisons,
            links=held.links,
            votes=held.votes,
            tokens=held.tokens,
            moderation=held.moderation,
            credits_today=held.credits_today,
            oldest_at=held.oldest_at,
            kept=[PeriodShape(what=what, how_long=how_long) for what, how_long in privacy.periods()],
            sent_to=[RecipientShape(name=each.name, purpose=each.purpose) for each in privacy.recipients],
        )

    return answer(await run_in_threadpool(read))


async def export(call: Call) -> Response:
    owner, voter = call.mine, _voter(call)
    headers = {**SEALED, **_ZIP}
    if call.request.method == "HEAD":
        response = Response(headers=headers, media_type="application/zip")
        del response.headers["Content-Length"]  # nobody knows it before the file is made
        return response
    pieces = call.studio.privacy.export(owner, voter)
    return Pieces(await run_in_threadpool(next, pieces, b""), pieces, headers)


async def delete(call: Call) -> Response:
    owner, voter = call.mine, _voter(call)
    gone = await run_in_threadpool(call.studio.privacy.delete_everything, owner, voter)
    made = answer(
        DeletedShape(
            jobs=gone.jobs, pictures=gone.pictures, comparisons=gone.comparisons, links=gone.links, votes=gone.votes
        )
    )
    https = scheme_of(call.request, call.site) == "https"
    for cookie in (
        *cleared_cookies(https=https, embedded=bool(call.site.embed_origins)),
        *cleared_voter_cookies(https=https),
    ):
        made.raw_headers.append((b"set-cookie", cookie.encode("latin-1")))
    return made


def _voter(call: Call) -> str | None:
    """A token or a pass says who somebody is here, and the voter's cookie which votes came from the same browser."""
    return voter_of(cookies_of(call.request.headers))


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/me",
        "getMe",
        "Read what is stored about you",
        get,
        {200: MeShape},
        problems=(401, 503),
        group=_GROUP,
        about="Counts, how long each kind is kept, and who else is sent your prompts.",
    ),
    Operation(
        "GET",
        "/api/v1/me/export",
        "exportMe",
        "Fetch everything that is stored about you",
        export,
        {200: None},
        problems=(401, 503),
        group=_GROUP,
        about="The pictures as they came, `data.json` with everything else, and each comparison as a file to import.",
        media_type="application/zip",
    ),
    Operation(
        "DELETE",
        "/api/v1/me",
        "deleteMe",
        "Delete everything that is stored about you",
        delete,
        {200: DeletedShape},
        problems=(401, 409, 503),
        group=_GROUP,
        about="At once and for good, on a public link only. What waits is cancelled, and a picture that is on its way is "
        "thrown away when it comes. Links answer 404 from then on. Your votes on others' comparisons still count, "
        "under a name drawn by chance. The visitor's cookie is taken back; an API token goes on working.",
    ),
)
