"""Calls that a provider has accepted, in SQLite: they outlive the process, their owner, and what the books say of them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from reve_core.models import Claim, JobStatus, Receipt, Ticket
from reve_core.store.sqlite import SqliteStore
from reve_core.store.sqlite.migrations import migrations
from tests.contracts.guard_store import TODAY, ask, call, finish, terms
from tests.contracts.job_store import Clock, accepted, image, submit


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[SqliteStore]:
    with closing(SqliteStore(tmp_path / "reve.db", clock=clock)) as store:
        yield store


def owed(store: SqliteStore, visitor: str = "ana") -> float:
    """What that visitor has been debited today."""
    return store.holdings(visitor, spender=visitor, day=TODAY, voters={}).credits_today


def ticketed(store: SqliteStore) -> Claim:
    held = call(store)
    assert store.accept(held, Ticket(request_id="r-1"))
    return held


def taken(store: SqliteStore, held: Claim) -> Claim:
    again = store.take_over(held, "other", lease_s=60)
    assert again is not None
    return again


def test_an_accepted_call_outlives_the_process(tmp_path: Path, clock: Clock) -> None:
    with closing(SqliteStore(tmp_path / "reve.db", clock=clock)) as first:
        [job_id] = submit(first)
        held = accepted(first)
        clock.pass_(61)
    with closing(SqliteStore(tmp_path / "reve.db", clock=clock)) as second:
        [(left, found)] = second.expired()
        assert found is not None
        assert found.ticket == Ticket(request_id="r-1", data={"path": "a/b"})
        again = taken(second, left)
    with closing(SqliteStore(tmp_path / "reve.db", clock=clock)) as third:
        assert not third.done(held, image(held), Receipt())
        third.arrived(again, Receipt(usd_used=0.25))
        assert third.done(again, image(again), Receipt(usd_used=0.25))
        job = third.get(job_id)
        assert job is not None
        assert (job.status, job.usd_used, job.credits_used) == (JobStatus.DONE, 0.25, 187.5)


# -- the books


def test_an_unclear_call_that_is_picked_up_is_debited_once_and_as_it_ended(store: SqliteStore) -> None:
    ask(store, credits=10)
    debited = [owed(store)]
    held = ticketed(store)
    debited.append(owed(store))
    store.unknown(held, "No answer in time.")
    debited.append(owed(store))
    again = taken(store, held)
    debited.append(owed(store))
    store.put_off(again, delay_s=0, why="Not now.")
    debited.append(owed(store))
    store.unknown(again, "Still no answer.")
    again = taken(store, again)
    finish(store, again, 8)
    debited.append(owed(store))
    assert debited == [10, 10, 10, 10, 10, 8]
    assert store.spent_today("fake") == 8


def test_an_unclear_call_that_turns_out_free_gives_everything_back(store: SqliteStore) -> None:
    ask(store, credits=10)
    held = ticketed(store)
    store.unknown(held, "No answer in time.")
    assert store.fail(taken(store, held), "no_picture", "It failed there.", outcome="not_charged")
    assert owed(store) == 0
    assert store.spent_today("fake") == 0


def test_a_call_that_was_stopped_stays_debited_where_it_may_have_cost(store: SqliteStore) -> None:
    ask(store, 2, credits=10)
    assert store.cancelled(call(store), outcome="not_charged")
    assert owed(store) == 10
    held = call(store)
    assert store.cancelled(held, outcome="unknown", why="Stopped. It may have been charged.")
    assert owed(store) == 10
    # Another go is debited beside it.
    assert store.again(held.job.id, when=[JobStatus.CANCELLED], terms=terms(), credits=10)
    assert owed(store) == 20
    finish(store, call(store), 7)
    assert owed(store) == 17


def test_a_stopped_call_that_said_what_it_cost_is_debited_that(store: SqliteStore) -> None:
    ask(store, credits=10)
    held = call(store)
    store.arrived(held, Receipt(credits_used=12))
    store.cancelled(held, outcome="unknown", why="Stopped.", receipt=Receipt(credits_used=12))
    assert owed(store) == 12


# -- whose owner has gone


def test_the_ticket_of_a_deleted_owner_is_kept_while_the_call_runs_and_goes_with_it(
    store: SqliteStore, clock: Clock
) -> None:
    ask(store, credits=10)
    held = ticketed(store)
    store.forget_owner("ana", spender="ana", voters={})
    store.put_off(held, delay_s=1, why="Not now.")
    clock.pass_(2)
    [(left, found)] = store.expired()
    assert found is not None
    assert found.ticket is not None
    assert left.job.request.prompt == ""
    again = taken(store, left)
    assert again.job.cancel_requested
    store.arrived(again, Receipt(usd_used=0.02, notes=("a heron",)))
    assert not store.done(again, image(again), Receipt(usd_used=0.02))
    [booked] = store.calls(held.job.id)
    assert (booked.ticket, booked.receipt, booked.outcome) == (None, None, "ok")
    assert store.spent_today("fake") == pytest.approx(15)
    assert owed(store) == pytest.approx(15)
    # Who comes late with another ticket writes it nowhere.
    assert not store.accept(again, Ticket(request_id="r-2"))
    assert [booked.ticket for booked in store.calls(held.job.id)] == [None]


def test_what_a_deleted_owner_may_have_cost_counts_for_the_day(store: SqliteStore) -> None:
    ask(store, credits=10)
    held = ticketed(store)
    store.forget_owner("ana", spender="ana", voters={})
    store.unknown(held, "No answer in time.")
    assert store.get(held.job.id) is None
    assert store.spent_today("fake") == 10


def test_no_ticket_is_left_in_the_file_after_everything_was_deleted(store: SqliteStore) -> None:
    ask(store)
    held = call(store)
    store.accept(held, Ticket(request_id="the-id-of-a-request"))
    finish(store, held, 10)
    gone = store.forget_owner("ana", spender="ana", voters={})
    assert store.erase(gone.texts)
    assert b"the-id-of-a-request" not in store.connections.path.read_bytes()


# -- files of an earlier version


def test_calls_of_an_earlier_version_count_with_the_forecast_of_their_jobs(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "reve.db"
    with closing(SqliteStore(path, clock=clock)) as newer:
        ask(newer, credits=10)
        call(newer)
    old = sqlite3.connect(tmp_path / "old.db")
    before = Database(old, execute_plugins=False)
    migrations.apply(before, stop_before="0018_forecasts")
    with closing(sqlite3.connect(path)) as now:
        for table in ("jobs", "calls"):
            columns = [row[1] for row in old.execute(f"pragma table_info({table})")]
            names = ", ".join(columns)
            marks = ", ".join("?" for _ in columns)
            old.executemany(
                f"insert into {table} ({names}) values ({marks})", now.execute(f"select {names} from {table}")
            )
    old.commit()
    old.close()
    with closing(SqliteStore(tmp_path / "old.db", clock=clock)) as store:
        assert store.spent_today("fake") == 10


def test_a_claim_looks_at_no_row_of_what_a_spent_budget_holds_back(store: SqliteStore) -> None:
    """However long the line of those that wait for tomorrow, it is passed over in the index alone."""
    with store.connections.read() as db:
        plan = " ".join(
            row["detail"]
            for row in db.execute(
                """
                explain query plan select priority, turn, seq, estimate from jobs
                where status = 'queued' and provider = 'fake' and (not_before is null or not_before <= 1)
                    and review is not 'person' and (own_key is not null or estimate <= 1)
                order by priority desc, turn, seq limit 1
                """
            ).fetchall()
        )
    assert "COVERING INDEX jobs_queued" in plan
    assert "TEMP B-TREE" not in plan
