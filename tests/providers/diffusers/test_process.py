"""The worker process: what becomes of a call when it dies, hangs, or is told to stop, and that none stays behind."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from reve_core.errors import (
    CallCancelled,
    NotCharged,
    PromptRefused,
    ProviderError,
    RequestRejected,
    ServiceClosed,
)
from reve_core.ports import CallContext
from reve_core.providers.diffusers import DiffusersProvider
from reve_core.providers.diffusers.process import Worker, command_for, environment
from tests.building import until
from tests.providers.diffusers.helpers import CONTEXT, ask, fake, folder, is_running

ROOT = Path(__file__).resolve().parents[3]


def worker_of(provider: DiffusersProvider) -> Worker:
    assert provider._worker is not None
    return provider._worker


def setter(event: threading.Event) -> Callable[..., None]:
    """A progress that says that there was any."""
    return lambda *_, **__: event.set()


# ---------------------------------------------------------------- the app's own process


def test_nothing_that_the_app_loads_imports_the_libraries() -> None:
    code = (
        "import sys\n"
        "import app, reve_core.bootstrap, reve_core.cli, reve_core.providers.diffusers as d, reve_core.lineup\n"
        "from reve_core.ports import ProviderConfig\n"
        "from tests.providers.diffusers.helpers import HOUSE\n"
        "config = ProviderConfig(kind='diffusers', name='diffusers', models=('some/model',))\n"
        "d.KIND.make(config, HOUSE).check()\n"
        "print(sorted({'torch', 'diffusers', 'transformers', 'accelerate'} & set(sys.modules)))\n"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_worker_is_given_no_secrets_and_may_not_dial_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REVE_API_KEY", "HF_TOKEN", "MY_SECRET", "FAL_KEY"):
        monkeypatch.setenv(name, "x")
    given = environment()
    assert not {"REVE_API_KEY", "HF_TOKEN", "MY_SECRET", "FAL_KEY"} & set(given)
    assert given["HF_HUB_OFFLINE"] == "1"


# ---------------------------------------------------------------- the process itself, without a model


def test_a_worker_that_nobody_asks_for_anything_ends_by_itself() -> None:
    worker = Worker(command_for(idle_s=0.1, beat_s=1))
    until(lambda: not worker.is_alive, within_s=30)
    worker.close()


def test_a_worker_outlives_neither_a_close_nor_the_killing_of_the_app() -> None:
    worker = Worker(command_for(idle_s=600, beat_s=0.1))
    worker.close()
    assert not is_running(worker.pid)
    code = (
        "import time\n"
        "from reve_core.providers.diffusers.process import Worker, command_for\n"
        "print(Worker(command_for(idle_s=600, beat_s=600)).pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.send_signal(signal.SIGKILL)
        parent.wait(30)
        until(lambda: not is_running(pid), within_s=30)


# ---------------------------------------------------------------- calls


def test_a_call_says_how_far_it_is_and_shows_it(lasting: DiffusersProvider) -> None:
    seen: list[tuple[float | None, str, bytes | None]] = []

    def progress(fraction: float | None, text: str = "", preview: bytes | None = None) -> None:
        seen.append((fraction, text, preview))

    picture = lasting.generate(ask("a fox", seed=5), replace(CONTEXT, progress=progress))
    assert [(text, preview) for _, text, preview in seen if "Step" in text] == [
        (f"Step {number} of 4", b"a small picture") for number in (1, 2, 3, 4)
    ]
    fractions = [fraction for fraction, _, _ in seen if fraction is not None]
    assert fractions == sorted(fractions)
    assert picture.receipt.raw["seed"] == 5
    assert picture.receipt.raw["model"] == "my-model"


def test_a_seed_that_nobody_gave_is_drawn_and_told(lasting: DiffusersProvider) -> None:
    told = [lasting.generate(ask("a fox", seed=None), CONTEXT).receipt.raw["seed"] for _ in range(2)]
    assert told[0] != told[1]
    again = lasting.generate(ask("a fox", seed=told[0]), CONTEXT)
    assert again.receipt.raw["seed"] == told[0]


def test_a_cancelled_call_stops_and_the_next_is_right(lasting: DiffusersProvider) -> None:
    alone = lasting.generate(ask("a fox"), CONTEXT).data
    for prompt in ("go on for ever", "draw although told to stop"):
        stop = threading.Event()

        with pytest.raises(CallCancelled):
            lasting.generate(ask(prompt), replace(CONTEXT, progress=setter(stop), is_cancelled=stop.is_set))
        # Its late answer, or its late cancel, is nobody's.
        assert lasting.generate(ask("a fox"), CONTEXT).data == alone


def test_two_at_once_take_turns_and_the_second_says_that_it_waits(installed: None, tmp_path: Path) -> None:
    stop, waits = threading.Event(), threading.Event()

    def at_second(fraction: float | None, text: str = "", preview: bytes | None = None) -> None:
        if text == "Waits for the model":
            waits.set()

    drawing = threading.Event()
    first_context = replace(CONTEXT, progress=setter(drawing), is_cancelled=stop.is_set)
    # Two providers, one device.
    first, second = fake(folder(tmp_path / "one")), fake(folder(tmp_path / "two"))
    with closing(first), closing(second), ThreadPoolExecutor(2) as threads:
        one = threads.submit(first.generate, ask("go on for ever"), first_context)
        assert drawing.wait(30)
        two = threads.submit(second.generate, ask("a fox"), replace(CONTEXT, progress=at_second))
        assert waits.wait(30)
        assert second._worker is None
        stop.set()
        with pytest.raises(CallCancelled):
            one.result(30)
        assert two.result(30).data


def test_whoever_waits_for_the_model_may_leave(lasting: DiffusersProvider) -> None:
    stop, waits, drawing = threading.Event(), threading.Event(), threading.Event()
    long = replace(CONTEXT, progress=setter(drawing), is_cancelled=stop.is_set)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(lasting.generate, ask("go on for ever"), long)
        assert drawing.wait(30)
        hurried = CallContext("job-2", 60, progress=setter(waits), is_cancelled=waits.is_set)
        with pytest.raises(CallCancelled):
            lasting.generate(ask("a fox"), hurried)
        stop.set()
        with pytest.raises(CallCancelled):
            first.result(30)


def test_a_worker_killed_while_it_draws_costs_that_attempt_only(local: DiffusersProvider) -> None:
    alone = local.generate(ask("a fox"), CONTEXT).data
    pid = worker_of(local).pid

    def progress(fraction: float | None, text: str = "", preview: bytes | None = None) -> None:
        if "Step" in text:
            os.kill(pid, signal.SIGKILL)

    with pytest.raises(NotCharged, match="out of memory"):
        local.generate(ask("go on for ever"), replace(CONTEXT, progress=progress))
    assert local.generate(ask("a fox"), CONTEXT).data == alone
    assert worker_of(local).pid != pid


def test_a_size_at_which_it_is_killed_twice_is_not_tried_a_third_time(local: DiffusersProvider) -> None:
    with pytest.raises(NotCharged):
        local.generate(ask("be killed"), CONTEXT)
    with pytest.raises(RequestRejected, match="smaller pictures"):
        local.generate(ask("be killed"), CONTEXT)


def test_a_worker_that_dies_between_two_calls_is_started_again_unsaid(local: DiffusersProvider) -> None:
    local.generate(ask("a fox"), CONTEXT)
    os.kill(worker_of(local).pid, signal.SIGKILL)
    until(lambda: not worker_of(local).is_alive)
    assert local.generate(ask("a fox"), CONTEXT).data


def test_an_order_that_came_as_the_worker_went_idle_is_given_to_the_next(local: DiffusersProvider) -> None:
    assert local.generate(ask("had just gone idle"), CONTEXT).data


def test_one_that_keeps_dying_is_started_again_and_again_with_pauses(local: DiffusersProvider) -> None:
    said: list[str] = []
    context = replace(CONTEXT, progress=lambda fraction, text="", **_: said.append(text))
    for _ in range(3):
        with pytest.raises(NotCharged, match="died"):
            local.generate(ask("die"), context)
    assert "Waits before the model is started again" in said
    assert local.generate(ask("a fox"), context).data


@pytest.mark.parametrize("prompt", ["stop answering", "speak in tongues", "send nothing", "die"])
def test_whatever_a_worker_does_the_call_ends_in_words_and_the_next_gets_its_picture(
    installed: None, tmp_path: Path, prompt: str
) -> None:
    with closing(fake(folder(tmp_path / "m"), silence_s=0.5)) as provider:
        with pytest.raises(NotCharged, match="Nothing was charged"):
            provider.generate(ask(prompt), CONTEXT)
        assert provider.generate(ask("a fox"), CONTEXT).data


def test_a_call_whose_time_is_over_ends_and_so_does_its_worker(local: DiffusersProvider) -> None:
    for prompt in ("go on for ever", "say nothing of it"):
        local.generate(ask("a fox"), CONTEXT)
        pid = worker_of(local).pid
        with pytest.raises(NotCharged, match="longer than"):
            local.generate(ask(prompt), replace(CONTEXT, timeout_s=0.2))
        assert not is_running(pid)


def test_closing_ends_the_worker_in_the_middle_of_a_picture(local: DiffusersProvider) -> None:
    drawing = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(local.generate, ask("go on for ever"), replace(CONTEXT, progress=setter(drawing)))
        assert drawing.wait(30)
        until(lambda: local._worker is not None)
        pid = worker_of(local).pid
        local.close()
        with pytest.raises(NotCharged):
            call.result(30)
    assert not is_running(pid)


FAULTS: dict[str, tuple[type[ProviderError], str]] = {
    "library": (ServiceClosed, "pip install"),
    "broken_library": (ServiceClosed, "pip install"),
    "device": (ServiceClosed, "Set device to auto"),
    "damaged": (ServiceClosed, "Download it again"),
    "pipeline": (ServiceClosed, "Choose a text-to-image model"),
    "unknown_pipeline": (ServiceClosed, "newer version"),
    "unsafe": (ServiceClosed, "safetensors"),
    "tokenizer": (ServiceClosed, "tokenizer"),
    "nan": (ServiceClosed, "with float16. Set dtype to float32 or bfloat16"),
    "black": (ServiceClosed, "Set dtype"),
    "load_memory": (ServiceClosed, "Set offload"),
    "memory": (RequestRejected, "smaller pictures"),
    "flat": (RequestRejected, "Nothing was stored"),
    "size": (RequestRejected, "another shape"),
    "refused": (PromptRefused, "safety check"),
    "error": (NotCharged, "SomeError"),
}


@pytest.mark.parametrize("code", FAULTS)
def test_what_the_worker_reports_is_said_in_words_with_the_next_step(lasting: DiffusersProvider, code: str) -> None:
    kind, words = FAULTS[code]
    with pytest.raises(kind, match=words) as raised:
        lasting.generate(ask(f"fail {code}"), CONTEXT)
    assert type(raised.value) is kind
    assert "{" not in str(raised.value)


def test_a_model_that_is_broken_does_not_pause_the_others(installed: None, tmp_path: Path) -> None:
    with closing(fake(folder(tmp_path / "a"), folder(tmp_path / "b"))) as provider:
        with pytest.raises(RequestRejected, match="The model a cannot be loaded"):
            provider.generate(ask("fail damaged"), CONTEXT)
        assert provider.generate(ask("a fox", model="b"), CONTEXT).data
