"""One at a time, in the order of coming, and whoever waits can be told so or leave."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOOK_S = 0.1


class Turn:
    def __init__(self) -> None:
        self._line: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, waiting: Callable[[], None]) -> Iterator[None]:
        """``waiting`` is called now and then until it is our turn; to leave the line it raises."""
        me = object()
        with self._changed:
            self._line.append(me)
        try:
            while not self._has_come(me):
                waiting()
            yield
        finally:
            with self._changed:
                self._line.remove(me)
                self._changed.notify_all()

    def _has_come(self, me: object) -> bool:
        with self._changed:
            if self._line[0] is not me:
                self._changed.wait(_LOOK_S)
            return self._line[0] is me


_turns: weakref.WeakValueDictionary[str, Turn] = weakref.WeakValueDictionary()
_guard = threading.Lock()


def turn_at(device: str) -> Turn:
    """The turn of that device: two providers on one card take turns as well."""
    with _guard:
        turn = _turns.get(device)
        if turn is None:
            turn = _turns[device] = Turn()
        return turn
