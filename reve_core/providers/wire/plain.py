"""
Text from the other side, made fit to show, store and log: no secrets, no markup, no surprises.

A server that refuses a key sometimes quotes it back, so whatever it says passes through here.
"""

from __future__ import annotations

import math
import unicodedata
from typing import Any

from pydantic import SecretStr

_HIDDEN = "[hidden]"
_DEEPEST = 40
_READ_AT_MOST = 4000
_MARKUP = str.maketrans({"<": "‹", ">": "›", "`": "'"})


class Cleaner:
    """Knows the secrets, so that they can be taken out. Its own repr shows none."""

    def __init__(self, *secrets: SecretStr | None) -> None:
        self.secrets = tuple(secret for secret in secrets if secret is not None)
        self._longest = max((len(secret) for secret in self.secrets), default=0)

    def hide(self, text: str) -> str:
        """``text`` without any of our secrets."""
        for secret in self.secrets:
            whole = secret.get_secret_value().strip()
            # "Bearer abc" and "abc" are the same secret. A very short one would blot out half the text.
            for part in {whole, whole.rpartition(" ")[2]}:
                if len(part) >= 6:
                    text = text.replace(part, _HIDDEN)
        return text

    def line(self, text: str, limit: int = 200) -> str:
        """One line of at most ``limit`` characters that is inert in HTML and in Markdown. ``text`` may be very long."""
        if len(text) > _READ_AT_MOST:
            # A secret that the cut goes through could not be recognised: what it may have left goes as well.
            text = self.hide(text[:_READ_AT_MOST])[: -self._longest or None]
        shown = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in self.hide(text))
        shown = " ".join(shown.split()).translate(_MARKUP).replace("](", "] (")
        return shown if len(shown) <= limit else shown[: limit - 1] + "…"

    def value(self, value: Any, depth: int = 0) -> Any:
        """A JSON value that can be stored as JSON again: no secrets, lone surrogates, infinities or bottomless nests."""
        if depth > _DEEPEST:
            return None
        if isinstance(value, str):
            return self.hide(value).encode("utf-8", "replace").decode()
        if isinstance(value, float) and not math.isfinite(value):
            return None
        if isinstance(value, list):
            return [self.value(item, depth + 1) for item in value]
        if isinstance(value, dict):
            return {self.value(key, depth + 1): self.value(item, depth + 1) for key, item in value.items()}
        return value


def is_header_safe(secret: SecretStr | None) -> bool:
    """Whether it can travel in a header. The HTTP layer's own complaint would quote it."""
    return secret is None or all("\x20" <= char <= "\x7e" for char in secret.get_secret_value().strip())
