"""What each kind of server makes of a request: its fields, its defaults, its way to deliver and to complain."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from tests.standin.api import Reply

Name = Literal["openai", "vllm", "sglang", "sdcpp", "localai", "gateway"]

_OPENAI_FIELDS = frozenset(
    {
        *("model", "prompt", "n", "size", "quality", "background", "output_format", "output_compression"),
        *("moderation", "stream", "partial_images", "user", "safety_identifier", "complexity"),
    }
)
_SIZE = re.compile(r"(\d+)x(\d+)")
_THREE = ("1024x1024", "1536x1024", "1024x1536")


@dataclass(frozen=True)
class Dialect:
    """
    ``fields`` None: unknown ones are swallowed. ``delivers`` where nothing is asked for; ``may_deliver`` what can be asked
    for. ``most`` pictures in one answer. ``error`` is the shape of its complaints.
    """

    name: Name
    models: tuple[str, ...]
    fields: frozenset[str] | None = None
    needs_key: bool = False
    needs_model: bool = False
    delivers: Literal["b64", "url"] = "b64"
    may_deliver: tuple[str, ...] = ("b64_json", "url")
    most: int = 10
    clamps: bool = False
    default_size: str = "1024x1024"
    forgives_sizes: bool = False
    error: Literal["openai", "detail", "text", "gateway"] = "openai"
    paid: bool = False
    moderates: bool = False
    usage: bool = False


_OPENAI = Dialect(
    "openai",
    models=("gpt-4o", "gpt-image-1.5", "gpt-image-2", "chatgpt-image-latest", "whisper-1"),
    fields=_OPENAI_FIELDS,
    needs_key=True,
    needs_model=True,
    may_deliver=(),
    paid=True,
    moderates=True,
    usage=True,
)
DIALECTS: dict[str, Dialect] = {
    "openai": _OPENAI,
    "vllm": Dialect("vllm", models=("Qwen/Qwen-Image",), may_deliver=("b64_json", "file"), error="detail"),
    "sglang": Dialect("sglang", models=("black-forest-labs/FLUX.1-dev",), clamps=True, error="detail"),
    "sdcpp": Dialect(
        "sdcpp", models=("sd-cpp-local",), most=1_000, default_size="512x512", forgives_sizes=True, error="text"
    ),
    "localai": Dialect(
        "localai",
        models=("gpt-4", "stablediffusion", "flux.1-dev-ggml", "whisper-1"),
        delivers="url",
        default_size="512x512",
        forgives_sizes=True,
    ),
    "gateway": replace(
        _OPENAI,
        name="gateway",
        models=("gpt-4o", "flux-pro", "recraft-v3"),
        fields=None,
        delivers="url",
        may_deliver=("b64_json", "url"),
        error="gateway",
    ),
}


def complaint(
    dialect: Dialect,
    status: int,
    message: str,
    code: str | None = None,
    kind: str = "invalid_request_error",
    **more: Any,
) -> Reply:
    """An error in this server's shape."""
    match dialect.error:
        case "detail":
            return Reply(status, {"detail": message})
        case "text":
            return Reply(status, {"error": message})
        case "gateway":
            return Reply(
                status, {"error": {"message": message, "type": kind, "param": None, "code": str(status), **more}}
            )
    return Reply(status, {"error": {"message": message, "type": kind, "param": None, "code": code, **more}})


def problem_with(dialect: Dialect, fields: object) -> Reply | None:
    """The refusal of a body that this server would not take, or None."""
    if not isinstance(fields, dict):
        return complaint(dialect, 400, "the body must be a JSON object")
    if dialect.fields is not None and (unknown := sorted(set(fields) - dialect.fields)):
        return complaint(dialect, 400, f"Unknown parameter: '{unknown[0]}'.", "unknown_parameter", param=unknown[0])
    prompt = fields.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        return complaint(
            dialect, 422 if dialect.error == "detail" else 400, "prompt: field required", "missing_required_parameter"
        )
    if len(prompt) > 32_000 and dialect.name == "openai":
        return complaint(dialect, 400, "prompt is too long", "string_above_max_length")
    model = fields.get("model")
    if dialect.needs_model and not model:
        return complaint(dialect, 400, "you must provide a model parameter", "missing_required_parameter")
    if model and dialect.name in ("openai", "gateway", "localai") and model not in dialect.models:
        return complaint(dialect, 404, f"The model '{model}' does not exist.", "model_not_found")
    number = fields.get("n", 1)
    if not isinstance(number, int) or (not dialect.clamps and not 1 <= number <= dialect.most):
        return complaint(dialect, 422 if dialect.error == "detail" else 400, "n is out of range", "invalid_value")
    wanted = fields.get("response_format")
    if wanted is not None and wanted not in dialect.may_deliver:
        return complaint(dialect, 400, f"response_format {wanted} is not supported", "invalid_value")
    return _bad_size(dialect, fields)


def size_of(dialect: Dialect, fields: dict[str, Any]) -> tuple[int, int]:
    found = _SIZE.fullmatch(str(fields.get("size", "")))
    width, height = dialect.default_size.split("x")
    return (int(found[1]), int(found[2])) if found else (int(width), int(height))


def _bad_size(dialect: Dialect, fields: dict[str, Any]) -> Reply | None:
    size = fields.get("size", "auto")
    if dialect.forgives_sizes or size == "auto":
        return None
    found = _SIZE.fullmatch(str(size))
    if found is None:
        return complaint(dialect, 400, f"Invalid size '{size}'.", "invalid_value")
    if dialect.name != "openai":
        return None
    if "gpt-image-1" in str(fields.get("model")) or "chatgpt" in str(fields.get("model")):
        return None if size in _THREE else complaint(dialect, 400, f"Invalid size '{size}'.", "invalid_value")
    width, height = int(found[1]), int(found[2])
    is_good = width % 16 == 0 and height % 16 == 0 and 1 / 3 <= width / height <= 3 and width * height <= 8_300_000
    return None if is_good else complaint(dialect, 400, f"Invalid size '{size}'.", "invalid_value")
