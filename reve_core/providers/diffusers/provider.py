"""``DiffusersProvider``: a diffusion model on this machine, in a process of its own."""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from reve_core.errors import CallCancelled, NotCharged, RequestRejected, ServiceClosed
from reve_core.models import Capabilities, JobRequest, ModelInfo, Picture, Price, Receipt
from reve_core.ports import CallContext, Health
from reve_core.providers.diffusers import folder, words
from reve_core.providers.diffusers.catalogue import LocalModel
from reve_core.providers.diffusers.frames import Message
from reve_core.providers.diffusers.process import GONE, Worker, numbers
from reve_core.providers.diffusers.sizes import shapes_for, size_for
from reve_core.providers.diffusers.turn import turn_at
from reve_core.providers.wire.picture import is_absurd, kind_of

log = logging.getLogger(__name__)

LIBRARIES = ("torch", "diffusers", "transformers", "safetensors")
MAX_PROMPT_CHARS = 4000
_LOOK_S = 0.05  # how often a call looks whether it should stop
_SAY_AGAIN_S = 1.0  # whoever writes progress down may leave one out
_START_S = 60.0  # until a new process says its first word
_LONGEST_PAUSE_S = 60.0
_WAITS = "Waits for the model"
_MOST_STARTS = 3  # of a worker that had just gone idle when an order came
_KILLED = -9
_SEEDS = 2**32


@dataclass(frozen=True, slots=True)
class Order:
    """One picture as the worker is asked for it."""

    model: LocalModel
    message: Mapping[str, object]
    width: int
    height: int

    @property
    def size(self) -> str:
        return f"{self.width} × {self.height} pixels"


