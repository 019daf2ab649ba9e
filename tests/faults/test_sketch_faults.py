"""The built-in sketch in rows 13 to 21 of the fault table: it has no connection and no till, so few of them can befall it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from reve_core.models import JobRequest, Picture
from reve_core.ports import CallContext, Provider
from reve_core.providers.sketch import SketchProvider
from tests.contracts.provider_faults import Bench, ProviderFaults, Step, certificates

__all__ = ["certificates"]

_DRAWN_HERE = "The sketch is drawn in this process: there is no connection to break."
_NO_TILL = "The sketch costs nothing: there is no till."


class SketchBench(Bench):
    """Small sketches. ``sent`` counts how often one was begun."""

    money = "free"
    cannot: Mapping[str, str] = {
        "unreachable": _DRAWN_HERE,
        "no_credits": _NO_TILL,
        **{f"rate_limited by {how}": _NO_TILL for how in ("seconds", "date", "params")},
    }

    def __init__(self) -> None:
        self.begun = 0
        self.guard = threading.Lock()
        self.gate = threading.Event()
        self.gate.set()
        self.hangs = 0

    def provider(self) -> Provider:
        return _Watched(self)

    def why_not(self, fault: str, step: Step) -> str | None:
        return super().why_not(fault, step) or (None if fault in ("hang", "hold") else _DRAWN_HERE)

    def play(self, fault: str, step: Step = "submit", **options: Any) -> None:
        if fault == "hold":
            self.gate.clear()
        else:
            self.hangs += 1

    def release(self) -> None:
        self.gate.set()

    def sent(self) -> int:
        return self.begun

    def charged(self) -> int:
        return 0


class _Watched(SketchProvider):
    """The sketch, with a gate in front of it, or with a delay that no deadline allows."""

    def __init__(self, bench: SketchBench) -> None:
        super().__init__(pixels=64)
        self._bench = bench
        self._slow = SketchProvider(delay_s=3600, pixels=64)

    def generate(self, request: JobRequest, context: CallContext) -> Picture:
        with self._bench.guard:
            self._bench.begun += 1
            hangs = self._bench.hangs > 0
            self._bench.hangs -= hangs
        assert self._bench.gate.wait(timeout=20)
        return (self._slow if hangs else super()).generate(request, context)


class TestSketch(ProviderFaults):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        with SketchBench() as bench:
            yield bench
