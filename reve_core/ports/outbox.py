"""Whom to tell that a job has ended."""

from __future__ import annotations

from typing import Protocol

from reve_core.grants import Callback


class Outbox(Protocol):
    """
    Orders put their ``callback_url`` in; a job that ends makes its callback due. Safe from many processes at once.

    A job that a person sends round again and that ends again is told again, with another callback id.
    """

    def due_callbacks(self, *, lease_s: float, limit: int = 20) -> list[Callback]:
        """Callbacks of ended jobs that are due, taken for ``lease_s``: nobody else is given them meanwhile."""
        ...

    def told(self, callback: Callback) -> None:
        """The receiver has it, or never will: it is not due again."""
        ...

    def tell_later(self, callback: Callback, *, delay_s: float, why: str) -> None: ...
