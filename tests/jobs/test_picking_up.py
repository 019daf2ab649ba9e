"""Answers that a service keeps under an id: asked for again after a crash, a stop or a silence, and never bought twice."""

from __future__ import annotations

import itertools
import logging
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reve_core.allowance import Origin
from reve_core.blobs.local import LocalBlobs
from reve_core.errors import AnswerPending, KeyRefused, NoCredits, NotCharged, OutcomeUnknown, ProviderError, StoreBusy
from reve_core.jobs.keeper import Patience
from reve_core.models import PERSONAL, Claim, Job, JobRequest, JobStatus, Limits, Picture, Stage, Ticket
from reve_core.ownkeys import OwnKeys
from reve_core.ports import CallContext, Provider
from reve_core.service import Studio
from reve_core.store.sqlite import SqliteStore
from tests.building import build_studio, place, running, settled, statuses, until, wait_for
from tests.fakes import FakeProvider, GatedProvider
from tests.jobs.queueing import Queue, QueueProvider

HERON = JobRequest(prompt="heron")
LIMITS = {"queue": Limits(100)}


class Shifted:
    """The time of day, set forward by a test."""

    def __init__(self) -> None:
        self.by = 0.0

    def __call__(self) -> float:
        return time.time() + self.by


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def clock() -> Shifted:
    return Shifted()


@pytest.fixture
def store(tmp_path: Path, clock: Shifted) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "reve.db", timeout_s=5.0, clock=clock)
    yield store
    store.close()


def outcomes(studio: Studio, job: Job) -> list[str | None]:
    return [call.outcome for call in studio.calls(job.id)]


def left_behind(folder: Path, queue: Queue, *, calls: int = 1, **order: object) -> list[str]:
    """Jobs whose calls were accepted, by a process that is dead since."""
    studio = build_studio(folder, QueueProvider(queue))
    ids = [job.id for _ in range(calls) for job in studio.submit(HERON, **order)]  # type: ignore[arg-type]
    for _ in range(calls):
        claim = studio._store.claim("dead", lease_s=-1, limits=LIMITS)
        assert claim is not None
        assert studio._store.begin_call(claim, idempotent=False)
        assert studio._store.accept(
            claim, Ticket(request_id=queue.take(claim.blob_stem), data={"model": claim.job.request.model})
        )
    studio.stop(0)
    return ids


# -- after a crash


def test_after_a_crash_the_answer_is_asked_for_and_the_request_is_not_sent_again(tmp_path: Path, queue: Queue) -> None:
    ids = left_behind(tmp_path, queue, calls=3)
    queue.finish()
    with running(build_studio(tmp_path, QueueProvider(queue))) as studio:
        jobs = settled(studio, *ids)
        assert statuses(jobs) == [JobStatus.DONE] * 3
        assert [(job.attempt, job.tries) for job in jobs] == [(1, 1)] * 3
        assert queue.submitted == queue.resumed == dict.fromkeys(ids, 1)
        assert all(studio.shelf.is_intact(job) for job in jobs)
        assert outcomes(studio, jobs[0]) == ["ok"]
        assert sum(job.credits_used or 0 for job in jobs) == 30


def test_a_picked_up_job_shows_how_far_it_is_and_can_be_cancelled(tmp_path: Path, queue: Queue) -> None:
    [job_id] = left_behind(tmp_path, queue)
    with running(build_studio(tmp_path, QueueProvider(queue))) as studio:
        until(lambda: queue.resumed[job_id] == 1)
        assert studio.get(job_id).stage is Stage.CALLING
        assert studio.board.feed().pending == 1
        studio.cancel(job_id)
        [job] = settled(studio, job_id)
        assert job.status is JobStatus.CANCELLED
        assert outcomes(studio, job) == ["not_charged"]
        assert queue.submitted[job_id] == 1


def test_two_processes_that_find_the_same_call_ask_for_it_once(tmp_path: Path, queue: Queue) -> None:
    ids = left_behind(tmp_path, queue, calls=6)
    with (
        running(build_studio(tmp_path, QueueProvider(queue), workers=8, sweep_s=0.02)) as one,
        running(build_studio(tmp_path, QueueProvider(queue), workers=8, sweep_s=0.02)),
    ):
        until(lambda: sum(queue.resumed.values()) == 6)
        queue.finish()
        assert statuses(settled(one, *ids)) == [JobStatus.DONE] * 6
        assert queue.submitted == queue.resumed == dict.fromkeys(ids, 1)


