"""
What ``GET /models`` says: which models there are, and in words how the server is. Costs nothing.

A gateway lists every model that it knows, most of which talk rather than draw, and nothing in the answer tells them apart.
So where some have a name that picture models have, only those are taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from reve_core.ports import Health
from reve_core.providers.openai.options import Server
from reve_core.providers.openai.outcomes import said_in
from reve_core.providers.wire.encoded import json_object
from reve_core.providers.wire.exchange import Exchange
from reve_core.providers.wire.plain import Cleaner

PATH = "/models"
_MOST = 24  # models offered; a longer choice is none
_SHOWN = 4
_DRAWS = re.compile(
    r"image|flux|diffusion|dall-?e|dreamshaper|sdxl|sd[-_.]?\d|sd-?turbo|pixart|kandinsky|hidream|playground-v|recraft|"
    r"ideogram|z-image|kolors|auraflow|sana|reve",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Listed:
    """``ids`` as the server gives them; None where what answered was no list of models."""

    ids: tuple[str, ...] | None


def listed_in(exchange: Exchange) -> Listed:
    if exchange.status != 200 or exchange.fault is not None:
        return Listed(None)
    fields = json_object(exchange.body)
    entries: Any = None if fields is None else fields.get("data", fields.get("models"))
    if not isinstance(entries, list):
        return Listed(None)
    ids = [one if isinstance(one, str) else one.get("id") or one.get("name") for one in entries if _is_entry(one)]
    sound = (name for name in ids if isinstance(name, str) and 0 < len(name) <= 200 and name.isprintable())
    return Listed(tuple(dict.fromkeys(sound)))


def drawing(ids: tuple[str, ...], family: tuple[str, ...], usual: str) -> tuple[str, ...]:
    """Those that draw, as far as their names tell, the usual one first."""
    if family:
        found = [name for name in ids if name.startswith(family)]
    else:
        found = [name for name in ids if _DRAWS.search(name)] or list(ids)
    found.sort(key=lambda name: name != usual)
    return tuple(found[:_MOST])


def health_of(
    exchange: Exchange, listed: Listed, server: Server, cleaner: Cleaner, *, with_v1: bool, wanted: tuple[str, ...]
) -> Health:
    """``with_v1``: the same question behind ``/v1`` was answered. ``wanted`` are the models that somebody configured."""
    title, words = server.title, server.words
    if exchange.status is None:
        problem = exchange.detail or "it gave no answer"
        return _no(f"{title} could not be reached: {problem}. Check {words.url} and the network.")
    if listed.ids is not None:
        return _of_list(listed.ids, server, cleaner, wanted)
    said = said_in(exchange, cleaner)
    if exchange.status in (401, 407):
        missing = "asks for a key" if server.key is None else "does not accept the key"
        return _no(f"{title} {missing}. Check {words.key}.")
    if exchange.status == 403:
        return _no(f"{title} does not allow this key to look at its models. Check {words.key} and the account.")
    if exchange.status == 429:
        return _no(f"{title} asks for a pause: too many requests just now.")
    if exchange.status >= 500:
        return _no(f"{title} has trouble of its own just now (status {exchange.status}). Try again later.")
    if with_v1:
        return _no(f"The address in {words.url} lacks its end. Write {server.base_url}/v1.")
    if exchange.status in (404, 405, 501) and not _is_page(exchange):
        return Health(
            ok=True, text=f"{title} answers. It lists no models, so neither the model nor the key could be tried."
        )
    quoted = f" It said: {said.text}" if said.text else ""
    return _no(
        f"What answers there does not speak like an images server (status {exchange.status}). "
        f"Check {words.url}: it usually ends in /v1.{quoted}"
    )


def _of_list(ids: tuple[str, ...], server: Server, cleaner: Cleaner, wanted: tuple[str, ...]) -> Health:
    title = server.title
    accepts = f"{title} accepts the key" if server.key is not None else f"{title} answers"
    missing = [name for name in wanted if name not in ids]
    if missing and server.profile.has_model and not any("*" in name for name in ids):
        shown = _few(drawing(ids, server.profile.family, server.profile.model) or ids, cleaner)
        named = cleaner.line(missing[0], 60)
        has = f"It has {shown}." if shown else "It has none at all."
        return _no(f"{accepts}, but has no model “{named}”. {has} Check {server.words.models}.")
    if wanted:
        return Health(ok=True, text=f"{accepts} and has {_few(wanted, cleaner)}.")
    found = drawing(ids, server.profile.family, server.profile.model)
    if not found:
        if server.profile.needs_model:
            return _no(f"{accepts}, but lists no model that draws. Name one in {server.words.models}.")
        return Health(ok=True, text=f"{accepts}. It lists no model, so its own is used.")
    return Health(ok=True, text=f"{accepts} and has {_few(found, cleaner)}.")


def _few(names: tuple[str, ...], cleaner: Cleaner) -> str:
    shown = [cleaner.line(name, 60) for name in names[:_SHOWN]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _is_entry(one: object) -> bool:
    return isinstance(one, str | dict)


def _is_page(exchange: Exchange) -> bool:
    """An HTML page: some other web server."""
    begin = bytes(exchange.body[:200]).lstrip().lower()
    return begin.startswith(b"<") or "html" in exchange.headers.get("content-type", "").lower()


def _no(text: str) -> Health:
    return Health(ok=False, text=text)
