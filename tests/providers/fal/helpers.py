"""A client, requests and a context for the tests of the fal provider."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic import SecretStr

from reve_core.models import JobRequest, Ticket
from reve_core.ports import CallContext
from reve_core.providers.fal import FalProvider
from reve_core.providers.fal.follow import Pace
from reve_core.providers.prices import PriceTable
from tests.standin.fal import KEY, FalStandIn

REVE, REVE_1, FLUX, OWN = (
    *("reve/2.1/text-to-image", "fal-ai/reve/text-to-image", "fal-ai/flux/schnell", "somebody/own-model"),
)
FOX = JobRequest(prompt="a red fox", aspect_ratio="3:2", provider="fal", model=REVE)
QUICK = Pace(0.01, 0.01, 0.02)
PRICES = PriceTable.read()


def provider_for(fal: FalStandIn, **changes: Any) -> FalProvider:
    """A client for this stand-in, which asks often and has short patience."""
    usual = {
        "prices": PRICES,
        "base_url": fal.url,
        "file_hosts": (fal.files.url,),
        "api_key": SecretStr(KEY),
        "models": (REVE, REVE_1, FLUX),
        "pace": QUICK,
        "connect_timeout_s": 5,
        "ssl_context": usual_tls(),
    }
    return FalProvider(**{**usual, **changes})


@cache
def usual_tls() -> ssl.SSLContext:
    """One for all tests, for reading the certificates takes a while."""
    return ssl.create_default_context()


class Told:
    """A context that remembers what it was told, and turns as the test wants."""

    def __init__(self, timeout_s: float = 20.0, **changes: Any) -> None:
        self.tickets: list[Ticket] = []
        self.progress: list[tuple[float | None, str]] = []
        self.cancelled: Callable[[], bool] = lambda: False
        self.leaving: Callable[[], bool] = lambda: False
        self.context = CallContext(
            key="job-1",
            timeout_s=timeout_s,
            progress=lambda fraction, text="", preview=None: self.progress.append((fraction, text)),
            is_cancelled=lambda: self.cancelled(),
            accepted=self.tickets.append,
            is_leaving=lambda: self.leaving(),
            **changes,
        )

    @property
    def ticket(self) -> Ticket:
        return self.tickets[-1]
