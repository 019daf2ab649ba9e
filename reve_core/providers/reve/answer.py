"""
The body of an answer: the picture's bytes, and the rest as a receipt.

Sources: reve-ai/reve-sdk, python/reve/_response.py, v2/image.py and v2/types.py (fields, headers, layout; numbers and
booleans as strings and a null layout are tolerated there too); api.reve.com/llms.txt (headers).
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from reve_core.layout import Layout, Region
from reve_core.models import Receipt
from reve_core.providers.wire.encoded import cut_out, decoded, json_object, mark
from reve_core.providers.wire.exchange import Exchange
from reve_core.providers.wire.picture import kind_of
from reve_core.providers.wire.plain import Cleaner

_KNOWN = {"image", "layout", "version", "content_violation", "request_id", "credits_used", "credits_remaining"}
_IMAGE = re.compile(rb'"image"\s*:\s*"')
_LONGEST_RAW = 4000  # characters of one unknown field; longer ones are left out of the receipt


@dataclass(slots=True)
class Answer:
    """``image`` is None where there was none; ``fields`` are the JSON object without it, fit to be stored."""

    fields: dict[str, Any] = field(default_factory=dict)
    image: bytes | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()


def read(body: bytes | bytearray, cleaner: Cleaner) -> Answer | None:
    """None where the body is neither a JSON object nor a picture."""
    if kind_of(body) is not None:
        return Answer(image=bytes(body))
    small, cuts = cut_out(body, _IMAGE)
    cut = cuts[0] if cuts else None
    fields = json_object(small)
    if cut is not None and fields is not None and fields.get("image") != mark(0):
        # The text we cut out belonged to something else, further in.
        cut, fields = None, json_object(body)
    if cut is None and fields is None:
        return None
    notes: tuple[str, ...] = ()
    if fields is None:
        fields, notes = {}, ("What came with the picture could not be read.",)
    encoded = fields.pop("image", None)
    image = decoded(cut if cut is not None else encoded)
    return Answer(cleaner.value(fields), image, notes)


def receipt_of(exchange: Exchange, answer: Answer | None, cleaner: Cleaner) -> Receipt:
    """
    What we were told, from the body first and the headers second (an error has its request id in the headers only).
    """
    fields = answer.fields if answer else {}
    headers = exchange.headers
    layout, notes = _layout(fields.get("layout"))
    raw = {key: value for key, value in fields.items() if key not in _KNOWN and value is not None}
    if layout is None and fields.get("layout") is not None:
        raw["layout"] = fields["layout"]
    if code := headers.get("x-reve-error-code"):
        raw.setdefault("error_code", cleaner.line(code, 100))
    return Receipt(
        request_id=_text(fields.get("request_id"), headers.get("x-reve-request-id"), cleaner),
        http_status=exchange.status,
        credits_used=number(fields.get("credits_used"), headers.get("x-reve-credits-used")),
        credits_left=number(fields.get("credits_remaining"), headers.get("x-reve-credits-remaining")),
        version=_text(fields.get("version"), headers.get("x-reve-version"), cleaner),
        layout=layout,
        notes=(*(answer.notes if answer else ()), *notes),
        raw={key[:100]: _short(value) for key, value in list(raw.items())[:50]},
    )


def is_violation(exchange: Exchange, answer: Answer | None) -> bool:
    flags = [answer.fields.get("content_violation") if answer else None]
    flags.append(exchange.headers.get("x-reve-content-violation"))
    return any(flag is True or str(flag).strip().lower() in ("true", "1", "yes") for flag in flags)


def _layout(value: object) -> tuple[Layout | None, tuple[str, ...]]:
    """A layout that is partly wrong loses the wrong boxes; never the picture it came with."""
    if value is None:
        return None, ()
    if not isinstance(value, dict):
        return None, ("The layout that came with the picture could not be read.",)
    regions = value.get("regions")
    found = _regions(regions if isinstance(regions, list) else [])
    good = tuple(region for region in found if region is not None)
    try:
        layout = Layout.model_validate({**value, "regions": good})
    except (ValidationError, RecursionError):
        return None, ("The layout that came with the picture could not be read.",)
    if lost := len(found) - len(good):
        return layout, (f"{lost} of the layout's {len(found)} boxes could not be read and were left out.",)
    return layout, ()


def _regions(values: list[object]) -> list[Region | None]:
    out: list[Region | None] = []
    for value in values:
        try:
            region = Region.model_validate(value)
        except (ValidationError, RecursionError):
            out.append(None)
            continue
        box = region.bbox
        out.append(region if all(math.isfinite(edge) for edge in (box.x0, box.y0, box.x1, box.y1)) else None)
    return out


def number(*values: object) -> float | None:
    """The first of them that is a finite number, also as a string."""
    for value in values:
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            try:
                number = float(value)
            except (ValueError, OverflowError):
                continue
            if math.isfinite(number):
                return number
    return None


def _text(first: object, second: str | None, cleaner: Cleaner) -> str | None:
    for value in (first, second):
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return cleaner.line(str(value))
    return None


def _short(value: Any) -> Any:
    size = len(json.dumps(value))
    return value if size <= _LONGEST_RAW else f"(left out: {size} characters)"
