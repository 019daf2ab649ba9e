"""Token buckets by name, in bounded memory: how often, or how much, within which time."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MOST = 10_000


class Buckets:
    """
    ``burst`` at once, ``per_s`` more each second; ``per_s`` 0: no limit.

    Each name costs one number: the time at which its bucket is full again. Of more than ``most`` names the one that was
    heard of longest ago is forgotten, which fills its bucket.

    Source: the virtual scheduling of GCRA, ITU-T I.371, annex A.
    """

    def __init__(
        self, per_s: float, burst: float, *, most: int = MOST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._each_s = 1 / per_s if per_s > 0 else 0.0
        self._room_s = burst * self._each_s
        self._most = most
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, name: str, amount: float = 1.0) -> float:
        """Take that much and return 0; or leave the bucket as it is and return the seconds until there is enough."""
        wait_s = self.wait_s(name, amount)
        if not wait_s and self._each_s:
            now = self._clock()
            self._full_at[name] = max(self._full_at.get(name, now), now) + amount * self._each_s
            self._full_at.move_to_end(name)
            while len(self._full_at) > self._most:
                self._full_at.popitem(last=False)
        return wait_s

    def wait_s(self, name: str, amount: float = 1.0) -> float:
        """The seconds until that much could be taken, 0 for now. More than the bucket holds never fits: infinity."""
        if not self._each_s:
            return 0.0
        cost_s = amount * self._each_s
        if cost_s > self._room_s:
            return float("inf")
        now = self._clock()
        return max(0.0, max(self._full_at.get(name, now), now) + cost_s - now - self._room_s)

    def __len__(self) -> int:
        return len(self._full_at)
