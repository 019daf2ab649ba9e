"""
SIGKILL at every step of a job at fal, in a real process, and what the next one makes of it.

The stand-in's ledger says what was submitted: one line for each, on disk before its answer.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from reve_core.models import PERSONAL, JobRequest, JobStatus, Limits
from reve_core.providers.fal import FalProvider
from reve_core.providers.fal.follow import Pace
from reve_core.providers.prices import PriceTable
from reve_core.service import Studio
from tests.building import build_studio, running, settled, until
from tests.faults.test_kill import stopped_outside_a_transaction
from tests.standin.fal import KEY, FalStandIn
from tests.standin.ledger import Ledger

SAFE = 60


@pytest.fixture
def fal(tmp_path: Path) -> Iterator[FalStandIn]:
    with FalStandIn(ledger_file=tmp_path / "ledger") as standin:
        yield standin


def provider_for(fal: FalStandIn) -> FalProvider:
    return FalProvider(
        prices=PriceTable.read(),
        base_url=fal.url,
        file_hosts=(fal.files.url,),
        api_key=SecretStr(KEY),
        pace=Pace(0.02, 0.02, 0.02),
        connect_timeout_s=5,
    )


def studio_for(fal: FalStandIn, folder: Path, **options: object) -> Studio:
    limits = {"fal": Limits(4, timeout_s=120.0)}
    return build_studio(folder, provider_for(fal), **{"limits": limits, **options})  # type: ignore[arg-type]


def spawn(fal: FalStandIn, folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.falworker", str(folder), fal.url, fal.files.url, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def fill(fal: FalStandIn, folder: Path, *prompts: str) -> list[str]:
    studio = studio_for(fal, folder)
    ids = [studio.submit(JobRequest(prompt=prompt))[0].id for prompt in prompts]
    studio.stop(0)
    return ids


def killed_at(fal: FalStandIn, folder: Path, step: str) -> None:
    process = spawn(fal, folder, "--die", step, "--workers", "1")
    _, errors = process.communicate(timeout=SAFE)
    assert process.returncode == -signal.SIGKILL, errors


def submits(folder: Path) -> Counter[str]:
    """How often each prompt was accepted, as the file has it."""
    return Counter(Ledger(0.0, folder / "ledger").keys())


def check_done(studio: Studio, job_id: str) -> None:
    job = studio.get(job_id)
    assert job.status is JobStatus.DONE, job.error
    assert studio.shelf.is_intact(job)
    assert job.usd_used == 0.25
    assert len(studio.calls(job_id)) == 1  # a claim that came to no call may have gone before


@pytest.mark.parametrize(
    "step",
    ["after accepted", "after polling", "after completed", "after the result", "after fetching", "after arrived"],
)
def test_killed_after_fal_had_accepted_it_the_next_process_fetches_it(
    fal: FalStandIn, tmp_path: Path, step: str
) -> None:
    [job_id] = fill(fal, tmp_path, "heron")
    killed_at(fal, tmp_path, step)
    with running(studio_for(fal, tmp_path)) as studio:
        settled(studio, job_id)
        check_done(studio, job_id)
        assert [call.outcome for call in studio.calls(job_id)] == ["ok"]
    assert submits(tmp_path) == {"heron": 1}
    assert fal.count("submit") == 1
    assert fal.count("cancel") == 0


@pytest.mark.parametrize("step", ["after saving the picture", "after done"])
def test_killed_when_the_picture_was_saved_fal_is_not_even_asked(fal: FalStandIn, tmp_path: Path, step: str) -> None:
    [job_id] = fill(fal, tmp_path, "heron")
    killed_at(fal, tmp_path, step)
    asked = len(fal.asked)
    with running(studio_for(fal, tmp_path)) as studio:
        settled(studio, job_id)
        check_done(studio, job_id)
    assert len(fal.asked) == asked
    assert submits(tmp_path) == {"heron": 1}


def test_killed_before_the_number_was_written_down_it_is_unknown_and_never_submitted_again(
    fal: FalStandIn, tmp_path: Path
) -> None:
    [job_id] = fill(fal, tmp_path, "heron")
    killed_at(fal, tmp_path, "after submitting")
    with running(studio_for(fal, tmp_path)) as studio:
        [job] = settled(studio, job_id)
        assert job.status is JobStatus.UNKNOWN
        assert "may have been charged" in str(job.error)
        assert submits(tmp_path) == {"heron": 1}
        studio.resolve(job_id, "rerun")  # a person may
        settled(studio, job_id)
        assert studio.get(job_id).status is JobStatus.DONE
    assert submits(tmp_path) == {"heron": 2}


def test_killed_before_anything_was_sent_nobody_claims_to_know(fal: FalStandIn, tmp_path: Path) -> None:
    [job_id] = fill(fal, tmp_path, "heron")
    killed_at(fal, tmp_path, "after begin_call")
    with running(studio_for(fal, tmp_path)) as studio:
        assert settled(studio, job_id)[0].status is JobStatus.UNKNOWN
    assert submits(tmp_path) == {}


def test_killed_again_and_again_it_is_submitted_once(fal: FalStandIn, tmp_path: Path) -> None:
    [job_id] = fill(fal, tmp_path, "heron")
    for step in ("after accepted", "after polling", "after polling", "after the result", "after fetching"):
        killed_at(fal, tmp_path, step)
    with running(studio_for(fal, tmp_path)) as studio:
        settled(studio, job_id)
        check_done(studio, job_id)
    assert submits(tmp_path) == {"heron": 1}


def test_a_drain_lets_go_at_once_and_the_next_process_finishes(fal: FalStandIn, tmp_path: Path) -> None:
    fal.hold_at = "IN_PROGRESS"
    ids = fill(fal, tmp_path, "heron", "egret")
    process = spawn(fal, tmp_path, "--stay")
    ready(process)
    until(lambda: sum(one.state == "IN_PROGRESS" for one in fal.accepted.values()) == 2)
    process.terminate()
    _, errors = process.communicate(timeout=SAFE)
    assert process.returncode == 0, errors  # all of its calls had ended within the grace
    fal.hold_at = None
    with running(studio_for(fal, tmp_path)) as studio:
        settled(studio, *ids)
        for job_id in ids:
            check_done(studio, job_id)
    assert submits(tmp_path) == {"heron": 1, "egret": 1}
    assert fal.count("cancel") == 0


def test_of_two_processes_at_once_one_picks_it_up(fal: FalStandIn, tmp_path: Path) -> None:
    fal.hold_at = "IN_PROGRESS"
    ids = fill(fal, tmp_path, *(f"job {number}" for number in range(4)))
    first = spawn(fal, tmp_path, "--stay", "--workers", "4")
    ready(first)
    until(lambda: len(fal.accepted) == 4)
    until(lambda: sum(one.state == "IN_PROGRESS" for one in fal.accepted.values()) == 4)
    first.kill()
    first.communicate(timeout=SAFE)
    fal.hold_at = None
    others = [spawn(fal, tmp_path, "--workers", "4") for _ in range(2)]
    for other in others:
        _, errors = other.communicate(timeout=SAFE)
        assert other.returncode == 0, errors
    studio = studio_for(fal, tmp_path)
    for job_id in ids:
        check_done(studio, job_id)
    studio.stop(0)
    assert submits(tmp_path) == {f"job {number}": 1 for number in range(4)}
    assert len(fal.files.requests) == 4
    assert fal.count("result") == 4


def test_a_zombie_past_its_lease_leaves_the_request_to_its_new_owner(fal: FalStandIn, tmp_path: Path) -> None:
    """That its lease was lost is no wish of anybody's that the request be cancelled."""
    fal.hold_at = "IN_PROGRESS"
    [job_id] = fill(fal, tmp_path, "heron")
    zombie = spawn(fal, tmp_path, "--stay", "--lease", "1", "--workers", "1")
    ready(zombie)
    until(lambda: any(one.state == "IN_PROGRESS" for one in fal.accepted.values()))
    until(lambda: stopped_outside_a_transaction(zombie, tmp_path / "reve.db"))
    try:
        with running(studio_for(fal, tmp_path, lease_s=60)) as studio:
            until(lambda: studio._worker.runner.holds(job_id))
            zombie.send_signal(signal.SIGCONT)
            assert zombie.stdout is not None
            assert zombie.stdout.readline() == "lost\n"
            zombie.terminate()
            _, errors = zombie.communicate(timeout=SAFE)  # what it was about to do is done by then
            assert zombie.returncode == 0, errors
            fal.hold_at = None
            settled(studio, job_id)
            check_done(studio, job_id)
    finally:
        zombie.kill()
        zombie.communicate(timeout=SAFE)
    assert fal.count("cancel") == 0
    assert submits(tmp_path) == {"heron": 1}


