"""
The second opinion: any service that speaks ``POST /v1/moderations`` as OpenAI's does.

Source: OpenAI's API reference, "Moderations" (``results[0].flagged``, ``categories``, ``category_scores``).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from reve_core.guard.moderation.messages import message
from reve_core.guard.moderation.policy import Policy

_MOST_BYTES = 256 * 1024
_MOST_REMEMBERED = 1024
OTHER = "other"

# Theirs to ours, the gravest first: of several that apply, the first is named.
_OURS = {
    "sexual/minors": "sexual_minors",
    "self-harm": "self_harm",
    "self-harm/intent": "self_harm",
    "self-harm/instructions": "self_harm",
    "illicit/violent": "illegal",
    "hate": "hate",
    "hate/threatening": "hate",
    "violence/graphic": "violence",
    "violence": "violence",
    "sexual": "sexual",
    "harassment/threatening": "harassment",
    "harassment": "harassment",
    "illicit": "illegal",
}


@dataclass(frozen=True, slots=True)
class RemoteVerdict:
    """``degraded``: the service gave no answer that can be used, so it has said nothing about the text."""

    flagged: bool
    category: str = ""
    degraded: bool = False

    @property
    def message(self) -> str:
        """For the visitor; empty where nothing was found."""
        return message(self.category) if self.flagged else ""


_DEGRADED = RemoteVerdict(flagged=False, degraded=True)


class RemoteModeration:
    """
    Asks the service at ``url``; any thread may call it that runs no event loop. ``policy`` gives the policy in force,
    which says from which score on a category counts (``[remote]``); where it names none, the service's own flag does.
    """

    def __init__(
        self, url: str, key: SecretStr | None, model: str, timeout_s: float, policy: Callable[[], Policy]
    ) -> None:
        base = url.rstrip("/").removesuffix("/v1")
        self._url = f"{base}/v1/moderations"
        self._key = key
        self._model = model
        self._timeout_s = timeout_s
        self._policy = policy
        self._tls = httpx.create_ssl_context() if self._url.startswith("https:") else False
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, RemoteVerdict] = OrderedDict()

    def __repr__(self) -> str:
        return f"RemoteModeration(model={self._model!r})"

    def check(self, text: str) -> RemoteVerdict:
        """Never raises. Takes ``timeout_s`` in all at most, whatever the service does."""
        policy = self._policy()
        encoded = text.encode(errors="replace")
        name = hashlib.sha256(f"{policy.version}\0{self._model}\0".encode() + encoded).digest()
        with self._lock:
            if (known := self._known.get(name)) is not None:
                self._known.move_to_end(name)
                return known
        try:
            answer = asyncio.run(self._ask(encoded.decode()))
            verdict = _read(answer, policy.thresholds)
        except Exception:  # whatever it is, it may quote the request, and the caller must go on
            return _DEGRADED
        with self._lock:
            self._known[name] = verdict
            if len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)
        return verdict

    async def _ask(self, text: str) -> object:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        async with asyncio.timeout(self._timeout_s):
            # No proxy from the environment: it would see the texts. No redirects: they would see the key.
            async with (
                httpx.AsyncClient(
                    verify=self._tls, trust_env=False, follow_redirects=False, timeout=self._timeout_s
                ) as client,
                client.stream(
                    "POST", self._url, headers=headers, json={"model": self._model, "input": text}
                ) as response,
            ):
                if response.status_code != httpx.codes.OK or response.headers.get("Content-Encoding"):
                    raise ValueError("no usable answer")
                body = bytearray()
                async for piece in response.aiter_raw():
                    body += piece
                    if len(body) > _MOST_BYTES:
                        raise ValueError("the answer is too large")
        found: object = json.loads(body)
        return found


def _read(answer: object, thresholds: Mapping[str, float]) -> RemoteVerdict:
    """Raises ValueError where the answer is not of the form that the service documents."""
    results = answer.get("results") if isinstance(answer, dict) else None
    result = results[0] if isinstance(results, list) and results else None
    if not isinstance(result, dict) or not isinstance(result.get("flagged"), bool):
        raise ValueError("not a moderation result")
    flags, scores = result.get("categories"), result.get("category_scores")
    flags = flags if isinstance(flags, dict) else {}
    scores = scores if isinstance(scores, dict) else {}
    scored = False
    for theirs, ours in _OURS.items():
        score = scores.get(theirs)
        if ours in thresholds and isinstance(score, int | float) and not isinstance(score, bool):
            if not math.isfinite(score):
                raise ValueError("not a score")
            scored = True
            if score >= thresholds[ours]:
                return RemoteVerdict(flagged=True, category=ours)
        elif flags.get(theirs) is True:
            return RemoteVerdict(flagged=True, category=ours)
    unknown = any(flag is True for name, flag in flags.items() if name not in _OURS)
    if result["flagged"] and (unknown or not scored):
        return RemoteVerdict(flagged=True, category=OTHER)
    return RemoteVerdict(flagged=False)
