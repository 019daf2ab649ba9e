"""SQLite as a JobStore, and what is its own: two processes on one file, damage, newer files, reading only."""

import itertools
import os
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reve_core.errors import ConfigurationError, StoreError, StoreTooNew
from reve_core.models import JobFilter, JobStatus, Placed
from reve_core.store.sqlite import SqliteStore, backup
from tests.contracts.job_store import LIMITS, Clock, JobStoreContract, claim, order, submit
from tests.contracts.outbox import OutboxContract


class TestSqliteStore(JobStoreContract, OutboxContract):
    @pytest.fixture
    def store(self, tmp_path: Path, clock: Clock) -> Iterator[SqliteStore]:
        store = SqliteStore(tmp_path / "reve.db", clock=clock)
        yield store
        store.close()


class TwoDoors:
    """Each call goes to the other of two stores on one file, so that anything kept in memory would show."""

    def __init__(self, *stores: SqliteStore) -> None:
        self._stores = itertools.cycle(stores)

    def __getattr__(self, name: str) -> object:
        return getattr(next(self._stores), name)


class TestTwoSqliteStoresOnOneFile(JobStoreContract, OutboxContract):
    @pytest.fixture
    def store(self, tmp_path: Path, clock: Clock) -> Iterator[TwoDoors]:
        one = SqliteStore(tmp_path / "reve.db", clock=clock)
        two = SqliteStore(tmp_path / "reve.db", clock=clock)
        yield TwoDoors(one, two)
        one.close()
        two.close()


def test_processes_that_start_together_on_an_empty_folder_all_succeed(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from reve_core.models import JobRequest, Order
        from reve_core.store.sqlite import SqliteStore
        store = SqliteStore(Path(sys.argv[1]))
        store.submit([Order((JobRequest(prompt="hello", provider="fake", model="m"),), owner="me")])
        store.close()
        """
    )
    started = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "reve.db")], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    store = SqliteStore(tmp_path / "reve.db")
    assert store.counts("me")[JobStatus.QUEUED] == 4
    store.close()


def test_processes_that_send_the_same_key_place_one_order(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from reve_core.models import JobRequest, Once, Order
        from reve_core.store.sqlite import SqliteStore
        store = SqliteStore(Path(sys.argv[1]))
        sys.stdin.readline()
        one = Order((JobRequest(prompt="hello", provider="fake", model="m"),), owner="me", once=Once("key", "digest"))
        [answer] = store.submit([one])
        print(answer.replayed, answer.jobs[0].id)
        store.close()
        """
    )
    pipe = subprocess.PIPE
    started = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "reve.db")], stdin=pipe, stdout=pipe, text=True)
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0].split() for process in started]
    assert sorted(replayed for replayed, _ in answers) == ["False", "True", "True", "True"]
    assert len({job_id for _, job_id in answers}) == 1


def test_an_order_that_fails_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "reve.db")
    with store.connections.write() as db:
        db.execute(
            "create trigger poison before insert on jobs when new.prompt = 'poison' begin select raise(abort, 'no'); end"
        )
    with pytest.raises(StoreError):
        store.submit([order("one", "poison", "two")])
    assert store.pending_count("me") == 0
    [answer] = store.submit([order("one", "two")])
    assert isinstance(answer, Placed)
    assert not answer.replayed
    store.close()


