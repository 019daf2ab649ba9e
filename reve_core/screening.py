"""
What people typed, put before the moderation policy before anything is made of it or shown to anybody else.

Three stages: the policy here, the moderation service in the worker before money is spent, and the provider's own refusal.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Protocol

from reve_core.errors import Blocked
from reve_core.guarding import Verdicts
from reve_core.models import Job, Review
from reve_core.ports import GuardStore

_UNSURE = "These words cannot be used here as they are: nobody is there to look at them first. Say it in another way."


_NOTED = 60  # verdicts of one owner that are written down in an hour: enough to see what somebody is at
_OWNERS = 10_000
_HOUR_S = 3600.0


class Verdict(Protocol):
    """``action`` is ``allow``, ``review`` or ``block``; ``message`` is for the visitor and names no word."""

    @property
    def action(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def policy(self) -> str: ...
    @property
    def message(self) -> str: ...


class Moderates(Protocol):
    """The policy engine as the service needs it."""

    def judge(self, text: str) -> Verdict: ...

    def judge_all(self, texts: Iterable[str]) -> Verdict:
        """The gravest of several, which are also judged together."""
        ...

    @property
    def fault(self) -> str | None:
        """Why the newest policy is not in force."""
        ...


class Screening:
    """
    ``moderator`` None: nothing is checked. ``has_service``: where the policy is not sure, the moderation service decides in
    the worker; without one the operator does.
    """

    def __init__(
        self,
        *,
        guard: GuardStore,
        moderator: Moderates | None,
        has_service: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._guard = guard
        self._moderator = moderator
        self._unsure = Review.SERVICE if has_service else Review.PERSON
        self._clock = clock
        self._lock = threading.Lock()
        self._hour = 0
        self._noted: Counter[str] = Counter()

    @property
    def is_on(self) -> bool:
        return self._moderator is not None

    @property
    def fault(self) -> str | None:
        return self._moderator.fault if self._moderator is not None else None

    def prompts(self, prompts: Iterable[str], *, owner: str) -> Review | None:
        """
        For what a provider would be sent. None: go ahead; otherwise who has to say yes first. Raises Blocked, its ``item``
        the number of the prompt.
        """
        if self._moderator is None:
            return None
        review, seen = None, set[str]()
        for number, prompt in enumerate(prompts):
            if prompt in seen:
                continue
            seen.add(prompt)
            verdict = self._moderator.judge(prompt)
            if verdict.action == "allow":
                continue
            self._note(verdict, owner=owner, what="prompt")
            if verdict.action == "block":
                blocked = Blocked(verdict.message, verdict.category)
                blocked.item = number
                raise blocked
            review = self._unsure
        return review

    def judge(self, prompt: str) -> Verdict | None:
        """What the policy says of a prompt now, for who decides about it; noted nowhere. None where nothing is checked."""
        return None if self._moderator is None else self._moderator.judge(prompt)

    def words(self, texts: Iterable[str], *, owner: str, what: str) -> None:
        """For what other people would read: a title, a question, what a file brings. Raises Blocked."""
        texts = [text for text in texts if text.strip()]
        if self._moderator is None or not texts:
            return
        verdict = self._moderator.judge_all(texts)
        if verdict.action == "allow":
            return
        self._note(verdict, owner=owner, what=what)
        raise Blocked(verdict.message if verdict.action == "block" else _UNSURE, verdict.category, what)

    def note_service(self, job: Job, flagged: bool, category: str) -> None:
        """What the moderation service said of a job, or that it could not be asked."""
        self._guard.note(
            Verdicts(
                at=datetime.fromtimestamp(self._clock(), UTC),
                owner=job.owner,
                what="prompt",
                action="block" if flagged else "review",
                category=category if flagged else "unanswered",
                stage="service",
                job_id=job.id,
            )
        )

    def _note(self, verdict: Verdict, *, owner: str, what: str) -> None:
        if not self._is_worth_noting(owner):
            return
        self._guard.note(
            Verdicts(
                at=datetime.fromtimestamp(self._clock(), UTC),
                owner=owner,
                what=what,
                action=str(verdict.action),
                category=verdict.category,
                rule=verdict.rule,
                policy=verdict.policy,
            )
        )

    def _is_worth_noting(self, owner: str) -> bool:
        """What is refused costs nobody anything, so nothing else limits how often it is tried."""
        with self._lock:
            hour = int(self._clock() // _HOUR_S)
            if hour != self._hour or len(self._noted) >= _OWNERS:
                self._hour = hour
                self._noted.clear()
            self._noted[owner] += 1
            return self._noted[owner] <= _NOTED
