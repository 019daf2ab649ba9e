"""
What every OperatorStore promises. An adapter's tests inherit ``OperatorStoreContract`` and give it a ``store`` and, beside it in
the same place, ``guard``, ``access`` and ``ledger``.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reve_core.guarding import Failing, Spender, Spent, Waiting, Whence
from reve_core.models import JobFilter, Review
from reve_core.ports import AccessStore, GuardStore, JobStore, OperatorStore
from tests.contracts.access_store import share, token_of
from tests.contracts.guard_store import TODAY, ask, call, finish, take, terms
from tests.contracts.job_store import T0, Clock, request

NOW = datetime.fromtimestamp(T0, UTC)
TOMORROW = (NOW + timedelta(days=1)).strftime("%Y-%m-%d")
DAY_S = 86_400


def made(store: JobStore, credits: float | None = 10, **order: object) -> str:
    """The id of a finished picture that cost so much."""
    [job] = ask(store, **order).jobs  # type: ignore[arg-type]
    finish(store, call(store), credits)
    return job.id


def failed(store: JobStore, code: str, provider: str = "fake") -> None:
    ask(store, requests=(request().model_copy(update={"provider": provider}),))
    held = call(store)
    assert store.fail(held, code, "It failed.", outcome="not_charged")


class OperatorStoreContract:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    # -- money

    def test_spending_is_told_by_day_and_provider(self, store: JobStore, ledger: OperatorStore, clock: Clock) -> None:
        made(store, 10)
        made(store, 2.5)
        made(store, 7, requests=(request().model_copy(update={"provider": "other"}),))
        clock.pass_(DAY_S)
        made(store, 30)
        assert ledger.spent(since=NOW - timedelta(days=1)) == [
            Spent(TODAY, "fake", 12.5, 2, 0),
            Spent(TODAY, "other", 7, 1, 0),
            Spent(TOMORROW, "fake", 30, 1, 0),
        ]
        assert ledger.spent(since=NOW + timedelta(hours=1)) == [Spent(TOMORROW, "fake", 30, 1, 0)]

    def test_a_call_of_which_nobody_knows_what_it_cost_is_counted_as_such(
        self, store: JobStore, ledger: OperatorStore
    ) -> None:
        made(store, None)
        failed(store, "not_charged")
        assert ledger.spent(since=NOW) == [Spent(TODAY, "fake", 0, 2, 1)]

    def test_what_visitors_paid_with_keys_of_their_own_is_not_the_links_spending(
        self, store: JobStore, ledger: OperatorStore
    ) -> None:
        made(store, 10, own_keys={"fake": "k1"})
        assert ledger.spent(since=NOW) == []

    def test_what_was_spent_outlives_its_job(self, store: JobStore, ledger: OperatorStore) -> None:
        job_id = made(store, 10)
        store.trash([job_id], True)
        store.purge([job_id])
        assert ledger.spent(since=NOW) == [Spent(TODAY, "fake", 10, 1, 0)]

    def test_visitors_are_listed_by_what_they_were_charged_with(
        self, store: JobStore, ledger: OperatorStore, clock: Clock
    ) -> None:
        made(store, 10, on=terms("ana"))
        made(store, 40, on=terms("ben"))
        clock.pass_(DAY_S)
        made(store, 5, on=terms("ana", day=TOMORROW))
        ask(store, on=terms("cleo", day=TOMORROW), credits=0)
        assert ledger.spenders(day=TOMORROW, since_day=TODAY) == [Spender("ben", 0, 40), Spender("ana", 5, 15)]
        assert ledger.spenders(day=TOMORROW, since_day=TOMORROW) == [Spender("ana", 5, 5)]
        assert ledger.spenders(day=TOMORROW, since_day=TODAY, limit=1) == [Spender("ben", 0, 40)]

    def test_the_links_budget_holds_what_is_spent_and_what_is_reserved(
        self, store: JobStore, ledger: OperatorStore
    ) -> None:
        assert (ledger.charged(TODAY), ledger.reserved()) == (0, 0)
        made(store, 7)
        ask(store, 2)
        ask(store, own_keys={"fake": "k1"})
        assert ledger.reserved() == 20
        assert ledger.charged(TODAY) == 27

    # -- work

    def test_the_line_is_told_by_provider(self, store: JobStore, ledger: OperatorStore, clock: Clock) -> None:
        assert ledger.waiting() == []
        ask(store, on=terms("ana"), review=Review.PERSON)
        clock.pass_(60)
        ask(store, 2, on=terms("ana"))
        clock.pass_(60)
        ask(store, on=terms("ben"))
        assert ledger.waiting() == [Waiting("fake", 4, 1, 2, NOW + timedelta(seconds=60))]

    def test_who_works_and_since_when(self, store: JobStore, ledger: OperatorStore, clock: Clock) -> None:
        [job] = ask(store).jobs
        take(store)
        clock.pass_(90)
        [working] = ledger.working()
        assert (working.worker, working.job_id, working.owner, working.since) == ("w", job.id, "ana", NOW)
        assert working.lease_until == NOW + timedelta(seconds=60)

    def test_failures_are_counted_by_reason_and_outlive_their_jobs(
        self, store: JobStore, ledger: OperatorStore, clock: Clock
    ) -> None:
        failed(store, "rate_limited")
        clock.pass_(3 * DAY_S)
        failed(store, "rate_limited")
        failed(store, "key_refused")
        failed(store, "key_refused")
        jobs = [job.id for job in store.page(JobFilter()).jobs]
        store.trash(jobs, True)
        assert store.purge(jobs) == 4
        now = NOW + timedelta(days=3)
        assert ledger.failing(now=now) == [Failing("fake", "key_refused", 2, 2), Failing("fake", "rate_limited", 1, 2)]
        assert ledger.failing(now=now + timedelta(days=6)) == [
            Failing("fake", "key_refused", 0, 2),
            Failing("fake", "rate_limited", 0, 1),
        ]
        assert ledger.failing(now=now + timedelta(days=8)) == []

    def test_an_unclear_end_counts_once_and_giving_it_up_is_no_failure(
        self, store: JobStore, ledger: OperatorStore
    ) -> None:
        [job] = ask(store).jobs
        assert store.unknown(call(store), "Nobody knows.")
        store.give_up(job.id, "Given up.")
        assert ledger.failing(now=NOW) == [Failing("fake", "unknown", 1, 1)]

    def test_what_a_provider_last_said_is_left(self, store: JobStore, ledger: OperatorStore) -> None:
        assert ledger.credits_left() == {}
        ask(store)
        finish(store, call(store), 10, left=480)
        assert ledger.credits_left() == {"fake": 480}

    # -- who and what

    def test_everybody_of_whom_there_is_a_job_is_named_once(self, store: JobStore, ledger: OperatorStore) -> None:
        assert ledger.owners() == []
        ask(store, 2, owner="v-ben")
        ask(store, owner="v-ana")
        assert ledger.owners() == ["v-ana", "v-ben"]

    def test_a_job_says_from_where_it_came(self, store: JobStore, ledger: OperatorStore) -> None:
        [job] = ask(store, on=terms("ana", "home")).jobs
        assert ledger.whence(job.id) == Whence("home", TODAY)
        assert ledger.whence("0" * 32) is None

    def test_a_hidden_picture_is_nobodys_any_more_but_the_operators(
        self, store: JobStore, guard: GuardStore, ledger: OperatorStore
    ) -> None:
        job_id, other = made(store), made(store)
        assert [job.id for job in ledger.newest()] == [other, job_id]
        assert guard.hide_job(job_id, True)
        assert not guard.hide_job(job_id, True)
        assert store.get(job_id, owner="ana") is None
        assert store.peek(job_id, owner="ana") is None
        for trashed in (False, True):
            assert job_id not in [job.id for job in store.page(JobFilter(owner="ana", trashed=trashed)).jobs]
        assert job_id not in [job.id for job in store.page(JobFilter(owner="ana"), by_finish=True).jobs]
        assert [job.id for job in ledger.newest()] == [other]
        assert ([job.id for job in ledger.hidden()], ledger.hidden_ids()) == ([job_id], frozenset({job_id}))
        assert store.trash([job_id], False) == 0
        seen = store.get(job_id)
        assert seen is not None
        assert seen.hidden_at == NOW
        assert guard.hide_job(job_id, False)
        assert store.get(job_id, owner="ana") is not None
        assert ledger.hidden_ids() == frozenset()

    def test_what_is_under_way_cannot_be_hidden(self, store: JobStore, guard: GuardStore) -> None:
        [job] = ask(store).jobs
        assert not guard.hide_job(job.id, True)

    def test_links_are_found_whoever_made_them(
        self, guard: GuardStore, access: AccessStore, ledger: OperatorStore
    ) -> None:
        one, two, other = share(1, owner="ana"), share(2, owner="ben"), share(3)
        gone = share(4, revoked_at=NOW)
        for each in (one, two, gone):
            access.add_share(each, token_of(each))
        access.add_share(replace(other, job_id="c" * 32), token_of(other))
        assert ledger.any_share(two.id) == two
        assert ledger.any_share("0" * 32) is None
        assert ledger.shares_of("b" * 32) == [two, one]
        assert guard.hide_share(one.id, True)
        assert ledger.hidden_shares() == [replace(one, hidden_at=NOW)]
        assert access.share(one.id, owner="ana") == replace(one, hidden_at=NOW)

    # -- copies

    def test_a_copy_holds_what_was_there_and_not_what_came_after(
        self, store: JobStore, ledger: OperatorStore, tmp_path: Path
    ) -> None:
        job_id = made(store)
        copy = tmp_path / "copy.db"
        ledger.copy_to(copy)
        made(store)
        holds = ledger.look_into(copy)
        assert (holds.problem, holds.jobs, holds.pictures, holds.older) == (None, 1, 1, False)
        assert holds.newest_at == NOW
        assert list(ledger.pictures_in(copy)) == [f"{job_id}-1.png", f"{job_id}-1-thumb.webp"]
        assert [each.name for each in tmp_path.glob("copy.db?*")] == []

    @pytest.mark.parametrize("content", [b"", b"hello", b"SQLite format 3\0" + bytes(5000)])
    def test_what_is_no_copy_is_said_to_be_none(self, ledger: OperatorStore, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "other.db"
        file.write_bytes(content)
        assert ledger.look_into(file).problem is not None
        assert file.read_bytes() == content
        assert ledger.look_into(tmp_path / "nowhere.db").problem is not None