def test_a_cancel_is_passed_on_and_costs_nothing_while_it_waits(fal: FalStandIn, tmp_path: Path) -> None:
    fal.hold_at = "IN_QUEUE 0"
    with running(studio_for(fal, tmp_path)) as studio:
        job = studio.submit(JobRequest(prompt="heron"))[0]
        assert fal.wait_for("status", 2)
        studio.cancel(job.id)
        [job] = settled(studio, job.id)
        assert job.status is JobStatus.CANCELLED
        assert [call.outcome for call in studio.calls(job.id)] == ["not_charged"]
    assert fal.count("cancel") == 1
    assert fal.units() == 0


def test_a_cancel_of_what_runs_may_cost_and_says_so(fal: FalStandIn, tmp_path: Path) -> None:
    fal.hold_at = "IN_PROGRESS"
    with running(studio_for(fal, tmp_path)) as studio:
        job = studio.submit(JobRequest(prompt="heron"))[0]
        until(lambda: any(one.state == "IN_PROGRESS" for one in fal.accepted.values()))
        asked = fal.count("status")
        assert fal.wait_for("status", asked + 1)
        studio.cancel(job.id)
        [job] = settled(studio, job.id)
        assert job.status is JobStatus.CANCELLED
        assert [call.outcome for call in studio.calls(job.id)] == ["unknown"]
    assert fal.count("cancel") == 1


