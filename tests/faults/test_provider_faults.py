"""Reve misbehaves, over real HTTP, under the real job manager: rows 13 to 21 of the fault table."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import pytest
from pydantic import SecretStr

from reve_core import bootstrap
from reve_core.ports import Provider
from reve_core.providers.reve import ReveProvider
from reve_core.settings import Settings
from tests.contracts.provider_faults import Bench, ProviderFaults, Step, certificates
from tests.standin import StandIn

__all__ = ["certificates"]

_NAMES = {"drip": "drip_headers"}


class ReveBench(Bench):
    """One blocking call, paid, without any way to ask about it afterwards."""

    money = "unknown"
    credits_each = 150.0

    def __init__(self) -> None:
        self.standin = StandIn()

    def __enter__(self) -> Self:
        self.standin.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.standin.stop()

    def provider(self) -> Provider:
        return self.provider_at(self.standin.url)

    def provider_at(self, url: str, ssl_context: ssl.SSLContext | None = None) -> Provider:
        key = SecretStr(self.standin.key or "")
        return ReveProvider(base_url=url, api_key=key, connect_timeout_s=2, ssl_context=ssl_context)

    def shipped(self) -> Provider:
        settings = Settings(api_key=SecretStr(self.standin.key or ""), api_url=self.standin.url)
        return bootstrap.make_providers(settings)["reve"]

    def play(self, fault: str, step: Step = "submit", **options: Any) -> None:
        self.standin.faults.add(_NAMES.get(fault, fault), **options)

    def release(self) -> None:
        self.standin.release()

    def fund(self, pictures: int | None) -> None:
        self.standin.ledger.credits = 1_000_000 if pictures is None else pictures * self.credits_each

    def sent(self) -> int:
        return len(self.standin.posts())

    def charged(self) -> int:
        return len(self.standin.ledger)


class TestReve(ProviderFaults):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        with ReveBench() as bench:
            yield bench
