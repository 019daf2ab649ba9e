"""Visitors in real browsers: each sees their own, also without cookies, and comes along to another device."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.process import App
from tests.browser.conftest import FLAGS, app_in

pytestmark = pytest.mark.browser
OpenWindow = Callable[..., Page]
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
NOTE = "Your browser sends no cookies here."


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = app_in(
        tmp_path_factory.mktemp("app"), REVE_MODE="public", REVE_SECRET="only-for-tests-" * 3, REVE_SKETCH_DELAY_S="0.1"
    )
    running.start()
    yield running
    running.close()


@pytest.fixture
def without_cookies(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A window of a browser whose user has switched cookies off."""
    settings = tmp_path / "profile" / "Default" / "Preferences"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"profile": {"default_content_setting_values": {"cookies": 2}}}))
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    context = browser.browser_type.launch_persistent_context(
        str(settings.parents[1]), executable_path=chromium, args=FLAGS, accept_downloads=True
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    context.close()


def create(page: Page, app: App, prompt: str) -> None:
    page.goto(app.url)
    page.get_by_role("textbox", name="Prompt").fill(prompt)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".card img.here")).to_have_count(1)


def prompts(page: Page) -> list[str]:
    """What hangs in the gallery, each picture loaded whole."""
    # On a phone short links are shown; the folded navigation, off the screen, has links of the same names.
    narrow = page.viewport_size is not None and page.viewport_size["width"] < 640
    where = page.locator(".st-key-phone_nav" if narrow else "header")
    where.get_by_role("link", name="Gallery").click()
    expect(page.get_by_role("button", name="Devices")).to_be_visible()
    tiles = page.locator('.st-key-gallery_grid img[alt]:not([alt=""])')
    expect(tiles.first).to_be_visible()
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=tiles.first.element_handle())
    return [tile.get_attribute("alt") or "" for tile in tiles.all()]


def link_of(page: Page) -> str:
    """The link to another device, made in the gallery."""
    prompts(page)
    page.get_by_role("button", name="Devices").click()
    page.get_by_role("button", name="Make a link").click()
    expect(page.locator(".handover .url")).to_contain_text("/continue/")
    expect(page.get_by_alt_text("QR code of the link")).to_be_visible()
    return page.locator(".handover .url").inner_text()


def test_each_sees_only_their_own(app: App, open_window: OpenWindow) -> None:
    ada, eve = open_window(), open_window()
    create(ada, app, "a red fox in snow")
    create(eve, app, "a blue whale")
    assert prompts(ada) == ["a red fox in snow"]
    assert prompts(eve) == ["a blue whale"]
    picture = ada.locator('.st-key-gallery_grid img[alt]:not([alt=""])').first.get_attribute("src")
    assert "?" not in str(picture)
    fetch = "async (url) => [(await fetch(url)).status, await (await fetch('/api/live')).json()]"
    assert ada.evaluate(fetch, picture)[0] == 200
    status, live = eve.evaluate(fetch, picture)
    assert status == 404
    assert [card["prompt"] for card in live["cards"]] == ["a blue whale"]


def test_a_visitor_is_the_same_after_a_reload_and_has_no_cookie_that_a_script_could_read(
    app: App, open_window: OpenWindow
) -> None:
    page = open_window()
    create(page, app, "a red fox in snow")
    page.reload()
    expect(page.locator(".card img.here")).to_have_count(1)
    assert "reve_visitor" not in page.evaluate("document.cookie")
    [cookie] = [each for each in page.context.cookies() if each["name"] == "reve_visitor"]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    expect(page.get_by_text(NOTE)).to_have_count(0)


def test_a_window_without_cookies_works_within_its_tab(app: App, without_cookies: Page) -> None:
    page = without_cookies
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    create(page, app, "a red fox in snow")
    expect(page.get_by_text(NOTE)).to_be_visible()
    assert page.context.cookies() == []
    assert prompts(page) == ["a red fox in snow"]
    page.get_by_role("button", name="a red fox in snow").first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    assert any("/images/" in url and "?k=" in url for url in asked)
    assert not any(len(url) > 200 for url in asked if "/images/" in url or "/api/" in url)


@pytest.mark.parametrize("options", [{}, PHONE], ids=["wide and light", "phone and dark"])
def test_continue_on_another_device(app: App, open_window: OpenWindow, options: dict[str, object]) -> None:
    here, there = open_window(**options), open_window(**options)
    create(here, app, "a red fox in snow")
    create(there, app, "a blue whale")
    url = link_of(here)
    assert url.startswith(f"{app.url}/continue/")

    there.goto(url)
    expect(there.get_by_text("1 picture of its own")).to_be_visible()
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert there.evaluate(wide)
    there.get_by_role("button", name="Continue here").click()
    there.wait_for_url(f"{app.url}/")
    assert prompts(there) == ["a red fox in snow"]

    late = open_window(**options)
    answer = late.goto(url)
    assert answer is not None
    assert answer.status == 410
    expect(late.get_by_role("heading", name="This link is over")).to_be_visible()


def test_a_tab_of_the_visitor_one_was_before_starts_over(app: App, open_window: OpenWindow) -> None:
    here, old = open_window(), open_window()
    create(here, app, "a red fox in snow")
    create(old, app, "a blue whale")
    url = link_of(here)
    new = old.context.new_page()
    new.goto(url)
    new.get_by_role("button", name="Continue here").click()
    new.wait_for_url(f"{app.url}/")
    expect(old.locator(".card .prompt")).to_have_text(["a red fox in snow"])
