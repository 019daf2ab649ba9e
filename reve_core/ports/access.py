"""Who may come in by which door: share links, API tokens, passes to another device."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from reve_core.grants import ApiToken, Share


class AccessStore(Protocol):
    """
    Secrets come and are looked up as hashes only (hex of SHA-256); whoever reads the database can open nothing.

    Raises the same errors as a JobStore.
    """

    # -- share links
    def add_share(self, share: Share, token_hash: str) -> None: ...

    def share_of_token(self, token_hash: str) -> Share | None:
        """Also one that was revoked or has expired: the caller tells the two from one that never was."""
        ...

    def share(self, share_id: str, *, owner: str) -> Share | None: ...

    def shares(self, owner: str, *, before: str | None = None, limit: int = 50) -> list[Share]:
        """Newest first, from the one that follows the share with the id ``before``."""
        ...

    def revoke_share(self, share_id: str, *, owner: str, at: datetime) -> bool:
        """False where there is no such share of theirs, or it was revoked before."""
        ...

    def count_view(self, share_id: str) -> None: ...

    # -- API tokens
    def add_token(self, token: ApiToken, token_hash: str) -> None: ...

    def token(self, token_hash: str) -> ApiToken | None:
        """None also where it was revoked."""
        ...

    def tokens(self) -> list[ApiToken]:
        """All, the newest first, revoked ones too."""
        ...

    def revoke_token(self, token_id: str, *, at: datetime) -> bool: ...

    # -- one-time passes
    def add_pass(self, token_hash: str, *, owner: str, until: datetime) -> None: ...

    def forget_passes(self, *, now: datetime) -> int:
        """Forget passes that were taken or are past their ``until``; returns how many."""
        ...

    def find_pass(self, token_hash: str, *, now: datetime) -> str | None:
        """The owner that ``take_pass`` would give, without taking it."""
        ...

    def take_pass(self, token_hash: str, *, now: datetime) -> str | None:
        """The owner, the first time and before ``until``; None ever after. Two takers never both get it."""
        ...
