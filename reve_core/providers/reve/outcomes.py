"""
What an exchange means, above all for the money: a picture, or the error that says who owes what.

The rule behind every line: "nothing was bought" is said only where nothing was sent or where the answer says so in the
API's own words. Everything else is ``OutcomeUnknown``, and a person decides. Status codes and error codes as in
reve-ai/reve-sdk, python/reve/_client.py and exceptions.py; further codes as recorded by third-party clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reve_core.errors import (
    KeyRefused,
    NoCredits,
    NotCharged,
    OutcomeUnknown,
    PromptRefused,
    ProviderError,
    RateLimited,
    RequestRejected,
    ServiceClosed,
)
from reve_core.models import Picture, Receipt
from reve_core.providers.reve import answer as answers
from reve_core.providers.wire.exchange import Exchange, Fault
from reve_core.providers.wire.picture import is_absurd, kind_of
from reve_core.providers.wire.plain import Cleaner
from reve_core.providers.wire.retry_after import seconds_to_wait

CLOSED = (
    "The Reve API was closed by its maker on 14 August 2026, so no picture can come from it. "
    "Set REVE_API_URL to a gateway that still speaks it, or choose the sketch provider, which needs no service."
)
NO_KEY = "No key is set: put one into REVE_API_KEY, or choose the sketch provider, which needs none."
_SHOWN = 4000  # bytes of a strange answer that are looked at for the message; it shows a line of them
MAYBE = "It may have been charged all the same."

_CLOSED_CODE = "PARTNER_API_CLOSED"
_MEANINGS: dict[str, type[ProviderError]] = {
    _CLOSED_CODE: ServiceClosed,
    "PARTNER_API_BUDGET_EXHAUSTED": NoCredits,
    "PARTNER_API_TOKEN_INVALID": KeyRefused,
    "PARTNER_API_TOKEN_RATE_LIMIT_EXCEEDED": RateLimited,
    "MODEL_THROTTLED": RateLimited,
    "CONTENT_POLICY_VIOLATION": PromptRefused,
    "INVALID_PARAMETER_VALUE": RequestRejected,
    "MISSING_REQUIRED_PARAMETER": RequestRejected,
    "PROMPT_TOO_LONG": RequestRejected,
    "INVALID_LAYOUT": RequestRejected,
}
_STATUSES: dict[int, type[ProviderError]] = {
    **dict.fromkeys((401, 403, 407), KeyRefused),
    402: NoCredits,
    429: RateLimited,
    **dict.fromkeys((400, 404, 405, 413, 414, 415, 422, 431), RequestRejected),
    # "Ask over there instead": nothing was done here, and a paid request is never sent to a second address. 303 is not
    # among them, for it says that the request was carried out and its result lies elsewhere.
    **dict.fromkeys((301, 302, 307, 308), RequestRejected),
}


def picture_or_error(exchange: Exchange, cleaner: Cleaner) -> Picture | ProviderError:
    """The picture of a paid call, or the error to raise."""
    if exchange.status is None:
        return _no_answer(exchange)
    answer = _answer(exchange, cleaner)
    receipt = answers.receipt_of(exchange, answer, cleaner)
    fields = answer.fields if answer else {}
    # Hidden before the letters change: a secret in capitals would not be recognised any more.
    code = (
        cleaner.hide(str(exchange.headers.get("x-reve-error-code") or fields.get("error_code") or "")).strip().upper()
    )
    if code or not _is_good(exchange):
        return _refusal(exchange, code, fields, receipt, cleaner)
    if exchange.fault is not None and answer is None:
        seen = cleaner.line(exchange.body[:_SHOWN].decode("utf-8", "replace"))
        begins = f" It begins: {seen}" if seen and exchange.fault is Fault.FOREIGN else ""
        return OutcomeUnknown(
            f"Reve answered, but no picture could be read: {exchange.detail}. {MAYBE}{begins}", receipt=receipt
        )
    if answers.is_violation(exchange, answer):
        cost = f" Reve charged {receipt.credits_used:g} credits for it." if receipt.credits_used else ""
        return PromptRefused(
            f"Reve's content check refused this prompt. Change it before you try again.{cost}", receipt=receipt
        )
    if answer is None or not answer.image:
        seen = cleaner.line(exchange.body[:_SHOWN].decode("utf-8", "replace"))
        return OutcomeUnknown(f"Reve answered without a picture. {MAYBE} It said: {seen or 'nothing'}", receipt=receipt)
    if kind_of(answer.image) is None:
        seen = cleaner.line(answer.image[:_SHOWN].decode("utf-8", "replace"))
        return OutcomeUnknown(
            f"Reve's picture is neither PNG, JPEG nor WebP. {MAYBE} It begins: {seen}", receipt=receipt
        )
    if is_absurd(answer.image):
        return OutcomeUnknown(f"Reve's picture claims a size too large to open. {MAYBE}", receipt=receipt)
    return Picture(answer.image, receipt)


def said(fields: Mapping[str, Any], cleaner: Cleaner) -> str:
    """The server's own words: ``message``, or ``error`` where that is missing, as the SDK reads them."""
    for key in ("message", "error"):
        if isinstance(fields.get(key), str) and (text := cleaner.line(fields[key], 300)):
            return text
    return ""


