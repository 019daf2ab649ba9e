"""
What an exchange means, above all for the money: an answer with a picture in it, or the error that says who owes what.

The rule behind every line: where calls are paid, "nothing was bought" is said only where nothing was sent or where the
answer says so in its own words. A lost answer has no id by which it could be asked for, so it stays unknown and a person
decides. Where calls cost nothing, a lost one is simply made again. Codes and types as OpenAI names them; other servers
have their own shapes, which ``Said`` makes one of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
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
from reve_core.ports import ListPrice
from reve_core.providers.openai import answer as answers
from reve_core.providers.openai.answer import Answer
from reve_core.providers.openai.options import Server
from reve_core.providers.wire.exchange import Exchange, Fault
from reve_core.providers.wire.plain import Cleaner
from reve_core.providers.wire.retry_after import LONGEST_S, seconds_to_wait

MAYBE = "It may have been charged all the same."
DREW = "It has been charged."
FREE = "Nothing was charged."
_SHOWN = 4000  # bytes of a strange answer that are looked at for the message; it shows a line of them

_REFUSED = frozenset(
    {"moderation_blocked", "content_policy_violation", "content_filter", "contentpolicyviolationerror"}
)
_NO_CREDITS = frozenset(
    {
        *("insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_credits"),
        *("insufficient_balance", "budget_exceeded"),
    }
)
_BAD_KEY = frozenset(
    {
        *("invalid_api_key", "account_deactivated", "invalid_organization", "authentication_error"),
        *("unsupported_country_region_territory", "permission_error", "permission_denied"),
    }
)
_BUSY = frozenset({"rate_limit_exceeded", "rate_limit_error", "queue_full"})
_NO_MODEL = "model_not_found"

_REFUSING = re.compile(
    r"safety (?:system|check|filter)|content[ _]?policy|content[ _]filter|contentpolicyviolation|by moderation|"
    r"moderation (?:system|check|filter|blocked)",
    re.I,
)
_EMPTY_PURSE = re.compile(
    r"billing hard limit|current quota|(?:insufficient|not enough|out of|exceeded your) (?:\w+ )?"
    r"(?:credits?|funds|balance|quota|budget)|budget has been exceeded",
    re.I,
)
_WAIT = re.compile(
    r"(?:in|after)\s+(?:(\d+)\s*m(?!s)(?:in(?:utes?)?)?\s*)?(?:(\d+(?:\.\d+)?)\s*(ms|s(?:ec(?:onds?)?)?)\b)?", re.I
)


@dataclass(frozen=True, slots=True)
class Said:
    """An error, whatever shape it came in: ``code`` and ``kind`` are lower case, ``text`` is fit to be shown."""

    code: str = ""
    kind: str = ""
    text: str = ""
    stage: str = ""
    reasons: tuple[str, ...] = ()
    fields: Mapping[str, Any] | None = None


def answer_or_error(
    exchange: Exchange, server: Server, cleaner: Cleaner, *, model: str, price: ListPrice | None, only_model: bool
) -> tuple[Answer, Receipt] | ProviderError:
    """An answer with a picture or an address in it, or the error to raise."""
    if exchange.status is None:
        return _no_answer(exchange, server)
    answer = _answer(exchange, cleaner)
    receipt = answers.receipt_of(exchange, answer, cleaner, price)
    if answer is not None and (answer.image or answer.url) and _is_good(exchange):
        return answer, receipt
    said = said_in(exchange, cleaner)
    if not _is_good(exchange) or said.code or said.text:
        return _refusal(exchange, said, server, receipt, cleaner, model, only_model)
    if exchange.fault is not None:
        seen = cleaner.line(exchange.body[:_SHOWN].decode("utf-8", "replace"))
        begins = f" It begins: {seen}" if seen and exchange.fault is Fault.FOREIGN else ""
        what = f"{server.title} answered, but no picture could be read: {exchange.detail}."
        return lost(server, f"{what}{{}}{begins}", receipt)
    seen = cleaner.line(json.dumps(answer.fields, ensure_ascii=False)) if answer and answer.fields else "nothing"
    return lost(server, f"{server.title} answered without a picture.{{}} It said: {seen}", receipt)


def lost(server: Server, what: str, receipt: Receipt | None = None, *, drew: bool = False) -> ProviderError:
    """
    The call was carried out, or may have been, and there is no picture. ``{}`` in ``what`` is where the money is told;
    ``drew``: there was a picture, so it was paid.
    """
    before, _, after = what.partition("{}")
    if server.paid:
        return OutcomeUnknown(f"{before} {DREW if drew else MAYBE}{after}", receipt=receipt)
    return NotCharged(f"{before}{after}", receipt=receipt)


def said_in(exchange: Exchange, cleaner: Cleaner) -> Said:
    """The server's own words about what is wrong, from any of the shapes that there are."""
    fields = answers.without_pictures(exchange.body) if exchange.body[:64].lstrip().startswith(b"{") else None
    if fields is None:
        text = exchange.body[:_SHOWN].decode("utf-8", "replace")
        is_page = "<" in text[:200] or _is_good(exchange)
        return Said(text="" if is_page else cleaner.line(text, 300))
    error = next((fields[name] for name in ("error", "detail") if fields.get(name)), None)
    inner: Mapping[str, Any] = error if isinstance(error, Mapping) else fields
    code, kind = _word(inner.get("code"), cleaner), _word(inner.get("type"), cleaner)
    if error is None and (_is_good(exchange) or not (code or fields.get("message"))):
        return Said(fields=fields)
    details = inner.get("moderation_details")
    details = details if isinstance(details, Mapping) else {}
    categories = details.get("categories")
    categories = categories if isinstance(categories, list) else []
    return Said(
        code=code,
        kind=kind,
        text=cleaner.line(_text(error, inner), 300),
        stage=_word(details.get("moderation_stage"), cleaner),
        reasons=tuple(cleaner.line(name, 40) for name in categories[:5] if isinstance(name, str)),
        fields=fields,
    )


