"""The Gallery page on the real main script, and the sheet behind it. What the pieces draw is tested in tests/browser."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import sheet as sheets
from pages.parts.sheet import Sheet
from reve_core.models import PERSONAL, JobFilter, JobRequest, JobStatus
from reve_core.service import Studio
from tests.fakes import FakeProvider
from tests.pages.conftest import data_of, send, settle

GRID, VIEWER = "reve_grid", "reve_viewer"
MARKUP = "**bold** ![x](http://127.0.0.1:9/b.png) <img src=x onerror=alert(1)> :red[hi]"

Open = Callable[..., AppTest]


def make(studio: Studio, *prompts: str, **options: Any) -> list[str]:
    """Finished pictures, the ids in the order of the prompts."""
    ids = []
    for prompt in prompts:
        ids += [job.id for job in studio.submit(JobRequest(prompt=prompt, **options))]
        settle(studio)
    return ids


def ids_in(at: AppTest) -> list[str]:
    return [item["id"] for item in data_of(at, GRID)["items"]]


def test_an_empty_gallery_offers_one_button_to_the_create_page(open_page: Open) -> None:
    at = open_page("gallery.py")
    empty = data_of(at, GRID)["empty"]
    assert empty["act"] == "create"
    assert empty["button"] == "Create a picture"
    send(at, GRID, "act", {"do": "create"})
    assert not at.exception
    with pytest.raises(AssertionError):
        data_of(at, GRID)  # the gallery is gone: another page is shown


def test_the_newest_picture_hangs_first_and_carries_only_what_a_tile_needs(
    studio: Studio, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "_ALT", 20)
    old, new = make(studio, "fox", "heron " * 20, aspect_ratio="3:2")
    at = open_page("gallery.py")
    assert ids_in(at) == [new, old]
    item = data_of(at, GRID)["items"][0]
    assert item["aspect"] == pytest.approx(1.5, abs=0.02)
    assert item["src"] == f"/images/{studio.get(new).image.thumbnail}"  # type: ignore[union-attr]
    assert item["alt"] == "heron heron heron he…"


def test_prompts_reach_the_page_as_data_only(studio: Studio, open_page: Open) -> None:
    [job_id] = make(studio, MARKUP)
    at = open_page("gallery.py", image=job_id)
    assert data_of(at, GRID)["items"][0]["alt"] == MARKUP
    assert data_of(at, VIEWER)["view"]["prompt"] == MARKUP
    shown = " ".join(str(element.value) for element in [*at.markdown, *at.caption, *at.title, *at.error])
    assert "bold" not in shown


def test_a_search_finds_in_any_letter_case_and_can_be_cleared(studio: Studio, open_page: Open) -> None:
    fox, heron = make(studio, "A Red FOX", "a heron")
    at = open_page("gallery.py")
    at.text_input(key="gallery_words").set_value("fox red").run()
    assert ids_in(at) == [fox]
    at.text_input(key="gallery_words").set_value("unicycle").run()
    assert ids_in(at) == []
    assert data_of(at, GRID)["empty"]["act"] == "clear"
    send(at, GRID, "act", {"do": "clear"})
    assert ids_in(at) == [heron, fox]
    assert at.text_input(key="gallery_words").value == ""


def test_filters_by_shape_day_and_provider(studio: Studio, open_page: Open) -> None:
    [tall] = make(studio, "tall", aspect_ratio="2:3")
    [wide] = make(studio, "wide", aspect_ratio="16:9")
    at = open_page("gallery.py")
    at.selectbox(key="gallery_ratio").set_value("2:3").run()
    assert ids_in(at) == [tall]
    at.selectbox(key="gallery_ratio").set_value("Any").run()
    today = datetime.now(UTC).date()
    at.date_input(key="gallery_days").set_value((today - timedelta(days=1), today)).run()
    assert ids_in(at) == [wide, tall]
    at.date_input(key="gallery_days").set_value((today - timedelta(days=9), today - timedelta(days=8))).run()
    assert ids_in(at) == []
    at.date_input(key="gallery_days").set_value(()).run()
    at.selectbox(key="gallery_provider").set_value("fake").run()
    assert ids_in(at) == [wide, tall]
    assert not at.exception


def test_a_favourite_stays_one(studio: Studio, open_page: Open) -> None:
    fox, _ = make(studio, "fox", "heron")
    at = send(open_page("gallery.py"), GRID, "act", {"do": "star", "ids": [fox], "on": True})
    assert [item["star"] for item in data_of(at, GRID)["items"]] == [False, True]
    at.segmented_control(key="gallery_view").set_value("Favourites").run()
    assert ids_in(at) == [fox]
    assert [item["star"] for item in data_of(open_page("gallery.py"), GRID)["items"]] == [False, True]


def test_what_is_deleted_can_be_taken_back_at_once(studio: Studio, open_page: Open) -> None:
    fox, heron = make(studio, "fox", "heron")
    at = send(open_page("gallery.py"), GRID, "act", {"do": "trash", "ids": [fox, heron]})
    assert ids_in(at) == []
    message = data_of(at, GRID)["message"]
    assert (message["text"], message["undo"]) == ("2 pictures moved to the trash.", True)
    send(at, GRID, "act", {"do": "undo"})
    assert ids_in(at) == [heron, fox]
    assert studio.get(fox).trashed_at is None


def test_the_trash_gives_back_or_deletes_for_good(studio: Studio, open_page: Open) -> None:
    fox, heron, owl = make(studio, "fox", "heron", "owl")
    studio.shelf.trash([fox, heron, owl])
    at = open_page("gallery.py")
    at.segmented_control(key="gallery_view").set_value("Trash").run()
    data = data_of(at, GRID)
    assert {item["id"] for item in data["items"]} == {fox, heron, owl}
    assert data["items"][0]["note"] == "7 days left"
    assert "7 days" in data["says"]
    send(at, GRID, "act", {"do": "restore", "ids": [fox]})
    send(at, GRID, "act", {"do": "purge", "ids": [heron]})
    assert ids_in(at) == [owl]
    send(at, GRID, "act", {"do": "empty_trash"})
    assert ids_in(at) == []
    at.segmented_control(key="gallery_view").set_value("Pictures").run()
    assert ids_in(at) == [fox]


def test_an_archive_is_prepared_for_what_was_chosen(studio: Studio, open_page: Open) -> None:
    fox, _, owl = make(studio, "fox", "heron", "owl")
    at = send(open_page("gallery.py"), GRID, "act", {"do": "zip", "ids": [fox, owl]})
    url = data_of(at, GRID)["message"]["url"]
    assert url.startswith("/exports/")
    assert b"".join(studio.shelf.export(url.removeprefix("/exports/"), "me")).startswith(b"PK")


def test_an_action_on_a_job_that_is_gone_says_so_and_shows_what_there_is(studio: Studio, open_page: Open) -> None:
    fox, heron = make(studio, "fox", "heron")
    at = open_page("gallery.py")
    studio.shelf.trash([fox])
    studio.shelf.purge([fox])
    send(at, GRID, "act", {"do": "star", "ids": [fox], "on": True})
    assert not at.exception
    assert ids_in(at) == [heron]
    assert "no such job" in data_of(at, GRID)["message"]["text"]


@pytest.mark.parametrize(
    "said", [None, 7, "open", {}, {"do": "drop table"}, {"do": "open"}, {"do": "star", "ids": "x"}]
)
def test_nonsense_from_the_browser_does_nothing(studio: Studio, open_page: Open, said: Any) -> None:
    make(studio, "fox")
    at = send(open_page("gallery.py"), GRID, "act", said)
    assert not at.exception
    assert len(ids_in(at)) == 1


def test_a_deep_link_opens_the_picture_with_all_that_is_known(studio: Studio, open_page: Open) -> None:
    old, fox, new = make(studio, "old", "fox", "new", aspect_ratio="3:2", seed=7)
    view = data_of(open_page("gallery.py", image=fox), VIEWER)["view"]
    facts = {row[0]: row[1] for row in view["facts"]}
    assert facts["Shape"] == "3:2"
    assert facts["Seed"] == "7"
    assert facts["Cost"] == "10 credits"
    assert facts["Request"] == "rsid-fake"
    assert facts["Made by"] == "Fake"
    assert facts["Size"] == "64 × 43 px"
    assert view["label"] == "AI-generated"
    assert view["src"] == f"/images/{studio.get(fox).image.name}"  # type: ignore[union-attr]
    assert [region["label"] for region in view["regions"]] == ["<thing>"]
    assert (view["newer"]["id"], view["older"]["id"]) == (new, old)
    assert view["trouble"] == ""


def test_leafing_keeps_the_address_of_the_door_one_came_in_by(studio: Studio, open_page: Open) -> None:
    old, fox = make(studio, "old", "fox")
    at = send(open_page("gallery.py", image=fox), VIEWER, "act", {"do": "go", "id": old})
    assert data_of(at, VIEWER)["view"]["id"] == old
    send(at, VIEWER, "act", {"do": "close"})
    assert data_of(at, VIEWER)["view"] is None
    assert "image" not in at.query_params


def test_deleting_from_the_view_closes_it_and_offers_to_undo(studio: Studio, open_page: Open) -> None:
    [fox] = make(studio, "fox")
    at = send(open_page("gallery.py", image=fox), VIEWER, "act", {"do": "trash", "ids": [fox]})
    assert data_of(at, VIEWER)["view"] is None
    assert data_of(at, GRID)["message"]["undo"] is True


@pytest.mark.parametrize("what", ["all", "prompt"])
def test_reuse_hands_the_job_to_the_create_page(studio: Studio, open_page: Open, what: str) -> None:
    [fox] = make(studio, "fox")
    at = send(open_page("gallery.py", image=fox), VIEWER, "act", {"do": "reuse", "id": fox, "what": what})
    assert not at.exception
    # The form may have taken it already; what counts is that we left with it.
    assert at.session_state["gallery_sheet"]
    with pytest.raises(AssertionError):
        data_of(at, VIEWER)


@pytest.mark.parametrize("address", ["0" * 32, "../../etc/passwd", "<b>x</b>", "x" * 3000])
def test_an_unknown_picture_gets_a_calm_sentence(open_page: Open, address: str) -> None:
    at = open_page("gallery.py", image=address)
    assert not at.exception
    assert data_of(at, VIEWER)["view"]["title"] == "No such picture"


def test_a_damaged_or_missing_file_is_said_and_never_shown(studio: Studio, open_page: Open) -> None:
    cut, gone = make(studio, "cut", "gone")
    for job_id, spoil in ((cut, lambda path: path.write_bytes(path.read_bytes()[:-20])), (gone, Path.unlink)):
        path = Path(studio.blobs.path(studio.get(job_id).image.name) or "")  # type: ignore[union-attr]
        path.chmod(0o644)
        spoil(path)
        view = data_of(open_page("gallery.py", image=job_id), VIEWER)["view"]
        assert "damaged or missing" in view["trouble"]


def test_a_picture_that_was_never_made_says_why(studio: Studio, provider: FakeProvider, open_page: Open) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    provider.before = broken
    [job_id] = make(studio, "fox")
    view = data_of(open_page("gallery.py", image=job_id), VIEWER)["view"]
    assert view["missing"]
    assert "secret" not in str(view)


# -- the sheet alone


class Shelves:
    """Just enough of a service to hold many rows: the pages are what is tested."""

    def __init__(self, jobs: list[Any]) -> None:
        self.jobs = jobs
        self.asked: list[tuple[str | None, int]] = []

    def revision(self, *, owner: str) -> int:
        return 1

    def gallery(self, which: JobFilter, *, after: str | None, limit: int) -> Any:
        self.asked.append((after, limit))
        start = int(after or 0)
        rest = self.jobs[start + limit :]
        return type("P", (), {"jobs": self.jobs[start : start + limit], "next": str(start + limit) if rest else None})()


def many(studio: Studio, count: int) -> Shelves:
    job = studio.get(make(studio, "fox")[0])
    return Shelves([type("J", (), {"id": f"{n:032x}", "job": job})() for n in range(count)])


def test_a_sheet_never_asks_for_more_than_a_step_and_never_holds_more_than_its_most(studio: Studio) -> None:
    shelves = many(studio, 2 * sheets.MOST + 100)
    sheet = Sheet(JobFilter(owner="me"))
    sheet.open(shelves, JobFilter(owner=PERSONAL), "shelf")  # type: ignore[arg-type]
    for _ in range(30):
        sheet.more(shelves)  # type: ignore[arg-type]
    assert len(sheet.jobs) == sheets.MOST
    assert max(limit for _, limit in shelves.asked) == sheets.STEP
    sheet.older(shelves)  # type: ignore[arg-type]
    assert sheet.jobs[0].id == f"{sheets.MOST:032x}"
    assert len(sheet.jobs) == sheets.STEP
    sheet.newer(shelves)  # type: ignore[arg-type]
    assert sheet.jobs[0].id == f"{0:032x}"
    assert len(sheet.starts) == 1


def test_the_same_filter_again_does_not_read_again(studio: Studio) -> None:
    shelves = many(studio, 10)
    sheet = Sheet(JobFilter(owner="me"))
    for _ in range(3):
        sheet.open(shelves, JobFilter(owner=PERSONAL), "shelf")  # type: ignore[arg-type]
    assert len(shelves.asked) == 1


def test_only_pending_jobs_cannot_be_thrown_away(studio: Studio) -> None:
    [fox] = make(studio, "fox")
    assert studio.get(fox).status is JobStatus.DONE
    sheet = Sheet(JobFilter(owner="me"))
    sheet.open(studio, JobFilter(owner=PERSONAL), "shelf")
    sheet.trash(studio, [fox])
    assert sheet.jobs == []
    assert sheet.message is not None
    assert sheet.message.text == "1 picture moved to the trash."
