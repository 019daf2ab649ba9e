"""
The service's rules, without any network: which fields a request may have, and what the answers look like.

Sources: reve-ai/reve-sdk (paths, fields, headers, error codes); api.reve.com/llms.txt (v1 limits, statuses).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

V1_RATIOS = {"16:9", "3:2", "4:3", "1:1", "3:4", "2:3", "9:16"}
V2_RATIOS = {
    *("4:1", "3:1", "21:9", "2:1", "17:9", "16:9", "3:2", "4:3", "5:4", "1:1"),
    *("4:5", "3:4", "2:3", "9:16", "1:2", "1:3", "1:4", "auto"),
}
_FIT = {"process", "max_dim", "max_width", "max_height"}
_STEPS = {
    "fit_image": _FIT,
    "upscale": {"process", "upscale_factor"},
    "remove_background": {"process"},
    "effect": {"process", "effect_name", "effect_parameters"},
}


@dataclass(frozen=True)
class Operation:
    """One of the two create calls."""

    credits: int
    longest_prompt: int
    ratios: frozenset[str]
    fields: frozenset[str]
    version_start: str
    has_layout: bool


CREATE = {
    "/v1/image/create": Operation(
        credits=18,
        longest_prompt=2560,
        ratios=frozenset(V1_RATIOS),
        fields=frozenset({"prompt", "aspect_ratio", "version", "test_time_scaling", "postprocessing"}),
        version_start="reve-create@",
        has_layout=False,
    ),
    "/v2/image/create": Operation(
        credits=150,
        longest_prompt=4000,
        ratios=frozenset(V2_RATIOS),
        fields=frozenset({"prompt", "references", "aspect_ratio", "version", "postprocessing"}),
        version_start="reve-v2-create@",
        has_layout=True,
    ),
}

EFFECTS = [
    {"name": "cmyk_halftone", "description": "Printed dots", "source": "preset"},
    {"name": "low_light", "description": "A dim room", "source": "preset"},
]
INFO = {
    "operations": [
        {"operation": "create", "credits": 150},
        {"operation": "extract_layout", "credits": 80},
        {"operation": "create_layout", "credits": 80},
        {"operation": "render_layout", "credits": 80},
    ],
    "postprocessing": [
        {"process": "fit_image", "credits": 0},
        {"process": "upscale", "credits_base": 1, "credits_per_megapixel": 1},
    ],
}


@dataclass
class Reply:
    """One answer. ``body`` is JSON where it is a dict or a list."""

    status: int
    body: dict[str, Any] | list[Any] | bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


def error(status: int, code: str, message: str, headers: dict[str, str] | None = None, **params: Any) -> Reply:
    body: dict[str, Any] = {"error_code": code, "message": message, "instance_id": "standin"}
    if params:
        body["params"] = params
    return Reply(
        status, body, {"X-Reve-Error-Code": code, "X-Reve-Request-Id": "rsid-standin-error", **(headers or {})}
    )


def invalid(message: str, *names: str) -> Reply:
    return error(400, "INVALID_PARAMETER_VALUE", message, invalid=list(names))


def problem_with(operation: Operation, fields: object) -> Reply | None:
    """The 400 for a body that the service would not take, or None."""
    if not isinstance(fields, dict):
        return invalid("the body must be a JSON object")
    if unknown := sorted(set(fields) - operation.fields):
        return invalid(f"unknown field {unknown[0]!r}", *unknown)
    prompt = fields.get("prompt")
    if prompt is None:
        return error(400, "MISSING_REQUIRED_PARAMETER", "prompt is required", invalid=["prompt"])
    if not isinstance(prompt, str) or not prompt:
        return invalid("prompt must be a string that is not empty", "prompt")
    if len(prompt) > operation.longest_prompt:
        text = f"prompt must be at most {operation.longest_prompt} characters"
        return error(400, "PROMPT_TOO_LONG", text, invalid=["prompt"])
    if fields.get("aspect_ratio", "1:1") not in operation.ratios:
        return invalid("aspect_ratio is not one of the allowed ones", "aspect_ratio")
    version = fields.get("version", "latest")
    if not isinstance(version, str) or (version != "latest" and not version.startswith(operation.version_start)):
        return invalid("no such version", "version")
    scaling = fields.get("test_time_scaling", 1)
    if not isinstance(scaling, int) or not 1 <= scaling <= 15:
        return invalid("test_time_scaling is out of range", "test_time_scaling")
    return _bad_steps(fields.get("postprocessing", [])) or _bad_references(fields.get("references", []))


def price_of(operation: Operation, fields: dict[str, Any]) -> int:
    return operation.credits * int(fields.get("test_time_scaling", 1))


def created(png: bytes, layout: dict[str, Any] | None, charge: dict[str, Any], version: str) -> dict[str, Any]:
    body = {
        "image": base64.b64encode(png).decode(),
        "version": version,
        "content_violation": False,
        "request_id": charge["request_id"],
        "credits_used": charge["credits"],
        "credits_remaining": charge["left"],
    }
    return body if layout is None else {**body, "layout": layout}


def headers_of(body: dict[str, Any]) -> dict[str, str]:
    return {
        "X-Reve-Request-Id": str(body["request_id"]),
        "X-Reve-Version": str(body["version"]),
        "X-Reve-Content-Violation": str(body["content_violation"]).lower(),
        "X-Reve-Credits-Used": str(body["credits_used"]),
        "X-Reve-Credits-Remaining": str(body["credits_remaining"]),
    }


def _bad_steps(steps: object) -> Reply | None:
    if not isinstance(steps, list):
        return invalid("postprocessing must be a list", "postprocessing")
    for index, step in enumerate(steps):
        where = f"postprocessing.{index}"
        known = _STEPS.get(step.get("process", "")) if isinstance(step, dict) else None
        if known is None or set(step) - known:
            return invalid("no such postprocessing step", where)
        sides = [step[name] for name in _FIT - {"process"} if name in step]
        if step["process"] == "fit_image" and (
            not sides or not all(isinstance(side, int) and 1 <= side <= 4096 for side in sides)
        ):
            return invalid("fit_image needs a side from 1 to 4096", where)
    return None


def _bad_references(references: object) -> Reply | None:
    if not isinstance(references, list) or len(references) > 8:
        return invalid("references must be a list of at most 8", "references")
    for index, reference in enumerate(references):
        if not isinstance(reference, dict) or len(reference) != 1 or set(reference) - {"data", "ref"}:
            return invalid("a reference has exactly one of data and ref", f"references.{index}")
    return None
