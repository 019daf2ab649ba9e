"""
The body of an answer: the picture or where it lies, and the rest as a receipt.

``b64_json`` counts first, ``url`` else; some servers put a ``data:`` address there, and some send the picture itself.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

from reve_core.models import Receipt
from reve_core.ports import ListPrice
from reve_core.providers.wire.encoded import cut_out, decoded, json_object, mark
from reve_core.providers.wire.exchange import Exchange
from reve_core.providers.wire.picture import kind_of
from reve_core.providers.wire.plain import Cleaner

_LONG = re.compile(rb'"b64_json"\s*:\s*"|"url"\s*:\s*"(?=data:)')
_MOST_PICTURES = 10  # in one answer, although one was asked for
_KEPT = ("created", "background", "output_format", "quality", "size", "usage", "id", "model")
_LONGEST_RAW = 2000  # characters of one field; longer ones are left out of the receipt
_REQUEST_IDS = ("x-request-id", "x-litellm-call-id", "request-id")


@dataclass(slots=True)
class Answer:
    """
    ``image`` is None where there was none; ``url`` is where it lies then, if anywhere. ``pictures`` counts what came.
    ``fields`` are the JSON object without pictures and addresses, fit to be stored.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    image: bytes | None = field(default=None, repr=False)
    url: str = field(default="", repr=False)
    pictures: int = 0
    revised: str = ""


def read(body: bytes | bytearray, cleaner: Cleaner) -> Answer | None:
    """None where the body is neither a JSON object nor a picture."""
    if kind_of(body) is not None:
        return Answer(image=bytes(body), pictures=1)
    fields, cuts = _opened(body)
    if fields is None:
        return None
    entries = fields.pop("data", None)
    entries = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    answer = Answer(fields=cleaner.value(fields), pictures=len(entries))
    known = {mark(number): cut for number, cut in enumerate(cuts)}
    for entry in entries:
        for name in ("b64_json", "url"):
            value = entry.get(name)
            if isinstance(value, str) and value in known:
                answer.image = decoded(known[value])
            elif name == "url" and isinstance(value, str) and value.strip():
                answer.url = value.strip()
            if answer.image or answer.url:
                break
        if answer.image or answer.url:
            revised = entry.get("revised_prompt")
            answer.revised = cleaner.value(revised) if isinstance(revised, str) else ""
            break
    return answer


def without_pictures(body: bytes | bytearray) -> dict[str, Any] | None:
    """The JSON object, with a mark in each picture's place."""
    return _opened(body)[0]


def receipt_of(exchange: Exchange, answer: Answer | None, cleaner: Cleaner, price: ListPrice | None = None) -> Receipt:
    """What we were told. ``price`` turns a count of tokens into what it did cost."""
    fields = answer.fields if answer else {}
    raw = {name: _short(fields[name]) for name in _KEPT if fields.get(name) is not None}
    if answer and answer.revised:
        raw["revised_prompt"] = _short(answer.revised)
    told = _told_cost(exchange)
    return Receipt(
        request_id=_request_id(exchange, fields, cleaner),
        http_status=exchange.status,
        usd_used=told if told is not None else _cost(fields.get("usage"), price),
        version=cleaner.line(fields["model"]) if isinstance(fields.get("model"), str) else None,
        raw=raw,
    )


def _opened(body: bytes | bytearray) -> tuple[dict[str, Any] | None, list[memoryview]]:
    small, cuts = cut_out(body, _LONG, _MOST_PICTURES)
    return json_object(small), cuts


def _request_id(exchange: Exchange, fields: dict[str, Any], cleaner: Cleaner) -> str | None:
    for value in (*(exchange.headers.get(name) for name in _REQUEST_IDS), fields.get("id")):
        if isinstance(value, str) and value.strip():
            return cleaner.line(value)
    return None


def _told_cost(exchange: Exchange) -> float | None:
    """Source: LiteLLM's answer headers."""
    try:
        cost = float(exchange.headers.get("x-litellm-response-cost", ""))
    except ValueError:
        return None
    return cost if math.isfinite(cost) and cost >= 0 else None


def _cost(usage: object, price: ListPrice | None) -> float | None:
    if not isinstance(usage, dict) or price is None or not price.output_usd_per_million:
        return None
    into, out = (_count(usage.get(name)) for name in ("input_tokens", "output_tokens"))
    if into is None or out is None:
        return None
    return round((into * price.input_usd_per_million + out * price.output_usd_per_million) / 1e6, 6)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None


def _short(value: Any) -> Any:
    size = len(json.dumps(value))
    return value if size <= _LONGEST_RAW else f"(left out: {size} characters)"
