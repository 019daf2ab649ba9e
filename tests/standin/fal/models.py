"""What the models of the stand-in take. Sources: fal's model pages, September 2026."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.standin.api import V1_RATIOS, V2_RATIOS, Reply

_IMAGES = {"num_images", "output_format", "sync_mode"}
_NAMED_SIZES = {"square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"}


@dataclass(frozen=True)
class Model:
    fields: frozenset[str] | None  # None: takes anything
    ratios: frozenset[str] = frozenset()
    longest_prompt: int = 100_000
    units: float | None = 1.0  # per picture; None: per megapixel


_FLUX = Model(
    frozenset(
        {"prompt", "image_size", "seed", "num_inference_steps", "guidance_scale", "enable_safety_checker"}
        | {"acceleration"}
        | _IMAGES
    ),
    units=None,
)
MODELS = {
    "reve/2.1/text-to-image": Model(frozenset({"prompt", "aspect_ratio"} | _IMAGES), frozenset(V2_RATIOS), 4000),
    "fal-ai/reve/text-to-image": Model(frozenset({"prompt", "aspect_ratio"} | _IMAGES), frozenset(V1_RATIOS), 2560),
    "fal-ai/flux/schnell": _FLUX,
    "fal-ai/flux/dev": _FLUX,
    "somebody/own-model": Model(None),
}


def problem_with(model: Model, fields: object) -> Reply | None:
    """The 422 for a body that the model would not take, or None."""
    if not isinstance(fields, dict):
        return invalid("model_attributes_type", [], "Input should be a valid dictionary", fields)
    if model.fields is not None and (unknown := sorted(set(fields) - model.fields)):
        return invalid("extra_forbidden", [unknown[0]], "Extra inputs are not permitted", fields[unknown[0]])
    prompt = fields.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        return invalid("missing", ["prompt"], "Field required", fields)
    if len(prompt) > model.longest_prompt:
        text = f"String should have at most {model.longest_prompt} characters"
        return invalid("string_too_long", ["prompt"], text, prompt)
    if model.ratios and fields.get("aspect_ratio", "1:1") not in model.ratios:
        return invalid("literal_error", ["aspect_ratio"], "Input should be one of them", fields["aspect_ratio"])
    size = fields.get("image_size", "landscape_4_3")
    if not (size in _NAMED_SIZES if isinstance(size, str) else _is_size(size)):
        return invalid("value_error", ["image_size"], "Input should be a size", size)
    if type(fields.get("seed", 0)) is not int:
        return invalid("int_type", ["seed"], "Input should be a valid integer", fields["seed"])
    return None


def invalid(kind: str, where: list[str], text: str, value: Any) -> Reply:
    return Reply(422, {"detail": [{"loc": ["body", *where], "msg": text, "type": kind, "input": value}]})


def ratio_of(fields: dict[str, Any]) -> str:
    size = fields.get("image_size")
    if isinstance(size, dict):
        return f"{size['width']}:{size['height']}"
    ratio = str(fields.get("aspect_ratio", "1:1"))
    return "1:1" if ratio == "auto" else ratio


def units_of(model: Model, fields: dict[str, Any]) -> float:
    if model.units is not None:
        return model.units * int(fields.get("num_images", 1))
    size = fields.get("image_size")
    pixels = size["width"] * size["height"] if isinstance(size, dict) else 1024 * 768
    return round(pixels / 1_000_000, 4)


def _is_size(size: object) -> bool:
    return isinstance(size, dict) and all(
        isinstance(size.get(side), int) and 64 <= size[side] <= 14_142 for side in ("width", "height")
    )
