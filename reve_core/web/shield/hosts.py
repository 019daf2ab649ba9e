"""
Which host names this app answers to.

Where the operator lists none, a public app answers to any. A personal one that is reached over this computer's own
loopback does not: any web page could give its name that address (DNS rebinding), and would then be this app's own page to
the browser. Names without a dot, and those that no registrar gives away, cannot be taken for that.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address

from starlette.types import Scope

from reve_core.guard.address import is_allowed, name_of, plain_address, plain_host
from reve_core.web.site import Site

_NOBODYS = (".localhost", ".local", ".internal", ".home.arpa", ".test")  # RFC 6761, 6762, 8375; ICANN 2024


def is_for_us(scope: Scope, site: Site) -> bool:
    """Whether the request names a host that this app answers to. One that names two names none."""
    if site.allowed_hosts:
        named = [value for name, value in scope["headers"] if name == b"host"]
        return len(named) == 1 and _is_listed(named[0], site.allowed_hosts)
    if not site.own_names_only or not came_over_loopback(scope):
        return True
    named = [value for name, value in scope["headers"] if name == b"host"]
    return len(named) == 1 and _is_own(named[0], site.public_url)


def came_over_loopback(scope: Scope) -> bool:
    """Whether the address that was connected to is this computer's own, as no other machine can reach it."""
    server = scope.get("server")
    plain = plain_address(server[0]) if server else None
    return plain is not None and ip_address(plain).is_loopback


@lru_cache(1024)
def _is_listed(host: bytes, allowed: tuple[str, ...]) -> bool:
    return is_allowed(plain_host(host.decode("latin-1")), allowed)


@lru_cache(1024)
def _is_own(host: bytes, public_url: str) -> bool:
    plain = plain_host(host.decode("latin-1"))
    name = name_of(plain).rstrip(".")
    if not name:
        return False
    if plain_address(name) is not None or "." not in name or name.endswith(_NOBODYS):
        return True
    return name == name_of(public_url.partition("://")[2].lower())
