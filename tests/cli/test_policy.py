"""`policy test` and `policy check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reve_core.cli import main
from tests.guard.moderation.conftest import SMALL


@pytest.fixture
def policy(tmp_path: Path) -> str:
    file = tmp_path / "policy.toml"
    file.write_text(SMALL)
    return str(file)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    return tmp_path / "texts.jsonl"


def test_plain_lines_are_judged_and_nothing_is_expected(
    policy: str, texts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts.write_text("a red fox\n\n# a remark\na f0rbidden {thing}\n")
    assert main(["policy", "test", "--policy", policy, str(texts)]) == 0
    printed = capsys.readouterr().out
    assert "allow" in printed
    assert "block   hate" in printed
    assert "leet" in printed
    assert "2 texts judged by policy small-1" in printed


def test_a_missed_label_fails_and_the_table_says_how_many(
    policy: str, texts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = [("a forbidden thing", "hate"), ("a fox", "refuse"), ("a heron", "allow"), ("harvest", "review")]
    texts.write_text("\n".join(json.dumps({"text": text, "expect": expect}) for text, expect in cases))
    assert main(["policy", "test", "--policy", policy, str(texts)]) == 1
    printed = capsys.readouterr().out
    assert "recall           66.7%" in printed
    assert "false positives  0.0%" in printed
    assert "1 judged otherwise" in printed


def test_labels_that_are_met_end_well(policy: str, texts: Path) -> None:
    texts.write_text('{"text": "forbidden", "expect": "block"}\n{"text": "a fox", "expect": "allow"}\n')
    assert main(["policy", "test", "--policy", policy, str(texts)]) == 0


def test_programs_get_json(policy: str, texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts.write_text("forbidden\x1b[31m\n")
    assert main(["policy", "test", "--json", "--policy", policy, str(texts)]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["action"], row["category"], row["rule"], row["line"]) == ("block", "hate", "word", 1)


def test_a_text_cannot_colour_the_terminal(policy: str, texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts.write_text("a \x1b[31mfox\n")
    main(["policy", "test", "--policy", policy, str(texts)])
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("line", ['{"text": 5}', '{"text": "a", "expect": "perhaps not"}', '{"expect": "allow"}'])
def test_a_line_that_cannot_be_meant_is_named(
    policy: str, texts: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    texts.write_text(f"a fox\n{line}\n")
    assert main(["policy", "test", "--policy", policy, str(texts)]) == 1
    assert "Line 2" in capsys.readouterr().err


def test_check_says_what_is_in_a_policy_and_what_is_wrong_with_one(
    policy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "check", policy]) == 0
    assert "Policy small-1" in capsys.readouterr().out
    Path(policy).write_text(SMALL.replace('"@word", "@who"', '"@gone"'))
    assert main(["policy", "check", policy]) == 1
    assert "rule word.who" in capsys.readouterr().err
