"""The service that makes a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from pydantic import SecretStr

from reve_core.models import JobRequest, ModelInfo, Picture, Ticket


def _no_progress(fraction: float | None, text: str = "", preview: bytes | None = None) -> None:
    return None


@dataclass(frozen=True, slots=True)
class CallContext:
    """
    What a provider is handed with a request.

    ``key`` names this attempt (job id and number): a label, or an idempotency key where the service has one.
    ``timeout_s`` is the total time for the call, connect to last byte. ``progress(fraction, text, preview)`` may be called
    at any time, ``fraction`` 0 to 1 or None, ``preview`` a small PNG, JPEG or WebP of a few kilobytes. ``is_cancelled()``
    turns True when a person asks to stop: a provider that can stop raises ``CallCancelled``, others go on. ``own_key``:
    call with this key, the visitor's own, and not with the provider's.

    For ``Resumable`` providers: ``accepted(ticket)`` writes down, for good, by which the answer can be asked for; to be
    called before anything else once the service has said it, and again when more is known. ``is_leaving()`` turns True when
    the app stops: whoever has handed in a ticket raises ``AnswerPending`` then, for the next process to pick it up.
    """

    key: str
    timeout_s: float
    progress: Callable[..., None] = _no_progress
    is_cancelled: Callable[[], bool] = field(default=lambda: False)
    own_key: SecretStr | None = None
    accepted: Callable[[Ticket], None] = field(default=lambda ticket: None)
    is_leaving: Callable[[], bool] = field(default=lambda: False)


@dataclass(frozen=True, slots=True)
class Health:
    """A provider looked at without spending: ``ok``, one sentence about it, and the credit balance where it tells."""

    ok: bool
    text: str
    credits_left: float | None = None


class Provider(Protocol):
    """
    The service that makes a picture. Called from several threads at once.

    ``name`` is stored with every job (lower case). ``title`` is shown. ``label`` is the fixed mark on every picture, such
    as "AI-generated". ``idempotent`` is True when repeating a call after a lost answer can cost nothing more. ``sends_to``
    is the host that is sent prompts, empty where nothing leaves this computer; visitors are told.
    """

    name: str
    title: str
    label: str
    idempotent: bool
    sends_to: str

    @property
    def models(self) -> Sequence[ModelInfo]:
        """At least one; the first is the default."""
        ...

    def generate(self, request: JobRequest, context: CallContext) -> Picture:
        """
        Make one picture. ``request.model`` names one of ``models``.

        Raises ``NotCharged``, ``RateLimited``, ``NoCredits``, ``KeyRefused``, ``ServiceClosed``, ``RequestRejected``,
        ``PromptRefused`` or ``CallCancelled`` where that is certain; ``OutcomeUnknown``, or anything else at all, means
        that the call may have been charged. Sends the paid request at most once. Returns within ``timeout_s`` or raises.
        """
        ...

    def check(self) -> Health:
        """Look whether the service answers and accepts the key, without spending. Never raises for the service's faults."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class Resumable(Provider, Protocol):
    """One whose service gives each request an id, by which a lost answer can be asked for without paying again."""

    def resume(self, ticket: Ticket, request: JobRequest, context: CallContext) -> Picture:
        """
        The answer to a request that was accepted under ``ticket``, perhaps by another process. Sends no paid request.

        Raises as ``generate`` does where the service says how it ended, ``AnswerPending`` where it cannot be asked now, and
        ``OutcomeUnknown`` where it can never be known. ``RateLimited``, ``NoCredits`` and ``KeyRefused`` are taken to be about
        the asking: the answer is asked for later, and nothing is bought again.
        """
        ...
