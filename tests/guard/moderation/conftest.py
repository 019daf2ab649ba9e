"""The policy that comes along, read once; and a small one, for tests of the engine itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from reve_core.guard.moderation import Moderator

SMALL = """
version = "small-1"
max_chars = 4000

[lists]
age = ["7", "12", "twelve"]

[allow]
phrases = ["forbidden city", "forbidden fruit*"]

[groups]
word = ["forbidden", "verboten*", "禁止"]
who = ["somebody", "{age} year old"]
context = ["museum"]
gather = ["harvest~"]

[pieces]
common = ["for", "the", "pen", "is", "bid", "den", "a"]
partners = ["fruit", "thing"]
whole = ["forbiddenly"]

[[rule]]
id = "word"
category = "hate"
severity = 50
all_of = ["@word"]
none_of = ["@context"]

[[rule]]
id = "word.who"
category = "sexual_minors"
severity = 90
all_of = ["@word", "@who"]
within = 3

[[rule]]
id = "gather"
category = "fraud"
action = "review"
severity = 20
all_of = ["@gather"]

[remote]
sexual = 0.5
violence = 0.9
"""


@pytest.fixture(scope="session")
def bundled() -> Moderator:
    return Moderator()


@pytest.fixture
def small_file(tmp_path: Path) -> Path:
    file = tmp_path / "policy.toml"
    file.write_text(SMALL)
    return file


@pytest.fixture
def small(small_file: Path) -> Moderator:
    return Moderator(small_file)
