"""The operator in a real browser: signs in, sees the spending, decides, hides, changes a limit; and nobody else gets near."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.app.process import App
from tests.browser.conftest import app_in
from tests.standin import StandIn

pytestmark = pytest.mark.browser

OpenWindow = Callable[..., Page]
TOKEN = "operators-only-7hq2-LmZ9-wXk4"
PHONE = {"viewport": {"width": 390, "height": 844}}
COSTS = 150  # credits of one picture
POLICY = """
version = "test"
max_chars = 4000

[groups]
doubt = ["perhaps"]

[[rule]]
id = "doubt.any"
category = "violence"
action = "review"
severity = 50
all_of = ["@doubt"]
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("operated")
    policy = folder / "policy.toml"
    policy.write_text(POLICY)
    with StandIn(key="papi.only-a-test") as reve:
        running = app_in(
            folder,
            REVE_MODE="public",
            REVE_SECRET="only-for-tests-" * 3,
            REVE_OPERATOR_TOKEN=TOKEN,
            REVE_API_URL=reve.url,
            REVE_API_KEY="papi.only-a-test",
            REVE_POLICY_FILE=str(policy),
            REVE_VISITOR_PER_MINUTE="0",
            REVE_ADDRESS_PER_MINUTE="0",
            REVE_VISITOR_DAILY_CREDITS=str(3 * COSTS),
            REVE_OWN_KEYS="false",
            REVE_SOCKETS_PER_ADDRESS="0",
        )
        running.start()
        yield running
        running.close()


def sign_in(page: Page, app: App) -> Page:
    page.goto(f"{app.url}/operator")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Signed in with the token")).to_be_visible()
    return page


def part(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).or_(page.get_by_role("button", name=name, exact=True)).first.click()


def ask(page: Page, app: App, prompt: str) -> None:
    page.goto(app.url)
    page.get_by_role("textbox", name="Prompt").fill(prompt)
    page.keyboard.press("Control+Enter")


def pictures(page: Page) -> Locator:
    return page.locator(".card img.here")


def test_an_operator_sees_the_spending_decides_hides_and_changes_a_limit(app: App, open_window: OpenWindow) -> None:
    visitor = open_window()
    ask(visitor, app, "a red fox in snow")
    expect(pictures(visitor)).to_have_count(1)

    desk = sign_in(open_window(), app)
    expect(desk.locator("dd").first).to_have_text(str(COSTS))
    expect(desk.locator("canvas, .marks").first).to_be_visible()

    ask(visitor, app, "perhaps a heron")
    part(desk, "Review")
    expect(desk.get_by_text("perhaps a heron")).to_be_visible()
    expect(pictures(visitor)).to_have_count(1)
    desk.get_by_role("button", name="Approve").click()
    expect(desk.get_by_text("Approved. It takes its turn now.")).to_be_visible()
    expect(pictures(visitor)).to_have_count(2)

    share = shared(visitor, app)
    assert httpx.get(share).status_code == 200
    part(desk, "Pictures")
    desk.get_by_label("Address or id").fill(share)
    desk.get_by_role("button", name="Find").click()
    expect(desk.get_by_alt_text("The picture that was found")).to_be_visible()
    desk.get_by_role("button", name="Hide picture").click()
    expect(desk.get_by_text("It is off every screen")).to_be_visible()
    assert httpx.get(share).status_code == 410
    visitor.goto(f"{app.url}/shares")
    expect(visitor.get_by_text("Taken down by the operator")).to_be_visible()

    ask(visitor, app, "a wren")
    expect(visitor.locator(".card", has_text="a wren").locator("img.here")).to_have_count(1)
    visitor.goto(app.url)
    expect(visitor.get_by_text("Your credits for today").first).to_be_visible()
    part(desk, "Limits")
    desk.get_by_label("One visitor, a day (credits)").fill("600")
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_text("Saved. One visitor, a day (credits): 600.")).to_be_visible()
    visitor.wait_for_timeout(1000)  # what is promised: within a second
    ask(visitor, app, "a kingfisher")
    expect(visitor.locator(".card", has_text="a kingfisher").locator("img.here")).to_have_count(1)

    part(desk, "History")
    for line in ("sign in", "approve", "hide picture", "visitor_credits: 450 to 600"):
        expect(desk.get_by_role("cell", name=line)).to_be_visible()
    assert TOKEN not in desk.content()
    assert TOKEN not in app.log()