def wait_of(exchange: Exchange, said: Said) -> float | None:
    """Seconds that a 429 asks for: its headers first, its fields next, and the words of its message last."""
    try:
        milliseconds = float(exchange.headers.get("retry-after-ms", ""))
        if 0 <= milliseconds < float("inf"):
            return min(milliseconds / 1000, LONGEST_S)
    except ValueError:
        pass
    told = seconds_to_wait(exchange.headers, said.fields or {}, datetime.now(UTC))
    return told if told is not None else _wait_in_words(said.text)


def _wait_in_words(text: str) -> float | None:
    for found in _WAIT.finditer(text):
        minutes, number, unit = found.groups()
        if minutes is None and number is None:
            continue
        seconds = float(number or 0) * (0.001 if (unit or "").lower() == "ms" else 1)
        return min(60 * float(minutes or 0) + seconds, LONGEST_S)
    return None


def _text(error: object, inner: Mapping[str, Any]) -> str:
    if isinstance(error, str):
        return error
    if isinstance(error, list):  # a validator's list: where, and what
        parts = [one for one in error[:3] if isinstance(one, Mapping)]
        lines = [f"{_place(one.get('loc'))}{one.get('msg')}" for one in parts if isinstance(one.get("msg"), str)]
        return "; ".join(lines) or "; ".join(str(one) for one in error[:3] if isinstance(one, str))
    for name in ("message", "msg", "detail", "error"):
        if isinstance(inner.get(name), str):
            return str(inner[name])
    return ""


def _place(loc: object) -> str:
    parts = [str(part) for part in loc if part != "body"] if isinstance(loc, list) else []
    return f"{'.'.join(parts)}: " if parts else ""


def _word(value: object, cleaner: Cleaner) -> str:
    """A code as we look for it. Gateways put the status there as text, which says nothing new."""
    if not isinstance(value, str) or value.strip().isdigit():
        return ""
    # Hidden before the letters change: a secret in capitals would not be recognised any more.
    return cleaner.line(value, 100).strip().lower()


def _answer(exchange: Exchange, cleaner: Cleaner) -> Answer | None:
    # A connection that was lost or dawdled after the last brace has cost us nothing: the answer is whole, or no JSON.
    if exchange.fault is None or (
        exchange.fault in (Fault.TIMEOUT, Fault.BROKEN) and exchange.body.rstrip().endswith(b"}")
    ):
        return answers.read(exchange.body, cleaner)
    return None


def _is_good(exchange: Exchange) -> bool:
    return exchange.status is not None and 200 <= exchange.status <= 299


def _no_answer(exchange: Exchange, server: Server) -> ProviderError:
    title = server.title
    if exchange.fault is Fault.UNREACHABLE or not exchange.sent:
        return NotCharged(f"{title} could not be reached: {exchange.detail}. {FREE}")
    if exchange.fault is Fault.TIMEOUT:
        return lost(server, f"{title} did not answer in time.{{}}")
    return lost(server, f"The connection to {title} broke before it answered.{{}}")


