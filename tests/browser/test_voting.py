"""A vote from its link to its end: three phones, the owner who watches, a file opened from disk, a link only to look."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

from tests.app.process import App
from tests.browser.conftest import app_in

pytestmark = pytest.mark.browser

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
QUESTION = "Which animal looks colder?"
SAID = {"A": "red fox", "B": "grey heron"}
PROMPTS = [f"a {animal} in a snowy forest" for animal in SAID.values()]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = app_in(tmp_path_factory.mktemp("voting"))
    running.start()
    yield running
    running.close()


@pytest.fixture
def comparison(app: App) -> str:
    """The id of one of two prompts with two pictures of each, all of them there."""
    wanted = {"prompts": PROMPTS, "samples": 2, "title": "Two animals"}
    made = httpx.post(f"{app.url}/api/v1/comparisons", json=wanted, headers={"Prefer": "wait=30"}, timeout=60).json()
    assert [cell["state"] for cell in made["cells"]] == ["done"] * 4
    return str(made["id"])


# ---- what is on a page


def all_are_seen(pictures: Locator, count: int) -> None:
    """So many pictures, and each has come and can be decoded."""
    expect(pictures).to_have_count(count)
    for picture in pictures.all():
        assert (
            picture.evaluate("img => { img.loading = 'eager'; return img.decode().then(() => img.naturalWidth); }") > 0
        )


def answer(page: Page, choice: str) -> Locator:
    return page.locator(f"button[name=choice][value={choice}]")


def ballot(page: Page, number: int) -> None:
    """It is that pair, one thumb can judge it, and nothing says who is who."""
    expect(page.locator(".count")).to_have_text(f"Pair {number} of 4")
    expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()
    all_are_seen(page.locator(".shot img"), 2)
    assert not re.search("fox|heron|snowy|sketch", page.locator("main").inner_html(), re.IGNORECASE)
    for choice in ("left", "tie", "bad", "right"):
        expect(answer(page, choice)).to_be_in_viewport(ratio=1)
        box = answer(page, choice).bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44


def revealed(page: Page, number: int) -> str:
    """The pair as it is told after that many votes: who stood where. Returns the heading, "You chose A"."""
    expect(page.locator(".count")).to_have_text(f"{number} of 4 pairs")
    names = page.locator(".shot .badge").all_inner_texts()
    assert sorted(names) == ["A", "B"]
    expect(page.locator(".shot mark")).to_have_text([SAID[name] for name in names])
    all_are_seen(page.locator(".shot img"), 2)
    return page.get_by_role("heading", level=1).inner_text()


def judge(page: Page, number: int, choice: str) -> str:
    ballot(page, number)
    answer(page, choice).tap()
    return revealed(page, number)


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    bad = [rule for rule in found if rule["impact"] in ("serious", "critical")]
    return [f"{page.url} {rule['id']}: {rule['nodes'][0]['html'][:160]}" for rule in bad]


def no_network(page: Page) -> list[str]:
    """From now on nothing reaches that page but files of this disk. The list fills with what it asked for in vain."""
    refused: list[str] = []

    def decide(route: Route) -> None:
        if route.request.url.startswith("file:"):
            route.continue_()
        else:
            refused.append(route.request.url)
            route.abort()

    page.context.set_offline(True)
    page.route("**/*", decide)
    return refused


# ---- the journey


def test_three_phones_vote_the_owner_watches_and_takes_the_result_along(
    page: Page, open_window: Callable[..., Page], app: App, comparison: str, tmp_path: Path
) -> None:
    page.goto(f"{app.url}/compare?c={comparison}&tab=share")
    page.get_by_role("textbox", name="The question").fill(QUESTION)
    page.get_by_role("button", name="Create link").click()
    url = page.get_by_label("Link", exact=True).input_value()
    page.get_by_role("tab", name="Results").click()
    expect(page.locator(".results .count")).to_have_text("No votes yet")
    page.evaluate("window.sameWindow = true")
    said: list[str] = []

    # Ann has the pair in two tabs and answers it in both; going back gives her a new pair and not a second vote.
    ann = open_window(**PHONE)
    blocked: list[str] = []
    ann.on("console", lambda message: blocked.append(message.text) if message.type == "error" else None)
    ann.goto(url)
    other = ann.context.new_page()
    other.goto(url)
    said.append(judge(ann, 1, "left"))
    answer(other, "right").tap()
    expect(other.get_by_role("status")).to_have_text("You had voted on this pair before. That first vote counts.")
    assert revealed(other, 1) == said[0]
    ann.go_back()
    ballot(ann, 2)
    assert blocked == []

    # Ben's phone runs no scripts.
    ben = open_window(**PHONE, java_script_enabled=False)
    ben.goto(url)
    said.append(judge(ben, 1, "right"))
    ben.get_by_role("link", name="Next pair").tap()
    assert judge(ben, 2, "tie") == "You called it a tie"

    # Cleo judges all there is, in the dark, and is let into the grid. Axe is a script, which the page's policy forbids.
    cleo = open_window(**PHONE, color_scheme="dark", bypass_csp=True)
    cleo.goto(url)
    ballot(cleo, 1)
    assert serious(cleo) == []
    for number, choice in enumerate(("left", "right", "left"), 1):
        said.append(judge(cleo, number, choice))
        cleo.get_by_role("link", name="Next pair").tap()
    assert judge(cleo, 4, "bad") == "You chose neither: both bad"
    assert serious(cleo) == []
    cleo.get_by_role("link", name="See the result").tap()
    expect(cleo.get_by_text("You have voted on 4 pairs, and that was all of them.")).to_be_visible()
    assert serious(cleo) == []
    cleo.get_by_role("link", name="See all the pictures").tap()
    all_are_seen(cleo.locator(".cmp-grid img.cmp-thumb"), 4)
    assert serious(cleo) == []
    assert cleo.evaluate("document.documentElement.scrollWidth") <= 390

    # The owner's page has counted them by itself.
    for_a = said.count("You chose A")
    assert said.count("You chose B") == 5 - for_a
    expect(page.locator(".results .count")).to_have_text("7 votes by 3 people · 1 tie · 1 × both bad")
    votes = [f"{count} {'vote' if count == 1 else 'votes'}" for count in (for_a, 5 - for_a)]
    expect(page.locator(".results .duel .score small")).to_have_text(votes)
    assert page.evaluate("window.sameWindow")

    # What they take along needs no server.
    page.get_by_role("tab", name="Share").click()
    with page.expect_download() as coming:
        page.get_by_role("link", name="A page that works offline").click()
    file = tmp_path / "taken" / coming.value.suggested_filename
    coming.value.save_as(file)
    assert file.suffix == ".html"
    reader = open_window()
    refused = no_network(reader)
    reader.goto(file.as_uri())
    thumbs = reader.locator(".cmp-grid img.cmp-thumb")
    all_are_seen(thumbs, 4)
    standing = [f"preferred {count} of 5" for count in (for_a, 5 - for_a)]
    expect(reader.locator(".cmp-standing")).to_have_text(standing)
    thumbs.first.click()
    view = reader.get_by_role("dialog", name="beside")
    full = view.locator(".cmp-pane:visible .cmp-full.cmp-here")
    all_are_seen(full, 2)
    for name, mode in (("Slider", "slider"), ("Fade", "fade"), ("Difference", "difference"), ("Side by side", "side")):
        view.get_by_role("button", name=name).click()
        expect(view.locator(".cmp-stage")).to_have_attribute("data-mode", mode)
    all_are_seen(full, 2)
    assert refused == []


@pytest.mark.parametrize("size", [(1440, 900), (1280, 720), (390, 844)])
def test_after_a_vote_everything_up_to_the_verdict_is_seen(
    open_window: Callable[..., Page], app: App, comparison: str, size: tuple[int, int]
) -> None:
    made = httpx.post(f"{app.url}/api/v1/comparisons/{comparison}/shares", json={}, timeout=30).json()
    voter = open_window(viewport={"width": size[0], "height": size[1]})
    voter.goto(app.url + str(made["url"]))
    assert "fox" not in voter.title()
    answer(voter, "left").click()
    verdict, bar = voter.locator(".sofar .verdict").bounding_box(), voter.locator(".onward").bounding_box()
    assert verdict
    assert bar
    assert verdict["y"] + verdict["height"] <= bar["y"]
    assert bar["y"] + bar["height"] <= size[1]


def test_a_link_made_moves_nothing_beside_its_form(page: Page, app: App, comparison: str) -> None:
    page.goto(f"{app.url}/compare?c={comparison}")
    page.get_by_role("tab", name="Share").click()
    beside = page.get_by_role("heading", name="Take it along")
    create = page.get_by_role("button", name="Create link")
    expect(create).to_be_visible()
    expect(beside).to_be_visible()
    before = beside.bounding_box()
    create.click()
    expect(page.get_by_role("heading", name="The link is ready")).to_be_visible()
    assert beside.bounding_box() == before


def test_a_link_only_to_look_shows_grid_and_result_and_both_kinds_end(
    page: Page, open_window: Callable[..., Page], app: App, comparison: str
) -> None:
    def link(**wanted: bool) -> tuple[str, str]:
        made = httpx.post(f"{app.url}/api/v1/comparisons/{comparison}/shares", json=wanted, timeout=30)
        assert made.status_code == 201, made.text
        return app.url + str(made.json()["url"]), str(made.json()["id"])

    httpx.patch(
        f"{app.url}/api/v1/comparisons/{comparison}", json={"question": QUESTION}, timeout=30
    ).raise_for_status()
    (vote, voting), (look, looking) = link(), link(may_vote=False)
    phone = open_window(**PHONE)
    phone.goto(vote)
    winner = judge(phone, 1, "left").removeprefix("You chose ")

    looker = open_window(**PHONE)
    looker.goto(look)
    all_are_seen(looker.locator(".cmp-grid img.cmp-thumb"), 4)
    expect(looker.locator("form")).to_have_count(0)
    looker.get_by_text("The vote so far").tap()
    expect(looker.get_by_text("1 vote by 1 person.")).to_be_visible()
    best = looker.locator(".result li", has=looker.locator(".badge", has_text=re.compile(f"^{winner}$")))
    expect(best.locator(".share")).to_have_text("100 %")
    looker.locator(".cmp-cell").first.tap()
    all_are_seen(looker.get_by_role("dialog", name="beside").locator(".cmp-pane:visible .cmp-full.cmp-here"), 2)

    page.goto(f"{app.url}/shares")
    for share_id in (voting, looking):
        row = page.locator(f'li.share[data-id="{share_id}"]')
        row.get_by_role("button", name="End the link").click()
        row.get_by_role("button", name="Really end it?").click()
        expect(row.get_by_text("Ended by you")).to_be_visible()
    looker.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as when they come back to it
    expect(looker.get_by_role("heading", name="This link has ended")).to_be_visible()
    phone.get_by_role("link", name="Next pair").tap()
    expect(phone.get_by_role("heading", name="This link has ended")).to_be_visible()
    for url in (vote, look):
        assert httpx.get(url, timeout=30).status_code == 410
