"""
Who stands at the other end of the line, and which address they asked for, behind so many proxies of the operator's own.

Every proxy writes what it saw at the right end of a list; whatever stands further left came with the request and may say
anything. So the value that the outermost trusted proxy wrote is the ``hops``-th from the right. Without proxies the
headers are not read at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address, ip_network

_IN_BRACKETS = re.compile(r"\[([^\[\]]*)\](?::[0-9]{1,5})?")
_WITH_PORT = re.compile(r"([0-9.]+):[0-9]{1,5}")
_NAME = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?P<name>{_NAME}(?:\.{_NAME})*\.?|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?")
_LONGEST_HOST = 253


def client_address(peer: str | None, forwarded_for: Sequence[str], hops: int) -> str | None:
    """
    The visitor's IP address in its plain form, None where nobody can say (a unix socket without proxies).

    ``forwarded_for`` are the values of all ``X-Forwarded-For`` headers, in order. A list that is too short did not pass
    all the proxies, and a value that is no address was not written by one: then the peer is all that is certain.
    """
    if hops > 0:
        listed = _listed(forwarded_for)
        if len(listed) >= hops and (found := plain_address(listed[-hops])):
            return found
    return plain_address(peer or "")


def plain_address(text: str) -> str | None:
    """An IP address without brackets, port and zone; ``::ffff:192.0.2.1`` is the 192.0.2.1 that it stands for."""
    text = text.strip().strip('"')
    if found := _IN_BRACKETS.fullmatch(text) or _WITH_PORT.fullmatch(text):
        text = found[1]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address)


def prefix_of(address: str) -> str:
    """
    What one visitor can be held to of their address: an IPv4 address itself, of an IPv6 address its /64 network, all of
    which one line at home is given. Empty for what is no address.
    """
    plain = plain_address(address)
    if plain is None or ":" not in plain:
        return plain or ""
    return str(ip_network(f"{plain}/64", strict=False))


def scheme(own: str, forwarded_proto: Sequence[str], hops: int) -> str:
    """
    ``"https"`` or ``"http"``, as the visitor's browser sees it. ``own`` is what this server was asked with.

    Proxies often overwrite this header where they extend the other, so a list shorter than ``hops`` still counts.
    """
    listed = _listed(forwarded_proto) if hops > 0 else []
    said = (listed[max(0, len(listed) - hops)] if listed else "") or own
    return "https" if said.lower() in ("https", "wss") else "http"


def host(own: str, forwarded_host: Sequence[str], hops: int) -> str:
    """The host and port that were asked for, in small letters; empty where what was sent cannot be one."""
    listed = _listed(forwarded_host) if hops > 0 else []
    return plain_host(listed[max(0, len(listed) - hops)] if listed else own)


def plain_host(text: str) -> str:
    """``text`` in small letters if it is a host with or without a port, else nothing."""
    text = text.strip().lower()
    found = _HOST.fullmatch(text)
    if found is None or len(found["name"]) > _LONGEST_HOST or int(found["port"] or 0) > 65535:
        return ""
    if found["name"].startswith("[") and plain_address(found["name"]) is None:
        return ""
    return text


def name_of(host: str) -> str:
    """A host without its port."""
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def is_allowed(host: str, allowed: Sequence[str]) -> bool:
    """Whether a plain host is among those listed, with any port; ``*.example`` stands for sub-domains. None listed: any."""
    if not host:
        return False
    if not allowed:
        return True
    name = name_of(host).rstrip(".")
    return any(
        name.endswith(each[1:].lower()) if each.startswith("*.") else each == "*" or name == name_of(each.lower())
        for each in allowed
    )


def _listed(values: Sequence[str]) -> list[str]:
    """Repeated headers are one list, in the order they came."""
    return [each.strip() for value in values for each in value.split(",")]
