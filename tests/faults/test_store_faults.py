"""The database fails: a full disk, a lock held by somebody else, damage, ten thousand jobs. Rows 9, 11, 12, 24."""

import os
import random
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from reve_core import bootstrap
from reve_core.errors import StoreBusy, StoreDamaged, StoreFull
from reve_core.models import JobFilter, JobRequest, JobStatus
from reve_core.service import Studio
from reve_core.settings import Settings
from reve_core.store.sqlite import SqliteStore
from tests.building import build_studio, place, running, settled, statuses, until
from tests.fakes import FakeProvider, GatedProvider
from tests.mounts import small_disk

HERON = JobRequest(prompt="heron")


def submit_many(studio: Studio, times: int) -> None:
    for _ in range(times):
        studio.submit(JobRequest(prompt="x" * 200), count=16)


def test_row_9_on_a_full_disk_a_job_is_refused_in_words_and_no_call_is_started(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        provider = GatedProvider()
        studio = build_studio(tmp_path, provider, store=SqliteStore(disk / "reve.db", timeout_s=1))
        job_id = studio.submit(HERON)[0].id
        with pytest.raises(OSError, match="No space"):
            (disk / "filler").write_bytes(bytes(2 * 1024 * 1024))
        with pytest.raises(StoreFull, match="disk is full"):
            submit_many(studio, 500)
        with running(studio, grace_s=1):
            # It cannot be recorded that a call begins, so none does.
            assert not provider.started.wait(timeout=1)
            assert provider.prompts == []
            (disk / "filler").unlink()
            assert provider.started.wait(timeout=20)
            provider.gate.set()
            assert statuses(settled(studio, job_id)) == [JobStatus.DONE]
        with closing(sqlite3.connect(disk / "reve.db")) as db:
            assert db.execute("pragma integrity_check").fetchone() == ("ok",)


def test_row_11_a_lock_held_elsewhere_is_waited_for_then_named_and_nothing_is_lost(tmp_path: Path) -> None:
    provider = GatedProvider()
    store = SqliteStore(tmp_path / "reve.db", timeout_s=0.3)
    with running(build_studio(tmp_path, provider, store=store)) as studio:
        running_job, waiting = (job.id for job in studio.submit(HERON, count=2))
        assert provider.started.wait(timeout=5)
        with closing(sqlite3.connect(tmp_path / "reve.db", timeout=10, isolation_level=None)) as other:
            other.execute("begin immediate")
            with pytest.raises(StoreBusy, match="Nothing was changed"):
                studio.submit(HERON)
            provider.gate.set()  # the paid answer comes while nobody can write
            until(lambda: any((tmp_path / "images").rglob("*.png")))
            other.execute("rollback")
        jobs = settled(studio, running_job, waiting)
        assert statuses(jobs) == [JobStatus.DONE] * 2
        assert len(provider.prompts) == sum(len(studio.calls(job.id)) for job in jobs) == 2


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda data: bytes(100) + data[100:], id="a zeroed header"),
        pytest.param(lambda data: data[:100] + random.Random(1).randbytes(len(data) - 100), id="random pages"),
        pytest.param(lambda data: b"<html>404</html>", id="another file altogether"),
        pytest.param(lambda data: data[: len(data) // 2], id="half of it"),
    ],
)
def test_row_12_a_damaged_database_is_refused_set_aside_and_never_replaced(tmp_path: Path, spoil: object) -> None:
    studio = build_studio(tmp_path, FakeProvider())
    for _ in range(20):
        studio.submit(HERON, count=16)
    studio.stop(0)
    path = tmp_path / "reve.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma wal_checkpoint(truncate)")
    spoiled = spoil(path.read_bytes())  # type: ignore[operator]
    path.write_bytes(spoiled)
    for _ in range(2):
        with pytest.raises(StoreDamaged, match="python -m reve_core restore"):
            bootstrap.build(Settings(data_dir=tmp_path, provider="sketch"))
    assert path.read_bytes() == spoiled
    assert [file.read_bytes() for file in (tmp_path / "damaged").glob("*.db")] == [spoiled]


def test_row_12_an_empty_file_beside_a_full_log_is_damage_and_not_a_new_database(tmp_path: Path) -> None:
    path = tmp_path / "reve.db"
    path.touch()
    Path(f"{path}-wal").write_bytes(os.urandom(4096))
    with pytest.raises(StoreDamaged):
        SqliteStore(path)
    assert path.stat().st_size == 0


def test_row_24_with_ten_thousand_queued_jobs_the_first_is_claimed_in_order_at_once(tmp_path: Path) -> None:
    provider = GatedProvider()
    filling = build_studio(tmp_path, provider)
    place(
        filling._store,
        *(
            JobRequest(prompt=f"job {number}", provider="fake", model="fake-1", aspect_ratio="1:1")
            for number in range(10_000)
        ),
    )
    filling.stop(0)
    begun = time.monotonic()
    with running(build_studio(tmp_path, provider, workers=2, concurrency=2), grace_s=5) as studio:
        assert provider.started.wait(timeout=5)
        assert provider.prompts[0] == "job 0"
        feed = studio.board.feed()
        assert feed.pending == 10_000
        assert len(studio.jobs(JobFilter(owner="me"), limit=50).jobs) == 50
        # A safety net an order of magnitude above what it takes; the figures are measured in benchmarks/.
        assert time.monotonic() - begun < 10
        threading.Thread(target=studio.drain).start()
        provider.gate.set()
        until(lambda: studio.counts()[JobStatus.RUNNING] == 0)
        done = sorted(int(prompt.split()[1]) for prompt in provider.prompts)
        assert done == list(range(len(done)))
