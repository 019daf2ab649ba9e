"""
fal's queue: submit, status, result, cancel. The key goes to the configured queue hosts, and nowhere else.

Sources: fal's reference of its queue API and its official Python client (paths, headers, the backup host), September 2026.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote

import httpx
from pydantic import JsonValue, SecretStr

from reve_core.errors import ConfigurationError
from reve_core.models import Ticket
from reve_core.providers.fal.catalogue import app_path
from reve_core.providers.wire.exchange import Exchange, Fault, Headers, Wire
from reve_core.providers.wire.files import Hosts

OFFICIAL = "https://queue.fal.run"
BACKUP = "https://queue.falrun.com"

# A few kilobytes each; logs may be longer.
_STATUS_BYTES = 1024 * 1024

Asked = Literal["status", "response", "cancel"]
_ENDS: dict[Asked, str] = {"status": "/status", "response": "", "cancel": "/cancel"}


class Queue:
    """
    ``base_url`` without a slash at its end, and perhaps a ``backup_url``, which is tried where the first one cannot be
    reached. ``max_body`` caps a result. Raises ConfigurationError for addresses that are none.
    """

    def __init__(
        self,
        base_url: str,
        backup_url: str = "",
        *,
        connect_timeout_s: float,
        max_body: int,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._bases = [base_url.rstrip("/"), *([backup_url.rstrip("/")] if backup_url else [])]
        self._hosts = Hosts.listed([_origin(base) for base in self._bases])
        self._wire = Wire("", connect_timeout_s=connect_timeout_s, ssl_context=ssl_context)
        self._max_body = max_body
        self.host = httpx.URL(base_url).host

    def submit(
        self, model: str, body: bytes, headers: Mapping[str, str], key: SecretStr | None, *, timeout_s: float
    ) -> Exchange:
        """Send it once. To the backup host only where it is certain that nothing has left for the first one."""
        sent = _headers(key)
        sent["Content-Type"] = "application/json"
        sent.update(headers)
        return self._ask(
            "POST",
            [f"{base}/{model}" for base in self._bases],
            timeout_s=timeout_s,
            max_body=_STATUS_BYTES,
            headers=sent,
            content=body,
        )

    def status(self, ticket: Ticket, key: SecretStr | None, *, timeout_s: float) -> Exchange:
        return self._ask(
            "GET",
            self._urls(ticket, "status"),
            timeout_s=timeout_s,
            max_body=_STATUS_BYTES,
            headers=_headers(key),
            params={"logs": "1"},
        )

    def result(self, ticket: Ticket, key: SecretStr | None, *, timeout_s: float) -> Exchange:
        urls = self._urls(ticket, "response")
        return self._ask("GET", urls, timeout_s=timeout_s, max_body=self._max_body, headers=_headers(key))

    def cancel(self, ticket: Ticket, key: SecretStr | None, *, timeout_s: float) -> Exchange:
        urls = self._urls(ticket, "cancel")
        return self._ask("PUT", urls, timeout_s=timeout_s, max_body=_STATUS_BYTES, headers=_headers(key), content=b"")

    def urls_in(self, answer: Mapping[str, object]) -> dict[str, JsonValue]:
        """Those addresses of an answer that lie at our hosts, to be kept with a ticket."""
        found: dict[str, JsonValue] = {}
        for what in _ENDS:
            url = answer.get(f"{what}_url")
            if isinstance(url, str) and self._hosts.is_anywhere(url):
                found[f"{what}_url"] = url
        return found

    def _urls(self, ticket: Ticket, what: Asked) -> list[str]:
        # A ticket may be older than the configuration: its address is looked at again.
        told = self.urls_in(ticket.data).get(f"{what}_url")
        path = (
            f"{app_path(str(ticket.data.get('model', '')))}/requests/{quote(ticket.request_id, safe='')}{_ENDS[what]}"
        )
        built = [base + path for base in self._bases]
        return [told, *(url for url in built if url != told)] if isinstance(told, str) else built

    def _ask(
        self,
        method: str,
        urls: list[str],
        *,
        timeout_s: float,
        max_body: int,
        headers: Headers,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Exchange:
        seen = Exchange(fault=Fault.UNREACHABLE, detail="it has no address")
        for url in urls:
            seen = self._wire.exchange(
                method, url, timeout_s=timeout_s, max_body=max_body, headers=headers, content=content, params=params
            )
            if seen.sent or seen.fault is not Fault.UNREACHABLE:
                break
        return seen


def _headers(key: SecretStr | None) -> Headers:
    headers = Headers()
    if key is not None:
        headers["Authorization"] = f"Key {bare(key)}"
    return headers


def bare(key: SecretStr) -> str:
    """The key itself, also of one that was copied with the word before it."""
    return key.get_secret_value().strip().removeprefix("Key ").strip()


def _origin(url: str) -> str:
    try:
        parsed = httpx.URL(url)
        _ = parsed.port
    except (httpx.InvalidURL, ValueError):
        raise ConfigurationError("The address of fal's queue is none. Write it like https://queue.fal.run") from None
    if parsed.scheme not in ("https", "http") or not parsed.host or parsed.userinfo or parsed.query:
        raise ConfigurationError("The address of fal's queue is none. Write it like https://queue.fal.run")
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"
