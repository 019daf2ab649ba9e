"""
Who may act as the operator: whoever knows the token, or signs in with an e-mail address on the list.

Nothing of this is kept on disk. A session is a value that the page keeps for one browser tab; it ends by itself, and with the
token or the place on the list that opened it.
"""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from pydantic import SecretStr

from reve_core.errors import LimitReached, NotAllowed, UnsafeConfiguration
from reve_core.guard.address import prefix_of

SHORTEST = 24  # letters of a token
TRIES, WINDOW_S = 5, 600.0
LASTS_S = 8 * 3600.0
_DIFFERENT = 8  # letters; one drawn at random has twice as many
_REMEMBERED = 4096  # addresses
_TOKEN = "token"


@dataclass(frozen=True, slots=True)
class Session:
    """``who``: "token", or an e-mail address. ``until`` is on the clock of the ``Entry`` that made it."""

    who: str
    seal: str
    until: float


class Entry:
    """``clock`` gives seconds and never goes back. Raises UnsafeConfiguration for a token that could be guessed."""

    def __init__(
        self, *, token: SecretStr | None = None, emails: Iterable[str] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        text = token.get_secret_value() if token is not None else ""
        if text and (len(text) < SHORTEST or len(set(text)) < _DIFFERENT):
            raise UnsafeConfiguration(
                f"REVE_OPERATOR_TOKEN is too short, or too even, to be safe: it needs {SHORTEST} characters. Make one with "
                '`python -c "import secrets; print(secrets.token_urlsafe(32))"` and keep it.'
            )
        self._digest = _digest(text) if text else ""
        self._emails = frozenset(each.strip().casefold() for each in emails if each.strip())
        self._clock = clock
        self._guard = threading.Lock()
        self._wrong: dict[str, list[float]] = {}

    @property
    def takes_token(self) -> bool:
        return bool(self._digest)

    @property
    def takes_emails(self) -> bool:
        return bool(self._emails)

    def by_token(self, typed: str, address: str) -> Session:
        """
        Raises NotAllowed for a wrong one, and LimitReached for whoever has typed too many wrong ones: for an address, of
        IPv6 a /64 network, ``TRIES`` in ``WINDOW_S`` seconds.
        """
        whose = prefix_of(address)
        with self._guard:
            self._check_tries(whose)
            # One at a time: of many that come at once, none is compared beyond the limit.
            if self._digest and hmac.compare_digest(_digest(typed.strip()), self._digest):
                self._wrong.pop(whose, None)
                return Session(_TOKEN, self._digest, self._clock() + LASTS_S)
            left = self._count_wrong(whose)
        if left == 0:
            raise self._too_many(WINDOW_S)
        raise NotAllowed(f"That is not the operator's token. {left} {'try is' if left == 1 else 'tries are'} left.")

    def by_email(self, email: str, *, verified: bool) -> Session:
        """Raises NotAllowed."""
        plain = email.strip().casefold()
        if not self.lists(email):
            raise NotAllowed("This address is not on the operators' list. Sign out and use another account.")
        if not verified:
            raise NotAllowed("Your provider does not say that this address is verified, so it proves nothing here.")
        return Session(plain, "", self._clock() + LASTS_S)

    def lists(self, email: str) -> bool:
        return email.strip().casefold() in self._emails

    def who(self, session: object) -> str | None:
        """Whose session this is; None where it has ended, or is none of ours."""
        if not isinstance(session, Session) or session.until <= self._clock():
            return None
        if session.who == _TOKEN:
            known = bool(self._digest) and hmac.compare_digest(session.seal, self._digest)
            return _TOKEN if known else None
        return session.who if session.who in self._emails else None

    def left_s(self, session: Session) -> float:
        """Seconds until a session ends."""
        return max(0.0, session.until - self._clock())

    def wait_s(self, address: str) -> float:
        """Seconds until somebody from there may try again; 0: now."""
        with self._guard:
            tries = self._recent(prefix_of(address))
            return WINDOW_S - (self._clock() - tries[0]) if len(tries) >= TRIES else 0.0

    def _check_tries(self, whose: str) -> None:
        tries = self._recent(whose)
        if len(tries) >= TRIES:
            raise self._too_many(WINDOW_S - (self._clock() - tries[0]))

    def _count_wrong(self, whose: str) -> int:
        """How many more there are."""
        tries = [*self._recent(whose), self._clock()]
        self._wrong.pop(whose, None)
        while len(self._wrong) >= _REMEMBERED:
            self._wrong.pop(next(iter(self._wrong)))
        self._wrong[whose] = tries
        return max(0, TRIES - len(tries))

    def _recent(self, whose: str) -> list[float]:
        now = self._clock()
        return [at for at in self._wrong.get(whose, ()) if now - at < WINDOW_S]

    @staticmethod
    def _too_many(wait_s: float) -> LimitReached:
        minutes = max(1, -int(-wait_s // 60))
        return LimitReached(
            f"Too many wrong tokens came from your network. Try again in {minutes} min.",
            code="rate_sign_in",
            retry_after_s=wait_s,
            limit=TRIES,
            window_s=WINDOW_S,
        )


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
