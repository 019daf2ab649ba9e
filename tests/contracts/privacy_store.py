"""
What every PrivacyStore promises. An adapter's tests inherit ``PrivacyStoreContract`` and give it a ``store`` and, beside it in
the same place, ``records`` and ``grids``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reve_core.keeping import Cutoffs
from reve_core.models import Job, JobFilter, JobStatus, Limits, Order, Receipt
from reve_core.ports import ComparisonStore, JobStore, PrivacyStore
from tests.contracts.comparison_store import bought, comparison
from tests.contracts.guard_store import TODAY, ask, call, finish, take, terms
from tests.contracts.job_store import Clock, image, request

DAY = 86_400.0


def now(clock: Clock) -> datetime:
    return datetime.fromtimestamp(clock(), UTC)


def made(store: JobStore, owner: str = "ana") -> Job:
    [job] = ask(store, owner=owner, on=terms(owner)).jobs
    finish(store, call(store), credits=10)
    found = store.get(job.id)
    assert found is not None
    assert found.status is JobStatus.DONE
    return found


def ended(store: JobStore, how: str, owner: str = "ana") -> Job:
    [job] = ask(store, owner=owner, on=terms(owner)).jobs
    match how:
        case "cancelled":
            store.cancel(job.id)
        case "failed":
            store.fail(call(store), "refused", "The provider said no.", outcome="refused")
        case "unknown":
            store.unknown(call(store), "Nobody knows.")
        case "done":
            finish(store, call(store), credits=10)
    return job


def expired(records: PrivacyStore, clock: Clock, failed: float | None, pictures: float | None) -> int:
    def ago(days: float | None) -> datetime | None:
        return None if days is None else now(clock) - timedelta(days=days)

    gone, after = 0, 0
    while True:
        lot = records.expire_jobs(Cutoffs(failed=ago(failed), pictures=ago(pictures)), after=after, limit=2)
        gone += lot.gone
        if lot.next is None:
            return gone
        after = lot.next


class PrivacyStoreContract:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    # -- telling

    def test_what_is_held_is_counted_for_one_owner(self, store: JobStore, records: PrivacyStore) -> None:
        job = made(store)
        made(store, "bert")
        ended(store, "failed")
        ask(store, 2)
        store.trash([job.id], True)
        held = records.holdings("ana", spender="ana", day=TODAY, voters={})
        assert (held.jobs, held.pictures, held.trashed, held.failed, held.pending) == (4, 1, 1, 1, 2)
        assert held.credits_today == 30
        assert held.bytes > 0

    # -- forgetting

    def test_one_owners_jobs_go_and_the_others_stay(self, store: JobStore, records: PrivacyStore) -> None:
        mine, theirs = made(store), made(store, "bert")
        before = store.get(theirs.id)
        gone = records.forget_owner("ana", spender="ana", voters={})
        assert (gone.jobs, gone.pictures) == (1, 1)
        assert [each.job_id for each in gone.doomed] == [mine.id]
        assert store.get(mine.id) is None
        assert store.get(theirs.id) == before
        assert records.forget_owner("ana", spender="ana", voters={}).jobs == 0

    def test_what_it_cost_stays_in_the_books_without_what_was_said(
        self, store: JobStore, records: PrivacyStore
    ) -> None:
        job = made(store)
        records.forget_owner("ana", spender="ana", voters={})
        [booked] = store.calls(job.id)
        assert (booked.outcome, booked.receipt, booked.error) == ("ok", None, None)
        assert records.holdings("ana", spender="ana", day=TODAY, voters={}).credits_today == 10

    def test_what_waits_gives_back_what_was_reserved(self, store: JobStore, records: PrivacyStore) -> None:
        ask(store, 3)
        assert records.forget_owner("ana", spender="ana", voters={}).jobs == 3
        assert records.holdings("ana", spender="ana", day=TODAY, voters={}).credits_today == 0
        assert store.pending_count(None) == 0

    @pytest.mark.parametrize("how", ["done", "fail", "unknown", "requeue", "cancelled"])
    def test_a_call_on_its_way_ends_in_nothing_however_it_ends(
        self, store: JobStore, records: PrivacyStore, how: str
    ) -> None:
        ask(store)
        held = call(store)
        gone = records.forget_owner("ana", spender="ana", voters={})
        assert gone.running == (held.job.id,)
        assert store.get(held.job.id, owner="ana") is None
        assert not store.is_wanted(held)
        receipt = Receipt(credits_used=7, notes=("a heron",))
        match how:
            case "done":
                store.arrived(held, receipt)
                assert not store.done(held, image(held), receipt)
            case "fail":
                store.fail(held, "refused", "a heron", outcome="refused", receipt=receipt)
            case "unknown":
                store.unknown(held, "a heron", receipt=receipt)
            case "requeue":
                store.requeue(held, delay_s=0, why="a heron", free=True, outcome="not_charged", receipt=receipt)
            case "cancelled":
                store.arrived(held, receipt)
                store.cancelled(held, outcome="ok")
        assert store.get(held.job.id) is None
        [booked] = store.calls(held.job.id)
        assert (booked.receipt, booked.error) == (None, None)
        # Where nobody knows whether it was paid, the forecast counts.
        spent = records.holdings("ana", spender="ana", day=TODAY, voters={}).credits_today
        assert spent == (10 if how == "unknown" else 7)
        assert [each.job_id for each in records.doomed(before=datetime.max.replace(tzinfo=UTC))] == [held.job.id]

    def test_a_call_on_its_way_takes_its_place_until_it_ends(self, store: JobStore, records: PrivacyStore) -> None:
        """Whoever deletes and comes again gains no place by it."""

        ask(store)
        held = call(store)
        records.forget_owner("ana", spender="ana", voters={})
        ask(store, on=terms("bert"))
        one = {"fake": Limits(1)}
        assert store.claim("w", lease_s=60, limits=one) is None
        store.cancelled(held, outcome="not_charged")
        assert store.claim("w", lease_s=60, limits=one) is not None

    def test_one_that_was_claimed_and_not_called_is_never_called(self, store: JobStore, records: PrivacyStore) -> None:
        ask(store)
        held = take(store)
        records.forget_owner("ana", spender="ana", voters={})
        assert not store.begin_call(held, idempotent=False)
        assert store.calls(held.job.id) == []
        assert records.holdings("ana", spender="ana", day=TODAY, voters={}).credits_today == 0

    def test_an_unclear_one_does_not_come_back(self, store: JobStore, records: PrivacyStore) -> None:
        ask(store)
        held = call(store)
        store.unknown(held, "Nobody knows.")
        records.forget_owner("ana", spender="ana", voters={})

        assert not store.done(held, image(held), Receipt(credits_used=7))
        assert store.get(held.job.id) is None

    # -- what is too old

    @pytest.mark.parametrize(("how", "days"), [("failed", 1.0), ("cancelled", 1.0), ("done", 7.0), ("unknown", 7.0)])
    def test_each_kind_goes_when_its_time_is_over_and_not_before(
        self, store: JobStore, records: PrivacyStore, clock: Clock, how: str, days: float
    ) -> None:
        jobs = [ended(store, how) for _ in range(5)]
        clock.pass_(days * DAY - 1)
        assert expired(records, clock, 1, 7) == 0
        clock.pass_(2)
        assert expired(records, clock, 1, 7) == 5
        assert [store.get(job.id) for job in jobs] == [None] * 5

    def test_what_waits_or_runs_never_goes(self, store: JobStore, records: PrivacyStore, clock: Clock) -> None:
        ask(store, 3)
        held = call(store)
        clock.pass_(1000 * DAY)
        assert expired(records, clock, 1, 7) == 0
        assert store.pending_count("ana") == 3
        assert store.done(held, image(held), Receipt())

    def test_without_a_limit_nothing_goes(self, store: JobStore, records: PrivacyStore, clock: Clock) -> None:
        for how in ("failed", "done"):
            ended(store, how)
        clock.pass_(1000 * DAY)
        assert expired(records, clock, None, None) == 0

    def test_a_clock_that_goes_back_takes_nothing_early_and_nothing_for_ever(
        self, store: JobStore, records: PrivacyStore, clock: Clock
    ) -> None:
        old = ended(store, "done")
        clock.pass_(-30 * DAY)
        young = ended(store, "done")
        assert expired(records, clock, 1, 7) == 0
        clock.pass_(8 * DAY)
        assert expired(records, clock, 1, 7) == 1
        assert store.get(young.id) is None
        assert store.get(old.id) is not None
        clock.pass_(30 * DAY)
        assert expired(records, clock, 1, 7) == 1

    def test_pictures_in_a_comparison_stay_as_long_as_it_does(
        self, store: JobStore, grids: ComparisonStore, records: PrivacyStore, clock: Clock
    ) -> None:
        made_here = comparison(1)
        grids.create_comparison(made_here, [bought("k1", 1), bought("k2", 2)])
        for held in (call(store), call(store)):
            finish(store, held, credits=1)
        lone = ended(store, "done", made_here.owner)
        clock.pass_(8 * DAY)
        assert expired(records, clock, 1, 7) == 1
        assert store.get(lone.id) is None
        assert len(store.page(JobFilter(owner=made_here.owner)).jobs) == 2
        assert records.expire_comparisons(Cutoffs(comparisons=now(clock)), limit=5).gone == 1
        assert grids.comparison(made_here.id, owner=None) is None
        assert expired(records, clock, 1, 7) == 2

    def test_a_comparison_with_work_under_way_waits_for_it(
        self, store: JobStore, grids: ComparisonStore, records: PrivacyStore, clock: Clock
    ) -> None:
        grids.create_comparison(comparison(1), [bought("k1", 1)])
        clock.pass_(99 * DAY)
        cutoffs = Cutoffs(comparisons=now(clock))
        assert records.expire_comparisons(cutoffs, limit=5).gone == 0
        finish(store, call(store), credits=1)
        assert records.expire_comparisons(cutoffs, limit=5).gone == 1

    def test_traces_of_ended_jobs_are_wiped_and_the_books_stay(
        self, store: JobStore, records: PrivacyStore, clock: Clock
    ) -> None:
        ended(store, "unknown")
        ask(store)
        clock.pass_(DAY + 1)
        before = now(clock) - timedelta(days=1)
        assert records.wipe_traces(before=before, after=0, limit=10).gone == 1
        assert records.wipe_traces(before=before, after=0, limit=10).gone == 0
        assert records.holdings("ana", spender="ana", day=TODAY, voters={}).credits_today == 20
        unclear = store.page(JobFilter(owner="ana", statuses=frozenset({JobStatus.UNKNOWN}))).jobs[0]
        assert store.again(unclear.id, when=[JobStatus.UNKNOWN], terms=terms(), credits=10)

    # -- files

    def test_files_are_doomed_until_somebody_says_that_they_are_gone(
        self, store: JobStore, records: PrivacyStore, clock: Clock
    ) -> None:
        job = made(store)
        records.forget_owner("ana", spender="ana", voters={})
        assert records.doomed(before=now(clock) - timedelta(seconds=1)) == []
        [doomed] = records.doomed(before=now(clock))
        assert (doomed.job_id, doomed.attempts) == (job.id, 1)
        records.cleared([job.id])
        assert records.doomed(before=now(clock)) == []

    def test_a_job_that_never_began_dooms_nothing(self, store: JobStore, records: PrivacyStore, clock: Clock) -> None:
        store.submit([Order((request(),), "ana")])
        records.forget_owner("ana", spender="ana", voters={})
        assert records.doomed(before=now(clock)) == []

    def test_erasing_says_that_it_is_done(self, store: JobStore, records: PrivacyStore) -> None:
        made(store)
        gone = records.forget_owner("ana", spender="ana", voters={})
        assert gone.texts
        assert records.erase(gone.texts)
