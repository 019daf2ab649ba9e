"""Comparing as a person does it: from the form to the grid, into the pair viewer, and from the gallery."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from reve_core.compare.models import Axes
from reve_core.models import PERSONAL
from tests.app.process import App
from tests.browser.conftest import app_in
from tests.browser.filling import Past
from tests.building import build_studio, running, until
from tests.fakes import FakeProvider

pytestmark = pytest.mark.browser
FOX, HERON = "a red fox in a snowy forest", "a grey heron in a snowy forest"
VIOLATIONS = ("critical", "serious")


def prompts(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Prompts, one on each line")


def price(page: Page) -> Locator:
    return page.locator(".compare .cost")


def pictures(page: Page) -> Locator:
    return page.locator(".cmp-cell.cmp-seen")


def open_form(page: Page, app: App) -> None:
    page.goto(f"{app.url}/compare")
    expect(prompts(page)).to_be_visible()


def make(page: Page, app: App, text: str, samples: int = 1) -> None:
    open_form(page, app)
    prompts(page).fill(text)
    page.get_by_role("radio", name=f"{samples} picture").check(force=True)
    page.get_by_role("button", name=re.compile("^(Make [0-9]|Compare them)")).click()
    expect(page).to_have_url(re.compile(r"/compare\?c="))


def test_two_prompts_are_priced_made_watched_and_looked_at_in_every_way(page: Page, app: App) -> None:
    open_form(page, app)
    expect(price(page)).to_contain_text("the price stands here")
    prompts(page).fill(f"{FOX}\n{HERON}")
    page.get_by_role("radio", name="2 pictures of each").check(force=True)
    expect(price(page)).to_contain_text("4 pictures: free")
    expect(page.get_by_role("list", name="The prompts that will be compared").get_by_role("listitem")).to_have_count(2)
    page.get_by_role("button", name="Make 4 pictures").click()
    expect(page.locator(".cmp-cell")).to_have_count(4)
    expect(page.locator(".state")).to_contain_text(re.compile(r"[0-4] of 4"))
    page.locator(".cmp-cell").first.evaluate("cell => { cell.dataset.same = 'yes' }")
    expect(pictures(page)).to_have_count(4)
    expect(page.locator(".cmp-cell").first).to_have_attribute("data-same", "yes")  # it became its picture in place
    expect(page.locator(".state")).to_contain_text("4 of 4 are there")  # it stays, so that nothing below it moves
    address = page.url

    pictures(page).first.click()
    view = page.get_by_role("dialog")
    for mode in ("Slider", "Fade", "Difference", "Side by side"):
        view.get_by_role("button", name=mode).click()
        expect(view.get_by_role("button", name=mode)).to_have_attribute("aria-pressed", "true")
    expect(view.get_by_text("Layout", exact=True)).to_be_visible()  # asked for once the pair was open
    page.keyboard.press("Escape")
    expect(pictures(page).first).to_be_focused()
    expect(page).to_have_url(address)  # closing takes the viewer's entry out of the history again

    page.reload()
    expect(pictures(page)).to_have_count(4)
    page.get_by_role("link", name="All comparisons").click()
    expect(page.get_by_role("link", name="red fox or grey heron")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(address)
    expect(pictures(page)).to_have_count(4)


def test_the_same_prompt_is_added_again_by_one_press_whose_price_is_on_it(page: Page, app: App) -> None:
    make(page, app, f"{FOX}, watercolor\n{HERON}, watercolor")
    expect(pictures(page)).to_have_count(2)
    page.get_by_role("button", name="Same prompt again: 1 picture, free").first.click()
    expect(page.locator(".snack")).to_contain_text("Added 1 picture: free")
    expect(pictures(page)).to_have_count(3)
    expect(page.locator(".cmp-rowhead").nth(1)).to_contain_text("The same prompt as A")


def test_a_draft_survives_a_reload_and_variants_are_seen_before_they_are_paid_for(page: Page, app: App) -> None:
    open_form(page, app)
    prompts(page).fill("a {small|large} whale\n{a|b|c|d}{a|b|c|d}{a|b|c|d}")
    expect(page.get_by_role("alert").filter(has_text="66 prompts")).to_be_visible()
    prompts(page).fill("a {small|large} whale")
    expect(page.locator(".preview ins")).to_have_text(["small", "large"])
    expect(page.get_by_role("alert").filter(has_text="prompts")).to_have_count(0)
    page.reload()
    expect(prompts(page)).to_have_value("a {small|large} whale")
    expect(price(page)).to_contain_text("2 pictures: free")
    page.get_by_role("button", name="Make 2 pictures").dblclick()
    expect(pictures(page)).to_have_count(2)
    open_form(page, app)
    expect(prompts(page)).to_have_value("")  # it has become a comparison
    expect(page.get_by_role("link", name="small or large")).to_have_count(1)


def test_prompts_and_a_title_are_added_to_one_that_is_there(page: Page, app: App) -> None:
    make(page, app, f"{FOX}, noir\n{HERON}, noir")
    expect(pictures(page)).to_have_count(2)
    page.get_by_role("button", name="Add prompts").click()
    page.get_by_role("textbox", name="One on each line").fill("a crane, noir")
    expect(page.get_by_role("dialog")).to_contain_text("1 picture: free")
    page.get_by_role("button", name="Make 1 picture").click()
    expect(pictures(page)).to_have_count(3)
    title = page.get_by_role("textbox", name="Title")
    title.fill("Birds and a fox")
    title.press("Enter")
    page.get_by_role("link", name="All comparisons").click()
    expect(page.get_by_role("link", name="Birds and a fox")).to_be_visible()


def test_an_empty_page_fills_in_a_good_example(page: Page, start_app: Callable[..., App]) -> None:
    app = start_app()
    open_form(page, app)
    expect(page.get_by_role("heading", name="Which prompt is better?")).to_be_visible()
    assert bad(page) == []
    page.get_by_role("button", name="Try an example").click()
    expect(prompts(page)).to_be_focused()
    expect(price(page)).to_contain_text("6 pictures: free")


@dataclass(frozen=True)
class Hall:
    app: App
    big: str


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A past with a large comparison, and pictures that nobody has compared."""
    folder: Path = tmp_path_factory.mktemp("hall")
    with running(build_studio(folder, FakeProvider(name="sketch"), workers=8, concurrency=8)) as studio:
        texts = tuple(f"the fox of picture book number {number}" for number in range(12))
        axes = Axes(prompts=texts, aspect_ratios=("1:1", "3:2", "2:3", "16:9"), samples=8)
        made = studio.comparisons.make(axes, owner=PERSONAL)
        until(lambda: not studio.board.feed(owner=PERSONAL).pending, within_s=60)
    with Past(folder) as past:
        past.done("an owl", ratio="2:3")
        past.done("a crow", ratio="2:3")
    app = app_in(folder)
    app.start()
    yield Hall(app, made.id)
    app.close()


