"""A public link at its limits, in a real browser: what is left, why not now and for how long, and the ways around."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.app.process import App
from tests.standin import StandIn

pytestmark = pytest.mark.browser
OpenWindow = Callable[..., Page]
PUBLIC = {"REVE_MODE": "public", "REVE_SECRET": "only-for-tests-" * 3}
KEY = "papi.a-visitors-own-key-0123456789"
GRAVE = ("serious", "critical")
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


@pytest.fixture
def reve() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


def write(page: Page, prompt: str) -> None:
    page.get_by_role("textbox", name="Prompt").fill(prompt)


def create(page: Page) -> None:
    page.get_by_role("button", name="Create", exact=False).click()


def pictures(page: Page, count: int) -> None:
    expect(page.locator(".card img.here")).to_have_count(count)


def test_too_fast_is_told_with_a_clock_and_the_prompt_stays(start_app: Callable[..., App], page: Page) -> None:
    app = start_app(**PUBLIC, REVE_VISITOR_PER_MINUTE="6")
    page.goto(app.url)
    write(page, "a red fox in snow")
    button = page.get_by_role("button", name="Create", exact=False)
    stopped = page.locator('.go .button[aria-disabled="true"]')
    for count in range(30):  # six at once; a slow machine lets more in meanwhile, one every ten seconds
        if stopped.count():
            break
        button.click()
        expect(page.locator(".card").nth(count).or_(stopped).first).to_be_visible()
    expect(button).to_be_disabled()
    expect(page.get_by_role("status").filter(has_text="You have asked for a lot")).to_be_visible()
    expect(page.locator(".clock")).to_have_text(re.compile(r"Again in \d+ s"))
    cards = page.locator(".card").count()
    button.click(force=True)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".refusal").first).to_be_visible()
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("a red fox in snow")
    expect(button).to_be_enabled()  # by itself, when the clock has run down
    expect(page.locator(".clock")).to_be_hidden()
    assert page.locator(".card").count() == cards
    button.click()
    expect(page.locator(".card")).to_have_count(cards + 1)


@pytest.mark.parametrize("options", [{}, PHONE], ids=["wide and light", "phone and dark"])
def test_when_the_credits_are_gone_the_sketch_and_a_key_of_ones_own_go_on(
    start_app: Callable[..., App], open_window: OpenWindow, reve: StandIn, options: dict[str, object]
) -> None:
    app = start_app(**PUBLIC, REVE_API_URL=reve.url, REVE_API_KEY=str(reve.key), REVE_VISITOR_DAILY_CREDITS="200")
    page = open_window(**options)
    page.goto(app.url)
    expect(page.locator(".left")).to_contain_text("200 of 200 credits left today, new ones in")
    write(page, "a red fox in snow")
    create(page)
    pictures(page, 1)
    expect(page.get_by_role("status").filter(has_text="This takes 150 credits.")).to_contain_text("50 of 200 left")
    expect(page.locator(".left")).to_be_hidden()  # the refusal has said it
    one_line = "b => b.children[1].offsetTop < b.children[0].offsetTop + b.children[0].offsetHeight"
    assert page.locator(".go .button").evaluate(one_line)
    expect(page.get_by_role("button", name="Create", exact=False)).to_be_disabled()
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert page.evaluate(wide)

    expect(page.get_by_text("Drawn by code, not an AI model. Free.")).to_be_visible()
    page.get_by_role("button", name="Draw it as a sketch").click()
    pictures(page, 2)
    expect(page.locator(".card .mark").first).to_contain_text("Drawn by code")
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("a red fox in snow")
    assert len(reve.requests) == 1

    page.get_by_role("button", name="Model:").click()
    page.get_by_role("radio", name="Reve 2,").click()
    page.get_by_role("button", name="Or use your own Reve key").click()
    field = page.get_by_label("Your Reve key")
    expect(field).to_be_focused()
    assert page.evaluate(wide)
    assert [rule["id"] for rule in Axe().run(page).response["violations"] if rule["impact"] in GRAVE] == []
    reve.key = KEY
    field.fill("not a key")
    field.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="does not look like a key")).to_be_visible()
    expect(field).to_have_value("")
    field.fill(KEY)
    page.get_by_role("button", name="Use it").click()
    expect(page.locator(".cost")).to_contain_text("Paid by your own key")
    expect(page.get_by_text("Your own key pays for Reve.")).to_be_visible()
    create(page)
    pictures(page, 3)
    assert reve.requests[-1].headers["Authorization"] == f"Bearer {KEY}"
    expect(page.locator(".left")).to_be_hidden()  # nothing of it is spent
    assert KEY not in page.content()
    assert KEY not in page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])")

    page.get_by_role("button", name="Forget my key").click()
    expect(page.get_by_role("button", name="Or use your own Reve key")).to_be_visible()
    expect(page.get_by_role("button", name="Create", exact=False)).to_be_disabled()
    app.stop()
    assert not [path for path in app.folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_a_comparison_past_the_credits_is_drawn_as_sketches_by_one_click(
    start_app: Callable[..., App], page: Page, reve: StandIn
) -> None:
    app = start_app(**PUBLIC, REVE_API_URL=reve.url, REVE_API_KEY=str(reve.key), REVE_VISITOR_DAILY_CREDITS="200")
    page.goto(f"{app.url}/compare")
    page.get_by_role("textbox", name="Prompts").fill("a red fox\na blue fox")
    expect(page.get_by_role("status").filter(has_text="This takes 300 credits.")).to_be_visible()
    expect(page.get_by_role("button", name="Make 2 pictures")).to_be_disabled()
    page.get_by_role("button", name="Draw it as a sketch").click()
    page.wait_for_url(re.compile(r"[?&]c="))
    assert reve.requests == []


def test_help_is_shown_whole_and_not_as_a_mistake(start_app: Callable[..., App], page: Page) -> None:
    app = start_app(**PUBLIC)
    page.goto(app.url)
    write(page, "how to kill myself")
    create(page)
    told = page.locator("#problem")
    expect(told).to_contain_text("you are not alone")
    expect(told.get_by_role("link", name="findahelpline.com")).to_have_attribute("href", "https://findahelpline.com")
    expect(told).to_have_class(re.compile("kind"))
    expect(page.get_by_role("textbox", name="Prompt")).not_to_have_attribute("aria-invalid", "true")


def test_ones_flood_does_not_keep_the_other_waiting(start_app: Callable[..., App], open_window: OpenWindow) -> None:
    app = start_app(**PUBLIC, REVE_SKETCH_DELAY_S="1.5", REVE_SKETCH_CONCURRENCY="1", REVE_VISITOR_PER_MINUTE="0")
    ada, eve = open_window(), open_window()
    ada.goto(app.url)
    write(ada, "a flood")
    create(ada)
    pictures(ada, 1)
    _older(app.folder / "reve.db")
    ada.get_by_label("4 pictures").check(force=True)
    for count in (5, 9, 13, 17):
        create(ada)
        expect(ada.locator(".card")).to_have_count(count)
    expect(ada.locator(".left")).to_contain_text("of 24 pictures on their way")
    eve.goto(app.url)
    write(eve, "a blue whale")
    create(eve)
    pictures(eve, 1)
    expect(eve.locator(".card")).to_have_count(1)  # a gallery of her own
    assert ada.locator(".card img.here").count() < 12


def _older(database: Path) -> None:
    """Everybody who has come so far came long ago: who has only just come shares a turn with their whole network."""
    with sqlite3.connect(database, timeout=10) as db:
        db.execute("update visitors set first_seen = 0")
    db.close()
