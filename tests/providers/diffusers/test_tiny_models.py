"""
The real worker with tiny models, whose weights are random: everything but the beauty.

In one file, and nothing of torch in this process: each process that imports it pays seconds.
"""

import io
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

from reve_core import bootstrap
from reve_core.errors import CallCancelled, RequestRejected
from reve_core.models import JobRequest, JobStatus, ModelInfo
from reve_core.ports import ProviderConfig
from reve_core.providers.diffusers import KIND, DiffusersProvider
from reve_core.settings import Settings
from reve_core.testing.provider import ProviderContract
from tests.building import running, wait_for
from tests.providers.diffusers.helpers import CONTEXT, HOUSE, ask, is_running

ROOT = Path(__file__).resolve().parents[3]
BROKEN = {
    "weights gone": "incomplete or damaged",
    "weights cut": "incomplete or damaged",
    "a pointer in place of weights": "incomplete or damaged",
    "another shape": "incomplete or damaged",
    "class nobody knows": "newer version of the diffusers library",
    "no prompts": "does not make pictures from words alone",
    "only pickles": "safetensors",
    "no tokenizer file": "its tokenizer is empty",
    "a tokenizer too large": "its tokenizer is empty or belongs to another model",
    "nan": "(NaN) with float32",
    "nan in the decoder": "black picture",
}

if find_spec("torch") is None:
    if os.environ.get("CI"):
        raise RuntimeError("requirements-diffusers.txt is not installed, and here these tests must not be left out.")
    pytest.skip("requirements-diffusers.txt is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.providers.diffusers.tiny", str(folder), *BROKEN],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        check=True,
        capture_output=True,
    )
    return folder


def opened(*models: object, **options: object) -> DiffusersProvider:
    config = {"kind": "diffusers", "name": "diffusers", "models": models, "options": {"threads": 1, **options}}
    provider = KIND.make(ProviderConfig.model_validate(config), HOUSE)
    assert isinstance(provider, DiffusersProvider)
    return provider


@pytest.fixture(scope="module")
def drawing(tiny: Path) -> Iterator[DiffusersProvider]:
    """One process for all: loading another model takes a moment, another process seconds."""
    models = [
        {"id": str(tiny / "sd"), "steps": 4, "size": 160},
        {"id": str(tiny / "zimage"), "steps": 4, "size": 160},
        {"id": str(tiny / "sd"), "title": "Long", "steps": 60},
        *({"id": str(tiny / how), "steps": 2} for how in BROKEN),
    ]
    with closing(opened(*models)) as provider:  # the broken ones among them look well from outside
        yield provider


class OnRealWorker(ProviderContract):
    """One process for all the contract, but for the test that ends it."""

    name = ""

    @pytest.fixture
    def provider(
        self, drawing: DiffusersProvider, tiny: Path, request: pytest.FixtureRequest
    ) -> Iterator[DiffusersProvider]:
        if "closing" not in request.node.name:
            yield drawing
            return
        with closing(opened({"id": str(tiny / self.name), "size": 160})) as provider:
            yield provider

    @pytest.fixture
    def model(self, provider: DiffusersProvider) -> ModelInfo:
        return next(model for model in provider.models if model.id == self.name)

    @pytest.fixture
    def ratios(self) -> Sequence[str]:
        return "16:9", "9:16"


class TestStableDiffusion(OnRealWorker):
    name = "sd"


class TestZImage(OnRealWorker):
    name = "zimage"

    def test_a_check_says_in_words_how_it_is(self, provider: DiffusersProvider) -> None:
        pytest.skip("the same for both")


@pytest.mark.parametrize("model", ["sd", "zimage"])
def test_the_words_and_the_seed_make_the_picture(drawing: DiffusersProvider, model: str) -> None:
    first = drawing.generate(ask("a fox", seed=7, model=model), CONTEXT)
    assert first.data == drawing.generate(ask("a fox", seed=7, model=model), CONTEXT).data
    assert first.data != drawing.generate(ask("a fox", seed=8, model=model), CONTEXT).data
    assert first.data != drawing.generate(ask("a whale", seed=7, model=model), CONTEXT).data
    raw = first.receipt.raw
    assert (raw["seed"], raw["steps"], raw["device"], raw["dtype"]) == (7, 4, "cpu", "float32")
    assert (raw["width"], raw["height"]) == (160, 160)


