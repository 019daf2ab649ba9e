"""
How a request can end. All ends look alike from outside (``COMPLETED``); what it was stands in the result.

Each ending is by the name that tests, and the switches, use for it; ``units`` None: as the model counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Ending:
    """``body`` None: a picture. ``is_told``: the status names the error too."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    units: float | None = None
    kind: str = ""
    is_told: bool = True
    changes: Mapping[str, Any] = field(default_factory=dict)  # to the body of a picture


def platform(status: int, kind: str, text: str = "it failed", **options: Any) -> Ending:
    """The platform's shape of an error."""
    body = {"detail": text, "error_type": kind}
    return Ending(status, body, {"X-Fal-Error-Type": kind}, units=options.pop("units", 0), kind=kind, **options)


def model(status: int, kind: str, text: str = "the model said no", **options: Any) -> Ending:
    """The model's shape of an error; it quotes what it was sent."""
    detail = [{"loc": ["body", "prompt"], "msg": text, "type": kind, "input": "WHAT WAS SENT", "url": "https://x.test"}]
    return Ending(status, {"detail": detail}, units=options.pop("units", None), kind=kind, **options)


ENDINGS: dict[str, Ending] = {
    "picture": Ending(),
    "policy": model(422, "content_policy_violation", units=1),
    "policy_free": model(422, "content_policy_violation", units=0),
    "moderation": model(400, "partner_moderation_block"),
    "nsfw": Ending(changes={"has_nsfw_concepts": [True]}),
    "invalid": model(422, "literal_error", units=0),
    "invalid_paid": model(422, "no_media_generated", units=1),
    "not_found": model(404, "file_not_found", units=0),
    "bad_request": platform(400, "bad_request"),
    "runner_error": platform(500, "runner_server_error"),
    "model_error": model(500, "internal_server_error", units=0),
    "incomplete": platform(502, "runner_incomplete_response"),
    "scheduling": platform(503, "runner_scheduling_failure"),
    "start_timeout": Ending(
        504,
        {"detail": "Request timed out", "error_type": "startup_timeout"},
        {"X-Fal-Error-Type": "startup_timeout", "X-Fal-Request-Timeout-Type": "user"},
        units=0,
        kind="startup_timeout",
    ),
    "too_long": model(504, "generation_timeout", units=0),
    "ingress": Ending(502, b"<html><h1>502 Bad Gateway</h1></html>", units=1, is_told=False),
    "client_cancelled": platform(499, "client_cancelled"),
    "no_images": Ending(body={"images": [], "seed": 1}),
    "nothing": Ending(body={}),
    "garbage": Ending(body=b'{"images": [{"url": '),
    "single": Ending(changes={"single": True}),
    "inline": Ending(changes={"inline": True}),
}
MAGIC = {"forbidden fruit": "policy", "blacked out": "nsfw"}
