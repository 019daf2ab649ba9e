"""Several providers in a real browser: choosing one, following its picture as it comes, and comparing them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.app.process import App
from tests.browser.test_gallery import findings

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    app = App(
        tmp_path_factory.mktemp("several"),
        command=[sys.executable, "-m", "tests.browser.several"],
        settings={"REVE_DRAIN_S": "0", "REVE_PROVIDER": "fal", "REVE_TEST_PACE_S": "0.15"},
    )
    app.start()
    yield app
    app.close()


def opened(page: Page, app: App) -> Locator:
    """The list of models on the Create page."""
    page.goto(app.url)
    page.get_by_role("button", name="Model:").click()
    return page.get_by_role("radiogroup", name="Model")


def order(page: Page, prompt: str) -> Locator:
    page.get_by_label("Prompt").fill(prompt)
    page.get_by_role("button", name="Create", exact=False).filter(has_text="Create").last.click()
    return page.get_by_role("listitem", name=prompt)


def choose(page: Page, name: str) -> None:
    page.get_by_role("button", name="Model:").click()
    page.locator(".offer", has_text=name).click()
    expect(page.get_by_role("radiogroup", name="Model")).to_be_hidden()


def test_a_model_is_chosen_by_keyboard_and_stays_chosen(page: Page, several: App) -> None:
    models = opened(page, several)
    expect(models.get_by_role("radio", name="fal Reve 2.1, $0.25")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(models.get_by_role("radio", name="Reve 2, 150 credits · about $0.20")).to_be_checked()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")  # round the end
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Model: Lab Small diffusion")
    expect(button).to_be_focused()
    expect(page.locator(".cost b")).to_have_text("Free")
    expect(page.get_by_text("Its licence allows no commercial use.").last).to_be_visible()
    page.reload()
    expect(button).to_be_visible()


def test_what_a_model_does_not_take_is_said_and_comes_back(page: Page, several: App) -> None:
    page.goto(several.url)
    choose(page, "Small diffusion")
    page.get_by_label("Seed").fill("7")
    page.locator(".shape", has_text="4:3").click()
    choose(page, "Painter mini")
    expect(page.locator(".said")).to_contain_text("has no 4:3, so the shape is 3:2 now.")
    expect(page.locator(".said")).to_contain_text("Painter mini takes no seed, so yours is left out.")
    expect(page.get_by_label("Seed")).to_be_hidden()
    choose(page, "Small diffusion")
    expect(page.get_by_label("Seed")).to_have_value("7")


def test_a_picture_is_seen_while_it_comes_and_what_it_cost_when_it_is_there(page: Page, several: App) -> None:
    page.goto(several.url)
    choose(page, "Small diffusion")
    card = order(page, "hills at dusk")
    expect(card).to_contain_text("of 12")
    expect(card.locator("img.peek.here").last).to_be_visible()
    expect(card.get_by_role("img", name="hills at dusk")).to_have_class("here")
    expect(card.locator("img.peek")).to_have_count(0)
    choose(page, "Reve 2.1")
    card = order(page, "a lighthouse")
    expect(card).to_contain_text("before it at fal")
    expect(card).to_contain_text("$0.25")


def test_one_that_is_paused_says_why_and_the_others_go_on(page: Page, several: App) -> None:
    page.goto(several.url)
    choose(page, "Painter mini")
    first = page.locator("form.composer").element_handle()
    expect(order(page, "a still life")).to_contain_text("Acme refuses the key.")
    expect(page.locator(".reve-banner")).to_contain_text("Acme is paused: Acme refuses the key.")
    assert first is not None
    assert first.evaluate("form => form.isConnected"), "The notice made the form anew."
    models = opened(page, several)
    expect(models.locator(".offer", has_text="Painter mini")).to_contain_text("Paused. Acme refuses the key.")
    page.keyboard.press("Escape")
    choose(page, "Reve 2.1")
    expect(order(page, "a second lighthouse")).to_contain_text("$0.25")


def test_a_comparison_of_models_is_priced_for_each(page: Page, several: App) -> None:
    page.goto(several.url + "/compare")
    page.get_by_label("Prompts, one on each line").fill("a hill at dusk\na hill at dawn")
    for name in ("Small diffusion", "150 credits"):
        page.locator(".offer", has_text=name).click()
    expect(page.locator(".cost b")).to_contain_text("6 pictures: about $0.90")
    expect(page.locator(".offer", has_text="Reve 2.1")).to_contain_text("2 for $0.50")
    page.get_by_role("button", name="Make 6 pictures").click()
    head = page.get_by_role("columnheader")
    expect(head.filter(has_text="Reve 2.1")).to_contain_text("$0.25 each")
    expect(page.locator(".cmp-peek").first).to_be_visible()
    expect(head.filter(has_text="Reve 2.1")).to_contain_text("$0.50 so far")
    expect(head.filter(has_text="Reve · Reve 2")).to_contain_text("300 credits so far")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_list_is_in_reach_for_a_screen_reader_and_a_thumb(
    open_window: Callable[..., Page], several: App, scheme: str
) -> None:
    page = open_window(color_scheme=scheme, **PHONE)
    models = opened(page, several)
    expect(models).to_be_visible()
    assert findings(page) == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    page.goto(several.url + "/compare")
    expect(page.get_by_role("checkbox", name="fal Reve 2.1, $0.25")).to_be_checked()
    assert findings(page) == []