def test_what_the_service_says_in_the_end_counts_however_late(tmp_path: Path, queue: Queue) -> None:
    """It failed there and cost nothing: tried again like any other call that cost nothing."""
    [job_id] = left_behind(tmp_path, queue)
    queue.failures[f"r-{job_id}"] = NotCharged("The queue lost it.", retry_after=0)
    provider = QueueProvider(queue, on_accepted=queue.failures.clear)
    queue.finish()
    with running(build_studio(tmp_path, provider)) as studio:
        [job] = settled(studio, job_id)
        assert (job.status, job.attempt) == (JobStatus.DONE, 2)
        assert outcomes(studio, job) == ["not_charged", "ok"]
        assert queue.submitted[job_id] == 2


def test_an_answer_that_can_never_be_known_is_left_to_a_person(tmp_path: Path, queue: Queue) -> None:
    [job_id] = left_behind(tmp_path, queue)
    queue.failures[f"r-{job_id}"] = OutcomeUnknown("The queue has forgotten it. It may have been charged.")
    with running(build_studio(tmp_path, QueueProvider(queue))) as studio:
        [job] = settled(studio, job_id)
        assert (job.status, job.error) == (
            JobStatus.UNKNOWN,
            "The queue has forgotten it. It may have been charged.",
        )
        assert queue.submitted[job_id] == 1


def test_a_provider_that_is_not_set_up_any_more_leaves_its_call_to_a_person(tmp_path: Path, queue: Queue) -> None:
    [job_id] = left_behind(tmp_path, queue)
    with running(build_studio(tmp_path, FakeProvider())) as studio:
        [job] = settled(studio, job_id)
        assert job.status is JobStatus.UNKNOWN
        assert "not set up here any more" in str(job.error)
        assert "No picture has come" in studio.resolve(job_id, "check")
    # Once it is there again, it can be asked.
    queue.finish()
    with running(build_studio(tmp_path, QueueProvider(queue))) as studio:
        assert "being asked" in studio.resolve(job_id, "check")
        wait_for(studio, job_id, lambda job: job.status is JobStatus.DONE)
    assert queue.submitted[job_id] == 1


def test_a_visitors_own_key_that_is_gone_leaves_the_call_to_a_person(tmp_path: Path, queue: Queue) -> None:
    studio = build_studio(tmp_path, QueueProvider(queue))
    studio.stop(0)
    store = SqliteStore(tmp_path / "reve.db")
    [job] = place(store, JobRequest(prompt="heron", provider="queue", model="queue-1"), own_keys={"queue": "gone"})
    claim = store.claim("dead", lease_s=-1, limits=LIMITS)
    assert claim is not None
    store.begin_call(claim, idempotent=False)
    store.accept(claim, Ticket(request_id=queue.take(claim.blob_stem)))
    store.close()
    with running(build_studio(tmp_path, QueueProvider(queue), own_keys=OwnKeys())) as studio:
        [found] = settled(studio, job.id)
        assert found.status is JobStatus.UNKNOWN
        assert "own key" in str(found.error)
        assert "may have been charged" in str(found.error)
        assert queue.resumed[job.id] == 0


# -- a service that cannot be asked now


def test_what_cannot_be_asked_now_is_asked_later_by_whoever_is_there(
    tmp_path: Path, queue: Queue, store: SqliteStore, clock: Shifted
) -> None:
    queue.is_down = True
    with running(build_studio(tmp_path, QueueProvider(queue), store=store)) as studio:
        job_id = studio.submit(HERON)[0].id
        waiting = wait_for(studio, job_id, lambda job: job.progress_text is not None)
        assert (waiting.status, waiting.progress_text) == (JobStatus.RUNNING, "The queue cannot be asked now.")
        until(lambda: store.workers() == set())
        until(lambda: not studio._worker.runner.holds(job_id))
        assert queue.resumed[job_id] == 0
        queue.is_down = False
        queue.finish()
        clock.by += 301
        [job] = settled(studio, job_id)
        assert (job.status, job.attempt, job.progress_text) == (JobStatus.DONE, 1, None)
        assert (queue.submitted[job_id], queue.resumed[job_id]) == (1, 1)


