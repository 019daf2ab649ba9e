"""The address that a request came from and the one it went to, as the operator's settings let us believe it."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from reve_core.guard import address
from reve_core.web.site import Site


def base_url(request: HTTPConnection, site: Site) -> str:
    """
    What links to this app begin with, such as ``https://pictures.example``; no slash at the end.

    Empty where the request names no host that can be believed: a link then leads to the same place it stands on.
    """
    if site.public_url:
        return site.public_url
    host = host_of(request.headers, site)
    return f"{scheme_of(request, site)}://{host}" if host else ""


def host_of(headers: Headers, site: Site) -> str:
    """
    The host that was asked for, empty where it is none of ours.

    Many proxies let a visitor's own ``X-Forwarded-Host`` through, so it counts only where the operator lists the hosts.
    """
    own = address.plain_host(headers.get("host", ""))
    if site.allowed_hosts and (forwarded := headers.getlist("x-forwarded-host")):
        told = address.host("", forwarded, site.trusted_hops)
        if told and address.is_allowed(told, site.allowed_hosts):
            return told
    return own if address.is_allowed(own, site.allowed_hosts) else ""


def scheme_of(request: HTTPConnection, site: Site) -> str:
    """``"https"`` or ``"http"``, as the browser sees it."""
    return address.scheme(
        request.scope.get("scheme", "http"), request.headers.getlist("x-forwarded-proto"), site.trusted_hops
    )


def client_of(request: HTTPConnection, site: Site) -> str | None:
    """The visitor's IP address, None where nobody can say."""
    peer = request.client.host if request.client else None
    return address.client_address(peer, request.headers.getlist("x-forwarded-for"), site.trusted_hops)
