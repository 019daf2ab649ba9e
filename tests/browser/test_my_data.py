"""My data in a real browser: reached from every page, told in words, taken along, and deleted in one step."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.app.process import App
from tests.browser.conftest import app_in

pytestmark = pytest.mark.browser
OpenWindow = Callable[..., Page]
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = app_in(
        tmp_path_factory.mktemp("app"), REVE_MODE="public", REVE_SECRET="only-for-tests-" * 3, REVE_OWN_KEYS="false"
    )
    running.start()
    yield running
    running.close()


def create(page: Page, app: App, prompt: str) -> None:
    page.goto(app.url)
    page.get_by_role("textbox", name="Prompt").fill(prompt)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".card img.here")).to_have_count(1)


def open_data(page: Page) -> None:
    page.get_by_role("link", name="My data").click()
    expect(page.get_by_role("heading", name="What is stored")).to_be_visible()


def test_one_deletes_everything_and_is_somebody_new_and_the_other_has_theirs(
    app: App, open_window: OpenWindow, tmp_path: Path
) -> None:
    anna, bert = open_window(), open_window()
    create(anna, app, "ANNAMARK a heron")
    create(bert, app, "BERTMARK a fox")
    before = {each["name"]: each["value"] for each in anna.context.cookies()}
    open_data(anna)
    expect(anna.locator(".stored")).to_contain_text("1picture")
    expect(anna.get_by_text("Nobody. The pictures are drawn on this server.")).to_be_visible()
    expect(anna.get_by_text("7 days, favourites too")).to_be_visible()
    with anna.expect_download() as download:
        anna.get_by_role("button", name="Download my data").click()
    download.value.save_as(tmp_path / "data.zip")
    with zipfile.ZipFile(tmp_path / "data.zip") as archive:
        # On the way out nothing of anybody else.
        assert [job["prompt"] for job in json.loads(archive.read("data.json"))["jobs"]] == ["ANNAMARK a heron"]
    anna.get_by_role("button", name="Delete everything…").click()
    final = anna.get_by_role("button", name="Delete everything", exact=True)
    expect(final).to_be_disabled()
    anna.keyboard.type("delet")
    expect(final).to_be_disabled()
    anna.keyboard.press("Escape")
    expect(final).to_be_hidden()
    anna.get_by_role("button", name="Delete everything…").click()
    anna.keyboard.type("Delete")
    anna.keyboard.press("Enter")
    expect(anna.get_by_text("Everything was deleted. From here on you are somebody new.")).to_be_visible()
    expect(anna.locator(".stored")).to_contain_text("0pictures")
    after = {each["name"]: each["value"] for each in anna.context.cookies()}
    assert after["reve_visitor"] != before["reve_visitor"]
    files = [path for path in app.folder.rglob("*") if path.is_file()]
    assert [path.name for path in files if b"annamark" in path.read_bytes().lower()] == []
    anna.goto(app.url + "/gallery")
    expect(anna.get_by_text("Your pictures will hang here")).to_be_visible()
    bert.goto(app.url + "/gallery")
    expect(bert.get_by_text("1 picture, kept for 7 days here")).to_be_visible()


def test_on_a_phone_in_the_dark_it_fits_and_is_clean_for_those_who_hear_it(app: App, open_window: OpenWindow) -> None:
    page = open_window(**PHONE)
    create(page, app, "a heron")
    open_data(page)
    page.get_by_role("button", name="Delete everything…").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
    assert found == [], [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


def test_one_persons_app_says_where_everything_lies_and_offers_no_such_button(
    start_app: Callable[..., App], open_window: OpenWindow
) -> None:
    app = start_app()
    page = open_window()
    create(page, app, "a heron")
    open_data(page)
    expect(page.get_by_text("Everything stays on the computer it runs on")).to_be_visible()
    expect(page.get_by_role("button", name="Delete everything…")).to_be_hidden()
