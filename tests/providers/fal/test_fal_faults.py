"""fal misbehaves, over real HTTP, under the real job manager: rows 13 to 21 of the fault table."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import pytest
from pydantic import SecretStr

from reve_core import bootstrap
from reve_core.allowance import in_credits
from reve_core.ports import Provider
from reve_core.providers.fal import FalProvider
from reve_core.settings import Settings
from tests.contracts.provider_faults import Bench, ProviderFaults, Step, certificates
from tests.providers.fal.helpers import PRICES, QUICK, REVE
from tests.standin.fal import KEY, FalStandIn

__all__ = ["certificates"]

_NAMES = {"drip": "drip_headers"}
_STEPS: dict[Step, str] = {"submit": "submit", "answer": "result", "file": "file"}


class FalBench(Bench):
    """A queue with a number for each request, and files at another host."""

    money = "ticket"
    steps = ("submit", "answer", "file")
    credits_each = in_credits(0, 0.25)

    def __init__(self) -> None:
        self.standin = FalStandIn()

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
        return FalProvider(
            prices=PRICES,
            base_url=url,
            file_hosts=(self.standin.files.url,),
            api_key=SecretStr(KEY),
            models=(REVE,),
            pace=QUICK,
            connect_timeout_s=2,
            ssl_context=ssl_context,
        )

    def shipped(self) -> Provider:
        file = bootstrap.make_providers(Settings(fal_key=SecretStr(KEY)))["fal"]
        assert isinstance(file, FalProvider)
        caps = file._files._max_bytes
        return FalProvider(
            prices=PRICES,
            base_url=self.standin.url,
            file_hosts=(self.standin.files.url,),
            api_key=SecretStr(KEY),
            pace=QUICK,
            max_bytes=caps,
        )

    def play(self, fault: str, step: Step = "submit", **options: Any) -> None:
        self.standin.add("file_at" if fault == "file_at" else _NAMES.get(fault, fault), at(fault, step), **options)

    def release(self) -> None:
        self.standin.release()

    def fund(self, pictures: int | None) -> None:
        self.standin.funds = pictures

    def sent(self) -> int:
        return self.standin.count("submit")

    def charged(self) -> int:
        return self.standin.billed()


def at(fault: str, step: Step) -> str:
    """It is the result that names the file."""
    return "result" if fault == "file_at" else _STEPS[step]


class TestFal(ProviderFaults):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        with FalBench() as bench:
            yield bench
