"""
Loads a pipeline and draws with it. The worker's: imports torch and diffusers when a model is first loaded.

One thread calls it. Everything that can go wrong is a ``Fault`` with a code that ``words`` knows.
"""

from __future__ import annotations

import gc
import inspect
import io
import logging
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reve_core.providers.diffusers.latents import Lens

# Before the libraries are first imported: nothing is fetched, nobody is told.
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
_NO_MEMORY = ("out of memory", "allocate memory", "not enough memory", "cannot allocate")
_TWO_PROMPTS = ("a red fox in the snow", "twelve blue boats at night")
_CLIP_TOKENS = 77
_SPARE_WORDS = 256  # that a tokenizer may know beyond its encoder: names of its own, which no prompt comes to

Step = Callable[[int, int, bytes], None]


class Fault(Exception):
    """``detail`` is fit for people: no path and no prompt. ``more`` is for the log."""

    def __init__(self, code: str, detail: str = "", more: str = "") -> None:
        super().__init__(code)
        self.code, self.detail, self.more = code, detail, more


@dataclass(frozen=True, slots=True)
class Made:
    data: bytes  # PNG
    told: dict[str, object]


class Engine:
    """``device`` and ``dtype`` are empty until a model is loaded."""

    def __init__(self) -> None:
        self.device = ""
        self.dtype = ""
        self._spec: Mapping[str, Any] | None = None
        self._pipe: Any = None
        self._lens: Lens | None = None

    def has(self, spec: Mapping[str, Any]) -> bool:
        return self._pipe is not None and self._spec == spec

    def load(self, spec: Mapping[str, Any]) -> None:
        """The one before goes first: two of them would not fit."""
        self._pipe = self._spec = self._lens = None
        self.tidy()
        os.environ.update(_OFFLINE)
        try:
            import diffusers
            import torch
            import transformers
        except Exception as exc:
            raise Fault("broken_library", type(exc).__name__, _brief(exc)) from None
        diffusers.logging.set_verbosity_error()
        diffusers.logging.disable_progress_bar()
        transformers.logging.set_verbosity_error()  # its warnings quote prompts
        logging.getLogger("accelerate").setLevel(logging.ERROR)
        warnings.simplefilter("ignore")
        if spec.get("threads"):
            torch.set_num_threads(int(spec["threads"]))
        try:
            self.device = _device(spec["device"])
            dtype = _dtype(spec["dtype"], self.device, _pipeline_name(spec["folder"]))
            self.dtype = str(dtype).removeprefix("torch.")
            pipe = _loaded(spec, dtype)
            _check_call(pipe)
            _check_tokenizers(pipe)
            _place(pipe, spec, self.device)
        except Fault:
            raise
        except Exception as exc:
            raise _load_fault(exc, Path(spec["folder"])) from None
        pipe.set_progress_bar_config(disable=True)
        self._pipe, self._spec = pipe, dict(spec)
        self._lens = Lens.of(pipe)

    def make(self, order: Mapping[str, Any], step: Step) -> Made:
        """``step`` is told each step, and raises a Fault to stop; it is asked with number 0 when nothing new is known."""
        import torch

        pipe, lens = self._pipe, self._lens
        takes = inspect.signature(pipe.__call__).parameters
        notes: list[str] = []
        seed, width, height = int(order["seed"]), int(order["width"]), int(order["height"])
        steps = order["steps"] or _default(takes, "num_inference_steps")
        guidance_as = order["guidance_as"] if order["guidance_as"] in takes else "guidance_scale"
        guidance = order["guidance"] if order["guidance"] is not None else _default(takes, guidance_as)

        def at_step(_: object, index: int, __: object, values: dict[str, Any]) -> dict[str, Any]:
            latents = values.get("latents")
            total = max(int(getattr(pipe, "num_timesteps", 0) or steps or 0), index + 1)
            if latents is not None and not bool(torch.isfinite(latents).all()):
                raise Fault("nan")
            preview = lens.look(latents, width, height) if lens is not None and latents is not None else b""
            step(index + 1, total, preview)
            return {}

        asked: dict[str, Any] = {
            "prompt": order["prompt"],
            "width": width,
            "height": height,
            "num_inference_steps": steps,
            guidance_as: guidance,
            # On the processor whatever the device: the same seed starts from the same noise everywhere.
            "generator": torch.Generator("cpu").manual_seed(seed),
            "output_type": "pil",
        }
        if order["negative_prompt"] or guidance_as == "true_cfg_scale":
            if "negative_prompt" in takes:
                asked["negative_prompt"] = order["negative_prompt"] or " "
            else:
                notes.append("This model takes no negative prompt, so it had none.")
        if "callback_on_step_end" in takes:
            asked["callback_on_step_end"] = at_step
            if "callback_on_step_end_tensor_inputs" in takes:
                asked["callback_on_step_end_tensor_inputs"] = ["latents"]
        if (limit := _cut_at(pipe, takes, order["prompt"])) is not None:
            notes.append(f"The model reads the first {limit} tokens of a prompt. The words after them were left out.")
        step(0, 0, b"")
        try:
            answer = pipe(**{name: value for name, value in asked.items() if name in takes and value is not None})
        except Fault:
            raise
        except Exception as exc:
            raise _make_fault(exc, order) from None
        step(0, 0, b"")
        image = answer.images[0].convert("RGB")
        flagged = getattr(answer, "nsfw_content_detected", None)
        if flagged and flagged[0]:
            raise Fault("refused")
        if all(low == high for low, high in image.getextrema()):
            raise Fault("black" if image.getpixel((0, 0)) == (0, 0, 0) else "flat")
        out = io.BytesIO()
        image.save(out, "PNG", compress_level=1)
        return Made(out.getvalue(), self._told(order, image.size, steps, guidance, notes))

    def tidy(self) -> None:
        """Give memory back that nothing holds any more."""
        gc.collect()
        if self.device.startswith("cuda"):
            import torch

            try:
                torch.cuda.empty_cache()
            except Exception:
                logging.getLogger(__name__).debug("The card's memory could not be given back.")

    def _told(
        self, order: Mapping[str, Any], size: tuple[int, int], steps: object, guidance: object, notes: list[str]
    ) -> dict[str, object]:
        import diffusers
        import torch

        assert self._spec is not None
        return {
            "seed": order["seed"],
            "steps": steps,
            "guidance": guidance,
            "width": size[0],
            "height": size[1],
            "device": self.device,
            "dtype": self.dtype,
            "offload": self._spec["offload"],
            "pipeline": type(self._pipe).__name__,
            "versions": {"torch": torch.__version__, "diffusers": diffusers.__version__},
            "notes": notes,
        }


