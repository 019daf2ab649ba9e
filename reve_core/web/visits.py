"""Who counts as a visit to a shared page: people, once for each time that they open it; not robots, and not its owner."""

from __future__ import annotations

import logging
import re

from starlette.requests import Request

from reve_core.errors import ReveError
from reve_core.grants import Share
from reve_core.service import Studio
from reve_core.web.who import cookies_of

log = logging.getLogger(__name__)

# Programs that fetch a page in order to show its preview or to list it. "Cubot" makes telephones.
_ROBOT = re.compile(
    r"(?<!cu)bot|crawl|spider|preview|facebookexternalhit|whatsapp|embedly|iframely|mastodon|pleroma|bluesky|slurp",
    re.I,
)
_STREAMLITS_COOKIE = "_streamlit_xsrf"  # who has it has had the studio itself open in this browser


def is_opened(request: Request) -> bool:
    """Whether somebody wants to read this page now: not a program, and not a browser ahead of time."""
    headers = request.headers
    ahead_of_time = headers.get("sec-purpose", headers.get("purpose", ""))
    return request.method == "GET" and "prefetch" not in ahead_of_time and not is_robot(request)


def is_robot(request: Request) -> bool:
    return _ROBOT.search(request.headers.get("user-agent", "")) is not None


def count(request: Request, studio: Studio, share: Share) -> None:
    """One view more, if this is a visit."""
    if not is_opened(request) or _is_owner(request, studio, share):
        return
    try:
        studio.shares.count_view(share)
    except ReveError as exc:
        # A page is worth more than a number.
        log.warning("A view of a share was not counted: %s", exc)


def _is_owner(request: Request, studio: Studio, share: Share) -> bool:
    cookies = cookies_of(request.headers)
    if studio.visitors.public:
        return studio.visitors.of_cookies(cookies) == share.owner
    return _STREAMLITS_COOKIE in cookies