def shared(visitor: Page, app: App) -> str:
    """The address of a link to the newest picture."""
    visitor.goto(f"{app.url}/gallery")
    visitor.locator('.st-key-gallery_grid img[alt]:not([alt=""])').first.click()
    visitor.get_by_role("button", name="Share", exact=True).click()
    visitor.get_by_role("button", name="Create link").click()
    expect(visitor.get_by_role("heading", name="The link is ready")).to_be_visible()
    return visitor.get_by_label("Link", exact=True).input_value()


def test_a_visitor_hears_nothing_of_the_page(app: App, page: Page) -> None:
    frames: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(str(data))))
    for name in ("", "gallery", "queue"):
        page.goto(f"{app.url}/{name}")
        expect(page.get_by_role("heading", level=1).first).to_be_attached()
    assert frames
    assert not any("perator.py" in frame or "Operator" in frame for frame in frames)
    assert page.get_by_role("link", name="Operator").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_read_on_a_phone_and_passes_axe(open_window: OpenWindow, tmp_path: Path, scheme: str) -> None:
    app = app_in(tmp_path, REVE_OPERATOR_TOKEN=TOKEN)  # personal mode has an operator too
    app.start()
    try:
        page = sign_in(open_window(color_scheme=scheme, **PHONE), app)
        for name in ("Overview", "Review", "Pictures", "Bans", "Limits", "Copies", "History"):
            part(page, name)
            expect(page.locator(".op-title h2").first).to_be_visible()
            expect(page.locator('[data-stale="true"]')).to_have_count(0)  # what the part before has left behind fades
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, name
            assert problems(page) == [], name
        page.locator(".st-key-phone_nav a", has_text="Gallery").click()
        page.locator(".st-key-foot_desk a").click()  # the names of the other pages leave no room for it above
        expect(page.get_by_text("Signed in with the token")).to_be_visible()
    finally:
        app.close()


def problems(page: Page) -> list[str]:
    return [
        f"{rule['id']}: {node['html'][:160]}"
        for rule in Axe().run(page, context=".st-key-operator").response["violations"]
        for node in rule["nodes"]
        if "stFileUploaderDropzone" not in node["html"]  # Streamlit's own
    ]


def test_a_copy_is_downloaded_and_checked(app: App, page: Page, tmp_path: Path) -> None:
    sign_in(page, app)
    part(page, "Copies")
    page.get_by_role("button", name="Make a download link").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the copy").click()
    file = tmp_path / "copy.zip"
    waiting.value.save_as(file)
    with zipfile.ZipFile(file) as archive:
        assert "reve.db" in archive.namelist()
        assert archive.testzip() is None
    page.get_by_label("Or a file of yours").locator("input").or_(
        page.locator('input[type="file"]')
    ).first.set_input_files(file)
    page.get_by_role("button", name="Check this file").click()
    expect(page.get_by_text("It is sound, and could be put back.")).to_be_visible()


# The last: this app takes no token from here for ten minutes after it.
def test_wrong_tokens_are_counted_down_and_then_wait(app: App, page: Page) -> None:
    page.goto(f"{app.url}/operator")
    for left in (4, 3, 2, 1):
        page.get_by_label("Token").fill("not the operator's token")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text(f"{left} {'try is' if left == 1 else 'tries are'} left.")).to_be_visible()
    page.get_by_label("Token").fill("not the operator's token")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Try again in 9:")).to_be_visible()
    expect(page.get_by_label("Token")).to_have_count(0)
