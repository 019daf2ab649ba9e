"""The tables behind a public link: what is left for whom, who is shut out, what the moderation decided, live settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from reve_core.allowance import Standing, Terms
from reve_core.guarding import Audit, Ban, Verdicts
from reve_core.models import Job


class GuardStore(Protocol):
    """Beside a JobStore, in the same place. Raises the same errors."""

    # -- limits
    def standing(self, owner: str, terms: Terms) -> Standing:
        """What is left under these terms now. Reads only."""
        ...

    def turn_name(self, terms: Terms) -> str:
        """The name under which jobs queued on these terms would take their turn. Reads only."""
        ...

    def forget_limits(self, *, before_day: str, now: float) -> int:
        """Forget what no decision needs any more: budgets of earlier days, rates that have run out. Returns how many."""
        ...

    # -- bans
    def ban(self, ban: Ban) -> None:
        """Also changes one that is there."""
        ...

    def lift_ban(self, name: str) -> bool: ...

    def bans(self) -> list[Ban]:
        """The newest first, those that have run out left out."""
        ...

    # -- moderation
    def note(self, event: Verdicts) -> None:
        """One line of the moderation log."""
        ...

    def noted(self, *, before: int | None = None, limit: int = 50) -> list[Verdicts]:
        """Newest first, from the one that follows the number ``before``."""
        ...

    def forget_noted(self, *, before: datetime) -> int: ...

    def to_review(self, *, limit: int = 50) -> list[Job]:
        """Jobs of everybody that wait for the operator, oldest first."""
        ...

    def approve(self, job_id: str) -> bool:
        """Let a job that waits for review take its turn. False where it does not wait for that."""
        ...

    def reject(self, job_id: str, message: str) -> bool:
        """End it in ``failed`` with the code ``blocked``; its prompt is forgotten."""
        ...

    # -- hiding
    def hide_job(self, job_id: str, on: bool) -> bool:
        """Off every screen, its links too; its owner cannot bring it back. False where nothing changed."""
        ...

    def hide_share(self, share_id: str, on: bool) -> bool:
        """The link opens nothing meanwhile. False where nothing changed."""
        ...

    # -- settings that the operator changes while the app runs
    def overrides(self) -> dict[str, str]: ...

    def override(self, name: str, value: str | None) -> None:
        """None: as the settings say."""
        ...

    def audit(self, entry: Audit) -> None: ...

    def audited(self, *, limit: int = 100) -> Sequence[Audit]:
        """Newest first."""
        ...
