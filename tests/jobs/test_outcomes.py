"""What the job manager makes of each answer of a provider: whose money, tried again or not, paused or not."""

import threading
from pathlib import Path

import pytest

from reve_core import errors
from reve_core.errors import BadInput, JobNotFound, WrongState
from reve_core.jobs.retry import LONGEST_WAIT_S, RetryPolicy
from reve_core.models import JobRequest, JobStatus, Picture, Receipt, Stage
from reve_core.ports import Blobs, CallContext
from reve_core.service import Studio
from tests.building import build_studio, running, settled, statuses, until, wait_for
from tests.fakes import FakeProvider, GatedProvider, png

HERON = JobRequest(prompt="heron")


def raising(*answers: Exception, **options: object) -> FakeProvider:
    """A provider that raises these one after another and then answers."""
    left = list(answers)

    def before(request: JobRequest, context: CallContext) -> None:
        if left:
            raise left.pop(0)

    return FakeProvider(before=before, **options)  # type: ignore[arg-type]


def outcome(studio: Studio, job_id: str) -> list[str | None]:
    return [call.outcome for call in studio.calls(job_id)]


def quick(folder: Path, provider: FakeProvider, **options: object) -> Studio:
    return build_studio(folder, provider, **options)  # type: ignore[arg-type]


def test_what_was_not_charged_is_tried_again_by_itself(tmp_path: Path) -> None:
    provider = raising(
        errors.NotCharged("No connection.", retry_after=0), errors.NotCharged("No connection.", retry_after=0)
    )
    with running(quick(tmp_path, provider)) as studio:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert job.status is JobStatus.DONE
        assert (job.attempt, job.tries) == (3, 3)
        assert outcome(studio, job.id) == ["not_charged", "not_charged", "ok"]


def test_after_the_last_try_it_fails_and_says_that_nothing_was_charged(tmp_path: Path) -> None:
    provider = raising(*[errors.NotCharged("No connection.", retry_after=0)] * 3)
    with running(quick(tmp_path, provider)) as studio:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert (job.status, len(provider.prompts)) == (JobStatus.FAILED, 3)
        assert job.error == "No connection. Tried 3 times; nothing was charged."


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(errors.OutcomeUnknown("No answer in time."), id="no answer"),
        pytest.param(RuntimeError("a bug with papi.secret in it"), id="an exception nobody foresaw"),
        pytest.param(MemoryError(), id="out of memory"),
    ],
)
def test_where_nobody_can_know_a_person_decides(
    tmp_path: Path, answer: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    provider = raising(answer)
    with running(quick(tmp_path, provider)) as studio:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert job.status is JobStatus.UNKNOWN
        assert outcome(studio, job.id) == ["unknown"]
        assert len(provider.prompts) == 1
        assert "papi.secret" not in str(job.error) + caplog.text


def test_a_refusal_is_never_retried_and_its_credits_are_settled(tmp_path: Path) -> None:
    refusal = errors.PromptRefused(
        "The provider will not draw this.", receipt=Receipt(credits_used=150, request_id="rsid-3")
    )
    provider = raising(refusal)
    with running(quick(tmp_path, provider)) as studio:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert (job.status, job.error_code, job.credits_used) == (JobStatus.FAILED, "refused", 150)
        assert job.request_id == "rsid-3"
        assert outcome(studio, job.id) == ["refused"]
        assert studio.retry_failed() == 0


def test_a_rejected_request_fails_at_once_with_the_providers_words(tmp_path: Path) -> None:
    provider = raising(errors.RequestRejected("The aspect ratio is not known."))
    with running(quick(tmp_path, provider)) as studio:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert (job.status, job.error) == (JobStatus.FAILED, "The aspect ratio is not known.")
        assert len(provider.prompts) == 1


@pytest.mark.parametrize(
    "refusal", [errors.KeyRefused("The key is wrong."), errors.ServiceClosed("The API was closed.")]
)
def test_a_wrong_key_or_a_closed_service_fails_the_job_and_pauses_the_provider(
    tmp_path: Path, refusal: errors.ProviderError
) -> None:
    provider = raising(refusal)
    with running(quick(tmp_path, provider, concurrency=1)) as studio:
        first, second = (job.id for job in studio.submit(HERON, count=2))
        [job] = settled(studio, first)
        assert (job.status, job.error) == (JobStatus.FAILED, str(refusal))
        assert studio.catalogue.provider("fake").paused
        assert str(refusal) in " ".join(studio.board.notices())
        assert studio.get(second).status is JobStatus.QUEUED
        studio.resume("fake")
        assert statuses(settled(studio, second)) == [JobStatus.DONE]


def test_without_credits_the_job_waits_and_costs_no_try(tmp_path: Path) -> None:
    provider = raising(errors.NoCredits("The credits are used up."))
    with running(quick(tmp_path, provider)) as studio:
        job_id = studio.submit(HERON)[0].id
        until(lambda: studio.catalogue.provider("fake").paused)
        waiting = wait_for(studio, job_id, lambda job: job.status is JobStatus.QUEUED)
        assert waiting.tries == 0
        studio.resume("fake")
        assert statuses(settled(studio, job_id)) == [JobStatus.DONE]


def test_an_idempotent_provider_is_asked_again_and_then_given_up(tmp_path: Path) -> None:
    provider = raising(*[ValueError("drawing failed")] * 3, idempotent=True)
    with running(quick(tmp_path, provider)) as studio:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert (job.status, len(provider.prompts)) == (JobStatus.FAILED, 3)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"<html>Bad gateway</html>", id="html"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="svg"),
        pytest.param(b"", id="nothing"),
        pytest.param(png("x")[:-12], id="a png without its end"),
        pytest.param(png("x")[: len(png("x")) // 2], id="half a png"),
    ],
)
def test_bytes_that_are_no_picture_are_unknown_and_leave_no_file(tmp_path: Path, data: bytes) -> None:
    provider = FakeProvider(before=lambda request, context: Picture(data, Receipt(credits_used=10)))
    with running(quick(tmp_path, provider)) as studio:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        assert (job.status, job.credits_used) == (JobStatus.UNKNOWN, 10)
        assert [file for file in (tmp_path / "images").rglob("*") if file.is_file()] == []


