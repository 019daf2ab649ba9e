"""
Pictures that an answer names by their address. Asking for one again is free, so that is done for as long as there is time.

Only places on the list are asked, without the key, see ``wire.files``. An address with a question mark may itself be a kind
of key: it is told to nobody.
"""

from __future__ import annotations

import ssl
import threading
from time import monotonic
from urllib.parse import urlsplit

import httpx

from reve_core.errors import CallCancelled, ProviderError, RequestRejected
from reve_core.models import Receipt
from reve_core.ports import CallContext
from reve_core.providers.openai.options import Server
from reve_core.providers.openai.outcomes import lost
from reve_core.providers.wire.exchange import Exchange, Fault, Headers, Wire
from reve_core.providers.wire.files import Files
from reve_core.providers.wire.picture import may_become_picture
from reve_core.providers.wire.plain import Cleaner

_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0)  # between two tries; the last one again and again
_GONE_TRIES = 3  # tries where the file is said not to be there: some stores need a moment
_SHARE = 3  # of the time that is left, for one try: a connection that hangs must not be the last
_ONE_TRY_S = 0.5  # at least
_GONE = (400, 401, 403, 404, 410)


class Downloads:
    """``ssl_context`` replaces the usual one."""

    def __init__(
        self, server: Server, *, connect_timeout_s: float, max_bytes: int, ssl_context: ssl.SSLContext | None
    ) -> None:
        self._server = server
        self._max_bytes = max_bytes
        self._files = Files(
            server.hosts, connect_timeout_s=connect_timeout_s, max_bytes=max_bytes, ssl_context=ssl_context
        )
        self._own = Wire("", connect_timeout_s=connect_timeout_s, ssl_context=ssl_context)

    def picture(
        self, url: str, receipt: Receipt, cleaner: Cleaner, context: CallContext, deadline: float
    ) -> bytes | ProviderError:
        """
        The bytes, by ``deadline`` (monotonic), or what became of the call that has made the picture. That is not raised
        here, where a traceback would hold the address.
        """
        address = _absolute(url, self._server.base_url)
        key = context.own_key or self._server.key
        with_key = self._server.options.files_with_key and key is not None and _is_within(address, self._server.origin)
        receipt = receipt.model_copy(update={"raw": {**receipt.raw, "picture_at": _shown(address, cleaner)}})
        context.progress(None, "Fetching the picture")
        tries = 0
        while True:
            left = deadline - monotonic()
            left = min(left, max(left / _SHARE, _ONE_TRY_S))
            seen = (
                self._with_key(address, key.get_secret_value(), left)
                if with_key and key is not None
                else self._files.fetch(address, timeout_s=left)
            )
            tries += 1
            if seen.fault is None and seen.status == 200:
                return bytes(seen.body)
            pause = _PAUSES_S[min(tries, len(_PAUSES_S)) - 1]
            if _is_final(seen, tries) or monotonic() + pause >= deadline or context.is_leaving():
                return self._failed(seen, address, receipt, cleaner)
            if context.is_cancelled():
                return CallCancelled(
                    "Stopped while its picture was being fetched.", may_cost=self._server.paid, receipt=receipt
                )
            threading.Event().wait(pause)

    def _with_key(self, url: str, key: str, timeout_s: float) -> Exchange:
        return self._own.exchange(
            "GET",
            url,
            timeout_s=timeout_s,
            max_body=self._max_bytes,
            headers=Headers({"Accept": "image/png, image/jpeg, image/webp", "Authorization": f"Bearer {key.strip()}"}),
            looks_right=may_become_picture,
        )

    def _failed(self, seen: Exchange, url: str, receipt: Receipt, cleaner: Cleaner) -> ProviderError:
        title = self._server.title
        if seen.fault is Fault.FORBIDDEN:
            host = cleaner.line(urlsplit(url).hostname or "no address", 100)
            add = f" If it is right, add it to file_hosts of “{self._server.name}” in the providers' file."
            what = f"The picture of {title} was not fetched: {seen.detail} ({host})."
            if not self._server.paid:
                return RequestRejected(f"{what}{add}", receipt=receipt)
            return lost(self._server, f"{what}{{}}{add}", receipt)
        problem = seen.detail or f"status {seen.status}"
        return lost(
            self._server, f"{title} drew the picture, but it could not be fetched: {problem}.{{}}", receipt, drew=True
        )


def _is_final(seen: Exchange, tries: int) -> bool:
    if seen.fault in (Fault.FORBIDDEN, Fault.TOO_LARGE, Fault.ENCODED, Fault.FOREIGN):
        return True
    return seen.status in _GONE and tries >= _GONE_TRIES


def _absolute(url: str, base_url: str) -> str:
    """An address without a host lies on the server's own origin. Empty where it is none at all."""
    try:
        return str(httpx.URL(base_url + "/").join(url))
    except (httpx.InvalidURL, ValueError):
        return ""


def _is_within(url: str, origin: str) -> bool:
    try:
        one, other = httpx.URL(url), httpx.URL(origin)
        return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port) and not one.userinfo
    except (httpx.InvalidURL, ValueError):
        return False


def _shown(url: str, cleaner: Cleaner) -> str:
    """Without its query."""
    try:
        parts = urlsplit(url)
        return cleaner.line(f"{parts.scheme}://{parts.hostname or ''}{parts.path}", 300)
    except ValueError:
        return ""