def test_hundreds_of_pictures_are_there_at_once_and_none_came_through_streamlit(page: Page, hall: Hall) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{hall.app.url}/compare?c={hall.big}")
    expect(page.locator(".cmp-cell")).to_have_count(12 * 4 * 8)
    expect(page.locator(".cmp-count")).to_contain_text("384 pictures")
    first = page.locator("img.cmp-thumb").first
    expect(first).to_be_visible()
    page.wait_for_function("img => img.complete && img.naturalWidth > 0", arg=first.element_handle())
    media = [url for url in asked if urlsplit(url).path.startswith("/media/")]
    assert [url for url in media if not url.endswith(".svg")] == []  # the mark at the top is one
    assert sum("/images/" in url for url in asked) < 384  # only what is in sight
    assert sum("/api/live/comparison/" in url for url in asked) == 1


def test_pictures_chosen_in_the_gallery_are_compared(page: Page, hall: Hall) -> None:
    page.goto(f"{hall.app.url}/gallery")
    for alt in ("an owl", "a crow"):
        tile = page.locator(".tile", has=page.get_by_alt_text(alt, exact=True))
        tile.hover()
        tile.get_by_role("checkbox").click()
        compare = page.get_by_role("toolbar").get_by_role("button", name="Compare")
        expect(compare).to_be_enabled(enabled=alt == "a crow")
    compare.click()
    expect(page).to_have_url(re.compile(r"/compare\?c="))
    expect(pictures(page)).to_have_count(2)
    expect(page.locator(".cmp-rowhead").first).to_contain_text("an owl")


def test_a_picture_in_the_gallery_becomes_prompt_a_and_the_cursor_stands_in_b(page: Page, hall: Hall) -> None:
    page.goto(f"{hall.app.url}/gallery")
    page.locator(".tile", has=page.get_by_alt_text("an owl", exact=True)).locator(".open").click()
    page.get_by_role("dialog").get_by_role("button", name="Compare with…").click()
    expect(prompts(page)).to_be_focused()
    expect(page.get_by_role("button", name="2:3, tall")).to_have_attribute("aria-pressed", "true")
    page.keyboard.type("a jay")
    expect(prompts(page)).to_have_value("an owl\na jay")
    expect(price(page)).to_contain_text("2 pictures: 1 you already have, 1 new, free")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_list_and_a_grid_are_clean_under_axe(open_window: Callable[..., Page], hall: Hall, scheme: str) -> None:
    page = open_window(color_scheme=scheme)
    page.goto(f"{hall.app.url}/compare")
    expect(page.get_by_role("link", name=re.compile("picture book|0, 1"))).to_be_visible()
    assert bad(page) == []
    page.get_by_role("list", name="Your comparisons").get_by_role("link").last.click()
    expect(page.locator(".cmp-cell").first).to_be_visible()
    assert bad(page) == []


def test_on_a_phone_everything_is_one_column_and_the_five_pages_fit(
    open_window: Callable[..., Page], hall: Hall
) -> None:
    page = open_window(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto(f"{hall.app.url}/compare")
    expect(prompts(page)).to_be_visible()
    links = page.locator(".st-key-phone_nav a")
    expect(links).to_have_count(5)
    boxes = [box for link in links.all() if (box := link.bounding_box())]
    assert all(box["height"] >= 44 and box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    assert len({box["y"] for box in boxes}) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("list", name="Your comparisons").get_by_role("link").last.click()
    expect(page.locator(".cmp-cell").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def bad(page: Page) -> list[str]:
    page.wait_for_timeout(300)  # transitions
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found if each["impact"] in VIOLATIONS]
