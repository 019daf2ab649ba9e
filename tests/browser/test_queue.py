"""The Queue in a real browser: decisions about unclear and failed jobs, and live rows."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.process import App
from tests.browser.conftest import app_in
from tests.browser.filling import MARKUP, Past
from tests.browser.test_gallery import findings

pytestmark = pytest.mark.browser


@pytest.fixture
def queue(page: Page, app_with_a_past: App) -> Page:
    page.goto(app_with_a_past.url + "/queue")
    expect(page.locator(".row.done").first).to_be_visible()
    return page


@pytest.fixture(scope="module")
def app_with_a_past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder: Path = tmp_path_factory.mktemp("queue")
    with Past(folder) as past:
        past.done("an owl")
        past.failed("fails once", f"Out of paint. {MARKUP} " * 6)
        past.failed("fails twice", "Out of paint.")
        past.unknown("a lost fox")
        past.unknown("a second lost fox")
    app = app_in(folder, REVE_SKETCH_DELAY_S="0.6")
    app.start()
    yield app
    app.close()


def row(page: Page, prompt: str):  # type: ignore[no-untyped-def]
    return page.locator(".row", has=page.get_by_text(prompt, exact=True))


def test_an_unclear_job_runs_again_only_after_a_second_press(queue: Page) -> None:
    lost = row(queue, "a lost fox")
    expect(lost).to_contain_text("It may have been charged.")
    expect(lost).to_contain_text("rsid-lost")
    lost.get_by_role("button", name="Check again").click()
    expect(queue.locator(".snack")).to_contain_text("No picture has come.")
    lost.get_by_role("button", name="Run again").click()
    lost.get_by_role("button", name="Run again – may be charged again").click()
    expect(lost).to_contain_text("Done", timeout=15_000)
    second = row(queue, "a second lost fox")
    second.get_by_role("button", name="Give up").click()
    expect(second).to_contain_text("Given up.")


def test_all_failed_jobs_are_tried_again(queue: Page) -> None:
    failing = row(queue, "fails once")
    expect(failing).to_contain_text("**bold** ![x](http://tracker.example/b.png) <img src=x")
    failing.get_by_role("button", name="Show all").click()
    expect(failing.get_by_role("button", name="Show less")).to_be_visible()
    queue.locator(".again").click()
    queue.locator(".again").click()
    expect(row(queue, "fails twice")).to_contain_text("Done", timeout=15_000)
    expect(failing).to_contain_text("Done", timeout=15_000)
    assert queue.title() != "hit"


def test_a_provider_is_paused_and_goes_on(queue: Page) -> None:
    queue.get_by_role("button", name="Pause Sketch").click()
    expect(queue.locator(".provider")).to_contain_text("Paused")
    queue.reload()
    queue.get_by_role("button", name="Resume Sketch").click()
    expect(queue.get_by_role("button", name="Pause Sketch")).to_be_visible()


def test_a_done_job_opens_in_the_gallery(queue: Page) -> None:
    row(queue, "an owl").get_by_role("button", name="Open", exact=True).click()
    expect(queue.get_by_role("dialog").locator(".prompt")).to_have_text("an owl")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_out_of_reach_for_a_screen_reader(
    open_window: Callable[..., Page], app_with_a_past: App, scheme: str
) -> None:
    page = open_window(color_scheme=scheme)
    page.goto(app_with_a_past.url + "/queue")
    expect(page.locator(".row.done").first).to_be_visible()
    assert findings(page) == []
