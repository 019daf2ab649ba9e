"""
One HTTP request and its answer, within a total deadline and a byte cap. Network trouble is a value here, not an error.

Whether the request may have left the machine decides about money, so it is observed, not guessed: httpcore reports when
it begins to send. Every call has its own client and connection. A kept-alive connection that the other side has just
closed fails in a way that cannot be told from a lost answer, and the handshake it saves is nothing beside the picture.

A deadline for the whole call cannot be had from httpx's own timeouts (they are per read, so a server that drips a byte
now and then is never given up), hence the event loop of ``reve_core.loops``.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import httpx

from reve_core.loops import Loop
from reve_core.providers.wire.picture import begins_like_an_answer

Headers = httpx.Headers  # whose repr hides keys

_CALLS = Loop("provider-calls")
_ERROR_BODY_CAP = 64 * 1024
_KEPT_OF_A_BAD_BODY = 4096


class Fault(StrEnum):
    UNREACHABLE = "unreachable"  # nothing was sent
    TIMEOUT = "timeout"
    BROKEN = "broken"
    TOO_LARGE = "too large"
    ENCODED = "encoded"  # compressed although we asked for it plain
    FOREIGN = "foreign"  # neither JSON nor a picture
    FORBIDDEN = "forbidden"  # an address that we do not ask; nothing was sent


@dataclass(slots=True)
class Exchange:
    """
    What became of a request. ``status`` is None where no answer came; ``headers`` have lower-case names; ``is_read`` is
    True once the body has been read to its end; ``detail`` says in words what went wrong.
    """

    sent: bool = False
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytearray = field(default_factory=bytearray, repr=False)
    is_read: bool = False
    fault: Fault | None = None
    detail: str = ""

    def fail(self, fault: Fault, detail: str) -> None:
        """Trouble in closing a connection, or a deadline that passes just then, takes nothing from a whole answer."""
        if not self.is_read:
            self.fault, self.detail = fault, detail


class Wire:
    """
    Talks to one base URL, without a slash at its end. Safe to use from many threads at once, but not from inside a running
    event loop. ``ssl_context`` replaces the usual one. ``trust_env``: whether a proxy may be taken from the environment.
    """

    def __init__(
        self,
        base_url: str,
        *,
        connect_timeout_s: float,
        ssl_context: ssl.SSLContext | None = None,
        trust_env: bool = True,
    ) -> None:
        self._base_url = base_url
        self._connect_timeout_s = connect_timeout_s
        self._trust_env = trust_env
        # Shared, because reading the certificates for a new one takes some 30 ms of CPU.
        self._ssl = ssl_context or httpx.create_ssl_context()

    def exchange(
        self,
        method: str,
        path: str,
        *,
        timeout_s: float,
        max_body: int,
        headers: Headers | None = None,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
        looks_right: Callable[[bytearray], bool] = begins_like_an_answer,
        extensions: Mapping[str, Any] | None = None,
    ) -> Exchange:
        """
        Send once, never again, following nothing. Raises nothing for the network's or the server's faults.

        ``path`` is added to the base URL. ``looks_right`` says of the
        first bytes of a good answer whether the rest need be read.
        """
        seen = Exchange()
        sent = Headers({"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "reve-studio"})
        sent.update(headers or {})
        request = {
            "content": content,
            "params": params,
            "headers": sent,
            "extensions": dict(extensions or {}),
        }
        _CALLS.run(self._attempt(seen, method, path, timeout_s, max_body, request, looks_right))
        return seen

    async def _attempt(
        self,
        seen: Exchange,
        method: str,
        path: str,
        timeout_s: float,
        max_body: int,
        request: dict[str, Any],
        looks_right: Callable[[bytearray], bool],
    ) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._talk(seen, method, path, max_body, request, looks_right)
        except (TimeoutError, httpx.TimeoutException):
            seen.fail(Fault.TIMEOUT if seen.sent else Fault.UNREACHABLE, "it took too long")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as exc:  # ValueError: a name no host can have
            seen.fail(Fault.BROKEN if seen.sent else Fault.UNREACHABLE, _in_words(exc))

    async def _talk(
        self,
        seen: Exchange,
        method: str,
        path: str,
        max_body: int,
        request: dict[str, Any],
        looks_right: Callable[[bytearray], bool],
    ) -> None:
        watch = _Watch()
        timeout = httpx.Timeout(None, connect=self._connect_timeout_s)
        sending = {**request, "extensions": {**request["extensions"], "trace": watch}}
        try:
            async with (
                httpx.AsyncClient(
                    verify=self._ssl, timeout=timeout, follow_redirects=False, trust_env=self._trust_env
                ) as client,
                client.stream(method, self._base_url + path, **sending) as response,
            ):
                seen.status, seen.headers = response.status_code, dict(response.headers)
                await _read(response, seen, max_body, looks_right)
                seen.is_read = True
        finally:
            seen.sent = watch.sent
            # A handshake that our deadline cuts short leaves its socket to nobody.
            for stream in watch.opened:
                await stream.aclose()
            watch.opened.clear()


class _Watch:
    """
    What httpcore reports. httpx's request and answer know each other, and this, until garbage is collected: so it knows
    nothing of the exchange, whose body may be a large picture.
    """

    def __init__(self) -> None:
        self.sent = False
        self.opened: list[Any] = []

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            self.opened.append(info["return_value"])
        # A proxy's CONNECT carries nothing of ours yet.
        if event.endswith(".send_request_headers.started") and info["request"].method != b"CONNECT":
            self.sent = True


async def _read(
    response: httpx.Response, seen: Exchange, max_body: int, looks_right: Callable[[bytearray], bool]
) -> None:
    """The body as it comes, uninflated: a small compressed one may stand for gigabytes."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        named = f" ({encoding})" if encoding in ("gzip", "deflate", "br", "zstd") else ""
        seen.fault, seen.detail = Fault.ENCODED, f"its answer is compressed{named}"
        return
    good = response.is_success
    cap = max_body if good else _ERROR_BODY_CAP
    declared = response.headers.get("content-length", "")
    if good and declared.isdecimal() and int(declared[:20]) > cap:
        seen.fault, seen.detail = Fault.TOO_LARGE, "its answer is too large"
        return
    async for chunk in response.aiter_raw():
        if len(seen.body) + len(chunk) > cap:
            seen.body += chunk[: cap - len(seen.body)]
            if good:
                del seen.body[_KEPT_OF_A_BAD_BODY:]
                seen.fault, seen.detail = Fault.TOO_LARGE, "its answer is too large"
            return
        seen.body += chunk
        if good and not looks_right(seen.body):
            del seen.body[_KEPT_OF_A_BAD_BODY:]
            seen.fault, seen.detail = Fault.FOREIGN, "its answer is neither JSON nor a picture"
            return


def _in_words(exc: BaseException) -> str:
    """What failed, without the exception itself: it holds the request, and the request holds the key."""
    seen: list[BaseException] = []
    todo: list[BaseException | None] = [exc]
    while todo:
        one = todo.pop()
        if one is None or one in seen:
            continue
        seen.append(one)
        todo += [one.__cause__, one.__context__, *(one.exceptions if isinstance(one, BaseExceptionGroup) else ())]
    for one in seen:
        if isinstance(one, ssl.SSLCertVerificationError):
            return f"its certificate cannot be trusted: {one.verify_message.rstrip('.')}"
        if isinstance(one, ssl.SSLError):
            return "no secure connection could be made"
        if isinstance(one, socket.gaierror):
            return "its name is not known"
        if isinstance(one, ConnectionRefusedError):
            return "nothing listens there"
    if isinstance(exc, httpx.ProxyError):
        return "the proxy on the way refused"
    return "the connection broke"
