"""
Numbers of this process that nobody writes down: how often something happened since it started.

Anybody may ``count`` from any thread; ``counted`` is what the metrics read. Names and labels are the program's own words,
never a visitor's.
"""

from __future__ import annotations

import threading
from collections import Counter

Labels = tuple[tuple[str, str], ...]

_MOST = 500  # combinations of a name and its labels; more would mean that a label holds something of a visitor's
_lock = threading.Lock()
_counted: Counter[tuple[str, Labels]] = Counter()
_standing: dict[tuple[str, Labels], float] = {}


def count(name: str, amount: float = 1, **labels: str) -> None:
    """That much more of ``name``, such as ``count("refusals", code="queue_full")``."""
    key = (name, tuple(sorted(labels.items())))
    with _lock:
        if key in _counted or len(_counted) < _MOST:
            _counted[key] += amount  # type: ignore[assignment]


def stands(name: str, value: float, **labels: str) -> None:
    """``name`` is at ``value`` now, such as the number of open sockets."""
    key = (name, tuple(sorted(labels.items())))
    with _lock:
        if key in _standing or len(_standing) < _MOST:
            _standing[key] = value


def counted() -> dict[tuple[str, Labels], float]:
    with _lock:
        return dict(_counted)


def standing() -> dict[tuple[str, Labels], float]:
    with _lock:
        return dict(_standing)
