"""The fault table, held by the diffusion provider. Its service is a process on pipes, so much of the table has no place."""

import json
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from reve_core.ports import Provider
from tests.contracts.provider_faults import Bench, Money, ProviderFaults, Step, certificates
from tests.providers.diffusers.helpers import fake, folder

__all__ = ["certificates"]

_NO_NETWORK = "It is a process on pipes: there is no network to go wrong."


class DiffusersBench(Bench):
    money: Money = "free"
    cannot: ClassVar[dict[str, str]] = {
        "unreachable": _NO_NETWORK,
        "redirect": _NO_NETWORK,
        "rate_limited": "One's own machine does not limit.",
        "rate_limited by seconds": "One's own machine does not limit.",
        "rate_limited by date": "One's own machine does not limit.",
        "rate_limited by params": "One's own machine does not limit.",
        "no_credits": "It costs nothing.",
        "endless": "A message says how long it is before it comes; see huge.",
        "gzip_bomb": "Nothing is compressed on its way.",
    }

    def __init__(self, at: Path) -> None:
        self._control = at / "control"
        self._control.mkdir()
        self._model = folder(at / "my-model")

    def provider(self) -> Provider:
        return fake(self._model, control=self._control, size=256)

    def provider_at(self, url: str, ssl_context: ssl.SSLContext | None = None) -> Provider:
        raise NotImplementedError(_NO_NETWORK)

    def shipped(self) -> Provider:
        return self.provider()

    def play(self, fault: str, step: Step = "submit", **options: Any) -> None:
        plan = {"fault": fault, "times": options.get("times", 1)}
        (self._control / "plan.json").write_text(json.dumps(plan))

    def release(self) -> None:
        (self._control / "release").touch()

    def fund(self, pictures: int | None) -> None:
        raise NotImplementedError("It costs nothing.")

    def sent(self) -> int:
        sent = self._control / "sent"
        return len(sent.read_text().splitlines()) if sent.exists() else 0

    def charged(self) -> int:
        return 0


class TestDiffusersFaults(ProviderFaults):
    @pytest.fixture
    def bench(self, installed: None) -> Iterator[Bench]:
        with tempfile.TemporaryDirectory() as at, DiffusersBench(Path(at)) as bench:
            yield bench
