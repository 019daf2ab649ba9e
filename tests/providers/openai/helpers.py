"""A client and a context for the tests of the images-server provider."""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any

from pydantic import SecretStr

from reve_core.models import JobRequest
from reve_core.ports import CallContext, House, ProviderConfig
from reve_core.providers.openai import OpenAIProvider
from reve_core.providers.prices import PriceTable
from tests.standin.openai import KEY, ImagesServer

FOX = JobRequest(prompt="a red fox", aspect_ratio="3:2", provider="openai")
MODELS = {
    "openai": "gpt-image-2",
    "vllm": "Qwen/Qwen-Image",
    "sglang": "black-forest-labs/FLUX.1-dev",
    "sdcpp": "sd-cpp-local",
    "localai": "flux.1-dev-ggml",
    "gateway": "flux-pro",
}
HOUSE = House(prices=PriceTable.read(), connect_timeout_s=5, max_bytes=20_000_000, max_pixels=50_000_000)


def config_for(server: ImagesServer, *, models: Any = None, key: str | None = "", **options: Any) -> ProviderConfig:
    """``models`` None: the usual one of the dialect. ``key`` empty: the server's."""
    sent = server.key if key == "" else key
    return ProviderConfig(
        kind="openai",
        name="openai",
        key=SecretStr(sent) if sent else None,
        models=(MODELS[server.dialect.name],) if models is None else tuple(models),
        options={"base_url": server.base, "dialect": server.dialect.name, **options},
    )


def provider_for(
    server: ImagesServer, *, models: Any = None, key: str | None = "", house: House = HOUSE, **options: Any
) -> OpenAIProvider:
    return OpenAIProvider(config_for(server, models=models, key=key, **options), house, ssl_context=_usual_tls())


@cache
def _usual_tls() -> ssl.SSLContext:
    """One for all tests, for reading the certificates takes a while."""
    return ssl.create_default_context()


def context(timeout_s: float = 20.0, **changes: Any) -> CallContext:
    return CallContext(**{"key": "job-1", "timeout_s": timeout_s, **changes})


__all__ = ["FOX", "HOUSE", "KEY", "MODELS", "config_for", "context", "provider_for"]
