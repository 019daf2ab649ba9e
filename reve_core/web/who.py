"""Who sent a request, from what it carries: an API token, a visitor's cookie, or a page's own pass."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from reve_core.errors import NotAllowed
from reve_core.models import PERSONAL
from reve_core.visitors import Visitors

COOKIE = "reve_visitor"
SECURE_COOKIE = "__Host-reve_visitor"
PASS_HEADER = "x-reve-visitor"


def owner_of(headers: Headers, visitors: Visitors) -> str | None:
    """
    Whose jobs this request may see; None for nobody's. Raises NotAllowed for an API token that is not valid.

    A token wins over a cookie, so that a program means what it says wherever it runs.
    """
    authorization = headers.get("authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        owner = visitors.of_token(token.strip()) if scheme.lower() == "bearer" else None
        if owner is None:
            raise NotAllowed("This API token is not valid here. It may have been revoked; ask for a new one.")
        return owner
    if not visitors.public:
        return PERSONAL
    return visitors.of_cookie(cookie_of(headers)) or visitors.of_session_pass(headers.get(PASS_HEADER))


def cookie_of(headers: Headers) -> str | None:
    """The visitor cookie's raw value."""
    cookies = cookie_parser(headers.get("cookie", ""))
    return cookies.get(SECURE_COOKIE) or cookies.get(COOKIE)