def test_no_answer_is_asked_for_later_than_in_ten_minutes(tmp_path: Path, queue: Queue, store: SqliteStore) -> None:
    queue.is_down = True
    with running(build_studio(tmp_path, QueueProvider(queue, retry_after=1e9), store=store)) as studio:
        job_id = studio.submit(HERON)[0].id
        waiting = wait_for(studio, job_id, lambda job: job.progress_text is not None)
        assert waiting.lease_until is not None
        assert (waiting.lease_until - waiting.created_at).total_seconds() < 660


def test_cancelling_what_is_put_off_asks_the_service_to_stop_at_once(
    tmp_path: Path, queue: Queue, store: SqliteStore
) -> None:
    queue.is_down = True
    with running(build_studio(tmp_path, QueueProvider(queue), store=store)) as studio:
        job_id = studio.submit(HERON)[0].id
        wait_for(studio, job_id, lambda job: job.progress_text is not None)
        until(lambda: store.workers() == set())
        queue.is_down = False
        studio.cancel(job_id)
        [job] = settled(studio, job_id)
        assert job.status is JobStatus.CANCELLED
        assert queue.cancelled == {f"r-{job_id}"}
        assert outcomes(studio, job) == ["not_charged"]


def test_cancelling_what_cannot_be_asked_about_ends_in_doubt_and_can_be_asked_again(
    tmp_path: Path, queue: Queue, store: SqliteStore
) -> None:
    queue.is_down = True
    with running(build_studio(tmp_path, QueueProvider(queue), store=store)) as studio:
        job_id = studio.submit(HERON)[0].id
        wait_for(studio, job_id, lambda job: job.progress_text is not None)
        until(lambda: store.workers() == set())
        studio.cancel(job_id)
        [job] = settled(studio, job_id)
        assert (job.status, job.error) == (
            JobStatus.UNKNOWN,
            "The queue cannot be asked now. You asked to stop it.",
        )
        queue.is_down = False
        queue.finish()
        assert studio.resolve(job_id, "check").endswith("That costs nothing.")
        wait_for(studio, job_id, lambda job: job.status is JobStatus.DONE)
        assert queue.submitted[job_id] == 1


def test_an_answer_that_is_pending_without_a_ticket_is_in_doubt(tmp_path: Path) -> None:
    def before(request: JobRequest, context: CallContext) -> None:
        raise AnswerPending("It may come.")

    with running(build_studio(tmp_path, FakeProvider(before=before))) as studio:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert (job.status, job.error) == (JobStatus.UNKNOWN, "It may come.")


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(AnswerPending("The key is refused now.", pauses=True), id="pending"),
        pytest.param(KeyRefused("The key is refused now."), id="key refused"),
        pytest.param(NoCredits("The key is refused now."), id="no credits"),
    ],
)
def test_a_key_that_is_refused_while_asking_holds_back_new_calls_and_loses_nothing(
    tmp_path: Path, queue: Queue, store: SqliteStore, clock: Shifted, refusal: ProviderError
) -> None:
    refusals = [refusal]

    def once() -> None:
        if refusals:
            raise refusals.pop()

    queue.finish()
    with running(build_studio(tmp_path, QueueProvider(queue, on_accepted=once), store=store, concurrency=1)) as studio:
        first, second = (job.id for job in studio.submit(HERON, count=2))
        until(lambda: studio.catalogue.provider("queue").paused)
        until(lambda: store.workers() == set())
        state = studio.catalogue.provider("queue").state
        assert state is not None
        assert state.reason == "The key is refused now."
        clock.by += 301
        assert statuses(settled(studio, first)) == [JobStatus.DONE]  # asked for in spite of the pause
        assert studio.get(second).status is JobStatus.QUEUED
        studio.resume("queue")
        assert statuses(settled(studio, second)) == [JobStatus.DONE]
        assert queue.submitted == {first: 1, second: 1}


def test_a_visitors_refused_key_does_not_pause_the_link(tmp_path: Path, queue: Queue, store: SqliteStore) -> None:
    def refused() -> None:
        raise AnswerPending("The key is refused now.", pauses=True)

    keys = OwnKeys()
    provider = QueueProvider(queue, on_accepted=refused)
    provider._models = tuple(
        model.model_copy(update={"capabilities": model.capabilities.model_copy(update={"own_key": "may"})})
        for model in provider._models
    )
    with running(build_studio(tmp_path, provider, store=store, own_keys=keys)) as studio:
        name = keys.keep("ana", "queue", "a-key-of-a-visitor")
        job = studio.submit(HERON, owner="ana", origin=Origin(own_keys={"queue": name}))[0]
        until(lambda: (found := store.get(job.id)) is not None and found.progress_text is not None)
        assert not studio.catalogue.provider("queue").paused


