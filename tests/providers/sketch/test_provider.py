"""The sketch behind the Provider port."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from reve_core.errors import CallCancelled, NotCharged, RequestRejected
from reve_core.models import JobRequest
from reve_core.ports import CallContext, Provider
from reve_core.providers.sketch import SketchProvider
from reve_core.providers.sketch.sizes import RATIOS

ROOT = Path(__file__).resolve().parents[3]
FOX = JobRequest(prompt="a red fox in a snowy forest and a fisherman", seed=4)
SMALL = 128 * 128


class FakeTime:
    """A clock that only moves when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0
        self.on_pause: Callable[[], None] = lambda: None

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.on_pause()


def context(**options: Any) -> CallContext:
    return CallContext(key="job-1", timeout_s=options.pop("timeout_s", 60.0), **options)


def provider_at(time: FakeTime, delay_s: float = 0.0) -> SketchProvider:
    return SketchProvider(delay_s, pixels=SMALL, clock=time.clock, pause=time.pause)


def test_it_is_a_provider() -> None:
    provider: Provider = SketchProvider()
    model = provider.models[0]
    assert (provider.name, provider.idempotent) == ("sketch", True)
    assert provider.label == "Drawn by code, not an AI model"
    assert model.capabilities.aspect_ratios == RATIOS
    assert model.capabilities.default_ratio in RATIOS
    assert model.capabilities.price.credits == 0
    assert len(RATIOS) == 17


def test_a_picture_comes_with_its_layout_notes_and_a_png_that_says_what_it_is() -> None:
    picture = SketchProvider(pixels=SMALL).generate(FOX, context())
    with Image.open(io.BytesIO(picture.data)) as image:
        image.load()
        assert image.format == "PNG"
        assert image.size == (128, 128)
        assert image.info["Source"] == "Drawn by code, not an AI model"
    receipt = picture.receipt
    assert receipt.notes == ("Drew: red fox, snowy forest, day.", "Not drawn: fisherman.")
    assert receipt.credits_used == 0
    assert receipt.layout is not None
    assert receipt.layout.prompt == FOX.prompt


def test_no_seed_means_seed_0() -> None:
    provider = SketchProvider(pixels=SMALL)
    first = provider.generate(FOX.model_copy(update={"seed": None}), context())
    second = provider.generate(FOX.model_copy(update={"seed": 0}), context())
    assert first.data == second.data


def test_progress_never_goes_back_and_ends_at_1() -> None:
    seen: list[float | None] = []
    texts: list[str] = []

    def progress(fraction: float | None, text: str = "") -> None:
        seen.append(fraction)
        texts.append(text)

    SketchProvider(pixels=SMALL).generate(FOX, context(progress=progress))
    fractions = [value for value in seen if value is not None]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert len(set(texts)) >= 6
    assert "Growing the forest" in texts


def test_a_call_cancelled_between_steps_stops_there() -> None:
    texts: list[str] = []

    def progress(fraction: float | None, text: str = "") -> None:
        texts.append(text)

    stop = context(progress=progress, is_cancelled=lambda: "Growing the forest" in texts)
    with pytest.raises(CallCancelled):
        SketchProvider(pixels=SMALL).generate(FOX, stop)
    assert texts[-1] == "Growing the forest"


def test_the_artificial_delay_moves_the_progress() -> None:
    time = FakeTime()
    seen: list[float] = []
    provider_at(time, 4.0).generate(FOX, context(progress=lambda fraction, text="": seen.append(fraction)))
    assert time.now == pytest.approx(104.0)
    assert seen == sorted(seen)
    assert sum(0 < value < 0.8 for value in seen) > 20


def test_a_call_can_be_cancelled_during_the_artificial_delay() -> None:
    time = FakeTime()
    with pytest.raises(CallCancelled):
        provider_at(time, 30.0).generate(FOX, context(is_cancelled=lambda: time.now >= 102))
    assert time.now < 103


def test_a_delay_beyond_the_timeout_ends_at_the_timeout() -> None:
    time = FakeTime()
    with pytest.raises(NotCharged, match="longer than 5 seconds"):
        provider_at(time, 30.0).generate(FOX, context(timeout_s=5.0))
    assert time.now == pytest.approx(105, abs=0.2)


def test_closing_wakes_a_delay_and_the_picture_is_still_finished() -> None:
    time = FakeTime()
    provider = provider_at(time, 30.0)
    time.on_pause = provider.close
    assert provider.generate(FOX, context()).data
    assert time.now < 101


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(FOX.model_copy(update={"aspect_ratio": "7:5"}), id="a ratio that is not on offer"),
        pytest.param(FOX.model_copy(update={"aspect_ratio": "auto"}), id="the ratio auto"),
        pytest.param(FOX.model_copy(update={"model": "reve-2"}), id="a model of somebody else"),
        pytest.param(FOX.model_copy(update={"prompt": "x" * 4001}), id="a prompt too long"),
    ],
)
def test_a_request_that_cannot_be_served_is_rejected(request_: JobRequest) -> None:
    with pytest.raises(RequestRejected):
        SketchProvider(pixels=SMALL).generate(request_, context())


def test_a_fault_while_drawing_costs_nothing_and_reads_as_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **options: object) -> None:
        raise RuntimeError("/secret/path")

    monkeypatch.setattr("reve_core.providers.sketch.draw.render", broken)
    with pytest.raises(NotCharged) as caught:
        SketchProvider(pixels=SMALL).generate(FOX, context())
    assert str(caught.value) == "The sketch could not be drawn. Nothing was charged."


def test_its_health_is_good_without_a_key() -> None:
    health = SketchProvider().check()
    assert health.ok
    assert health.text.startswith("Ready.")


def test_importing_the_provider_imports_neither_numpy_nor_pillow_nor_resvg() -> None:
    code = (
        "import sys\n"
        "from reve_core.providers.sketch import SketchProvider\n"
        "SketchProvider().models\n"
        "print(sorted(name for name in ('numpy', 'PIL', 'resvg_py') if name in sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