class SlowDisk:
    """Saves nothing before it is released."""

    def __init__(self, inner: Blobs, release: threading.Event) -> None:
        self._inner = inner
        self._release = release

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def put(self, key: str, data: bytes) -> None:
        assert self._release.wait(timeout=10)
        self._inner.put(key, data)


def test_the_next_call_begins_while_the_last_picture_is_still_being_saved(tmp_path: Path) -> None:
    """The provider's one slot is free as soon as the answer is here."""
    release = threading.Event()
    provider = FakeProvider()
    studio = build_studio(tmp_path, provider, workers=2, concurrency=1)
    slow = build_studio(tmp_path, provider, workers=2, concurrency=1, blobs=SlowDisk(studio.blobs, release))  # type: ignore[arg-type]
    studio.stop(0)
    with running(slow):
        ids = [job.id for job in slow.submit(HERON, count=2)]
        until(lambda: len(provider.prompts) == 2)
        assert all(slow.get(job_id).status is JobStatus.RUNNING for job_id in ids)
        release.set()
        assert statuses(settled(slow, *ids)) == [JobStatus.DONE] * 2


class HeldReads:
    """Hands out nothing before it is released."""

    def __init__(self, inner: Blobs, release: threading.Event) -> None:
        self._inner = inner
        self._release = release

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def get(self, key: str, *, max_bytes: int) -> bytes:
        assert self._release.wait(timeout=10)
        return self._inner.get(key, max_bytes=max_bytes)


def test_pictures_that_wait_to_be_decoded_wait_on_the_disk(tmp_path: Path) -> None:
    release = threading.Event()
    provider = FakeProvider()
    studio = build_studio(tmp_path, provider, workers=1)
    busy = build_studio(tmp_path, provider, workers=1, blobs=HeldReads(studio.blobs, release))  # type: ignore[arg-type]
    studio.stop(0)
    with running(busy):
        ids = [job.id for job in busy.submit(HERON, count=4)]
        until(lambda: len(list((tmp_path / "images").rglob("*.png"))) == 4)
        assert all(busy.get(job_id).status is JobStatus.RUNNING for job_id in ids)
        release.set()
        assert statuses(settled(busy, *ids)) == [JobStatus.DONE] * 4


# -- people


def test_a_job_cancelled_while_queued_never_reaches_the_provider(tmp_path: Path) -> None:
    provider = GatedProvider()
    with running(quick(tmp_path, provider, concurrency=1)) as studio:
        first = studio.submit(HERON)[0].id
        assert provider.started.wait(timeout=5)
        second = studio.submit(JobRequest(prompt="fox"))[0].id
        assert studio.cancel(second) == "Cancelled. Nothing was charged."
        provider.gate.set()
        assert statuses(settled(studio, first, second)) == [JobStatus.DONE, JobStatus.CANCELLED]
        assert provider.prompts == ["heron"]


def test_row_30_cancelled_in_a_paid_call_the_picture_still_comes(tmp_path: Path) -> None:
    provider = GatedProvider()
    with running(quick(tmp_path, provider)) as studio:
        job_id = studio.submit(HERON)[0].id
        assert provider.started.wait(timeout=5)
        assert "still comes" in studio.cancel(job_id)
        provider.gate.set()
        [job] = settled(studio, job_id)
        assert job.status is JobStatus.DONE


