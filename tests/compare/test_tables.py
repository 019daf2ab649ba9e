"""CSV: what a spreadsheet reads back, and what it never runs."""

import csv
import io

import pytest

from reve_core.compare.tables import csv_text


def read_back(text: str) -> list[list[str]]:
    """By way of bytes, as a file would be read."""
    return list(csv.reader(io.StringIO(text.encode("utf-8").decode("utf-8-sig"), newline=""), strict=True))


def test_a_table_comes_back_as_it_was() -> None:
    cells = ["plain", 'quoted "so"', "a,b", "two\nlines", "", "Füchse 狐狸 🦊", " spaces ", "a=b", "1-2"]
    assert read_back(csv_text(["name"] * len(cells), [cells])) == [["name"] * len(cells), cells]


def test_it_is_marked_as_utf_8_and_its_lines_end_as_the_standard_says() -> None:
    assert csv_text(["a", "b"], [[1, 2]]) == "\ufeffa,b\r\n1,2\r\n"
    assert csv_text(["a"], []) == "\ufeffa\r\n"


def test_numbers_stay_numbers_and_nothing_is_an_empty_cell() -> None:
    assert csv_text(["n"], [[-3, 0.25, -1.5, None, True]]) == "\ufeffn\r\n-3,0.25,-1.5,,True\r\n"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\tx", "\rx", "\nx", "  =1", '"=1', "'=1", "“=1", "\u00a0=1", "\u3000=1",
        "\ufeff=1", "\u200b=1", "\u202e=1", "\x01=1", "＝1", "＋1", "－1", "＠x", "﹦1", "﹢1", "﹣1", "﹫x", "−1", '=HYPERLINK("http://x";"y")', " \t x",
    ],
)  # fmt: skip
def test_a_formula_is_text(text: str) -> None:
    assert read_back(csv_text(["h"], [[text]]))[1] == ["'" + text]
    assert read_back(csv_text([text], []))[0] == ["'" + text]


def test_what_cannot_be_written_is_replaced() -> None:
    assert read_back(csv_text(["h"], [["a\ud800b\x00c"]]))[1] == ["a\ufffdb\ufffdc"]


def test_rows_may_be_made_one_by_one() -> None:
    assert csv_text(["n"], ([number] for number in range(3))).splitlines()[1:] == ["0", "1", "2"]
