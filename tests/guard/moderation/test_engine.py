"""How a text is judged, and what happens when the policy file changes."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from reve_core.errors import ConfigurationError
from reve_core.guard.moderation import Action, Moderator, engine, message
from reve_core.guard.moderation.messages import KNOWN, NAMES
from reve_core.guard.moderation.policy import Policy, load
from tests.building import until
from tests.guard.moderation.conftest import SMALL


class Clock:
    """Stands in for time.monotonic, so that a second passes when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(engine.time, "monotonic", clock)
    return clock


def write(file: Path, text: str) -> None:
    """Later than the last time, on any file system."""
    before = file.stat().st_mtime_ns
    file.write_text(text)
    os.utime(file, ns=(before + 1_000_000_000, before + 1_000_000_000))


def test_a_verdict_says_which_rule_and_which_policy(small: Moderator) -> None:
    verdict = small.judge("a forbidden thing")
    assert (verdict.action, verdict.category, verdict.severity) == (Action.BLOCK, "hate", 50)
    assert (verdict.rule, verdict.view, verdict.policy) == ("word", "text", "small-1")


def test_what_no_rule_names_is_allowed_and_has_no_message(small: Moderator) -> None:
    verdict = small.judge("a red fox in snow")
    assert verdict.action is Action.ALLOW
    assert verdict.message == ""
    assert verdict.policy == "small-1"


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("f0rb1dd3n", "leet"),
        ("f o r b i d d e n", "fragments"),
        ("for-bid-den", "joined"),
        ("fffforbiddennnn", "repeats"),
        ("forbi dden", "fragments"),
        ("forbiddenthing", "apart"),
        ("forb*dden", "masked"),
        ("%66orbidden", "decoded"),
        ("neddibrof", "reversed"),
        ("sbeovqqra", "rot13"),
    ],
)
def test_a_verdict_says_how_the_word_was_hidden(small: Moderator, text: str, view: str) -> None:
    assert small.judge(text).view == view


def test_an_allowed_phrase_covers_its_own_words_only(small: Moderator) -> None:
    assert small.judge("the Forbidden City in rain").action is Action.ALLOW
    assert small.judge("two forbidden fruits").action is Action.ALLOW
    assert small.judge("the Forbidden City and a forbidden thing").action is Action.BLOCK


def test_a_context_switches_a_rule_off_and_no_other(small: Moderator) -> None:
    assert small.judge("a forbidden thing in a museum").action is Action.ALLOW
    assert small.judge("somebody forbidden in a museum").category == "sexual_minors"


def test_requirements_must_stand_near_each_other(small: Moderator) -> None:
    assert small.judge("forbidden, twelve-year-old").rule == "word.who"
    assert small.judge("forbidden and far away from it, much later, a twelve-year-old").rule == "word"


