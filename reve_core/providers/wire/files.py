"""
Picture files that an answer names by address: fetched from listed hosts only, without any key, within a cap.

An answer may be wrong or hostile, so its address is data: it has to be on the list that the operator configured, and a
name on the list has to lead to a public address. The address that was looked up is the one that is called.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpx

from reve_core.errors import ConfigurationError
from reve_core.loops import Loop
from reve_core.providers.wire.exchange import Exchange, Fault, Headers, Wire
from reve_core.providers.wire.picture import kind_of, may_become_picture

MOST_HOPS = 3

_LOOKUPS = Loop("file-lookups")
_LOOKUP_S = 10.0
_MOST_ADDRESSES = 4
_PORTS = {"https": 443, "http": 80}
# Translated to version 4 on the way (RFC 6052), or by hosts of old (RFC 4291).
_HOLDS_V4 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))


@dataclass(frozen=True, slots=True)
class Hosts:
    """
    Where files may come from. An entry is a host such as ``files.example`` (https, public addresses), a domain with all
    that is under it such as ``.files.example``, or an origin such as ``http://127.0.0.1:9000``, which may be anywhere.
    """

    names: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    origins: frozenset[tuple[str, str, int]] = frozenset()

    @classmethod
    def listed(cls, entries: Sequence[str]) -> Hosts:
        """Raises ConfigurationError."""
        names: set[str] = set()
        domains: set[str] = set()
        origins: set[tuple[str, str, int]] = set()
        for entry in entries:
            if "://" in entry:
                origin = _origin(entry)
                if origin is None or httpx.URL(entry).raw_path != b"/":
                    raise ConfigurationError("A file host is no origin. Write it like https://files.example:8443.")
                origins.add(origin)
            elif not entry.strip(".") or not entry.isascii() or any(char in entry for char in "/:@*?#%\\ "):
                raise ConfigurationError("A file host is no host name. Write it like files.example or .files.example.")
            else:
                (domains if entry.startswith(".") else names).add(entry.lower().rstrip("."))
        return cls(frozenset(names), frozenset(domains), frozenset(origins))

    def allow(self, url: str) -> bool:
        return self._match(url) != ""

    def is_anywhere(self, url: str) -> bool:
        """Whether the operator listed this very origin, so that it may be on a private network."""
        return self._match(url) == "origin"

    def _match(self, url: str) -> str:
        origin = _origin(url)
        if origin is None:
            return ""
        scheme, host, port = origin
        if origin in self.origins:
            return "origin"
        if (scheme, port) != ("https", 443):
            return ""
        listed = host in self.names or any(f".{host}".endswith(domain) for domain in self.domains)
        return "name" if listed else ""


class Files:
    """Fetches pictures from ``hosts``. ``ssl_context`` replaces the usual one."""

    def __init__(
        self, hosts: Hosts, *, connect_timeout_s: float, max_bytes: int, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self.hosts = hosts
        self._max_bytes = max_bytes
        context = ssl_context or httpx.create_ssl_context()
        self._proxied = Wire("", connect_timeout_s=connect_timeout_s, ssl_context=context)
        self._direct = Wire("", connect_timeout_s=connect_timeout_s, ssl_context=context, trust_env=False)

    def fetch(self, url: str, *, timeout_s: float) -> Exchange:
        """
        The file. Good only where ``fault`` is None and ``status`` 200: its body is then a PNG, JPEG or WebP by its first
        bytes. Raises nothing for the network's or the server's faults. Asking again is free.
        """
        deadline = monotonic() + timeout_s
        seen = Exchange()
        for _ in range(MOST_HOPS + 1):
            seen = self._once(url, deadline - monotonic())
            target = seen.headers.get("location")
            if seen.status not in (301, 302, 303, 307, 308) or not target or seen.fault is not None:
                return seen
            url = _joined(url, target)
        seen.fault, seen.detail = Fault.FORBIDDEN, "its picture is sent on from one address to the next"
        return seen

    def _once(self, url: str, timeout_s: float) -> Exchange:
        if not self.hosts.allow(url):
            return Exchange(fault=Fault.FORBIDDEN, detail="its picture lies at an address that is not on the list")
        if timeout_s <= 0:
            return Exchange(fault=Fault.TIMEOUT, detail="it took too long")
        parsed = httpx.URL(url)
        accept = Headers({"Accept": "image/png, image/jpeg, image/webp", "Host": parsed.netloc.decode("ascii")})
        send: dict[str, Any] = {
            "timeout_s": timeout_s,
            "max_body": self._max_bytes,
            "looks_right": may_become_picture,
            "headers": accept,
        }
        if self.hosts.is_anywhere(url) or _goes_by_proxy(parsed):
            # Behind a proxy it is the proxy that looks the name up, and that decides where it leads.
            seen = self._proxied.exchange("GET", url, **send)
        else:
            seen = self._at_public_address(parsed, send)
        if seen.fault is Fault.FOREIGN or (seen.fault is None and seen.status == 200 and kind_of(seen.body) is None):
            seen.fault, seen.detail = Fault.FOREIGN, "what lies there is neither PNG, JPEG nor WebP"
        return seen

    def _at_public_address(self, url: httpx.URL, send: dict[str, Any]) -> Exchange:
        """Of its name's addresses the first that can be reached, none of which may be private."""
        deadline = monotonic() + send["timeout_s"]
        addresses = _addresses(url.host, min(send["timeout_s"], _LOOKUP_S))
        if not all(_is_public(address) for address in addresses):
            return Exchange(fault=Fault.FORBIDDEN, detail="its picture lies at an address of a private network")
        seen = Exchange(fault=Fault.UNREACHABLE, detail="its name is not known")
        for address in addresses[:_MOST_ADDRESSES]:
            at = str(url.copy_with(host=address))
            left = {**send, "timeout_s": deadline - monotonic()}
            seen = self._direct.exchange("GET", at, extensions={"sni_hostname": url.host}, **left)
            if seen.fault is not Fault.UNREACHABLE:
                break
        return seen


def _origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port, as what sends the request reads them; None for whatever is no plain web address."""
    if len(url) > 4000 or any(char.isspace() or char == "\\" for char in url):
        return None
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii").lower().rstrip(".")
    except (httpx.InvalidURL, ValueError):
        return None
    if parsed.scheme not in _PORTS or not host or host.startswith(".") or parsed.userinfo:
        return None
    return parsed.scheme, host, _PORTS[parsed.scheme] if parsed.port is None else parsed.port


def _joined(url: str, target: str) -> str:
    try:
        return str(httpx.URL(url).join(target))
    except (httpx.InvalidURL, ValueError):
        return ""


def _goes_by_proxy(url: httpx.URL) -> bool:
    proxies = getproxies()
    return bool(proxies.get(url.scheme) or proxies.get("all")) and not proxy_bypass(url.host)


def _addresses(host: str, timeout_s: float) -> list[str]:
    """Those of that name, or none."""
    found: list[str] = []

    async def look() -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_s):
                answers = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, TimeoutError, UnicodeError):
            return
        found.extend(str(answer[4][0]) for answer in answers)

    _LOOKUPS.run(look())
    return list(dict.fromkeys(found))


def _is_public(text: str) -> bool:
    """Whether that address is one of the open internet, also where it stands for one of version 4."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and any(address in network for network in _HOLDS_V4):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None and not _is_public(str(inner)):
            return False
    return address.is_global and not address.is_multicast
