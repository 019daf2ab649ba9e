"""What the policy of a page is worth in a real browser: who may frame it, what runs in it, and whom it can call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

from tests.app.process import App
from tests.browser.conftest import app_in
from tests.web.servers import serving

pytestmark = pytest.mark.browser
PUBLIC = {"REVE_MODE": "public", "REVE_SECRET": "only-for-tests-" * 3, "REVE_TRUSTED_HOPS": "1"}


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    """A window that may run into our policies: here that is what is hoped for."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    context.close()


class Blog:
    """Another site, which shows the studio in a frame and notes who asks it for anything else."""

    def __init__(self) -> None:
        self.studio = ""
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/":
            self.asked.append(scope["path"])
        await HTMLResponse(f'<iframe id="studio" src="{self.studio}" width="900" height="700"></iframe>')(
            scope, receive, send
        )


@pytest.mark.parametrize("listed", [False, True], ids=["not listed", "listed"])
def test_another_site_shows_the_studio_in_a_frame_only_where_the_operator_lists_it(
    window: Page, tmp_path: Path, listed: bool
) -> None:
    blog = Blog()
    with serving(blog) as port:
        origin = f"http://127.0.0.1:{port}"
        with app_in(tmp_path, **PUBLIC, **({"REVE_EMBED_ORIGINS": origin} if listed else {})) as app:
            blog.studio = app.url.replace("127.0.0.1", "localhost")  # another site than the blog to the browser
            said: list[str] = []
            window.on("console", lambda message: said.append(message.text))
            window.goto(origin)
            studio = window.frame_locator("#studio")
            if listed:
                expect(studio.get_by_role("textbox", name="Prompt")).to_be_visible()
            else:
                expect(studio.get_by_role("textbox", name="Prompt")).to_have_count(0)
                assert any("frame-ancestors" in text for text in said)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with app_in(tmp_path_factory.mktemp("shield"), **PUBLIC) as app:
        yield app


INJECTED = """(where) => {
    window.__ran = [];
    window.__stopped = [];
    document.addEventListener("securitypolicyviolation", (event) => window.__stopped.push(event.effectiveDirective));
    const hole = document.createElement("div");
    hole.innerHTML = `<img src="nothing" onerror="window.__ran.push('handler')"><img src="${where}/beacon.png">`
        + `<a id="link" href="javascript:window.__ran.push('address')">x</a><iframe src="${where}/frame"></iframe>`
        + `<object data="${where}/object"></object><form id="form" action="${where}/form" method="post"></form>`;
    document.body.append(hole);
    for (const text of ["window.__ran.push('inline')", ""]) {
        const script = document.createElement("script");
        if (text) script.textContent = text; else script.src = `${where}/script.js`;
        document.body.append(script);
    }
    document.getElementById("link").click();
    document.getElementById("form").submit();
    return fetch(`${where}/fetch`, { mode: "no-cors" }).then(() => window.__ran.push("fetch"), () => null);
}"""


def test_what_gets_into_a_page_runs_nothing_and_calls_nobody(window: Page, app: App) -> None:
    blog = Blog()
    with serving(blog) as port:
        for path in ("/", "/gallery"):
            window.goto(app.url + path)
            expect(window.get_by_role("heading", level=1)).to_have_count(1)
            window.evaluate(INJECTED, f"http://127.0.0.1:{port}")
            window.wait_for_function("window.__stopped.includes('frame-src')")
            stopped = set(window.evaluate("window.__stopped"))
            assert window.evaluate("window.__ran") == []
            assert {
                "script-src-attr",
                "script-src-elem",
                "img-src",
                "frame-src",
                "connect-src",
                "form-action",
            } <= stopped
    assert blog.asked == []


def test_every_page_of_a_public_studio_is_drawn_without_running_into_its_own_policy(
    open_window: Callable[..., Page], app: App
) -> None:
    page = open_window()  # fails the test on any message of a policy
    for path in ("/", "/gallery", "/compare", "/queue", "/shares", "/api/v1/docs", "/s/none", "/c/none", "/nowhere"):
        page.goto(app.url + path)
        expect(page.get_by_role("heading", level=1).first).to_be_attached()
        page.wait_for_load_state("networkidle")
