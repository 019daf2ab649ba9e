"""
How long a 429 asks us to wait: the header first, then the body's ``params.retry_after``.

Sources: RFC 9110 section 10.2.3 (seconds or an HTTP date); reve-ai/reve-sdk, python/tests/test_client.py (seconds);
``params.retry_after`` as an ISO time was seen by clients.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

LONGEST_S = 600.0  # whoever asks for more is asked again after this


def seconds_to_wait(headers: Mapping[str, str], fields: Mapping[str, Any], now: datetime) -> float | None:
    """0 to ``LONGEST_S`` seconds from ``now`` (aware), or None where the answer does not say."""
    params = fields.get("params")
    asked = (headers.get("retry-after"), params.get("retry_after") if isinstance(params, Mapping) else None)
    for value in asked:
        if (wait := _seconds(value, now)) is not None:
            return min(max(wait, 0.0), LONGEST_S)
    return None


def _seconds(value: object, now: datetime) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return _until(str(value).strip(), now)
    return None if math.isnan(number) else number


def _until(text: str, now: datetime) -> float | None:
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            then = parse(text)
            then = then if then.tzinfo else then.replace(tzinfo=UTC)
            return (then - now).total_seconds()
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None
