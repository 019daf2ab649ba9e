"""The Gallery in a real browser: what only a browser can show."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.app.process import App
from tests.browser.conftest import app_in
from tests.browser.filling import MARKUP, Past

pytestmark = pytest.mark.browser


class Hall:
    def __init__(self, app: App, **jobs: str) -> None:
        self.folder = app.folder
        self.url = app.url + "/gallery"
        self.jobs = jobs


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    folder: Path = tmp_path_factory.mktemp("hall")
    with Past(folder) as past:
        for number in range(70):
            past.done(f"old {number}", ratio=("1:1", "4:1", "2:3", "16:9", "1:4")[number % 5])
        jobs = {
            "damaged": past.done("damaged", damaged=True),
            "bare": past.done("bare", lost_thumbnail=True),
            "markup": past.done(MARKUP),
            "owl": past.done("an owl", ratio="2:3"),
            "fox": past.done("A Red Fox", ratio="16:9"),
        }
    app = app_in(folder)
    app.start()
    yield Hall(app, **jobs)
    app.close()


@pytest.fixture
def gallery(page: Page, hall: Hall) -> Page:
    page.goto(hall.url)
    expect(page.locator(".tile").first).to_be_visible()
    return page


def tile(page: Page, alt: str):  # type: ignore[no-untyped-def]
    return page.locator(".tile", has=page.get_by_alt_text(alt, exact=True))


def test_more_comes_by_scrolling_and_a_search_finds(gallery: Page) -> None:
    expect(gallery.locator(".tile")).to_have_count(60)
    gallery.get_by_role("button", name="Show more").scroll_into_view_if_needed()
    expect(gallery.locator(".tile")).to_have_count(75)
    gallery.get_by_placeholder("Search in prompts").fill("fox red")
    expect(gallery.locator(".tile")).to_have_count(1)
    expect(gallery.get_by_alt_text("A Red Fox")).to_be_visible()


def test_a_favourite_survives_a_reload(gallery: Page) -> None:
    tile(gallery, "an owl").hover()
    tile(gallery, "an owl").get_by_role("button", name="Favourite").click()
    gallery.get_by_text("Favourites", exact=True).click()
    expect(gallery.locator(".tile")).to_have_count(1)
    gallery.reload()
    expect(tile(gallery, "an owl").locator(".star")).to_have_attribute("aria-pressed", "true")


def test_delete_offers_undo_and_the_trash_gives_back(gallery: Page) -> None:
    tile(gallery, "A Red Fox").locator(".open").focus()
    gallery.keyboard.press("Delete")
    expect(tile(gallery, "A Red Fox")).to_have_count(0)
    gallery.get_by_role("button", name="Undo").click()
    expect(tile(gallery, "A Red Fox")).to_be_visible()
    tile(gallery, "A Red Fox").locator(".open").focus()
    gallery.keyboard.press("Delete")
    expect(gallery.locator(".snack")).to_contain_text("moved to the trash")
    gallery.get_by_text("Trash", exact=True).click()
    expect(gallery.locator(".tile")).to_have_count(1)
    gallery.get_by_role("button", name="Select", exact=True).click()
    gallery.locator(".tile .open").click()
    gallery.get_by_role("button", name="Restore").click()
    expect(gallery.get_by_text("The trash is empty")).to_be_visible()
    gallery.get_by_text("Pictures", exact=True).click()
    expect(tile(gallery, "A Red Fox")).to_be_visible()


def test_a_range_is_chosen_with_shift_and_downloaded_as_one_archive(gallery: Page) -> None:
    gallery.locator(".tile").nth(0).hover()
    gallery.locator(".tile").nth(0).get_by_role("checkbox").click()
    gallery.locator(".tile .open").nth(2).click(modifiers=["Shift"])
    expect(gallery.get_by_text("3 selected")).to_be_visible()
    with gallery.expect_download() as waiting:
        gallery.get_by_role("toolbar").get_by_role("button", name="Download").click()
    path = waiting.value.path()
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert archive.testzip() is None
        assert sum(name.endswith(".png") for name in archive.namelist()) == 3


def test_a_deep_link_opens_and_back_leaves_however_far_one_has_leafed(gallery: Page, hall: Hall) -> None:
    view = gallery.get_by_role("dialog")
    tile(gallery, "A Red Fox").locator(".open").click()
    expect(view.get_by_role("heading", name="Details")).to_be_attached()
    expect(gallery).to_have_url(f"{hall.url}?image={hall.jobs['fox']}")
    gallery.keyboard.press("ArrowRight")
    expect(gallery).to_have_url(f"{hall.url}?image={hall.jobs['owl']}")
    expect(view.locator(".prompt")).to_have_text("an owl")
    gallery.reload()
    expect(view.locator(".prompt")).to_have_text("an owl")
    gallery.go_back()
    expect(view).to_have_count(0)
    expect(gallery).to_have_url(hall.url)


def test_escape_closes_and_gives_the_focus_back(gallery: Page, hall: Hall) -> None:
    tile(gallery, "an owl").locator(".open").click()
    expect(gallery.get_by_role("dialog").locator("dl")).to_be_visible()
    gallery.keyboard.press("Escape")
    expect(gallery.get_by_role("dialog")).to_have_count(0)
    expect(tile(gallery, "an owl").locator(".open")).to_be_focused()
    expect(gallery).to_have_url(hall.url)
    gallery.keyboard.press("ArrowLeft")
    expect(tile(gallery, "A Red Fox").locator(".open")).to_be_focused()


def test_the_layout_lies_over_the_picture_and_lights_up_with_its_list(page: Page, hall: Hall) -> None:
    page.goto(f"{hall.url}?image={hall.jobs['fox']}")
    boxes = page.locator(".box")
    expect(page.get_by_role("switch", name="Show layout")).to_be_visible()
    expect(boxes.first).to_be_hidden()
    page.keyboard.press("l")
    expect(boxes.first).to_be_visible()
    row = page.get_by_role("button", name="red fox a red fox")
    row.focus()
    expect(boxes.first).to_have_class("box lit")
    boxes.nth(1).hover()
    expect(page.get_by_role("button", name="<b>tree</b>")).to_have_class("ghost region lit")
    page.get_by_role("switch", name="Show layout").click()
    expect(boxes.first).to_be_hidden()


def test_prompts_stay_text_and_nothing_broken_is_shown(gallery: Page, hall: Hall) -> None:
    expect(tile(gallery, "bare").locator(".lostmark")).to_be_visible()
    tile(gallery, MARKUP).locator(".open").click()
    expect(gallery.get_by_role("dialog").locator(".prompt")).to_have_text(MARKUP)
    assert "hit" not in gallery.title()
    gallery.goto(f"{hall.url}?image={hall.jobs['damaged']}")
    expect(gallery.get_by_text("damaged or missing")).to_be_visible()
    expect(gallery.locator("dialog .frame")).to_be_hidden()
    gallery.goto(f"{hall.url}?image=nobody")
    expect(gallery.get_by_text("There is no picture at this address.")).to_be_visible()
    gallery.get_by_role("button", name="Back to the gallery").click()
    expect(gallery.get_by_role("dialog")).to_have_count(0)


def test_a_new_picture_is_announced_and_does_not_push_the_others_away(gallery: Page, hall: Hall) -> None:
    first = gallery.locator(".tile").first.get_attribute("data-id")
    with Past(hall.folder) as past:
        past.ordered("a lighthouse")
    # What coming back to the tab does: the sheet looks for news at once instead of in some seconds.
    gallery.wait_for_function(
        """() => {
            document.dispatchEvent(new Event("visibilitychange"));
            const hosts = [...document.querySelectorAll("*")].filter((one) => one.shadowRoot);
            return hosts.some((one) => one.shadowRoot.querySelector(".fresh:not([hidden])"));
        }""",
        polling=500,
    )
    assert gallery.locator(".tile").first.get_attribute("data-id") == first
    gallery.get_by_role("button", name="1 new picture – show").click()
    expect(gallery.locator(".tile").first.get_by_alt_text("a lighthouse")).to_be_visible()


def test_reuse_fills_the_form(page: Page, hall: Hall) -> None:
    page.goto(f"{hall.url}?image={hall.jobs['fox']}")
    page.get_by_role("button", name="Use these settings").click()
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("A Red Fox")


def test_a_phone_needs_no_sideways_scrolling(open_window: Callable[..., Page], hall: Hall) -> None:
    page = open_window(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto(hall.url)
    expect(page.locator(".tile").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".tile .open").first.tap()
    expect(page.get_by_role("dialog").locator("dl")).to_be_visible()
    assert page.locator("dialog").evaluate("(one) => one.scrollWidth") <= 390
    assert page.locator(".frame").bounding_box()["width"] > 280  # type: ignore[index]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_out_of_reach_for_a_screen_reader(open_window: Callable[..., Page], hall: Hall, scheme: str) -> None:
    page = open_window(color_scheme=scheme)
    page.goto(f"{hall.url}?image={hall.jobs['fox']}")
    expect(page.get_by_role("dialog").locator("dl")).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator(".tile .open").first.focus()
    page.keyboard.press("x")
    expect(page.get_by_text("1 selected")).to_be_visible()
    assert findings(page) == []


def findings(page: Page) -> list[str]:
    """What axe finds within our own pieces. They live in shadow trees, whose targets axe gives as lists; the rest is not ours."""
    found = []
    for rule in Axe().run(page).response["violations"]:
        for node in rule["nodes"]:
            if isinstance(node["target"][0], list):
                found.append(f"{rule['id']}: {node['html'][:160]}")
    return found
