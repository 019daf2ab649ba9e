"""A comparison's card: both pictures, the words that differ, and nothing that a voter must not know yet."""

import io

import pytest
from PIL import Image, ImageChops

from reve_core.pictures.versus import versus
from tests.pictures.samples import image

LABEL = "AI-generated"


def made(left: Image.Image | None = None, right: Image.Image | None = None, **given: object) -> Image.Image:
    options = {"left_words": "red", "right_words": "blue", "label": LABEL} | given
    card = Image.open(io.BytesIO(versus(left or image(), right or image(), **options)))  # type: ignore[arg-type]
    assert (card.format, card.size, card.mode) == ("JPEG", (1200, 630), "RGB")
    assert set(card.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    return card.convert("RGB")


def changed(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int] | None:
    """The box in which they differ by more than a JPEG's noise."""
    return ImageChops.difference(one, other).convert("L").point([0] * 40 + [255] * 216).getbbox()


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (552, 400), (900, 1600), (2400, 800)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "LA", "I;16"])
def test_pictures_of_any_shape_and_mode_stand_side_by_side(size: tuple[int, int], mode: str) -> None:
    picture = Image.new(mode, size) if mode == "I;16" else image(*size, mode)
    made(picture, image())


def test_the_first_is_at_the_left_and_the_whole_of_a_tall_one_is_seen() -> None:
    tall = Image.new("RGB", (300, 900), "white")
    tall.paste("red", (0, 0, 300, 60))
    tall.paste("blue", (0, 840, 300, 900))
    card = made(tall, Image.new("RGB", (300, 900), "lime"))
    column = [card.getpixel((312, y)) for y in range(450)]
    assert any(r > 200 and g < 80 and b < 80 for r, g, b in column)  # type: ignore[misc]
    assert any(b > 200 and r < 80 and g < 80 for r, g, b in column)  # type: ignore[misc]
    assert card.getpixel((888, 200))[1] > 200  # type: ignore[index]


def test_the_words_stand_under_their_own_picture() -> None:
    left = changed(made(), made(left_words="a fox of another colour"))
    right = changed(made(), made(right_words="a fox of another colour"))
    assert left
    assert right
    assert left[2] <= 590 < 610 <= right[0]
    assert left[1] >= 428
    assert right[1] >= 428
    assert max(left[3], right[3]) <= 554


def test_the_vote_is_shown_only_where_that_was_asked_for() -> None:
    tally = "14 votes: A 64 %, not decided yet"
    assert made(tally=tally).tobytes() == made().tobytes()
    where = changed(made(), made(tally=tally, show_tally=True))
    assert where
    assert where[1] >= 554


def test_a_hidden_card_is_the_same_whatever_the_words_and_names_are() -> None:
    one = made(hidden=True, left_words="red", names=("Sketch", "Reve"), tally="A leads")
    other = made(hidden=True, left_words="a secret", right_words="", tally="B leads")
    assert one.tobytes() == other.tobytes() != made(hidden=True, question="Which fox is the kinder one?").tobytes()


def test_words_and_names_and_labels_of_any_length_and_script_make_a_card() -> None:
    for text in ("word " * 2000, "x" * 5000, "雪の狐 🦊", "ثعلب", "\ud800\x00\n", "", "   "):
        made(left_words=text, right_words=text, names=(text, text), label=text, tally=text, show_tally=True)
        made(hidden=True, question=text, label=text)


def test_the_same_card_is_the_same_bytes() -> None:
    assert made().tobytes() == made().tobytes()
