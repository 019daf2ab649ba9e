"""What the sketch understands: the reviewed word list and the parser, judged by a fixed file of prompts."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from reve_core.providers.sketch import art
from reve_core.providers.sketch.assets import FOLDER
from reve_core.providers.sketch.describe import notes
from reve_core.providers.sketch.drawings import OWN
from reve_core.providers.sketch.parse import parse
from reve_core.providers.sketch.scenes.registry import SCENES
from reve_core.providers.sketch.vocabulary import singulars, traits, vocabulary

PROMPTS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "prompts.toml").read_text(encoding="utf-8"))[
    "prompt"
]


@pytest.mark.parametrize("wanted", [pytest.param(entry, id=entry["text"]) for entry in PROMPTS])
def test_a_prompt_is_understood_as_its_entry_in_the_file_says(wanted: dict[str, Any]) -> None:
    brief = parse(wanted["text"])
    subjects = brief.subjects
    assert [subject.art for subject in subjects] == wanted.get("subjects", [])
    assert [subject.count for subject in subjects] == wanted.get("counts", [1] * len(subjects))
    assert [subject.color or "" for subject in subjects] == wanted.get("colors", [""] * len(subjects))
    assert [subject.relation or "" for subject in subjects] == wanted.get("relations", [""] * len(subjects))
    assert brief.setting.scene == wanted["scene"]
    assert brief.setting.time == wanted.get("time", "day")
    assert brief.setting.weather == wanted.get("weather")
    assert list(brief.setting.styles) == wanted.get("styles", [])
    assert sorted(brief.setting.extras) == wanted.get("extras", [])
    assert list(brief.texts) == wanted.get("texts", [])
    assert list(brief.unknown) == wanted.get("unknown", [])


def test_the_file_holds_at_least_150_prompts() -> None:
    assert len({entry["text"] for entry in PROMPTS}) == len(PROMPTS) >= 150


def test_every_synonym_leads_to_a_drawing_that_exists() -> None:
    known = set(art.names())
    targets = {value for found in vocabulary().meanings.values() for kind, value in found if kind == "subject"}
    assert targets <= known


def test_every_drawing_named_in_the_data_files_exists() -> None:
    data = tomllib.loads((FOLDER / "words.toml").read_text(encoding="utf-8"))
    known = set(art.names())
    named = {name for names in data["groups"] for name in names.split()} | set(data["emblems"]) | set(data["subjects"])
    assert named <= known
    assert set(data["names"]["silent"].split()) <= known


def test_no_phrase_stands_for_two_drawings() -> None:
    data = tomllib.loads((FOLDER / "words.toml").read_text(encoding="utf-8"))
    phrases = [phrase for group in data["subjects"].values() for phrase in group]
    assert sorted(set(phrases)) == sorted(phrases)


@pytest.mark.parametrize(
    ("prompt", "never"),
    [
        ("a chess board", "skateboard"),
        ("an airship", "envelope"),
        ("fruit still life", "dna"),
        ("the sound of rain on a tin roof", "canned-food"),
        ("a snowboard on a roof", "mosque"),
        ("a knight", "guard"),
        ("the Eiffel Tower", "tokyo-tower"),
        ("a starfish", "star"),
        ("a snow globe", "globe-showing-europe-africa"),
        ("a piggy bank", "pig"),
        ("a flower bed", "bed"),
        ("a stone castle", "rock"),
        ("a king penguin", "person-with-crown"),
        ("a paper plane", "airplane"),
        ("the golden gate bridge", "bridge"),
        ("a girl with cat ears", "cat"),
        ("crystal clear water", "gem-stone"),
        ("birds fly over the sea", "fly"),
        ("people watch the sea", "watch"),
    ],
)
def test_a_word_never_becomes_another_thing(prompt: str, never: str) -> None:
    assert never not in [subject.art for subject in parse(prompt).subjects]


@pytest.mark.parametrize(
    ("plural", "singular"),
    [("foxes", "fox"), ("ponies", "pony"), ("wolves", "wolf"), ("mice", "mouse"), ("cats", "cat"), ("glass", "glass")],
)
def test_a_plural_leads_to_its_singular(plural: str, singular: str) -> None:
    assert singular in singulars(plural)


def test_what_cannot_be_drawn_is_said() -> None:
    assert notes(parse("a fisherman and a fox at dawn, watercolor")) == (
        "Drew: fox, forest, dawn, watercolor.",
        "Not drawn: fisherman.",
    )


def test_a_long_list_of_unknown_words_is_cut_short() -> None:
    prompt = " ".join(f"wug{chr(97 + index)}ling" for index in range(20))
    assert notes(parse(prompt))[1].endswith("and 12 more.")


def test_lettering_in_other_scripts_is_said_to_be_left_out() -> None:
    drew, left_out = notes(parse('a cat and "привет"'))
    assert "привет" not in drew
    assert "привет" in left_out


def test_traits_speak_only_of_drawings_that_exist() -> None:
    known = set(art.names())
    table = traits()
    named = {*table.home, *table.scale, *table.light, *table.natural, *table.seats}
    named = named.union(*table.roles.values(), *table.places.values())
    assert named <= known
    assert set(OWN) <= known


def test_every_default_scene_can_be_painted() -> None:
    assert set(traits().home.values()) - {"snow"} <= set(SCENES)
