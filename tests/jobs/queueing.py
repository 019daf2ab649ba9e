"""A service that takes requests into a queue, and a provider that speaks to it: what picking up answers is tried with."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from reve_core.errors import AnswerPending, CallCancelled, OutcomeUnknown, ProviderError
from reve_core.models import JobRequest, Picture, Ticket
from reve_core.ports import CallContext
from tests.fakes import FakeProvider

_LOOK_S = 0.005


class Queue:
    """
    The service, which outlives every studio. ``submitted`` counts what it was sent, by the job's id; an answer is there once
    ``finish`` was called, or at once where ``is_quick``.
    """

    def __init__(self, *, is_quick: bool = False) -> None:
        self.is_quick = is_quick
        self.is_down = False  # it can be asked nothing
        self.can_stop = True
        self.submitted: Counter[str] = Counter()
        self.resumed: Counter[str] = Counter()
        self.cancelled: set[str] = set()
        self.failures: dict[str, ProviderError] = {}
        self.asked = threading.Event()
        self._guard = threading.Lock()
        self._done = threading.Event()

    def finish(self) -> None:
        self._done.set()

    def take(self, key: str) -> str:
        job_id = key.rpartition("-")[0]
        with self._guard:
            self.submitted[job_id] += 1
        return f"r-{job_id}"

    def is_done(self, request_id: str) -> bool:
        if request_id in self.failures:
            raise self.failures[request_id]
        return self.is_quick or self._done.is_set()


class QueueProvider(FakeProvider):
    """``on_accepted`` runs between the answer to the submit and everything else."""

    def __init__(
        self,
        queue: Queue,
        *,
        name: str = "queue",
        retry_after: float = 300.0,
        on_accepted: Callable[[], None] = lambda: None,
        **options: object,
    ) -> None:
        super().__init__(name=name, **options)  # type: ignore[arg-type]
        self.queue = queue
        self.on_accepted = on_accepted
        self._retry_after = retry_after

    def generate(self, request: JobRequest, context: CallContext) -> Picture:
        ticket = Ticket(request_id=self.queue.take(context.key), data={"model": request.model})
        context.accepted(ticket)
        self.on_accepted()
        return self._wait(ticket, request, context)

    def resume(self, ticket: Ticket, request: JobRequest, context: CallContext) -> Picture:
        self.queue.resumed[ticket.request_id.removeprefix("r-")] += 1
        if ticket.data != {"model": request.model}:
            raise OutcomeUnknown("The ticket is not what was handed in.")
        return self._wait(ticket, request, context)

    def _wait(self, ticket: Ticket, request: JobRequest, context: CallContext) -> Picture:
        self.queue.asked.set()
        pause = threading.Event()
        while True:
            if self.queue.is_down:
                raise AnswerPending("The queue cannot be asked now.", retry_after=self._retry_after)
            if self.queue.is_done(ticket.request_id):
                return self.picture(request)
            if context.is_leaving():
                raise AnswerPending("The app stops.", retry_after=self._retry_after)
            if context.is_cancelled():
                self.queue.cancelled.add(ticket.request_id)
                if self.queue.can_stop:
                    raise CallCancelled("Stopped in the queue.")
            pause.wait(_LOOK_S)
