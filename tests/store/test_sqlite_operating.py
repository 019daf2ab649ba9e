"""SQLite as an OperatorStore, and copies that only files can show."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from reve_core.store.sqlite import SqliteStore
from reve_core.store.sqlite.migrations import migrations
from tests.contracts.job_store import Clock
from tests.contracts.operator_store import OperatorStoreContract, made


class TestSqliteOperating(OperatorStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path, clock: Clock) -> Iterator[SqliteStore]:
        store = SqliteStore(tmp_path / "reve.db", clock=clock)
        yield store
        store.close()

    @pytest.fixture
    def guard(self, store: SqliteStore) -> SqliteStore:
        return store

    @pytest.fixture
    def access(self, store: SqliteStore) -> SqliteStore:
        return store

    @pytest.fixture
    def ledger(self, store: SqliteStore) -> SqliteStore:
        return store


def test_a_copy_by_a_newer_version_is_refused_and_one_by_an_older_version_is_not(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "reve.db", clock=Clock())
    made(store)
    newer, older = tmp_path / "newer.db", tmp_path / "older.db"
    store.copy_to(newer)
    with closing(sqlite3.connect(newer)) as db:
        db.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('reve_core', '9999_later', '')"
        )
        db.commit()
        db.execute("pragma wal_checkpoint(truncate)").fetchone()
    before = Database(older)
    migrations.apply(before, stop_before="0014_operator")
    before.conn.commit()
    before.close()
    problem = store.look_into(newer).problem
    assert problem is not None
    assert "9999_later" in problem
    assert (store.look_into(older).problem, store.look_into(older).older) == (None, True)
    store.close()


def test_a_torn_copy_is_said_to_be_damaged(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "reve.db", clock=Clock())
    for _ in range(30):
        made(store)
    whole, torn = tmp_path / "whole.db", tmp_path / "torn.db"
    store.copy_to(whole)
    data = bytearray(whole.read_bytes())
    data[8192:40960] = bytes(40960 - 8192)
    torn.write_bytes(data)
    assert store.look_into(whole).problem is None
    assert store.look_into(torn).problem is not None
    store.close()
