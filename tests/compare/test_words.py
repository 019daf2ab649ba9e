"""Word-level differences: exact, readable, and quick enough for the longest prompts."""

import itertools
import random

import pytest

from reve_core.compare.subsequence import longest
from reve_core.compare.tokens import graphemes, tokens
from reve_core.compare.words import Segment, cut, diff, differing, marked

MARKS = {"same": "{}", "removed": "[-{}-]", "added": "[+{}+]"}


def drawn(segments: tuple[Segment, ...]) -> str:
    return "".join(MARKS[each.kind].format(each.text) for each in segments)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param("a red fox", "a blue fox", "a [-red-][+blue+] fox", id="one word replaced"),
        pytest.param("a red fox", "a fox", "a [-red -]fox", id="one word removed, with one of its spaces"),
        pytest.param("a fox", "a fox, in snow", "a fox[+, in snow+]", id="words added at the end"),
        pytest.param("fox", "a fox", "[+a +]fox", id="a word added at the beginning"),
        pytest.param(
            "an old man", "a young woman", "[-an old man-][+a young woman+]", id="spaces alone keep nothing apart"
        ),
        pytest.param(
            "sits in a garden",
            "stands in a forest",
            "[-sits in a garden-][+stands in a forest+]",
            id="nor do little words",
        ),
        pytest.param(
            "a purple fox ran",
            "a green fox slept",
            "a [-purple-][+green+] fox [-ran-][+slept+]",
            id="a word of weight does",
        ),
        pytest.param(
            "oil, dusk, 4k", "ink, dawn, 8k", "[-oil-][+ink+], [-dusk-][+dawn+], [-4k-][+8k+]", id="so do commas"
        ),
        pytest.param("f 3.5 lens", "f 3.8 lens", "f [-3.5-][+3.8+] lens", id="a number is one word"),
        pytest.param("a dog's hat", "a cat's hat", "a [-dog's-][+cat's+] hat", id="an apostrophe is inside its word"),
        pytest.param("a  b", "a b", "a[-  -][+ +]b", id="spaces alone differ"),
        pytest.param("café noir", "cafe\u0301 noir", "[-café-][+cafe\u0301+] noir", id="a mark stays with its letter"),
        pytest.param("红猫在这里", "蓝猫在这里", "[-红-][+蓝+]猫在这里", id="Chinese goes by characters"),
        pytest.param("กินข้าว", "กินน้ำ", "กิน[-ข้าว-][+น้ำ+]", id="Thai goes by characters with their marks"),
        pytest.param("빨간 여우", "파란 여우", "[-빨간-][+파란+] 여우", id="Korean goes by words"),
        pytest.param("лиса в снегу", "волк в снегу", "[-лиса-][+волк+] в снегу", id="Cyrillic goes by words"),
        pytest.param("a 👩‍👩‍👧‍👦!", "a 👩‍👩‍👧!", "a [-👩‍👩‍👧‍👦-][+👩‍👩‍👧+]!", id="a family of emoji is one character"),
        pytest.param("👍🏽🇩🇪", "👍🏿🇩🇰", "[-👍🏽🇩🇪-][+👍🏿🇩🇰+]", id="skin tones and flags are not taken apart"),
        pytest.param("", "x", "[+x+]", id="from nothing"),
        pytest.param("x", "", "[-x-]", id="to nothing"),
        pytest.param("x", "x", "x", id="nothing differs"),
        pytest.param("", "", "", id="nothing at all"),
    ],
)
def test_the_difference_reads(a: str, b: str, expected: str) -> None:
    assert drawn(diff(a, b)) == expected


PIECES = [
    *"a the red fox snow in of café cafe\u0301 don't 3.5 ß".split(),  # noqa: SIM905
    *" \t\n\u3000\u00a0,.-'\"|",
    *"红狐狸雪のฝน้ำខ្មែរमत्स्य",
    "👩‍👩‍👧‍👦",
    "👍🏽",
    "🇩🇪",
    "🇩",
    "\u200d",
    "\ufe0f",
    "\u0301",
    "\ud800",
    "\r\n",
    "\r",
    "\x00",
    "한",
    "\u1100\u1161",
]


def random_text(dice: random.Random, most: int) -> str:
    return "".join(dice.choice(PIECES) + dice.choice(["", "", " "]) for _ in range(dice.randint(0, most)))


def edited(dice: random.Random, text: str) -> str:
    words = tokens(text)
    for _ in range(dice.randint(0, 4)):
        at = dice.randint(0, len(words))
        words[at : at + dice.randint(0, 3)] = [dice.choice(PIECES) for _ in range(dice.randint(0, 3))]
    return "".join(words)


def test_the_segments_are_exactly_both_texts_whatever_they_are() -> None:
    dice = random.Random(4)
    for _ in range(1500):
        a = random_text(dice, 30)
        b = dice.choice([edited(dice, a), random_text(dice, 30)])
        found = diff(a, b)
        assert "".join(each.text for each in found if each.kind != "added") == a
        assert "".join(each.text for each in found if each.kind != "removed") == b
        kinds = [each.kind for each in found]
        assert all(each.text for each in found)
        assert all(one != other for one, other in itertools.pairwise(kinds))
        assert ("added", "removed") not in itertools.pairwise(kinds)


def test_tokens_and_characters_are_the_text_whatever_it_is() -> None:
    dice = random.Random(5)
    for _ in range(500):
        text = random_text(dice, 30)
        assert "".join(tokens(text)) == text == "".join(graphemes(text))


