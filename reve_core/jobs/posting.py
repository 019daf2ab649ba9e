"""
One message to one receiver: sent once, following nothing. Of the answer only the status is wanted.

The transport of httpx rather than its client: a client may follow a redirect to a host that nobody listed, takes a proxy
from the environment (which would look the name up itself, and read what is sent in the clear), keeps cookies, and writes
whole addresses into the log, with whatever secret is in them.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, cast

import httpx

_CONNECT_S = 5.0
_BODY_CAP = 16 * 1024
_BODY_S = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """``status`` is None where no answer came. ``why_not`` says in words what is wrong with it, empty for a good one."""

    status: int | None
    why_not: str = ""


class Post:
    """``timeout_s`` is the total time until the status of the answer is there. ``ssl_context`` replaces the usual one."""

    def __init__(self, *, timeout_s: float, ssl_context: ssl.SSLContext | None = None) -> None:
        self._timeout_s = timeout_s
        self._ssl = ssl_context or httpx.create_ssl_context()

    def open(self) -> httpx.AsyncHTTPTransport:
        """
        What ``send`` needs, for one event loop. No connection is kept: one that the other side has just closed would
        fail the next message.
        """
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        return httpx.AsyncHTTPTransport(verify=self._ssl, trust_env=False, limits=limits)

    async def send(self, over: httpx.AsyncHTTPTransport, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Raises nothing for the network's or the receiver's faults."""
        opened: list[Any] = []

        async def trace(event: str, info: dict[str, Any]) -> None:
            if event == "connection.connect_tcp.complete":
                opened.append(info["return_value"])

        request = httpx.Request(
            "POST",
            url,
            headers={"Content-Type": "application/json", "User-Agent": "reve-studio", **headers},
            content=body,
            extensions={"timeout": httpx.Timeout(None, connect=_CONNECT_S).as_dict(), "trace": trace},
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await over.handle_async_request(request)
            await _hear_out(response)
        except (TimeoutError, httpx.TimeoutException):
            return Answer(None, "it took too long")
        except httpx.ConnectError:
            return Answer(None, "no connection could be made")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):  # ValueError: a name no host can have
            return Answer(None, "the connection broke")
        finally:
            # A handshake that our deadline cuts short leaves its socket to nobody.
            for stream in opened:
                await stream.aclose()
        return Answer(response.status_code, "" if response.is_success else f"it answered {response.status_code}")


async def _hear_out(response: httpx.Response) -> None:
    """
    Let the receiver say what little it may have to say, so that it does not find its connection cut. The status is here
    already: trouble with the rest takes nothing from it.
    """
    heard = 0
    chunks = cast(AsyncGenerator[bytes, None], response.aiter_raw())
    with suppress(TimeoutError, httpx.HTTPError, OSError):
        async with asyncio.timeout(_BODY_S), aclosing(chunks):
            async for chunk in chunks:
                heard += len(chunk)
                if heard > _BODY_CAP:
                    break
    with suppress(httpx.HTTPError, OSError):
        await response.aclose()
