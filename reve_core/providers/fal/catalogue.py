"""
What a model at fal is asked for: of those we know, and of any other by what the operator says of it.

fal has hundreds of models, each with fields of its own. Two ways of saying the picture's shape are common: a ratio by name
(``aspect_ratio``, Reve and others) and a size in pixels (``image_size``, the FLUX family and most others).

Sources: fal's model pages as read in September 2026 (fields, ratios, limits).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator

from reve_core.errors import ConfigurationError
from reve_core.models import Capabilities, JobRequest, ModelInfo, Price, ratio_of
from reve_core.ports import GUESSED, ListPrice, Prices

FIRST = "reve/2.1/text-to-image"

Shape = Literal["aspect_ratio", "image_size", "none"]

_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*){1,7}$")
_RATIO = re.compile(r"^[1-9]\d{0,2}:[1-9]\d{0,2}$")
_OURS = frozenset({"prompt", "aspect_ratio", "image_size", "seed", "num_images", "sync_mode"})
_PIXELS = 1024 * 1024
_STEP = 16  # sides are multiples of it, as diffusion models want them

# The API also knows "auto". We never send it: a box must be reserved on screen before the picture is there.
_REVE_2 = (
    *("1:1", "4:1", "3:1", "21:9", "2:1", "17:9", "16:9", "3:2", "4:3", "5:4"),
    *("4:5", "3:4", "2:3", "9:16", "1:2", "1:3", "1:4"),
)
_REVE_1 = ("1:1", "16:9", "3:2", "4:3", "3:4", "2:3", "9:16")
_USUAL = ("1:1", "21:9", "16:9", "3:2", "4:3", "3:4", "2:3", "9:16")


class Declared(BaseModel):
    """
    A model as the operator declares it. ``shape`` is how it is told the picture's shape, ``sizes`` pixels for a ratio
    (width, height), ``input`` fields sent with every request. None, or empty: what we know of it, or the usual.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    title: str = Field(default="", max_length=60)
    shape: Shape | None = None
    ratios: tuple[str, ...] = ()
    default_ratio: str = ""
    sizes: Mapping[str, tuple[int, int]] = Field(default_factory=dict)
    max_prompt_chars: int | None = Field(default=None, ge=1, le=100_000)
    seed: bool | None = None
    input: Mapping[str, JsonValue] = Field(default_factory=dict)
    typical_s: tuple[float, float] | None = None
    note: str = Field(default="", max_length=120)

    @field_validator("id")
    @classmethod
    def _is_id(cls, value: str) -> str:
        if not _ID.match(value):
            raise ValueError("a model's id at fal reads like reve/2.1/text-to-image")
        return value

    @field_validator("input")
    @classmethod
    def _leaves_ours_alone(cls, value: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        # More pictures than one would be paid for and thrown away, and sync_mode shortens the answer's life to minutes.
        if taken := sorted(_OURS & set(value)):
            raise ValueError(f"{taken[0]} is set by the app")
        return value

    @model_validator(mode="after")
    def _holds_together(self) -> Declared:
        for ratio in (*self.ratios, *self.sizes, *([self.default_ratio] if self.default_ratio else [])):
            if not _RATIO.match(ratio):
                raise ValueError("a ratio reads like 3:2")
        if not all(64 <= side <= 16_384 for size in self.sizes.values() for side in size):
            raise ValueError("a size is width and height in pixels, from 64 to 16384")
        if self.typical_s is not None and not 0 <= self.typical_s[0] <= self.typical_s[1]:
            raise ValueError("typical_s is the least and the most seconds that are usual")
        return self


@dataclass(frozen=True, slots=True)
class _Known:
    shape: Shape = "image_size"
    title: str = ""
    ratios: tuple[str, ...] = _USUAL
    max_prompt_chars: int = 4000
    seed: bool = False
    input: Mapping[str, JsonValue] = field(default_factory=dict)
    typical_s: tuple[float, float] = (5.0, 60.0)


# One picture for each request is said aloud where the field is known to exist: it decides about the price.
_ONE: Mapping[str, JsonValue] = {"num_images": 1}
_KNOWN: dict[str, _Known] = {
    FIRST: _Known("aspect_ratio", "Reve 2.1", _REVE_2, 4000, input=_ONE, typical_s=(10.0, 60.0)),
    "fal-ai/reve/text-to-image": _Known("aspect_ratio", "Reve 1", _REVE_1, 2560, input=_ONE, typical_s=(7.0, 24.0)),
}
_FLUX = re.compile(r"^fal-ai/flux(-|/|$)")


def _known(id: str) -> _Known:
    if id in _KNOWN:
        return _KNOWN[id]
    if _FLUX.match(id):
        by_name = id.endswith("-ultra") or "kontext" in id
        return _Known("aspect_ratio" if by_name else "image_size", seed=True, input=_ONE, typical_s=(3.0, 20.0))
    return _Known()


@dataclass(frozen=True, slots=True)
class Model:
    """One model as it is offered: ``body`` is what it is sent."""

    info: ModelInfo
    shape: Shape
    sizes: Mapping[str, tuple[int, int]]
    input: Mapping[str, JsonValue]

    def body(self, request: JobRequest, ratio: str) -> dict[str, JsonValue]:
        fields: dict[str, JsonValue] = {**self.input, "prompt": request.prompt}
        if self.shape == "aspect_ratio":
            fields["aspect_ratio"] = ratio
        elif self.shape == "image_size":
            width, height = self.sizes[ratio]
            fields["image_size"] = {"width": width, "height": height}
        if request.seed is not None and self.info.capabilities.seed:
            fields["seed"] = request.seed
        return fields


def models_of(
    entries: Sequence[str | Mapping[str, Any]],
    *,
    name: str,
    prices: Prices,
    own_key: Literal["no", "may", "must"],
) -> tuple[Model, ...]:
    """The models of a provider called ``name``, Reve 2.1 where it names none. Raises ConfigurationError."""
    found = [_declared(entry, name) for entry in entries or (FIRST,)]
    if twice := {one.id for one in found if sum(one.id == other.id for other in found) > 1}:
        raise ConfigurationError(f"The provider “{name}” names the model {min(twice)} twice.")
    return tuple(_model(one, name, prices.find(one.id, name, "fal"), own_key) for one in found)


def app_path(id: str) -> str:
    """Where a model's requests are asked about: its owner and app alone, whatever else its id says."""
    parts = id.split("/")
    return "/" + "/".join(parts[: 3 if parts[0] in ("workflows", "comfy") else 2])


def size_for(ratio: str) -> tuple[int, int]:
    """About a megapixel of that shape."""
    width, height = ratio_of(ratio)
    scale = math.sqrt(_PIXELS / (width * height))
    return _stepped(width * scale), _stepped(height * scale)


def _stepped(side: float) -> int:
    return max(_STEP, round(side / _STEP) * _STEP)


def _declared(entry: str | Mapping[str, Any], name: str) -> Declared:
    try:
        return Declared.model_validate({"id": entry} if isinstance(entry, str) else dict(entry))
    except ValidationError as exc:
        wrong = exc.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(["models", *map(str, wrong["loc"])])
    raise ConfigurationError(f"The provider “{name}” cannot be used: {where}: {wrong['msg']}.")


def _model(one: Declared, name: str, line: ListPrice | None, own_key: Literal["no", "may", "must"]) -> Model:
    known = _known(one.id)
    shape = one.shape or known.shape
    usual = ("1:1",) if shape == "none" else known.ratios
    ratios = one.ratios or tuple(one.sizes) or usual
    default = one.default_ratio or ("1:1" if "1:1" in ratios else ratios[0])
    if default not in ratios:
        raise ConfigurationError(f"The provider “{name}”: {one.id} has a default_ratio that is not among its ratios.")
    sizes = {ratio: one.sizes.get(ratio) or size_for(ratio) for ratio in ratios} if shape == "image_size" else {}
    info = ModelInfo(
        id=one.id,
        title=one.title or known.title or _title(one.id),
        capabilities=Capabilities(
            aspect_ratios=ratios,
            default_ratio=default,
            max_prompt_chars=one.max_prompt_chars or known.max_prompt_chars,
            seed=known.seed if one.seed is None else one.seed,
            progress=True,
            stops=True,
            resumes=True,
            note=one.note or "Made at fal.ai.",
            price=_forecast(line, sizes),
            typical_s=one.typical_s or known.typical_s,
            own_key=own_key,
        ),
    )
    return Model(info, shape, sizes, {**known.input, **one.input})


def _forecast(line: ListPrice | None, sizes: Mapping[str, tuple[int, int]]) -> Price:
    """Of the largest picture that is asked for, where the price goes by the pixel: no forecast should be too low."""
    if line is None:
        return GUESSED
    pixels = max((width * height for width, height in sizes.values()), default=_PIXELS)
    usd = line.usd if line.per == "picture" else line.usd * pixels / 1_000_000
    return Price(usd=round(usd, 6), as_of=line.as_of.isoformat(), source=line.source)


def _title(id: str) -> str:
    words = re.split(r"[/_-]+", id.removeprefix("fal-ai/").removesuffix("/text-to-image"))
    return " ".join(["FLUX" if words[0] == "flux" else words[0].capitalize(), *words[1:]])
