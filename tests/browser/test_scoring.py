"""Scoring alone and the results in a real browser, on the app as people start it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from reve_core import bootstrap
from reve_core.compare.models import Axes, Comparison
from reve_core.models import PERSONAL, JobStatus
from reve_core.service import Studio
from reve_core.settings import Settings
from tests.app.process import App
from tests.browser.conftest import app_in
from tests.building import running, until

pytestmark = pytest.mark.browser

PLACES = ("in snow", "at sea", "on the moon", "in a city", "in a forest", "as a logo", "in a desert", "under water")
READY = ".stage:not(.waiting):not([hidden])"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scoring")


@pytest.fixture(scope="module")
def beside(folder: Path) -> Iterator[Studio]:
    """The same core on the same data, with two comparisons in it whose pictures are there."""
    settings = Settings(data_dir=folder, sketch_delay_s=0)
    with running(bootstrap.build(settings)) as studio:
        for prompts, samples in ((PLACES, 1), (PLACES[:2], 2)):
            make(studio, tuple(f"a red fox {place}" for place in prompts), samples)
    studio = bootstrap.build(settings)
    yield studio
    studio.stop(1)


@pytest.fixture(scope="module")
def app(beside: Studio, folder: Path) -> Iterator[App]:
    served = app_in(folder)
    served.start()
    yield served
    served.close()


def make(studio: Studio, prompts: tuple[str, ...], samples: int) -> Comparison:
    made = studio.comparisons.make(Axes(prompts=prompts, samples=samples), owner=PERSONAL, question="Which fox?")

    def there() -> bool:
        cells = studio.comparisons.grid(made.id, owner=PERSONAL).cells.values()
        return all(cell.job is not None and cell.job.status is JobStatus.DONE for cell in cells)

    until(there, within_s=60)
    return made


@pytest.fixture
def eight(beside: Studio) -> Comparison:
    return next(each for each in beside.comparisons.listed(owner=PERSONAL) if len(each.rows) == 8)


@pytest.fixture
def two(beside: Studio) -> Comparison:
    return next(each for each in beside.comparisons.listed(owner=PERSONAL) if len(each.rows) == 2)


def at(page: Page, app: App, comparison: Comparison, tab: str) -> None:
    page.goto(f"{app.url}/compare?c={comparison.id}&tab={tab}")


def mine(beside: Studio, comparison: Comparison) -> int:
    return beside.polls.result(comparison, by="owner").votes


def test_pairs_are_scored_by_keyboard_and_the_last_one_can_be_taken_back(
    page: Page, app: App, beside: Studio, two: Comparison
) -> None:
    at(page, app, two, "score")
    page.get_by_role("button", name="Score alone").click()
    expect(page.locator(READY)).to_be_visible()
    window = page.get_by_role("dialog", name="Score alone")
    expect(window.locator(".ask")).to_have_text("Which fox?")
    # Blind: neither a name nor a prompt stands anywhere over the window.
    assert "fox in" not in window.inner_text()
    assert window.locator("img.big").evaluate_all("each => each.map((one) => one.alt)") == [
        "Left picture",
        "Right picture",
    ]
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".count", has_text="1 of 4")).to_be_visible()
    page.keyboard.press("Backspace")
    expect(page.locator(".count", has_text="0 of 4")).to_be_visible()
    # The same keys as on the page for visitors, with X besides.
    said = (("ArrowRight", "Right"), ("ArrowUp", "A tie"), ("x", "Both bad"), ("ArrowDown", "Both bad"))
    for number, (key, heard) in enumerate(said, 1):
        expect(page.locator(READY)).to_be_visible()
        page.keyboard.press(key)
        expect(page.locator(".count", has_text=f"{number} of 4")).to_be_visible()
        expect(window.locator(".heard")).to_have_text(heard)
    expect(page.get_by_text("You have scored every pair there is.")).to_be_visible()
    page.get_by_role("button", name="See the result").click()
    expect(page.get_by_text("4 votes by 1 person · 1 tie · 2 × both bad")).to_be_visible()
    assert mine(beside, two) == 4


def test_a_bracket_of_eight_takes_seven_taps_and_then_tells_the_name(
    open_window: Callable[..., Page], app: App, beside: Studio, eight: Comparison
) -> None:
    page = open_window(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    at(page, app, eight, "score")
    page.get_by_role("button", name="Bracket of 8").tap()
    for number in range(1, 8):
        expect(page.locator(".count", has_text=f"{number} of 7")).to_be_visible()
        expect(page.locator(READY)).to_be_visible()
        page.get_by_role("button", name="Left picture is better").tap()
    favourite = page.locator(".champion")
    expect(favourite.get_by_text("Your favourite")).to_be_visible()
    expect(favourite.locator(".prompt")).to_contain_text("a red fox")
    page.get_by_role("button", name="See the result").tap()
    expect(page.get_by_text("7 votes by 1 person")).to_be_visible()
    assert mine(beside, eight) == 7
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_vote_shows_on_the_results_page_by_itself_until_the_vote_is_closed(
    page: Page, app: App, beside: Studio, eight: Comparison
) -> None:
    before = beside.polls.result(eight).votes
    at(page, app, eight, "results")
    expect(page.get_by_text("Which prompt is better")).to_be_visible()
    page.get_by_text("Pair by pair").click()
    ballot = beside.polls.next_ballot(eight, "ann")
    assert ballot is not None
    beside.polls.cast(eight, ballot.id, "left", voter="ann")
    expect(page.locator(".results .count", has_text=f"{before + 1} vote")).to_be_visible()
    # What was unfolded stays so.
    expect(page.locator(".pairs .duel")).to_have_count(28)
    page.get_by_role("button", name="Visitors").click()
    expect(page.locator(".results .count", has_text="1 vote by 1 person")).to_be_visible()
    page.get_by_role("button", name="Close the vote").click()
    expect(page.get_by_role("button", name="Open the vote again")).to_be_visible()
    assert beside.comparisons.get(eight.id, owner=PERSONAL).frozen_at is not None
    page.get_by_role("button", name="Open the vote again").click()
    expect(page.get_by_role("button", name="Close the vote")).to_be_visible()


KEPT = "() => Object.keys(localStorage).filter((each) => each.startsWith('reve:votes:')).map((each) => JSON.parse(localStorage[each]))"


def test_the_newest_vote_outlives_a_reload_unless_it_was_taken_back(page: Page, app: App, beside: Studio) -> None:
    three = make(beside, tuple(f"a red fox {place}" for place in PLACES[:3]), 1)
    at(page, app, three, "score")
    expect(page.get_by_role("button", name="Bracket of 3")).to_be_enabled()
    page.get_by_role("button", name="Score alone").click()
    expect(page.locator(READY)).to_be_visible()
    page.keyboard.press("ArrowLeft")
    [kept] = page.evaluate(KEPT)
    assert kept["votes"] == []
    assert kept["held"][3] == "left"
    page.keyboard.press("Backspace")
    assert page.evaluate(KEPT) == []
    expect(page.locator(READY)).to_be_visible()
    page.keyboard.press("ArrowUp")
    page.reload()
    until(lambda: mine(beside, three) == 1, within_s=30)
    assert beside.polls.result(three, by="owner").ties == 1
    page.wait_for_function(f"() => ({KEPT})().length === 0")


def test_a_bracket_says_who_takes_part_while_a_picture_is_missing(page: Page, app: App, beside: Studio) -> None:
    four = make(beside, tuple(f"a red fox {place}" for place in PLACES[:4]), 1)
    cells = beside.comparisons.grid(four.id, owner=PERSONAL).cells
    beside.comparisons.remove(four.id, [cell.key for (row, _), cell in cells.items() if row == "r4"], owner=PERSONAL)
    at(page, app, four, "score")
    expect(page.locator(".some")).to_have_text(
        "3 of 4 are ready. The others have no picture, so only these 3 take part."
    )
    page.get_by_role("button", name="Bracket of 3").click()
    expect(page.locator(".count", has_text="1 of 2")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    open_window: Callable[..., Page], app: App, eight: Comparison, two: Comparison, scheme: str
) -> None:
    page = open_window(color_scheme=scheme)
    for comparison, tab in ((eight, "results"), (two, "results"), (eight, "score")):
        at(page, app, comparison, tab)
        expect(page.locator(".results .verdict, .scoring .way").first).to_be_visible()
        for fold in page.locator(".results summary").all():
            fold.click()
        serious = [
            (each["id"], each["nodes"][0]["html"])
            for each in Axe().run(page).response["violations"]
            if each["impact"] in ("serious", "critical")
        ]
        assert serious == []
