"""
The app on a host that lets only Streamlit through: below a path and in a frame, its cookies dropped, and none of its own
addresses reachable. Everything a person does first works there, and nothing of the page fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, FrameLocator, Page, expect

from tests.app.prefix_proxy import PrefixProxy
from tests.app.process import App
from tests.browser.conftest import app_in

pytestmark = pytest.mark.browser
FOX = "a red fox in a snowy forest at dawn"
OURS = ("/images/", "/api/", "/examples/", "/download/", "/exports/", "/s/", "/c/")
OpenWindow = Callable[..., Page]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = app_in(
        tmp_path_factory.mktemp("app"),
        REVE_MODE="public",
        REVE_SECRET="only-for-tests-" * 3,
        REVE_SKETCH_DELAY_S="0.3",
        REVE_MODERATION="off",
    )
    running.start()
    yield running
    running.close()


@pytest.fixture
def host(app: App) -> Iterator[PrefixProxy]:
    with PrefixProxy(app.port) as proxy:
        yield proxy


class Visit:
    """
    A window on the host, and everything in it that went wrong out loud. Not what Streamlit itself tries: opened on another
    page than the first it looks for its server below that page as well.
    """

    def __init__(self, page: Page, host: PrefixProxy) -> None:
        self.page, self.host = page, host
        self.loud: list[str] = []
        page.on("console", self._heard)
        page.on("response", lambda answer: self._answered(answer.url, answer.status))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "/_stcore/" not in message.location["url"]:
            self.loud.append(f"{message.text} {message.location}")

    def _answered(self, url: str, status: int) -> None:
        if status >= 400 and "/_stcore/" not in url:
            self.loud.append(f"{status} {url}")

    def open(self, path: str = "/") -> FrameLocator:
        self.page.goto(self.host.url + path)
        return self.frame

    @property
    def refused(self) -> list[str]:
        """What the host did not let through."""
        return [path for path in self.host.refused if "/_stcore/" not in path]

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("iframe")


@pytest.fixture
def visit(open_window: OpenWindow, host: PrefixProxy) -> Visit:
    return Visit(open_window(), host)


def create(frame: FrameLocator, prompt: str) -> None:
    frame.get_by_role("textbox", name="Prompt").fill(prompt)
    frame.get_by_role("button", name="Create").click()
    expect(frame.get_by_role("listitem", name=prompt).get_by_role("img", name=prompt)).to_have_class("here")


def go(frame: FrameLocator, name: str) -> None:
    frame.locator("header").get_by_role("link", name=name).click()


def tiles(frame: FrameLocator) -> list[str]:
    """What hangs in the gallery, each picture loaded."""
    found = frame.locator('.st-key-gallery_grid img[alt]:not([alt=""])')
    expect(found.first).to_be_visible()
    for tile in found.all():
        expect(tile).to_have_js_property("complete", True)
        assert tile.evaluate("img => img.naturalWidth") > 0
    return [tile.get_attribute("alt") or "" for tile in found.all()]


def link_of(frame: FrameLocator) -> str:
    frame.get_by_role("button", name="Your link").click()
    return frame.get_by_role("textbox", name="Your link").input_value()


def test_from_the_first_prompt_to_the_picture_and_back_to_it(visit: Visit, open_window: OpenWindow) -> None:
    frame = visit.open()
    expect(frame.get_by_text("Nothing made here yet.")).to_be_visible()
    expect(frame.get_by_text("This host passes on no cookies")).to_be_visible()
    expect(frame.locator("header").get_by_role("link", name="Shares")).to_have_count(0)
    create(frame, FOX)  # and the picture appears without a reload
    go(frame, "Gallery")
    assert tiles(frame) == [FOX]
    expect(frame.get_by_role("button", name="Devices")).to_have_count(0)

    visit.page.reload()  # this tab goes on as the same visitor
    go(frame, "Gallery")
    assert tiles(frame) == [FOX]

    link = link_of(frame)
    assert urlsplit(link).path == "/"  # not the path of the frame within the host
    assert "me=" in link
    back = Visit(open_window(), visit.host)
    there = back.open(link.removeprefix(visit.host.url))
    expect(there.get_by_text("You are in the gallery of the link that was opened.")).to_be_visible()
    go(there, "Gallery")
    assert tiles(there) == [FOX]
    assert "me=" not in back.page.frames[1].url

    stranger = Visit(open_window(), visit.host)
    alone = stranger.open()
    expect(alone.get_by_text("Nothing made here yet.")).to_be_visible()

    assert [path for path in visit.host.asked + visit.host.refused if path.startswith(OURS)] == []
    assert visit.refused == []
    assert visit.host.cookies == {"_streamlit_xsrf"} or visit.host.cookies == set()
    assert visit.loud + back.loud + stranger.loud == []


def test_a_picture_opens_large_and_is_downloaded(visit: Visit) -> None:
    frame = visit.open()
    create(frame, FOX)
    go(frame, "Gallery")
    frame.get_by_role("button", name=FOX).click()
    dialog = frame.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Download")).to_be_visible()
    expect(dialog.locator("img.big.here")).to_be_visible()
    expect(dialog.get_by_role("button", name="Share")).to_have_count(0)
    with visit.page.expect_download() as saving:
        dialog.get_by_role("button", name="Download").click()
    assert saving.value.suggested_filename.endswith(".png")
    assert saving.value.path().read_bytes().startswith(b"\x89PNG")
    assert visit.refused == []
    assert visit.loud == []


def test_a_comparison_of_two_by_two_shows_its_pictures_and_opens_a_pair(visit: Visit) -> None:
    frame = visit.open("/compare")
    frame.get_by_role("textbox", name=re.compile("prompts", re.I)).first.fill("a lighthouse\na windmill")
    frame.get_by_role("radio", name="2 pictures of each").check(force=True)
    frame.get_by_role("button", name="Make 4 pictures").click()
    cells = frame.locator(".cmp-cell img.cmp-thumb")
    expect(cells).to_have_count(4)
    for cell in cells.all():
        expect(cell).to_have_js_property("complete", True)
        assert cell.evaluate("img => img.naturalWidth") > 0
    cells.first.click()
    whole = frame.get_by_role("dialog").locator(".cmp-frame img").nth(1)
    expect(whole).to_have_class(re.compile("cmp-here"))
    expect(whole).to_have_js_property("naturalWidth", 1024)  # not its thumbnail
    assert visit.refused == []
    assert visit.loud == []


def test_a_host_without_a_path_is_found_out_by_a_single_question(app: App, open_window: OpenWindow) -> None:
    with PrefixProxy(app.port, root="/") as host:
        page = open_window()
        page.goto(host.url)
        page.get_by_role("textbox", name="Prompt").fill(FOX)
        page.keyboard.press("Control+Enter")
        expect(page.locator("li.card img.here")).to_have_count(1)
        page.locator("header").get_by_role("link", name="Gallery").click()
        expect(page.get_by_role("button", name=FOX)).to_be_visible()
        assert len(host.refused) == 1
        assert host.refused[0].startswith("/examples/")
        assert any(path.startswith("/media/") for path in host.asked)


def test_an_ordinary_host_is_asked_beside_the_page_and_runs_it_once(
    open_window: OpenWindow, start_app: Callable[..., App]
) -> None:
    page = open_window()
    sent: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    with page.expect_response(lambda answer: answer.request.method == "HEAD") as asked:
        page.goto(start_app().url)
    assert asked.value.ok
    expect(page.get_by_text("Nothing made here yet.")).to_be_visible()
    link = page.locator("header").get_by_role("link", name="Gallery")
    link.click()
    expect(page.get_by_text("Your pictures will hang here")).to_be_visible()
    assert len(sent) == 2  # the page, and the press: what a piece had said would stand between them
