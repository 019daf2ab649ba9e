"""
What a look at the balance says, as one sentence.

Source: reve-ai/reve-sdk (``GET /api/misc/balance`` answers ``{budget_id, new_balance}``).
"""

from __future__ import annotations

from reve_core.errors import KeyRefused, NoCredits, OutcomeUnknown, ProviderError, RateLimited, ServiceClosed
from reve_core.models import Picture
from reve_core.ports import Health
from reve_core.providers.reve import answer as answers
from reve_core.providers.reve import outcomes
from reve_core.providers.reve.catalogue import ROUTES
from reve_core.providers.wire.exchange import Exchange
from reve_core.providers.wire.plain import Cleaner


def health_of(exchange: Exchange, cleaner: Cleaner) -> Health:
    if exchange.status is None:
        problem = exchange.detail or "it gave no answer"
        return Health(ok=False, text=f"Reve could not be reached: {problem}. Check REVE_API_URL and the network.")
    answer = answers.read(exchange.body, cleaner) if exchange.fault is None else None
    if exchange.status == 200 and answer is not None and not exchange.headers.get("x-reve-error-code"):
        balance = answers.number(answer.fields.get("new_balance"))
        if balance is not None:
            return Health(ok=True, text=_balance_in_words(balance), credits_left=balance)
    if exchange.status == 404 and answer is not None and answer.fields and not answer.fields.get("error_code"):
        return Health(ok=True, text="A gateway answers. It tells no balance, so the key was not tried.")
    return Health(ok=False, text=_trouble_in_words(exchange, outcomes.picture_or_error(exchange, cleaner)))


def _balance_in_words(balance: float) -> str:
    price = ROUTES[0].info.capabilities.price.credits
    few = "" if balance >= price else f", too few for one {ROUTES[0].info.title} picture ({price})"
    return f"Reve accepts the key; {balance:,.0f} credits are left{few}."


def _trouble_in_words(exchange: Exchange, result: Picture | ProviderError) -> str:
    if isinstance(result, ServiceClosed):
        return outcomes.CLOSED
    if isinstance(result, KeyRefused):
        return "Reve does not accept the key. Check REVE_API_KEY."
    if isinstance(result, NoCredits):
        return "Reve has no credits left. Top up."
    if isinstance(result, RateLimited):
        return "Reve asks for a pause: too many requests just now."
    if exchange.status is not None and exchange.status >= 500 and isinstance(result, OutcomeUnknown):
        return f"Reve has trouble of its own just now (status {exchange.status}). Try again later."
    return f"What answers there does not speak like the Reve API (status {exchange.status}). Check REVE_API_URL."
