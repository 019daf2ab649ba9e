"""Every place that shows a picture says how it came about: each is opened in a real browser, and the words are seen there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from reve_core import bootstrap
from reve_core.models import PERSONAL, JobRequest, Limits
from reve_core.settings import Settings
from tests.app.process import App
from tests.browser.conftest import app_in
from tests.browser.filling import Past
from tests.building import place

pytestmark = pytest.mark.browser

CODE, SHORT, AI = "Drawn by code, not an AI model", "Drawn by code", "AI-generated"
BOTH = re.compile(rf"^({AI} · {CODE}|{CODE} · {AI})$")
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
WINDOWS = [pytest.param({}, id="wide"), pytest.param(PHONE, id="phone")]


class Mixed(Past):
    """Its pictures are by the sketch, or by a model that is not offered any more."""

    provider = "sketch"

    def _begin(self, prompt: str, ratio: str = "1:1"):  # type: ignore[no-untyped-def]
        request = JobRequest(prompt=prompt, aspect_ratio=ratio, seed=7, provider=self.provider, model="m")
        place(self._store, request)
        claim = self._store.claim("past", lease_s=60, limits={self.provider: Limits(1000)})
        assert claim is not None
        assert self._store.begin_call(claim, idempotent=True)
        return claim


@dataclass
class Place:
    url: str
    mixed: str
    share: str
    vote: str
    look: str
    fox: str


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("marks")
    with Mixed(folder) as past:
        ids = [past.done("a red fox, drawn")]
        past.provider = "gone"
        ids.append(past.done("a red fox, drawn"))
    studio = bootstrap.build(Settings(data_dir=folder))
    try:
        made = studio.comparisons.of_pictures(ids, owner=PERSONAL)
        share = studio.shares.make(ids[1], owner=PERSONAL).token
        vote = studio.comparison_shares.make(made.id, owner=PERSONAL).token
        look = studio.comparison_shares.make(made.id, owner=PERSONAL, may_vote=False).token
    finally:
        studio.stop(1)
    app: App = app_in(folder)
    app.start()
    yield Place(app.url, made.id, f"/s/{share}", f"/c/{vote}", f"/c/{look}", ids[0])
    app.close()


def seen(marks: Locator, *words: str) -> None:
    """These marks, in any sequence, each to be read where it stands: not hidden, not cut off, not behind anything."""
    expect(marks).to_have_count(len(words))
    assert sorted(marks.all_inner_texts()) == sorted(words)
    for mark in marks.all():
        expect(mark).to_be_visible()
        mark.scroll_into_view_if_needed()
        assert mark.evaluate(
            """mark => {
                const box = mark.getBoundingClientRect();
                const root = mark.getRootNode();
                mark.style.pointerEvents = "auto";
                const top = root.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
                mark.style.pointerEvents = "";
                return mark.scrollWidth <= mark.clientWidth + 1 && (top === mark || mark.contains(top));
            }"""
        ), mark.inner_text()


@pytest.mark.parametrize("window", WINDOWS)
def test_cards_and_tiles_and_the_picture_alone(
    open_window: Callable[..., Page], there: Place, window: dict[str, Any]
) -> None:
    page = open_window(**window)
    page.goto(there.url)
    expect(page.locator(".card")).to_have_count(2)
    seen(page.locator(".card .mark"), CODE, AI)

    page.goto(f"{there.url}/gallery")
    expect(page.locator(".tile")).to_have_count(2)
    seen(page.locator(".tile .label"), SHORT, AI)
    page.locator(".tile .open").first.focus()
    seen(page.locator(".tile .label"), SHORT, AI)

    page.goto(f"{there.url}/gallery?image={there.fox}")
    seen(page.get_by_role("dialog").locator(".label span"), CODE)


def test_a_tile_that_is_opened_keeps_its_mark_while_the_rest_is_fetched(page: Page, there: Place) -> None:
    page.goto(f"{there.url}/gallery")
    page.locator(".tile .open").first.click()
    expect(page.get_by_role("dialog").locator(".label")).to_contain_text(AI)


def test_the_owner_chooses_whether_files_carry_the_prompt_and_it_is_remembered(page: Page, there: Place) -> None:
    page.goto(f"{there.url}/gallery?image={there.fox}")
    choice = page.get_by_role("checkbox", name="Write the prompt into the file")
    link = page.get_by_role("link", name="Download")
    expect(choice).to_be_checked()
    with page.expect_download() as first:
        link.click()
    assert b"drawn" in Path(first.value.path()).read_bytes()
    choice.uncheck()
    with page.expect_download() as second:
        link.click()
    data = Path(second.value.path()).read_bytes()
    assert b"red fox" not in data
    assert b"digitalsourcetype/algorithmicMedia" in data
    assert second.value.suggested_filename == "picture.png"
    page.reload()
    expect(choice).not_to_be_checked()
    page.keyboard.press("Escape")
    page.locator(".tile .open").first.focus()
    page.keyboard.press("x")
    with page.expect_download() as archive:
        page.get_by_role("toolbar").get_by_role("button", name="Download").click()
    assert b"red fox" not in Path(archive.value.path()).read_bytes()
    assert b"README.txt" in Path(archive.value.path()).read_bytes()


@pytest.mark.parametrize("window", WINDOWS)
def test_the_grid_the_pair_and_the_rows_of_lists(
    open_window: Callable[..., Page], there: Place, window: dict[str, Any]
) -> None:
    page = open_window(**window)
    page.goto(f"{there.url}/compare?c={there.mixed}")
    expect(page.locator(".cmp-seen")).to_have_count(2)
    seen(page.locator(".cmp-label"), SHORT, AI)
    page.locator(".cmp-seen").first.click()
    seen(page.get_by_role("dialog").locator(".cmp-badge"), CODE, AI)

    page.goto(f"{there.url}/compare")
    expect(page.locator(".item .mark")).to_have_text(BOTH)
    page.goto(f"{there.url}/shares")
    expect(page.locator(".share .mark")).to_have_count(3)
    expect(page.locator(".share .mark").last).to_have_text(AI)
    page.goto(f"{there.url}/queue")
    expect(page.locator(".row.done .c2 small")).to_have_text([re.compile(AI), re.compile(CODE)])


@pytest.mark.parametrize("window", WINDOWS)
def test_what_is_scored_alone_has_one_mark_for_both(
    open_window: Callable[..., Page], there: Place, window: dict[str, Any]
) -> None:
    page = open_window(**window)
    page.goto(f"{there.url}/compare?c={there.mixed}&tab=score")
    page.get_by_role("button", name="Score alone").click()
    dialog = page.get_by_role("dialog", name="Score alone")
    expect(dialog.locator(".stage:not(.waiting)")).to_be_visible()
    expect(dialog.locator(".keys .marks")).to_have_text(BOTH)
    expect(dialog.locator(".keys .marks")).to_be_in_viewport(ratio=1)
    for side in dialog.locator(".side").all():
        assert AI not in side.inner_html()
        assert SHORT not in side.inner_html()


@pytest.mark.parametrize("window", WINDOWS)
def test_links_carry_it_before_and_after_a_vote(
    open_window: Callable[..., Page], there: Place, window: dict[str, Any]
) -> None:
    page = open_window(**window)
    page.goto(there.url + there.share)
    seen(page.locator(".label"), AI)
    page.goto(there.url + there.share + "/embed")
    seen(page.locator(".label"), AI)

    page.goto(there.url + there.vote)
    expect(page.locator(".marks")).to_have_text(BOTH)
    expect(page.locator(".marks")).to_be_visible()
    for shot in page.locator(".shot").all():
        assert AI not in shot.inner_html()
        assert SHORT not in shot.inner_html()
    page.locator("button[name=choice][value=tie]").click()
    expect(page.locator(".shot .badge")).to_have_count(2)  # told
    expect(page.locator(".marks")).to_have_text(BOTH)

    page.goto(there.url + there.look)
    expect(page.locator(".cmp-seen")).to_have_count(2)
    seen(page.locator(".cmp-label"), SHORT, AI)


def test_a_comparison_that_was_exported_carries_it_with_no_server(
    open_window: Callable[..., Page], there: Place, tmp_path: Path
) -> None:
    page = open_window()
    page.goto(f"{there.url}/compare?c={there.mixed}&tab=results")
    answer = page.request.get(f"{there.url}/download/comparisons/{there.mixed}/export.html")
    file = tmp_path / "export.html"
    file.write_bytes(answer.body())
    alone = open_window()
    alone.context.set_offline(True)
    alone.goto(file.as_uri())
    expect(alone.locator(".cmp-seen")).to_have_count(2)
    seen(alone.locator(".cmp-label"), SHORT, AI)


def test_the_examples_on_an_empty_page_say_that_they_were_drawn_by_code(
    start_app: Callable[..., App], page: Page
) -> None:
    app = start_app()
    for path in ("/", "/gallery", "/compare", "/shares"):
        page.goto(app.url + path)
        told = page.get_by_text(re.compile("drawn by code", re.IGNORECASE))
        expect(told.filter(visible=True).first).to_be_visible()


def test_marks_can_be_read_by_everybody(page: Page, there: Place) -> None:
    for path in ("/gallery", f"/gallery?image={there.fox}", there.vote):
        page.goto(there.url + path)
        page.wait_for_load_state("networkidle")
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]}).response["violations"]
        assert [each["id"] for each in found if each["impact"] in ("critical", "serious")] == []
