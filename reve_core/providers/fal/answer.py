"""
What fal's answers say: where a request stands, how it failed, and what its result holds.

Two shapes of errors are known: a model's, ``{"detail": [{"loc", "msg", "type"}]}``, and the platform's, ``{"detail": text,
"error_type": code}`` with the same code in a header.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reve_core.models import Receipt
from reve_core.ports import ListPrice
from reve_core.providers.wire.encoded import decoded, json_object
from reve_core.providers.wire.exchange import Exchange, Fault
from reve_core.providers.wire.plain import Cleaner

UNITS = "x-fal-billable-units"

_PERCENT = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d+)?) ?%")
_REFUSALS = ("content_policy", "moderation")
_LONGEST_RAW = 4000  # characters of one field; longer ones are left out of the receipt
_LEFT_OUT = {"images", "image", "prompt"}  # the picture, and what the job itself knows (and forgets when it is told to)


def fields_of(exchange: Exchange, cleaner: Cleaner) -> dict[str, Any] | None:
    """
    The JSON object of an answer, without our secrets. One that is whole is good, even where the connection was lost after
    its last brace.
    """
    if exchange.fault not in (None, Fault.TIMEOUT, Fault.BROKEN):
        return None
    fields = json_object(exchange.body)
    return None if fields is None else dict(cleaner.value(fields))


def request_id_of(exchange: Exchange, fields: Mapping[str, Any] | None, cleaner: Cleaner) -> str | None:
    """By which an accepted request is known. The header helps where the body was lost."""
    for value in ((fields or {}).get("request_id"), cleaner.hide(exchange.headers.get("x-fal-request-id", ""))):
        if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}", value):
            return value
    return None


# ---------------------------------------------------------------- where it stands


@dataclass(frozen=True, slots=True)
class Standing:
    """
    ``is_over``: nothing more will happen to it, however it ended. ``has_failed`` and ``kind``: the status itself says so,
    and calls it that.
    """

    is_over: bool = False
    is_running: bool = False
    fraction: float | None = None
    text: str = ""
    has_failed: bool = False
    kind: str = ""


def standing_of(fields: Mapping[str, Any], cleaner: Cleaner) -> Standing | None:
    """None where the answer names no status."""
    status = fields.get("status")
    if not isinstance(status, str) or not status:
        return None
    if status == "IN_QUEUE":
        return Standing(text=_in_line(fields.get("queue_position")))
    if status == "IN_PROGRESS":
        fraction, text = _said(fields.get("logs"), cleaner)
        return Standing(is_running=True, fraction=fraction, text=text or "Being made")
    kind = fields.get("error_type")
    has_failed = bool(kind or fields.get("error"))
    return Standing(is_over=True, has_failed=has_failed, kind=_kind(kind, cleaner))


def _in_line(position: object) -> str:
    if not isinstance(position, int) or isinstance(position, bool) or not 0 < position < 1_000_000:
        return "Next at fal" if position == 0 else "Waiting at fal"
    return f"{position:,} before it at fal"


def _said(logs: object, cleaner: Cleaner) -> tuple[float | None, str]:
    """The last line of the log, and how far it says it is. A progress bar drawn in letters is not for people to read."""
    if not isinstance(logs, list):
        return None, ""
    for entry in reversed(logs[-20:]):
        message = entry.get("message") if isinstance(entry, dict) else None
        if not isinstance(message, str) or not message.strip():
            continue
        if (found := _PERCENT.search(message[:500])) is not None and float(found[1]) <= 100:
            return float(found[1]) / 100, ""
        return None, cleaner.line(message, 80)
    return None, ""


# ---------------------------------------------------------------- errors


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    An error in fal's words: ``kinds`` in small letters. ``is_fals``: it is told in fal's own way, and not in that of
    something in between.
    """

    kinds: frozenset[str] = frozenset()
    words: str = ""
    is_fals: bool = False

    @property
    def is_refusal(self) -> bool:
        return any(part in kind for kind in self.kinds for part in _REFUSALS)


def trouble_of(exchange: Exchange, fields: Mapping[str, Any] | None, cleaner: Cleaner) -> Trouble:
    fields = fields or {}
    detail = fields.get("detail")
    items = [item for item in detail if isinstance(item, dict)] if isinstance(detail, list) else []
    codes = [fields.get("error_type"), exchange.headers.get("x-fal-error-type"), *(item.get("type") for item in items)]
    kinds = frozenset(kind for code in codes if (kind := _kind(code, cleaner)))
    said = [
        *(item.get("msg") for item in items),
        *(fields.get(name) for name in ("detail", "message", "error")),
    ]
    words = next((line for text in said if isinstance(text, str) and (line := cleaner.line(text, 300))), "")
    named = bool(kinds) or "x-fal-request-id" in exchange.headers
    return Trouble(kinds, words, is_fals=named and ("detail" in fields or "error_type" in fields))


def _kind(code: object, cleaner: Cleaner) -> str:
    # Hidden before the letters change: a secret in capitals would not be recognised any more.
    return cleaner.line(code, 100).lower() if isinstance(code, str) else ""


# ---------------------------------------------------------------- results


@dataclass(frozen=True, slots=True)
class Found:
    """The picture that a result names: its address, or the bytes themselves. ``is_flagged``: the checker objects to it."""

    url: str = ""
    data: bytes | None = field(default=None, repr=False)
    is_flagged: bool = False


def found_in(fields: Mapping[str, Any]) -> Found:
    images = fields.get("images")
    first = images[0] if isinstance(images, list) and images else fields.get("image")
    url = first.get("url") if isinstance(first, dict) else first
    flags = fields.get("has_nsfw_concepts")
    flag = flags[0] if isinstance(flags, list) and flags else flags
    is_flagged = flag is True or str(flag).lower() == "true"
    if not isinstance(url, str) or not url:
        return Found(is_flagged=is_flagged)
    if url.startswith("data:"):
        return Found(data=decoded(url), is_flagged=is_flagged)
    return Found(url=url, is_flagged=is_flagged)


def receipt_of(
    exchange: Exchange, fields: Mapping[str, Any] | None, request_id: str, price: ListPrice | None, cleaner: Cleaner
) -> Receipt:
    """What was told, without the picture and without what was asked for. The cost is fal's own count at the list price."""
    units = units_of(exchange)
    raw = {key: value for key, value in (fields or {}).items() if key not in _LEFT_OUT and value is not None}
    if isinstance(raw.get("detail"), list):
        raw["detail"] = [_without_input(item) for item in raw["detail"][:20]]
    if units is not None:
        raw["billable_units"] = units
    return Receipt(
        request_id=cleaner.line(request_id) or None,
        http_status=exchange.status,
        usd_used=round(units * price.usd, 6) if units is not None and price is not None else None,
        raw={key[:100]: _short(value) for key, value in list(raw.items())[:50]},
    )


def units_of(exchange: Exchange) -> float | None:
    try:
        units = float(exchange.headers.get(UNITS, ""))
    except ValueError:
        return None
    return units if math.isfinite(units) and units >= 0 else None


def _without_input(item: object) -> object:
    """An error quotes what was sent, and that is the prompt."""
    return {k: v for k, v in item.items() if k not in ("input", "ctx")} if isinstance(item, dict) else item


def _short(value: Any) -> Any:
    size = len(json.dumps(value))
    return value if size <= _LONGEST_RAW else f"(left out: {size} characters)"
