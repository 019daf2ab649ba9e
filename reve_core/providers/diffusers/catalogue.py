"""The models of one provider: what the operator said of each, then what is known of it, then what its folder tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reve_core.errors import ConfigurationError
from reve_core.ports import ProviderConfig
from reve_core.providers.diffusers import folder, presets
from reve_core.providers.diffusers.sizes import STEP

PREVIEWED = frozenset(  # their latents are known well enough for a small picture of each step
    {
        "StableDiffusionPipeline",
        "StableDiffusionXLPipeline",
        "StableDiffusion3Pipeline",
        "FluxPipeline",
        "Flux2KleinPipeline",
        "ZImagePipeline",
    }
)
_CHECK = "check before use"


class ModelOptions(BaseModel):
    """What can be said of one model, or of all of a provider. None: what is known of it, or the pipeline's own."""

    model_config = ConfigDict(extra="forbid")

    steps: int | None = Field(default=None, ge=1, le=500)
    guidance: float | None = Field(default=None, ge=0, le=50)
    negative_prompt: str | None = Field(default=None, max_length=2000)
    size: int | None = Field(default=None, ge=STEP, le=4096)  # side of a square picture
    max_megapixels: float | None = Field(default=None, gt=0, le=16)
    dtype: Literal["auto", "float32", "float16", "bfloat16"] | None = None
    offload: Literal["none", "model", "sequential"] | None = None
    vae_tiling: bool | None = None
    variant: str | None = Field(default=None, pattern=r"^[\w.-]{1,40}$")
    licence: str | None = Field(default=None, max_length=200)


class _Entry(ModelOptions):
    id: str = Field(min_length=1, max_length=1000)
    title: str = Field(default="", max_length=60)


class Options(ModelOptions):
    """Of the whole provider."""

    device: str = Field(default="auto", pattern=r"^(auto|cpu|mps|cuda(:\d{1,2})?|xpu(:\d{1,2})?)$")
    idle_minutes: float = Field(default=10.0, gt=0, le=24 * 60)
    silence_s: float = Field(default=120.0, ge=1, le=3600)
    threads: int | None = Field(default=None, ge=1, le=256)  # of the processor, where it draws


@dataclass(frozen=True, slots=True)
class LocalModel:
    """``given`` is the folder or repo id as it was set. ``area`` of a picture, in pixels. ``note``: its licence."""

    id: str
    title: str
    given: str
    area: int
    steps: int | None
    guidance: float | None
    guidance_as: str
    negative_prompt: str
    dtype: str
    offload: str
    vae_tiling: bool
    variant: str | None
    threads: int | None
    has_preview: bool
    note: str

    def as_message(self, at: Path, device: str) -> dict[str, object]:
        """What the worker needs to load it; two that are equal need no second loading."""
        return {
            "folder": str(at),
            "device": device,
            "dtype": self.dtype,
            "offload": self.offload,
            "vae_tiling": self.vae_tiling,
            "variant": self.variant,
            "threads": self.threads,
        }


def models_of(config: ProviderConfig, options: Options, max_pixels: int) -> list[LocalModel]:
    """Raises ConfigurationError. A folder that is missing is no error here: it may come, and ``check`` tells."""
    if not config.models:
        raise ConfigurationError(
            "No model is set. Set REVE_DIFFUSERS_MODEL to the folder of a model, or name one in the providers' file."
        )
    found: list[LocalModel] = []
    for each in config.models:
        entry = _entry(config, each)
        model = _model(entry, options, max_pixels, taken=[known.id for known in found])
        found.append(model)
    return found


def _entry(config: ProviderConfig, given: object) -> _Entry:
    try:
        return _Entry.model_validate({"id": given} if isinstance(given, str) else given)
    except ValidationError as exc:
        wrong = exc.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in wrong["loc"])
    raise ConfigurationError(f"A model of the provider “{config.name}” cannot be used: {where}: {wrong['msg']}.")


def _model(entry: _Entry, options: Options, max_pixels: int, taken: Sequence[str]) -> LocalModel:
    name = folder.name_of(entry.id)
    try:
        found = folder.find(entry.id)
    except folder.NotAModel:
        found = None
    pipeline = found.pipeline if found is not None else ""
    known = presets.by_name(name)
    usual = known or presets.by_pipeline(pipeline)
    said = {
        **options.model_dump(include=set(ModelOptions.model_fields), exclude_none=True),
        **entry.model_dump(exclude={"id", "title"}, exclude_none=True),
    }
    told = ModelOptions.model_validate(said)
    side = told.size or (known.side if known else None) or (found.side if found else None) or 1024
    area = min(side * side, int((told.max_megapixels or 1.05) * 1_000_000), max_pixels)
    licence = told.licence
    if licence is None and known is not None:
        licence = f"Licence: {known.licence} ({_CHECK})."
    return LocalModel(
        id=_unique(name, taken),
        title=entry.title or (known.title if known else name),
        given=entry.id.strip(),
        area=area,
        steps=told.steps or (usual.steps if usual else None),
        guidance=told.guidance if told.guidance is not None else (usual.guidance if usual else None),
        guidance_as=usual.guidance_as if usual else "guidance_scale",
        negative_prompt=told.negative_prompt or "",
        dtype=told.dtype or "auto",
        offload=told.offload or "none",
        vae_tiling=told.vae_tiling or False,
        variant=told.variant,
        threads=options.threads,
        has_preview=pipeline in PREVIEWED or (not pipeline and usual is not None and usual.pipeline in PREVIEWED),
        note=licence or "",
    )


def _unique(name: str, taken: Sequence[str]) -> str:
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found
