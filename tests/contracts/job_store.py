"""What every JobStore promises. An adapter's tests inherit ``JobStoreContract`` and give it a ``store`` fixture."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from reve_core.errors import IdempotencyConflict, JobGone
from reve_core.models import (
    Claim,
    Glance,
    Job,
    JobFilter,
    JobRequest,
    JobStatus,
    Limits,
    Once,
    Order,
    Placed,
    Receipt,
    Stage,
    StoredImage,
    Ticket,
)
from reve_core.ports import JobStore
from tests.building import place

LIMITS = {"fake": Limits(concurrency=100)}
T0 = 1_800_000_000.0


class Clock:
    """Seconds since 1970 that pass only when told to."""

    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


def request(prompt: str = "a heron", **changes: object) -> JobRequest:
    return JobRequest(prompt=prompt, provider="fake", model="fake-1", **changes)  # type: ignore[arg-type]


def image(claim: Claim) -> StoredImage:
    return StoredImage(f"{claim.blob_stem}.png", f"{claim.blob_stem}-thumb.webp", "image/png", 64, 64, 9, "0" * 64)


def submit(store: JobStore, *prompts: str, owner: str = "me", priority: int = 0) -> list[str]:
    return [
        job.id
        for job in place(
            store, *(request(prompt) for prompt in prompts or ("a heron",)), owner=owner, priority=priority
        )
    ]


def order(*prompts: str, owner: str = "me", key: str | None = "key", digest: str = "digest") -> Order:
    once = Once(key, digest) if key is not None else None
    return Order(tuple(request(prompt) for prompt in prompts), owner, once=once)


def claim(store: JobStore, worker: str = "w", **limits: Limits) -> Claim:
    found = store.claim(worker, lease_s=60, limits=limits or LIMITS)
    assert found is not None
    return found


def finish(store: JobStore, held: Claim, credits: float = 10) -> None:
    assert store.begin_call(held, idempotent=False)
    receipt = Receipt(credits_used=credits, request_id="rsid-1")
    assert store.arrived(held, receipt)
    assert store.done(held, image(held), receipt)


def accepted(store: JobStore, request_id: str = "r-1") -> Claim:
    """A job whose call its provider has accepted."""
    held = claim(store)
    assert store.begin_call(held, idempotent=False)
    assert store.accept(held, Ticket(request_id=request_id, data={"path": "a/b"}))
    return held


def finish_taken(store: JobStore, held: Claim, credits: float = 10) -> None:
    """The answer to a call that was made before."""
    receipt = Receipt(credits_used=credits, request_id="r-1")
    assert store.arrived(held, receipt)
    assert store.done(held, image(held), receipt)


def found(store: JobStore, job_id: str) -> Job:
    job = store.get(job_id)
    assert job is not None
    return job


def spend(store: JobStore, *forecasts: float, model: str = "fake-1") -> list[str]:
    requests = [request().model_copy(update={"model": model}) for _ in forecasts]
    return [job.id for job in place(store, *requests, credits=forecasts)]


class JobStoreContract:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    # -- submitting and looking

    def test_a_submitted_job_is_read_back_as_it_was_asked_for(self, store: JobStore) -> None:
        [job] = place(store, request("ein Reiher\nim Schilf 🪶", seed=7, aspect_ratio="3:2"), owner="ana")
        again = store.get(job.id)
        assert again is not None
        assert again.request == request("ein Reiher\nim Schilf 🪶", seed=7, aspect_ratio="3:2")
        assert (again.status, again.owner, again.attempt, again.position) == (JobStatus.QUEUED, "ana", 0, 1)

    def test_another_owners_job_does_not_exist(self, store: JobStore) -> None:
        [job_id] = submit(store, owner="ana")
        assert store.get(job_id, owner="ben") is None
        assert store.page(JobFilter(owner="ben")).jobs == []
        assert store.pending("ben") == []
        assert sum(store.counts("ben").values()) == 0

    def test_the_revision_changes_with_every_change_of_ones_own_jobs_only(self, store: JobStore) -> None:
        [job_id] = submit(store, owner="ana")
        seen = [store.revision("ana")]
        bens = store.revision("ben")
        held = claim(store)
        seen.append(store.revision("ana"))
        finish(store, held)
        seen.append(store.revision("ana"))
        store.star([job_id], True)
        seen.append(store.revision("ana"))
        store.trash([job_id], True)
        seen.append(store.revision("ana"))
        assert len(set(seen)) == len(seen)
        assert store.revision("ben") == bens

    def test_the_position_counts_the_jobs_that_are_served_before(self, store: JobStore) -> None:
        ids = submit(store, "one", "two", "three")
        [urgent] = submit(store, "urgent", priority=5)
        assert [job.position for job in store.pending("me")] == [2, 3, 4, 1]
        claim(store)
        job = store.get(ids[0])
        assert job is not None
        assert job.position == 1
        first = store.get(urgent)
        assert first is not None
        assert first.position is None

    def test_what_is_under_way_is_counted_by_owner_and_by_provider(self, store: JobStore) -> None:
        submit(store, "one", "two", owner="ana")
        submit(store, "three", owner="ben")
        finish(store, claim(store))
        claim(store)
        assert (store.pending_count("ana"), store.pending_count("ben"), store.pending_count(None)) == (1, 1, 2)
        assert store.line() == {"fake": 2}
        assert [job.request.prompt for job in store.pending(None)] == ["two", "three"]
        assert [job.request.prompt for job in store.pending(None, limit=1)] == ["two"]

    def test_a_glance_says_how_the_job_is_now_to_its_owner_alone(self, store: JobStore) -> None:
        done, failed = submit(store, "done", "failed", owner="ana")
        assert store.peek(done) == store.peek(done, owner="ana") == Glance(done, JobStatus.QUEUED, "fake", "fake-1")
        held = claim(store)
        finish(store, held)
        assert store.peek(done, owner="ana") == Glance(done, JobStatus.DONE, "fake", "fake-1", image(held).name)
        store.fail(claim(store), "no_picture", "No picture came.", outcome=None)
        glance = store.peek(failed, owner="ana")
        assert glance is not None
        assert (glance.status, glance.error) == (JobStatus.FAILED, "No picture came.")
        assert store.peek(done, owner="ben") is None
        assert store.peek("0" * 32) is None

    # -- orders

    def test_an_order_is_seen_whole_or_not_at_all(self, store: JobStore) -> None:
        parts: set[int] = set()
        stop = threading.Event()

        def watch() -> None:
            while not stop.is_set():
                parts.add(store.pending_count("me") % 7)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            for _ in range(10):
                submit(store, *("part of an order" for _ in range(7)))
        finally:
            stop.set()
            watcher.join()
        assert parts == {0}

    def test_the_same_key_again_gives_the_same_jobs_as_they_are_now(self, store: JobStore) -> None:
        [first] = store.submit([order("one", "two")])
        assert isinstance(first, Placed)
        assert not first.replayed
        finish(store, claim(store))
        [again] = store.submit([order("one", "two")])
        assert isinstance(again, Placed)
        assert again.replayed
        assert [job.id for job in again.jobs] == [job.id for job in first.jobs]
        assert [job.status for job in again.jobs] == [JobStatus.DONE, JobStatus.QUEUED]
        assert len(store.page(JobFilter(owner="me")).jobs) == 2

    def test_the_same_key_twice_in_one_call_places_one_order(self, store: JobStore) -> None:
        first, again = store.submit([order("one"), order("one")])
        assert isinstance(first, Placed)
        assert isinstance(again, Placed)
        assert (first.replayed, again.replayed) == (False, True)
        assert [job.id for job in again.jobs] == [job.id for job in first.jobs]
        assert store.pending_count("me") == 1

    def test_a_key_for_something_else_is_refused_in_its_place_and_its_neighbours_are_placed(
        self, store: JobStore
    ) -> None:
        store.submit([order("one")])
        before, refused, after = store.submit(
            [order("before", key="a"), order("one", "more", digest="another"), order("after", key=None)]
        )
        assert isinstance(before, Placed)
        assert isinstance(refused, IdempotencyConflict)
        assert isinstance(after, Placed)
        prompts = [job.request.prompt for job in store.pending("me")]
        assert prompts == ["one", "before", "after"]

    def test_another_owners_key_is_another_key(self, store: JobStore) -> None:
        answers = store.submit([order("anas", owner="ana"), order("bens", owner="ben", digest="another")])
        assert [isinstance(answer, Placed) and answer.replayed for answer in answers] == [False, False]

    def test_orders_without_a_key_are_never_the_same(self, store: JobStore) -> None:
        answers = store.submit([order("one", key=None), order("one", key=None)])
        assert [isinstance(answer, Placed) and answer.replayed for answer in answers] == [False, False]
        assert store.pending_count("me") == 2

    def test_a_key_whose_picture_was_deleted_makes_no_other_one(self, store: JobStore) -> None:
        [placed] = store.submit([order("one", "two")])
        assert isinstance(placed, Placed)
        gone = placed.jobs[0].id
        finish(store, claim(store))
        store.trash([gone], True)
        [still] = store.submit([order("one", "two")])
        assert isinstance(still, Placed)
        assert still.replayed
        store.purge([gone])
        refused, other = store.submit([order("one", "two"), order("other", key="b")])
        assert isinstance(refused, JobGone)
        assert isinstance(other, Placed)
        assert store.pending_count("me") == 2

    def test_a_key_is_forgotten_when_it_is_old_enough_and_not_before(self, store: JobStore, clock: Clock) -> None:
        store.submit([order("old", key="old")])
        clock.pass_(1800)
        store.submit([order("young", key="young")])
        assert store.forget_keys(3600) == 0
        clock.pass_(1801)
        assert store.forget_keys(3600) == 1
        anew, again = store.submit([order("old", key="old"), order("young", key="young")])
        assert isinstance(anew, Placed)
        assert isinstance(again, Placed)
        assert (anew.replayed, again.replayed) == (False, True)
        assert store.pending_count("me") == 3

    def test_very_many_old_keys_are_all_forgotten(self, store: JobStore, clock: Clock) -> None:
        store.submit([order("x", key=f"key {number}") for number in range(1203)])
        clock.pass_(10)
        assert store.forget_keys(5) == 1203
        assert store.forget_keys(5) == 0

    def test_many_at_once_with_the_same_key_place_one_order(self, store: JobStore) -> None:
        answers: list[Placed] = []
        start = threading.Barrier(8)

        def send() -> None:
            start.wait()
            [answer] = store.submit([order("one", "two")])
            assert isinstance(answer, Placed)
            answers.append(answer)

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answer.replayed for answer in answers) == [False, *[True] * 7]
        assert len({tuple(job.id for job in answer.jobs) for answer in answers}) == 1
        assert store.pending_count("me") == 2

    # -- claiming

    def test_the_oldest_of_the_highest_priority_is_claimed_first(self, store: JobStore) -> None:
        submit(store, "one", "two")
        submit(store, "urgent", priority=1)
        assert [claim(store).job.request.prompt for _ in range(3)] == ["urgent", "one", "two"]
        assert store.claim("w", lease_s=60, limits=LIMITS) is None

    def test_many_claimers_at_once_never_hold_the_same_job(self, store: JobStore) -> None:
        ids = set(submit(store, *(f"job {number}" for number in range(40))))
        taken: list[str] = []
        guard = threading.Lock()
        start = threading.Barrier(8)

        def take() -> None:
            start.wait()
            while (held := store.claim("w", lease_s=60, limits=LIMITS)) is not None:
                with guard:
                    taken.append(held.job.id)

        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(taken) == sorted(ids)

    def test_a_provider_never_has_more_calls_than_its_concurrency(self, store: JobStore) -> None:
        submit(store, "one", "two", "three")
        first = claim(store, fake=Limits(2))
        claim(store, fake=Limits(2))
        assert store.claim("w", lease_s=60, limits={"fake": Limits(2)}) is None
        assert store.begin_call(first, idempotent=False)
        assert store.claim("w", lease_s=60, limits={"fake": Limits(2)}) is None

    def test_the_slot_is_free_as_soon_as_the_answer_has_arrived(self, store: JobStore) -> None:
        submit(store, "one", "two")
        first = claim(store, fake=Limits(1))
        assert store.begin_call(first, idempotent=False)
        assert store.arrived(first, Receipt())
        assert claim(store, fake=Limits(1)).job.request.prompt == "two"

    def test_no_more_calls_begin_in_a_minute_than_allowed(self, store: JobStore, clock: Clock) -> None:
        submit(store, "one", "two", "three")
        pace = Limits(concurrency=9, per_minute=2)
        finish(store, claim(store, fake=pace))
        clock.pass_(30)
        claim(store, fake=pace)
        assert store.claim("w", lease_s=600, limits={"fake": pace}) is None
        clock.pass_(31)
        assert claim(store, fake=pace).job.request.prompt == "three"

    def test_a_provider_without_limits_here_is_not_served(self, store: JobStore) -> None:
        submit(store)
        assert store.claim("w", lease_s=60, limits={"other": Limits(1)}) is None

    def test_a_job_put_back_with_a_delay_is_not_claimed_before_it_is_due(self, store: JobStore, clock: Clock) -> None:
        submit(store)
        held = claim(store)
        assert store.requeue(held, delay_s=10, why="busy", free=False, outcome=None)
        assert store.claim("w", lease_s=60, limits=LIMITS) is None
        clock.pass_(10.1)
        assert claim(store).job.tries == 2

    def test_a_free_requeue_does_not_use_up_a_try_and_names_a_new_attempt(self, store: JobStore) -> None:
        submit(store)
        store.requeue(claim(store), delay_s=0, why="busy", free=True, outcome=None)
        held = claim(store)
        assert (held.job.tries, held.job.attempt) == (1, 2)

    # -- the fence

    @pytest.mark.parametrize(
        "write",
        [
            pytest.param(lambda s, c: s.begin_call(c, idempotent=False), id="begin_call"),
            pytest.param(lambda s, c: s.set_progress(c, 0.5, "half"), id="set_progress"),
            pytest.param(lambda s, c: s.arrived(c, Receipt()), id="arrived"),
            pytest.param(lambda s, c: s.done(c, image(c), Receipt()), id="done"),
            pytest.param(lambda s, c: s.fail(c, "x", "x", outcome=None), id="fail"),
            pytest.param(lambda s, c: s.requeue(c, delay_s=0, why="", free=True, outcome=None), id="requeue"),
            pytest.param(lambda s, c: s.unknown(c, "x"), id="unknown"),
            pytest.param(lambda s, c: s.cancelled(c, outcome=None), id="cancelled"),
            pytest.param(lambda s, c: s.accept(c, Ticket(request_id="r-1")), id="accept"),
            pytest.param(lambda s, c: s.put_off(c, delay_s=1, why="x"), id="put_off"),
            pytest.param(lambda s, c: s.take_over(c, "w", lease_s=60) is not None, id="take_over"),
        ],
    )
    def test_a_write_under_a_lost_claim_changes_nothing(self, store: JobStore, write: object) -> None:
        [job_id] = submit(store)
        lost = claim(store)
        store.requeue(lost, delay_s=0, why="taken away", free=True, outcome=None)
        claim(store, worker="other")
        before = store.get(job_id)
        assert write(store, lost) is False  # type: ignore[operator]
        assert store.get(job_id) == before

    def test_a_beat_prolongs_the_lease_and_tells_who_has_lost_or_should_stop(
        self, store: JobStore, clock: Clock
    ) -> None:
        submit(store, "mine", "stopped", "lost")
        mine, stopped, lost = claim(store), claim(store), claim(store)
        store.cancel(stopped.job.id)
        store.requeue(lost, delay_s=0, why="", free=True, outcome=None)
        clock.pass_(50)
        answers = store.beat([mine, stopped, lost], lease_s=60)
        assert answers == {mine.job.id: "ok", stopped.job.id: "cancel", lost.job.id: "lost"}
        clock.pass_(50)
        assert store.expired() == []

    # -- calls and money

    def test_a_call_is_recorded_before_it_is_made_and_closed_with_its_cost(self, store: JobStore) -> None:
        [job_id] = submit(store)
        held = claim(store)
        assert store.begin_call(held, idempotent=False)
        [call] = store.calls(job_id)
        assert (call.attempt, call.outcome, call.ended_at) == (1, None, None)
        receipt = Receipt(credits_used=150, request_id="rsid-9")
        store.arrived(held, receipt)
        store.done(held, image(held), receipt)
        [call] = store.calls(job_id)
        assert (call.outcome, call.receipt) == ("ok", receipt)
        job = store.get(job_id)
        assert job is not None
        assert (job.status, job.credits_used, job.request_id, job.receipt) == (JobStatus.DONE, 150, "rsid-9", receipt)

    def test_a_job_costs_what_all_its_calls_cost_together(self, store: JobStore) -> None:
        [job_id] = submit(store)
        held = claim(store)
        store.begin_call(held, idempotent=False)
        store.unknown(held, "lost", receipt=Receipt(credits_used=18))
        assert store.again(job_id, when=[JobStatus.UNKNOWN])
        finish(store, claim(store), credits=18)
        job = store.get(job_id)
        assert job is not None
        assert job.credits_used == 36

    def test_a_second_call_of_the_same_attempt_is_refused(self, store: JobStore) -> None:
        submit(store)
        held = claim(store)
        assert store.begin_call(held, idempotent=False)
        assert not store.begin_call(held, idempotent=False)

    def test_a_late_success_lifts_its_own_unknown_job_and_no_other(self, store: JobStore) -> None:
        [job_id] = submit(store)
        held = claim(store)
        store.begin_call(held, idempotent=False)
        store.unknown(held, "no answer")
        assert not store.done(Claim(held.job, "another token"), image(held), Receipt())
        assert store.done(held, image(held), Receipt(credits_used=5))
        job = store.get(job_id)
        assert job is not None
        assert (job.status, job.credits_used, job.error) == (JobStatus.DONE, 5, None)
        [call] = store.calls(job_id)
        assert call.outcome == "ok"

    def test_an_unknown_job_can_be_adopted_until_a_person_decides(self, store: JobStore) -> None:
        [job_id] = submit(store)
        held = claim(store)
        store.begin_call(held, idempotent=False)
        store.unknown(held, "no answer")
        found = store.held(job_id)
        assert found is not None
        assert found.token == held.token
        assert store.give_up(job_id, "given up")
        assert store.held(job_id) is None
        assert not store.done(held, image(held), Receipt())

    # -- cancelling

    def test_cancelling_a_queued_job_ends_it_at_once(self, store: JobStore) -> None:
        [job_id] = submit(store)
        assert store.cancel(job_id) == "cancelled"
        assert store.claim("w", lease_s=60, limits=LIMITS) is None
        assert store.cancel(job_id) == "too_late"

    def test_a_job_cancelled_before_its_call_never_makes_it(self, store: JobStore) -> None:
        [job_id] = submit(store)
        held = claim(store)
        assert store.cancel(job_id) == "requested"
        assert not store.begin_call(held, idempotent=False)
        assert store.calls(job_id) == []
        assert store.cancelled(held, outcome=None)

    def test_a_job_cancelled_after_its_call_may_still_be_finished(self, store: JobStore) -> None:
        [job_id] = submit(store)
        held = claim(store)
        store.begin_call(held, idempotent=False)
        assert store.cancel(job_id) == "requested"
        assert store.done(held, image(held), Receipt())

    def test_a_job_that_was_to_be_cancelled_does_not_go_back_into_the_queue(self, store: JobStore) -> None:
        [job_id] = submit(store)
        held = claim(store)
        store.begin_call(held, idempotent=False)
        assert store.cancel(job_id) == "requested"
        assert store.requeue(held, delay_s=0, why="no credits", free=True, outcome="not_charged")
        job = store.get(job_id)
        assert job is not None
        assert (job.status, job.error) == (JobStatus.CANCELLED, None)
        assert job.finished_at is not None
        assert store.again(job_id, when=[JobStatus.CANCELLED])
        assert store.begin_call(claim(store), idempotent=False)

    # -- leases

    def test_a_job_past_its_lease_is_found_with_its_open_call(self, store: JobStore, clock: Clock) -> None:
        submit(store, "called", "not called")
        called, not_called = claim(store), claim(store)
        store.begin_call(called, idempotent=True)
        clock.pass_(59)
        assert store.expired() == []
        clock.pass_(2)
        [(first, call), (second, no_call)] = store.expired()
        assert (first.token, second.token) == (called.token, not_called.token)
        assert call is not None
        assert call.outcome is None
        assert call.idempotent
        assert no_call is None

    def test_who_knows_of_no_call_ends_nothing_once_one_was_begun(self, store: JobStore, clock: Clock) -> None:
        """A repair that looked a moment before a late worker began its call would queue a paid job again."""
        submit(store)
        held = claim(store)
        clock.pass_(1000)
        [(seen, no_call)] = store.expired()
        assert (seen.token, no_call) == (held.token, None)
        assert store.begin_call(held, idempotent=False)
        assert not store.requeue(held, delay_s=0, why="It stopped.", free=False, outcome=None)
        assert not store.fail(held, "worker_died", "It stopped.", outcome=None)
        assert not store.cancelled(held, outcome=None)
        found = store.get(held.job.id)
        assert found is not None
        assert found.status is JobStatus.RUNNING
        [(_, call)] = store.expired()
        assert call is not None
        assert call.outcome is None

    def test_a_dead_workers_leases_end_at_once_and_only_its_own(self, store: JobStore) -> None:
        submit(store, "one", "two")
        dead = claim(store, worker="dead")
        claim(store, worker="alive")
        assert store.workers() == {"dead", "alive"}
        assert store.drop_worker("dead") == 1
        assert [found.token for found, _ in store.expired()] == [dead.token]

    def test_a_clock_set_back_loses_no_lease(self, store: JobStore, clock: Clock) -> None:
        submit(store)
        held = claim(store)
        clock.pass_(-3600)
        assert store.expired() == []
        assert store.beat([held], lease_s=60) == {held.job.id: "ok"}
        assert store.begin_call(held, idempotent=False)

    # -- trying again

    @pytest.mark.parametrize("ended", [JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.UNKNOWN])
    def test_a_person_can_send_an_ended_job_back_with_fresh_tries(self, store: JobStore, ended: JobStatus) -> None:
        [job_id] = submit(store)
        held = claim(store)
        if ended is JobStatus.CANCELLED:
            store.cancelled(held, outcome=None)
        elif ended is JobStatus.FAILED:
            store.fail(held, "x", "broken", outcome=None)
        else:
            store.begin_call(held, idempotent=False)
            store.unknown(held, "who knows")
        assert not store.again(job_id, when=[JobStatus.DONE])
        assert store.again(job_id, when=[ended])
        fresh = claim(store)
        assert (fresh.job.id, fresh.job.tries, fresh.job.attempt, fresh.job.error) == (job_id, 1, 2, None)

    # -- listing

    def test_pages_show_every_job_once_newest_first(self, store: JobStore) -> None:
        ids = submit(store, *(f"job {number}" for number in range(25)))
        seen: list[str] = []
        cursor = None
        while True:
            page = store.page(JobFilter(owner="me"), after=cursor, limit=10)
            seen += [job.id for job in page.jobs]
            if (cursor := page.next) is None:
                break
        assert seen == ids[::-1]

    def test_the_gallery_shows_finished_pictures_by_the_time_they_finished(self, store: JobStore, clock: Clock) -> None:
        submit(store, "slow", "quick", "failed", "waiting")
        slow, quick, failed = claim(store), claim(store), claim(store)
        finish(store, quick)
        clock.pass_(1)
        finish(store, slow)
        store.fail(failed, "x", "x", outcome=None)
        first = store.page(JobFilter(owner="me"), limit=1, by_finish=True)
        assert [job.request.prompt for job in first.jobs] == ["slow"]
        assert first.next is not None
        rest = store.page(JobFilter(owner="me"), after=first.next, limit=5, by_finish=True)
        assert [job.request.prompt for job in rest.jobs] == ["quick"]
        assert rest.next is None

    def test_pictures_that_finished_in_the_same_instant_are_all_paged(self, store: JobStore) -> None:
        submit(store, *(f"job {number}" for number in range(7)))
        for _ in range(7):
            finish(store, claim(store))
        seen: list[str] = []
        cursor = None
        while True:
            page = store.page(JobFilter(owner="me"), after=cursor, limit=3, by_finish=True)
            seen += [job.request.prompt for job in page.jobs]
            if (cursor := page.next) is None:
                break
        assert seen == [f"job {number}" for number in range(6, -1, -1)]

    @pytest.mark.parametrize(
        ("which", "found"),
        [
            pytest.param({"words": "FUCHS schnee"}, {"Ein Fuchs im Schnee"}, id="all words, any letter case"),
            pytest.param({"words": "straße"}, {"Die STRASSE 100%"}, id="letter case folds as in Unicode"),
            pytest.param({"words": "100%"}, {"Die STRASSE 100%"}, id="a percent sign is a character"),
            pytest.param({"words": "鹭"}, {"苍鹭"}, id="a part of a word in any script"),
            pytest.param({"provider": "fake"}, {"Ein Fuchs im Schnee", "Die STRASSE 100%", "苍鹭"}, id="the provider"),
            pytest.param({"aspect_ratio": "16:9"}, {"苍鹭"}, id="the ratio"),
            pytest.param({"starred": True}, {"Die STRASSE 100%"}, id="favourites"),
            pytest.param({"statuses": frozenset({JobStatus.CANCELLED})}, {"苍鹭"}, id="the state"),
            pytest.param({"words": "unicorn"}, set(), id="nothing"),
        ],
    )
    def test_a_filter_finds(self, store: JobStore, which: dict[str, object], found: set[str]) -> None:
        jobs = place(
            store, request("Ein Fuchs im Schnee"), request("Die STRASSE 100%"), request("苍鹭", aspect_ratio="16:9")
        )
        store.star([jobs[1].id], True)
        store.cancel(jobs[2].id)
        page = store.page(JobFilter(owner="me", **which))  # type: ignore[arg-type]
        assert {job.request.prompt for job in page.jobs} == found

    def test_a_date_range_includes_its_start_and_excludes_its_end(self, store: JobStore, clock: Clock) -> None:
        for prompt in ("first", "second", "third"):
            submit(store, prompt)
            clock.pass_(3600)
        start = datetime.fromtimestamp(T0, UTC)
        page = store.page(JobFilter(owner="me", since=start + timedelta(hours=1), before=start + timedelta(hours=2)))
        assert [job.request.prompt for job in page.jobs] == ["second"]

    # -- the trash

    def test_trashed_jobs_are_out_of_sight_until_restored(self, store: JobStore) -> None:
        [job_id] = submit(store)
        finish(store, claim(store))
        assert store.trash([job_id], True) == 1
        assert store.page(JobFilter(owner="me")).jobs == []
        assert store.page(JobFilter(owner="me"), by_finish=True).jobs == []
        assert [job.id for job in store.page(JobFilter(owner="me", trashed=True)).jobs] == [job_id]
        assert store.trash([job_id], False) == 1
        assert [job.id for job in store.page(JobFilter(owner="me"), by_finish=True).jobs] == [job_id]

    def test_a_pending_job_cannot_be_thrown_away(self, store: JobStore) -> None:
        [job_id] = submit(store)
        assert store.trash([job_id], True) == 0
        claim(store)
        assert store.trash([job_id], True) == 0

    def test_only_trashed_jobs_are_purged_and_their_cost_stays_on_record(self, store: JobStore) -> None:
        gone, kept = submit(store, "gone", "kept")
        for _ in range(2):
            finish(store, claim(store))
        store.trash([gone], True)
        assert store.purge([gone, kept]) == 1
        assert store.get(gone) is None
        assert store.get(kept) is not None
        [call] = store.calls(gone)
        assert call.outcome == "ok"
        assert call.receipt is None

    # -- providers

    def test_a_paused_provider_is_not_called_until_its_time_is_over(self, store: JobStore, clock: Clock) -> None:
        submit(store, "one", "two")
        store.pause("fake", until=datetime.fromtimestamp(T0 + 30, UTC), reason="slow down")
        assert store.claim("w", lease_s=60, limits=LIMITS) is None
        assert store.provider_states()["fake"].paused
        clock.pass_(31)
        assert not store.provider_states().get("fake") or not store.provider_states()["fake"].paused
        claim(store)

    def test_after_a_pause_one_call_goes_first_until_one_succeeds(self, store: JobStore, clock: Clock) -> None:
        submit(store, "one", "two", "three")
        store.pause("fake", until=datetime.fromtimestamp(T0 + 30, UTC), reason="slow down")
        clock.pass_(31)
        probe = claim(store)
        assert store.claim("w", lease_s=60, limits=LIMITS) is None
        finish(store, probe)
        claim(store)
        claim(store)

    def test_a_pause_without_end_waits_for_a_person(self, store: JobStore, clock: Clock) -> None:
        submit(store)
        store.pause("fake", until=None, reason="no credits")
        store.pause("fake", until=datetime.fromtimestamp(T0 + 1, UTC), reason="slow down")
        clock.pass_(1_000_000)
        assert store.claim("w", lease_s=60, limits=LIMITS) is None
        assert store.provider_states()["fake"].reason == "no credits"
        store.resume("fake")
        claim(store)

    def test_the_history_of_waits_is_the_newest_first_and_of_one_model(self, store: JobStore, clock: Clock) -> None:
        for seconds in (3.0, 5.0):
            submit(store)
            held = claim(store)
            clock.pass_(seconds)
            finish(store, held)
        assert store.durations("fake", "fake-1") == pytest.approx([5.0, 3.0])
        assert store.durations("fake", "other") == []

    # -- calls that were accepted under a ticket

    def test_a_ticket_is_there_for_whoever_finds_the_job_later(self, store: JobStore, clock: Clock) -> None:
        [job_id] = submit(store)
        held = accepted(store)
        assert found(store, job_id).request_id == "r-1"
        assert store.accept(held, Ticket(request_id="r-1", data={"path": "a/b", "seen": 2}))
        clock.pass_(61)
        [(left, call)] = store.expired()
        assert left.token == held.token
        assert call is not None
        assert call.ticket == Ticket(request_id="r-1", data={"path": "a/b", "seen": 2})
        assert call.outcome is None

    def test_a_call_is_taken_over_once_its_lease_is_over_and_is_the_same_attempt(
        self, store: JobStore, clock: Clock
    ) -> None:
        submit(store)
        held = accepted(store)
        assert store.take_over(held, "other", lease_s=60) is None
        clock.pass_(61)
        taken = store.take_over(held, "other", lease_s=60)
        assert taken is not None
        assert (taken.job.attempt, taken.job.tries, taken.blob_stem) == (1, 1, held.blob_stem)
        assert (taken.job.status, taken.job.stage) == (JobStatus.RUNNING, Stage.CALLING)
        assert store.workers() == {"other"}
        assert store.expired() == []
        assert not store.begin_call(taken, idempotent=False)  # it was made
        finish_taken(store, taken)
        assert len(store.calls(held.job.id)) == 1

    def test_who_lost_a_call_to_another_changes_nothing_any_more(self, store: JobStore, clock: Clock) -> None:
        [job_id] = submit(store)
        held = accepted(store)
        clock.pass_(61)
        taken = store.take_over(held, "other", lease_s=60)
        assert taken is not None
        before = found(store, job_id)
        assert store.beat([held], lease_s=60) == {job_id: "lost"}
        assert not store.accept(held, Ticket(request_id="r-2"))
        assert not store.put_off(held, delay_s=1, why="later")
        assert not store.arrived(held, Receipt(credits_used=99))
        assert not store.done(held, image(held), Receipt(credits_used=99))
        assert not store.unknown(held, "who knows")
        assert not store.fail(held, "x", "x", outcome="not_charged")
        assert not store.requeue(held, delay_s=0, why="x", free=True, outcome="not_charged")
        assert not store.cancelled(held, outcome="not_charged")
        assert found(store, job_id) == before
        [call] = store.calls(job_id)
        assert (call.outcome, call.receipt, call.ticket and call.ticket.request_id) == (None, None, "r-1")

    def test_a_number_that_comes_when_the_job_was_called_unknown_lets_it_be_asked_for(
        self, store: JobStore, clock: Clock
    ) -> None:
        late, trashed, given_up = submit(store, "late", "trashed", "given up")
        held = [claim(store) for _ in range(3)]
        for each in held:
            assert store.begin_call(each, idempotent=False)
            assert store.unknown(each, "The app stopped.")  # says a sweeper who takes its worker for dead
        store.trash([trashed], True)
        store.give_up(given_up, "Given up.")
        for each in held:
            store.accept(each, Ticket(request_id="r-1"))
        job = found(store, late)
        assert (job.status, job.error, job.finished_at, job.request_id) == (JobStatus.RUNNING, None, None, "r-1")
        assert store.workers() == set()
        assert store.beat(held, lease_s=60) == dict.fromkeys((late, trashed, given_up), "lost")
        assert found(store, trashed).status is JobStatus.UNKNOWN
        assert found(store, given_up).status is JobStatus.FAILED
        clock.pass_(1)
        [(left, _)] = store.expired()
        taken = store.take_over(left, "other", lease_s=60)
        assert taken is not None
        finish_taken(store, taken)
        assert found(store, late).status is JobStatus.DONE

    def test_of_many_who_would_take_a_call_over_one_does(self, store: JobStore, clock: Clock) -> None:
        submit(store)
        held = accepted(store)
        clock.pass_(61)
        taken: list[Claim | None] = []
        start = threading.Barrier(6)

        def take(number: int) -> None:
            start.wait()
            taken.append(store.take_over(held, f"w{number}", lease_s=60))

        threads = [threading.Thread(target=take, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(taken) == 6
        assert len([each for each in taken if each is not None]) == 1

    def test_a_call_without_a_ticket_is_taken_over_by_nobody(self, store: JobStore, clock: Clock) -> None:
        submit(store)
        held = claim(store)
        store.begin_call(held, idempotent=False)
        clock.pass_(61)
        assert store.take_over(held, "other", lease_s=60) is None
        assert store.unknown(held, "who knows")
        assert store.take_over(held, "other", lease_s=60) is None

    def test_an_unclear_job_is_taken_over_and_may_end_in_any_way(self, store: JobStore) -> None:
        done, charged, free = submit(store, "done", "refused", "not charged")
        for _ in range(3):
            held = accepted(store)
            store.cancel(held.job.id)
            assert store.unknown(held, "No answer in time.")
        assert store.cancel(done) == "too_late"
        taken = []
        for job_id in (done, charged, free):
            left = store.held(job_id)
            assert left is not None
            again = store.take_over(left, "other", lease_s=60)
            assert again is not None
            assert (again.job.error, again.job.finished_at, again.job.cancel_requested) == (None, None, False)
            taken.append(again)
        finish_taken(store, taken[0], credits=7)
        assert store.fail(taken[1], "refused", "No.", outcome="refused", receipt=Receipt(credits_used=3))
        assert store.requeue(taken[2], delay_s=0, why="It failed.", free=False, outcome="not_charged")
        assert [found(store, job_id).status for job_id in (done, charged, free)] == [
            JobStatus.DONE,
            JobStatus.FAILED,
            JobStatus.QUEUED,
        ]
        assert [store.calls(job_id)[0].outcome for job_id in (done, charged, free)] == ["ok", "refused", "not_charged"]
        assert [found(store, job_id).credits_used for job_id in (done, charged)] == [7, 3]

    def test_what_a_person_has_decided_about_is_taken_over_by_nobody(self, store: JobStore) -> None:
        given_up, again, trashed = submit(store, "given up", "again", "trashed")
        held = [accepted(store) for _ in range(3)]
        for each in held:
            store.unknown(each, "No answer in time.")
        store.give_up(given_up, "Given up.")
        store.again(again, when=[JobStatus.UNKNOWN])
        store.trash([trashed], True)
        assert [store.take_over(each, "other", lease_s=60) for each in held] == [None] * 3

    def test_what_was_put_off_is_held_by_nobody_and_found_when_its_time_has_come(
        self, store: JobStore, clock: Clock
    ) -> None:
        [job_id] = submit(store)
        held = accepted(store)
        assert store.put_off(held, delay_s=30, why="It does not answer now.")
        job = found(store, job_id)
        assert (job.status, job.progress_text) == (JobStatus.RUNNING, "It does not answer now.")
        assert store.workers() == set()
        # A heartbeat that was on its way changes nothing about it.
        assert store.beat([held], lease_s=600) == {job_id: "lost"}
        clock.pass_(29)
        assert store.expired() == []
        clock.pass_(2)
        [(left, call)] = store.expired()
        assert call is not None
        assert call.ticket is not None
        taken = store.take_over(left, "other", lease_s=60)
        assert taken is not None
        finish_taken(store, taken)

    def test_cancelling_what_was_put_off_lets_it_be_picked_up_at_once(self, store: JobStore) -> None:
        [job_id] = submit(store)
        held = accepted(store)
        store.put_off(held, delay_s=300, why="It does not answer now.")
        assert store.expired() == []
        assert store.cancel(job_id) == "requested"
        [(left, _)] = store.expired()
        taken = store.take_over(left, "other", lease_s=60)
        assert taken is not None
        assert taken.job.cancel_requested
        assert store.cancelled(taken, outcome="not_charged", why="Stopped.", receipt=Receipt(request_id="r-9"))
        job = found(store, job_id)
        assert (job.status, job.error, job.request_id) == (JobStatus.CANCELLED, "Stopped.", "r-9")
        [call] = store.calls(job_id)
        assert call.outcome == "not_charged"

    def test_what_was_put_off_takes_its_place_at_the_provider(self, store: JobStore) -> None:
        submit(store, "one", "two")
        held = accepted(store)
        store.put_off(held, delay_s=300, why="It does not answer now.")
        assert store.claim("w", lease_s=60, limits={"fake": Limits(1)}) is None

    def test_a_ticket_goes_with_its_job(self, store: JobStore) -> None:
        gone, kept = submit(store, "gone", "kept")
        for _ in range(2):
            finish_taken(store, accepted(store))
        store.trash([gone], True)
        store.purge([gone, kept])  # the second is not in the trash, and keeps what it has
        assert [call.ticket for call in store.calls(gone)] == [None]
        [call] = store.calls(kept)
        assert call.ticket is not None
        assert call.receipt is not None

    # -- money, counted in dollars

    def test_dollars_are_settled_on_the_job_and_counted_as_credits(self, store: JobStore) -> None:
        [job_id] = submit(store)
        held = accepted(store)
        receipt = Receipt(usd_used=0.25, request_id="r-1")
        store.arrived(held, receipt)
        store.done(held, image(held), receipt)
        job = found(store, job_id)
        assert job.usd_used == pytest.approx(0.25)
        assert job.credits_used == pytest.approx(0.25 * 750)
        assert store.spent_today("fake") == pytest.approx(0.25 * 750)

    def test_credits_that_were_named_count_and_not_what_they_are_worth(self, store: JobStore) -> None:
        submit(store)
        held = accepted(store)
        store.arrived(held, Receipt(credits_used=100, usd_used=1.0))
        assert store.spent_today("fake") == pytest.approx(100)

    # -- a budget of the day

    def test_what_was_spent_today_is_what_was_said_and_else_what_was_expected(
        self, store: JobStore, clock: Clock
    ) -> None:
        spend(store, 10, 20, 30, 40, 50, 60)
        spent = [0.0]
        held = claim(store)
        spent.append(store.spent_today("fake"))  # reserved before it is sent
        finish(store, held, credits=12)
        spent.append(store.spent_today("fake"))
        held = accepted(store)
        spent.append(store.spent_today("fake"))
        store.arrived(held, Receipt())
        store.done(held, image(held), Receipt())
        spent.append(store.spent_today("fake"))
        held = accepted(store)
        store.unknown(held, "who knows")
        spent.append(store.spent_today("fake"))
        held = accepted(store)
        store.fail(held, "x", "x", outcome="not_charged")
        spent.append(store.spent_today("fake"))
        claim(store)
        spent.append(store.spent_today("fake"))
        assert spent == pytest.approx([0, 10, 12, 32, 32, 62, 62, 112])
        assert store.spent_today("other") == 0
        clock.pass_(86_400)
        assert store.spent_today("fake") == 50  # about to be sent today

    def test_deleting_a_picture_does_not_give_back_what_it_may_have_cost(self, store: JobStore) -> None:
        [job_id] = spend(store, 20)
        held = accepted(store)
        store.arrived(held, Receipt())  # it did not say
        store.done(held, image(held), Receipt())
        store.trash([job_id], True)
        store.purge([job_id])
        assert store.spent_today("fake") == 20

    def test_a_stopped_call_that_may_have_cost_counts(self, store: JobStore) -> None:
        spend(store, 20, 20)
        assert store.cancelled(accepted(store), outcome="unknown", why="Stopped. It may have been charged.")
        assert store.cancelled(accepted(store), outcome="not_charged")
        assert store.spent_today("fake") == 20

    def test_a_spent_budget_holds_back_what_costs_and_lets_everything_else_go_on(
        self, store: JobStore, clock: Clock
    ) -> None:
        dear = spend(store, 30, 30, 30)
        [cheap] = spend(store, 5, model="fake-small")
        [free] = spend(store, 0, model="fake-free")
        [own] = [job.id for job in place(store, request("own"), credits=(30.0,), own_keys={"fake": "k"})]
        day = Limits(concurrency=9, daily_credits=65)
        taken: list[str] = []
        while (held := store.claim("w", lease_s=60, limits={"fake": day})) is not None:
            taken.append(held.job.id)
        assert set(taken[:2]) <= set(dear)
        assert set(taken[2:]) == {cheap, free, own}
        left = found(store, next(job_id for job_id in dear if job_id not in taken))
        assert left.status is JobStatus.QUEUED
        clock.pass_(86_400)
        # Their calls were never begun, so that they count for the day on which they will be.
        assert store.spent_today("fake") == 65
        for job_id in taken:
            store.cancel(job_id)
        [later] = [store.claim("w", lease_s=60, limits={"fake": Limits(9, daily_credits=200)})]
        assert later is not None
        assert later.job.id == left.id

    def test_a_budget_of_nothing_lets_only_what_is_free_through(self, store: JobStore) -> None:
        spend(store, 1)
        [free] = spend(store, 0)
        nothing = {"fake": Limits(concurrency=9, daily_credits=0)}
        held = store.claim("w", lease_s=60, limits=nothing)
        assert held is not None
        assert held.job.id == free
        assert store.claim("w", lease_s=60, limits=nothing) is None

    def test_many_claimers_at_once_never_go_past_the_budget(self, store: JobStore) -> None:
        spend(store, *[10.0] * 20)
        day = {"fake": Limits(concurrency=100, daily_credits=75)}
        taken: list[Claim] = []
        start = threading.Barrier(6)

        def take() -> None:
            start.wait()
            while (held := store.claim("w", lease_s=60, limits=day)) is not None:
                store.begin_call(held, idempotent=False)
                taken.append(held)

        threads = [threading.Thread(target=take) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(taken) == 7
        assert store.spent_today("fake") == 70
