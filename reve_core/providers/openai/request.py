"""The body of a request: the fields that the server's profile and its operator name, and no other."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from reve_core.errors import RequestRejected
from reve_core.models import JobRequest
from reve_core.providers.openai import sizes
from reve_core.providers.openai.options import ModelEntry, Server
from reve_core.providers.openai.profiles import TAG, Size, sends_response_format

_END = TAG.replace("<", "</")
_COMMAND = re.compile(
    r"<sd_cpp_extra_args.*?</sd_cpp_extra_args\s*>|</?sd_cpp_extra_args[^>]*>?|<lora:[^>]*>?", re.I | re.S
)
_OBEYED = re.compile(r"</?sd_cpp_extra_args|<lora:", re.I)
_COMMANDS_LEFT_OUT = "Parts of the prompt that this server would take for commands were left out."
_BARS_REPLACED = "This server reads what stands behind “|” as what not to draw, so each became “/”."


@dataclass(frozen=True, slots=True)
class Asked:
    """``body`` is the JSON. ``size`` is what it asks for. ``notes`` are for the receipt."""

    body: bytes
    size: Size
    ratio: str
    notes: tuple[str, ...]


def body_of(
    request: JobRequest, server: Server, entry: ModelEntry, *, model: str, offered: dict[str, Size], longest: int
) -> Asked:
    """``model`` empty: none is named. ``longest`` in code points. Raises RequestRejected."""
    options, profile = server.options, server.profile
    ratio = request.aspect_ratio or next(iter(offered))
    if ratio not in offered:
        raise RequestRejected(f"{server.title} does not draw {ratio[:20]} here. It knows {', '.join(offered)}.")
    if len(request.prompt) > longest:
        raise RequestRejected(f"The prompt has {len(request.prompt):,} characters; {server.title} takes {longest:,}.")
    size, notes = offered[ratio], []
    prompt = request.prompt
    if profile.commands:
        prompt = without_commands(prompt)
        notes += [_COMMANDS_LEFT_OUT] if prompt != request.prompt else []
    if (negative_field := _own(options.negative_field, profile.negative)) == "|" and "|" in prompt:
        prompt = prompt.replace("|", "/")
        notes.append(_BARS_REPLACED)
    if not prompt.strip():
        raise RequestRejected("There is no prompt. Describe the picture first.")
    if sizes.is_rough(size, ratio):
        notes.append(f"The nearest size to {ratio} that this model draws is {sizes.written(size)}.")

    fields: dict[str, object] = {"model": model} if model else {}
    fields |= {"prompt": prompt, "n": 1}
    _put(fields, options.size_field, sizes.written(size))
    _put(fields, options.ratio_field, ratio)
    _put(fields, "quality", (entry.quality if entry.quality is not None else options.quality) or None)
    _put(fields, "response_format", _response_format(options.response_format, profile.response_format, model))
    _put(fields, _own(options.steps_field, profile.steps), entry.steps or options.steps)
    guidance = entry.guidance if entry.guidance is not None else options.guidance
    _put(fields, _own(options.guidance_field, profile.guidance), guidance)
    negative = entry.negative_prompt if entry.negative_prompt is not None else options.negative_prompt
    if negative and negative_field == "|":
        fields["prompt"] = f"{prompt}|{negative}"
    else:
        _put(fields, negative_field, negative or None)
    _put_seed(fields, _own(options.seed_field, profile.seed), request.seed, notes)
    fields |= dict(options.extra) | dict(entry.extra)
    try:
        return Asked(json.dumps(fields, ensure_ascii=False).encode(), size, ratio, tuple(notes))
    except UnicodeEncodeError:
        pass
    raise RequestRejected("The prompt holds half a character (a lone surrogate). Remove it and try again.")


def seed_field(server: Server) -> str:
    """Empty where this server takes none."""
    return _own(server.options.seed_field, server.profile.seed)


def without_commands(prompt: str) -> str:
    """Again and again, because taking one out may put another together."""
    while _OBEYED.search(prompt):
        prompt = _COMMAND.sub("", prompt)
    return prompt


def _own(said: str | None, usual: str) -> str:
    return usual if said is None else said


def _put(fields: dict[str, object], name: str, value: object) -> None:
    if name and value is not None:
        fields[name] = value


def _put_seed(fields: dict[str, object], name: str, seed: int | None, notes: list[str]) -> None:
    if not name:
        if seed is not None:
            notes.append("This model takes no seed, so it had none.")
        return
    if seed is None:
        return
    if name == TAG:
        fields["prompt"] = f"{fields['prompt']}{TAG}{json.dumps({'seed': seed})}{_END}"
    else:
        fields[name] = seed


def _response_format(said: str | None, usual: str, model: str) -> str | None:
    if said is None:
        return (usual if sends_response_format(model) else "") or None
    return {"send": "b64_json", "omit": None, "": None}.get(said, said)
