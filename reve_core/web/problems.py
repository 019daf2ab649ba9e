"""How this server says no: RFC 9457 problems, each with a stable code for programs and a sentence for people."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from starlette.responses import Response

from reve_core.errors import (
    BadInput,
    Banned,
    BlobMissing,
    Blocked,
    ConfigurationError,
    Ended,
    IdempotencyConflict,
    LimitReached,
    NotAllowed,
    NotFound,
    ReveError,
    StoreError,
    WrongState,
)
from reve_core.web.counters import count

# On every answer, also those that Starlette makes by itself (206, 416): whatever the bytes turn out to be, a browser runs
# nothing of them and no other site embeds them.
SEALED = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
TYPE = "application/problem+json"


class RequestRefused(ReveError):
    """A request that HTTP itself has a number for."""

    status = 400


class NotJson(RequestRefused):
    status = 400
    code = "not_json"


class CrossSite(RequestRefused):
    status = 403
    code = "cross_site"


class TooLarge(RequestRefused):
    status = 413
    code = "body_too_large"


class TooSlow(RequestRefused):
    status = 408
    code = "body_too_slow"


class WrongType(RequestRefused):
    status = 415
    code = "unsupported_media_type"


def of_item(error: BadInput, field: str) -> BadInput:
    """A mistake in one of several things that were asked for, told with its place; what the policy said no to stays that."""
    if isinstance(error, Blocked):
        return Blocked(str(error), error.category, field)
    return Invalid([(field, str(error))])


class Invalid(BadInput):
    """``errors`` are (field, message) pairs, as many as were found."""

    code = "invalid"

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        field, message = errors[0]
        super().__init__(f"{field}: {message}" if field else message, field or None)
        self.errors = errors


def problem(
    status: int,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    *,
    errors: Iterable[tuple[str, str]] = (),
    category: str = "",
) -> Response:
    """A refusal as ``application/problem+json``. ``errors`` are (field, message) pairs."""
    count("refusals", code=code)
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if listed := [{"field": field, "message": message} for field, message in errors]:
        body["errors"] = listed
    if category:
        body["category"] = category
    return Response(
        json.dumps(body), status, {**SEALED, "Cache-Control": "no-store", **(headers or {})}, media_type=TYPE
    )


def internal() -> Response:
    """The answer where we have made a mistake, which the log knows about."""
    return problem(500, "internal", "Something went wrong on this server. Nothing was lost; try again.")


def refusal(error: ReveError) -> Response:
    """The answer to a request that ended in this error."""
    status = status_of(error)
    headers = dict(_HEADERS.get(status, {}))
    if isinstance(error, LimitReached):
        headers |= limit_headers(error)
    errors: Iterable[tuple[str, str]] = ()
    if isinstance(error, Invalid):
        errors = error.errors
    elif isinstance(error, BadInput) and error.field:
        errors = [(error.field, str(error))]
    category = error.category if isinstance(error, Blocked) else ""
    return problem(status, error.code, str(error), headers, errors=errors, category=category)


def limit_headers(error: LimitReached) -> dict[str, str]:
    """When to come back, and the rule that was run into (draft-ietf-httpapi-ratelimit-headers)."""
    wait_s = max(1, math.ceil(error.retry_after_s))
    headers = {"Retry-After": str(wait_s)}
    if error.limit is not None:
        window = f";w={error.window_s:.0f}" if error.window_s else ""
        headers["RateLimit-Policy"] = f'"{error.code}";q={error.limit:.0f}{window}'
        headers["RateLimit"] = f'"{error.code}";r=0;t={wait_s}'
    return headers


_HEADERS = {
    401: {"WWW-Authenticate": 'Bearer realm="reve-studio"'},
    408: {"Connection": "close"},  # what may still come is not the next request
    503: {"Retry-After": "5"},
}


def status_of(error: ReveError) -> int:
    match error:
        case RequestRefused():
            return error.status
        case NotAllowed():
            return 401
        case Banned():
            return 403
        case NotFound() | BlobMissing():
            return 404
        case WrongState() | IdempotencyConflict():
            return 409
        case Ended():
            return 410
        case LimitReached():
            return 429
        case BadInput():
            return 422
        case StoreError() | ConfigurationError():
            return 503
        case _:
            return 500
