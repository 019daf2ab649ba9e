"""The Reve API, or a gateway that speaks it, as a provider."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from reve_core.ports import House, Kind, Provider, ProviderConfig
from reve_core.providers.reve.catalogue import OFFICIAL_HOST
from reve_core.providers.reve.provider import ReveProvider

__all__ = ["KIND", "ReveProvider"]

_MB = 1024 * 1024


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid")

    base_url: str = f"https://{OFFICIAL_HOST}"
    proxy_authorization: SecretStr | None = None
    version: str = "latest"
    max_dim: int = Field(default=0, ge=0, le=4096)


def _make(config: ProviderConfig, house: House) -> Provider:
    options = config.options_as(_Options)
    has_key = bool(config.key or options.base_url != f"https://{OFFICIAL_HOST}")
    return ReveProvider(
        name=config.name,
        title=config.title or "Reve",
        own_key=("may" if has_key else "must") if house.own_keys else "no",
        base_url=options.base_url,
        api_key=config.key,
        proxy_authorization=options.proxy_authorization,
        version=options.version,
        max_dim=options.max_dim,
        connect_timeout_s=house.connect_timeout_s,
        max_bytes=house.max_bytes * 4 // 3 + _MB,  # base64 is a third longer, and has company
    )


KIND = Kind(_make, concurrency=3, per_minute=10)
