"""Who gives the job core its threads, and who knows which workers are dead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

Work = Callable[[], None]
Look = Callable[[], Work | None]


class Engine(Protocol):
    """
    Gives the job core its threads. Wake-ups are anonymous hints: lost, late or repeated ones do no harm.
    """

    def start(self, look: Look, timers: Mapping[Callable[[], None], float]) -> None:
        """
        Call ``look``, one at a time, while slots are free: it returns what there is to do, to be done in that slot, or
        None. After None nobody looks again before a wake-up or the end of some work (or for about a second).

        ``timers`` maps a function to the seconds between its calls. One that takes long delays neither the others nor
        the work.
        """
        ...

    def wake(self) -> None: ...

    def offload(self, step: Callable[[], None]) -> None:
        """
        Run a CPU-heavy step on one of a few threads and return at once; blocks while too many wait.
        """
        ...

    def drain(self) -> None:
        """Stop calling ``look`` from now on. Returns at once and takes no lock: a signal handler may call it."""
        ...

    def stop(self, grace_s: float) -> bool:
        """
        Stop calling ``look``, let what runs finish for at most ``grace_s`` seconds. True when everything finished.
        """
        ...


class Presence(Protocol):
    """Who is certainly dead. Saying nobody is dead is always allowed: leases then run out by time."""

    def announce(self, worker: str) -> None: ...

    def is_dead(self, worker: str) -> bool: ...

    def leave(self, worker: str) -> None: ...

    def forget(self, leased: set[str]) -> None:
        """Dead workers that are not in ``leased`` need not be remembered any longer."""
        ...
