"""Comparisons as files: what goes out comes back the same, and what a stranger made up comes in as one sentence."""

from __future__ import annotations

import base64
import csv
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from reve_core.allowance import Allowance, Origin
from reve_core.compare.models import OWNER, Axes, Comparison, Maker
from reve_core.errors import BadInput, Blocked, ComparisonNotFound, ConfigurationError, LimitReached, ReveError
from reve_core.exchange import copies, payload
from reve_core.exchange.copies import room_for, small_copy
from reve_core.guard.moderation import Action, Verdict
from reve_core.models import JobFilter, JobStatus
from reve_core.pictures.check import Caps
from reve_core.service import Studio
from tests.building import build_studio, running, until
from tests.fakes import FakeProvider, png

Json = dict[str, Any]
PROMPTS = ("a heron at dawn", "a fox at dawn")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with running(build_studio(tmp_path_factory.mktemp("here"), FakeProvider(), public=True)) as studio:
        yield studio


@pytest.fixture(scope="module")
def made(studio: Studio) -> Comparison:
    """Two prompts, two seeds, two samples, and an A-vs-A row; voted on by three visitors and the owner."""
    axes = Axes(prompts=PROMPTS, seeds=(3, 900), samples=2, aspect_ratios=("3:2",))
    made = studio.comparisons.make(axes, owner="anna", title="Dawn <b>", question="Which is calmer?")
    made = studio.comparisons.extend(made.id, owner="anna", twin_of="r1")
    finish(studio, made.id)
    for voter, choice in (("bert", "left"), ("carl", "bad"), ("bert", "right"), ("dora", "tie"), (OWNER, "left")):
        ballot = studio.polls.next_ballot(made, voter)
        assert ballot is not None
        studio.polls.cast(made, ballot.id, choice, voter=voter)
    return studio.comparisons.get(made.id, owner="anna")


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Studio]:
    """Another place, where nobody has heard of the provider."""
    studio = build_studio(tmp_path / "there", FakeProvider(name="other", seed=False), public=True)
    yield studio
    studio.stop(0)


def finish(studio: Studio, comparison_id: str) -> None:
    """Return once nothing of it is under way."""

    def is_still() -> bool:
        cells = studio.comparisons.grid(comparison_id, owner="anna").cells.values()
        return not any(cell.job is not None and cell.job.status.is_pending for cell in cells)

    until(is_still)


def noise(size: tuple[int, int]) -> bytes:
    """A picture that hardly packs."""
    out = io.BytesIO()
    Image.frombytes("RGB", size, random.Random(7).randbytes(size[0] * size[1] * 3)).save(out, "PNG")
    return out.getvalue()


def exported(studio: Studio, comparison_id: str, *, page: bool = False) -> bytes:
    way = studio.exchange.as_page if page else studio.exchange.as_json
    return b"".join(way(comparison_id, owner="anna"))


def blobs(studio: Studio) -> list[str]:
    """Every picture file that it keeps."""
    folder = studio.blobs._root  # type: ignore[attr-defined]
    return sorted(path.name for path in Path(folder).rglob("*-1*"))


def bare(file: bytes) -> Json:
    """What it says, without what is another in each export."""
    said: Json = json.loads(file)
    del said["exported_at"]
    names: dict[str, str] = {}
    for vote in said["votes"]:
        vote["voter"] = names.setdefault(vote["voter"], f"voter {len(names)}")
    return said


def pixels(text: str) -> Image.Image:
    with Image.open(io.BytesIO(base64.b64decode(text))) as opened:
        return opened.convert("RGB")


