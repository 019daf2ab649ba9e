"""
When to misbehave: ``{"name": "rate_limited", "times": 3, "seconds": 2}``.

Options of every rule: ``times`` (how often, default 1, 0 for ever), ``after`` (let so many matching requests pass
first), ``for_s`` (from its first use on, for so many seconds, however often), ``path`` (default: the create calls),
``charge`` (whether the till rings; each fault has its own default).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from tests.standin import api
from tests.standin.faults import FAULTS, Fault


class Faults:
    """
    The rules in force. The first one that matches a request is used up by one. ``known`` are the faults there are, and
    ``is_paid`` says which paths are meant where a rule names none.
    """

    def __init__(
        self, known: Mapping[str, Fault] = FAULTS, is_paid: Callable[[str], bool] = api.CREATE.__contains__
    ) -> None:
        self.known = known
        self._is_paid = is_paid
        self._lock = threading.Lock()
        self._rules: list[dict[str, Any]] = []

    def add(self, name: str, **options: Any) -> None:
        if name not in self.known:
            raise ValueError(f"No such fault: {name!r}. There are {', '.join(sorted(self.known))}.")
        with self._lock:
            self._rules.append({"name": name, "times": 1, "after": 0, **options})

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def rules(self) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(rule) for rule in self._rules]

    def take(self, path: str) -> dict[str, Any] | None:
        with self._lock:
            for rule in self._rules:
                if not (path == rule["path"] if "path" in rule else self._is_paid(path)):
                    continue
                if rule["after"] > 0:
                    rule["after"] -= 1
                    continue
                if "for_s" in rule:
                    now = time.monotonic()
                    rule.setdefault("until", now + rule["for_s"])
                    if now >= rule["until"]:
                        self._rules.remove(rule)
                        return None
                elif rule["times"]:
                    rule["times"] -= 1
                    if not rule["times"]:
                        self._rules.remove(rule)
                return dict(rule)
        return None
