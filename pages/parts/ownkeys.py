"""
A visitor's own provider key: taken from the form, kept in this process's memory, and here known by a name only.

It is forgotten with the session, by the button, or after half a day, whichever comes first; see ``reve_core.ownkeys``.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

from pages.parts.me import me, own_keys
from reve_core import bootstrap
from reve_core.errors import BadInput, ReveError
from reve_core.models import ModelInfo
from reve_core.ownkeys import OwnKeys

GONE = "Your key is not kept here any more. Enter it again."


class Kept:
    """Ends with the session that holds it, and the key with it."""

    def __init__(self, keys: OwnKeys, name: str) -> None:
        self.name = name
        self.forget = weakref.finalize(self, keys.forget, name)


def act(sent: object) -> dict[str, Any] | None:
    """
    What the form asks for: ``{"do": "keep", "provider": …, "key": …}`` or ``{"do": "forget", …}``. Returns the answer,
    without the key, or None where nothing was asked for. It is a stranger's JSON: anything may be in it.
    """
    keys = bootstrap.get().own_keys
    if keys is None or not isinstance(sent, Mapping) or not isinstance(provider := sent.get("provider"), str):
        return None
    answer: dict[str, Any] = {"n": sent.get("n")}
    try:
        match sent.get("do"):
            case "keep" if isinstance(key := sent.get("key"), str):
                _keep(keys, provider, key)
                answer["said"] = "Your key is kept until you leave."
            case "forget":
                if (kept := own_keys().pop(provider, None)) is not None:
                    kept.forget()
                answer["said"] = "Your key is forgotten."
            case _:
                return None
    except ReveError as exc:
        answer["problem"] = str(exc)
    return answer


def paying() -> frozenset[str]:
    """The providers that this visitor's own keys pay for. A key that has gone by itself is taken off the list."""
    keys = bootstrap.get().own_keys
    found = set()
    for provider, kept in list(own_keys().items()):
        try:
            if keys is not None:
                keys.check(kept.name, owner=me(), provider=provider)
                found.add(provider)
        except BadInput:
            del own_keys()[provider]
    return frozenset(found)


def offer(provider: str, title: str, model: ModelInfo, paid: frozenset[str]) -> dict[str, Any] | None:
    """What the form says of own keys beside this model; None where it takes none."""
    able = model.capabilities.own_key
    if able == "no" or bootstrap.get().own_keys is None:
        return None
    return {"provider": provider, "title": title, "kept": provider in paid, "must": able == "must"}


def _keep(keys: OwnKeys, provider: str, key: str) -> None:
    studio = bootstrap.get()
    view = next((view for view in studio.catalogue.providers() if view.name == provider), None)
    if view is None or all(model.capabilities.own_key == "no" for model in view.models):
        raise BadInput("No key is needed for that.", "own_key")
    kept = Kept(keys, keys.keep(me(), provider, key))
    if (before := own_keys().get(provider)) is not None:
        before.forget()
    own_keys()[provider] = kept
