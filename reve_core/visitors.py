"""
Who is asking: visitors by cookie, programs by token, and how a visitor comes along to another device.

In personal mode everybody is the one owner; in public mode nobody is anybody until a cookie, a token or a pass says so.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reve_core.errors import BadInput
from reve_core.grants import ApiToken
from reve_core.guard.signing import Signer, hashed
from reve_core.models import PERSONAL
from reve_core.ports import AccessStore

_DAY_S = 24 * 3600
COOKIE = "reve_visitor"
# Browsers take this name from the very host, over https and for all paths only: no neighbour can plant it.
SECURE_COOKIE = "__Host-reve_visitor"
COOKIE_S = 400 * _DAY_S  # browsers keep no cookie longer
RENEW_S = 30 * _DAY_S  # an older cookie is signed anew: who comes back now and then stays the same visitor
SESSION_S = 7 * _DAY_S  # longer than a tab is left alone
RESUME_S = 30 * _DAY_S
PASS_S = 15 * 60

_VISITOR, _SESSION, _RESUME, _ADDRESS, _TAG = "visitor", "session", "resume", "address", "tag"
_TOKEN_PREFIX = "reve_"
_MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Visit:
    """A visitor as a cookie of that name tells it, signed ``age_s`` ago."""

    owner: str
    cookie: str
    age_s: float


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

    def visit(self, cookies: Mapping[str, str]) -> Visit | None:
        """The visitor among all the cookies of a request, None where there is none, or it is forged or too old."""
        for name in (SECURE_COOKIE, COOKIE):
            value = cookies.get(name)
            if value and (found := self._signer.read_dated(_VISITOR, value, max_age_s=COOKIE_S)):
                return Visit(found[0], name, found[1])
        return None

    def of_cookies(self, cookies: Mapping[str, str]) -> str | None:
        found = self.visit(cookies)
        return found.owner if found else None

    def session_pass(self, owner: str) -> str:
        """For a browser that sends no cookies back: what its page shows instead with each request of its own."""
        return self._signer.sign(_SESSION, owner)

    def of_session_pass(self, value: str | None) -> str | None:
        return self._signer.read(_SESSION, value, max_age_s=SESSION_S) if value else None

    def resume_pass(self, owner: str) -> str:
        """
        For a person to keep, where no cookie does: brings back this visitor, whoever opens it, for ``RESUME_S`` seconds.
        """
        return self._signer.sign(_RESUME, owner)

    def of_resume_pass(self, value: str | None) -> str | None:
        """None where it is forged, damaged or too old."""
        return self._signer.read(_RESUME, value, max_age_s=RESUME_S) if value else None

    def tag(self, owner: str) -> str:
        """Tells a page whether its requests are answered for the visitor it was drawn for. Says nothing about who."""
        return self._signer.derive(_TAG, owner)[:8]

    def key(self, name: str) -> str:
        """
        What opens one address below a door of pictures to a browser that sends no cookies, today and tomorrow.

        ``name`` is the end of the address: a picture's file, a job, an export. It stands in the address, so it opens
        nothing else.
        """
        return self._signer.derive(_ADDRESS, f"{self._day()}/{name}")

    def opens(self, key: str | None, name: str) -> bool:
        day = self._day()
        return key is not None and any(self._signer.derives(_ADDRESS, f"{each}/{name}", key) for each in (day, day - 1))

    # -- another device

    def hand_over(self, owner: str) -> str:
        """A token that makes one other browser the same visitor, once, within a quarter of an hour."""
        token = secrets.token_urlsafe(16)
        self._access.add_pass(hashed(token), owner=owner, until=self._now() + timedelta(seconds=PASS_S))
        return token

    def waiting(self, token: str) -> str | None:
        """Who would be taken over, without doing it; None where the token is used up, too old, or none of ours."""
        return self._access.find_pass(hashed(token), now=self._now())

    def take_over(self, token: str) -> str | None:
        """Who this browser is from now on, the first time; None ever after."""
        return self._access.take_pass(hashed(token), now=self._now())

    def forget_passes(self) -> int:
        """Forget those that nobody can use any more."""
        return self._access.forget_passes(now=self._now())

    # -- programs

    def make_token(self, name: str) -> tuple[ApiToken, str]:
        """A token for a program, shown this once. In public mode it has a gallery of its own. Raises BadInput."""
        if not 1 <= len(name.strip()) <= _MAX_NAME or not name.isprintable():
            raise BadInput(f"Give the token a name of 1 to {_MAX_NAME} printable characters.", "name")
        token_id, token = secrets.token_hex(6), _TOKEN_PREFIX + secrets.token_urlsafe(32)
        owner = f"t-{token_id}" if self.public else PERSONAL
        made = ApiToken(token_id, name.strip(), owner, self._now())
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

    def _day(self) -> int:
        return int(self._clock() // _DAY_S)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)