@pytest.mark.parametrize("model", ["sd", "zimage"])
def test_each_step_is_told_in_order_with_a_small_picture(drawing: DiffusersProvider, model: str) -> None:
    seen: list[tuple[str, bytes]] = []

    def progress(fraction: float | None, text: str = "", preview: bytes | None = None) -> None:
        if preview:
            seen.append((text, preview))

    drawing.generate(ask("a fox", model=model, ratio="16:9"), replace(CONTEXT, progress=progress))
    assert [text for text, _ in seen] == [f"Step {number} of 4" for number in (1, 2, 3, 4)]
    for _, preview in seen:
        assert len(preview) < 16 * 1024
        with Image.open(io.BytesIO(preview)) as image:
            assert image.format == "JPEG"
            assert min(image.size) >= 128
            assert image.width > image.height


def test_words_past_the_models_limit_are_said_to_be_left_out(drawing: DiffusersProvider) -> None:
    long = drawing.generate(ask("fox " * 100, model="sd"), CONTEXT)
    assert "first 77 tokens" in long.receipt.notes[0]
    assert drawing.generate(ask("fox", model="sd"), CONTEXT).receipt.notes == ()
    assert drawing.generate(ask("fox " * 100, model="zimage"), CONTEXT).receipt.notes == ()
    assert "first 512 tokens" in drawing.generate(ask("fox " * 300, model="zimage"), CONTEXT).receipt.notes[0]


def test_a_picture_stopped_in_the_middle_leaves_the_next_one_right(drawing: DiffusersProvider) -> None:
    alone = drawing.generate(ask("a fox", model="sd"), CONTEXT).data
    stop, steps = threading.Event(), []

    def progress(fraction: float | None, text: str = "", preview: bytes | None = None) -> None:
        steps.append(text)
        if text == "Step 2 of 60":
            stop.set()

    long = next(model.id for model in drawing.models if model.title == "Long")
    with pytest.raises(CallCancelled):
        drawing.generate(ask("a fox", model=long), replace(CONTEXT, progress=progress, is_cancelled=stop.is_set))
    assert "Step 60 of 60" not in steps
    assert drawing.generate(ask("a fox", model="sd"), CONTEXT).data == alone


def test_two_at_once_are_what_they_are_alone(drawing: DiffusersProvider) -> None:
    requests = [ask("a fox", seed=seed, model="sd") for seed in (1, 2)]
    alone = [drawing.generate(request, CONTEXT).data for request in requests]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda request: drawing.generate(request, CONTEXT).data, requests))
    assert together == alone


@pytest.mark.parametrize("how", BROKEN)
def test_a_model_that_cannot_be_right_is_refused_in_words_and_the_others_go_on(
    drawing: DiffusersProvider, tiny: Path, how: str
) -> None:
    with pytest.raises(RequestRejected) as refused:
        drawing.generate(ask("a fox", model=how), CONTEXT)
    assert BROKEN[how] in str(refused.value)
    assert str(tiny) not in str(refused.value)


def test_one_variable_is_enough_and_a_killed_process_costs_one_attempt(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way: the setting, the service, the card while it draws, the gallery; and a kill in the middle of it."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    model = tmp_path / "my-model"
    shutil.copytree(tiny / "sd", model)
    monkeypatch.setenv("REVE_DIFFUSERS_MODEL", str(model))
    monkeypatch.setenv("REVE_DATA_DIR", str(tmp_path / "data"))
    with running(bootstrap.build(Settings())) as studio:
        assert studio.catalogue.default_provider == "diffusers"
        provider = studio.catalogue.provider("diffusers")
        assert provider.title == "Own model"
        request = JobRequest(prompt="a fox", seed=3)  # 50 steps, the pipeline's own
        [first] = studio.submit(request)
        wait_for(studio, first.id, lambda job: "preview" in studio.board.feed().cards[0], within_s=120)
        assert studio.board.feed().cards[0]["preview"].startswith("data:image/jpeg;base64,")
        adapter = studio._worker.runner._providers["diffusers"]
        pid = adapter._worker.pid
        os.kill(pid, signal.SIGKILL)
        done = wait_for(studio, first.id, lambda job: job.status is JobStatus.DONE, within_s=120)
        assert (done.attempt, done.tries) == (2, 2)
        assert [call.outcome for call in studio.calls(first.id)] == ["not_charged", "ok"]
        [second] = studio.submit(request)
        again = wait_for(studio, second.id, lambda job: job.status is JobStatus.DONE, within_s=120)
        assert done.image is not None
        assert again.image is not None
        assert done.image.sha256 == again.image.sha256
        assert (done.image.width, done.image.height) == (64, 64)
        last = adapter._worker.pid
    assert not is_running(pid)
    assert not is_running(last)
