"""Sharing in a real browser: the form, the public page with scripts off, the layout on a tap, "Make your own"."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.app.process import App
from tests.browser.conftest import app_in
from tests.browser.filling import MARKUP, Past

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


class Hall:
    def __init__(self, app: App, **jobs: str) -> None:
        self.url = app.url
        self.jobs = jobs


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    folder: Path = tmp_path_factory.mktemp("hall")
    with Past(folder) as past:
        jobs = {name: past.done(prompt, ratio="3:2") for name, prompt in (("fox", "a red fox"), ("markup", MARKUP))}
    app = app_in(folder)
    app.start()
    yield Hall(app, **jobs)
    app.close()


def share(page: Page, hall: Hall, job: str, *ticks: str) -> str:
    """The address of a new link, made by the form over the picture."""
    page.goto(f"{hall.url}/gallery?image={hall.jobs[job]}")
    page.get_by_role("button", name="Share", exact=True).click()
    for tick in ticks:
        page.get_by_role("checkbox", name=tick).click()
    page.get_by_role("button", name="Create link").click()
    expect(page.get_by_role("heading", name="The link is ready")).to_be_visible()
    return page.get_by_label("Link", exact=True).input_value()


def problems(page: Page) -> list[str]:
    return [
        f"{rule['id']}: {node['html'][:160]}"
        for rule in Axe().run(page).response["violations"]
        for node in rule["nodes"]
    ]


def ours(page: Page) -> list[str]:
    """What axe finds within our own pieces: they live in shadow trees, whose targets axe gives as lists."""
    return [
        f"{rule['id']}: {node['html'][:160]}"
        for rule in Axe().run(page).response["violations"]
        for node in rule["nodes"]
        if isinstance(node["target"][0], list)
    ]


def test_a_link_is_made_opened_counted_and_ended(page: Page, open_window: Callable[..., Page], hall: Hall) -> None:
    url = share(page, hall, "fox")
    expect(page.get_by_text("only where this app can be reached")).to_be_visible()
    visitor = open_window(**PHONE)
    visitor.goto(url)
    expect(visitor.get_by_role("link", name="Make your own")).to_be_in_viewport()
    page.get_by_role("button", name="All your shares").click()
    row = page.locator("li.share").first
    expect(row.locator(".views")).to_have_text("1 view")
    row.get_by_role("button", name="End the link: a red fox").click()
    row.get_by_role("button", name="Really end it?").click()
    expect(row.get_by_text("Ended by you")).to_be_visible()
    assert visitor.reload().status == 410  # type: ignore[union-attr]
    expect(visitor.get_by_role("heading", name="This link has ended")).to_be_visible()


def test_escape_leaves_the_form_but_not_the_picture(page: Page, hall: Hall) -> None:
    page.goto(f"{hall.url}/gallery?image={hall.jobs['fox']}")
    button = page.get_by_role("button", name="Share", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name="Show the prompt")).to_be_focused()
    page.keyboard.press("Delete")
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(page.get_by_role("dialog", name="Picture: a red fox").locator("dl")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_works_without_scripts_on_a_phone(
    page: Page, open_window: Callable[..., Page], hall: Hall, scheme: str
) -> None:
    url = share(page, hall, "markup", "Show the settings")
    phone = open_window(**PHONE, java_script_enabled=False, color_scheme=scheme)
    phone.goto(url)
    expect(phone.locator(".prompt")).to_have_text(MARKUP)
    assert "hit" not in phone.title().partition(" · ")[2]
    expect(phone.get_by_text("Drawn by code", exact=False)).to_be_in_viewport()
    expect(phone.get_by_role("link", name="Make your own")).to_be_in_viewport()
    box = phone.locator(".box").first
    expect(box).to_be_hidden()
    phone.locator(".stage").tap()
    expect(box).to_be_visible()
    frame, inside = phone.locator(".stage").bounding_box(), box.bounding_box()
    assert frame
    assert inside
    assert frame["x"] <= inside["x"]
    assert inside["x"] + inside["width"] <= frame["x"] + frame["width"] + 1
    phone.locator(".stage").tap()
    expect(box).to_be_hidden()
    phone.get_by_role("switch", name="Show the layout").focus()
    phone.keyboard.press("Space")
    expect(box).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_nothing_for_axe_and_needs_no_sideways_scrolling(
    page: Page, open_window: Callable[..., Page], hall: Hall, scheme: str
) -> None:
    url = share(page, hall, "fox", "Show the settings")
    for view in (PHONE, {"viewport": {"width": 1440, "height": 900}}):
        # The page forbids scripts, and axe is one.
        visitor = open_window(**view, color_scheme=scheme, bypass_csp=True)
        for what in ("", "/embed", "/none"):
            visitor.goto(url + what)
            assert problems(visitor) == []
            assert visitor.evaluate("document.documentElement.scrollWidth") <= view["viewport"]["width"]  # type: ignore[index]


def test_make_your_own_fills_the_form_once(page: Page, open_window: Callable[..., Page], hall: Hall) -> None:
    url = share(page, hall, "fox")
    visitor = open_window(**PHONE)
    visitor.goto(url)
    visitor.get_by_role("link", name="Make your own").tap()
    prompt = visitor.get_by_role("textbox", name="Prompt")
    expect(prompt).to_have_value("a red fox")
    expect(visitor).to_have_url(hall.url + "/")
    prompt.fill("a blue fox")
    visitor.reload()
    expect(prompt).to_have_value("a blue fox")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_form_and_list_have_nothing_for_axe(open_window: Callable[..., Page], hall: Hall, scheme: str) -> None:
    page = open_window(**PHONE, color_scheme=scheme)
    page.goto(f"{hall.url}/gallery?image={hall.jobs['fox']}")
    page.get_by_role("button", name="Share", exact=True).tap()
    expect(page.get_by_role("button", name="Create link")).to_be_in_viewport()
    assert ours(page) == []
    page.get_by_role("button", name="Create link").tap()
    page.get_by_text("Show it on a page of yours").tap()
    expect(page.get_by_label("HTML for your page", exact=True)).to_be_visible()
    assert ours(page) == []
    page.goto(f"{hall.url}/shares")
    expect(page.locator("li.share").first).to_be_visible()
    assert ours(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_empty_list_leads_to_the_gallery(start_app: Callable[..., App], page: Page) -> None:
    page.goto(start_app().url + "/shares")
    page.get_by_role("button", name="Go to the gallery").click()
    expect(page.get_by_role("button", name="Create a picture")).to_be_visible()
