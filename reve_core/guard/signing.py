"""Values that leave the house and must come back unchanged, and secrets that are kept as hashes only."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence

from itsdangerous import BadData, URLSafeTimedSerializer


class Signer:
    """
    ``secrets``: the first signs, all are accepted when reading. ``purpose`` keeps one kind of value from standing in for
    another.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = list(secrets)

    def sign(self, purpose: str, value: str) -> str:
        return self._serializer(purpose).dumps(value)

    def read(self, purpose: str, text: str, *, max_age_s: int) -> str | None:
        """The value, None where the text was forged, damaged or has become too old."""
        try:
            value = self._serializer(purpose).loads(text, max_age=max_age_s)
        except BadData:
            return None
        return value if isinstance(value, str) else None

    def derive(self, purpose: str, name: str) -> str:
        """
        A 128-bit token, 22 URL-safe characters, that only who knows the secret can work out from ``name``.

        Keeping its hash is enough to recognise it, and the secret is enough to show it to its owner again.
        """
        digest = hmac.new(self._secrets[0].encode(), f"{purpose}\0{name}".encode(), hashlib.sha256).digest()
        return urlsafe_b64encode(digest[:16]).decode().rstrip("=")

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        # itsdangerous signs with the last key of the list.
        return URLSafeTimedSerializer(list(reversed(self._secrets)), salt=f"reve-studio.{purpose}")


def hashed(token: str) -> str:
    """How a token of 128 random bits or more is kept: a plain hash suffices, for there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()
