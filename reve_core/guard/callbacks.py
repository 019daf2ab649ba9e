"""Which addresses a finished job may be told to, and how such a message is signed so that the receiver can believe it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from reve_core.errors import BadInput, ConfigurationError

MAX_URL = 2000
FIELD = "callback_url"

_PORTS = {"https": 443, "http": 80}
_PREFIX = "whsec_"
_SECRET_BYTES = range(24, 65)
HOW_TO_MAKE_A_SECRET = (
    'Make one with `python -c "import base64, secrets; '
    "print('whsec_' + base64.b64encode(secrets.token_bytes(32)).decode())\"`."
)


@dataclass(frozen=True, slots=True)
class Receivers:
    """
    Where callbacks may lead. ``origins`` are scheme, host and port, the port only where it is not the scheme's own;
    empty means that there are no webhooks here.
    """

    origins: frozenset[str] = frozenset()

    @classmethod
    def listed(cls, entries: Sequence[str]) -> Receivers:
        """From the operator's list. An entry without a scheme means https. Raises ConfigurationError."""
        origins = set()
        for number, entry in enumerate(entries, 1):
            try:
                url = _parsed(entry if "://" in entry else f"https://{entry}")
            except BadInput:
                url = None
            if url is None or url.raw_path != b"/" or "*" in entry:
                # Not quoted: what does not belong there may be a password.
                raise ConfigurationError(
                    f"Entry {number} of REVE_WEBHOOK_HOSTS is no host. "
                    "Write each like https://hooks.example or http://localhost:9000, without a path or a star."
                )
            origins.add(origin_of(url))
        return cls(frozenset(origins))

    def allowed(self, url: str) -> str:
        """
        The address as it will be called, in its one normal form. Raises BadInput that says why not, and what to do.

        Parsed by what sends it, so that the host that is looked up in the list is the host that is called.
        """
        if not self.origins:
            raise BadInput(
                "Webhooks are off here. Leave callback_url out, and ask for the job's state instead.",
                FIELD,
            )
        parsed = _parsed(url)
        origin = origin_of(parsed)
        if origin not in self.origins:
            raise BadInput(
                f"Callbacks to {origin} are not allowed here. Use an address that the operator of this app has listed, "
                "with the same scheme, host and port.",
                FIELD,
            )
        return origin + parsed.raw_path.decode("ascii")


def origin_of(url: httpx.URL) -> str:
    host = url.raw_host.decode("ascii")
    host = f"[{host}]" if ":" in host else host
    port = "" if url.port is None or url.port == _PORTS.get(url.scheme) else f":{url.port}"
    return f"{url.scheme}://{host}{port}"


def _parsed(url: str) -> httpx.URL:
    if len(url) > MAX_URL:
        raise BadInput(f"The callback_url has {len(url):,} characters. Use one of at most {MAX_URL:,}.", FIELD)
    try:
        parsed = httpx.URL(url)
        usable = parsed.scheme in _PORTS and bool(parsed.raw_host) and (parsed.port is None or 0 < parsed.port < 65536)
    except (httpx.InvalidURL, ValueError):  # ValueError: among others half a character, which has no encoding
        usable = False
    if not usable or any(char.isspace() or char == "\\" for char in url):
        raise BadInput("The callback_url is no web address. Write it like https://hooks.example/pictures.", FIELD)
    if "@" in url.partition("://")[2].replace("?", "/").replace("#", "/").partition("/")[0]:
        raise BadInput(
            "The callback_url must not hold a user name or a password. Messages are signed instead; leave it out.",
            FIELD,
        )
    if "#" in url:
        raise BadInput("The callback_url must not have a part after “#”, which is never sent. Leave it out.", FIELD)
    return parsed


class CallbackSigner:
    """
    Signs as Standard Webhooks asks: ``v1,`` and the base64 of HMAC-SHA256 over id, time and body.

    ``secrets`` is one secret, or several between commas: each signs, so that a receiver with the old one and a receiver
    with the new one both find theirs. Raises ConfigurationError, which never quotes a secret.

    Source: standard-webhooks/standard-webhooks spec/standard-webhooks.md, "Signature scheme", commit 03f5f8c.
    """

    def __init__(self, secrets: str) -> None:
        given = secrets.replace(",", " ").split()
        if not given:
            raise ConfigurationError(f"REVE_WEBHOOK_SECRET is empty. {HOW_TO_MAKE_A_SECRET}")
        self._keys = [_key(secret) for secret in given]

    def __len__(self) -> int:
        return len(self._keys)

    def headers(self, message_id: str, at: float, body: bytes) -> dict[str, str]:
        """``at`` is the time of sending in seconds since 1970, another one for each attempt."""
        timestamp = str(int(at))
        signed = f"{message_id}.{timestamp}.".encode() + body
        signatures = [
            "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in self._keys
        ]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(signatures),
        }


def _key(secret: str) -> bytes:
    try:
        if not secret.startswith(_PREFIX):
            raise ValueError
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        if len(key) not in _SECRET_BYTES:
            raise ValueError
    except (ValueError, binascii.Error):
        key = b""  # raised below, outside of this handler: the cause would be carried along
    if not key:
        raise ConfigurationError(
            f"REVE_WEBHOOK_SECRET must be {_PREFIX} and the base64 of 24 to 64 bytes. {HOW_TO_MAKE_A_SECRET}"
        )
    return key