def unlike(one: Image.Image, other: Image.Image) -> float:
    """How far apart two pictures are, 0 to 255, on the average."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


def shown(studio: Studio, comparison_id: str, owner: str) -> list[tuple[object, ...]]:
    """The grid as one sees it, from left to right."""
    grid = studio.comparisons.grid(comparison_id, owner=owner)
    found: list[tuple[object, ...]] = []
    for row in grid.comparison.rows:
        for column in grid.columns:
            cell = grid.cells.get((row.id, column.column))
            job = cell.job if cell else None
            said = (job.status, job.request.prompt, job.request.seed) if job else None
            found.append((grid.comparison.name_of(row.id), column.column, said))
    return found


# ---------------------------------------------------------------- out and in again


@pytest.mark.parametrize("page", [False, True], ids=["json", "html"])
def test_a_comparison_comes_back_the_same_in_another_place(
    studio: Studio, made: Comparison, there: Studio, page: bool
) -> None:
    file = exported(studio, made.id, page=page)
    brought = there.exchange.bring(file, owner="zoe")
    one = brought.comparison
    assert (brought.pictures, brought.votes, brought.again) == (12, 5, False)
    assert (one.title, one.question, one.axes, one.rows) == (made.title, made.question, made.axes, made.rows)
    assert one.id != made.id
    assert shown(there, one.id, "zoe") == shown(studio, made.id, "anna")
    assert there.polls.result(one).votes == 5
    ours, theirs = studio.polls.result(made), there.polls.result(one)
    assert [(q.kind, q.standing.places) for q in theirs.questions] == [
        (q.kind, q.standing.places) for q in ours.questions
    ]


def test_pictures_come_as_finished_jobs_that_cost_nothing_and_say_where_they_are_from(
    studio: Studio, made: Comparison, there: Studio
) -> None:
    one = there.exchange.bring(exported(studio, made.id), owner="zoe").comparison
    jobs = there.jobs(JobFilter(owner="zoe"), limit=50).jobs
    assert len(jobs) == 12
    job = there.get(jobs[0].id, owner="zoe")
    assert (job.status, job.request.provider, job.credits_used) == (JobStatus.DONE, "fake", None)
    assert there.calls(job.id, owner="zoe") == []
    assert there.comparisons.spending(one.id, owner="zoe").committed == 0
    assert job.receipt is not None
    assert job.receipt.notes[0].startswith("Imported from a file on ")
    assert job.receipt.layout is not None
    assert [region.label for region in job.receipt.layout.regions] == ["<thing>"]
    assert there.shelf.is_intact(job)
    assert job.image is not None
    assert there.blobs.get(job.image.thumbnail, max_bytes=10**6)


def test_the_app_that_imported_it_exports_the_same_again(studio: Studio, made: Comparison, there: Studio) -> None:
    first = exported(studio, made.id)
    one = there.exchange.bring(first, owner="anna").comparison
    before, after = bare(first), bare(exported(there, one.id))
    for old, new in zip(before["cells"], after["cells"], strict=True):
        was, now = old["picture"], new["picture"]
        assert (now["mime"], now["width"], now["height"]) == (was["mime"], was["width"], was["height"])
        assert (
            unlike(pixels(was["data"]), pixels(now["data"])) < 4
        )  # made anew: nearly, and never the bytes that were sent
        assert now["data"] != was["data"]
    assert [cell["layout"] for cell in after["cells"]] == [cell["layout"] for cell in before["cells"]]
    for name in ("rows", "columns"):
        assert after[name] == before[name]
    assert [vote | {"by": ""} for vote in after["votes"]] == [vote | {"by": ""} for vote in before["votes"]]


@pytest.mark.parametrize("page", [False, True], ids=["json", "html"])
def test_the_same_file_again_is_the_same_comparison(
    studio: Studio, made: Comparison, there: Studio, page: bool
) -> None:
    file = exported(studio, made.id, page=page)
    first = there.exchange.bring(file, owner="zoe")
    again = there.exchange.bring(file, owner="zoe")
    assert again.again
    assert again.comparison == first.comparison
    assert len(there.jobs(JobFilter(owner="zoe"), limit=50).jobs) == 12
    somebody = there.exchange.bring(file, owner="yann")
    assert (somebody.again, somebody.comparison.owner) == (False, "yann")


def test_a_file_whose_comparison_was_deleted_can_be_imported_anew(
    studio: Studio, made: Comparison, there: Studio
) -> None:
    file = exported(studio, made.id)
    first = there.exchange.bring(file, owner="zoe").comparison
    there.comparisons.delete(first.id, owner="zoe")
    second = there.exchange.bring(file, owner="zoe")
    assert not second.again
    assert second.comparison.id != first.id
    assert there.exchange.bring(file, owner="zoe").comparison == second.comparison


def test_imported_pictures_are_not_taken_for_ones_made_here(studio: Studio, made: Comparison) -> None:
    studio.exchange.bring(exported(studio, made.id), owner="zoe")
    plan = studio.comparisons.plan(Axes(prompts=PROMPTS, aspect_ratios=("3:2",)), owner="zoe")
    assert (plan.pictures, plan.have, plan.new) == (2, 0, 2)


def test_nothing_in_an_export_tells_who_voted_or_whose_it_is(studio: Studio, made: Comparison) -> None:
    first, second = exported(studio, made.id), exported(studio, made.id)
    table = studio.exchange.votes_csv(made.id, owner="anna")
    for name in ("bert", "carl", "dora", "anna"):
        assert name.encode() not in first
        assert name not in table
    one, other = (json.loads(file)["votes"] for file in (first, second))
    assert {vote["voter"] for vote in one}.isdisjoint(vote["voter"] for vote in other)
    assert one[0]["voter"] == one[2]["voter"]
    assert [vote["by"] for vote in one] == ["visitor"] * 4 + ["owner"]


def test_the_page_holds_every_picture_once_and_reads_nothing_else(studio: Studio, made: Comparison) -> None:
    page = exported(studio, made.id, page=True).decode()
    pictures = [cell["picture"]["data"] for cell in json.loads(exported(studio, made.id))["cells"]]
    assert len(pictures) == 12
    for each in pictures:
        assert base64.b64decode(each)[8:12] == b"WEBP"
        assert page.count(f'"full":"data:image/webp;base64,{each}"') == 1
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert "https://" not in page
    assert "<title>Dawn &lt;b&gt;</title>" in page
    assert "<b>" not in page


def test_a_cell_without_a_picture_stays_an_empty_cell(studio: Studio, there: Studio) -> None:
    made = studio.comparisons.make(Axes(prompts=("a held heron", "a held fox"), samples=2), owner="anna", cap_usd=0.03)
    finish(studio, made.id)
    brought = there.exchange.bring(exported(studio, made.id), owner="zoe")
    assert brought.pictures == 2
    grid = there.comparisons.grid(brought.comparison.id, owner="zoe")
    assert sorted(cell.job_id is None for cell in grid.cells.values()) == [False, False, True, True]


def test_a_picture_whose_file_is_lost_leaves_an_empty_cell_and_the_rest_whole(tmp_path: Path, there: Studio) -> None:
    with running(build_studio(tmp_path / "here", FakeProvider(), public=True)) as studio:
        made = studio.comparisons.make(Axes(prompts=PROMPTS), owner="anna")
        finish(studio, made.id)
        job = next(iter(studio.comparisons.grid(made.id, owner="anna").cells.values())).job
        assert job is not None
        assert job.image is not None
        studio.blobs.delete(job.image.name)
        for page in (False, True):
            file = exported(studio, made.id, page=page)
            assert there.exchange.bring(file, owner="zoe").pictures == 1


def test_somebody_elses_comparison_cannot_be_exported(studio: Studio, made: Comparison) -> None:
    ways: list[Callable[..., object]] = [
        studio.exchange.as_json,
        studio.exchange.as_page,
        studio.exchange.cells_csv,
        studio.exchange.votes_csv,
        studio.exchange.contact_png,
        studio.exchange.originals,
    ]
    for way in ways:
        with pytest.raises(ComparisonNotFound):
            way(made.id, owner="bert")
        assert way(made.id, owner=None)


def test_a_read_only_place_exports_and_refuses_to_import(studio: Studio, made: Comparison, tmp_path: Path) -> None:
    shut = build_studio(tmp_path, FakeProvider(), read_only="Nothing can be written here.")
    with pytest.raises(ConfigurationError, match="Nothing can be written"):
        shut.exchange.bring(exported(studio, made.id), owner="me")
    shut.stop(0)


# ---------------------------------------------------------------- tables, sheet, originals


def test_the_table_of_cells_has_a_line_for_each_with_its_settings(studio: Studio, made: Comparison) -> None:
    lines = list(csv.DictReader(io.StringIO(studio.exchange.cells_csv(made.id, owner="anna").removeprefix("\ufeff"))))
    assert len(lines) == 12
    assert [line["row"] for line in lines[::4]] == ["A", "A′", "B"]
    assert {line["state"] for line in lines} == {"done"}
    assert lines[0]["prompt"] == PROMPTS[0]
    assert lines[0]["seed"] == "3"
    assert len(lines[0]["sha256"]) == 64


def test_the_table_of_votes_says_what_each_was_between(studio: Studio, made: Comparison) -> None:
    lines = list(csv.DictReader(io.StringIO(studio.exchange.votes_csv(made.id, owner="anna").removeprefix("\ufeff"))))
    assert [line["choice"] for line in lines] == ["left", "bad", "right", "tie", "left"]
    assert lines[0]["voter"] == lines[2]["voter"] != lines[1]["voter"]
    assert {line["left_row"] for line in lines} <= {"A", "A′", "B"}
    assert {line["by"] for line in lines} == {"visitor", "owner"}


def test_the_contact_sheet_is_one_picture_with_every_row(studio: Studio, made: Comparison) -> None:
    with Image.open(io.BytesIO(studio.exchange.contact_png(made.id, owner="anna"))) as sheet:
        assert sheet.format == "PNG"
        assert sheet.width > 1000


def test_the_originals_come_byte_for_byte_as_the_gallery_would_give_them(studio: Studio, made: Comparison) -> None:
    packed = b"".join(studio.exchange.originals(made.id, owner="anna"))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".png")]
        assert len(names) == 12
        first = json.loads(archive.read("pictures.json"))[0]
        assert first["prompt"] == PROMPTS[0]
        job = next(
            cell.job
            for cell in studio.comparisons.grid(made.id, owner="anna").cells.values()
            if cell.job and cell.job.id[:8] in names[0]
        )
        assert archive.read(names[0]) == studio.shelf.download(job.id, "anna").data


# ---------------------------------------------------------------- small copies


def test_a_copy_is_small_and_keeps_to_its_room() -> None:
    caps = Caps(10**8, 10**8)
    large = small_copy(noise((1600, 900)), caps, 10**7)
    with Image.open(io.BytesIO(large)) as copy:
        assert (copy.format, copy.size) == ("WEBP", (1024, 576))
    assert small_copy(large, caps, 10**7) == large
    assert len(small_copy(noise((1600, 900)), caps, 40_000)) <= 40_000
    assert room_for(512) * 512 <= payload.MAX_PICTURES


def test_the_largest_export_there_can_be_is_one_that_can_be_imported() -> None:
    assert payload.MAX_PICTURES * 4 // 3 + 16 * 1024 * 1024 <= payload.MAX_FILE


# ---------------------------------------------------------------- from a stranger's hand


@pytest.fixture(scope="module")
def good(studio: Studio) -> Json:
    """A file with two cells, to be spoilt."""
    made = studio.comparisons.make(Axes(prompts=("a wren", "a crow")), owner="anna")
    finish(studio, made.id)
    ballot = studio.polls.next_ballot(made, "bert")
    assert ballot is not None
    studio.polls.cast(made, ballot.id, "left", voter="bert")
    said: Json = json.loads(exported(studio, made.id))
    assert len(said["cells"]) == 2
    return said


def picture(data: bytes) -> Callable[[Json], None]:
    def spoil(said: Json) -> None:
        said["cells"][0]["picture"]["data"] = base64.b64encode(data).decode()

    return spoil


def change(path: str, value: object) -> Callable[[Json], None]:
    def spoil(said: Json) -> None:
        *way, last = path.split(".")
        at: Any = said
        for part in way:
            at = at[int(part)] if part.isdigit() else at[part]
        at[int(last) if last.isdigit() else last] = value

    return spoil


def many(name: str, count: int) -> Callable[[Json], None]:
    def spoil(said: Json) -> None:
        said[name] = [said[name][0]] * count

    return spoil


def animated() -> bytes:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(change("format", "reve-studio-comparison/2"), "another version", id="a later version"),
        pytest.param(change("format", "something else"), "not a comparison", id="another format"),
        pytest.param(change("rows", []), "rows", id="no rows"),
        pytest.param(change("columns", []), "columns", id="no columns"),
        pytest.param(many("rows", 25), "rows", id="too many rows"),
        pytest.param(many("rows", 2), "same id", id="a row twice"),
        pytest.param(many("cells", 2), "same place", id="a cell twice"),
        pytest.param(many("cells", 513), "cells", id="too many cells"),
        pytest.param(many("votes", 2), "voted twice", id="a vote twice"),
        pytest.param(many("votes", 50_001), "votes", id="too many votes"),
        pytest.param(change("votes.0.left", "x"), "does not list", id="a vote on nothing"),
        pytest.param(change("votes.0.choice", "up"), "choice", id="a vote for nothing"),
        pytest.param(change("votes.0.at", "2026-01-01"), "votes.0.at", id="a vote at no time"),
        pytest.param(change("votes.0.at", 10**400), "votes.0.at", id="a number too large to be a time"),
        pytest.param(change("cells.0.row", "r9"), "does not list", id="a cell in no row"),
        pytest.param(change("cells.0.seed", 10**400), "cells.0.seed", id="a huge seed"),
        pytest.param(change("cells.0.seed", 1e300), "cells.0.seed", id="a seed that is no whole number"),
        pytest.param(change("cells.0.seed", True), "cells.0.seed", id="a seed that is a truth"),
        pytest.param(change("cells.0.notes", ["x"] * 21), "notes", id="too many notes"),
        pytest.param(change("cells.0.layout.0.x0", 1e300), "layout", id="a box out of all bounds"),
        pytest.param(change("cells.0.picture.mime", "image/svg+xml"), "mime", id="a picture that is a program"),
        pytest.param(change("cells.0.picture.data", "%%%"), "base64", id="a picture that is no base64"),
        pytest.param(picture(b"<svg onload='alert(1)'/>"), "cannot be used", id="a picture that is none"),
        pytest.param(picture(png()[:60]), "cannot be used", id="half a picture"),
        pytest.param(picture(animated()), "animated", id="a film"),
        pytest.param(picture(bomb()), "million pixels", id="a picture that unpacks to too much"),
        pytest.param(picture(b"\x89PNG\r\n\x1a\n" + b"x" * 4_000_001), "larger than", id="a picture of 4 MB"),
        pytest.param(change("comparison.samples", 9), "samples", id="too many samples"),
        pytest.param(change("comparison.samples", 10**30), "samples", id="very many samples"),
        pytest.param(change("comparison.makers.0.provider", "a|b"), "provider", id="a name with a bar in it"),
        pytest.param(change("comparison.makers.0.provider", "x" * 129), "provider", id="a long name"),
        pytest.param(change("comparison.makers", []), "makers", id="no models"),
        pytest.param(change("comparison.aspect_ratios", ["0:1"]), "aspect_ratios", id="a shape without width"),
        pytest.param(change("comparison.aspect_ratios", ["../x"]), "aspect_ratios", id="a shape that is none"),
        pytest.param(change("comparison.title", "x" * 121), "title", id="a long title"),
        pytest.param(change("columns.0.sample", 2), "does not belong", id="a column of a sample that is not there"),
        pytest.param(change("columns.0.provider", "dream"), "does not belong", id="a column of another model"),
        pytest.param(change("rows.1.twin_of", "r7"), "repeats a row", id="a twin of nothing"),
        pytest.param(change("rows.1.prompt", "a wren"), "are the same", id="the same prompt twice"),
        pytest.param(change("rows.0.prompt", "x" * 20_001), "prompt", id="a prompt without end"),
    ],
)
@pytest.mark.parametrize("page", [False, True], ids=["json", "html"])
def test_a_file_that_is_not_honest_is_refused_in_one_sentence_and_leaves_nothing(
    studio: Studio, good: Json, there: Studio, spoil: Callable[[Json], None], words: str, page: bool
) -> None:
    said = json.loads(json.dumps(good))
    spoil(said)
    file = json.dumps(said).encode()
    if page:
        cells = [
            {"key": cell["key"], "full": f"data:image/png;base64,{cell['picture'].pop('data')}"}
            for cell in said["cells"][:512]
            if "data" in cell["picture"]
        ]
        block = '<script type="application/json" id="{}">{}</script>'
        file = (
            block.format("comparison", json.dumps({"cells": cells}))
            + block.format("reve-studio-comparison", json.dumps(said).replace("<", "\\u003c"))
        ).encode()
    with pytest.raises(BadInput, match=words) as caught:
        there.exchange.bring(file, owner="zoe")
    told = str(caught.value)
    assert "\n" not in told
    assert len(told) < 400
    assert told.endswith(".")
    assert there.jobs(JobFilter(owner="zoe")).jobs == []
    assert there.comparisons.listed(owner="zoe") == []
    assert blobs(there) == []


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"cells": ' + b"[" * 100_000, id="100,000 brackets"),
        pytest.param(b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="100,000 brackets closed again"),
        pytest.param(b'{"a":' * 100_000, id="100,000 braces"),
        pytest.param(png(), id="a picture"),
        pytest.param(b"PK\x03\x04", id="a zip file"),
        pytest.param(b"<!doctype html><title>Hello</title>", id="some other page"),
        pytest.param(
            b'<script type="application/json" id="reve-studio-comparison">{}</script>', id="a page with no cells"
        ),
        pytest.param(b'<script type="application/json" id="reve-studio-comparison">{"format', id="a page cut short"),
        pytest.param("é".encode("latin-1") * 100, id="bytes that are no text"),
        pytest.param(b'{"format": "reve-studio-comparison/1"}', id="a format and nothing else"),
    ],
)
def test_a_file_that_is_no_export_is_refused_in_one_sentence(there: Studio, file: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        there.exchange.bring(file, owner="zoe")
    assert str(caught.value).startswith("This file")


def test_more_values_than_any_export_has_are_refused_before_they_are_read(there: Studio) -> None:
    with pytest.raises(BadInput, match="lists more than"):
        there.exchange.bring(b'{"cells": [' + b"0," * 2_000_000 + b"0]}", owner="zoe")


def test_a_file_past_the_limit_is_not_looked_at(there: Studio) -> None:
    with pytest.raises(BadInput, match="larger than 64 MB"):
        there.exchange.bring(b"{" + b" " * payload.MAX_FILE, owner="zoe")


def test_what_is_not_known_is_passed_over_and_no_address_or_markup_is_believed(
    studio: Studio, good: Json, there: Studio
) -> None:
    said = json.loads(json.dumps(good))
    said["later"] = {"a": [1, 2]}
    cell = said["cells"][0]
    cell |= {"src": "https://evil.example/x.png", "job_id": "../../etc/passwd", "name": "../x.png", "state": "queued"}
    cell["notes"] = ["<img src=x onerror=alert(1)>", "Imported from a file on 1 January. A lie."]
    said["rows"][0]["prompt"] = "<script>alert(1)</script>"
    one = there.exchange.bring(json.dumps(said).encode(), owner="zoe").comparison
    page = b"".join(there.exchange.as_page(one.id, owner="zoe"))
    assert b"evil.example" not in page
    assert b"passwd" not in page
    assert b"<script>alert" not in page
    assert b"<img src=x" not in page
    jobs = there.jobs(JobFilter(owner="zoe")).jobs
    assert len(jobs) == 2
    notes = [there.get(job.id, owner="zoe").receipt.notes for job in jobs]  # type: ignore[union-attr]
    assert all(len([note for note in each if note.startswith("Imported from")]) == 1 for each in notes)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_of_a_picture_comes_in_but_its_pixels_upright(good: Json, there: Studio, kind: str) -> None:
    said = json.loads(json.dumps(good))
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "a hidden word"
    exif[0x0112] = 6
    picture = Image.new("RGB", (24, 16), "white")
    picture.paste("black", (0, 0, 8, 16))  # dark at the left; upright that is the top
    picture.save(out, kind, exif=exif, **{"comment": b"another hidden word"} if kind == "JPEG" else {})
    mime = f"image/{kind.lower()}"
    said["cells"][0]["picture"] |= {"mime": mime, "data": base64.b64encode(out.getvalue() + b"tail").decode()}
    there.exchange.bring(json.dumps(said).encode(), owner="zoe")
    jobs = [job for job in there.jobs(JobFilter(owner="zoe")).jobs if job.image and job.image.height == 24]
    assert len(jobs) == 1
    image = jobs[0].image
    assert image is not None
    assert (image.mime, image.name.endswith("-1.webp"), image.width) == ("image/webp", True, 16)
    for name in (image.name, image.thumbnail):
        stored = there.blobs.get(name, max_bytes=10**6)
        assert b"hidden" not in stored
        assert not stored.endswith(b"tail")
        with Image.open(io.BytesIO(stored)) as opened:
            assert opened.size == (16, 24)
            upright = opened.convert("L")
        assert upright.getpixel((8, 2)) < 60 < 200 < upright.getpixel((8, 20))  # type: ignore[operator]


def test_every_text_of_an_import_is_judged_before_anything_is_stored(good: Json, tmp_path: Path) -> None:
    said = json.loads(json.dumps(good))
    said["comparison"] |= {"title": "a title", "question": "a question"}
    said["rows"][0]["prompt"] = "a prompt"
    said["cells"][0] |= {
        "notes": ["a note"],
        "layout": [{"label": "a label", "prompt": "a part", "x0": 0, "y0": 0, "x1": 1, "y1": 1}],
    }
    seen: list[str] = []

    class Strict:
        fault = None

        def judge(self, text: str) -> Verdict:
            return self.judge_all([text])

        def judge_all(self, texts: Iterable[str]) -> Verdict:
            seen.extend(texts)
            return Verdict(Action.BLOCK, "hate")

    there = build_studio(tmp_path / "strict", FakeProvider(), moderator=Strict())
    with pytest.raises(Blocked):
        there.exchange.bring(json.dumps(said).encode(), owner="zoe")
    assert {"a title", "a question", "a prompt", "a note", "a label", "a part", "fake", "fake-1"} <= set(seen)
    assert blobs(there) == []
    assert there.comparisons.listed(owner="zoe") == []
    there.stop(0)


def test_many_pictures_may_not_unpack_to_more_than_an_export_has(
    good: Json, there: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies.Unpacking.__init__, "__kwdefaults__", {"most": 64 * 64 + 10})
    with pytest.raises(BadInput, match="Together they are larger"):
        there.exchange.bring(json.dumps(good).encode(), owner="zoe")
    assert blobs(there) == []


def test_who_imports_too_often_is_refused_before_a_picture_is_decoded(
    good: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = build_studio(tmp_path / "limited", FakeProvider(), public=True, allowance=Allowance(visitor_per_minute=1))
    there.exchange.bring(json.dumps(good).encode(), owner="zoe", origin=Origin("192.0.2.1"))
    there.exchange.bring(
        json.dumps(good).encode(), owner="zoe", origin=Origin("192.0.2.1")
    )  # the same again is no order
    another = json.loads(json.dumps(good))
    another["comparison"]["title"] = "another"
    monkeypatch.setattr("reve_core.exchange.reading.read", lambda *_: pytest.fail("It was read."))
    with pytest.raises(LimitReached, match="last minute"):
        there.exchange.bring(json.dumps(another).encode(), owner="zoe", origin=Origin("192.0.2.1"))
    there.stop(0)


def test_a_zip_in_the_place_of_an_export_is_refused_unopened(there: Studio) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../evil.html", b"0" * 50_000_000)
    with pytest.raises(BadInput, match="not a comparison exported"):
        there.exchange.bring(out.getvalue(), owner="zoe")


def test_votes_cannot_be_brought_in_the_name_of_anybody_here(good: Json, there: Studio) -> None:
    said = json.loads(json.dumps(good))
    said["votes"][0] |= {"voter": OWNER, "by": "owner"}
    one = there.exchange.bring(json.dumps(said).encode(), owner="zoe").comparison
    result = there.polls.result(one)
    assert (result.votes, result.by_owner, result.by_visitors) == (1, 0, 1)


def test_a_disk_that_fills_up_leaves_no_pictures_behind(
    good: Json, there: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reve_core.errors import DiskFull

    put, stored = there.blobs.put, []

    def full(key: str, data: bytes) -> None:
        if len(stored) == 3:  # the second picture is there, its thumbnail is not
            raise DiskFull("The disk is full.")
        stored.append(key)
        put(key, data)

    monkeypatch.setattr(there.blobs, "put", full)
    with pytest.raises(ReveError, match="disk is full"):
        there.exchange.bring(json.dumps(good).encode(), owner="zoe")
    assert len(stored) == 3
    assert blobs(there) == []
    assert there.comparisons.listed(owner="zoe") == []


def test_models_that_are_not_offered_here_keep_their_names(good: Json, there: Studio) -> None:
    one = there.exchange.bring(json.dumps(good).encode(), owner="zoe").comparison
    assert one.makers == (Maker(provider="fake", model="fake-1"),)
    with pytest.raises(BadInput, match="no provider called"):
        there.comparisons.plan_extension(one.id, owner="zoe", prompts=["an owl"])
