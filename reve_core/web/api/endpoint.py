"""One address of the API: its operations, who may call them, and the shape of every answer."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from reve_core.allowance import Origin
from reve_core.errors import ReveError
from reve_core.faults import log_fault
from reve_core.service import Studio
from reve_core.web.address import client_of
from reve_core.web.bodies import read_json
from reve_core.web.conditional import is_known
from reve_core.web.crosssite import refuse_cross_site
from reve_core.web.problems import SEALED, internal, problem, refusal
from reve_core.web.site import Site
from reve_core.web.tick import Tick
from reve_core.web.who import owner_of, somebody

log = logging.getLogger(__name__)

_SAFE = ("GET", "HEAD")
_BASE = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    *((name.lower().encode(), value.encode()) for name, value in SEALED.items()),
]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """
    A request on its way through an operation. ``owner`` is None where nobody is known to be asking, ``address`` empty where
    nobody knows it.
    """

    request: Request
    studio: Studio
    tick: Tick
    owner: str | None
    address: str = ""
    site: Site = field(default_factory=Site)

    @property
    def origin(self) -> Origin:
        """Where an order of this request comes from."""
        return Origin(self.address)

    @property
    def job_id(self) -> str:
        return str(self.request.path_params["job_id"])

    @property
    def mine(self) -> str:
        """Whose jobs these are, for what only somebody can ask. Raises NotAllowed."""
        return somebody(self.owner)

    @property
    def anybody(self) -> str:
        """For jobs named by their id: to nobody, every job is one that does not exist."""
        return self.owner if self.owner is not None else ""

    async def body(self, model: TypeAdapter[T]) -> T:
        return await read_json(self.request, model)


Run = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One method of one address, as it runs and as the OpenAPI document describes it.

    ``answers`` maps a status to the model of its JSON, or None where the answer has none. ``problems`` are the statuses
    of its refusals, besides those that every operation knows. ``upload`` are the types of a file that is the body.
    ``headers`` are request headers with their meaning, ``gives`` the names of those that a good answer carries.
    """

    method: str
    path: str
    name: str
    summary: str
    run: Run
    answers: Mapping[int, Any]
    body: TypeAdapter[Any] | None = None
    example: Mapping[str, Any] = field(default_factory=dict)
    upload: Sequence[str] = ()
    query: type[BaseModel] | None = None
    problems: Sequence[int] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    gives: Sequence[str] = ()
    group: str = "Jobs"
    about: str = ""
    media_type: str = "application/json"


class Endpoint:
    """
    The ASGI application of one path.

    Runs on the event loop: an operation that reads many rows or files hands itself to a thread, the others take well
    under a millisecond, so that no amount of slow work can hold up a status.
    """

    def __init__(
        self,
        operations: Sequence[Operation],
        get_studio: Callable[[], Studio],
        get_site: Callable[[], Site],
        tick: Tick,
    ) -> None:
        self._path = operations[0].path
        self._operations = {operation.method: operation for operation in operations}
        self._get_studio = get_studio
        self._get_site = get_site
        self._tick = tick
        methods = [*self._operations, *(["HEAD"] if "GET" in self._operations else []), "OPTIONS"]
        self._allow = {"Allow": ", ".join(methods)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ReveError as exc:
            response = refusal(exc)
        except ClientDisconnect:
            return  # in the middle of its own request: nobody is left to answer
        except Exception as exc:
            log_fault(log, f"{request.method} {self._path} failed", exc)
            response = internal()
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        method = request.method
        operation = self._operations.get("GET" if method == "HEAD" else method)
        if operation is None:
            if method == "OPTIONS":
                return Response(status_code=204, headers={**SEALED, **self._allow})
            return problem(405, "method_not_allowed", f"This address knows only {self._allow['Allow']}.", self._allow)
        if method not in _SAFE:
            refuse_cross_site(request.headers)
        studio = self._get_studio()
        owner = owner_of(request.headers, studio.visitors)
        site = self._get_site()
        address = (client_of(request, site) or "") if studio.visitors.public else ""
        return await operation.run(Call(request, studio, self._tick, owner, address, site))


class Json(Response):
    """A JSON answer whose fixed headers are put together once, not for each."""

    def __init__(self, body: bytes, status: int = 200, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self.status_code = status
        self.background = None
        self.body = body
        self.raw_headers = [*_BASE, (b"content-length", b"%d" % len(body)), *headers]


def answer(model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Json(model.model_dump_json().encode(), status, _raw(headers))


def nothing() -> Response:
    return Response(status_code=204, headers={**SEALED, "Cache-Control": "no-store"})


def tagged(request: Request, model: BaseModel, headers: Mapping[str, str] | None = None) -> Response:
    """The answer with an ETag; 304 where the asker has this very one already."""
    body = model.model_dump_json().encode()
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    raw = _raw({"ETag": tag, **(headers or {})})
    if is_known(request, tag):
        unchanged = Json(b"", 304, raw)
        unchanged.raw_headers = [
            pair for pair in unchanged.raw_headers if pair[0] not in (b"content-type", b"content-length")
        ]
        return unchanged
    return Json(body, 200, raw)


def _raw(headers: Mapping[str, str] | None) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
