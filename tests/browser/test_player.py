"""The player in a real browser, on a file opened from disk with no network: what people see and what their hands do."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from reve_core.compare import player
from tests.browser.player_data import HOSTILE, cell, large, picture, row, two_by_two

pytestmark = pytest.mark.browser

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
Show = Callable[..., Page]


@pytest.fixture
def show(open_window: Callable[..., Page], tmp_path: Path) -> Show:
    """``show(data, **options)``: the document written to a file and opened in a window that is offline."""

    def opened(data: dict[str, Any], **options: Any) -> Page:
        file = tmp_path / "comparison.html"
        file.write_text(player.document(data, data["title"]), encoding="utf-8")
        page = open_window(**options)
        page.context.set_offline(True)
        page.goto(file.as_uri())
        expect(page.get_by_role("grid")).to_be_visible()
        return page

    return opened


def at(page: Page, key: str) -> Locator:
    return page.locator(f'[data-key="{key}"]')


def pair(page: Page, key: str) -> Locator:
    """Opens the pair viewer from that cell and waits until both full pictures stand."""
    at(page, key).click()
    dialog = page.get_by_role("dialog", name="beside")
    expect(dialog).to_be_visible()
    expect(dialog.locator(".cmp-pane:visible .cmp-full.cmp-here")).to_have_count(2)
    return dialog


def settled(page: Page) -> None:
    """Two frames: one for the change that waits for a frame, one that has been painted."""
    page.evaluate("() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => r())))")
    page.evaluate("() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => null)))")


def seen(page: Page) -> tuple[Image.Image, Callable[[float, float], tuple[int, int, int]]]:
    """The stage as painted, and what colour it has at a place of the left picture (0 to 1)."""
    settled(page)
    stage = page.locator(".cmp-stage")
    image = Image.open(io.BytesIO(stage.screenshot())).convert("RGB")
    outer, frame = stage.bounding_box(), page.locator(".cmp-pane-a .cmp-frame").bounding_box()
    assert outer
    assert frame

    def colour(x: float, y: float) -> tuple[int, int, int]:
        place = frame["x"] - outer["x"] + x * frame["width"], frame["y"] - outer["y"] + y * frame["height"]
        return image.getpixel((int(place[0]), int(place[1])))  # type: ignore[return-value]

    return image, colour


def near(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return all(abs(a - b) <= 6 for a, b in zip(one, other, strict=True))


RED, BLUE, WHITE, BLACK = (192, 32, 32), (32, 48, 192), (255, 255, 255), (0, 0, 0)


# ---- the grid


def test_only_what_differs_is_marked_and_the_row_pointed_at_is_the_measure(show: Show) -> None:
    page = show(two_by_two())
    first, second = page.get_by_role("rowheader").all()
    expect(first.locator("del, ins")).to_have_count(0)
    expect(second.locator("del")).to_have_text(["fox", "the moon"])
    expect(second.locator("ins")).to_have_text(["cat", "two moons"])
    expect(second).to_have_accessible_name("B: a red cat under two moons")
    said = second.locator(".cmp-heard")
    expect(said).to_have_text(
        "a red cat under two moons. Against A: “fox” became “cat”, “the moon” became “two moons”."
    )
    second.hover()
    expect(first.locator("del").first).to_have_text("cat")
    expect(first.locator("ins").first).to_have_text("fox")
    expect(second.locator("del, ins")).to_have_count(0)
    expect(page.get_by_role("columnheader")).to_have_text(["Prompt", "seed 1", "seed 2"])


def test_twelve_rows_of_thirty_two_have_shared_heads_that_stay_in_sight_both_ways(show: Show) -> None:
    page = show(large())
    expect(page.get_by_role("gridcell")).to_have_count(384)
    heads = page.get_by_role("columnheader", name="Model")
    expect(heads).to_have_count(4)
    expect(heads.first).to_have_attribute("aria-colspan", "8")
    at(page, "r12-c3-7").scroll_into_view_if_needed()
    settled(page)
    scroll = page.locator(".cmp-scroll").bounding_box()
    head, line = page.locator(".cmp-heads").bounding_box(), page.get_by_role("rowheader").last.bounding_box()
    assert scroll
    assert head
    assert line
    assert abs(head["y"] - scroll["y"]) <= 1
    assert abs(line["x"] - scroll["x"]) <= 1


def test_a_shade_stands_where_more_columns_are_and_not_over_what_has_the_focus(show: Show) -> None:
    page = show(large(rows=2, samples=3))
    port, scroll = page.locator(".cmp-port"), page.locator(".cmp-scroll")
    shades = "(port) => ['::before', '::after'].map((one) => getComputedStyle(port, one).opacity)"
    settled(page)
    assert port.evaluate(shades) == ["0", "1"]
    at(page, "r1-c0-0").focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    settled(page)
    assert port.evaluate(shades) == ["1", "1"]
    box, whole = page.locator(":focus").bounding_box(), scroll.bounding_box()
    assert box
    assert whole
    assert box["x"] + box["width"] <= whole["x"] + whole["width"] - 28
    page.keyboard.press("End")
    settled(page)
    assert port.evaluate(shades) == ["1", "0"]
    page.keyboard.press("Home")
    settled(page)
    assert port.evaluate(shades) == ["0", "1"]


def test_a_picture_opens_beside_another_prompt_and_a_twin_beside_its_original(show: Show) -> None:
    data = two_by_two()
    data["rows"].insert(1, row(3, "a red fox under the moon", name="A′", twin_of="A"))
    data["cells"] += [cell("r3", column, src=picture("#446644")) for column in ("c1", "c2")]
    page = show(data)
    for key, name in (
        ("r1-c1", "A · seed 1 beside B"),
        ("r3-c2", "A′ · seed 2 beside A"),
        ("r2-c1", "B · seed 1 beside A"),
    ):
        at(page, key).click()
        expect(page.get_by_role("dialog", name=f"{name} · seed {key[-1]}", exact=True)).to_be_visible()
        page.keyboard.press("Escape")


def test_a_journey_by_keyboard_alone(show: Show) -> None:
    page = show(two_by_two())
    at(page, "r1-c1").focus()
    page.keyboard.press("End")
    expect(at(page, "r1-c2")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(at(page, "r2-c2")).to_be_focused()
    expect(page.locator('.cmp-grid [tabindex="0"]')).to_have_count(1)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_accessible_name("B · seed 2 beside A · seed 2")
    for key, mode in zip("2341", ("slider", "fade", "difference", "side"), strict=True):
        page.keyboard.press(key)
        expect(page.locator(".cmp-stage")).to_have_attribute("data-mode", mode)
    page.keyboard.press("ArrowLeft")  # the right picture
    expect(dialog).to_have_accessible_name("B · seed 2 beside A · seed 1")
    page.keyboard.press("Shift+ArrowLeft")  # the left one
    expect(dialog).to_have_accessible_name("B · seed 1 beside A · seed 1")
    page.keyboard.press(".")  # both
    page.keyboard.press("x")
    expect(dialog).to_have_accessible_name("A · seed 2 beside B · seed 2")
    page.keyboard.press("p")
    expect(dialog).to_have_accessible_name("A · seed 2 beside B · seed 1 beside B · seed 2")
    expect(page.locator(".cmp-pane:visible")).to_have_count(3)
    page.keyboard.press("?")
    expect(page.get_by_role("region", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="Keys")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(at(page, "r2-c2")).to_be_focused()


def test_two_picked_cells_open_together_and_escape_lets_go(show: Show) -> None:
    page = show(two_by_two())
    at(page, "r1-c1").focus()
    page.keyboard.press("c")
    expect(page.get_by_text("A · seed 1 is the left picture.").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".cmp-hint")).to_be_hidden()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("c")
    expect(page.get_by_role("dialog")).to_have_accessible_name("A · seed 1 beside A · seed 2")


def test_news_change_only_what_is_new_and_leave_scroll_focus_and_the_open_pair_alone(show: Show) -> None:
    data = large(rows=4)
    data["cells"][0] |= {"state": "running", "says": "Being made", "src": "", "full": "", "can": ["cancel"]}
    data["cells"][1] |= {"state": "failed", "says": "Refused. Reword it.", "src": "", "full": "", "can": ["retry"]}
    page = show(data)
    page.evaluate(
        """(data) => {
            window.did = [];
            document.getElementById("player").replaceChildren();
            window.held = compareMount(document.getElementById("player"), data, { act: (...all) => window.did.push(all) });
            window.images = [...document.querySelectorAll(".cmp-thumb")];
        }""",
        data,
    )
    expect(page.get_by_text("Being made")).to_be_visible()
    page.get_by_role("button", name="Retry").click()
    at(page, data["cells"][0]["key"]).press("m")
    page.keyboard.press("Enter")
    page.get_by_role("rowheader").nth(1).hover()
    page.get_by_role("button", name="What to do with row B").click()
    page.get_by_role("menuitem", name="Remove this row").click()
    assert page.evaluate("did") == [
        ["retry", {"keys": [data["cells"][1]["key"]]}],
        ["cancel", {"keys": [data["cells"][0]["key"]]}],
        ["remove_row", {"row": "r2"}],
    ]
    at(page, "r3-c2-4").focus()
    page.evaluate("document.querySelector('.cmp-scroll').scrollLeft = 700")
    data["cells"][0] |= cell("r1", "c0-0", src=picture("#123456"), full=picture("#123456"))
    page.evaluate("(data) => held.update(data)", data)
    expect(at(page, "r1-c0-0").locator("img")).to_have_attribute("src", picture("#123456"))
    assert page.evaluate("document.querySelector('.cmp-scroll').scrollLeft") == 700
    expect(at(page, "r3-c2-4")).to_be_focused()
    assert page.evaluate("images.every((one) => one.isConnected)")
    expect(page.get_by_role("status").first).to_have_text("1 picture is done.")
    at(page, "r3-c2-4").press("Enter")
    page.keyboard.press("2")
    page.keyboard.press("+")
    settled(page)
    before = page.locator(".cmp-dialog .cmp-layer").first.get_attribute("style")
    data["rows"].append(row(9, "a wooden boat on a pond"))
    page.evaluate("(data) => held.update(data)", data)
    expect(page.get_by_role("dialog")).to_have_accessible_name("C · Model 3 · 5 beside D · Model 3 · 5")
    expect(page.locator(".cmp-stage")).to_have_attribute("data-mode", "slider")
    settled(page)
    assert page.locator(".cmp-dialog .cmp-layer").first.get_attribute("style") == before


def test_what_people_and_providers_wrote_is_shown_as_text(show: Show) -> None:
    data = two_by_two(rows=[row(1, HOSTILE), row(2, HOSTILE + " twice")], diffs={}, question=HOSTILE)
    data["cells"][0]["alt"] = data["cells"][1]["label"] = HOSTILE
    data["details"]["r1-c2"]["regions"][0]["label"] = HOSTILE
    page = show(data)
    pair(page, "r1-c2")
    expect(page.locator(".cmp-cap").first.locator(".cmp-prompt")).to_contain_text("</script><img src=x")
    assert page.locator("img[src='x'], b").count() == 0
    assert page.title() == "Fox or cat"


def test_one_row_compares_along_its_columns_and_one_picture_stands_alone(show: Show) -> None:
    data = two_by_two(rows=[row(1, "a red fox under the moon")], diffs={}, standing=None)
    data["cells"] = [one for one in data["cells"] if one["row"] == "r1"]
    page = show(data)
    at(page, "r1-c1").click()
    expect(page.get_by_role("dialog")).to_have_accessible_name("A · seed 1 beside A · seed 2")
    page.keyboard.press("Escape")
    data["cells"][1] |= {"src": "", "full": "", "state": "queued"}
    page = show(data)
    at(page, "r1-c1").click()
    expect(page.get_by_role("dialog")).to_have_accessible_name("A · seed 1")
    expect(page.get_by_role("button", name="Slider")).to_be_disabled()


def test_a_hidden_prompt_keeps_its_row_and_adding_it_again_takes_one_press_with_the_price_on_it(show: Show) -> None:
    data = two_by_two(rows=[row(1, "", hidden=True), row(2, "", hidden=True)], diffs={}, details={})
    page = show(data)
    expect(page.get_by_text("Prompt not shown")).to_have_count(2)
    page.evaluate(
        """(data) => {
            window.did = [];
            const hooks = { act: (...all) => did.push(all), twin: (row) => row === "r1" ? "Same prompt again: $0.40" : "" };
            document.getElementById("player").replaceChildren();
            compareMount(document.getElementById("player"), data, hooks);
        }""",
        data,
    )
    page.get_by_role("button", name="Same prompt again: $0.40").click()
    assert page.evaluate("did") == [["twin", {"row": "r1"}]]


# ---- the pair


def test_the_slider_shows_the_left_picture_on_the_left_of_its_handle(show: Show) -> None:
    page = show(two_by_two())
    pair(page, "r1-c2")
    page.keyboard.press("2")
    _, colour = seen(page)
    assert near(colour(0.3, 0.2), RED)
    assert near(colour(0.7, 0.2), BLUE)
    assert near(colour(0.15, 0.5), WHITE)  # the left picture's own mark
    page.get_by_role("slider", name="Divider").first.focus()
    page.keyboard.press("Home")
    _, colour = seen(page)
    assert near(colour(0.3, 0.2), BLUE)
    frame = page.locator(".cmp-pane-a .cmp-frame").bounding_box()
    assert frame is not None
    page.mouse.move(frame["x"] + 5, frame["y"] + 40)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] * 0.8, frame["y"] + 40, steps=4)
    page.mouse.up()
    _, colour = seen(page)
    assert near(colour(0.75, 0.2), RED)
    assert near(colour(0.85, 0.2), BLUE)


def test_fade_mixes_and_holding_space_flips(show: Show) -> None:
    page = show(two_by_two())
    pair(page, "r1-c2")
    page.keyboard.press("3")
    _, colour = seen(page)
    assert near(colour(0.5, 0.2), (112, 40, 112))
    page.get_by_label("From the left picture to the right").fill("0")
    _, colour = seen(page)
    assert near(colour(0.5, 0.2), RED)
    page.get_by_role("button", name="Side by side").click()
    page.get_by_role("button", name="Fade").click()  # a press of the pointer leaves the keys with the stage
    page.keyboard.press("?")
    page.keyboard.press("Escape")
    page.keyboard.down("Space")
    _, colour = seen(page)
    assert near(colour(0.5, 0.2), BLUE)
    page.keyboard.up("Space")
    _, colour = seen(page)
    assert near(colour(0.5, 0.2), RED)
    page.get_by_role("button", name="Difference").focus()
    page.keyboard.press("Space")
    expect(page.locator(".cmp-stage")).to_have_attribute("data-mode", "difference")


def test_the_difference_of_equal_pictures_is_black_and_of_others_can_be_amplified(show: Show) -> None:
    data = two_by_two()
    data["cells"][2]["src"] = data["cells"][2]["full"] = picture("#204060")
    data["cells"][3]["src"] = data["cells"][3]["full"] = picture("#284868")
    page = show(data)
    pair(page, "r1-c1")
    page.keyboard.press("4")
    _, colour = seen(page)
    assert {colour(x / 10, y / 10) for x in range(1, 10) for y in range(2, 10)} == {BLACK}
    page.keyboard.press(".")  # both to column 2
    expect(page.locator(".cmp-pane:visible .cmp-full.cmp-here")).to_have_count(2)
    _, colour = seen(page)
    assert near(colour(0.5, 0.5), (8, 8, 8))
    page.get_by_label("Amplify the difference").fill("75")
    _, colour = seen(page)
    assert near(colour(0.5, 0.5), (64, 64, 64))


def test_zoom_and_move_keep_both_pictures_in_step(show: Show) -> None:
    page = show(two_by_two())
    pair(page, "r1-c2")
    frame = page.locator(".cmp-pane-b .cmp-frame").bounding_box()
    assert frame is not None
    spot = frame["x"] + 0.84 * frame["width"], frame["y"] + 0.5 * frame["height"]  # on the right picture's mark
    page.mouse.move(*spot)
    for _ in range(8):
        page.mouse.wheel(0, -300)
    settled(page)
    styles = page.locator(".cmp-layer").evaluate_all("(all) => all.map((one) => one.style.transform)")
    assert styles[0] == styles[1] != ""
    assert page.evaluate("new DOMMatrix(document.querySelector('.cmp-layer').style.transform).a") >= 8
    after = page.locator(".cmp-pane-b .cmp-frame").bounding_box()
    assert after is not None
    assert abs((spot[0] - after["x"]) / after["width"] - 0.84) < 0.01  # what was under the pointer still is
    page.mouse.down()
    page.mouse.move(spot[0] - 60, spot[1] - 30, steps=3)
    page.mouse.up()
    settled(page)
    moved = page.locator(".cmp-layer").evaluate_all("(all) => all.map((one) => one.style.transform)")
    assert moved[0] == moved[1] != styles[0]
    page.keyboard.press("0")
    expect(page.get_by_role("button", name="Fit")).to_be_visible()
    page.mouse.dblclick(*spot)
    expect(page.get_by_role("button", name="Fit")).to_be_hidden()


def test_two_fingers_zoom_toward_their_middle(show: Show) -> None:
    page = show(two_by_two(), **PHONE)
    at(page, "r1-c2").tap()
    fade = page.get_by_role("button", name="Fade")
    assert (fade.bounding_box() or {})["height"] >= 44
    fade.tap()
    box = page.locator(".cmp-stage").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, away: float) -> None:
        points = [{"x": x - away, "y": y, "id": 1}, {"x": x + away, "y": y, "id": 2}] if away else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", 20)
    for away in (40, 60, 80):
        fingers("touchMove", away)
    fingers("touchEnd", 0)
    settled(page)
    matrix = "(() => { const m = new DOMMatrix(document.querySelector('.cmp-layer').style.transform); return [m.a, m.e]; })()"
    scale, left = page.evaluate(matrix)
    assert scale == pytest.approx(4, abs=0.1)
    assert left == pytest.approx(box["width"] / 2 * (1 - 4), abs=4)
    assert page.evaluate("visualViewport.scale") == 1


def test_pictures_of_different_shapes_share_a_frame_and_it_says_so(show: Show) -> None:
    data = two_by_two()
    tall = picture("#2030c0", (64, 96))
    data["cells"][3] |= {"src": tall, "full": tall, "width": 64, "height": 96}
    page = show(data)
    pair(page, "r1-c2")
    expect(page.get_by_text("Different shapes, fitted into one frame: 96 × 64 and 64 × 96.")).to_be_visible()
    page.keyboard.press("3")
    page.get_by_label("From the left picture to the right").fill("100")
    _, colour = seen(page)
    assert near(colour(0.5, 0.5), BLUE)
    assert not near(colour(0.05, 0.2), RED)  # of the wider one no rim is left
    first, second = (page.locator(f".cmp-pane-{side} .cmp-frame").bounding_box() for side in "ab")
    assert first
    assert second
    assert first["width"] / first["height"] == pytest.approx(1.5, abs=0.02)
    assert second["width"] / second["height"] == pytest.approx(2 / 3, abs=0.02)


def test_a_picture_that_cannot_be_loaded_says_so(show: Show) -> None:
    data = two_by_two()
    data["cells"][3]["full"] = "data:image/png;base64,AAAA"
    page = show(data)
    at(page, "r1-c2").click()
    expect(page.get_by_text("The full picture could not be loaded. This is its small copy.")).to_be_visible()


def test_back_closes_the_viewer_and_closing_it_leaves_nothing_behind(show: Show) -> None:
    page = show(two_by_two(), bypass_csp=True)
    page.evaluate(
        """(data) => {
            history.replaceState("the page", "");
            window.address = location.href;
            window.reruns = 0;
            // Streamlit's rule, and it has listened for longer than the player.
            addEventListener("popstate", () => { if (!location.href.includes("#")) reruns += 1; });
            document.getElementById("player").replaceChildren();
            compareMount(document.getElementById("player"), data, {});
        }""",
        two_by_two(),
    )
    dialog = pair(page, "r1-c2")
    assert page.evaluate("history.state") != "the page"
    page.go_back()
    expect(dialog).to_be_hidden()
    expect(at(page, "r1-c2")).to_be_focused()
    assert page.evaluate("[history.state, location.href === address, reruns]") == ["the page", True, 0]
    page.go_forward()
    expect(page.get_by_role("dialog")).to_have_accessible_name("A · seed 2 beside B · seed 2")
    page.keyboard.press("Escape")
    page.wait_for_function("history.state === 'the page'")
    # Closed and opened at once: the way back is still under way then.
    pair(page, "r1-c2")
    page.evaluate("""() => {
        const dialog = document.querySelector("dialog");
        dialog.addEventListener("close", () => document.querySelector('[data-key="r1-c1"]').click(), { once: true });
        dialog.close();
    }""")
    expect(page.get_by_role("dialog")).to_have_accessible_name("A · seed 1 beside B · seed 1")
    page.wait_for_function("history.state !== 'the page'")
    page.keyboard.press("Escape")
    page.wait_for_function("history.state === 'the page'")
    page.wait_for_function("location.href === address")


def test_what_was_done_is_said_once_and_does_not_stay(show: Show) -> None:
    page = show(two_by_two())
    page.clock.install()
    pair(page, "r1-c2")
    said = page.get_by_role("dialog").get_by_role("status")
    for key, words in (
        ("2", "Slider"),
        ("x", "Swapped. Left: B · seed 2. Right: A · seed 2."),
        ("p", "Left: B · seed 2. Right: A · seed 1. Pinned: A · seed 2."),
        ("p", "Unpinned. Left: B · seed 2. Right: A · seed 1."),
        ("ArrowLeft", "Right: there is no other picture in the previous column."),
    ):
        page.keyboard.press(key)
        expect(said).to_have_text(words)
    page.keyboard.press("+")
    page.clock.run_for(1000)
    expect(said).to_have_text("Zoom 1.4×")
    page.clock.run_for(20_000)
    expect(said).to_be_empty()


# ---- layouts


def test_the_list_tells_what_moved_grew_was_reworded_went_and_came(show: Show) -> None:
    page = show(two_by_two())
    pair(page, "r1-c2")
    entries = page.get_by_role("list").get_by_role("button")
    expect(entries).to_have_text(
        [
            "lampdropped: only on the left",
            "boatadded: only on the right",
            "Moonsmoved right 50 %; “moon” became “Moons”",
            "treenow 200 % wider and 75 % taller",
            "cat“fox” became “cat”a red fox looking upa red cat looking up",
        ]
    )
    expect(page.get_by_text("One region is where it was.")).to_be_visible()  # the ground, clamped to the picture
    expect(page.get_by_text("Made by")).to_be_visible()
    entries.nth(2).focus()
    expect(page.locator(".cmp-box.cmp-lit")).to_have_text(["moon", "Moons"])
    page.locator(".cmp-word", has_text="fox").hover()
    expect(page.locator(".cmp-box.cmp-lit")).to_have_text(["fox", "cat"])
    page.locator(".cmp-word-b", has_text="moons").focus()
    expect(page.locator(".cmp-box.cmp-lit")).to_have_text(["moon", "Moons"])
    page.keyboard.press("Enter")  # the light stays on
    page.mouse.move(5, 5)
    page.get_by_role("button", name="Swap the two").focus()
    expect(page.locator(".cmp-box.cmp-lit")).to_have_text(["moon", "Moons"])


@pytest.mark.parametrize(
    ("first", "second", "kinds"),
    [
        pytest.param((0.1, 0.1, 0.3, 0.3), (0.12, 0.1, 0.32, 0.3), [], id="two hundredths are no move"),
        pytest.param((0.1, 0.1, 0.3, 0.3), (0.1, 0.1, 0.6, 0.3), ["resized"], id="growing to one side is no move"),
        pytest.param((0.1, 0.1, 0.3, 0.3), (0.5, 0.1, 0.9, 0.3), ["moved", "resized"], id="both at once"),
        pytest.param((-3.0, 0.0, 1.0, 9.0), (0.0, 0.0, 1.0, 1.0), [], id="outside the picture does not count"),
    ],
)
def test_a_region_has_moved_when_both_edges_went_the_same_way(
    page: Page, first: tuple[float, ...], second: tuple[float, ...], kinds: list[str]
) -> None:
    page.evaluate(player.script() + "; window.layouts = compareMount.layouts")
    boxes = [
        dict(zip(("x0", "y0", "x1", "y1"), box, strict=True)) | {"label": "a fox", "prompt": ""}
        for box in (first, second)
    ]
    [entry] = page.evaluate("([a, b]) => layouts([a], [b])", boxes)
    assert entry["kinds"] == kinds


# ---- everywhere


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_grid_or_pair_and_a_phone_needs_no_sideways_page(show: Show, scheme: str) -> None:
    data = two_by_two()
    data["rows"].append(row(3, "a red fox under the moon", name="A′", twin_of="A"))
    data["rows"].append(row(4, "a red fox under the moon, " + "and many further wishes, " * 30))
    for number, state in enumerate(("queued", "running", "failed", "cancelled")):
        data["cells"].append(cell(f"r{3 + number // 2}", f"c{1 + number % 2}", state=state, says="A sentence."))
    for options in ({}, PHONE):
        page = show(data, color_scheme=scheme, bypass_csp=True, **options)
        axe_finds_nothing(page)
        pair(page, "r1-c2")
        page.get_by_role("button", name="Layout boxes").click()
        axe_finds_nothing(page)


def axe_finds_nothing(page: Page) -> None:
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") == page.evaluate("innerWidth")
