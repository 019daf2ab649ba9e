"""
What browsers are told about Streamlit's own pages and files, which come without any such header.

A page may run scripts of this origin, the one inline script of Streamlit's index.html (known by its hash, which is worked
out when the app starts), what a component hands over as a ``blob:``, and WebAssembly; it may load and ask for things
nowhere else, so that a picture in somebody's Markdown cannot call home. Our own addresses seal themselves, more tightly:
they only get what they have not said.
"""

from __future__ import annotations

import hashlib
import logging
import re
from base64 import b64encode
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import Message, Scope, Send

from reve_core.guard.address import name_of
from reve_core.web.address import host_of, scheme_of
from reve_core.web.site import Site

log = logging.getLogger(__name__)

HSTS = "max-age=31536000"
CLOSED = "default-src 'none'; sandbox"
_DATA = ("/_stcore/", "/media/")  # JSON, and files that no browser is to open as a page
_INLINE = re.compile(r"<script>(.*?)</script>", re.S)


class Seals:
    """``index`` is Streamlit's index.html; without it no inline script is let through."""

    def __init__(self, index: Path | None = None) -> None:
        self._hashes = _hashes(index)

    def on(self, scope: Scope, send: Send, site: Site, *, ours: bool) -> Send:
        """``send`` with the headers added that the answer does not have yet."""
        told = self._told(scope, site, ours=ours)

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in told:
                    headers.setdefault(name, value)
            await send(message)

        return sealed

    def _told(self, scope: Scope, site: Site, *, ours: bool) -> list[tuple[str, str]]:
        told = [("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin")]
        if not ours:
            data = scope["path"].startswith(_DATA)
            told.append(("Content-Security-Policy", CLOSED if data else page_policy(self._hashes, site.embed_origins)))
            if site.public:
                told.append(("X-Robots-Tag", "noindex"))
        if site.public and _keeps_to_tls(HTTPConnection(scope), site):
            told.append(("Strict-Transport-Security", HSTS))
        return told


@lru_cache(8)
def page_policy(scripts: tuple[str, ...], embed_origins: tuple[str, ...]) -> str:
    """The policy of a page that runs these inline scripts and may be framed by these origins besides its own."""
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self' blob: 'wasm-unsafe-eval'", *scripts)),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "media-src 'self' blob:",
            "worker-src 'self' blob:",
            "frame-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            " ".join(("frame-ancestors 'self'", *embed_origins)),
        )
    )


def _keeps_to_tls(connection: HTTPConnection, site: Site) -> bool:
    """Whether a browser should never come without TLS again. Not to ``localhost``, which is many apps' name."""
    name = name_of(host_of(connection.headers, site))
    return name != "localhost" and scheme_of(connection, site) == "https"


def _hashes(index: Path | None) -> tuple[str, ...]:
    """The inline scripts of that page as sources of a policy (CSP 3, section 2.3.1)."""
    if index is None:
        return ()
    try:
        text = index.read_text(encoding="utf-8")
    except OSError:
        log.warning("Streamlit's index.html could not be read: the policy of its pages knows no inline script.")
        return ()
    found = (hashlib.sha256(script.encode()).digest() for script in _INLINE.findall(text))
    return tuple(f"'sha256-{b64encode(digest).decode()}'" for digest in found)
