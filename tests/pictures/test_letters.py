"""Words in our own pictures: what the font has is set, the rest is named, and nothing is a row of empty boxes."""

import random

import pytest

from reve_core.pictures import letters
from reve_core.pictures.letters import Run, font, short, wrapped, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a red fox", "a red fox"),
        ("  café\n\tÜber  naïve – “x” × 2 ", "café Über naïve – “x” × 2"),
        ("cafe\u0301", "café"),
        ("лиса в снегу, αλεπού, cáo đỏ", "лиса в снегу, αλεπού, cáo đỏ"),
        ("雪の中の赤い狐", "[Japanese]"),
        ("雪 の 狐 at dawn", "[Japanese] at dawn"),
        ("红狐狸, snow", "[Chinese], snow"),
        ("빨간 여우", "[Korean]"),
        ("ثعلب أحمر", "[Arabic]"),
        ("สุนัขจิ้งจอก", "[Thai]"),
        ("लाल लोमड़ी", "[Devanagari]"),
        ("fox 🦊🐱 👩‍👩‍👧‍👦 👍🏽!", "fox [emoji]!"),
        ("1️⃣ fox", "1 fox"),
        ("\ue000\U000f0000", "[signs]"),
        ("\ud800fox\udfff\x00\u202e", "fox"),
        ("", ""),
        ("\u200b", ""),
    ],
)
def test_what_the_font_lacks_is_named(text: str, expected: str) -> None:
    assert written(text) == expected


def test_whatever_is_written_the_font_has() -> None:
    dice = random.Random(4)
    box = bytes(font(32).getmask("\ue000"))
    for _ in range(100):
        text = "".join(chr(dice.choice([dice.randint(1, 0x2FFF), dice.randint(1, 0x10FFFF)])) for _ in range(20))
        assert all(char == " " or bytes(font(32).getmask(char)) != box for char in written(text))


def test_a_long_text_is_cut_to_its_width() -> None:
    face = font(24)
    cut = short("a red fox in snow " * 1000, face, 300)
    assert cut.startswith("a red fox in snow")
    assert cut.endswith("…")
    assert 250 < face.getlength(cut) <= 300
    assert short("fox", face, 300) == "fox"


def plain(lines: list[list[Run]]) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in lines]


def test_lines_are_broken_between_words_and_the_last_says_that_more_was_to_come() -> None:
    lines = wrapped([("a red fox in snow under a pale morning sky", False)], 20, 120, 3)
    assert plain(lines) == ["a red fox in", "snow under a", "pale…"]
    assert plain(wrapped([("a red fox", False)], 20, 120, 3)) == ["a red fox"]
    assert wrapped([("", False)], 20, 120, 3) == []


def test_emphasis_inside_a_word_does_not_break_it() -> None:
    width = letters.length_of([("a fox at ", False), ("dusk", True)], 20) + 1
    lines = wrapped([("a fox at ", False), ("dusk", True), (", in snow", False)], 20, width, 3)
    assert plain(lines) == ["a fox at", "dusk, in", "snow"]
    assert lines[1][0] == ("dusk", True)
    assert plain(wrapped([("a ", False), ("red", True), (" fox", False)], 20, 500, 3)) == ["a red fox"]


def test_no_line_is_wider_than_its_room_whatever_the_words() -> None:
    dice = random.Random(5)
    for _ in range(200):
        words = ["".join(dice.choice("iiWm") for _ in range(dice.choice([1, 4, 9, 60]))) for _ in range(12)]
        runs = [(word + dice.choice([" ", ""]), dice.random() < 0.3) for word in words]
        width, most = dice.randint(60, 300), dice.randint(1, 6)
        lines = wrapped(runs, 18, width, most)
        assert 0 < len(lines) <= most
        assert all(letters.length_of(line, 18, ends_here=True) <= width + 1 for line in lines)
