"""What a look at fal says, as one sentence."""

from __future__ import annotations

from reve_core.ports import Health
from reve_core.providers.fal import answer as answers
from reve_core.providers.wire.exchange import Exchange
from reve_core.providers.wire.plain import Cleaner


def health_of(seen: Exchange, cleaner: Cleaner) -> Health:
    """``seen`` is the answer to how a request stands that nobody ever made."""
    status = seen.status
    if status is None:
        problem = seen.detail or "it gave no answer"
        return Health(
            ok=False, text=f"fal could not be reached: {problem}. Check the network, and base_url if you set it."
        )
    fields = answers.fields_of(seen, cleaner)
    words = answers.trouble_of(seen, fields, cleaner).words
    if status == 401:
        return Health(ok=False, text="fal does not accept the key. Check REVE_FAL_KEY.")
    if status == 403:
        said = f" It said: {words}" if words else ""
        return Health(ok=False, text=f"fal does not let this key in. Check the account and REVE_FAL_KEY.{said}")
    if status == 429:
        return Health(ok=False, text="fal asks for a pause: too many requests just now.")
    if status >= 500:
        return Health(ok=False, text=f"fal has trouble of its own just now (status {status}). Try again later.")
    if fields is not None and ("detail" in fields or "status" in fields):
        return Health(
            ok=True,
            text="fal answers and does not refuse the key. It tells no balance: whether there is credit was not tried.",
        )
    return Health(
        ok=False, text=f"What answers there does not speak like fal's queue (status {status}). Check base_url."
    )
