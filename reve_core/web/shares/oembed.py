"""
``/oembed?url=…``: what a page needs to show a share in a frame of its own.

Source: oEmbed 1.0, section 2.3 (rich type), 2.3.4 (the response), 2.3.5 (errors).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.responses import Response

from reve_core.errors import ShareNotFound
from reve_core.grants import Window
from reve_core.pictures.rendition import CARD
from reve_core.web.html.markup import raw, tag
from reve_core.web.problems import problem
from reve_core.web.shares.frame import comparison_size, frame_size, snippet
from reve_core.web.shares.page import words

_PATH = re.compile(r"/([sc])/([A-Za-z0-9_-]{22})/?")
_OPEN = {
    "Cache-Control": "no-store",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def place_in(url: str, base: str) -> tuple[str, str]:
    """The door ("s" or "c") and token of a share's address on this very server. Raises ShareNotFound for every other."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ShareNotFound() from None
    found = _PATH.fullmatch(parts.path)
    if found is None or parts.scheme not in ("http", "https") or not base or parts.netloc != urlsplit(base).netloc:
        raise ShareNotFound()
    return found[1], found[2]


def of_picture(window: Window, token: str, base: str, params: Mapping[str, str]) -> Response:
    size = frame_size(window.width, window.height, most(params, "maxwidth"), most(params, "maxheight"))
    return answer(words(window)[0], f"/s/{token}", snippet(base, token, size), size, base, params)


def of_comparison(title: str, token: str, base: str, params: Mapping[str, str], *, may_vote: bool) -> Response:
    size = comparison_size(
        may_vote=may_vote, most_width=most(params, "maxwidth"), most_height=most(params, "maxheight")
    )
    return answer(title, f"/c/{token}", snippet(base, token, size, door="c"), size, base, params)


def answer(title: str, here: str, html: str, size: tuple[int, int], base: str, params: Mapping[str, str]) -> Response:
    """``html`` shows in ``size`` what lies at the path ``here``, which has a ``card.jpg`` below it."""
    kind = params.get("format", "json").lower()
    if kind not in ("json", "xml"):
        return problem(501, "no_such_format", "This address answers in json or in xml.")
    width, height = most(params, "maxwidth"), most(params, "maxheight")
    told: dict[str, str | int] = {
        "version": "1.0",
        "type": "rich",
        "title": title,
        "provider_name": "Reve Studio",
        "provider_url": base + "/",
        "html": str(html),
        "width": size[0],
        "height": size[1],
    }
    if (width is None or width >= CARD[0]) and (height is None or height >= CARD[1]):
        told |= {
            "thumbnail_url": f"{base}{here}/card.jpg",
            "thumbnail_width": CARD[0],
            "thumbnail_height": CARD[1],
        }
    if kind == "json":
        return Response(json.dumps(told), headers=_OPEN, media_type="application/json")
    xml = tag("oembed", *(tag(name, str(value)) for name, value in told.items()))
    head = raw('<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n')
    return Response((head + xml).encode(), headers=_OPEN, media_type="text/xml")


def most(params: Mapping[str, str], name: str) -> int | None:
    """Nonsense is taken for nothing said, as most consumers mean it."""
    value = params.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and 0 < len(value) < 6 and int(value) > 0 else None
