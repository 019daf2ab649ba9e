"""The way in: mode, names, https, proxies, frames, and where the app itself calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from reve_core.cli.careful.finding import Finding, warning
from reve_core.cli.careful.surroundings import Surroundings, streamlit_option, streamlit_options
from reve_core.errors import ConfigurationError
from reve_core.guard.address import is_allowed
from reve_core.lineup import SETTINGS, SetUp, set_up
from reve_core.settings import Settings

_HERE = ("localhost", "127.0.0.1", "::1")


def findings(settings: Settings, around: Surroundings) -> Iterator[Finding]:
    if settings.mode != "public":
        yield Finding("mode", "REVE_MODE is personal: every visitor would see and delete everything. Set it to public.")
    yield from _names(settings)
    yield from _proxies(settings, around)
    yield from _frames(settings, around)
    yield from _calls(settings)


def _names(settings: Settings) -> Iterator[Finding]:
    url = urlsplit(settings.public_url)
    if not settings.public_url:
        yield Finding(
            "url",
            "REVE_PUBLIC_URL is not set: links carry whatever host name a visitor sends. Set it to the address that people open, such as https://pictures.example.",
        )
    elif url.scheme != "https":
        yield Finding(
            "https",
            "REVE_PUBLIC_URL is not https: cookies and the operator's token can be read on the way. Put a proxy with a certificate in front and name the https address.",
        )
    if not settings.allowed_hosts or "*" in settings.allowed_hosts:
        name = url.hostname or "pictures.example"
        yield Finding(
            "hosts", f"REVE_ALLOWED_HOSTS lets every host name in. Set it to the names of this app, such as {name}."
        )
    elif settings.public_url and not is_allowed(url.netloc.lower(), settings.allowed_hosts):
        yield Finding("hosts", f"REVE_ALLOWED_HOSTS leaves out {url.hostname}, the host of REVE_PUBLIC_URL. Add it.")


def _proxies(settings: Settings, around: Surroundings) -> Iterator[Finding]:
    options = streamlit_options(around)
    address = str(streamlit_option(options, around, "server.address", "") or "")
    own_certificate = bool(streamlit_option(options, around, "server.sslCertFile", ""))
    if settings.trusted_hops == 0:
        if settings.public_url.startswith("https://") and not own_certificate:
            yield Finding(
                "hops",
                "REVE_TRUSTED_HOPS is 0, but the https of REVE_PUBLIC_URL is made by a proxy: all visitors would share one address and its limits, and cookies would not be kept to https. Set it to the number of proxies.",
            )
        elif address in _HERE:
            yield warning(
                "hops",
                f"REVE_TRUSTED_HOPS is 0 and the app listens on {address}: if a proxy stands in front of it, set it to the number of proxies.",
            )
    elif address not in _HERE and not around.in_container:
        yield warning(
            "port",
            "The app listens on every address of this machine and believes X-Forwarded-For. See that only the proxy reaches its port: --server.address 127.0.0.1, or a firewall.",
        )


def _frames(settings: Settings, around: Surroundings) -> Iterator[Finding]:
    if settings.embed_origins and not settings.public_url.startswith("https://"):
        yield Finding(
            "embed",
            "REVE_EMBED_ORIGINS needs https, or no visitor in a frame is known again. Name an https address in REVE_PUBLIC_URL.",
        )
    if plain := _plain_http(settings.embed_origins):
        yield Finding(
            "embed", f"REVE_EMBED_ORIGINS lets {plain} frame the app, and with it anybody on the way there. Use https."
        )
    same_site = str(streamlit_option(streamlit_options(around), around, "server.xsrfCookieSameSite", "lax"))
    if settings.embed_origins and same_site.lower() != "none":
        yield warning(
            "embed",
            "REVE_EMBED_ORIGINS is set, but files cannot be sent from within a frame. Set STREAMLIT_SERVER_XSRF_COOKIE_SAME_SITE to none.",
        )
    if plain := _plain_http(settings.cors_origins):
        yield warning(
            "cors", f"REVE_CORS_ORIGINS trusts scripts of {plain}, which anybody on the way can change. Use https."
        )


def _calls(settings: Settings) -> Iterator[Finding]:
    places = [("REVE_MODERATION_URL", settings.moderation_url, settings.moderation_key is not None)]
    with suppress(ConfigurationError):  # told elsewhere
        places += [(*_address(each), each.has_secret) for each in set_up(settings)]
    for variable, url, has_key in places:
        if has_key and _plain_http((url,)):
            yield warning(
                "plain",
                f"{variable} is not https: the key can be read on the way there. Use https outside your own network.",
            )
    for receiver in settings.webhook_hosts:
        if receiver.startswith("http://"):
            yield warning(
                "webhooks",
                f"REVE_WEBHOOK_HOSTS lets programs make this server call {receiver}. Keep it to https and to hosts outside.",
            )


def _address(each: SetUp) -> tuple[str, str]:
    """What the address of a provider is called where it is set, and the address; empty where it has none."""
    config = each.config
    variable = {"reve": "REVE_API_URL", "openai": "REVE_OPENAI_URL"}.get(config.name)
    url = str(config.options.get("base_url", ""))
    return (variable if variable and each.source == SETTINGS else f"base_url of the provider “{config.name}”", url)


def _plain_http(origins: tuple[str, ...]) -> str:
    """The first that goes over a network without https; empty where none does."""
    return next((each for each in origins if each.startswith("http://") and urlsplit(each).hostname not in _HERE), "")
