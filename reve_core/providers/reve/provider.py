"""``ReveProvider``: one request in, one paid call out, one picture or one plain error back."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from reve_core.errors import CallCancelled, ConfigurationError, KeyRefused, NotCharged, RequestRejected
from reve_core.models import JobRequest, ModelInfo, Picture
from reve_core.ports import CallContext, Health
from reve_core.providers.reve import health, outcomes
from reve_core.providers.reve.catalogue import BALANCE_PATH, OFFICIAL_HOST, ROUTES, Route, version_for
from reve_core.providers.wire.exchange import Headers, Wire
from reve_core.providers.wire.plain import Cleaner, is_header_safe

_CHECK_S = 10.0
_CHECK_BYTES = 64 * 1024


class ReveProvider:
    """
    Reve over HTTP. Nothing is sent twice, nothing is followed, and the key never leaves but in its header.

    ``base_url`` without a slash at its end. ``max_dim`` asks for pictures shrunk to that many pixels on the long side,
    0 for full size. ``max_bytes`` caps the body of an answer, which is held in memory: base64 makes a picture a third
    longer than its file, and the layout comes on top. ``own_key``: whether calls may, or must, come with a visitor's own
    key. ``ssl_context`` replaces the usual one, for a gateway with a
    certificate authority of its own.

    Sources: reve-ai/reve-sdk, python/reve/_client.py (base URL, headers), v1/image.py and v2/image.py (bodies).
    """

    label = "AI-generated"
    idempotent = False  # no idempotency key is known to any client of this API

    def __init__(
        self,
        *,
        name: str = "reve",
        title: str = "Reve",
        base_url: str = f"https://{OFFICIAL_HOST}",
        api_key: SecretStr | None = None,
        proxy_authorization: SecretStr | None = None,
        version: str = "latest",
        max_dim: int = 0,
        connect_timeout_s: float = 10.0,
        max_bytes: int = 96 * 1024 * 1024,
        ssl_context: ssl.SSLContext | None = None,
        own_key: Literal["no", "may", "must"] = "no",
    ) -> None:
        self.name = name
        self.title = title
        self._models = tuple(
            route.info.model_copy(
                update={"capabilities": route.info.capabilities.model_copy(update={"own_key": own_key})}
            )
            for route in ROUTES
        )
        try:
            parts = urlsplit(base_url)
            _ = parts.port
        except ValueError:
            raise ConfigurationError("REVE_API_URL is not an address. Write it like https://api.reve.com") from None
        if parts.username is not None or parts.password is not None:
            raise ConfigurationError(
                "REVE_API_URL must not hold a user name or a password. Use REVE_API_PROXY_AUTHORIZATION."
            )
        self.sends_to = parts.hostname or ""
        self._is_official = parts.hostname == OFFICIAL_HOST
        self._version = version.strip()
        self._max_dim = max_dim
        self._max_body = max_bytes
        self._api_key = api_key if api_key is not None and api_key.get_secret_value().strip() else None
        self._has_usable_secrets = is_header_safe(api_key) and is_header_safe(proxy_authorization)
        self._cleaner = Cleaner(api_key, proxy_authorization)
        self._closed = False
        # Unpacking takes a millisecond, and for that long a picture is there twice: forty at once would be a peak.
        self._unpacking = threading.Lock()
        self._proxy_authorization = proxy_authorization
        self._wire = Wire(base_url.rstrip("/"), connect_timeout_s=connect_timeout_s, ssl_context=ssl_context)

    @property
    def models(self) -> Sequence[ModelInfo]:
        return self._models

    def generate(self, request: JobRequest, context: CallContext) -> Picture:
        """As in the port. What can be refused here is refused before anything is sent."""
        route = _route(request.model)
        body = self._body(route, request)
        if (problem := self._key_problem(context.own_key)) is not None:
            raise KeyRefused(problem)
        if self._closed or context.timeout_s <= 0:
            raise NotCharged("The call was not begun. Nothing was charged.")
        if context.is_cancelled():
            raise CallCancelled("Stopped before anything was sent.")
        exchange = self._wire.exchange(
            "POST",
            route.path,
            content=body,
            # A label on Reve's usage page, by which a lost answer can be found. It does not prevent a second charge.
            params={"breadcrumb": context.key} if context.key else None,
            timeout_s=context.timeout_s,
            max_body=self._max_body,
            headers=self._headers(context.own_key or self._api_key),
        )
        cleaner = self._cleaner if context.own_key is None else Cleaner(context.own_key, *self._cleaner.secrets)
        with self._unpacking:
            result = outcomes.picture_or_error(exchange, cleaner)
            exchange.body = bytearray()  # httpx's request knows the exchange, and stays until garbage is collected
        if not isinstance(result, Picture):
            raise result
        if request.seed is not None:
            note = "Reve takes no seed, so it had none."
            receipt = result.receipt.model_copy(update={"notes": (*result.receipt.notes, note)})
            return Picture(result.data, receipt)
        return result

    def check(self) -> Health:
        """Asks for the balance, which costs nothing and tries the key as well."""
        if (problem := self._key_problem()) is not None:
            return Health(ok=False, text=problem)
        headers = self._headers(self._api_key)
        exchange = self._wire.exchange("GET", BALANCE_PATH, timeout_s=_CHECK_S, max_body=_CHECK_BYTES, headers=headers)
        return health.health_of(exchange, self._cleaner)

    def close(self) -> None:
        """Calls on their way finish; new ones are refused. There is nothing to free: each call frees its own."""
        self._closed = True

    def _headers(self, api_key: SecretStr | None) -> Headers:
        headers = Headers({"Content-Type": "application/json"})
        if api_key is not None:
            headers["Authorization"] = f"Bearer {api_key.get_secret_value().strip()}"
        if self._proxy_authorization is not None:
            headers["Proxy-Authorization"] = self._proxy_authorization.get_secret_value().strip()
        return headers

    def _key_problem(self, own_key: SecretStr | None = None) -> str | None:
        if own_key is not None:
            return None if is_header_safe(own_key) else "The key holds characters that no key has. Enter it again."
        if self._api_key is None and self._is_official:  # a gateway may need none
            return outcomes.NO_KEY
        if not self._has_usable_secrets:
            return "The key holds characters that no key has. Copy it again into REVE_API_KEY."
        return None

    def _body(self, route: Route, request: JobRequest) -> bytes:
        """The JSON to send: only fields that are documented, for unknown ones are refused."""
        can = route.info.capabilities
        if not request.prompt.strip():
            raise RequestRejected("There is no prompt. Describe the picture first.")
        if len(request.prompt) > can.max_prompt_chars:
            raise RequestRejected(
                f"The prompt has {len(request.prompt):,} characters; {route.info.title} takes {can.max_prompt_chars:,}."
            )
        ratio = request.aspect_ratio or can.default_ratio
        if ratio not in can.aspect_ratios:
            raise RequestRejected(
                f"{route.info.title} does not draw {ratio[:20]}. It knows {', '.join(can.aspect_ratios)}."
            )
        fields: dict[str, object] = {"prompt": request.prompt, "aspect_ratio": ratio}
        if version := version_for(route, self._version):
            fields["version"] = version
        if self._max_dim:
            fields["postprocessing"] = [{"process": "fit_image", "max_dim": self._max_dim}]
        try:
            return json.dumps(fields, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            pass
        raise RequestRejected("The prompt holds half a character (a lone surrogate). Remove it and try again.")


def _route(model: str) -> Route:
    if not model:
        return ROUTES[0]
    for route in ROUTES:
        if route.info.id == model:
            return route
    raise RequestRejected("Reve has no such model here. Choose another one.")