def test_row_30_cancelled_in_a_free_call_it_stops_at_once(tmp_path: Path) -> None:
    provider = GatedProvider(idempotent=True)
    with running(quick(tmp_path, provider)) as studio:
        job_id = studio.submit(HERON)[0].id
        assert provider.started.wait(timeout=5)
        studio.cancel(job_id)
        [job] = settled(studio, job_id)
        assert job.status is JobStatus.CANCELLED
        assert outcome(studio, job_id) == ["not_charged"]


def test_row_30_cancelled_between_claim_and_call_it_costs_nothing(tmp_path: Path) -> None:
    provider = FakeProvider()
    studio = quick(tmp_path, provider)

    class CancelsFirst:
        def __init__(self, inner: object) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> object:
            return getattr(self._inner, name)

        def begin_call(self, claim: object, *, idempotent: bool) -> bool:
            studio.cancel(claim.job.id)  # type: ignore[attr-defined]
            return bool(self._inner.begin_call(claim, idempotent=idempotent))  # type: ignore[attr-defined]

    with running(build_studio(tmp_path, provider, store=CancelsFirst(studio._store))) as trapped:  # type: ignore[arg-type]
        [job] = settled(trapped, trapped.submit(HERON)[0].id)
        assert job.status is JobStatus.CANCELLED
        assert provider.prompts == []
        assert trapped.calls(job.id) == []


def test_row_30_cancelled_while_its_picture_is_being_saved_it_is_kept_and_called_paid(tmp_path: Path) -> None:
    release = threading.Event()
    provider = FakeProvider()
    inner = quick(tmp_path, provider)
    slow = build_studio(tmp_path, provider, blobs=SlowDisk(inner.blobs, release))  # type: ignore[arg-type]
    inner.stop(0)
    with running(slow):
        job_id = slow.submit(HERON)[0].id
        wait_for(slow, job_id, lambda job: job.stage is Stage.STORING)
        slow.cancel(job_id)
        [card] = slow.board.feed().cards
        assert card["says"] == "Already paid, saving"
        release.set()
        assert statuses(settled(slow, job_id)) == [JobStatus.DONE]


def test_row_30_cancelling_what_has_ended_says_so(tmp_path: Path) -> None:
    with running(quick(tmp_path, FakeProvider())) as studio:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        with pytest.raises(WrongState, match="already ended"):
            studio.cancel(job.id)


def test_row_22_ten_wake_ups_for_one_job_make_one_call(tmp_path: Path) -> None:
    provider = FakeProvider()
    with running(quick(tmp_path, provider)) as studio:
        job_id = studio.submit(HERON)[0].id
        studio._worker.wake()
        settled(studio, job_id)
        studio._worker.wake()
        second = studio.submit(JobRequest(prompt="fox"))[0].id
        settled(studio, second)
        assert sorted(provider.prompts) == ["fox", "heron"]


def test_row_23_two_managers_in_one_process_run_each_job_once_within_the_cap(tmp_path: Path) -> None:
    running_now, most = [0], [0]
    guard = threading.Lock()

    def before(request: JobRequest, context: CallContext) -> None:
        with guard:
            running_now[0] += 1
            most[0] = max(most[0], running_now[0])
        threading.Event().wait(0.005)
        with guard:
            running_now[0] -= 1

    provider = FakeProvider(before=before)
    with (
        running(quick(tmp_path, provider, concurrency=3, workers=8)) as one,
        running(quick(tmp_path, provider, concurrency=3, workers=8)) as two,
    ):
        ids = [job.id for studio in (one, two) for job in studio.submit(HERON, count=16)]
        assert statuses(settled(one, *ids)) == [JobStatus.DONE] * 32
        assert len(provider.prompts) == 32
        assert most[0] <= 3


def test_a_job_without_any_wake_up_is_found_all_the_same(tmp_path: Path) -> None:
    provider = FakeProvider()
    waiting = quick(tmp_path, provider)
    with running(quick(tmp_path, provider)) as studio:
        job_id = waiting.submit(HERON)[0].id  # as another process would: nobody here is woken
        assert statuses(settled(studio, job_id)) == [JobStatus.DONE]
    waiting.stop(0)


def test_an_unclear_job_is_resolved_by_looking_again_running_again_or_giving_up(tmp_path: Path) -> None:
    provider = raising(*[errors.OutcomeUnknown("No answer in time.")] * 3)
    with running(quick(tmp_path, provider)) as studio:
        ids = [job.id for job in studio.submit(HERON, count=3)]
        settled(studio, *ids)
        looked, rerun, dropped = ids
        assert studio.resolve(looked, "check") == "No picture has come. Run it again, or give up."
        assert studio.get(looked).status is JobStatus.UNKNOWN
        studio.resolve(rerun, "rerun")
        studio.resolve(dropped, "give_up")
        assert statuses(settled(studio, rerun, dropped)) == [JobStatus.DONE, JobStatus.FAILED]
        with pytest.raises(WrongState):
            studio.resolve(dropped, "rerun")


