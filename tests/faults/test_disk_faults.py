"""The disk is full or read-only, or a file on it is cut short, under the whole service: rows 6, 8 and 10."""

import time
from pathlib import Path

import pytest

from reve_core import bootstrap
from reve_core.blobs.local import LocalBlobs
from reve_core.errors import ConfigurationError, PictureDamaged
from reve_core.jobs.keeper import Patience
from reve_core.models import JobFilter, JobRequest, JobStatus, Picture
from reve_core.settings import Settings
from reve_core.store.sqlite import SqliteStore
from tests.building import build_studio, running, settled, statuses, until, wait_for
from tests.fakes import FakeProvider, GatedProvider
from tests.jobs.queueing import Queue, QueueProvider
from tests.mounts import read_only, small_disk

HERON = JobRequest(prompt="heron")


def big(request: JobRequest) -> Picture:
    """A picture that a small disk has no room for."""
    import io
    import random

    from PIL import Image

    noise = Image.frombytes("RGB", (256, 256), random.Random(1).randbytes(256 * 256 * 3))
    out = io.BytesIO()
    noise.save(out, "PNG")
    return Picture(out.getvalue(), FakeProvider().picture(request).receipt)


def test_row_8_a_paid_picture_waits_in_memory_for_room_on_the_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "512k") as disk:
        filler = disk / "filler"
        filler.write_bytes(b"x" * 450_000)
        provider = FakeProvider(before=lambda request, context: big(request))
        studio = build_studio(tmp_path, provider, blobs=LocalBlobs(disk / "images"), patience=Patience(30.0, 0.02))
        with running(studio):
            job_id = studio.submit(HERON)[0].id
            until(lambda: any(call.outcome == "ok" for call in studio.calls(job_id)))
            assert studio.get(job_id).status is JobStatus.RUNNING
            filler.unlink()
            assert statuses(settled(studio, job_id)) == [JobStatus.DONE]
            assert studio.shelf.is_intact(studio.get(job_id))
            assert len(provider.prompts) == 1


def test_row_8_when_no_room_comes_the_job_is_unknown_with_its_reason_and_no_leftovers(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64k") as disk:
        provider = FakeProvider(before=lambda request, context: big(request))
        studio = build_studio(tmp_path, provider, blobs=LocalBlobs(disk / "images"), patience=Patience(0.3, 0.02))
        with running(studio):
            [job] = settled(studio, studio.submit(HERON)[0].id)
            assert job.status is JobStatus.UNKNOWN
            assert job.credits_used == 10
            assert job.error is not None
            assert "could not be saved" in job.error
            assert [file for file in disk.rglob("*") if file.is_file()] == []


def test_row_8_a_picture_that_its_service_keeps_is_fetched_again_once_there_is_room(tmp_path: Path) -> None:
    class Keeps(QueueProvider):
        def picture(self, request: JobRequest) -> Picture:
            return big(request)

    queue, shift = Queue(is_quick=True), [0.0]
    store = SqliteStore(tmp_path / "reve.db", timeout_s=5.0, clock=lambda: time.time() + shift[0])
    with small_disk(tmp_path / "disk", "512k") as disk:
        filler = disk / "filler"
        filler.write_bytes(b"x" * 450_000)
        blobs = LocalBlobs(disk / "images")
        studio = build_studio(tmp_path, Keeps(queue), store=store, blobs=blobs, patience=Patience(0.1, 0.02))
        with running(studio):
            job_id = studio.submit(HERON)[0].id
            waiting = wait_for(studio, job_id, lambda job: "could not be saved" in (job.progress_text or ""))
            assert waiting.status is JobStatus.RUNNING
            until(lambda: store.workers() == set())
            filler.unlink()
            shift[0] = 60
            [job] = settled(studio, job_id)
            assert job.status is JobStatus.DONE
            assert studio.shelf.is_intact(job)
            assert [call.outcome for call in studio.calls(job_id)] == ["ok"]
            assert (queue.submitted[job_id], queue.resumed[job_id], job.credits_used) == (1, 1, 10)


def test_row_8_without_room_no_paid_call_is_started_and_the_page_says_so(tmp_path: Path) -> None:
    provider = GatedProvider()
    with running(build_studio(tmp_path, provider, min_free_bytes=10**18)) as studio:
        job_id = studio.submit(HERON)[0].id
        assert not provider.started.wait(timeout=0.5)
        assert studio.get(job_id).status is JobStatus.QUEUED
        assert "disk is nearly full" in " ".join(studio.board.notices())


def test_row_10_on_a_read_only_disk_old_pictures_are_shown_and_nothing_new_is_begun(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk:
        settings = Settings(data_dir=disk, provider="sketch")
        first = build_studio(disk, FakeProvider())
        with running(first):
            settled(first, first.submit(HERON)[0].id)
        with read_only(disk):
            studio = bootstrap.build(settings)
            studio.start()
            assert studio.read_only is not None
            assert str(disk) in studio.read_only
            assert studio.board.notices()[0] == studio.read_only
            [job] = studio.gallery(JobFilter(owner="me")).jobs
            assert studio.shelf.is_intact(job)
            for refused in (
                lambda: studio.submit(HERON),
                lambda: studio.shelf.trash([job.id]),
                lambda: studio.shelf.star([job.id], True),
                lambda: studio.retry(job.id),
                lambda: studio.cancel(job.id),
                lambda: studio.pause("sketch"),
            ):
                with pytest.raises(ConfigurationError, match="cannot be written"):
                    refused()
            studio.stop(0)


def test_row_6_a_picture_cut_short_on_the_disk_is_called_damaged_and_never_handed_out(tmp_path: Path) -> None:
    with running(build_studio(tmp_path, FakeProvider())) as studio:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert job.image is not None
        path = Path(studio.blobs.path(job.image.name) or "")
        whole = path.read_bytes()
        for cut in (b"", whole[: len(whole) // 2], whole[:-12], whole[:-1]):
            path.write_bytes(cut)
            assert not studio.shelf.is_intact(job)
            with pytest.raises(PictureDamaged):
                studio.shelf.download(job.id)
        path.write_bytes(whole)
        assert studio.shelf.download(job.id).mime == "image/png"
