"""Answers that the asker may have already."""

from starlette.requests import Request


def is_known(request: Request, tag: str) -> bool:
    """Whether ``If-None-Match`` names this ETag (RFC 9110, 13.1.2): a 304 is enough then."""
    asked = request.headers.get("if-none-match")
    if asked is None:
        return False
    tags = {each.strip().removeprefix("W/") for each in asked.split(",")}
    return tag in tags or "*" in tags