def test_one_word_does_not_meet_two_requirements(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(SMALL.replace('who = ["somebody"', 'who = ["forbidden", "somebody"'))
    moderator = Moderator(file)
    assert moderator.judge("forbidden").rule == "word"
    assert moderator.judge("f0rbidden").rule == "word"
    assert moderator.judge("forbidden, forbidden").rule == "word.who"


def test_english_endings_belong_to_a_marked_word(small: Moderator) -> None:
    for word in ("harvest", "harvests", "harvested", "harvesting"):
        assert small.judge(word).action is Action.REVIEW, word
    assert small.judge("harvester").action is Action.ALLOW


def test_a_term_in_a_script_without_blanks_is_found_inside_a_sentence(small: Moderator) -> None:
    assert small.judge("这里禁止拍照").action is Action.BLOCK


@pytest.mark.parametrize("text", ["the pen is for a bid", "forbiddenly", "for bid den", "", "   ", "🦊", "\x00\ud800"])
def test_what_only_looks_like_a_term_is_none(small: Moderator, text: str) -> None:
    assert small.judge(text).action is Action.ALLOW


def test_a_sentence_spread_over_two_fields_is_one_sentence(small: Moderator) -> None:
    assert small.judge("forbi").action is small.judge("dden").action is Action.ALLOW
    assert small.judge_all(["a forbi", "dden thing"]).action is Action.BLOCK
    assert small.judge_all(["something forbidden", "somebody"]).category == "sexual_minors"


def test_the_gravest_of_several_is_told(small: Moderator) -> None:
    assert small.judge_all(["harvest", "forbidden thing", "a fox"]).category == "hate"
    assert small.judge_all([]).action is Action.ALLOW
    assert small.judge_all(["a museum", "a forbidden thing"]).action is Action.BLOCK  # another field is no context


def test_a_text_over_the_cap_is_refused_unread(small: Moderator) -> None:
    assert small.judge("x" * 4000).action is Action.ALLOW
    verdict = small.judge("x" * 4001)
    assert (verdict.action, verdict.category) == (Action.BLOCK, "too_long")
    assert "Shorten" in verdict.message
    assert small.judge_all(["x" * 3000, "x" * 3000]).action is Action.ALLOW  # each is short enough


def test_long_fields_are_judged_together_too(small: Moderator) -> None:
    assert small.judge_all(["fox " * 900 + "forbi", "dden" + " fox" * 900]).action is Action.BLOCK


def test_the_longest_prompt_of_any_provider_is_read(bundled: Moderator) -> None:
    assert bundled.policy().max_chars >= 4000


@pytest.mark.parametrize("category", KNOWN)
def test_a_message_names_the_category_and_what_to_do(category: str) -> None:
    text = message(category)
    assert text.endswith(".")
    assert "!" not in text
    if category == "self_harm":
        assert "findahelpline.com" in text
        assert "emergency" in text
    else:
        assert "words" in text
    assert NAMES[category]


def test_a_message_never_has_the_word(bundled: Moderator) -> None:
    verdict = bundled.judge("photo of a naked woman")
    assert "naked" not in verdict.message
    assert "nudity" in verdict.message


def test_a_text_to_be_reviewed_is_told_so(small: Moderator) -> None:
    assert "looked at first" in small.judge("harvest").message


def test_a_changed_policy_is_taken_up_within_a_second(small_file: Path, clock: Clock) -> None:
    moderator = Moderator(small_file)
    write(small_file, SMALL.replace("small-1", "small-2").replace('"forbidden"', '"banned"'))
    assert moderator.judge("a forbidden thing").action is Action.BLOCK  # looked at a moment ago
    clock.now += 1.1
    assert moderator.judge("a forbidden thing").action is Action.ALLOW
    assert moderator.judge("a banned thing").policy == "small-2"
    assert moderator.fault is None


def test_an_event_loop_is_not_held_up_by_reading_a_new_policy(
    small_file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    moderator = Moderator(small_file)
    gate, read_by = threading.Event(), []

    def slowly(path: Path) -> Policy:
        gate.wait(20)
        read_by.append(threading.current_thread())
        return load(path)

    monkeypatch.setattr(engine, "load", slowly)
    write(small_file, SMALL.replace("small-1", "small-2"))
    clock.now += 1.1

    async def judge() -> str:
        return moderator.judge("forbidden").policy

    assert asyncio.run(judge()) == "small-1"  # and not after the gate
    gate.set()
    until(lambda: moderator.version == "small-2")
    assert threading.main_thread() not in read_by


def test_a_broken_policy_changes_nothing_and_is_told_once(small_file: Path, clock: Clock) -> None:
    told: list[str] = []
    moderator = Moderator(small_file, on_fault=told.append)
    write(small_file, SMALL + "\n[[rule]]\nid =")
    for _ in range(3):
        clock.now += 1.1
        assert moderator.judge("a forbidden thing").action is Action.BLOCK
    assert moderator.version == "small-1"
    assert told == [moderator.fault]
    assert "small-1 stays in force" in told[0]
    write(small_file, SMALL.replace("small-1", "small-3"))
    clock.now += 1.1
    assert moderator.version == "small-3"
    assert moderator.fault is None


def test_a_policy_that_is_gone_changes_nothing(small_file: Path, clock: Clock) -> None:
    moderator = Moderator(small_file)
    small_file.unlink()
    clock.now += 1.1
    assert moderator.judge("forbidden").action is Action.BLOCK
    assert moderator.fault is not None


def test_a_broken_policy_at_start_is_an_error(small_file: Path) -> None:
    small_file.write_text("version = \n")
    with pytest.raises(ConfigurationError, match="line 1"):
        Moderator(small_file)


def test_threads_judge_while_the_policy_changes(small_file: Path, clock: Clock) -> None:
    moderator = Moderator(small_file)
    versions: set[str] = set()
    failed: list[BaseException] = []
    go = threading.Event()

    def work() -> None:
        go.wait(timeout=10)
        try:
            for _ in range(50):
                verdict = moderator.judge("a f0rbidden thing")
                assert verdict.action is Action.BLOCK
                versions.add(verdict.policy)
        except BaseException as exc:
            failed.append(exc)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    write(small_file, SMALL.replace("small-1", "small-2"))
    go.set()
    clock.now += 1.1
    for thread in threads:
        thread.join(timeout=30)
    assert failed == []
    assert "small-2" in versions
    assert versions <= {"small-1", "small-2"}
