"""
What an answer of fal's means, above all for the money: a picture, or the error that says who owes what.

"Nothing was charged" is said only where nothing was sent, or where fal says in its own words how it ended and that kind is
never charged: a server's error (5xx), a request that was not accepted, one that was taken out of the queue. Everything
else may cost, and a person decides. What cannot be understood while a request is being asked about is no outcome at all:
it is asked about again.
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
)
from reve_core.models import Receipt
from reve_core.providers.fal import answer as answers
from reve_core.providers.fal.answer import Trouble
from reve_core.providers.wire.exchange import Exchange, Fault
from reve_core.providers.wire.plain import Cleaner
from reve_core.providers.wire.retry_after import seconds_to_wait

NO_KEY = "No key is set: put one into REVE_FAL_KEY, or choose another provider."
STRANGE_KEY = "The key holds characters that no key has. Copy it again into REVE_FAL_KEY."
MAYBE = "It may have been charged all the same."

_LOCKED = "user is locked"
_BY_A_PERSON = "admin lock"
_REFUSED_AS_IT_IS = frozenset({400, 404, 405, 413, 414, 415, 422, 431})
# "Ask over there instead": nothing was done here, and a paid request is never sent to a second address. 303 is not among
# them, for it says that the request was carried out and its result lies elsewhere.
_ELSEWHERE = frozenset({301, 302, 307, 308})
_BUSY_S = 30.0
_SHOWN = 4000  # bytes of a strange answer that are looked at for the message; it shows a line of them


def refusal(exchange: Exchange, fields: Mapping[str, Any] | None, cleaner: Cleaner) -> ProviderError:
    """A submit that brought no request id."""
    status = exchange.status
    if status is None:
        return _no_answer(exchange)
    trouble = answers.trouble_of(exchange, fields, cleaner)
    receipt = answers.receipt_of(exchange, fields, exchange.headers.get("x-fal-request-id", ""), None, cleaner)
    quoted = f" It said: {trouble.words}" if trouble.words else ""
    if status in (401, 407):
        what = "REVE_FAL_KEY" if status == 401 else "the proxy on the way"
        return KeyRefused(f"fal did not accept the key. Check {what}. Nothing was charged.", receipt=receipt)
    if status == 402:
        return NoCredits(
            f"fal has no credit left for this picture. Top up. Nothing was charged.{quoted}", receipt=receipt
        )
    if status == 403:
        return _forbidden(trouble, receipt, quoted)
    if status == 429:
        wait = seconds_to_wait(exchange.headers, fields or {}, datetime.now(UTC))
        return RateLimited("fal asks for a pause: too many requests just now.", retry_after=wait, receipt=receipt)
    if status in _ELSEWHERE:
        return RequestRejected(
            "fal's address sends requests on to another one. Set the final address as base_url. Nothing was charged.",
            receipt=receipt,
        )
    if trouble.is_refusal and 400 <= status <= 499:
        return PromptRefused(
            f"fal's content check refused this prompt. Change it before you try again. Nothing was charged.{quoted}",
            receipt=receipt,
        )
    if status == 404:
        return RequestRejected(f"fal has no such model. Check its id. Nothing was charged.{quoted}", receipt=receipt)
    if status in _REFUSED_AS_IT_IS:
        where = "" if quoted else f" (status {status})"
        return RequestRejected(f"fal did not accept this request{where}. Nothing was charged.{quoted}", receipt=receipt)
    if status >= 500 and trouble.is_fals:
        return NotCharged(
            f"fal has trouble of its own just now (status {status}). Nothing was charged.{quoted}", receipt=receipt
        )
    if 200 <= status <= 299:
        seen = cleaner.line(bytes(exchange.body[:_SHOWN]).decode("utf-8", "replace"))
        why = f": {exchange.detail}" if exchange.detail else ""
        return OutcomeUnknown(
            f"fal answered without a number for this request{why}, so it cannot be asked about. {MAYBE} "
            f"It said: {seen or 'nothing'}",
            receipt=receipt,
        )
    return OutcomeUnknown(f"fal, or something before it, failed with status {status}. {MAYBE}{quoted}", receipt=receipt)


def ending(
    exchange: Exchange,
    fields: Mapping[str, Any] | None,
    standing: answers.Standing,
    receipt: Receipt,
    cleaner: Cleaner,
) -> ProviderError | None:
    """
    How a request that is over has failed, or None where this answer does not say: it is asked for again then.

    Not for results with status 200, and not for cancelled ones.
    """
    status = exchange.status or 0
    trouble = answers.trouble_of(exchange, fields, cleaner)
    kinds = trouble.kinds | ({standing.kind} if standing.kind else set())
    quoted = f" It said: {trouble.words}" if trouble.words else ""
    if 400 <= status <= 499 and Trouble(kinds).is_refusal:
        return PromptRefused(f"fal's content check refused this prompt.{_cost(receipt)}{quoted}", receipt=receipt)
    if status == 429:
        if not standing.has_failed:
            return None
        return NotCharged("fal was too busy for it. Nothing was charged.", retry_after=_BUSY_S, receipt=receipt)
    if status >= 500:
        if not (trouble.is_fals or standing.has_failed):
            return None
        return NotCharged(f"{_failed(status, kinds)} Nothing was charged.{quoted}", receipt=receipt)
    if not 400 <= status <= 499 or status in (401, 403) or (status in (404, 408) and not standing.has_failed):
        return None
    if not receipt.raw.get("billable_units"):
        where = "" if quoted else f" (status {status})"
        return RequestRejected(
            f"The model did not accept this request{where}. Nothing was charged.{quoted}", receipt=receipt
        )
    return OutcomeUnknown(f"The model made no picture (status {status}).{_cost(receipt)}{quoted}", receipt=receipt)


def is_cancelled(
    exchange: Exchange, fields: Mapping[str, Any] | None, standing: answers.Standing, cleaner: Cleaner
) -> bool:
    kinds = answers.trouble_of(exchange, fields, cleaner).kinds | {standing.kind}
    return exchange.status == 499 or bool(kinds & {"client_cancelled", "client_disconnected"})


def flagged(receipt: Receipt) -> PromptRefused:
    return PromptRefused(
        f"The model's safety checker blacked this picture out. Change the prompt before you try again.{_cost(receipt)}",
        receipt=receipt,
    )


def without_picture(exchange: Exchange, receipt: Receipt, cleaner: Cleaner) -> OutcomeUnknown:
    seen = cleaner.line(bytes(exchange.body[:_SHOWN]).decode("utf-8", "replace"))
    why = f": {exchange.detail}" if exchange.detail else ""
    return OutcomeUnknown(
        f"fal finished without a picture that can be read{why}.{_cost(receipt)} It said: {seen or 'nothing'}",
        receipt=receipt,
    )


def _no_answer(exchange: Exchange) -> ProviderError:
    if exchange.fault is Fault.UNREACHABLE or not exchange.sent:
        return NotCharged(f"fal could not be reached: {exchange.detail}. Nothing was charged.")
    if exchange.fault is Fault.TIMEOUT:
        return OutcomeUnknown(f"fal did not say in time whether it has the request. {MAYBE}")
    return OutcomeUnknown(f"The connection to fal broke before it said whether it has the request. {MAYBE}")


def _forbidden(trouble: Trouble, receipt: Receipt, quoted: str) -> ProviderError:
    words = trouble.words.lower()
    if _LOCKED in words and _BY_A_PERSON in words:
        return KeyRefused(f"fal has locked this account. Write to fal. Nothing was charged.{quoted}", receipt=receipt)
    if _LOCKED in words or "exhausted balance" in words:
        return NoCredits(
            "fal has locked this account for want of credit. Top up there; it may take a while to open again, then resume. "
            f"Nothing was charged.{quoted}",
            receipt=receipt,
        )
    return KeyRefused(f"fal does not let this key use that model. Nothing was charged.{quoted}", receipt=receipt)


def _failed(status: int, kinds: frozenset[str] | set[str]) -> str:
    if status == 504 and kinds & {"startup_timeout", "request_timeout"}:
        return "No machine at fal was free for it in time."
    if kinds & {"generation_timeout"}:
        return "The model took too long."
    return f"The model failed at fal (status {status})."


def _cost(receipt: Receipt) -> str:
    if receipt.usd_used:
        return f" fal charged about {receipt.usd_used:.4g} US dollars for it."
    return f" {MAYBE}"