class DiffusersProvider:
    """
    One picture at a time; whoever comes meanwhile waits and says so. Safe to call from several threads at once.

    ``models``: the first is the default; one is in memory at a time. ``command`` starts the worker. A worker that says
    nothing for ``silence_s`` seconds is killed. ``pause_s``: before the third start of one that keeps dying; doubles. ``max_bytes`` caps a picture.
    """

    label = "AI-generated"
    idempotent = True  # it costs nothing but time
    sends_to = ""

    def __init__(
        self,
        models: Sequence[LocalModel],
        *,
        command: Sequence[str],
        name: str = "diffusers",
        title: str = "Own model",
        device: str = "auto",
        silence_s: float = 120.0,
        pause_s: float = 2.0,
        max_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        self.name = name
        self.title = title
        self._local = {model.id: model for model in models}
        self._models = tuple(_info(model) for model in models)
        self._command = list(command)
        self._device = device
        self._silence_s = silence_s
        self._pause_s = pause_s
        self._max_bytes = max_bytes
        self._turn = turn_at(device)
        self._guard = threading.Lock()
        self._closed = threading.Event()
        self._worker: Worker | None = None
        self._deaths = 0  # in a row
        self._killed: set[tuple[str, str]] = set()  # model and size that a worker was killed at
        self._running_on = ""

    @property
    def models(self) -> Sequence[ModelInfo]:
        return self._models

    def generate(self, request: JobRequest, context: CallContext) -> Picture:
        """As in the port; nothing is ever bought."""
        model = self._model(request.model)
        watch = Watch(context)
        size = self._size(model, request)
        self._may_begin(watch)
        order = self._order(model, request, self._folder(model), size)
        with self._turn.taken(lambda: self._wait(watch)):
            return self._make(order, watch)

    def check(self) -> Health:
        """Looks at libraries and folders; loads nothing."""
        if (missing := _missing()) is not None:
            return Health(ok=False, text=missing)
        wrong = []
        for model in self._local.values():
            try:
                folder.find(model.given)
            except folder.NotAModel as exc:
                wrong.append(str(exc))
        if wrong:
            return Health(ok=False, text=" ".join(wrong))
        names = ", ".join(info.title for info in self._models)
        return Health(ok=True, text=f"Ready: {names}. A model is loaded with its first picture. {self._device_words()}")

    def close(self) -> None:
        """A picture on its way is given up; no process stays behind."""
        self._closed.set()
        with self._guard:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    # ------------------------------------------------------------ what is asked for

    def _model(self, name: str) -> LocalModel:
        model = self._local.get(name) if name else next(iter(self._local.values()))
        if model is None:
            raise RequestRejected("There is no such model here. Choose another one.")
        return model

    def _size(self, model: LocalModel, request: JobRequest) -> tuple[int, int]:
        """Width and height. Raises RequestRejected for what cannot be made."""
        if not request.prompt.strip():
            raise RequestRejected("There is no prompt. Describe the picture first.")
        if len(request.prompt) > MAX_PROMPT_CHARS:
            raise RequestRejected(
                f"The prompt has {len(request.prompt):,} characters; {MAX_PROMPT_CHARS:,} are taken. Shorten it."
            )
        try:
            request.prompt.encode()
        except UnicodeEncodeError:
            raise RequestRejected(
                "The prompt holds half a character (a lone surrogate). Remove it and try again."
            ) from None
        shapes = shapes_for(model.area)
        ratio = request.aspect_ratio or shapes[0]
        if ratio not in shapes:
            raise RequestRejected(f"{model.title} does not draw {ratio[:20]} here. It knows {', '.join(shapes)}.")
        return size_for(ratio, model.area)

    def _folder(self, model: LocalModel) -> Path:
        """Raises ServiceClosed, or RequestRejected where other models still work."""
        if (missing := _missing()) is not None:
            raise ServiceClosed(missing)
        try:
            return folder.find(model.given).folder
        except folder.NotAModel as exc:
            raise (ServiceClosed if self._is_alone else RequestRejected)(str(exc)) from None

    def _order(self, model: LocalModel, request: JobRequest, at: Path, size: tuple[int, int]) -> Order:
        seed = random.SystemRandom().randrange(_SEEDS) if request.seed is None else request.seed
        message = {
            "model": model.as_message(at, self._device),
            "prompt": request.prompt,
            "negative_prompt": model.negative_prompt,
            "width": size[0],
            "height": size[1],
            "steps": model.steps,
            "guidance": model.guidance,
            "guidance_as": model.guidance_as,
            "seed": seed,
        }
        return Order(model, message, *size)

    @property
    def _is_alone(self) -> bool:
        return len(self._local) == 1

    # ------------------------------------------------------------ making it

    def _may_begin(self, watch: Watch) -> None:
        """Raises where the call should not go on."""
        if self._closed.is_set():
            raise NotCharged("The app is stopping. Nothing was charged.")
        watch.look()

    def _wait(self, watch: Watch) -> None:
        self._may_begin(watch)
        watch.say(None, _WAITS)

    def _make(self, order: Order, watch: Watch) -> Picture:
        for _ in range(_MOST_STARTS):
            worker = self._ready(watch)
            job = next(numbers)
            try:
                picture = self._listen(worker, job, order, watch)
            finally:
                worker.forget(job)
            if picture is not None:
                self._deaths = 0
                return picture
        raise NotCharged("The model's process ends as soon as it starts. Nothing was charged; the log has more.")

    def _ready(self, watch: Watch) -> Worker:
        """The worker, started where there is none; one that keeps dying is given more and more time."""
        if self._worker is not None and self._worker.is_alive:
            return self._worker
        if self._deaths > 1:
            pause = min(_LONGEST_PAUSE_S, self._pause_s * 2.0 ** (self._deaths - 2))
            until = time.monotonic() + pause
            while time.monotonic() < until:
                self._may_begin(watch)
                watch.say(None, "Waits before the model is started again")
                self._closed.wait(_LOOK_S)
        with self._guard:
            if self._closed.is_set():
                raise NotCharged("The app is stopping. Nothing was charged.")
            if self._worker is not None:
                self._worker.close()
            self._worker = Worker(self._command, max_body=self._max_bytes)
            return self._worker

    def _listen(self, worker: Worker, job: int, order: Order, watch: Watch) -> Picture | None:
        """From the order to its picture. None: the worker had gone idle, and has not seen the order."""
        inbox = worker.begin(job, order.message)
        has_begun = False
        while True:
            try:
                self._may_begin(watch)
            except CallCancelled:
                # It stops at its next step. Whoever comes next need not be told when: their order waits in line there.
                worker.cancel(job)
                raise
            except NotCharged:
                worker.kill()
                raise
            try:
                message = inbox.get(timeout=_LOOK_S)
            except queue.Empty:
                patience_s = self._silence_s if worker.has_spoken else max(self._silence_s, _START_S)
                if worker.silent_for() > patience_s:
                    worker.kill()
                    self._deaths += 1
                    raise NotCharged(
                        "The model's process stopped answering and was ended. Nothing was charged."
                    ) from None
                if has_begun:
                    watch.say_again()
                else:
                    watch.say(None, _WAITS)  # for the one before, which may still be at the step that it was stopped at
                continue
            match message.head.get("say"):
                case "begun":
                    has_begun = True
                    watch.say(0.0, "Starting")
                case "loading":
                    watch.say(None, "Loading the model")
                case "loaded":
                    self._running_on = str(message.head.get("device", ""))
                    watch.say(0.0, "Starting")
                case "step":
                    _tell_step(message, watch)
                case "done":
                    return self._picture(message, order, watch)
                case "failed":
                    raise self._failure(message, order)
                case said if said == GONE:
                    if message.head.get("exit_code") == 0 and not has_begun:
                        return None
                    raise self._death(worker, message, order)

    def _picture(self, message: Message, order: Order, watch: Watch) -> Picture:
        if kind_of(message.body) is None or is_absurd(message.body):
            raise NotCharged("The model's process sent no picture. Nothing was charged.")
        watch.say(1.0, "Done")
        self._killed.discard((order.model.id, order.size))
        return Picture(message.body, _receipt(message, order))

    def _failure(self, message: Message, order: Order) -> Exception:
        code, detail = str(message.head.get("code")), str(message.head.get("detail", ""))
        if code not in ("cancelled", "refused"):
            log.warning("%s: %s (%s) %s", order.model.title, code, detail, message.head.get("more", ""))
        return words.error_for(
            code,
            model=order.model.title,
            size=order.size,
            dtype=str(message.head.get("dtype", "")),
            detail=detail,
            alone=self._is_alone,
        )

    def _death(self, worker: Worker, message: Message, order: Order) -> Exception:
        exit_code = message.head.get("exit_code")
        if self._closed.is_set():
            return NotCharged("The app is stopping. Nothing was charged.")
        self._deaths += 1
        log.error("The diffusion worker died (exit code %s). It said last: %s", exit_code, worker.last_words())
        if message.head.get("by_us"):
            return NotCharged(
                "The model's process sent something that is no picture, and was ended. Nothing was charged."
            )
        if exit_code != _KILLED:
            return NotCharged("The model's process died. Nothing was charged; the log has more.")
        # The system's own way out of a shortage of memory. Once may be an accident; twice is the size.
        what = (order.model.id, order.size)
        if what in self._killed:
            return RequestRejected(words.killed_again(order.model.title, order.size))
        self._killed.add(what)
        return NotCharged(
            "The model's process was killed, most likely because the machine was out of memory. Nothing was charged."
        )

    def _device_words(self) -> str:
        if self._running_on:
            return f"It runs on {self._running_on}."
        if self._device != "auto":
            return f"Device: {self._device}."
        if has_card():
            return "An NVIDIA card was seen."
        return "No NVIDIA card was seen: unless there is another one, the processor draws, which takes minutes."


class Watch:
    """What one call has said, and whether it should stop."""

    def __init__(self, context: CallContext) -> None:
        self._context = context
        self._until = time.monotonic() + context.timeout_s
        self._last: tuple[float | None, str] = (None, "")
        self._said_at = 0.0

    def look(self) -> None:
        """Raises CallCancelled or NotCharged where the call should stop."""
        if self._context.is_cancelled():
            raise CallCancelled("Stopped. Nothing was charged.")
        if time.monotonic() >= self._until:
            raise NotCharged(
                f"The picture took longer than {self._context.timeout_s:g} seconds. Nothing was charged. "
                "Allow it more time (timeout_s), or make it with fewer steps."
            )

    def say(self, fraction: float | None, text: str, preview: bytes | None = None) -> None:
        if (fraction, text) == self._last and preview is None:
            self.say_again()
            return
        self._last, self._said_at = (fraction, text), time.monotonic()
        if preview is None:
            self._context.progress(fraction, text)
        else:
            self._context.progress(fraction, text, preview=preview)

    def say_again(self) -> None:
        if self._last[1] and time.monotonic() - self._said_at >= _SAY_AGAIN_S:
            self._said_at = time.monotonic()
            self._context.progress(*self._last)


def has_card() -> bool:
    return Path("/dev/nvidia0").exists() or Path("/dev/dxg").exists()  # the second: Windows' Linux


def _missing() -> str | None:
    """What to do where a library is not installed. None imports them to find out."""
    try:
        return None if all(find_spec(name) is not None for name in LIBRARIES) else words.NO_LIBRARY
    except (ImportError, ValueError):
        return words.NO_LIBRARY


def _info(model: LocalModel) -> ModelInfo:
    shapes = shapes_for(model.area)
    return ModelInfo(
        id=model.id,
        title=model.title,
        capabilities=Capabilities(
            aspect_ratios=shapes,
            default_ratio=shapes[0],
            max_prompt_chars=MAX_PROMPT_CHARS,
            seed=True,
            progress=True,
            preview=model.has_preview,
            stops=True,
            note=model.note,
            price=Price(),
            # Guesses, until this machine has a history: of a card, with the model in memory, and of a processor.
            typical_s=(3.0, 40.0) if has_card() else (30.0, 600.0),
        ),
    )


def _tell_step(message: Message, watch: Watch) -> None:
    step, steps = message.head.get("step"), message.head.get("steps")
    if isinstance(step, int) and isinstance(steps, int) and 0 < step <= steps:
        # One more than there are: after the last step the picture has to be unfolded yet.
        watch.say(step / (steps + 1), f"Step {step} of {steps}", message.body or None)


def _receipt(message: Message, order: Order) -> Receipt:
    head = message.head
    notes = [str(note) for note in head.get("notes", ())]
    made = (head.get("width"), head.get("height"))
    if made != (order.width, order.height):
        notes.append(f"The model made it {made[0]} × {made[1]} pixels.")
    keys = ("seed", "steps", "guidance", "width", "height", "device", "dtype", "offload", "pipeline", "versions")
    raw = {"model": order.model.id, **{key: head[key] for key in keys if head.get(key) is not None}}
    return Receipt(credits_used=0, version=order.model.id, notes=tuple(notes), raw=raw)
