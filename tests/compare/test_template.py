"""Templates: what ``{a|b}`` makes, and what stays as it was typed."""

import random

import pytest

from reve_core.compare.template import MOST_COUNTED, Expanded, count, expand, has_variants, lines, preview
from reve_core.errors import BadInput


@pytest.mark.parametrize(
    ("text", "prompts"),
    [
        pytest.param("a {red|blue} fox", ["a red fox", "a blue fox"], id="a group is one prompt per option"),
        pytest.param("{a|b} {1|2|3}", ["a 1", "a 2", "a 3", "b 1", "b 2", "b 3"], id="the last group varies fastest"),
        pytest.param("{red |}fox", ["red fox", "fox"], id="an option may be empty"),
        pytest.param("{|}", ["", ""], id="all of them may be empty"),
        pytest.param("{a|{b|c} d}e", ["ae", "b de", "c de"], id="a group may stand in a group"),
        pytest.param("{{a|b}|{c|d}}", ["a", "b", "c", "d"], id="an option may be nothing but a group"),
        pytest.param("{x {a|b} y}", ["{x a y}", "{x b y}"], id="braces without a bar of their own stay around a group"),
        pytest.param("a {quiet} fox", ["a {quiet} fox"], id="braces without a bar stay as typed"),
        pytest.param("{a{b}|c}", ["a{b}", "c"], id="braces without a bar stay as typed in an option"),
        pytest.param("{}", ["{}"], id="empty braces stay as typed"),
        pytest.param("a {red|blue fox", ["a {red|blue fox"], id="a brace never closed stays, and so does its bar"),
        pytest.param("a red|blue} fox", ["a red|blue} fox"], id="a brace never opened stays, and so does the bar"),
        pytest.param("{a|{b|c}", ["{a|b", "{a|c"], id="what stands behind a brace never closed still counts"),
        pytest.param("}{a|b}{", ["}a{", "}b{"], id="unbalanced braces around a group stay"),
        pytest.param(r"\{a\|b\}", ["{a|b}"], id="a backslash makes the characters themselves"),
        pytest.param(r"{a\|b|c\}}", ["a|b", "c}"], id="a backslash makes them so in a group too"),
        pytest.param(r"\{a|b}", ["{a|b}"], id="an escaped brace opens nothing"),
        pytest.param(r"C:\new\x", [r"C:\new\x"], id="other backslashes stay"),
        pytest.param("", [""], id="nothing is one empty prompt"),
        pytest.param("{狐狸|猫🦊} 雪", ["狐狸 雪", "猫🦊 雪"], id="any script"),
        pytest.param("{\ud800|b}\udfff", ["\ud800\udfff", "b\udfff"], id="half a character is carried along"),
    ],
)
def test_a_template_makes(text: str, prompts: list[str]) -> None:
    assert expand(text, 100) == prompts
    assert count(text) == len(prompts)
    assert has_variants(text) == (len(prompts) > 1)
    assert preview(text, 2) == prompts[:2]


def test_too_many_are_refused_with_their_number_and_the_cap() -> None:
    with pytest.raises(BadInput, match=r"10,000 prompts.* at most 12\b") as refused:
        expand("{0|1|2|3|4|5|6|7|8|9}" * 4, 12)
    assert refused.value.field == "prompts"
    assert len(expand("{a|b}" * 3, 8)) == 8
    with pytest.raises(BadInput):
        expand("{a|b}" * 3, 7)


def test_a_number_too_long_to_read_is_told_by_its_size() -> None:
    with pytest.raises(BadInput, match="about 10³⁰ prompts"):
        expand("{0|1|2|3|4|5|6|7|8|9}" * 30, 12)
    with pytest.raises(BadInput, match="more than 10¹⁰⁰ prompts"):
        expand("{a|b}" * 40_000, 12)


def test_what_is_too_many_to_make_is_counted_and_its_beginning_shown() -> None:
    text = "{0|1|2|3|4|5|6|7|8|9}" * 30
    assert count(text) == 10**30
    assert preview(text, 11)[9:] == ["0" * 29 + "9", "0" * 28 + "10"]
    assert count("{a|b}" * 40_000) == MOST_COUNTED


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{" * 40_000, id="open braces"),
        pytest.param("}" * 40_000, id="closed braces"),
        pytest.param("{" * 20_000 + "|" * 20_000 + "}" * 20_000, id="all bars in the innermost"),
        pytest.param("{a|" * 20_000 + "}" * 20_000, id="groups in groups in groups"),
        pytest.param("{" * 20_000 + "}" * 20_000, id="pairs in pairs"),
        pytest.param("{|" * 20_000, id="groups never closed"),
        pytest.param("\\{" * 40_000, id="escapes"),
        pytest.param("{|}" * 20_000, id="empty groups"),
    ],
)
def test_hostile_braces_are_counted_previewed_and_refused_without_a_stack(text: str) -> None:
    number = count(text)
    assert len(preview(text, 3)) == min(3, number)
    if number > 12:
        with pytest.raises(BadInput):
            expand(text, 12)
    else:
        assert len(expand(text, 12)) == number


def plain_product(text: str) -> list[str]:
    """The same by the shortest road: put each option of the innermost leftmost group in its place, again and again."""
    import re

    if not (found := re.search(r"\{([^{}]*\|[^{}]*)\}", text)):
        return [text]
    return [
        one
        for option in found[1].split("|")
        for one in plain_product(text[: found.start()] + option + text[found.end() :])
    ]


def test_flat_templates_agree_with_a_plain_product() -> None:
    dice = random.Random(4)
    for _ in range(300):
        groups = [
            "{" + "|".join(dice.choice(["", "a", "b c"]) for _ in range(dice.randint(2, 4))) + "}" for _ in range(4)
        ]
        text = "".join(dice.choice(["x", " ", ""]) + group for group in groups[: dice.randint(0, 4)]) + "z"
        assert expand(text, 1000) == plain_product(text)


def test_lines_are_stripped_and_duplicates_dropped_and_counted() -> None:
    text = "  a fox \r\n\n\ta {red|blue} fox\r a fox\u2028a blue fox\n   "
    assert lines(text, 12) == Expanded(("a fox", "a red fox", "a blue fox"), 2)
    assert lines("", 12) == Expanded((), 0)
    assert lines("{fox|}\n{|}", 12) == Expanded(("fox",), 0)


def test_a_line_pasted_often_is_one_prompt() -> None:
    assert lines("a fox\n" * 500, 12) == Expanded(("a fox",), 499)


def test_all_lines_together_are_held_to_the_cap() -> None:
    assert len(lines("{a|b} fox\n{c|d} fox", 4).prompts) == 4
    with pytest.raises(BadInput, match=r"5 prompts.* at most 4\b"):
        lines("{a|b} fox\n{c|d} fox\ncat", 4)
    with pytest.raises(BadInput, match="more than 10¹⁰⁰"):
        lines("\n".join("{a|b}" * 1000 + str(number) for number in range(50)), 12)


def test_a_group_does_not_reach_over_the_end_of_its_line() -> None:
    assert lines("a {red|\nblue} fox", 12).prompts == ("a {red|", "blue} fox")
