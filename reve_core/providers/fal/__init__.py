"""fal.ai's queue as a provider: Reve 2.1, and any other of its models by configuration."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from reve_core.ports import House, Kind, Provider, ProviderConfig
from reve_core.providers.fal.follow import Pace
from reve_core.providers.fal.provider import FILE_HOSTS, FalProvider
from reve_core.providers.fal.queue import OFFICIAL

__all__ = ["KIND", "FalProvider"]


_Seconds = Annotated[float, Field(ge=0.01, le=60)]


class _Options(BaseModel):
    """
    What else the providers' file may say. ``backup_url`` empty: none; ``poll_s`` seconds between two questions, in the
    first ten seconds, the first minute, and later.
    """

    model_config = ConfigDict(extra="forbid")

    base_url: str = OFFICIAL
    backup_url: str | None = None
    file_hosts: tuple[str, ...] = FILE_HOSTS
    start_timeout_s: float = Field(default=300.0, ge=1, le=3600)
    file_lifetime_s: float = Field(default=86_400.0, ge=600, le=365 * 86_400)
    no_retry: bool = False
    poll_s: tuple[_Seconds, _Seconds, _Seconds] = (0.75, 2.0, 5.0)


def _make(config: ProviderConfig, house: House) -> Provider:
    options = config.options_as(_Options)
    has_key = bool(config.key or options.base_url.rstrip("/") != OFFICIAL)
    known: dict[str, Any] = options.model_dump(exclude={"poll_s"})
    return FalProvider(
        name=config.name,
        title=config.title or "fal",
        own_key=("may" if has_key else "must") if house.own_keys else "no",
        prices=house.prices,
        api_key=config.key,
        models=config.models,
        pace=Pace(*options.poll_s),
        connect_timeout_s=house.connect_timeout_s,
        max_bytes=house.max_bytes,
        **known,
    )


KIND = Kind(_make, concurrency=2, timeout_s=900.0)