@pytest.mark.parametrize(
    "cluster",
    [
        "👩‍👩‍👧‍👦",
        "👍🏽",
        "🇩🇪",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "❤️‍🔥",
        "1️⃣",
        "é",
        "e\u0301\u0323",
        "น้ำ"[:2],
        "น้ำ",
        "ខ្មែ"[:3],
        "\r\n",
        "か\u3099",
        "नि",
    ],
)
def test_a_reader_s_character_stays_whole(cluster: str) -> None:
    assert graphemes(f"x{cluster}x") == ["x", cluster, "x"]
    assert "".join(graphemes(cluster * 3)) == cluster * 3


def test_flags_in_a_row_are_flags() -> None:
    assert graphemes("🇩🇪🇫🇷🇯") == ["🇩🇪", "🇫🇷", "🇯"]


def plain_length(a: list[str], b: list[str]) -> int:
    """The length of a longest common subsequence, by the textbook's table."""
    row = [0] * (len(b) + 1)
    for one in a:
        above = row[:]
        for j, other in enumerate(b, start=1):
            row[j] = above[j - 1] + 1 if one == other else max(above[j], row[j - 1])
    return row[-1]


def test_the_common_subsequence_is_a_longest_one() -> None:
    dice = random.Random(6)
    for _ in range(300):
        a = [dice.choice("abcd") for _ in range(dice.randint(0, 25))]
        b = [dice.choice("abcd") for _ in range(dice.randint(0, 25))]
        pairs = longest(a, b)
        assert all(a[i] == b[j] for i, j in pairs)
        assert all(i < k and j < m for (i, j), (k, m) in itertools.pairwise(pairs))
        assert len(pairs) == plain_length(a, b)


def test_a_prompt_too_long_for_words_is_compared_by_clauses_and_by_words_between_them() -> None:
    dice = random.Random(7)
    clauses = ["".join(chr(0x4E00 + dice.randint(0, 600)) for _ in range(30)) for _ in range(160)]
    changed = clauses.copy()
    changed[0], changed[80], changed[-1] = "新" + clauses[0][1:], clauses[80][:10] + "新的" + clauses[80][10:], "完"
    found = diff("。".join(clauses), "。".join(changed))
    assert [each.text for each in found if each.kind == "added"] == ["新", "新的", "完"]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param("a " * 2500, "b a " * 1250, id="one word over and over"),
        pytest.param(",." * 2500, ".," * 2500, id="punctuation alone"),
        pytest.param("\u0301" * 5000, "x\u0301" * 2500, id="marks alone"),
        pytest.param("红" * 5000, "绿红猫红" * 1250, id="one character over and over"),
        pytest.param("\u200d👩" * 2500, "👩\u200d" * 2500, id="one endless emoji"),
        pytest.param("x" * 200_000, "y " * 100_000, id="far too long"),
    ],
)
def test_hostile_prompts_are_compared_exactly_all_the_same(a: str, b: str) -> None:
    found = diff(a, b)
    assert "".join(each.text for each in found if each.kind != "added") == a
    assert "".join(each.text for each in found if each.kind != "removed") == b


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        pytest.param(["a red fox in snow", "a blue fox in snow"], ["red", "blue"], id="one word"),
        pytest.param(["a red fox in snow", "a blue fox in fog"], ["red … snow", "blue … fog"], id="gaps are shown"),
        pytest.param(["a fox", "a fox in snow"], ["a fox", "in snow"], id="what others only add to stands for itself"),
        pytest.param(["a fox", "a fox"], ["a fox", "a fox"], id="equal prompts stand for themselves"),
        pytest.param(["a fox", "a fox."], ["a fox", "a fox."], id="a full stop is no name"),
        pytest.param(["red fox, blue bird", "blue fox, red bird"], ["red … blue", "blue … red"], id="places count"),
        pytest.param(
            ["a red fox in snow", "a blue fox in snow", "a red fox in fog"],
            ["red … snow", "blue … snow", "red … fog"],
            id="a word is common only where all have it",
        ),
        pytest.param(["红猫", "蓝猫"], ["红", "蓝"], id="Chinese"),
        pytest.param(["a 🦊", "a 🐱"], ["🦊", "🐱"], id="emoji"),
        pytest.param(["a\n\n red\n old fox", "a blue fox"], ["red old", "blue"], id="one line, whatever was typed"),
        pytest.param(["  ", "a"], ["", "a"], id="an empty one"),
        pytest.param(["only one"], ["only one"], id="nothing to differ from"),
        pytest.param([], [], id="none"),
    ],
)
def test_the_words_that_differ_are_named(prompts: list[str], expected: list[str]) -> None:
    assert differing(prompts) == expected


def test_marked_prompts_are_the_prompts() -> None:
    dice = random.Random(8)
    for _ in range(200):
        first = random_text(dice, 20)
        prompts = [first, *(edited(dice, first) for _ in range(dice.randint(0, 5)))]
        for prompt, segments in zip(prompts, marked(prompts), strict=True):
            assert "".join(each.text for each in segments) == prompt
            assert {each.kind for each in segments} <= {"same", "added"}


def test_a_cut_keeps_what_differs_and_drops_the_middle_of_what_is_the_same() -> None:
    long = "in a quiet forest by a wide river under a pale morning sky with mist over the water"
    found = cut(diff(f"a red fox {long} at dawn, {long}", f"a blue fox {long} at dusk, {long}"), 60)
    assert drawn(found) == "a [-red-][+blue+] fox in a … the water at [-dawn-][+dusk+], in a quiet forest…"
    assert cut(diff("a", "b"), 60) == diff("a", "b")


def test_a_cut_is_about_as_long_as_asked_for_whatever_the_text() -> None:
    dice = random.Random(9)
    for _ in range(300):
        a = random_text(dice, 80)
        found = diff(a, edited(dice, a))
        most = dice.randint(10, 200)
        short = cut(found, most)
        assert sum(len(each.text) for each in short) <= most + 4 * len(found)
        assert all(each.text for each in short)
