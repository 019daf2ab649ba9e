"""When to try again by ourselves: a value, not a loop. Only failures that provably cost nothing get here."""

import random
from dataclasses import dataclass, field

LONGEST_WAIT_S = 600.0  # no answer of a provider makes us wait longer without looking again


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """``max_tries`` counts the first one. Waits double from ``base_s``, spread by up to a quarter either way."""

    max_tries: int = 3
    base_s: float = 2.0
    jitter: random.Random = field(default_factory=random.Random, repr=False)

    def delay(self, tries: int, retry_after: float | None = None) -> float | None:
        """Seconds to wait after the ``tries``-th try failed (from 1), or None when that was the last one."""
        if tries >= self.max_tries:
            return None
        if retry_after is not None:
            return clamped(retry_after)
        wait: float = self.base_s * 2.0 ** (tries - 1)
        return wait * self.jitter.uniform(0.75, 1.25)


def clamped(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT_S)
