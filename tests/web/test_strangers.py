"""What a visitor of a public link is told when no picture came: neutral words at every door. One's own app says it all."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from pages.parts import line, viewer
from reve_core import gridview, strangers, views
from reve_core.compare.models import Axes
from reve_core.errors import (
    KeyRefused,
    NoCredits,
    NotCharged,
    OutcomeUnknown,
    PromptRefused,
    ProviderError,
    RequestRejected,
    ServiceClosed,
)
from reve_core.jobs.runner import _KEY_GONE as KEY_GONE
from reve_core.jobs.runner import _KEY_GONE_SINCE as KEY_GONE_SINCE
from reve_core.models import PERSONAL, Job, JobRequest, JobStatus, Picture, Receipt
from reve_core.ports import CallContext
from reve_core.providers.diffusers import words as diffusers
from reve_core.providers.fal import outcomes as fal
from reve_core.service import Studio
from reve_core.visitors import COOKIE
from reve_core.web.api.described import shape_of
from tests.building import build_studio, running, until
from tests.fakes import FakeProvider, png
from tests.web.door import asking

ANNA = "v-anna"
CLOSED = "It cannot be used for now. Nothing was charged. Choose another model, or try again later."
KEY = "Lab (10.0.0.7:8000) did not accept the key. Check REVE_OPENAI_KEY. Nothing was charged."


def ended(error: ProviderError | str, *, code: str | None = None, status: JobStatus = JobStatus.FAILED) -> Job:
    return Job(
        id="a" * 32,
        seq=1,
        owner=ANNA,
        request=JobRequest(prompt="a heron"),
        status=status,
        created_at=datetime.now(UTC),
        rev=1,
        error=str(error),
        error_code=code or getattr(error, "code", None),
    )


def told(job: Job) -> str:
    found = strangers.error_of(job)
    assert found is not None
    return found[1]


INNER = [
    KeyRefused(fal.NO_KEY),
    KeyRefused("fal has locked this account. Write to fal. Nothing was charged."),
    NoCredits("fal has no credit left for this picture. Top up. Nothing was charged."),
    ServiceClosed(diffusers.NO_LIBRARY),
    ServiceClosed("The model folder klein was not found. Set REVE_DIFFUSERS_MODEL to the folder that holds it."),
    NotCharged("Lab could not be reached: connection refused (10.0.0.7). Nothing was charged. Tried 3 times."),
    NotCharged("The model stopped with an error (boom). Nothing was charged; the log has more."),
    OutcomeUnknown("lab.intern:8000 failed with status 500. It said: worker at /srv/models died"),
    OutcomeUnknown("The picture was made, but its host is not listed. An operator may add the host to file_hosts."),
    RequestRejected(diffusers.too_large("klein", "1024 × 1024")),
    RequestRejected("fal's address sends requests on to another one. Set the final address as base_url."),
    RequestRejected("fal has no such model. Check its id. Nothing was charged."),
    RequestRejected("Lab did not accept this request. It said: no file /srv/models/klein"),
    PromptRefused("The check of http://10.0.0.7:8000/v1 refused this prompt."),
]
MARKERS = ("REVE_", "10.0.0.7", "8000", "_", "/", "folder", "Top up", "account", "the log", "operator", "host", "id.")


@pytest.mark.parametrize("error", INNER, ids=lambda error: f"{error.code}: {str(error)[:40]}")
def test_no_setting_host_folder_or_account_is_named(error: ProviderError) -> None:
    status = JobStatus.UNKNOWN if isinstance(error, OutcomeUnknown) else JobStatus.FAILED
    said = told(ended(error, status=status))
    assert not [marker for marker in MARKERS if marker in said], said
    assert said.endswith(".")


@pytest.mark.parametrize(
    "error",
    [
        PromptRefused("The safety check of Lab refused this prompt (violence). Change it before you try again."),
        RequestRejected("The prompt has 5,000 characters; 2,000 are taken. Shorten it."),
        RequestRejected("Klein does not draw 21:9 here. It knows 1:1, 3:2, 2:3, 16:9."),
        RequestRejected(
            "The model gave back a single flat colour, which is no picture. Nothing was stored. Try other words."
        ),
    ],
    ids=lambda error: str(error)[:30],
)
def test_what_they_can_mend_themselves_is_told_as_it_is(error: ProviderError) -> None:
    assert strangers.error_of(ended(error)) == (error.code, str(error))


@pytest.mark.parametrize("error", [KeyRefused("Check REVE_FAL_KEY."), NoCredits("Top up, then resume.")])
def test_a_key_of_their_own_is_theirs_to_mend(error: ProviderError) -> None:
    code, said = strangers.error_of(replace(ended(error), own_key="k-1")) or ("", "")
    assert code == error.code
    assert said.startswith("Your own key ")
    assert "REVE_" not in said


@pytest.mark.parametrize("words", [KEY_GONE, KEY_GONE_SINCE])
def test_that_their_key_is_gone_is_told_as_it_is(words: str) -> None:
    status = JobStatus.UNKNOWN if words == KEY_GONE_SINCE else JobStatus.FAILED
    code = "unknown" if words == KEY_GONE_SINCE else "own_key_gone"
    job = replace(ended(words, code=code, status=status), own_key="k-1")
    assert strangers.error_of(job) == (code, words)


def test_a_try_that_failed_says_only_that_there_will_be_another() -> None:
    waiting = ended("fal could not be reached: 10.0.0.7 refused.", status=JobStatus.QUEUED)
    assert told(waiting) == "It did not work just now and is tried again by itself."


# ---------------------------------------------------------------- the doors


def refuse(request: JobRequest, context: CallContext) -> Picture | None:
    if request.prompt == "a heron":
        return Picture(png("a heron"), Receipt(credits_used=10, credits_left=4711))
    raise KeyRefused(KEY)


@pytest.fixture(params=[True, False], ids=["public", "personal"])
def studio(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Studio]:
    with running(build_studio(tmp_path, FakeProvider(before=refuse), public=request.param)) as studio:
        yield studio


def ordered(studio: Studio, prompt: str, owner: str) -> Job:
    [job] = studio.submit(JobRequest(prompt=prompt), owner=owner)
    until(lambda: not studio.get(job.id, owner=owner).status.is_pending)
    return studio.get(job.id, owner=owner)


def test_every_screen_and_every_answer_says_the_same(studio: Studio) -> None:
    public = studio.visitors.public
    owner, expected = (ANNA, CLOSED) if public else (PERSONAL, KEY)
    assert ordered(studio, "a heron", owner).status is JobStatus.DONE
    job = ordered(studio, "a wren", owner)
    assert job.status is JobStatus.FAILED
    assert job.error == KEY, "The operator's command line still reads all of it."
    card, _ = studio.board.feed(owner=owner).cards
    assert card["error"] == expected
    [row] = line.rows(studio, [job], owner)
    assert row["error"] == expected
    view = viewer.view_of(studio, job.id, lambda _: (None, None), owner=owner)
    assert view["missing"] == expected
    error = shape_of(job, studio.catalogue).error
    assert error is not None
    assert (error.code, error.detail) == ("service_closed" if public else "key_refused", expected)
    with asking(studio) as client:
        headers = {"Cookie": f"{COOKIE}={studio.visitors.cookie(owner)}"} if public else {}
        doors = [
            client.get(f"/status/{job.id}", headers=headers),
            client.get(f"/api/v1/jobs/{job.id}", headers=headers),
        ]
        export = client.get("/api/v1/me/export", headers=headers)
    for door in doors:
        assert expected in json.dumps(door.json(), ensure_ascii=False)
        assert (KEY in door.text) is not public
    check_export(export, expected, public=public)
    [state] = studio.catalogue.states().values()
    assert state.reason == KEY, "The operator reads why it is paused."


def check_export(export: httpx.Response, expected: str, *, public: bool) -> None:
    data = zipfile.ZipFile(io.BytesIO(export.content)).read("data.json").decode()
    job, _ = json.loads(data)["jobs"]
    assert job["error"] == expected
    assert ("4711" in data) is not public, "What is left on the link's account is nobody else's."


def test_a_cell_of_a_comparison_too(studio: Studio) -> None:
    public = studio.visitors.public
    owner, expected = (ANNA, CLOSED) if public else (PERSONAL, KEY)
    made = studio.comparisons.make(Axes(prompts=("a heron", "a wren")), owner=owner)
    until(
        lambda: not studio.counts(owner=owner)[JobStatus.QUEUED] and not studio.counts(owner=owner)[JobStatus.RUNNING]
    )
    grid = studio.comparisons.grid(made.id, owner=owner)
    data = gridview.player_data(
        grid, catalogue=studio.catalogue, thumbnail=lambda _, image: "", full=lambda _, image: "", rev=1
    )
    cells: list[dict[str, object]] = data["cells"]  # type: ignore[assignment]
    assert [cell["says"] for cell in cells if cell["state"] == "failed"] == [expected]
    assert views.says(refused_cell(studio, made.id, owner)) == "Failed"


def refused_cell(studio: Studio, comparison_id: str, owner: str) -> Job:
    cells = studio.comparisons.grid(comparison_id, owner=owner).cells.values()
    [job] = [cell.job for cell in cells if cell.job is not None and cell.job.status is JobStatus.FAILED]
    return job
