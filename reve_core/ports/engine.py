"""Who gives the job core its threads, and who knows which workers are dead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol


class Engine(Protocol):
    """
    Gives the job core its threads. Wake-ups are anonymous hints: lost, late or repeated ones do no harm.
    """

    def start(self, work: Callable[[], bool], timers: Mapping[Callable[[], None], float]) -> None:
        """
        Call ``work`` from each slot until it returns False, then wait for a wake-up (or at most about a second).

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
        """Stop calling ``work`` from now on. Returns at once and takes no lock: a signal handler may call it."""
        ...

    def stop(self, grace_s: float) -> bool:
        """
        Stop calling ``work``, let what runs finish for at most ``grace_s`` seconds. True when everything finished.
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
