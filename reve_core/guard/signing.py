"""Values that leave the house and must come back unchanged, and secrets that are kept as hashes only."""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

_REMEMBERED = 4096


class Signer:
    """
    ``secrets``: the first signs, all are accepted when reading. ``purpose`` keeps one kind of value from standing in for
    another. ``clock`` gives seconds since 1970.
    """

    def __init__(self, secrets: Sequence[str], clock: Callable[[], float] = time.time) -> None:
        if not secrets:
            raise ValueError("A signer needs a secret.")
        self._secrets = list(secrets)
        self._clock = clock
        self._serializer = cache(self._make_serializer)
        # Checking a signature costs more than the short answers it stands before, and a browser shows the same one with
        # every request. Only what was found good is remembered.
        self._remembered = lru_cache(_REMEMBERED)(self._read)

    def sign(self, purpose: str, value: str) -> str:
        return self._serializer(purpose).dumps(value)

    def read(self, purpose: str, text: str, *, max_age_s: float) -> str | None:
        """The value, None where the text was forged, damaged or has become too old."""
        found = self.read_dated(purpose, text, max_age_s=max_age_s)
        return found[0] if found else None

    def read_dated(self, purpose: str, text: str, *, max_age_s: float) -> tuple[str, float] | None:
        """
        ``read``, and how many seconds ago it was signed.

        A value from the future is as good as new: clocks are set back, and nobody should lose a gallery over that.
        """
        if not text.isascii():
            return None
        try:
            value, signed_at = self._remembered(purpose, text)
        except BadData:
            return None
        age_s = max(0.0, self._clock() - signed_at)
        return (value, age_s) if age_s <= max_age_s else None

    def derive(self, purpose: str, name: str) -> str:
        """
        A 128-bit token, 22 URL-safe characters, that only who knows the secret can work out from ``name``.

        Keeping its hash is enough to recognise it, and the secret is enough to show it to its owner again.
        """
        return _derived(self._secrets[0], purpose, name)

    def derived(self, purpose: str, name: str) -> list[str]:
        """What ``derive`` gives with each of the secrets, the newest first."""
        return [_derived(secret, purpose, name) for secret in self._secrets]

    def derives(self, purpose: str, name: str, token: str) -> bool:
        """Whether ``token`` was derived from ``name``, with any of the secrets."""
        return token.isascii() and any(
            hmac.compare_digest(_derived(secret, purpose, name), token) for secret in self._secrets
        )

    def _read(self, purpose: str, text: str) -> tuple[str, float]:
        value, signed_at = self._serializer(purpose).loads(text, return_timestamp=True)
        if not isinstance(value, str):
            raise BadData("Not one of ours.")
        return value, signed_at.timestamp()

    def _make_serializer(self, purpose: str) -> URLSafeTimedSerializer:
        # itsdangerous signs with the last key of the list.
        return URLSafeTimedSerializer(
            list(reversed(self._secrets)),
            salt=f"reve-studio.{purpose}",
            signer=_Clocked,
            signer_kwargs={"clock": self._clock},
        )


class _Clocked(TimestampSigner):
    def __init__(self, *args: Any, clock: Callable[[], float], **options: Any) -> None:
        super().__init__(*args, **options)
        self._clock = clock

    def get_timestamp(self) -> int:
        return int(self._clock())


def _derived(secret: str, purpose: str, name: str) -> str:
    digest = hmac.new(secret.encode(), f"{purpose}\0{name}".encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def hashed(token: str) -> str:
    """How a token of 128 random bits or more is kept: a plain hash suffices, for there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()
