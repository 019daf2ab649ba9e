"""Settings → webhooks: who may be told, with which signature, and what is said. Off where no host is listed."""

from __future__ import annotations

from collections.abc import Callable

from reve_core.catalogue import Catalogue
from reve_core.errors import ConfigurationError
from reve_core.guard.callbacks import HOW_TO_MAKE_A_SECRET, CallbackSigner, Receivers
from reve_core.jobs.messenger import Messenger
from reve_core.models import Job
from reve_core.settings import Settings
from reve_core.store.sqlite import SqliteStore
from reve_core.web.api.described import shape_of


def check(settings: Settings) -> tuple[Receivers, CallbackSigner | None]:
    """Raises ConfigurationError, which never quotes a secret."""
    receivers = Receivers.listed(settings.webhook_hosts)
    signer = None
    if settings.webhook_secret is not None:
        signer = CallbackSigner(settings.webhook_secret.get_secret_value())
    elif receivers.origins:
        raise ConfigurationError(f"REVE_WEBHOOK_HOSTS is set and REVE_WEBHOOK_SECRET is not. {HOW_TO_MAKE_A_SECRET}")
    return receivers, signer


def make_messenger(settings: Settings, store: SqliteStore, catalogue_of: Callable[[], Catalogue]) -> Messenger | None:
    """None where webhooks are off: nothing is opened, and nothing looks for what is due."""
    receivers, signer = check(settings)
    if signer is None or not receivers.origins:
        return None

    def describe(job: Job) -> dict[str, object]:
        return described(job, catalogue_of(), settings.public_url)

    return Messenger(store=store, outbox=store, receivers=receivers, signer=signer, describe=describe)


def described(job: Job, catalogue: Catalogue, public_url: str) -> dict[str, object]:
    """
    The job as the HTTP API shows it. Whoever is told stands somewhere else, so that addresses are whole where the app
    knows its own.
    """
    shown = shape_of(job, catalogue).model_dump(mode="json")
    for name in ("url", "thumbnail_url"):
        if shown["image"] is not None:
            shown["image"][name] = public_url + shown["image"][name]
    return shown
