"""Any server that speaks ``POST /v1/images/generations``, as a provider."""

from reve_core.ports import House, Kind, Provider, ProviderConfig
from reve_core.providers.openai.provider import OpenAIProvider

__all__ = ["KIND", "OpenAIProvider"]


def _make(config: ProviderConfig, house: House) -> Provider:
    return OpenAIProvider(config, house)


KIND = Kind(_make, concurrency=2, timeout_s=600.0)