# ---------------------------------------------------------------- loading


def _pipeline_name(folder: str) -> str:
    import diffusers

    return str(diffusers.DiffusionPipeline.load_config(folder, local_files_only=True).get("_class_name", ""))


def _device(wanted: str) -> str:
    import torch

    has_mps = torch.backends.mps.is_available()
    has_xpu = hasattr(torch, "xpu") and torch.xpu.is_available()
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "mps" if has_mps else "xpu" if has_xpu else "cpu"
    kind, _, number = wanted.partition(":")
    count = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(has_mps),
        "xpu": torch.xpu.device_count() if has_xpu else 0,
        "cpu": 1,
    }[kind]
    if int(number or 0) >= count:
        raise Fault("device", f"{wanted}: {count} found")
    return wanted


def _dtype(wanted: str, device: str, pipeline: str) -> Any:
    import torch

    if wanted != "auto":
        return getattr(torch, wanted)
    kind = device.partition(":")[0]
    if kind == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if kind == "mps":
        is_unet = pipeline.startswith("StableDiffusion") and not pipeline.startswith("StableDiffusion3")
        return torch.float16 if is_unet else torch.bfloat16
    # The processor is ten times slower with either of the short ones.
    return torch.bfloat16 if kind == "xpu" else torch.float32


def _loaded(spec: Mapping[str, Any], dtype: Any) -> Any:
    import diffusers

    name = _pipeline_name(spec["folder"])
    if not hasattr(diffusers, name):
        raise Fault("unknown_pipeline", name[:60])
    how: dict[str, Any] = {"local_files_only": True, "use_safetensors": True, "dtype": dtype}
    if spec.get("variant"):
        how["variant"] = spec["variant"]
    try:
        return diffusers.AutoPipelineForText2Image.from_pretrained(spec["folder"], **how)
    except ValueError as exc:
        if "can't find a pipeline linked" not in str(exc):
            raise
    # It does not know all that there are, SANA Sprint among them.
    _check_class(getattr(diffusers, name))
    return diffusers.DiffusionPipeline.from_pretrained(spec["folder"], **how)


def _check_class(pipeline: Any) -> None:
    takes = inspect.signature(pipeline.__call__).parameters
    if not {"prompt", "width", "height"} <= set(takes):
        raise Fault("pipeline", pipeline.__name__)
    image = takes.get("image")
    if image is not None and image.default is inspect.Parameter.empty:
        raise Fault("pipeline", pipeline.__name__)


