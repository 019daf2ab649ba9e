"""SQLite as a PrivacyStore, and what is its own: the slack of pages, and copies of the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from reve_core.models import Order
from reve_core.store.sqlite import SqliteStore, backup
from reve_core.store.sqlite.erasing import remains
from reve_core.store.sqlite.migrations import migrations
from tests.contracts.job_store import Clock, request
from tests.contracts.privacy_store import PrivacyStoreContract

NOON = 1_800_000_000.0


class TestSqlitePrivacy(PrivacyStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path, clock: Clock) -> Iterator[SqliteStore]:
        store = SqliteStore(tmp_path / "reve.db", clock=clock)
        yield store
        store.close()

    @pytest.fixture
    def records(self, store: SqliteStore) -> SqliteStore:
        return store

    @pytest.fixture
    def grids(self, store: SqliteStore) -> SqliteStore:
        return store


def files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def with_slack(folder: Path) -> SqliteStore:
    """A store whose file has pieces of rows, long deleted, between the rows of its pages."""
    store = SqliteStore(folder / "reve.db")
    with store.connections.write() as db:
        db.execute("create table filler (id integer primary key, text text)")
        for number in range(400):
            db.execute("insert into filler (text) values (?)", (f"SLACK{number:04}, a heron in the reeds " * 6,))
        for number in range(1, 400, 3):
            db.execute("update filler set text = text || text || text where id = ?", (number,))
        db.execute("delete from filler where id % 7 > 0")
    store.connections.truncate_log()
    return store


TEXTS = [f"SLACK{number:04}, a heron in the reeds ".encode() * 2 for number in range(400) if (number + 1) % 7]


def test_what_lies_between_the_rows_is_found_and_written_away(tmp_path: Path) -> None:
    store = with_slack(tmp_path)
    assert remains(store.path, TEXTS)  # or this test shows nothing
    assert store.erase(TEXTS)
    assert not remains(store.path, TEXTS)
    left = files(tmp_path)
    assert [text for text in TEXTS if text in left] == []
    store.close()


def test_rows_that_are_there_are_not_taken_for_traces(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "reve.db")
    store.submit([Order((request("a heron in the reeds at dawn"),), "anna")])
    store.connections.truncate_log()
    assert not remains(store.path, [b"a heron in the reeds at dawn"])
    store.close()


def test_what_is_deleted_while_others_read_is_owed(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "reve.db", timeout_s=0.1)
    store.submit([Order((request("ANNAMARK"),), "anna")])
    with store.connections.read() as reader:
        reader.execute("begin")
        reader.execute("select count(*) from jobs").fetchone()
        gone = store.forget_owner("anna", spender="", voters={})
        assert not store.erase(gone.texts)
        reader.rollback()
    assert store.erase(gone.texts)
    assert b"annamark" not in files(tmp_path).lower()
    store.close()


def test_copies_forget_too_and_one_that_cannot_is_deleted(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "reve.db")
    folder = tmp_path / "backups"
    store.submit([Order((request("ANNAMARK a heron"),), "anna"), Order((request("BERTMARK a fox"),), "bert")])
    for hour in range(2):
        assert backup.back_up(store.path, folder, at_least_s=0, now=NOON + hour * 3600) is not None
        store.submit([Order((request("another"),), "bert")])
    old = Database(folder / "reve-20260101-000000.db")
    migrations.apply(old, stop_before="0009_comparisons")
    old.execute("insert into passes (token_hash, owner, until) values ('x', 'ANNAMARK', 1)")
    old.conn.commit()
    old.close()
    assert store.forget_in_copies(folder, "anna", spender="", voters={}) == 2
    left = files(folder)
    assert b"ANNAMARK" not in left
    assert left.count(b"BERTMARK") >= 2
    assert sorted(path.suffix for path in folder.iterdir()) == [".db", ".db"]
    store.close()


def test_old_copies_go_and_the_newest_stays(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for name in ("reve-20270101-000000.db", "reve-20270103-000000.db", "reve-20270104-000000.db"):
        (folder / name).touch()
    third = 1_798_934_400.0  # 2027-01-03
    assert backup.expire(folder, before=third) == 1
    assert backup.expire(folder, before=third + 99 * 86_400) == 1
    assert [path.name for path in folder.iterdir()] == ["reve-20270104-000000.db"]


def test_a_database_of_before_is_written_anew_once(tmp_path: Path) -> None:
    path = tmp_path / "reve.db"
    before = Database(path)
    before.execute("pragma secure_delete = off").fetchone()
    migrations.apply(before, stop_before="0015_privacy")
    before.execute("create table filler (text text)")
    before.execute("insert into filler values ('ANNAMARK was here')")
    before.conn.commit()
    before.execute("delete from filler")
    before.conn.commit()
    before.close()
    assert b"ANNAMARK" in path.read_bytes()
    store = SqliteStore(path)
    store.connections.truncate_log()
    assert b"ANNAMARK" not in files(tmp_path)
    store.close()