def test_a_file_of_a_newer_version_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "reve.db"
    SqliteStore(path).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('reve_core', '9999_moon', 'now')"
        )
    with pytest.raises(StoreTooNew, match="newer version"):
        SqliteStore(path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("select count(*) from jobs").fetchone() == (0,)


def test_a_store_opened_for_reading_shows_what_is_there_and_refuses_to_change_it(tmp_path: Path) -> None:
    path = tmp_path / "reve.db"
    store = SqliteStore(path)
    submit(store)
    store.close()
    reading = SqliteStore(path, read_only=True)
    assert len(reading.page(JobFilter(owner="me")).jobs) == 1
    with pytest.raises(ConfigurationError, match="cannot be written"):
        submit(reading)
    reading.close()


def test_a_missing_file_opened_for_reading_is_an_empty_store_and_stays_missing(tmp_path: Path) -> None:
    reading = SqliteStore(tmp_path / "reve.db", read_only=True)
    assert reading.page(JobFilter(owner="me")).jobs == []
    reading.close()
    assert not (tmp_path / "reve.db").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_opens_a_connection_of_its_own(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "reve.db")
    submit(store, "parent")
    child = os.fork()
    if child == 0:
        try:
            submit(store, "child")
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert store.counts("me")[JobStatus.QUEUED] == 2
    claim(store)
    store.close()
    with closing(sqlite3.connect(tmp_path / "reve.db")) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        pytest.param(
            "select priority, turn, seq from jobs where status = 'queued' and provider = ?"
            " and (not_before is null or not_before <= 1) and review is not 'person'"
            " and fair not in (select fair from jobs where status = 'running' group by fair having count(*) >= 2)"
            " order by priority desc, turn, seq limit 1",
            "jobs_queued",
            id="the claim",
        ),
        pytest.param(
            "select * from jobs where status = 'done' and trashed_at is null and owner = ?"
            " order by finished_at desc, seq desc limit 60",
            "jobs_gallery",
            id="a page of the gallery",
        ),
        pytest.param(
            "select count(*) from jobs where address = ? and address <> '' and status in ('queued', 'running')",
            "jobs_of_address",
            id="what waits for an address",
        ),
        pytest.param("select max(rev) from jobs where owner = ?", "jobs_revision", id="the revision"),
        pytest.param(
            "select * from jobs where owner = ? and status = 'queued' order by seq limit 60",
            "jobs_of_owner",
            id="what is under way",
        ),
    ],
)
def test_a_hot_query_uses_its_index_and_sorts_nothing(tmp_path: Path, sql: str, index: str) -> None:
    store = SqliteStore(tmp_path / "reve.db")
    with store.connections.read() as db:
        plan = " | ".join(row["detail"] for row in db.execute(f"explain query plan {sql}", ("x",)).fetchall())
    store.close()
    assert index in plan
    assert "TEMP B-TREE" not in plan


HOUR = 3600.0
DAY = 24 * HOUR
NOON = 1_800_014_400.0


def copies(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_backup_is_made_when_something_has_changed_and_not_more_often_than_asked(tmp_path: Path) -> None:
    path, folder = tmp_path / "reve.db", tmp_path / "backups"
    store = SqliteStore(path)
    assert backup.back_up(path, folder, at_least_s=HOUR, now=NOON) is None  # nothing in it yet
    submit(store)
    assert backup.back_up(path, folder, at_least_s=HOUR, now=NOON) is not None
    submit(store)
    assert backup.back_up(path, folder, at_least_s=HOUR, now=NOON + 60) is None
    assert backup.back_up(path, folder, at_least_s=HOUR, now=NOON + HOUR) is not None
    assert backup.back_up(path, folder, at_least_s=HOUR, now=NOON + 9 * HOUR) is None  # nothing new
    store.close()


def test_the_newest_three_backups_and_the_last_of_three_days_are_kept(tmp_path: Path) -> None:
    path, folder = tmp_path / "reve.db", tmp_path / "backups"
    store = SqliteStore(path)
    made = []
    for hour in (0, 1, 24, 25, 48, 49, 50, 51):
        submit(store)
        copy = backup.back_up(path, folder, at_least_s=0, now=NOON + hour * HOUR)
        assert copy is not None
        made.append(copy.name)
    store.close()
    assert copies(folder) == sorted([made[1], made[3], *made[-3:]])


def test_a_sound_database_is_not_restored_over(tmp_path: Path) -> None:
    path = tmp_path / "reve.db"
    store = SqliteStore(path)
    submit(store, "old")
    assert backup.back_up(path, tmp_path / "backups", at_least_s=0, now=NOON) is not None
    submit(store, "new")
    store.close()
    with pytest.raises(ConfigurationError, match="nothing to restore"):
        backup.restore(path, tmp_path / "backups", tmp_path / "damaged")
    store = SqliteStore(path)
    assert store.counts("me")[JobStatus.QUEUED] == 2
    store.close()


def test_restoring_puts_the_newest_sound_backup_in_place_and_keeps_the_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "reve.db"
    store = SqliteStore(path)
    submit(store, "worth keeping")
    store.close()
    sound = backup.back_up(path, tmp_path / "backups", at_least_s=0, now=NOON)
    assert sound is not None
    (tmp_path / "backups" / "reve-20991231-000000.db").write_bytes(b"not a database at all" * 100)
    path.write_bytes(os.urandom(8192))
    damaged = path.read_bytes()
    restored = backup.restore(path, tmp_path / "backups", tmp_path / "damaged")
    assert (restored.copy, restored.jobs) == (sound, 1)
    store = SqliteStore(path)
    assert [job.request.prompt for job in store.page(JobFilter(owner="me")).jobs] == ["worth keeping"]
    assert store.claim("w", lease_s=60, limits=LIMITS) is not None
    store.close()
    assert [file.read_bytes() for file in (tmp_path / "damaged").iterdir()] == [damaged]
