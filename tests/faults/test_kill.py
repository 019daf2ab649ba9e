"""SIGKILL at every step of a job, in a real process; the bank's ledger says what was paid."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reve_core.errors import StoreError
from reve_core.models import JobRequest, JobStatus
from reve_core.service import Studio
from tests.building import build_studio, running, settled, until
from tests.faults.bank import BankProvider, charges

SAFE = 60


def spawn(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.worker", str(folder), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def fill(folder: Path, *prompts: str) -> list[str]:
    studio = build_studio(folder, BankProvider(folder / "ledger"))
    ids = [studio.submit(JobRequest(prompt=prompt))[0].id for prompt in prompts]
    studio.stop(0)
    return ids


def killed_at(folder: Path, step: str, *options: str) -> None:
    process = spawn(folder, "--die", step, "--workers", "1", *options)
    process.communicate(timeout=SAFE)
    assert process.returncode == -signal.SIGKILL


def after_restart(folder: Path, *, idempotent: bool = False) -> Studio:
    return build_studio(folder, BankProvider(folder / "ledger", idempotent=idempotent))


def check_picture(studio: Studio, job_id: str) -> None:
    job = studio.get(job_id)
    assert job.status is JobStatus.DONE
    assert studio.shelf.is_intact(job)
    assert job.image is not None
    assert studio.blobs.path(job.image.thumbnail) is not None


def test_row_1_killed_after_the_claim_the_job_is_queued_again_and_charged_once(tmp_path: Path) -> None:
    [job_id] = fill(tmp_path, "heron")
    killed_at(tmp_path, "after claim")
    assert charges(tmp_path / "ledger")[job_id] == 0
    with running(after_restart(tmp_path)) as studio:
        settled(studio, job_id)
        check_picture(studio, job_id)
    assert charges(tmp_path / "ledger")[job_id] == 1


def test_row_1_without_a_sign_of_life_the_lease_runs_out_by_time(tmp_path: Path) -> None:
    [job_id] = fill(tmp_path, "heron")
    killed_at(tmp_path, "after claim", "--lease", "1", "--no-presence")
    with running(after_restart(tmp_path)) as studio:
        settled(studio, job_id)
    assert charges(tmp_path / "ledger")[job_id] == 1


def test_row_2_killed_between_record_and_sending_nobody_claims_to_know(tmp_path: Path) -> None:
    [job_id] = fill(tmp_path, "heron")
    killed_at(tmp_path, "after begin_call")
    with running(after_restart(tmp_path)) as studio:
        [job] = settled(studio, job_id)
        assert job.status is JobStatus.UNKNOWN
        assert job.error is not None
        assert "may have been charged" in job.error
    assert charges(tmp_path / "ledger")[job_id] == 0


@pytest.mark.parametrize("step", ["after sending", "after generate", "after arrived"])
def test_row_3_killed_after_sending_the_job_is_unknown_and_only_a_person_runs_it_again(
    tmp_path: Path, step: str
) -> None:
    [job_id] = fill(tmp_path, "heron")
    killed_at(tmp_path, step)
    ledger = tmp_path / "ledger"
    assert charges(ledger)[job_id] == 1
    with running(after_restart(tmp_path)) as studio:
        [job] = settled(studio, job_id)
        assert job.status is JobStatus.UNKNOWN
        assert charges(ledger)[job_id] == 1
        studio.resolve(job_id, "rerun")
        settled(studio, job_id)
        check_picture(studio, job_id)
    assert charges(ledger)[job_id] == 2


@pytest.mark.parametrize("step", ["after saving the picture", "after saving the thumbnail"])
def test_row_4_killed_after_the_picture_was_saved_it_is_adopted_for_nothing(tmp_path: Path, step: str) -> None:
    [job_id] = fill(tmp_path, "heron")
    killed_at(tmp_path, step)
    with running(after_restart(tmp_path)) as studio:
        settled(studio, job_id)
        check_picture(studio, job_id)
        job = studio.get(job_id)
        assert job.credits_used == 10
        assert job.receipt is not None
        assert job.receipt.layout is not None
    assert charges(tmp_path / "ledger")[job_id] == 1


def test_killed_after_done_nothing_is_left_to_do(tmp_path: Path) -> None:
    [job_id] = fill(tmp_path, "heron")
    killed_at(tmp_path, "after done")
    studio = after_restart(tmp_path)
    check_picture(studio, job_id)
    studio.stop(0)
    assert charges(tmp_path / "ledger")[job_id] == 1


@pytest.mark.parametrize("step", ["after begin_call", "after sending", "after generate", "after arrived"])
def test_a_provider_that_is_free_to_repeat_goes_on_by_itself(tmp_path: Path, step: str) -> None:
    [job_id] = fill(tmp_path, "heron")
    killed_at(tmp_path, step, "--idempotent")
    with running(after_restart(tmp_path, idempotent=True)) as studio:
        settled(studio, job_id)
        check_picture(studio, job_id)


def test_a_job_that_kills_its_worker_every_time_is_given_up_in_words(tmp_path: Path) -> None:
    [job_id] = fill(tmp_path, "heron")
    for _ in range(3):
        killed_at(tmp_path, "after claim")
    with running(after_restart(tmp_path)) as studio:
        [job] = settled(studio, job_id)
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert "Nothing was charged" in job.error
    assert not charges(tmp_path / "ledger")


@pytest.mark.parametrize("seed", [1, 2])
def test_row_5_two_workers_killed_again_and_again_lose_nothing_and_pay_nothing_twice(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    ids = fill(tmp_path, *(f"job {number}" for number in range(40)))
    ledger = tmp_path / "ledger"
    pause = threading.Event()
    workers = [spawn(tmp_path, "--stay", "--call-s", "0.02", "--lease", "2") for _ in range(2)]
    for _ in range(8):
        victim = chance.randrange(2)
        assert workers[victim].stdout.readline() == "ready\n"  # type: ignore[union-attr]
        pause.wait(chance.uniform(0, 0.2))
        workers[victim].kill()
        workers[victim].communicate(timeout=SAFE)
        workers[victim] = spawn(tmp_path, "--stay", "--call-s", "0.02", "--lease", "2")
    for worker in workers:
        worker.kill()
        worker.communicate(timeout=SAFE)
    with running(after_restart(tmp_path)) as studio:
        jobs = settled(studio, *ids, within_s=SAFE)
        for job in jobs:
            paid = charges(ledger)[job.id]
            assert job.status in (JobStatus.DONE, JobStatus.UNKNOWN), job.error
            assert paid <= 1
            if job.status is JobStatus.DONE:
                assert paid == 1
                check_picture(studio, job.id)


def test_row_23_two_processes_on_one_file_run_each_job_once_within_the_cap(tmp_path: Path) -> None:
    ids = fill(tmp_path, *(f"job {number}" for number in range(60)))
    workers = [spawn(tmp_path, "--workers", "4") for _ in range(2)]
    for worker in workers:
        _, errors = worker.communicate(timeout=SAFE)
        assert worker.returncode == 0, errors
    assert charges(tmp_path / "ledger") == dict.fromkeys(ids, 1)
    studio = after_restart(tmp_path)
    for job_id in ids:
        check_picture(studio, job_id)
    studio.stop(0)


def test_row_29_a_stopped_worker_that_wakes_up_past_its_lease_never_calls_again(tmp_path: Path) -> None:
    ids = fill(tmp_path, *(f"job {number}" for number in range(6)))
    ledger = tmp_path / "ledger"
    zombie = spawn(tmp_path, "--workers", "2", "--lease", "1", "--call-s", "0.3", "--stay")
    assert zombie.stdout.readline() == "ready\n"  # type: ignore[union-attr]
    until(lambda: len(charges(ledger)) >= 1)
    until(lambda: stopped_outside_a_transaction(zombie, tmp_path / "reve.db"))
    try:
        with running(after_restart(tmp_path)) as studio:
            settled(studio, *ids)
            zombie.send_signal(signal.SIGCONT)
            # What the zombie was in the middle of is lifted by its own token, or stays unclear; nothing is called twice.
            until(lambda: all(_is_final(studio, job_id) for job_id in ids))
            assert set(charges(ledger).values()) == {1}
            for job_id in ids:
                job = studio.get(job_id)
                assert job.status in (JobStatus.DONE, JobStatus.UNKNOWN)
                if job.status is JobStatus.DONE:
                    check_picture(studio, job_id)
    finally:
        zombie.send_signal(signal.SIGCONT)
        zombie.kill()
        zombie.communicate(timeout=SAFE)


def stopped_outside_a_transaction(process: subprocess.Popen[str], database: Path) -> bool:
    """
    Stop it where it holds no lock; False, and it runs on, where it does.

    Who is stopped in the middle of a write keeps everybody else out for as long as it sleeps: that is SQLite's promise, and
    another row of the table.
    """
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)  # returns when it stands still
    db = sqlite3.connect(database, timeout=0, isolation_level=None)
    try:
        db.execute("begin immediate")
        db.execute("rollback")
    except sqlite3.OperationalError:
        process.send_signal(signal.SIGCONT)
        return False
    finally:
        db.close()
    return True


def _is_final(studio: Studio, job_id: str) -> bool:
    try:
        return not studio.get(job_id).status.is_pending
    except StoreError:
        return False
