"""Whom to tell that a job has ended."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from reve_core.grants import Callback


class Outbox(Protocol):
    """
    Orders put their ``callback_url`` in; a job that ends makes its callback due. Safe from many processes at once.

    A job that ends in another way than was told is told again, with another callback id: one that a person sends round
    again, and an ``unknown`` one that is lifted or given up. One in the trash is not told, one that was purged never.
    """

    def due_callbacks(self, *, lease_s: float, limit: int = 20, skip: Collection[str] = ()) -> list[Callback]:
        """
        Callbacks of ended jobs that are due, taken for ``lease_s``: nobody else is given them meanwhile, and after that
        they are due again, with the same id and ``attempt`` one higher. Those whose URL begins with one of ``skip`` are
        left alone.
        """
        ...

    def told(self, callback: Callback, *, why_not: str | None = None) -> None:
        """The receiver has it, or never will for the reason given: this end of the job is not due again."""
        ...

    def tell_later(self, callback: Callback, *, delay_s: float, why: str) -> None:
        """Due again after ``delay_s``. Changes nothing where somebody else has taken it since, or the job's end is another."""
        ...
