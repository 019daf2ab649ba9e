"""SQLite as a ComparisonStore."""

import multiprocessing
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reve_core.errors import StoreError
from reve_core.models import Once
from reve_core.store.sqlite import SqliteStore
from tests.contracts.comparison_store import ComparisonStoreContract, bought, comparison
from tests.contracts.job_store import Clock


class TestSqliteComparisons(ComparisonStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path, clock: Clock) -> Iterator[SqliteStore]:
        store = SqliteStore(tmp_path / "reve.db", clock=clock)
        yield store
        store.close()

    @pytest.fixture
    def grids(self, store: SqliteStore) -> SqliteStore:
        return store


TABLES = ("comparisons", "comparison_keys", "cells", "comparison_jobs", "ballots", "jobs")


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as db:
        return {table: db.execute(f"select * from {table}").fetchall() for table in TABLES}


def break_at(path: Path, table: str, when: str) -> None:
    """From now on a row for which ``when`` holds cannot be put into the table."""
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            f"create trigger broken before insert on {table} when {when} begin select raise(abort, 'broken'); end"
        )
        db.commit()


WRITES: list[object] = [
    pytest.param(
        lambda store: store.create_comparison(comparison(2), [bought("x"), bought("y")], once=Once("key", "digest")),
        id="making one",
    ),
    pytest.param(
        lambda store: store.change_comparison(comparison(), [bought("x"), bought("y")], without=["a"]),
        id="changing one",
    ),
]


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(
    ("table", "when"),
    [
        pytest.param("jobs", "new.prompt = 'prompt x'", id="the first job"),
        pytest.param("cells", "new.key = 'x'", id="the first cell"),
        pytest.param("jobs", "new.prompt = 'prompt y'", id="the last job"),
        pytest.param("comparison_jobs", "(select count(*) from comparison_jobs) = 3", id="what the last job costs"),
        pytest.param("cells", "new.key = 'y'", id="the last cell"),
    ],
)
def test_a_fault_in_the_middle_leaves_everything_as_it_was(
    tmp_path: Path, write: Callable[[SqliteStore], object], table: str, when: str
) -> None:
    path = tmp_path / "reve.db"
    with closing(SqliteStore(path, clock=Clock())) as store:
        store.create_comparison(comparison(), [bought("a"), bought("b")])
        before = contents(path)
        break_at(path, table, when)
        with pytest.raises(StoreError):
            write(store)
        assert contents(path) == before
        with closing(sqlite3.connect(path)) as db:
            db.execute("drop trigger broken")
        write(store)
        assert len(contents(path)["jobs"]) == 4


def _make(path: Path, number: int, start: object) -> None:
    with closing(SqliteStore(path, timeout_s=20)) as store:
        start.wait()  # type: ignore[attr-defined]
        store.create_comparison(comparison(number), [bought("a"), bought("b")], once=Once("key", "digest"))


def test_two_processes_with_the_same_key_buy_once(tmp_path: Path) -> None:
    path = tmp_path / "reve.db"
    SqliteStore(path).close()
    spawning = multiprocessing.get_context("spawn")
    start = spawning.Barrier(2)
    processes = [spawning.Process(target=_make, args=(path, number, start)) for number in (1, 2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    kept = contents(path)
    assert (len(kept["comparisons"]), len(kept["jobs"]), len(kept["cells"])) == (1, 2, 2)


def test_pictures_of_a_prompt_are_found_without_looking_through_all(tmp_path: Path) -> None:
    asked: list[str] = []
    with closing(SqliteStore(tmp_path / "reve.db")) as store:
        with store.connections.read() as db:
            db.conn.set_trace_callback(asked.append)
        store.pictures_of("me", ["a heron"])
        plans = []
        with store.connections.read() as db:
            db.conn.set_trace_callback(None)
            for statement in asked:
                plans += [row["detail"] for row in db.execute(f"explain query plan {statement}")]
    assert len(plans) == 2
    assert "jobs_of_prompt" in plans[0]
    assert "jobs_of_owner (owner=? AND status=?)" in plans[1]
