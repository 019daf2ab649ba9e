"""The provider misbehaves, over real HTTP, under the real job manager: rows 14 to 21 of the fault table."""

import tracemalloc
from pathlib import Path

import pytest
from pydantic import SecretStr

from reve_core import bootstrap
from reve_core.errors import OutcomeUnknown
from reve_core.models import JobRequest, JobStatus, Limits
from reve_core.ports import CallContext
from reve_core.providers.reve import ReveProvider
from reve_core.service import Studio
from reve_core.settings import Settings
from tests.building import build_studio, running, settled, statuses, until
from tests.standin import StandIn

HERON = JobRequest(prompt="heron")


def studio_for(folder: Path, reve: StandIn, **options: object) -> Studio:
    provider = ReveProvider(base_url=reve.url, api_key=SecretStr(reve.key or ""), connect_timeout_s=2)
    return build_studio(folder, provider, **options)  # type: ignore[arg-type]


def test_row_14_a_hanging_provider_ends_in_unknown_and_frees_its_slot(tmp_path: Path) -> None:
    with StandIn() as reve, running(studio_for(tmp_path, reve, concurrency=1, call_timeout_s=2)) as studio:
        reve.faults.add("hang")
        hung, next_ = (job.id for job in studio.submit(HERON, count=2))
        assert statuses(settled(studio, hung, next_)) == [JobStatus.UNKNOWN, JobStatus.DONE]
        assert len(reve.posts()) == 2


@pytest.mark.parametrize(
    "fault", ["reset", "short_body", "garbage", "html", "svg", "empty_image", "truncated_png", "pixel_bomb"]
)
def test_rows_15_17_and_18_an_answer_that_is_no_picture_is_asked_for_once_and_left_to_a_person(
    tmp_path: Path, fault: str
) -> None:
    with StandIn() as reve, running(studio_for(tmp_path, reve)) as studio:
        reve.faults.add(fault)
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert job.status is JobStatus.UNKNOWN
        assert len(reve.posts()) == 1
        assert [file for file in (tmp_path / "images").rglob("*") if file.is_file()] == []
        assert job.error is not None
        assert "<script" not in job.error


def test_row_18_with_the_shipped_settings_an_endless_answer_fills_less_than_64_megabytes() -> None:
    # The provider's own tests hold it to its cap; this holds the cap that people get.
    with StandIn() as reve:
        settings = Settings(api_key=SecretStr(reve.key or ""), api_url=reve.url)
        provider = bootstrap.make_providers(settings)["reve"]
        request = HERON.model_copy(update={"aspect_ratio": "1:1", "model": provider.models[0].id})
        reve.faults.add("endless")
        tracemalloc.start()
        try:
            with pytest.raises(OutcomeUnknown, match="too large"):
                provider.generate(request, CallContext(key="job-1", timeout_s=60))
            assert tracemalloc.get_traced_memory()[1] < 64 * 1024 * 1024
        finally:
            tracemalloc.stop()
            provider.close()


def test_row_16_an_unreachable_provider_costs_nothing_and_is_tried_three_times(tmp_path: Path) -> None:
    provider = ReveProvider(
        base_url="http://127.0.0.1:9", api_key=SecretStr("papi.test-not-a-key"), connect_timeout_s=1
    )
    with running(build_studio(tmp_path, provider)) as studio:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert (job.status, job.attempt) == (JobStatus.FAILED, 3)
        assert {call.outcome for call in studio.calls(job.id)} == {"not_charged"}
        assert job.error is not None
        assert "nothing was charged" in job.error


def test_row_19_a_redirect_never_carries_the_paid_request_elsewhere(tmp_path: Path) -> None:
    with StandIn() as reve, running(studio_for(tmp_path, reve)) as studio:
        reve.faults.add("redirect", status=307)
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert job.status is not JobStatus.DONE
        assert len(reve.posts()) == 1


@pytest.mark.parametrize("how", ["seconds", "date", "params"])
def test_row_20_a_storm_of_429_burns_no_tries_and_every_job_comes_in_the_end(tmp_path: Path, how: str) -> None:
    with StandIn() as reve, running(studio_for(tmp_path, reve, concurrency=1)) as studio:
        reve.faults.add("rate_limited", how=how, seconds=1, times=2)
        jobs = settled(studio, *(job.id for job in studio.submit(HERON, count=10)))
        assert statuses(jobs) == [JobStatus.DONE] * 10
        assert {job.tries for job in jobs} == {1}
        # One probe for each pause, and no more: the two refused ones and the ten that went through.
        assert len(reve.posts()) == 12


def test_row_20_a_storm_with_many_calls_under_way_sends_one_probe_for_each_pause(tmp_path: Path) -> None:
    with StandIn() as reve, running(studio_for(tmp_path, reve, workers=8, concurrency=4)) as studio:
        reve.faults.add("rate_limited", seconds=1, for_s=1.5)
        ids = [job.id for _ in range(5) for job in studio.submit(HERON, count=10)]
        jobs = settled(studio, *ids, within_s=60)
        assert statuses(jobs) == [JobStatus.DONE] * 50
        assert {job.tries for job in jobs} == {1}
        # At most four at once when the storm begins, and one probe for each of the two pauses that follow.
        assert len(reve.posts()) <= 50 + 4 + 2


def test_row_20_an_absurd_wait_is_clamped(tmp_path: Path) -> None:
    with StandIn() as reve, running(studio_for(tmp_path, reve)) as studio:
        reve.faults.add("rate_limited", how="year")
        job = studio.submit(HERON)[0]
        until(lambda: studio.catalogue.provider("reve").paused)
        state = studio.catalogue.provider("reve").state
        assert state is not None
        assert state.until is not None
        assert (state.until - job.created_at).total_seconds() < 660


def test_row_21_credits_that_run_out_pause_the_provider_and_the_rest_follow_a_persons_word(tmp_path: Path) -> None:
    with StandIn(credits=9 * 150) as reve, running(studio_for(tmp_path, reve, workers=1, concurrency=1)) as studio:
        ids = [job.id for _ in range(5) for job in studio.submit(HERON, count=10)]
        until(lambda: studio.catalogue.provider("reve").paused)
        until(lambda: studio.counts()[JobStatus.QUEUED] == 41)
        assert studio.counts()[JobStatus.DONE] == 9
        assert any("credits" in notice for notice in studio.board.notices())
        reve.ledger.clear(1_000_000)
        studio.resume("reve")
        jobs = settled(studio, *ids, within_s=60)
        assert statuses(jobs) == [JobStatus.DONE] * 50
        assert sum(job.credits_used or 0 for job in jobs) == 50 * 150


def test_the_pace_of_calls_is_kept(tmp_path: Path) -> None:
    with StandIn() as reve:
        limits = {"reve": Limits(concurrency=4, per_minute=3)}
        with running(studio_for(tmp_path, reve, limits=limits)) as studio:
            ids = [job.id for job in studio.submit(HERON, count=5)]
            until(lambda: studio.counts()[JobStatus.DONE] == 3)
            settled(studio, *ids[:3])
            assert len(reve.posts()) == 3
            assert studio.counts()[JobStatus.QUEUED] == 2
