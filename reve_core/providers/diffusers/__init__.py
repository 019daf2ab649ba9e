"""
A diffusion model on this machine as a provider.

The app's own process never imports the libraries that run it: they weigh hundreds of megabytes, and a crash or a shortage
of memory in them must cost one attempt and nothing else. They live in ``worker``, a process of its own. ``engine``,
``latents`` and ``worker`` are its modules; the others are the app's.
"""

from reve_core.ports import House, Kind, Provider, ProviderConfig
from reve_core.providers.diffusers.catalogue import Options, models_of
from reve_core.providers.diffusers.process import command_for
from reve_core.providers.diffusers.provider import DiffusersProvider

__all__ = ["KIND", "DiffusersProvider"]

_BEAT_S = 2.0


def _make(config: ProviderConfig, house: House) -> Provider:
    options = config.options_as(Options)
    return DiffusersProvider(
        models_of(config, options, house.max_pixels),
        command=command_for(idle_s=options.idle_minutes * 60, beat_s=min(_BEAT_S, options.silence_s / 4)),
        name=config.name,
        title=config.title or "Own model",
        device=options.device,
        silence_s=options.silence_s,
        max_bytes=house.max_bytes,
    )


# One at a time: two on one card take as long, and twice the memory.
KIND = Kind(_make, concurrency=1, timeout_s=900.0)
