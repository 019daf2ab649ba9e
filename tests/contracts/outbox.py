"""What every Outbox promises. An adapter's tests inherit ``OutboxContract`` and give it a ``store`` that is a JobStore too."""

import threading
from typing import Protocol

import pytest

from reve_core.models import JobStatus, Once, Order, Placed, Receipt
from reve_core.ports import JobStore, Outbox
from tests.building import place
from tests.contracts.job_store import Clock, claim, finish, image, request

URL = "https://hooks.example/done?for=me"
LEASE_S = 60.0


class Store(JobStore, Outbox, Protocol):
    pass


def ordered(store: Store, prompt: str = "a heron", *, url: str = URL) -> str:
    [job] = place(store, request(prompt), callback_url=url)
    return job.id


def ended(store: Store, prompt: str = "a heron", *, url: str = URL) -> str:
    job_id = ordered(store, prompt, url=url)
    finish(store, claim(store))
    return job_id


def end_unclear(store: Store) -> str:
    job_id = ordered(store)
    held = claim(store)
    store.begin_call(held, idempotent=False)
    store.unknown(held, "no answer")
    return job_id


class OutboxContract:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    def test_a_job_is_told_only_when_it_has_ended(self, store: Store) -> None:
        job_id = ordered(store)
        assert store.due_callbacks(lease_s=LEASE_S) == []
        held = claim(store)
        assert store.due_callbacks(lease_s=LEASE_S) == []
        finish(store, held)
        [callback] = store.due_callbacks(lease_s=LEASE_S)
        assert (callback.job_id, callback.url, callback.attempt) == (job_id, URL, 1)

    @pytest.mark.parametrize(
        "end",
        [
            pytest.param(lambda s, c: s.done(c, image(c), Receipt()), id="done"),
            pytest.param(lambda s, c: s.fail(c, "refused", "no", outcome=None), id="failed"),
            pytest.param(lambda s, c: s.cancelled(c, outcome=None), id="cancelled"),
            pytest.param(lambda s, c: s.unknown(c, "no answer"), id="unknown"),
        ],
    )
    def test_every_end_is_told(self, store: Store, end: object) -> None:
        ordered(store)
        end(store, claim(store))  # type: ignore[operator]
        assert len(store.due_callbacks(lease_s=LEASE_S)) == 1

    def test_a_job_cancelled_in_the_queue_is_told_too(self, store: Store) -> None:
        store.cancel(ordered(store))
        assert len(store.due_callbacks(lease_s=LEASE_S)) == 1

    def test_a_job_without_an_address_is_told_to_nobody(self, store: Store) -> None:
        place(store, request())
        finish(store, claim(store))
        assert store.due_callbacks(lease_s=LEASE_S) == []

    def test_each_job_of_an_order_is_told_by_itself(self, store: Store) -> None:
        jobs = place(store, request("one"), request("two"), callback_url=URL)
        finish(store, claim(store))
        finish(store, claim(store))
        assert {each.job_id for each in store.due_callbacks(lease_s=LEASE_S)} == {job.id for job in jobs}

    def test_an_order_that_is_repeated_is_told_once(self, store: Store) -> None:
        order = Order((request(),), "me", once=Once("key", "digest"), callback_url=URL)
        answers = [*store.submit([order, order]), *store.submit([order])]
        assert [isinstance(answer, Placed) and answer.replayed for answer in answers] == [False, True, True]
        finish(store, claim(store))
        assert len(store.due_callbacks(lease_s=LEASE_S)) == 1

    # -- who tells it, and how often

    def test_what_one_has_taken_nobody_else_is_given_until_its_lease_is_over(self, store: Store, clock: Clock) -> None:
        ended(store)
        [first] = store.due_callbacks(lease_s=LEASE_S)
        assert store.due_callbacks(lease_s=LEASE_S) == []
        clock.pass_(LEASE_S + 1)
        [second] = store.due_callbacks(lease_s=LEASE_S)
        assert (second.id, second.attempt) == (first.id, 2)

    def test_many_takers_at_once_never_get_the_same(self, store: Store) -> None:
        jobs = {ended(store, f"job {number}") for number in range(12)}
        taken: list[str] = []
        guard, start = threading.Lock(), threading.Barrier(4)

        def take() -> None:
            start.wait()
            while found := store.due_callbacks(lease_s=LEASE_S, limit=2):
                with guard:
                    taken.extend(each.job_id for each in found)

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(taken) == sorted(jobs)

    def test_no_more_are_taken_than_asked_for_and_the_longest_due_first(self, store: Store, clock: Clock) -> None:
        late, early = ended(store, "late"), ended(store, "early")
        callbacks = {each.job_id: each for each in store.due_callbacks(lease_s=LEASE_S)}
        store.tell_later(callbacks[late], delay_s=20, why="busy")
        store.tell_later(callbacks[early], delay_s=10, why="busy")
        clock.pass_(30)
        assert [each.job_id for each in store.due_callbacks(lease_s=LEASE_S, limit=1)] == [early]

    def test_addresses_with_a_beginning_to_skip_are_left_alone(self, store: Store) -> None:
        ended(store, url="https://slow.example/a")
        other = ended(store, url="https://slow.example.org/a")
        assert [each.job_id for each in store.due_callbacks(lease_s=LEASE_S, skip={"https://slow.example/"})] == [other]
        assert len(store.due_callbacks(lease_s=LEASE_S)) == 1

    def test_what_was_told_is_not_due_again(self, store: Store, clock: Clock) -> None:
        ended(store)
        [callback] = store.due_callbacks(lease_s=LEASE_S)
        store.told(callback)
        store.tell_later(callback, delay_s=0, why="a late failure of another attempt")
        clock.pass_(1_000_000)
        assert store.due_callbacks(lease_s=LEASE_S) == []

    def test_what_will_never_be_told_is_not_due_again(self, store: Store, clock: Clock) -> None:
        ended(store)
        [callback] = store.due_callbacks(lease_s=LEASE_S)
        store.told(callback, why_not="The receiver wants no more.")
        clock.pass_(1_000_000)
        assert store.due_callbacks(lease_s=LEASE_S) == []

    def test_what_is_told_later_is_due_then_with_the_same_id(self, store: Store, clock: Clock) -> None:
        ended(store)
        [first] = store.due_callbacks(lease_s=LEASE_S)
        store.tell_later(first, delay_s=300, why="it answered 503")
        clock.pass_(299)
        assert store.due_callbacks(lease_s=LEASE_S) == []
        clock.pass_(2)
        [second] = store.due_callbacks(lease_s=LEASE_S)
        assert (second.id, second.attempt) == (first.id, 2)

    def test_who_has_lost_its_lease_puts_nothing_off(self, store: Store, clock: Clock) -> None:
        ended(store)
        [lost] = store.due_callbacks(lease_s=LEASE_S)
        clock.pass_(LEASE_S + 1)
        store.due_callbacks(lease_s=LEASE_S)
        store.tell_later(lost, delay_s=0, why="too late")
        assert store.due_callbacks(lease_s=LEASE_S) == []

    # -- jobs that end more than once

    @pytest.mark.parametrize("was_told", [True, False])
    def test_a_job_that_a_person_sends_round_again_is_told_again_under_another_id(
        self, store: Store, was_told: bool
    ) -> None:
        job_id = ordered(store)
        store.fail(claim(store), "x", "x", outcome=None)
        [first] = store.due_callbacks(lease_s=LEASE_S)
        if was_told:
            store.told(first)
        assert store.again(job_id, when=[JobStatus.FAILED])
        assert store.due_callbacks(lease_s=LEASE_S) == []
        finish(store, claim(store))
        [second] = store.due_callbacks(lease_s=LEASE_S)
        assert (second.job_id, second.attempt) == (job_id, 1)
        assert second.id != first.id

    def test_an_unclear_job_that_turns_out_well_is_told_again(self, store: Store) -> None:
        job_id = end_unclear(store)
        [first] = store.due_callbacks(lease_s=LEASE_S)
        store.told(first)
        held = store.held(job_id)
        assert held is not None
        assert store.done(held, image(held), Receipt())
        [second] = store.due_callbacks(lease_s=LEASE_S)
        assert second.id != first.id

    def test_an_unclear_job_that_is_given_up_is_told_again(self, store: Store) -> None:
        job_id = end_unclear(store)
        [first] = store.due_callbacks(lease_s=LEASE_S)
        store.told(first)
        assert store.give_up(job_id, "Given up.")
        [second] = store.due_callbacks(lease_s=LEASE_S)
        assert second.id != first.id

    def test_a_late_word_about_an_earlier_end_does_not_settle_the_later_one(self, store: Store, clock: Clock) -> None:
        job_id = end_unclear(store)
        [first] = store.due_callbacks(lease_s=LEASE_S)
        assert store.give_up(job_id, "Given up.")
        [second] = store.due_callbacks(lease_s=LEASE_S)
        store.told(first)
        store.tell_later(first, delay_s=10_000, why="busy")
        clock.pass_(LEASE_S + 1)
        [third] = store.due_callbacks(lease_s=LEASE_S)
        assert (third.id, third.attempt) == (second.id, 2)

    # -- jobs that are thrown away

    def test_a_job_in_the_trash_is_not_told_unless_it_is_taken_out_again(self, store: Store) -> None:
        job_id = ended(store)
        store.trash([job_id], True)
        assert store.due_callbacks(lease_s=LEASE_S) == []
        store.trash([job_id], False)
        assert len(store.due_callbacks(lease_s=LEASE_S)) == 1

    def test_a_purged_job_is_never_told(self, store: Store, clock: Clock) -> None:
        job_id = ended(store)
        [callback] = store.due_callbacks(lease_s=LEASE_S)
        store.trash([job_id], True)
        store.purge([job_id])
        store.tell_later(callback, delay_s=0, why="busy")
        clock.pass_(LEASE_S + 1)
        assert store.due_callbacks(lease_s=LEASE_S) == []
