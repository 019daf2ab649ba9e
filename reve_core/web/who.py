"""Who sent a request, from what it carries: an API token, a page's own pass, or a visitor's cookie."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser

from reve_core.errors import NotAllowed
from reve_core.models import PERSONAL
from reve_core.visitors import Visitors

PASS_HEADER = "x-reve-visitor"
KEY = "k"  # the name under which a key stands in an address; see Visitors.key


def owner_of(headers: Headers, visitors: Visitors) -> str | None:
    """
    Whose jobs this request may see; None for nobody's. Raises NotAllowed for an API token that is not valid.

    A token wins, so that a program means what it says wherever it runs; then the pass, since the page that shows it was
    drawn for that visitor. Authorization of another kind is for a proxy on the way, not for us.
    """
    token = token_of(headers)
    if token is not None:
        owner = visitors.of_token(token)
        if owner is None:
            raise NotAllowed("This API token is not valid here. It may have been revoked; ask for a new one.")
        return owner
    if not visitors.public:
        return PERSONAL
    return visitors.of_session_pass(headers.get(PASS_HEADER)) or visitors.of_cookies(cookies_of(headers))


def somebody(owner: str | None) -> str:
    """The owner, for what only somebody can ask. Raises NotAllowed for nobody."""
    if owner is None:
        raise NotAllowed("Say who you are: send an API token, or open the app in this browser first.")
    return owner


def token_of(headers: Headers) -> str | None:
    """The API token that came along."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def may_open(request: Request, name: str, visitors: Visitors) -> bool:
    """Whether the address itself holds the key to what it ends in."""
    return visitors.public and visitors.opens(request.query_params.get(KEY), name)


def cookies_of(headers: Headers) -> dict[str, str]:
    return cookie_parser(headers.get("cookie", ""))
