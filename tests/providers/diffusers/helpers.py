"""What the tests of the diffusion provider share."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reve_core.models import JobRequest
from reve_core.ports import CallContext, House, ProviderConfig
from reve_core.providers.diffusers import DiffusersProvider
from reve_core.providers.diffusers.catalogue import Options, models_of
from reve_core.providers.prices import PriceTable

HOUSE = House(prices=PriceTable.read(None), connect_timeout_s=1, max_bytes=10**8, max_pixels=40_000_000)
CONTEXT = CallContext(key="job-1", timeout_s=60)
FAKE = Path(__file__).with_name("fake_worker.py")


def folder(at: Path, pipeline: str = "StableDiffusionPipeline") -> Path:
    """One that looks like a model from outside, which is all that is looked at before the worker loads it."""
    at.mkdir(parents=True, exist_ok=True)
    (at / "model_index.json").write_text(json.dumps({"_class_name": pipeline}))
    return at


def fake(
    *models: str | Path | Mapping[str, Any],
    control: Path | None = None,
    silence_s: float = 30.0,
    pause_s: float = 0.01,
    **options: Any,
) -> DiffusersProvider:
    """The provider with a worker that draws nothing. ``control`` is the folder that tells it what to do."""
    named = tuple(str(model) if isinstance(model, Path) else model for model in models)
    config = ProviderConfig(kind="diffusers", name="diffusers", models=named, options=options)
    return DiffusersProvider(
        models_of(config, config.options_as(Options), HOUSE.max_pixels),
        command=[sys.executable, str(FAKE), *([] if control is None else [str(control)])],
        silence_s=silence_s,
        pause_s=pause_s,
    )


def ask(prompt: str, *, ratio: str = "1:1", seed: int | None = 1, model: str = "") -> JobRequest:
    return JobRequest(prompt=prompt, aspect_ratio=ratio, seed=seed, model=model)


def is_running(pid: int) -> bool:
    """A process that has ended, and whose parent is not there to hear of it, counts as gone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
