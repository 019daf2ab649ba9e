"""The contact sheet: every picture in its place, whatever is missing said, and never larger than it may be."""

import io

import pytest
from PIL import Image

from reve_core.errors import BadInput
from reve_core.pictures.bands import Bands
from reve_core.pictures.contact import MAX_PIXELS, MAX_SIDE, SMALLEST, _planned, contact_sheet, letter
from tests.pictures.samples import image

FOX = [("a ", False), ("red", True), (" fox", False)]
CAT = [("a ", False), ("blue", True), (" fox", False)]
INKS = [["red", "lime", "blue"], ["yellow", "cyan", "magenta"]]


def opened(data: bytes) -> Image.Image:
    sheet = Image.open(io.BytesIO(data))
    assert (sheet.format, sheet.mode) == ("PNG", "RGB")
    assert not sheet.info
    sheet.load()
    return sheet


def inks(sheet: Image.Image) -> list[tuple[int, int, int]]:
    """The colours of the six cells, left to right and top to bottom, as first met."""
    wanted = {Image.new("RGB", (1, 1), ink).getpixel((0, 0)) for row in INKS for ink in row}
    found = dict.fromkeys(pixel for pixel in sheet.get_flattened_data() if pixel in wanted)
    return list(found)  # type: ignore[arg-type]


def test_every_picture_is_in_its_place_and_asked_for_once_in_reading_order() -> None:
    asked: list[tuple[int, int]] = []

    def open_picture(row: int, column: int) -> Image.Image:
        asked.append((row, column))
        return Image.new("RGB", (40, 40), INKS[row][column])

    sheet = opened(contact_sheet([FOX, CAT], ["1", "2", "3"], open_picture, title="Foxes", cell=96))
    assert asked == [(row, column) for row in range(2) for column in range(3)]
    assert inks(sheet) == [Image.new("RGB", (1, 1), ink).getpixel((0, 0)) for row in INKS for ink in row]


def test_an_empty_cell_says_why() -> None:
    asked: list[tuple[int, int]] = []

    def word(row: int, column: int) -> str:
        asked.append((row, column))
        return "failed"

    def some(row: int, column: int) -> Image.Image | None:
        return image() if column else None

    made = contact_sheet([FOX, CAT], ["", ""], some, title="", word=word, cell=96)
    assert asked == [(0, 0), (1, 0)]
    assert made != contact_sheet([FOX, CAT], ["", ""], some, title="", cell=96)


def test_the_same_pictures_and_words_make_the_same_bytes() -> None:
    one, other = (
        contact_sheet([FOX], ["x"], lambda row, column: image(), title="t", labels=["Drawn by code"]) for _ in range(2)
    )
    assert one == other
    assert one != contact_sheet([FOX], ["x"], lambda row, column: image(), title="t", labels=["AI-generated"])
    assert one != contact_sheet([CAT], ["x"], lambda row, column: image(), title="t", labels=["Drawn by code"])


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (64, 48)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "LA"])
@pytest.mark.parametrize("shape", [0.01, 0.5, 3.0])
def test_pictures_of_any_shape_and_mode_fit_their_cells(size: tuple[int, int], mode: str, shape: float) -> None:
    opened(contact_sheet([FOX], ["x"], lambda row, column: image(*size, mode), title="", shape=shape, cell=60))


@pytest.mark.parametrize("text", ["word " * 1000, "x" * 5000, "雪の狐 🦊", "ثعلب", "\ud800\x00\n", "", "  "])
def test_words_of_any_length_and_script_fit(text: str) -> None:
    rows = [[(text, False)], [(text, True)], [(text, False), ("red", True), (text, False)], []]
    opened(
        contact_sheet(rows, [text], lambda row, column: None, title=text, labels=[text], word=lambda *at: text, cell=60)
    )


@pytest.mark.parametrize("shape", [0.25, 0.5, 1.0, 1.78, 4.0])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (12, 32), (32, 12), (96, 4), (1, 200), (200, 1), (40, 60)])
def test_a_sheet_is_never_larger_than_it_may_be(rows: int, columns: int, shape: float) -> None:
    plan = _planned([FOX] * rows, ["head"] * columns, "title", shape, 384)
    assert max(plan.width, plan.height) <= MAX_SIDE
    assert plan.width * plan.height <= MAX_PIXELS
    assert min(plan.wide, plan.tall) >= SMALLEST / 4


def test_the_largest_comparison_keeps_cells_that_can_be_told_apart() -> None:
    assert _planned([FOX] * 12, ["head"] * 32, "title", 1.0, 384).wide > 300


@pytest.mark.parametrize(("rows", "columns"), [(0, 1), (1, 0), (1000, 1000), (1, 100_000)])
def test_nothing_and_far_too_much_are_refused(rows: int, columns: int) -> None:
    with pytest.raises(BadInput):
        contact_sheet([FOX] * rows, [""] * columns, lambda row, column: None, title="")


def test_rows_are_lettered() -> None:
    assert [letter(row) for row in (0, 1, 25, 26, 27, 701, 702)] == ["A", "B", "Z", "AA", "AB", "ZZ", "AAA"]


def test_a_picture_written_in_bands_is_the_picture() -> None:
    whole = image(37, 50)
    bands = Bands(37, 50)
    for top, bottom in ((0, 1), (1, 20), (20, 50)):
        bands.add(whole.crop((0, top, 37, bottom)))
    assert opened(bands.finished()).tobytes() == whole.tobytes()


def test_bands_that_do_not_make_the_picture_are_an_error() -> None:
    with pytest.raises(ValueError, match="not complete"):
        Bands(10, 10).finished()
    with pytest.raises(ValueError, match="does not fit"):
        Bands(10, 10).add(image(10, 11))
