"""Prompt to layout, and pictures from layouts that somebody edited."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import pytest

from reve_core.layout import BBox, Layout, Region
from reve_core.providers.sketch import plan_layout, render
from reve_core.providers.sketch.compose import compose
from reve_core.providers.sketch.parse import parse
from reve_core.providers.sketch.plan import Plan, read
from reve_core.providers.sketch.sizes import PIXELS, RATIOS, STEP, size_for

PROMPT = "a red fox and two owls in a snowy forest at dawn, watercolor"


def small(prompt: str, seed: int = 0, width: int = 160, height: int = 160) -> Layout:
    return compose(parse(prompt), seed, width, height)


def plan_of(layout: Layout) -> Plan:
    return read(layout, 0, layout.width or 160, layout.height or 160)


def edited(layout: Layout, **changes: Region) -> Layout:
    """The layout with the regions of these labels (blanks as underscores) replaced."""
    by_label = {name.replace("_", " "): region for name, region in changes.items()}
    return layout.model_copy(update={"regions": tuple(by_label.get(r.label, r) for r in layout.regions)})


def region(layout: Layout, label: str) -> Region:
    return next(r for r in layout.regions if r.label == label)


def test_labels_are_unique_and_carry_no_internal_names() -> None:
    layout = small(PROMPT)
    labels = [r.label for r in layout.regions]
    assert len(set(labels)) == len(labels)
    assert {"red fox", "owls", "owls 2"} <= set(labels)
    assert not any("[" in r.label + r.prompt for r in layout.regions)


def test_region_types_are_those_of_reve() -> None:
    layout = small('a fox and "HELLO"')
    assert {r.region_type for r in layout.regions} == {"coarse_detail", "text"}


def test_a_layout_survives_a_trip_through_json() -> None:
    layout = small(PROMPT)
    assert plan_of(Layout.model_validate(layout.as_json())) == plan_of(layout)


def test_a_moved_box_moves_its_drawing_and_nothing_else() -> None:
    layout = small(PROMPT)
    fox = region(layout, "red fox")
    moved = edited(layout, red_fox=fox.model_copy(update={"bbox": BBox(x0=0.1, y0=0.5, x1=0.3, y1=0.8)}))
    before, after = plan_of(layout), plan_of(moved)
    assert before.key == after.key
    assert before.setting == after.setting
    changed = [(a.art, b.box) for a, b in zip(before.figures, after.figures, strict=True) if a != b]
    assert changed == [("fox", (16.0, 80.0, 48.0, 128.0))]


def test_a_region_added_by_words_alone_is_drawn() -> None:
    layout = small("a fox in a forest")
    owl = Region(label="an owl", prompt="a small blue owl", bbox=BBox(x0=0.1, y0=0.1, x1=0.3, y1=0.4))
    added = layout.model_copy(update={"regions": (*layout.regions, owl)})
    arts = [figure.art for figure in plan_of(added).figures]
    assert arts == ["fox", "owl"]
    assert plan_of(added).figures[1].hue == 215
    assert render(added).tobytes() != render(layout).tobytes()


def test_a_text_region_is_lettered() -> None:
    layout = small("a fox in a forest")
    words = Region(label="title", prompt="FOREST", bbox=BBox(x0=0, y0=0, x1=1, y1=0.3), region_type="text")
    added = layout.model_copy(update={"regions": (*layout.regions, words)})
    assert [item.text for item in plan_of(added).letterings] == ["FOREST"]
    assert render(added).tobytes() != render(layout).tobytes()


def test_rewritten_words_win_over_the_side_field() -> None:
    layout = small("a fox in a forest at dawn")
    fox, forest = region(layout, "fox"), region(layout, "forest")
    changed = edited(
        layout,
        fox=fox.model_copy(update={"prompt": "a wolf"}),
        forest=forest.model_copy(update={"prompt": "a snowy forest at night"}),
    )
    after = plan_of(changed)
    assert [figure.art for figure in after.figures] == ["wolf"]
    assert (after.setting.time, after.setting.weather) == ("night", "snow")
    assert after.key == plan_of(layout).key  # the same hills under another sky


def test_a_layout_from_another_provider_is_drawn_by_its_words() -> None:
    layout = Layout(
        prompt="a sailboat at sea at sunset",
        regions=(
            Region(label="calm sea", prompt="a calm sea at sunset", bbox=BBox(x0=0, y0=0, x1=1, y1=1)),
            Region(label="sailboat", prompt="a white sailboat", bbox=BBox(x0=0.3, y0=0.3, x1=0.6, y1=0.8)),
            Region(label="mood", prompt="a wistful feeling", bbox=BBox(x0=0, y0=0, x1=0.2, y1=0.2)),
        ),
        width=160,
        height=160,
    )
    wanted = plan_of(layout)
    assert (wanted.setting.scene, wanted.setting.time) == ("sea", "sunset")
    assert [figure.art for figure in wanted.figures] == ["sailboat"]
    assert render(layout).size == (160, 160)


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((0.5, 0.5, 0.5, 0.5), id="empty"),
        pytest.param((0.9, 0.9, 0.1, 0.1), id="inside out"),
        pytest.param((math.nan, 0.0, 1.0, 1.0), id="not a number"),
        pytest.param((-9e9, -9e9, 9e9, 9e9), id="enormous"),
        pytest.param((2.0, 2.0, 3.0, 3.0), id="outside"),
    ],
)
def test_a_strange_box_never_stops_the_picture(box: tuple[float, float, float, float]) -> None:
    x0, y0, x1, y1 = box
    strange = Region(label="fox", prompt="a fox", bbox=BBox(x0=x0, y0=y0, x1=x1, y1=y1))
    text = strange.model_copy(update={"label": "t", "region_type": "text"})
    assert render(Layout(regions=(strange, text), width=96, height=96)).size == (96, 96)


def test_an_empty_layout_gives_a_picture() -> None:
    assert render(Layout(width=96, height=64)).size == (96, 64)


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_size_is_about_a_megapixel_in_steps_of_32(ratio: str) -> None:
    width, height = size_for(ratio)
    across, down = (int(part) for part in ratio.split(":"))
    assert width % STEP == height % STEP == 0
    assert 0.9 < width * height / PIXELS < 1.1
    assert 0.97 < (width / height) / (across / down) < 1.03


def test_a_square_is_1024_by_1024() -> None:
    assert size_for("1:1") == (1024, 1024)


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("prompt", [PROMPT, "a dragon over a castle", "two cats playing chess", "portrait of a queen"])
def test_every_subject_stays_mostly_inside_the_picture(ratio: str, prompt: str) -> None:
    width, height = size_for(ratio)
    for figure in plan_of(compose(parse(prompt), 3, width, height)).figures:
        x0, y0, x1, y1 = figure.box
        inside = max(0.0, min(width, x1) - max(0.0, x0)) * max(0.0, min(height, y1) - max(0.0, y0))
        assert inside > 0.85 * (x1 - x0) * (y1 - y0), figure


def test_a_style_does_not_change_the_scenery() -> None:
    plain, inked = small("a fox in a forest", 5), small("a fox in a forest, ink drawing", 5)
    assert plan_of(plain).key == plan_of(inked).key


def test_another_subject_stands_in_other_scenery() -> None:
    assert plan_of(small("a fox in a forest")).key != plan_of(small("an owl in a forest")).key


def test_the_public_halves_agree_with_each_other() -> None:
    layout = plan_layout("a fox", 1, "16:9")
    assert (layout.width, layout.height) == size_for("16:9")


def test_what_is_said_to_be_drawn_is_what_the_layout_draws() -> None:
    file = Path(__file__).parent / "prompts.toml"
    for entry in tomllib.loads(file.read_text(encoding="utf-8"))["prompt"]:
        brief = parse(entry["text"])
        drawn = {figure.art for figure in plan_of(small(entry["text"])).figures}
        assert drawn == {subject.art for subject in brief.subjects}, entry["text"]
