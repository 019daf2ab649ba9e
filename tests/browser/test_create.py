"""The Create page as a person meets it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.app.process import App

pytestmark = pytest.mark.browser
PAGES = ("/", "/gallery", "/queue")
FOX = "a red fox in a snowy forest at dawn"


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Prompt")


def pictures(page: Page) -> Locator:
    """Pictures that have arrived on their cards."""
    return page.locator("li.card img.here")


def create(page: Page, prompt: str) -> None:
    box(page).fill(prompt)
    box(page).press("Control+Enter")


def test_a_first_visit_leads_from_a_prompt_to_a_picture_in_its_card(page: Page, start_app: Callable[..., App]) -> None:
    page.goto(start_app().url)
    expect(page.get_by_text("Nothing made here yet.")).to_be_visible()
    expect(page.get_by_text("Free", exact=True)).to_be_visible()  # the price, before anything was pressed
    create(page, FOX)
    card = page.get_by_role("listitem", name=FOX)
    card.evaluate("card => { card.dataset.same = 'yes' }")
    expect(card.get_by_role("img", name=FOX)).to_have_class("here", timeout=20_000)
    expect(card).to_have_attribute("data-same", "yes")  # it became its picture in place
    expect(page.get_by_role("status").filter(has_text="Picture ready")).to_be_attached()
    assert card.locator("img").evaluate("img => img.naturalWidth") > 100


def test_a_card_can_be_starred_reused_and_opened(page: Page, app: App) -> None:
    page.goto(app.url)
    page.get_by_role("radio", name="3:2, wide").check(force=True)
    create(page, "a swan on a lake")
    card = page.get_by_role("listitem", name="a swan on a lake").first
    expect(card.get_by_role("img")).to_have_class("here")
    card.hover()
    card.get_by_role("button", name="Star").click()
    expect(card.get_by_role("button", name="Star")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("radio", name="2:3, tall").check(force=True)
    box(page).fill("something else")
    card.get_by_role("button", name="Reuse").press("Enter")
    page.keyboard.press("Enter")  # the menu's first entry has the focus
    expect(box(page)).to_have_value("a swan on a lake")
    expect(page.get_by_role("radio", name="3:2, wide")).to_be_checked()
    job_id = card.get_attribute("data-id")
    card.get_by_role("link", name="Open").click()
    page.wait_for_url(f"**/gallery?image={job_id}")


def test_an_example_fills_the_form_and_the_earlier_text_comes_back(page: Page, app: App) -> None:
    page.goto(app.url)
    box(page).fill("my own words")
    page.get_by_role("radio", name="16:9, wide").check(force=True)
    page.get_by_role("button", name="a lighthouse").click()
    expect(box(page)).to_have_value("a lighthouse on a stormy coast at dusk, oil painting")
    expect(page.get_by_role("radio", name="1:1, square")).to_be_checked()
    page.get_by_role("button", name="Undo").click()
    expect(box(page)).to_have_value("my own words")
    expect(page.get_by_role("radio", name="16:9, wide")).to_be_checked()
    chip = page.get_by_role("button", name="watercolor", exact=True)
    chip.click()
    expect(box(page)).to_have_value("my own words, watercolor")
    chip.click()
    expect(box(page)).to_have_value("my own words")


def test_a_reload_in_mid_job_keeps_the_card_and_the_typed_text(page: Page, start_app: Callable[..., App]) -> None:
    page.goto(start_app(REVE_SKETCH_DELAY_S="3").url)
    create(page, FOX)
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    box(page).fill("what I was about to say")
    page.reload()
    expect(page.get_by_role("listitem", name=FOX)).to_have_attribute("data-status", "running")
    expect(box(page)).to_have_value("what I was about to say")
    expect(pictures(page)).to_have_count(1)


def test_a_job_outlives_the_server_that_was_killed_under_it(page: Page, start_app: Callable[..., App]) -> None:
    app = start_app(REVE_SKETCH_DELAY_S="3", REVE_LEASE_S="3", REVE_SWEEP_S="0.5")
    page.goto(app.url)
    create(page, FOX)
    expect(page.get_by_role("listitem", name=FOX)).to_have_attribute("data-status", "running")
    app.kill()
    app.start()
    expect(pictures(page)).to_have_count(1, timeout=30_000)  # in the same window, without a reload


def test_typing_is_not_disturbed_while_pictures_arrive(page: Page, app: App) -> None:
    page.goto(app.url)
    for n in range(3):
        create(page, f"an owl at night, number {n}")
    text = "a slow writer takes a whole while to find the right words"
    box(page).fill("")
    box(page).press_sequentially(text, delay=60)
    for _ in range(6):
        box(page).press("ArrowLeft")
    for n in range(3):
        expect(page.get_by_role("img", name=f"an owl at night, number {n}")).to_have_class("here")
    assert box(page).input_value() == text
    caret, focused = box(page).evaluate("el => [el.selectionStart, el.getRootNode().activeElement === el]")
    assert (caret, focused) == (len(text) - 6, True)


def test_a_prompt_is_shown_as_text_whatever_is_in_it(page: Page, app: App) -> None:
    nasty = '![x](https://example.invalid/t.png) <img src=x onerror="window.hit=1"> **x** :material/home: https://example.invalid'
    page.goto(app.url)
    create(page, nasty)
    card = page.get_by_role("listitem", name=nasty)
    expect(card.get_by_text(nasty)).to_be_visible()
    assert page.evaluate("window.hit") is None


def test_a_quick_succession_of_presses_loses_none_and_doubles_none(page: Page, app: App) -> None:
    page.goto(app.url)
    for n in range(8):
        create(page, f"abstract shapes, number {n}")
    for n in range(8):
        expect(page.get_by_role("listitem", name=f"abstract shapes, number {n}")).to_have_count(1)


def visit(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("heading", level=1).first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")


def test_a_phone_never_scrolls_sideways(open_window: Callable[..., Page], app: App) -> None:
    page = open_window(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    for path in PAGES:
        visit(page, app.url + path)
        widths = page.evaluate(
            "[document.scrollingElement, ...document.querySelectorAll('[data-testid=stMain]')].map(el => el.scrollWidth)"
        )
        assert max(widths) <= 390, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(open_window: Callable[..., Page], app: App, scheme: str) -> None:
    page = open_window(color_scheme=scheme)
    grave = []
    for path in PAGES:
        visit(page, app.url + path)
        grave += [
            {"page": path, "rule": rule["id"], "html": [node["html"][:200] for node in rule["nodes"]][:3]}
            for rule in Axe().run(page).response["violations"]
            if rule["impact"] in ("serious", "critical")
        ]
    assert not grave, json.dumps(grave, indent=1)
