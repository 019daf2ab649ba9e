"""The Queue page on the real main script: what every job shows, and every decision a person can make about it."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.line import Line
from reve_core.errors import NotCharged, OutcomeUnknown, PromptRefused, RequestRejected
from reve_core.models import JobRequest, JobStatus, Receipt
from reve_core.service import Studio
from tests.fakes import FakeProvider, GatedProvider
from tests.pages.conftest import data_of, send, settle

JOBS = "reve_jobs"
MARKUP = "**bold** ![x](http://127.0.0.1:9/b.png) <img src=x onerror=alert(1)>"

Open = Callable[..., AppTest]


class Moody(FakeProvider):
    """Does what the prompt says, until ``well``."""

    well = False

    def __init__(self) -> None:
        super().__init__(before=self._obey)

    def _obey(self, request: JobRequest, _: object) -> None:
        if self.well:
            return
        match request.prompt.split()[0]:
            case "lose":
                raise OutcomeUnknown("The answer was lost.", receipt=Receipt(request_id="rsid-lost"))
            case "refuse":
                raise PromptRefused("The provider refused " + MARKUP)
            case "reject":
                raise RequestRejected("The service does not take this.")
            case "fail":
                raise NotCharged("Out of paint.", retry_after=0.0)


@pytest.fixture
def provider() -> Moody:
    return Moody()


def make(studio: Studio, prompt: str) -> str:
    job = studio.submit(JobRequest(prompt=prompt))[0]
    settle(studio, 30)
    return job.id


def row_of(at: AppTest, job_id: str) -> dict[str, Any]:
    return next(row for row in data_of(at, JOBS)["rows"] if row["id"] == job_id)


def tabs_of(at: AppTest) -> dict[str, int]:
    return {tab["key"]: tab["count"] for tab in data_of(at, JOBS)["tabs"]}


def test_an_empty_queue_offers_one_button(open_page: Open) -> None:
    data = data_of(open_page("queue.py"), JOBS)
    assert data["rows"] == []
    assert data["empty"]["act"] == "create"
    assert data["pending"] == 0


def test_a_done_job_shows_its_cost_and_time_and_opens(studio: Studio, open_page: Open) -> None:
    fox = make(studio, "fox")
    at = open_page("queue.py")
    row = row_of(at, fox)
    assert (row["says"], row["cost"], row["attempt"], row["provider"]) == ("Done", "10 credits", 1, "Fake")
    assert row["made"] is not None
    send(at, JOBS, "act", {"do": "open", "id": fox})
    assert at.query_params["image"] in (fox, [fox])
    assert data_of(at, "reve_viewer")["view"]["id"] == fox


def test_the_tabs_count_and_choose(studio: Studio, open_page: Open) -> None:
    fox, lost = make(studio, "fox"), make(studio, "lose this")
    at = open_page("queue.py")
    assert tabs_of(at) | {"all": 2, "done": 1, "unknown": 1, "failed": 0} == tabs_of(at)
    send(at, JOBS, "act", {"do": "tab", "tab": "unknown"})
    assert [row["id"] for row in data_of(at, JOBS)["rows"]] == [lost]
    send(at, JOBS, "act", {"do": "tab", "tab": "no such tab"})
    assert data_of(at, JOBS)["tab"] == "unknown"
    send(at, JOBS, "act", {"do": "tab", "tab": "all"})
    assert [row["id"] for row in data_of(at, JOBS)["rows"]] == [lost, fox]


def test_an_error_is_words_and_never_markup(studio: Studio, open_page: Open) -> None:
    job_id = make(studio, "refuse " + MARKUP)
    at = open_page("queue.py")
    row = row_of(at, job_id)
    assert MARKUP in row["prompt"]
    assert MARKUP in row["error"]
    assert row["says"] == "Refused"
    shown = " ".join(str(element.value) for element in [*at.markdown, *at.caption, *at.error, *at.warning])
    assert "bold" not in shown


@pytest.mark.parametrize(
    ("how", "ends"),
    [
        pytest.param("check", JobStatus.UNKNOWN, id="check finds nothing and leaves it"),
        pytest.param("rerun", JobStatus.DONE, id="rerun makes it"),
        pytest.param("give_up", JobStatus.FAILED, id="give up closes it"),
    ],
)
def test_an_unclear_job_is_resolved_here(
    studio: Studio, provider: Moody, open_page: Open, how: str, ends: JobStatus
) -> None:
    lost = make(studio, "lose this")
    at = open_page("queue.py")
    row = row_of(at, lost)
    assert (row["status"], row["says"], row["request_id"]) == ("unknown", "Unclear", "rsid-lost")
    provider.well = True
    send(at, JOBS, "act", {"do": "resolve", "id": lost, "how": how})
    assert not at.exception
    settle(studio)
    assert studio.get(lost).status is ends
    assert data_of(at, JOBS)["message"]["text"]


def test_every_failed_job_is_tried_again_except_what_was_refused_or_given_up(
    studio: Studio, provider: Moody, open_page: Open
) -> None:
    lost, refused, rejected = make(studio, "lose this"), make(studio, "refuse this"), make(studio, "reject this")
    studio.resolve(lost, "give_up")
    at = open_page("queue.py")
    assert data_of(at, JOBS)["failed"] == 1  # what the button would try
    provider.well = True
    send(at, JOBS, "act", {"do": "retry_failed"})
    settle(studio)
    assert studio.get(rejected).status is JobStatus.DONE
    assert {studio.get(refused).status, studio.get(lost).status} == {JobStatus.FAILED}
    assert data_of(at, JOBS)["message"]["text"] == "1 job is back in the queue."
    send(at, JOBS, "act", {"do": "retry_failed"})
    assert "refused" in data_of(at, JOBS)["message"]["text"]


def test_a_failed_job_can_be_retried_edited_or_removed(studio: Studio, provider: Moody, open_page: Open) -> None:
    refused = make(studio, "refuse this")
    at = open_page("queue.py")
    assert row_of(at, refused)["can"] == ["retry", "reuse", "trash"]
    send(at, JOBS, "act", {"do": "trash", "id": refused})
    assert data_of(at, JOBS)["rows"] == []
    send(at, JOBS, "act", {"do": "undo"})
    provider.well = True
    send(at, JOBS, "act", {"do": "retry", "id": refused})
    settle(studio)
    assert studio.get(refused).status is JobStatus.DONE
    send(at, JOBS, "act", {"do": "retry", "id": refused})
    assert "Only failed" in data_of(at, JOBS)["message"]["text"]


def test_a_provider_is_paused_and_goes_on(studio: Studio, open_page: Open) -> None:
    at = open_page("queue.py")
    [provider] = data_of(at, JOBS)["providers"]
    assert not provider["paused"]
    assert "1–3 s" in provider["says"]
    send(at, JOBS, "act", {"do": "pause", "provider": "fake"})
    assert data_of(at, JOBS)["providers"][0]["paused"]
    assert studio.catalogue.provider("fake").paused
    job = studio.submit(JobRequest(prompt="fox"))[0]
    send(at, JOBS, "act", {"do": "changed"})
    row = row_of(at, job.id)
    assert (row["status"], row["says"], row["can"]) == ("queued", "Waits: Fake is paused", ["cancel"])
    send(at, JOBS, "act", {"do": "resume", "provider": "fake"})
    settle(studio)
    assert studio.get(job.id).status is JobStatus.DONE


def test_a_reason_of_the_provider_is_shown_as_it_came(studio: Studio, open_page: Open) -> None:
    studio.pause("fake", MARKUP)
    assert data_of(open_page("queue.py"), JOBS)["providers"][0]["reason"] == MARKUP


@pytest.mark.parametrize("said", [None, 3, [], {}, {"do": "cancel", "id": "nobody"}, {"do": "resolve", "how": "pay"}])
def test_nonsense_from_the_browser_does_nothing(open_page: Open, said: Any) -> None:
    assert not send(open_page("queue.py"), JOBS, "act", said).exception


def test_more_rows_come_in_steps(studio: Studio, open_page: Open) -> None:
    studio.pause("fake")
    studio.submit(JobRequest(prompt="fox"), count=12)
    for _ in range(3):
        studio.submit(JobRequest(prompt="fox"), count=12)
    at = open_page("queue.py")
    data = data_of(at, JOBS)
    assert (len(data["rows"]), data["more"], data["pending"]) == (40, True, 48)
    send(at, JOBS, "act", {"do": "more"})
    data = data_of(at, JOBS)
    assert (len(data["rows"]), data["more"]) == (48, False)


def test_every_job_can_be_reached_however_many_there_are(studio: Studio) -> None:
    studio.pause("fake")
    for _ in range(27):
        studio.submit(JobRequest(prompt="fox"), count=16)
    line, seen = Line(), set()
    while True:
        data = line.data(studio, "me")
        seen |= {row["id"] for row in data["rows"]}
        if data["more"]:
            line.more()
        elif data["older"]:
            line.older()
        else:
            break
    assert len(seen) == 27 * 16
    assert data["newer"]
    line.newer()
    assert len(line.data(studio, "me")["rows"]) == 400


class TestWhileRunning:
    @pytest.fixture
    def provider(self) -> GatedProvider:
        return GatedProvider()

    def test_waiting_jobs_have_a_place_and_can_be_cancelled(
        self, studio: Studio, provider: GatedProvider, open_page: Open
    ) -> None:
        jobs = studio.submit(JobRequest(prompt="fox"), count=4)
        assert provider.started.wait(timeout=5)
        at = open_page("queue.py")
        waiting = [row for row in data_of(at, JOBS)["rows"] if row["status"] == "queued"]
        assert waiting
        assert waiting[-1]["says"] == "Number 1 in line"
        assert waiting[0]["wait"]
        send(at, JOBS, "act", {"do": "cancel", "id": waiting[0]["id"]})
        assert data_of(at, JOBS)["message"]["text"] == "Cancelled. Nothing was charged."
        provider.gate.set()
        settle(studio)
        assert sorted(studio.get(job.id).status.value for job in jobs) == ["cancelled", "done", "done", "done"]
