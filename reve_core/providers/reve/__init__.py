"""The Reve API, or a gateway that speaks it, as a provider."""

from reve_core.providers.reve.provider import ReveProvider

__all__ = ["ReveProvider"]