# -- a call that still runs


def test_a_call_that_is_still_made_here_is_taken_from_nobody_when_the_clock_is_set_forward(
    tmp_path: Path, queue: Queue, store: SqliteStore, clock: Shifted
) -> None:
    with running(build_studio(tmp_path, QueueProvider(queue), store=store, lease_s=0.6, sweep_s=0.02)) as studio:
        job_id = studio.submit(HERON)[0].id
        assert queue.asked.wait(timeout=5)
        clock.by += 3600
        until(lambda: store.expired() == [])  # the heartbeat has prolonged it
        queue.finish()
        assert statuses(settled(studio, job_id)) == [JobStatus.DONE]
        assert (queue.submitted[job_id], queue.resumed[job_id]) == (1, 0)


def test_a_call_that_overstays_its_time_is_picked_up_beside_it_and_changes_nothing_any_more(
    tmp_path: Path, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reve_core.jobs.runner._STORING_S", 0.0)
    hangs, let_go = [True], threading.Event()

    def hang() -> None:
        if hangs:
            hangs.clear()
            assert let_go.wait(timeout=20)

    queue.finish()
    provider = QueueProvider(queue, on_accepted=hang)
    with running(build_studio(tmp_path, provider, lease_s=0.3, sweep_s=0.05, call_timeout_s=0.2)) as studio:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert (job.status, job.credits_used) == (JobStatus.DONE, 10)
        rev = job.rev
        let_go.set()
        until(lambda: studio._worker._engine._busy == 0)
        assert studio.get(job.id).rev == rev
        assert studio.shelf.is_intact(studio.get(job.id))
        assert (queue.submitted[job.id], queue.resumed[job.id]) == (1, 1)


class Slow(QueueProvider):
    """Its answer to the submit is on its way until ``gate`` opens."""

    def __init__(self, queue: Queue) -> None:
        super().__init__(queue)
        self.sent, self.gate = threading.Event(), threading.Event()

    def generate(self, request: JobRequest, context: CallContext) -> Picture:
        ticket = Ticket(request_id=self.queue.take(context.key), data={"model": request.model})
        self.sent.set()
        assert self.gate.wait(timeout=20)
        context.accepted(ticket)
        return self._wait(ticket, request, context)


def test_a_call_that_another_process_gave_up_too_early_is_followed_once_its_number_comes(
    tmp_path: Path, queue: Queue
) -> None:
    """Its heartbeat stood still for a while, as in a process that was stopped, or beside one whose clock runs ahead."""
    ahead = Shifted()
    ahead.by = 3600
    provider = Slow(queue)
    other = SqliteStore(tmp_path / "reve.db", timeout_s=5.0, clock=ahead)
    with running(build_studio(tmp_path, provider, lease_s=0.6)) as studio:
        job_id = studio.submit(HERON)[0].id
        assert provider.sent.wait(timeout=20)
        with running(build_studio(tmp_path, QueueProvider(queue), store=other)) as early:
            wait_for(early, job_id, lambda job: job.status is JobStatus.UNKNOWN)
            until(lambda: studio._worker.runner._held[job_id].is_lost)
            provider.gate.set()
            until(lambda: queue.resumed[job_id] == 1)
            until(lambda: not studio._worker.runner.holds(job_id))
            queue.finish()
            [job] = settled(early, job_id)
            assert (job.status, job.error, outcomes(early, job)) == (JobStatus.DONE, None, ["ok"])
    assert queue.submitted == {job_id: 1}
    assert queue.cancelled == set()


# -- stopping the app


def test_a_stopping_app_lets_go_at_once_and_the_next_one_finishes(tmp_path: Path, queue: Queue) -> None:
    studio = build_studio(tmp_path, QueueProvider(queue))
    studio.start()
    ids = [job.id for job in studio.submit(HERON, count=3)]
    until(lambda: sum(queue.submitted.values()) == 3)
    assert studio.stop(20), "every call was let go of"
    store = SqliteStore(tmp_path / "reve.db")
    assert [job.status for job in store.pending(PERSONAL)] == [JobStatus.RUNNING] * 3
    assert store.workers() == set()
    assert len(store.expired()) == 3  # whoever comes next need not wait
    store.close()
    queue.finish()
    with running(build_studio(tmp_path, QueueProvider(queue))) as studio:
        assert statuses(settled(studio, *ids)) == [JobStatus.DONE] * 3
        assert queue.submitted == dict.fromkeys(ids, 1)


def test_a_call_that_cannot_be_picked_up_is_waited_for(tmp_path: Path, queue: Queue) -> None:
    gated = GatedProvider()
    studio = build_studio(tmp_path, gated, QueueProvider(queue))
    studio.start()
    paid = studio.submit(HERON)[0].id
    queued = studio.submit(JobRequest(prompt="fox", provider="queue"))[0].id
    assert gated.started.wait(timeout=5)
    until(lambda: sum(queue.submitted.values()) == 1)
    studio.drain()
    until(lambda: len(studio._store.workers()) == 1 and studio.get(queued).lease_until is not None)
    gated.gate.set()
    assert studio.stop(20)
    store = SqliteStore(tmp_path / "reve.db")
    found = store.get(paid)
    assert found is not None
    assert found.status is JobStatus.DONE
    store.close()


# -- a person looks again


def test_looking_again_at_an_unclear_job_asks_its_provider(tmp_path: Path, queue: Queue) -> None:
    silent = [True]

    def once() -> None:
        if silent:
            silent.clear()
            raise OutcomeUnknown("No answer in time.")

    with running(build_studio(tmp_path, QueueProvider(queue, on_accepted=once))) as studio:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert job.status is JobStatus.UNKNOWN
        assert studio.resolve(job.id, "check") == "Queue is being asked what has become of it. That costs nothing."
        wait_for(studio, job.id, lambda job: job.status is JobStatus.RUNNING)
        queue.finish()
        [job] = settled(studio, job.id)
        assert (job.status, job.credits_used, job.error) == (JobStatus.DONE, 10, None)
        assert queue.submitted[job.id] == queue.resumed[job.id] == 1


# -- a store that stumbles


class Stumbles:
    """Refuses ``accept`` so many times."""

    def __init__(self, inner: object, times: int) -> None:
        self._inner = inner
        self.left = times

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def accept(self, claim: Claim, ticket: Ticket) -> bool:
        if self.left > 0:
            self.left -= 1
            raise StoreBusy("The database is busy.")
        return bool(self._inner.accept(claim, ticket))  # type: ignore[attr-defined]


def test_a_ticket_that_cannot_be_written_down_ends_no_call(
    tmp_path: Path, queue: Queue, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    queue.finish()
    busy = Stumbles(store, 10_000)
    patience = Patience(total_s=0.0, first_wait_s=0.01)
    with running(build_studio(tmp_path, QueueProvider(queue), store=busy, patience=patience)) as studio:  # type: ignore[arg-type]
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert job.status is JobStatus.DONE
        assert studio.calls(job.id)[0].ticket is None
        assert any(record.levelno == logging.ERROR for record in caplog.records)


def test_a_ticket_that_could_not_be_written_down_is_written_before_the_call_is_put_off(
    tmp_path: Path, queue: Queue, store: SqliteStore, clock: Shifted
) -> None:
    queue.is_down = True
    busy = Stumbles(store, 1)
    patience = Patience(total_s=0.0, first_wait_s=0.01)
    with running(build_studio(tmp_path, QueueProvider(queue), store=busy, patience=patience)) as studio:  # type: ignore[arg-type]
        job_id = studio.submit(HERON)[0].id
        wait_for(studio, job_id, lambda job: job.progress_text is not None)
        queue.is_down = False
        queue.finish()
        until(lambda: store.workers() == set())
        clock.by += 301
        assert statuses(settled(studio, job_id)) == [JobStatus.DONE]
        assert queue.submitted[job_id] == 1


# -- deleted meanwhile


def test_what_its_owner_deleted_meanwhile_is_paid_for_and_kept_nowhere(
    tmp_path: Path, queue: Queue, store: SqliteStore, clock: Shifted
) -> None:
    queue.is_down = True
    queue.can_stop = False
    with running(build_studio(tmp_path, QueueProvider(queue), store=store)) as studio:
        job_id = studio.submit(HERON)[0].id
        wait_for(studio, job_id, lambda job: job.progress_text is not None)
        until(lambda: store.workers() == set())
        store.forget_owner(PERSONAL, spender="", voters={})
        clock.by += 301
        until(lambda: queue.resumed[job_id] >= 1)
        until(lambda: store.workers() == set())
        assert store.calls(job_id)[0].outcome is None  # put off again: what it has cost is not known yet
        queue.is_down = False
        queue.finish()
        clock.by += 301
        until(lambda: store.calls(job_id)[0].outcome == "ok")
        until(lambda: store.get(job_id) is None)
        until(lambda: [file for file in (tmp_path / "images").rglob("*") if file.is_file()] == [])
        assert store.spent_today("queue") == 10
        assert store.calls(job_id)[0].ticket is None
        assert queue.submitted[job_id] == 1


# -- a budget of the day


def test_a_spent_budget_shows_as_a_pause_with_its_reason_and_holds_up_nobody_else(tmp_path: Path) -> None:
    paid, other = FakeProvider(name="paid", credits=75), FakeProvider(name="other")
    limits = {"paid": Limits(4, daily_credits=160), "other": Limits(4)}
    with running(build_studio(tmp_path, paid, other, limits=limits)) as studio:
        ids = [job.id for job in studio.submit(HERON, count=4)]
        until(lambda: studio.counts()[JobStatus.DONE] == 2)
        foxes = studio.submit(JobRequest(prompt="fox", provider="other"), count=2)
        assert statuses(settled(studio, *(job.id for job in foxes))) == [JobStatus.DONE] * 2
        assert studio.counts()[JobStatus.QUEUED] == 2
        assert len(paid.prompts) == 2
        view = studio.catalogue.provider("paid")
        assert view.paused
        assert view.state is not None
        assert view.state.until is not None
        assert "budget for today is spent" in str(view.state.reason)
        assert "$0.20 of $0.21" in str(view.state.reason)
        assert not studio.catalogue.provider("other").paused
        assert statuses([studio.get(job_id) for job_id in ids]).count(JobStatus.QUEUED) == 2


def test_a_spent_budget_does_not_hold_up_a_free_model_or_a_visitors_own_key(tmp_path: Path) -> None:
    keys = OwnKeys()
    provider = FakeProvider(name="paid", credits=75)
    [model] = provider._models
    can = model.capabilities.model_copy(update={"own_key": "may"})
    free = model.model_copy(update={"id": "free", "capabilities": can.model_copy(update={"price": type(can.price)()})})
    provider._models = (model.model_copy(update={"capabilities": can}), free)
    provider.generate = lambda request, context: provider.picture(request)  # type: ignore[method-assign]
    with running(
        build_studio(tmp_path, provider, limits={"paid": Limits(4, daily_credits=100)}, own_keys=keys)
    ) as studio:
        paid = [job.id for job in studio.submit(HERON, count=3)]
        until(lambda: studio.counts()[JobStatus.DONE] == 1)
        drawn = studio.submit(JobRequest(prompt="fox", model="free"))[0].id
        assert statuses(settled(studio, drawn)) == [JobStatus.DONE]
        name = keys.keep("ana", "paid", "a-key-of-a-visitor")
        own = studio.submit(HERON, owner="ana", origin=Origin(own_keys={"paid": name}))[0].id
        until(lambda: studio.get(own, owner="ana").status is JobStatus.DONE)
        assert sorted(statuses([studio.get(job_id) for job_id in paid])) == [
            JobStatus.DONE,
            JobStatus.QUEUED,
            JobStatus.QUEUED,
        ]


# -- a death at every step


class Dies:
    """From its ``nth`` call on nothing reaches what is inside, as if the process had died there."""

    COUNTED = frozenset(
        {"claim", "begin_call", "accept", "take_over", "put_off", "arrived", "done", "put", "set_progress", "find"}
    )

    def __init__(self, nth: int, *, after: bool) -> None:
        self.is_dead = False
        self._nth = nth
        self._after = after
        self._count = itertools.count(1)
        self._lock = threading.Lock()

    def around(self, inner: object) -> object:
        return _Dying(self, inner)

    def call(self, name: str, real: object, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        with self._lock:
            is_now = name in self.COUNTED and not self.is_dead and next(self._count) == self._nth
            self.is_dead = self.is_dead or is_now
            is_dead = self.is_dead
        if is_now and self._after:
            real(*args, **kwargs)  # type: ignore[operator]
        if is_dead:
            raise StoreBusy("The process is dead.")
        return real(*args, **kwargs)  # type: ignore[operator]


class _Dying:
    def __init__(self, death: Dies, inner: object) -> None:
        self._death = death
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        value = getattr(self._inner, name)
        if not callable(value) or name in ("close", "free_bytes"):
            return value
        return lambda *args, **kwargs: self._death.call(name, value, args, kwargs)


@pytest.mark.parametrize("after", [False, True], ids=["before its effect", "after its effect"])
def test_whenever_the_process_dies_every_job_is_sent_once_and_ends_with_the_truth(
    tmp_path: Path, after: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    seen: set[tuple[JobStatus, int]] = set()
    for nth in itertools.count(1):
        folder = tmp_path / str(nth)
        folder.mkdir()
        queue = Queue(is_quick=True)
        death = Dies(nth, after=after)
        inner = SqliteStore(folder / "reve.db", timeout_s=2)
        doomed = build_studio(
            folder,
            QueueProvider(queue),
            workers=1,
            store=death.around(inner),  # type: ignore[arg-type]
            blobs=death.around(LocalBlobs(folder / "images")),  # type: ignore[arg-type]
            patience=Patience(total_s=0.0, first_wait_s=0.001),
        )
        ids = [job.id for job in doomed.submit(HERON)]
        with running(doomed, grace_s=0.2):
            until(lambda death=death, inner=inner: death.is_dead or inner.pending_count(None) == 0)
        survived = not death.is_dead
        with running(build_studio(folder, QueueProvider(queue), workers=1)) as studio:
            for job in settled(studio, *ids):
                sent = queue.submitted[job.id]
                assert sent <= 1, (nth, job.status)
                if job.status is JobStatus.DONE:
                    assert sent == 1
                    assert studio.shelf.is_intact(job)
                else:
                    # The instant between sending and reading the id: nobody can know.
                    assert job.status is JobStatus.UNKNOWN, (nth, job.status, job.error)
                    assert [call.ticket for call in studio.calls(job.id)] == [None]
                seen.add((job.status, sent))
        if survived:
            break
    assert nth >= 9, "claim, begin, accept, arrived, two files, done"
    assert (JobStatus.DONE, 1) in seen


@pytest.mark.parametrize("seed", range(4))
def test_a_process_that_dies_again_and_again_sends_each_job_once(
    tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    chance = random.Random(seed)
    queue = Queue(is_quick=True)
    waiting = build_studio(tmp_path, QueueProvider(queue))
    ids = [job.id for job in waiting.submit(HERON, count=3)]
    waiting.stop(0)
    for _ in range(6):
        death = Dies(chance.randint(1, 9), after=chance.random() < 0.5)
        inner = SqliteStore(tmp_path / "reve.db", timeout_s=2)
        doomed = build_studio(
            tmp_path,
            QueueProvider(queue),
            workers=2,
            sweep_s=0.02,
            store=death.around(inner),  # type: ignore[arg-type]
            blobs=death.around(LocalBlobs(tmp_path / "images")),  # type: ignore[arg-type]
            patience=Patience(total_s=0.0, first_wait_s=0.001),
        )
        with running(doomed, grace_s=0.1):
            until(lambda death=death, inner=inner: death.is_dead or inner.pending_count(None) == 0)
    with running(build_studio(tmp_path, QueueProvider(queue))) as studio:
        for job in settled(studio, *ids):
            assert queue.submitted[job.id] <= 1
            if job.status is JobStatus.DONE:
                assert (job.credits_used, outcomes(studio, job)[-1]) == (10, "ok")
                assert studio.shelf.is_intact(job)
            elif job.status is JobStatus.FAILED:  # claimed three times by who died before the call
                assert (job.error_code, queue.submitted[job.id], studio.calls(job.id)) == ("worker_died", 0, [])
            else:
                assert job.status is JobStatus.UNKNOWN, job.error
                assert [call.ticket for call in studio.calls(job.id)] == [None]
        assert store_is_consistent(studio, ids)


def store_is_consistent(studio: Studio, ids: list[str]) -> bool:
    """No try was repeated but those that never began their call."""
    return all(len(studio.calls(job_id)) <= 1 for job_id in ids)


def test_a_provider_that_cannot_be_asked_again_is_unchanged_by_all_this(tmp_path: Path) -> None:
    provider: Provider = FakeProvider()
    with running(build_studio(tmp_path, provider)) as studio:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert job.status is JobStatus.DONE
        assert studio.calls(job.id)[0].ticket is None