def _meaning(status: int, said: Said, *, paid: bool, only_model: bool) -> type[ProviderError]:
    """The code first, then the type, then the words, and the bare status last."""
    doubtful: type[ProviderError] = OutcomeUnknown if paid else NotCharged
    codes = {said.code, said.kind}
    if status >= 500:
        return PromptRefused if codes & _REFUSED else doubtful
    if 300 <= status <= 399:
        # "Ask over there instead": nothing was done here, and a paid request is never sent to a second address. 303 says
        # that the request was carried out and its result lies elsewhere.
        return doubtful if status == 303 else RequestRejected
    if codes & _REFUSED:
        return PromptRefused
    if codes & _NO_CREDITS or status == 402:
        return NoCredits
    if codes & _BUSY:
        return RateLimited
    if codes & _BAD_KEY or status in (401, 407):
        return KeyRefused
    if status < 300:
        return doubtful  # it took the request, and what came of it no word of its tells
    if said.code == _NO_MODEL:
        return KeyRefused if only_model else RequestRejected
    if status == 429:
        return NoCredits if _EMPTY_PURSE.search(said.text) else RateLimited
    if status in (400, 403, 422) and not said.code:
        if _REFUSING.search(said.text):
            return PromptRefused
        if _EMPTY_PURSE.search(said.text):
            return NoCredits
    if status == 403:
        return KeyRefused
    return doubtful if status in (408, 409) else RequestRejected


def _refusal(
    exchange: Exchange,
    said: Said,
    server: Server,
    receipt: Receipt,
    cleaner: Cleaner,
    model: str,
    only_model: bool,
) -> ProviderError:
    status = exchange.status or 0
    meaning = _meaning(status, said, paid=server.paid, only_model=only_model)
    if meaning is RateLimited:
        text = f"{server.title} asks for a pause: too many requests just now."
        return RateLimited(text, retry_after=wait_of(exchange, said), receipt=receipt)
    if meaning is OutcomeUnknown or meaning is NotCharged:
        quoted = f" It said: {said.text}" if said.text else ""
        problem = said.code if _is_good(exchange) and said.code else f"status {status}"
        failed = f"{server.title} failed with {cleaner.line(problem, 100)}."
        if meaning is NotCharged:
            return NotCharged(f"{failed}{quoted}", retry_after=wait_of(exchange, Said()), receipt=receipt)
        return lost(server, f"{failed}{{}}{quoted}", receipt)
    return meaning(_sentence(meaning, status, said, server, cleaner, model), receipt=receipt)


def _sentence(
    meaning: type[ProviderError], status: int, said: Said, server: Server, cleaner: Cleaner, model: str
) -> str:
    title, words = server.title, server.words
    quoted = f" It said: {said.text}" if said.text else ""
    if meaning is PromptRefused:
        return _refused(said, server) + quoted
    if meaning is NoCredits:
        return f"{title} has no credit left for this key, or its spending limit is reached. Top up or raise it, then resume. {FREE}{quoted}"
    if said.code == _NO_MODEL:
        named = cleaner.line(model, 60)
        return f"{title} has no model “{named}”, or the key may not use it. Check {words.models}. {FREE}"
    if meaning is KeyRefused:
        if status == 403:
            return (
                f"{title} does not allow this key to make pictures. Check {words.key} and the account. {FREE}{quoted}"
            )
        return f"{title} did not accept the key. Check {words.key}. {FREE}"
    if 300 <= status <= 399:
        return f"The address in {words.url} sends requests on to another one. Set the final address. {FREE}"
    if status in (404, 405) and not said.text:
        return f"{title} has nothing at this address. Check {words.url}: it usually ends in /v1. {FREE}"
    where = "" if said.text else f" ({cleaner.line(said.code, 100) or f'status {status}'})"
    return f"{title} did not accept this request{where}. {FREE}{quoted}"


def _refused(said: Said, server: Server) -> str:
    why = f" ({', '.join(said.reasons)})" if said.reasons else ""
    if said.stage == "output":
        what = f"The safety check of {server.title} held back the finished picture{why}. Change the prompt before you try again."
    else:
        what = f"The safety check of {server.title} refused this prompt{why}. Change it before you try again."
    if not server.paid:
        return what
    cost = "Nothing was drawn, so it has most likely cost nothing." if said.stage == "input" else MAYBE
    return f"{what} {cost}"
