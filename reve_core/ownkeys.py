"""
Visitors' own provider keys: in this process's memory, for as long as their session lasts, and nowhere else.

A job carries a name that stands for the key. When the key is gone, because the session ended or the app was started anew,
the job fails with words and nothing was sent.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from pydantic import SecretStr

from reve_core.errors import BadInput

_KEPT_S = 12 * 3600.0
_MOST = 5_000
_MAX_CHARS = 400


@dataclass(frozen=True, slots=True)
class _Kept:
    owner: str
    provider: str
    key: SecretStr
    until: float


class OwnKeys:
    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def keep(self, owner: str, provider: str, key: str) -> str:
        """The name that stands for the key from now on. Raises BadInput, which never repeats it."""
        key = key.strip()
        if not key or len(key) > _MAX_CHARS or not key.isascii() or not key.isprintable() or " " in key:
            raise BadInput("That does not look like a key. Copy it again from your provider's page.", "own_key")
        name = f"k-{secrets.token_urlsafe(12)}"
        with self._guard:
            self._forget_old()
            while len(self._kept) >= _MOST:
                self._kept.popitem(last=False)
            self._kept[name] = _Kept(owner, provider, SecretStr(key), time.monotonic() + _KEPT_S)
        return name

    def find(self, name: str) -> SecretStr | None:
        with self._guard:
            found = self._kept.get(name)
        return found.key if found is not None and found.until > time.monotonic() else None

    def check(self, name: str, *, owner: str, provider: str) -> None:
        """Raises BadInput where that name stands for no key of theirs for that provider any more."""
        with self._guard:
            found = self._kept.get(name)
        if found is None or found.until <= time.monotonic() or (found.owner, found.provider) != (owner, provider):
            raise BadInput("Your key is not kept here any more. Enter it again.", "own_key")

    def forget(self, name: str) -> None:
        with self._guard:
            self._kept.pop(name, None)

    def forget_owner(self, owner: str) -> None:
        """All of theirs."""
        with self._guard:
            for name in [name for name, kept in self._kept.items() if kept.owner == owner]:
                del self._kept[name]

    def _forget_old(self) -> None:
        now = time.monotonic()
        for name in [name for name, kept in self._kept.items() if kept.until <= now]:
            del self._kept[name]
