"""
What each server that speaks ``/v1/images/generations`` makes of it: one table. Nothing is sent that it does not list.

Sources, restated: the official openai Python client 3.54.0 (fields and sizes of OpenAI's own models); source and API notes
of vLLM-Omni, SGLang, stable-diffusion.cpp's server and LocalAI; documentation of gateways such as LiteLLM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OFFICIAL_HOST = "api.openai.com"
OFFICIAL_URL = f"https://{OFFICIAL_HOST}/v1"

Dialect = Literal["openai", "vllm", "sglang", "sdcpp", "localai", "gateway", "generic"]
Size = tuple[int, int]

TAG = "<sd_cpp_extra_args>"  # as the name of a field: it travels in the prompt, behind this

# For models that draw any size. All sides can be divided by 16.
FREE_SIZES: dict[str, Size] = {
    "1:1": (1024, 1024),
    "3:2": (1536, 1024),
    "2:3": (1024, 1536),
    "16:9": (1536, 864),
    "9:16": (864, 1536),
    "4:3": (1344, 1008),
    "3:4": (1008, 1344),
    "21:9": (1680, 720),
}
_THREE_SIZES: tuple[Size, ...] = ((1024, 1024), (1536, 1024), (1024, 1536))


@dataclass(frozen=True, slots=True)
class Profile:
    """
    ``paid`` None: where there is a key. ``has_model``: it looks at ``model``, so that a wrong one is a mistake;
    ``needs_model``: it answers nothing without one. ``response_format`` empty: not sent. Fields that are empty do not
    exist there. ``negative`` may be ``|``: it stands in the prompt, behind that. ``commands``: it obeys tags in the
    prompt, which a visitor must not reach. ``model`` is the usual one, ``family`` what ids of its picture models begin with.
    """

    paid: bool | None
    needs_key: bool = False
    has_model: bool = True
    needs_model: bool = False
    response_format: str = "b64_json"
    seed: str = ""
    steps: str = ""
    guidance: str = ""
    negative: str = ""
    commands: bool = False
    max_prompt_chars: int = 4000
    model: str = ""
    family: tuple[str, ...] = ()
    typical_s: tuple[float, float] = (5.0, 60.0)


PROFILES: dict[Dialect, Profile] = {
    "openai": Profile(
        paid=True,
        needs_key=True,
        needs_model=True,
        response_format="",  # unknown to the models of today, and an unknown field is refused
        max_prompt_chars=32_000,
        model="gpt-image-2",
        family=("gpt-image", "chatgpt-image"),
        typical_s=(10.0, 60.0),
    ),
    "vllm": Profile(
        paid=False,
        has_model=False,
        seed="seed",
        steps="num_inference_steps",
        guidance="guidance_scale",
        negative="negative_prompt",
    ),
    "sglang": Profile(
        paid=False,
        has_model=False,
        seed="seed",
        steps="num_inference_steps",
        guidance="guidance_scale",
        negative="negative_prompt",
    ),
    "sdcpp": Profile(paid=False, has_model=False, seed=TAG, commands=True, typical_s=(10.0, 180.0)),
    "localai": Profile(paid=False, steps="step", negative="|", commands=True, typical_s=(10.0, 180.0)),
    "gateway": Profile(paid=True, needs_model=True, typical_s=(10.0, 60.0)),
    "generic": Profile(paid=None, commands=True),
}


def sends_response_format(model: str) -> bool:
    """A gateway hands it on to OpenAI, whose own models refuse it and answer with base64 always."""
    return "gpt-image" not in model.lower()


def usual_sizes(dialect: Dialect, model: str) -> tuple[Size, ...]:
    """The only sizes that this model draws, or none where it draws any."""
    if dialect not in ("openai", "gateway"):
        return ()
    name = model.lower()
    return _THREE_SIZES if "gpt-image-1" in name or "chatgpt-image" in name else ()
