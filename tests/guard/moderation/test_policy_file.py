"""A policy file that cannot be used says where and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from reve_core.errors import ConfigurationError
from reve_core.guard.moderation.policy import MAX_BYTES, load, parse
from tests.guard.moderation.conftest import SMALL


@pytest.mark.parametrize(
    ("change", "with_", "words"),
    [
        pytest.param('"@word", "@who"', '"@word", "@whom"', "rule word.who", id="a group that is not there"),
        pytest.param('"@word", "@who"', '"word", "@who"', "no group", id="a group without its sign"),
        pytest.param('id = "word.who"', 'id = "word"', "used twice", id="two rules with one id"),
        pytest.param('"{age} year old"', '"{years} year old"', "no list 'years'", id="a list that is not there"),
        pytest.param('"museum"', '"..."', "too short", id="a term of signs only"),
        pytest.param('"museum"', '"mu*"', "too short", id="a beginning that many words have"),
        pytest.param('"museum"', '"mu*seum"', "star", id="a star in the middle"),
        pytest.param("severity = 50", "severity = 500", "severity", id="a severity out of range"),
        pytest.param('action = "review"', 'action = "warn"', "action", id="an action that is none"),
        pytest.param('all_of = ["@gather"]', "", "neither terms nor all_of", id="a rule that asks for nothing"),
        pytest.param("max_chars = 4000", "max_chars = 400", "max_chars", id="a cap below the longest prompt"),
        pytest.param("sexual = 0.5", "sexual = 1.5", "sexual", id="a threshold that no score reaches"),
        pytest.param("within = 3", "wihtin = 3", "wihtin", id="a mistyped key"),
        pytest.param('version = "small-1"', "", "version", id="no version"),
        pytest.param("within = 3", "within = ", "line", id="no TOML"),
    ],
)
def test_what_is_wrong_is_named(change: str, with_: str, words: str) -> None:
    assert change in SMALL
    with pytest.raises(ConfigurationError, match=words):
        parse(SMALL.replace(change, with_))


def test_an_error_in_a_rule_names_its_line() -> None:
    broken = SMALL.replace('all_of = ["@gather"]', 'all_of = ["@gone"]')
    line = broken.splitlines().index('id = "gather"') + 1
    with pytest.raises(ConfigurationError, match=rf"rule gather \(line {line}\)"):
        parse(broken)


def test_a_file_that_is_no_text_or_too_large_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_bytes(SMALL.encode() + b"\n# \xff\n")
    with pytest.raises(ConfigurationError, match=f"line {SMALL.count(chr(10)) + 2}"):
        load(file)
    file.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ConfigurationError, match="larger than 2 MB"):
        load(file)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path / "gone.toml")