def _answer(exchange: Exchange, cleaner: Cleaner) -> answers.Answer | None:
    if exchange.fault in (None, Fault.TIMEOUT, Fault.BROKEN):
        answer = answers.read(exchange.body, cleaner)
        # A connection that was lost or dawdled after the last brace has cost us nothing: the answer is whole.
        is_whole = exchange.fault is None or (exchange.body.rstrip().endswith(b"}") and answer and not answer.notes)
        return answer if is_whole or not _is_good(exchange) else None
    return None


def _is_good(exchange: Exchange) -> bool:
    return exchange.status is not None and 200 <= exchange.status <= 299


def _no_answer(exchange: Exchange) -> ProviderError:
    if exchange.fault is Fault.UNREACHABLE or not exchange.sent:
        return NotCharged(f"Reve could not be reached: {exchange.detail}. Nothing was charged.")
    if exchange.fault is Fault.TIMEOUT:
        return OutcomeUnknown(f"Reve did not answer in time. {MAYBE}")
    return OutcomeUnknown(f"The connection to Reve broke before it answered. {MAYBE}")


def _refusal(
    exchange: Exchange, code: str, fields: Mapping[str, Any], receipt: Receipt, cleaner: Cleaner
) -> ProviderError:
    status = exchange.status or 0
    meaning = _MEANINGS.get(code)
    if meaning is None or (status >= 500 and meaning in (RequestRejected, PromptRefused)):
        # A server that fails while it calls the request wrong has contradicted itself.
        meaning = _STATUSES.get(status, OutcomeUnknown)
    words = said(fields, cleaner)
    if meaning is RateLimited:
        wait = seconds_to_wait(exchange.headers, fields, datetime.now(UTC))
        return RateLimited("Reve asks for a pause: too many requests just now.", retry_after=wait, receipt=receipt)
    return meaning(_sentence(meaning, exchange, code, words, fields, cleaner), receipt=receipt)


def _sentence(
    meaning: type[ProviderError],
    exchange: Exchange,
    code: str,
    words: str,
    fields: Mapping[str, Any],
    cleaner: Cleaner,
) -> str:
    if meaning is ServiceClosed:
        return CLOSED
    if meaning is NoCredits:
        return f"Reve has no credits left for this picture{_amounts(fields)}. Top up, then resume. Nothing was charged."
    if meaning is KeyRefused:
        what = "REVE_API_PROXY_AUTHORIZATION" if exchange.status == 407 else "REVE_API_KEY"
        return f"Reve did not accept the key. Check {what}. Nothing was charged."
    quoted = f" It said: {words}" if words else ""
    if meaning is PromptRefused:
        return f"Reve's content check refused this prompt. Change it before you try again. Nothing was charged.{quoted}"
    if meaning is RequestRejected and exchange.status is not None and 300 <= exchange.status <= 399:
        return (
            "The address in REVE_API_URL sends requests on to another one. Set the final address. Nothing was charged."
        )
    if meaning is RequestRejected:
        where = "" if words else f" ({cleaner.line(code, 100) or f'status {exchange.status}'})"
        return f"Reve did not accept this request{where}. Nothing was charged.{quoted}"
    problem = f"error {code}" if _is_good(exchange) else f"status {exchange.status}"
    return f"Reve failed with {cleaner.line(problem, 100)}. {MAYBE}{quoted}"


def _amounts(fields: Mapping[str, Any]) -> str:
    """Source: params of a 402 as recorded by clients: ``requested_amount`` and ``available_amount``."""
    params = fields.get("params")
    if not isinstance(params, Mapping):
        return ""
    needed, left = params.get("requested_amount"), params.get("available_amount")
    if isinstance(needed, int | float) and isinstance(left, int | float):
        return f" ({needed:g} needed, {left:g} left)"
    return ""