def test_looking_again_finds_a_picture_that_was_saved_after_all(tmp_path: Path) -> None:
    provider = raising(errors.OutcomeUnknown("No answer in time."))
    with running(quick(tmp_path, provider)) as studio:
        [job] = settled(studio, studio.submit(HERON)[0].id)
        studio.blobs.put(f"{job.id}-{job.attempt}.png", png("heron"))
        assert "gallery" in studio.resolve(job.id, "check")
        [job] = settled(studio, job.id)
        assert job.status is JobStatus.DONE
        assert studio.shelf.is_intact(job)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        pytest.param(JobRequest(prompt=" \n"), "empty", id="an empty prompt"),
        pytest.param(JobRequest(prompt="x" * 201), "Shorten it by 1", id="one character too many"),
        pytest.param(JobRequest(prompt="x", aspect_ratio="7:1"), "Choose one of: 1:1", id="an unknown ratio"),
        pytest.param(JobRequest(prompt="x", provider="dream"), "no provider called", id="an unknown provider"),
        pytest.param(JobRequest(prompt="x", model="dream"), "has no model", id="an unknown model"),
        pytest.param(JobRequest(prompt="x\x00y"), "control character", id="a null character"),
        pytest.param(
            JobRequest.model_construct(prompt="\ud800", aspect_ratio="1:1"), "control", id="half a surrogate pair"
        ),
    ],
)
def test_bad_input_is_refused_in_words_and_nothing_is_queued(tmp_path: Path, request_: JobRequest, words: str) -> None:
    studio = quick(tmp_path, FakeProvider())
    with pytest.raises(BadInput, match=words):
        studio.submit(request_)
    assert sum(studio.counts().values()) == 0
    studio.stop(0)


def test_a_seed_for_a_provider_without_seeds_is_refused(tmp_path: Path) -> None:
    studio = quick(tmp_path, FakeProvider(seed=False))
    with pytest.raises(BadInput, match="no seeds"):
        studio.submit(JobRequest(prompt="x", seed=1))
    studio.stop(0)


def test_a_waiting_card_says_what_it_waits_for(tmp_path: Path) -> None:
    studio = quick(tmp_path, FakeProvider())
    studio.submit(HERON)
    assert studio.board.feed().cards[0]["says"] == "Number 1 in line"
    studio.pause("fake", "no credits")
    assert studio.board.feed().cards[0]["says"] == "Waits: Fake is paused"
    studio.stop(0)
    without = quick(tmp_path, FakeProvider(name="other"))
    assert without.board.feed().cards[0]["says"] == "Waits: Fake is not set up here"
    without.stop(0)


def test_several_pictures_of_one_prompt_get_seeds_of_their_own(tmp_path: Path) -> None:
    studio = quick(tmp_path, FakeProvider())
    counted = [job.request.seed for job in studio.submit(JobRequest(prompt="x", seed=2**32 - 2), count=3)]
    assert counted == [2**32 - 2, 2**32 - 1, 0]
    drawn = {job.request.seed for job in studio.submit(HERON, count=4)}
    assert len(drawn) == 4
    assert None not in drawn
    studio.stop(0)


def test_another_owners_job_can_be_neither_seen_nor_touched(tmp_path: Path) -> None:
    studio = quick(tmp_path, FakeProvider())
    job_id = studio.submit(HERON, owner="ana")[0].id
    for touch in (
        lambda: studio.get(job_id, owner="ben"),
        lambda: studio.calls(job_id, owner="ben"),
        lambda: studio.cancel(job_id, owner="ben"),
        lambda: studio.retry(job_id, owner="ben"),
        lambda: studio.resolve(job_id, "rerun", owner="ben"),
        lambda: studio.shelf.star([job_id], True, owner="ben"),
        lambda: studio.shelf.trash([job_id], owner="ben"),
        lambda: studio.shelf.purge([job_id], owner="ben"),
        lambda: studio.shelf.download(job_id, "ben"),
        lambda: studio.shelf.prepare_export([job_id], owner="ben"),
    ):
        with pytest.raises(JobNotFound):
            touch()
    assert studio.get(job_id, owner="ana").status is JobStatus.QUEUED
    studio.stop(0)


@pytest.mark.parametrize(
    ("seconds", "waited"), [(-5.0, 0.0), (2.0, 2.0), (365 * 86400.0, LONGEST_WAIT_S), (float("inf"), LONGEST_WAIT_S)]
)
def test_no_answer_makes_us_wait_longer_than_ten_minutes(seconds: float, waited: float) -> None:
    assert RetryPolicy().delay(1, seconds) == waited