def _check_call(pipe: Any) -> None:
    _check_class(type(pipe))


def _check_tokenizers(pipe: Any) -> None:
    """One that is empty, or another model's, loads without a word, and every prompt gives the same picture."""
    for name, part in pipe.components.items():
        if not name.startswith("tokenizer") or part is None or not hasattr(part, "__len__"):
            continue
        first, second = (_ids(part, prompt) for prompt in _TWO_PROMPTS)
        # As sets: an empty one gives the same few unknowns, as many as there are letters.
        if first is not None and second is not None and set(first) == set(second):
            raise Fault("tokenizer")
        encoder = getattr(pipe, name.replace("tokenizer", "text_encoder"), None)
        known = _vocabulary(encoder)
        if known is not None and first is not None and second is not None and max([*first, *second]) >= known:
            raise Fault("tokenizer")
        if known is not None and len(part) > known + _SPARE_WORDS:
            raise Fault("tokenizer")


def _ids(tokenizer: Any, text: str) -> list[int] | None:
    try:
        return [int(each) for each in tokenizer(text)["input_ids"]]
    except TypeError:
        return None  # not a tokenizer of this kind


def _vocabulary(encoder: Any) -> int | None:
    config = getattr(encoder, "config", None)
    for each in (config, getattr(config, "text_config", None)):
        size = getattr(each, "vocab_size", None)
        if isinstance(size, int):
            return size
    return None


def _place(pipe: Any, spec: Mapping[str, Any], device: str) -> None:
    if spec["vae_tiling"] and hasattr(getattr(pipe, "vae", None), "enable_tiling"):
        pipe.vae.enable_tiling()
    if device == "cpu" or spec["offload"] == "none":
        pipe.to(device)
    elif spec["offload"] == "model":
        pipe.enable_model_cpu_offload(device=device)
    else:
        pipe.enable_sequential_cpu_offload(device=device)


# ---------------------------------------------------------------- drawing


def _default(takes: Mapping[str, inspect.Parameter], name: str) -> Any:
    parameter = takes.get(name)
    return None if parameter is None or parameter.default is inspect.Parameter.empty else parameter.default


def _cut_at(pipe: Any, takes: Mapping[str, inspect.Parameter], prompt: str) -> int | None:
    """How many tokens are read, where even the tokenizer that reads most of them does not read all."""
    longest = 0
    for name, part in pipe.components.items():
        if not name.startswith("tokenizer") or part is None or (ids := _ids(part, prompt)) is None:
            continue
        limit = int(getattr(part, "model_max_length", 0) or 0)
        asked = _default(takes, "max_sequence_length")
        if limit != _CLIP_TOKENS and isinstance(asked, int):
            limit = min(limit, asked) if limit else asked
        if not limit or len(ids) <= limit:
            return None
        longest = max(longest, limit)
    return longest or None


# ---------------------------------------------------------------- what went wrong


def _is_memory(exc: Exception) -> bool:
    import torch

    if isinstance(exc, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(exc, RuntimeError) and any(words in str(exc).lower() for words in _NO_MEMORY)


def _load_fault(exc: Exception, folder: Path) -> Fault:
    if _is_memory(exc):
        return Fault("load_memory", more=_brief(exc))
    if isinstance(exc, OSError) and any(_is_pickled(part) for part in folder.iterdir()):
        return Fault("unsafe", more=_brief(exc))
    if isinstance(exc, ImportError):
        return Fault("broken_library", type(exc).__name__, _brief(exc))
    return Fault("damaged", more=_brief(exc))


def _is_pickled(part: Path) -> bool:
    """A part whose weights are there, but only in files that can run code when they are read."""
    if not part.is_dir():
        return False
    kinds = {file.suffix for file in part.iterdir()}
    return ".safetensors" not in kinds and bool(kinds & {".bin", ".pt", ".ckpt", ".pth"})


def _make_fault(exc: Exception, order: Mapping[str, Any]) -> Fault:
    if _is_memory(exc):
        return Fault("memory", more=_brief(exc))
    if isinstance(exc, ValueError) and "divisible" in str(exc):
        return Fault("size")
    hidden = _brief(exc).replace(str(order["prompt"]), "(the prompt)")
    return Fault("error", type(exc).__name__, hidden)


def _brief(exc: Exception) -> str:
    return f"{type(exc).__name__}: {' '.join(str(exc).split())[:500]}"
