"""What the worker's plain codes mean to a person, and whose move it is."""

from __future__ import annotations

from reve_core.errors import (
    CallCancelled,
    NotCharged,
    PromptRefused,
    ProviderError,
    RequestRejected,
    ServiceClosed,
)
from reve_core.models import Receipt

INSTALL = "pip install -r requirements-diffusers.txt"
NO_LIBRARY = (
    f"The libraries that run a model here are not installed. Install them ({INSTALL}), then start the app again."
)

# Nothing that is asked of this model can come out right until somebody has mended it.
_BROKEN = {
    "damaged": "The model {model} cannot be loaded: its folder is incomplete or damaged. Download it again.",
    "pipeline": "The model {model} does not make pictures from words alone ({detail}). Choose a text-to-image model.",
    "unknown_pipeline": "The model {model} needs a newer version of the diffusers library ({detail}). Update it, or choose another model.",
    "unsafe": "The model {model} has no weights in safetensors files. Get it in that format; other formats can run code.",
    "tokenizer": "The model {model} cannot read prompts: its tokenizer is empty or belongs to another model. Download it again.",
    "nan": "The model {model} made no numbers but errors (NaN) with {dtype}. Set dtype to float32 or bfloat16 for it.",
    "black": "The model {model} made a black picture with {dtype}, most likely from errors (NaN) in its decoder. Set dtype to float32 or bfloat16 for it.",
}
# The same for every model here.
_NO_WORKSHOP = {
    "library": NO_LIBRARY,
    "broken_library": "The libraries that run a model here cannot be loaded ({detail}). Install them again: " + INSTALL,
    "device": "The device that was set for {model} is not there ({detail}). Set device to auto, or mend its driver.",
}


def error_for(
    code: str, *, model: str, size: str, dtype: str, detail: str, alone: bool, receipt: Receipt | None = None
) -> ProviderError:
    """``alone``: the provider has no other model, so that it pauses with this one."""
    said = {"model": model, "dtype": dtype or "this dtype", "detail": detail or "no more is known"}
    if code in _NO_WORKSHOP:
        return ServiceClosed(_NO_WORKSHOP[code].format(**said), receipt=receipt)
    if code in _BROKEN:
        kind = ServiceClosed if alone else RequestRejected
        return kind(_BROKEN[code].format(**said), receipt=receipt)
    match code:
        case "memory":
            return RequestRejected(too_large(model, size), receipt=receipt)
        case "load_memory":
            text = (
                f"The model {model} is too large for this device's memory. "
                "Set offload to model or sequential for it, or choose a smaller model."
            )
            return (ServiceClosed if alone else RequestRejected)(text, receipt=receipt)
        case "flat":
            text = "The model gave back a single flat colour, which is no picture. Nothing was stored. Try other words."
            return RequestRejected(text, receipt=receipt)
        case "size":
            return RequestRejected(f"{model} cannot make pictures of {size}. Choose another shape.", receipt=receipt)
        case "refused":
            return PromptRefused(
                "The model's own safety check kept this picture back. Try other words.", receipt=receipt
            )
        case "cancelled":
            return CallCancelled("Stopped. Nothing was charged.", receipt=receipt)
        case _:
            text = f"The model stopped with an error ({detail or 'no more is known'}). Nothing was charged; the log has more."
            return NotCharged(text, receipt=receipt)


def too_large(model: str, size: str) -> str:
    return (
        f"There was not enough memory for {size} with {model}. Nothing was charged. "
        "Make smaller pictures (max_megapixels), or set offload to model and vae_tiling to true."
    )


def killed_again(model: str, size: str) -> str:
    return (
        f"The model's process was killed twice, most likely because the machine was out of memory for {size} with {model}. "
        "Nothing was charged. Make smaller pictures (max_megapixels), set offload to model, or choose a smaller model."
    )
