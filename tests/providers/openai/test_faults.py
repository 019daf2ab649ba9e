"""
Images servers misbehave, over real HTTP, under the real job manager: rows 13 to 21 of the fault table.

A paid one that delivers by address, and one that costs nothing and delivers in its answer; what a paid one's answers mean
when the picture is in them stands in ``test_outcomes.py``.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import pytest
from pydantic import SecretStr

from reve_core import bootstrap
from reve_core.allowance import in_credits
from reve_core.ports import Provider, ProviderConfig
from reve_core.providers.openai import OpenAIProvider
from reve_core.settings import Settings
from tests.contracts.provider_faults import Bench, ProviderFaults, Step, certificates
from tests.providers.openai.helpers import HOUSE
from tests.standin.openai import ImagesServer
from tests.standin.openai.server import FILES

__all__ = ["certificates"]

_NAMES: dict[str, tuple[str, dict[str, Any]]] = {
    "drip": ("drip_headers", {}),
    "svg": ("picture_is", {"what": "svg"}),
    "empty_image": ("picture_is", {"what": "empty"}),
    "truncated_png": ("picture_is", {"what": "half"}),
    "pixel_bomb": ("picture_is", {"what": "bomb"}),
    "file_at": ("address", {}),
}
_ONE_PICTURE_USD = (1 * 5 + 4160 * 30) / 1e6  # a prompt of one token, as the stand-in counts


class ImagesBench(Bench):
    """One blocking call, paid, and the picture lies at an address."""

    dialect = "gateway"
    model = "gpt-image-2"
    money = "unknown"
    steps: tuple[Step, ...] = ("submit", "file")
    credits_each = in_credits(0, _ONE_PICTURE_USD)
    cannot: Mapping[str, str] = {"rate_limited by params": "Such servers say it in a header or in words."}

    def __init__(self) -> None:
        self.standin = ImagesServer(dialect=self.dialect)
        self.standin.models = [self.model]

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
        config = ProviderConfig(
            kind="openai",
            name="openai",
            key=SecretStr(self.standin.key) if self.standin.key else None,
            models=(self.model,),
            options={"base_url": f"{url}/v1", "dialect": self.dialect},
        )
        return OpenAIProvider(config, HOUSE, ssl_context=ssl_context)

    def shipped(self) -> Provider:
        key = SecretStr(self.standin.key) if self.standin.key else None
        settings = Settings(openai_key=key, openai_url=self.standin.base, openai_models=(self.model,))
        return bootstrap.make_providers(settings)["openai"]

    def play(self, fault: str, step: Step = "submit", **options: Any) -> None:
        name, more = _NAMES.get(fault, (fault, {}))
        where = {"path": FILES} if step == "file" and fault != "file_at" else {}
        self.standin.faults.add(name, **more, **where, **options)

    def release(self) -> None:
        self.standin.release()

    def fund(self, pictures: int | None) -> None:
        self.standin.ledger.credits = 1_000_000 if pictures is None else pictures

    def sent(self) -> int:
        return len(self.standin.posts())

    def charged(self) -> int:
        return len(self.standin.ledger)


class LocalBench(ImagesBench):
    """A server of one's own: nothing is paid, so what was lost is asked for again."""

    dialect = "vllm"
    model = "Qwen/Qwen-Image"
    money = "free"
    steps = ("submit",)
    credits_each = 0.0
    cannot: Mapping[str, str] = {**ImagesBench.cannot, "no_credits": "It costs nothing: there is no till."}


class TestPaid(ProviderFaults):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        with ImagesBench() as bench:
            yield bench


class TestLocal(ProviderFaults):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        with LocalBench() as bench:
            yield bench
