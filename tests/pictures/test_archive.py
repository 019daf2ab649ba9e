from __future__ import annotations

import csv
import io
import json
import re
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from reve_core.models import JobRequest
from reve_core.pictures.archive import Entry, stream
from tests.pictures.samples import encoded

PNG = encoded("PNG")
LISTS = ["pictures.csv", "pictures.json", "README.txt"]
AT = datetime(2026, 5, 1, 12, 30, 14, tzinfo=UTC)


def entry(prompt: str = "a heron", *, number: int = 1, data: bytes | None = PNG, suffix: str = ".png") -> Entry:
    return Entry(
        f"{number:032x}"[::-1], suffix, data, JobRequest(prompt=prompt, provider="reve"), AT, 18, "AI-generated"
    )


def packed(*entries: Entry) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(stream(entries))))


def rows(archive: zipfile.ZipFile) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read("pictures.csv").decode("utf-8-sig"))))


def test_the_archive_holds_every_picture_byte_for_byte() -> None:
    webp = encoded("WEBP")
    with packed(entry(number=0xABC), entry("fox", number=2, data=webp, suffix=".webp")) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["0001_cba00000.png", "0002_20000000.webp", *LISTS]
        assert archive.read("0001_cba00000.png") == PNG
        assert archive.read("0002_20000000.webp") == webp
        assert archive.getinfo("0001_cba00000.png").compress_type == zipfile.ZIP_STORED
        assert archive.getinfo("0001_cba00000.png").date_time == (2026, 5, 1, 12, 30, 14)


def test_an_archive_of_nothing_is_a_valid_archive() -> None:
    with packed() as archive:
        assert archive.testzip() is None
        assert rows(archive) == []
        assert json.loads(archive.read("pictures.json")) == []


def test_the_lists_say_what_each_picture_is() -> None:
    with packed(entry("a heron,\n“at dawn”")) as archive:
        (row,) = rows(archive)
        (note,) = json.loads(archive.read("pictures.json"))
    assert row["file"] == note["file"] == "0001_10000000.png"
    assert row["prompt"] == note["prompt"] == "a heron,\n“at dawn”"
    assert (row["seed"], note["seed"]) == ("", None)
    assert note["credits"] == 18
    assert note["created_at"] == "2026-05-01T12:30:14+00:00"
    assert note["label"] == "AI-generated"


def test_a_missing_picture_is_listed_with_its_reason_and_the_rest_still_come() -> None:
    gone = Entry("f" * 32, ".png", None, JobRequest(prompt="fox"), AT, note="The picture's file is missing.")
    with packed(gone, entry()) as archive:
        assert archive.namelist()[0] == "0002_10000000.png"
        assert [(row["file"], row["note"]) for row in rows(archive)] == [
            ("", "The picture's file is missing."),
            ("0002_10000000.png", ""),
        ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", " =", "\u200b=", '"='])
def test_no_cell_is_a_formula_to_a_spreadsheet(start: str) -> None:
    prompt = start + 'HYPERLINK("http://evil.example","heron")'
    with packed(entry(prompt)) as archive:
        cells = next(
            list(row)
            for row in csv.reader(io.StringIO(archive.read("pictures.csv").decode("utf-8-sig"), newline=""))
            if row[0] != "file"
        )
        assert "'" + prompt in cells
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝")) for cell in cells)
        assert json.loads(archive.read("pictures.json"))[0]["prompt"] == prompt


@pytest.mark.parametrize("id", ["../../../../etc/passwd", "/etc/passwd", "..\\..\\evil", "", "<script>"])
def test_no_id_leads_out_of_the_folder_it_is_unpacked_in(id: str) -> None:
    evil = Entry(id, ".png", PNG, JobRequest(prompt="../../evil"), AT)
    with packed(evil) as archive:
        for name in archive.namelist():
            assert re.fullmatch(r"0001_[0-9a-f]{0,8}\.png|pictures\.(csv|json)|README\.txt", name)


def test_a_prompt_with_a_lone_surrogate_does_not_stop_the_archive() -> None:
    with packed(entry("a \ud800 heron")) as archive:
        assert archive.testzip() is None


def test_pictures_are_asked_for_one_at_a_time_and_let_go() -> None:
    size, count = 2_000_000, 20

    def entries() -> Iterator[Entry]:
        for number in range(count):
            yield entry(number=number, data=bytes([number]) * size)

    tracemalloc.start()
    total = sum(len(piece) for piece in stream(entries()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total > count * size
    assert peak < 4 * size


def test_the_first_picture_is_on_its_way_before_the_second_is_read() -> None:
    read: list[int] = []

    def entries() -> Iterator[Entry]:
        for number in (1, 2):
            read.append(number)
            yield entry(number=number)

    pieces = stream(entries())
    assert next(pieces).startswith(b"PK")
    assert read == [1]
    pieces.close()  # type: ignore[attr-defined]


def test_a_reader_that_goes_away_leaves_no_open_file() -> None:
    pieces = stream(entry(number=number) for number in range(100))
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]  # warnings, such as one about an open file, are errors here
