"""What the settings say about marks: whether copies of pictures are signed, and with what."""

from __future__ import annotations

from reve_core.errors import ConfigurationError
from reve_core.pictures.marker import SIGNED, Marker
from reve_core.settings import Settings


def make_marker(settings: Settings) -> Marker:
    """Raises ConfigurationError where a certificate is set that cannot be used: nothing is left unsigned in silence."""
    if settings.c2pa_cert is None and settings.c2pa_key is None:
        return Marker()
    if settings.c2pa_cert is None or settings.c2pa_key is None:
        missing = "REVE_C2PA_CERT" if settings.c2pa_cert is None else "REVE_C2PA_KEY"
        raise ConfigurationError(f"{missing} is not set. Signing pictures needs both a certificate and its key.")
    from reve_core.pictures.signing import C2paSeal

    return Marker(C2paSeal(settings.c2pa_cert, settings.c2pa_key))


def about(settings: Settings) -> str:
    """For the doctor. Raises ConfigurationError."""
    if make_marker(settings).says:
        return f"Copies of pictures are {SIGNED} with C2PA."
    return "Copies of pictures are marked, and not signed: REVE_C2PA_CERT names no certificate."
