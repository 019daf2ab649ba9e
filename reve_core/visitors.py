"""
Who is asking: visitors by cookie, programs by token, and how a visitor comes along to another device.

In personal mode everybody is the one owner; in public mode nobody is anybody until a cookie, a token or a pass says so.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from reve_core.grants import ApiToken
from reve_core.guard.signing import Signer, hashed
from reve_core.models import PERSONAL
from reve_core.ports import AccessStore

COOKIE = "reve_visitor"
SECURE_COOKIE = (
    "__Host-reve_visitor"  # browsers take it from this very host over https only, so no neighbour can plant it
)
COOKIE_S = 400 * 24 * 3600  # browsers keep no cookie longer
SESSION_S = 24 * 3600
PASS_S = 15 * 60

_VISITOR, _SESSION = "visitor", "session"
_TOKEN_PREFIX = "reve_"


class Visitors:
    def __init__(
        self, *, access: AccessStore, signer: Signer, public: bool, clock: Callable[[], float] = time.time
    ) -> None:
        self.public = public
        self._access = access
        self._signer = signer
        self._clock = clock

    # -- browsers

    def new(self) -> str:
        """An owner that nobody has been yet."""
        return PERSONAL if not self.public else f"v-{secrets.token_urlsafe(18)}"

    def cookie(self, owner: str) -> str:
        """The value of the cookie that makes a browser this visitor."""
        return self._signer.sign(_VISITOR, owner)

    def of_cookie(self, value: str | None) -> str | None:
        """The visitor, None where the cookie is missing, forged or too old."""
        return self._signer.read(_VISITOR, value, max_age_s=COOKIE_S) if value else None

    def of_cookies(self, cookies: Mapping[str, str]) -> str | None:
        """The visitor among all the cookies of a request."""
        return self.of_cookie(cookies.get(SECURE_COOKIE)) or self.of_cookie(cookies.get(COOKIE))

    def session_pass(self, owner: str) -> str:
        """For a browser that sends no cookies back: what its page shows instead with each request of its own."""
        return self._signer.sign(_SESSION, owner)

    def of_session_pass(self, value: str | None) -> str | None:
        return self._signer.read(_SESSION, value, max_age_s=SESSION_S) if value else None

    # -- another device

    def hand_over(self, owner: str) -> str:
        """A token that makes one other browser the same visitor, once, within a quarter of an hour."""
        token = secrets.token_urlsafe(16)
        self._access.add_pass(hashed(token), owner=owner, until=self._now() + timedelta(seconds=PASS_S))
        return token

    def take_over(self, token: str) -> str | None:
        return self._access.take_pass(hashed(token), now=self._now())

    # -- programs

    def make_token(self, name: str) -> tuple[ApiToken, str]:
        """A token for a program, shown this once. In public mode it has a gallery of its own."""
        token_id, token = secrets.token_hex(6), _TOKEN_PREFIX + secrets.token_urlsafe(32)
        owner = f"t-{token_id}" if self.public else PERSONAL
        made = ApiToken(token_id, name, owner, self._now())
        self._access.add_token(made, hashed(token))
        return made, token

    def of_token(self, token: str) -> str | None:
        """The owner a token acts for, None where it is unknown or revoked."""
        found = self._access.token(hashed(token))
        return found.owner if found else None

    def tokens(self) -> list[ApiToken]:
        return self._access.tokens()

    def revoke_token(self, token_id: str) -> bool:
        return self._access.revoke_token(token_id, at=self._now())

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)
