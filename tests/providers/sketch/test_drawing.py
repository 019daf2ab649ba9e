"""Every scene, style, time and weather gives a picture; the same wish always gives the same one; no prompt breaks it."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from reve_core.providers.sketch import art, render
from reve_core.providers.sketch.bodies import CLOTHES, COATS
from reve_core.providers.sketch.brief import Brief, Setting, Subject
from reve_core.providers.sketch.compose import compose
from reve_core.providers.sketch.drawings import OWN
from reve_core.providers.sketch.light import PALETTES
from reve_core.providers.sketch.parse import parse
from reve_core.providers.sketch.scenes.registry import SCENES
from reve_core.providers.sketch.styles import STYLES

ROOT = Path(__file__).resolve().parents[3]
FOX = (Subject("fox", "red fox"),)


def picture(prompt: str, seed: int = 0, width: int = 128, height: int = 128) -> bytes:
    return render(compose(parse(prompt), seed, width, height), seed).tobytes()


def contrast(pixels: np.ndarray) -> float:  # type: ignore[type-arg]
    return float(np.asarray(pixels, np.float32).std())


@pytest.mark.parametrize("scene", sorted(SCENES))
@pytest.mark.parametrize("time", ["day", "night"])
def test_every_scene_gives_a_picture_that_is_not_flat(scene: str, time: str) -> None:
    brief = Brief("a fox", Setting(scene, time), FOX)
    image = render(compose(brief, 1, 160, 128), 1)
    assert image.size == (160, 128)
    assert contrast(np.asarray(image)) > 8


@pytest.mark.parametrize("style", sorted(STYLES))
def test_every_style_changes_the_picture(style: str) -> None:
    plain = render(compose(Brief("a fox", Setting("forest"), FOX), 1, 160, 160), 1)
    styled = render(compose(Brief("a fox", Setting("forest", styles=(style,)), FOX), 1, 160, 160), 1)
    assert styled.size == plain.size
    difference = np.abs(np.asarray(styled, np.float32) - np.asarray(plain, np.float32)).mean()
    assert difference > 3


@pytest.mark.parametrize("time", sorted(PALETTES))
@pytest.mark.parametrize("weather", ["rain", "snow", "storm", "fog"])
def test_every_time_and_weather_gives_a_picture(time: str, weather: str) -> None:
    brief = Brief("", Setting("meadow", time, weather, extras=frozenset({"rainbow", "aurora", "flowers"})), FOX)
    assert contrast(np.asarray(render(compose(brief, 2, 96, 96), 2))) > 5


@pytest.mark.parametrize("scene", ["forest", "city", "room", "card", "logo", "island", "sea", "space"])
@pytest.mark.parametrize("size", [(256, 64), (64, 256)])
def test_the_longest_shapes_give_pictures(scene: str, size: tuple[int, int]) -> None:
    brief = Brief("", Setting(scene, "dusk", "rain"), FOX, texts=("HELLO",))
    assert render(compose(brief, 0, *size)).size == size


@pytest.mark.parametrize("name", [*OWN, *CLOTHES, *COATS])
def test_a_drawing_of_our_own_renders_in_every_pose(name: str) -> None:
    for pose in ("plain", "ride", "bust"):
        image = art.sprite(art.Look(name, pose), 48, 64)
        assert image.getchannel("A").getextrema()[1] == 255


def test_every_drawing_has_a_usable_shape() -> None:
    assert len(art.names()) > 800
    assert all(0.08 < art.aspect(name) < 8 for name in art.names())


def test_night_leaves_the_subject_in_the_light() -> None:
    def brightness(time: str) -> float:
        layout = compose(Brief("", Setting("forest", time), FOX), 0, 192, 192)
        box = next(r.bbox for r in layout.regions if r.label == "red fox")
        image = np.asarray(render(layout), np.float32)
        rows, columns = slice(int(box.y0 * 192), int(box.y1 * 192)), slice(int(box.x0 * 192), int(box.x1 * 192))
        return float(image[rows, columns].mean())

    assert brightness("night") > 0.45 * brightness("day")


def test_ink_leaves_paper_to_see_at_night() -> None:
    image = render(compose(parse("a wolf in the mountains at night, ink"), 0, 192, 192)).convert("L")
    assert float(np.asarray(image, np.float32).mean()) > 105


def test_the_same_seed_gives_the_same_picture_and_another_seed_another() -> None:
    prompt = "a red fox in a snowy forest"
    assert picture(prompt, 7) == picture(prompt, 7)
    assert picture(prompt, 7) != picture(prompt, 8)


def test_two_processes_with_other_hash_seeds_draw_the_same_bytes() -> None:
    prompts = ["a red fox in a snowy forest at dawn, watercolor", "two cats playing chess", "the feeling of blue"]
    code = (
        "import hashlib, sys\n"
        "from reve_core.providers.sketch.parse import parse\n"
        "from reve_core.providers.sketch.compose import compose\n"
        "from reve_core.providers.sketch import render\n"
        "for prompt in sys.argv[1:]:\n"
        "    print(hashlib.sha256(render(compose(parse(prompt), 3, 128, 128), 3).tobytes()).hexdigest())\n"
    )
    answers = []
    for hash_seed in ("1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", code, *prompts],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        answers.append(done.stdout.split())
    here = [hashlib.sha256(picture(prompt, 3)).hexdigest() for prompt in prompts]
    assert answers[0] == answers[1] == here


def test_threads_draw_the_same_pictures_as_one() -> None:
    prompts = ["a fox at night", "a castle by the sea, oil painting", "a bowl of ramen", "a city in the rain"] * 2
    alone = [picture(prompt) for prompt in prompts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(picture, prompts)) == alone


STRANGE = [
    pytest.param("", id="empty"),
    pytest.param("   \n\t ", id="blanks"),
    pytest.param("!?!?…—", id="punctuation only"),
    pytest.param("🦊🌲❄️👩‍🚀", id="emoji"),
    pytest.param("ثعلب في الغابة", id="right to left"),
    pytest.param("雪の森の赤い狐", id="no blanks"),
    pytest.param("a\x00fox\x07in\x1bthe\u202esnow\ufeff", id="control characters"),
    pytest.param("fox " * 1000, id="4000 characters"),
    pytest.param("x" * 4000, id="one long word"),
    pytest.param('"A" ' * 300, id="300 quoted texts"),
    pytest.param('"' + "W" * 390 + '"', id="a very long text"),
    pytest.param("99999999999999999999999 foxes and 0 cats and -3 dogs", id="huge numbers"),
    pytest.param('say "\u200b\u200d" and "\n" and "ﷺ"', id="texts without letters"),
    pytest.param("'" * 2000 + '"' * 1999, id="quotes only"),
    pytest.param("portrait of nothing wearing a hat on a riding under", id="relations without anybody"),
    pytest.param("a hat wearing a hat holding a hat on a hat under a hat in a hat", id="hats all the way"),
    pytest.param("a fox on a horse on an elephant on a turtle in a teacup under a tree", id="a tower of animals"),
    pytest.param("logo card island room abstract portrait space underwater mars", id="all scenes at once"),
    pytest.param("watercolor oil pixel ink noir poster neon comic low poly photo fox", id="all styles at once"),
    pytest.param("²³ ½ ٣ foxes ①", id="numbers of other kinds"),
]


@pytest.mark.parametrize("prompt", STRANGE)
def test_a_strange_prompt_gives_a_picture(prompt: str) -> None:
    assert len(picture(prompt, 1, 96, 96)) == 96 * 96 * 3


def test_random_strings_give_pictures() -> None:
    chance = random.Random(20)
    words = [
        "fox",
        "on",
        "a",
        "riding",
        "castle",
        "night",
        "wearing",
        "crown",
        '"',
        "hold",
        "in",
        "teacup",
        "neon",
        "two",
    ]
    alphabet = "abc 019\"'“”«»,.:()[]{}\\\n\t\x00éßжعа海🦊\u202e\u0301"
    for _ in range(40):
        pieces = [
            chance.choice(words)
            if chance.random() < 0.6
            else "".join(chance.choices(alphabet, k=chance.randint(1, 12)))
            for _ in range(chance.randint(1, 25))
        ]
        prompt = chance.choice(["", " "]).join(pieces)
        width, height = chance.choice([(64, 64), (128, 32), (32, 128)])
        image = render(compose(parse(prompt), chance.randrange(2**32), width, height), 0)
        assert image.size == (width, height), prompt
