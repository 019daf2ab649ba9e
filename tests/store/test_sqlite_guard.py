"""SQLite as a GuardStore, and what only processes, restarts and old files can show."""

import multiprocessing
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reve_core.models import Order, Placed, Review
from reve_core.store.sqlite import SqliteStore
from tests.contracts.guard_store import GuardStoreContract, ask, call, finish, refused, take, terms
from tests.contracts.job_store import Clock, request


class TestSqliteGuard(GuardStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path, clock: Clock) -> Iterator[SqliteStore]:
        store = SqliteStore(tmp_path / "reve.db", clock=clock)
        yield store
        store.close()

    @pytest.fixture
    def guard(self, store: SqliteStore) -> SqliteStore:
        return store

    @pytest.fixture
    def grids(self, store: SqliteStore) -> SqliteStore:
        return store


@pytest.mark.parametrize("by", ["the service", "the operator"])
def test_words_that_were_refused_later_are_in_no_file_either(tmp_path: Path, by: str) -> None:
    needle = b"unmistakable-words"
    store = SqliteStore(tmp_path / "reve.db")
    review = Review.PERSON if by == "the operator" else None
    [job] = ask(store, review=review, prompt=f"a lake with {needle.decode()} in it").jobs
    assert any(needle in file.read_bytes() for file in tmp_path.iterdir())
    if by == "the operator":
        assert store.reject(job.id, "Not here.")
    else:
        assert store.block(take(store), "Not here.")
    store.maintain()
    assert not [file.name for file in tmp_path.iterdir() if needle in file.read_bytes()]
    store.close()


def _ask_often(path: str, visitor: str, tries: int) -> int:
    store = SqliteStore(Path(path))
    on = terms(visitor, "", link_per_minute=37, link_credits=1e9)
    let_in = 0
    for _ in range(tries):
        [answer] = store.submit([Order((request(),), visitor, terms=on, credits=(10,))])
        let_in += isinstance(answer, Placed)
    store.close()
    return let_in


def test_processes_together_never_let_in_more_than_one_may(tmp_path: Path) -> None:
    path = tmp_path / "reve.db"
    SqliteStore(path).close()
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        let_in = sum(pool.starmap(_ask_often, [(str(path), f"v{number}", 60) for number in range(3)]))
    with closing(sqlite3.connect(path)) as db:
        first, last = db.execute("select min(created_at), max(created_at) from jobs").fetchone()
        booked = db.execute("select credits from budgets where key = 'all'").fetchone()[0]
    assert 37 <= let_in <= 37 + (last - first) * 37 / 60 + 1
    assert booked == 10 * let_in


def test_a_restart_forgets_neither_rates_nor_budgets_nor_turns(tmp_path: Path) -> None:
    clock = Clock()
    on = terms(visitor_per_minute=3, visitor_credits=100)
    store = SqliteStore(tmp_path / "reve.db", clock=clock)
    for _ in range(3):
        ask(store, on=on)
    finish(store, call(store), 25)
    store.close()
    store = SqliteStore(tmp_path / "reve.db", clock=clock)
    assert refused(store, on=on).code == "rate_visitor"
    assert store.standing("ana", on).credits_left == 100 - 25 - 20
    ask(store, on=terms("ben", "work"), prompt="ben")
    assert "ben" in [call(store).job.request.prompt for _ in range(2)]
    store.close()


def test_jobs_that_were_queued_before_there_were_limits_are_taken_in_their_old_sequence(tmp_path: Path) -> None:
    path = tmp_path / "reve.db"
    store = SqliteStore(path)
    for name in ("one", "two", "three"):
        ask(store, on=terms(name, name), prompt=name)
    store.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("update jobs set turn = 0, fair = owner, charge_day = null, visitor = '', address = ''")
        db.commit()
    store = SqliteStore(path)
    assert [call(store).job.request.prompt for _ in range(3)] == ["one", "two", "three"]
    store.close()