def test_killed_while_it_was_being_cancelled_the_next_process_hears_how_that_went(
    fal: FalStandIn, tmp_path: Path
) -> None:
    fal.hold_at = "IN_QUEUE 0"
    [job_id] = fill(fal, tmp_path, "heron")
    process = spawn(fal, tmp_path, "--die", "after cancelling", "--lease", "1", "--workers", "1")
    ready(process)
    assert fal.wait_for("status", 2)
    other = studio_for(fal, tmp_path)
    other.cancel(job_id)
    other.stop(0)
    process.communicate(timeout=SAFE)
    assert process.returncode == -signal.SIGKILL
    with running(studio_for(fal, tmp_path)) as studio:
        [job] = settled(studio, job_id)
        assert job.status is JobStatus.CANCELLED
    assert submits(tmp_path) == {"heron": 1}


def test_a_connection_lost_while_asking_loses_nothing(fal: FalStandIn, tmp_path: Path) -> None:
    fal.add("reset", "status", times=5)
    fal.add("reset", "result", times=2)
    fal.add("reset", "file", times=2)
    with running(studio_for(fal, tmp_path)) as studio:
        job = studio.submit(JobRequest(prompt="heron"))[0]
        settled(studio, job.id)
        check_done(studio, job.id)
    assert submits(tmp_path) == {"heron": 1}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_queue_full_of_jobs_killed_in_the_middle_comes_to_its_end_with_one_submit_each(
    fal: FalStandIn, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    fal.steps = ("IN_QUEUE 1",) * 10 + ("IN_PROGRESS",) * 10  # not all done before the last is killed
    ids = fill(fal, tmp_path, *(f"job {number}" for number in range(16)))
    pause = threading.Event()
    looking = studio_for(fal, tmp_path)
    for _ in range(4):
        asked = len(fal.asked)
        process = spawn(fal, tmp_path, "--stay", "--workers", "4")
        try:
            ready(process)
            # On a busy machine it may have done all there was to do before we come to look.
            until(lambda asked=asked: len(fal.asked) > asked or looking.board.feed(owner=PERSONAL).pending == 0)
            pause.wait(chance.uniform(0, 0.4))
        finally:
            process.kill()
            process.communicate(timeout=SAFE)
    looking.stop(0)
    with running(studio_for(fal, tmp_path)) as studio:
        jobs = settled(studio, *ids, within_s=SAFE)
        seen = submits(tmp_path)
        assert set(seen.values()) == {1}
        for job in jobs:
            # Only where it was killed between a submit and its answer can nobody know.
            assert job.status in (JobStatus.DONE, JobStatus.UNKNOWN), job.error
            if job.status is JobStatus.DONE:
                check_done(studio, job.id)
            else:
                assert studio.calls(job.id)[0].ticket is None
        assert sum(job.status is JobStatus.UNKNOWN for job in jobs) <= 4 * 4
