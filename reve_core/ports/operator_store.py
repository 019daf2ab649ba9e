"""What the operator looks at across all visitors, and copies of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from reve_core.grants import Share
from reve_core.guarding import Failing, Snapshot, Spender, Spent, Waiting, Whence, Working
from reve_core.models import Job


class OperatorStore(Protocol):
    """Beside a JobStore, in the same place. Raises the same errors. Reads only, but for ``copy_to``'s own file."""

    # -- money
    def spent(self, *, since: datetime) -> list[Spent]:
        """By day and provider, the oldest day first. What visitors paid with keys of their own is not in it."""
        ...

    def spenders(self, *, day: str, since_day: str, limit: int = 20) -> list[Spender]:
        """Who was charged most since ``since_day``, and how much of that on ``day``; both UTC."""
        ...

    def charged(self, day: str) -> float:
        """What the link's budget of that day has been charged with so far, what is reserved included."""
        ...

    def reserved(self) -> float:
        """Credits that are reserved for jobs under way."""
        ...

    # -- work
    def waiting(self) -> list[Waiting]: ...

    def working(self) -> list[Working]:
        """The longest first."""
        ...

    def failing(self, *, now: datetime) -> list[Failing]:
        """Of the last 24 hours and 7 days, by hours begun; the most frequent first."""
        ...

    def credits_left(self) -> dict[str, float]:
        """What each provider has last said is left on the link's account there."""
        ...

    # -- who and what
    def owners(self) -> list[str]:
        """Everybody of whom there is a job."""
        ...

    def whence(self, job_id: str) -> Whence | None: ...

    def newest(self, *, limit: int = 24) -> list[Job]:
        """Finished pictures of everybody that can be seen by their owners, newest first."""
        ...

    def hidden(self) -> list[Job]:
        """Pictures off all screens, the latest first."""
        ...

    def hidden_ids(self) -> frozenset[str]: ...

    def any_share(self, share_id: str) -> Share | None: ...

    def shares_of(self, job_id: str) -> list[Share]:
        """The links to a picture that were not taken back by their owner, newest first."""
        ...

    def hidden_shares(self) -> list[Share]: ...

    # -- copies
    def copy_to(self, file: Path) -> None:
        """A consistent copy of everything as it is now, into a new file; writers are not held up. Raises StoreError."""
        ...

    def look_into(self, copy: Path) -> Snapshot:
        """What a file holds that is said to be such a copy. Changes nothing, never raises for what is in it."""
        ...

    def pictures_in(self, copy: Path) -> Iterator[str]:
        """The blob keys of the pictures and thumbnails that a sound copy speaks of."""
        ...
