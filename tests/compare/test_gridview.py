"""What the browser is told of a comparison."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reve_core import gridview
from reve_core.compare.models import Axes, Comparison, Maker
from reve_core.errors import RequestRejected
from reve_core.models import Job, JobRequest, JobStatus, StoredImage
from reve_core.ports import CallContext
from reve_core.service import Studio
from tests.building import build_studio, running, until
from tests.fakes import FakeProvider

PROMPTS = ("a red fox in snow", "a red heron in snow")


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    made = build_studio(tmp_path, FakeProvider())
    yield made
    made.stop(0)


def data(studio: Studio, comparison: Comparison, **options: object) -> dict[str, object]:
    def address(kind: str) -> gridview.Address:
        def of(job: Job, image: StoredImage) -> str:
            return f"/{kind}/{image.name}"

        return of

    shown = gridview.player_data(
        studio.comparisons.grid(comparison.id, owner="me"),
        catalogue=studio.catalogue,
        thumbnail=address("small"),
        full=address("large"),
        rev=7,
        **options,  # type: ignore[arg-type]
    )
    return json.loads(json.dumps(shown))


def make(studio: Studio, **axes: object) -> Comparison:
    return studio.comparisons.make(Axes(prompts=PROMPTS, **axes), owner="me")  # type: ignore[arg-type]


def finish(studio: Studio, comparison: Comparison) -> None:
    studio.start()
    until(lambda: all(cell.job.status is JobStatus.DONE for cell in cells(studio, comparison)))


def cells(studio: Studio, comparison: Comparison) -> list[object]:
    return list(studio.comparisons.grid(comparison.id, owner="me").cells.values())


def test_a_single_column_has_no_head_for_nothing_differs(studio: Studio) -> None:
    assert data(studio, make(studio))["columns"] == [{"id": "fake|fake-1|1:1||1", "heads": []}]


def test_columns_name_what_differs_and_nothing_else(studio: Studio) -> None:
    shown = data(studio, make(studio, aspect_ratios=("3:2", "1:1"), samples=2))
    heads = [column["heads"] for column in shown["columns"]]
    assert heads == [["3:2", "1"], ["3:2", "2"], ["1:1", "1"], ["1:1", "2"]]


def test_a_seed_is_named_where_there_are_several(studio: Studio) -> None:
    shown = data(studio, make(studio, seeds=(7, 8)))
    assert [column["heads"] for column in shown["columns"]] == [["seed 7"], ["seed 8"]]


def test_rows_have_letters_and_a_twin_has_its_originals_with_a_stroke(studio: Studio) -> None:
    comparison = studio.comparisons.extend(make(studio).id, twin_of="r1", owner="me")
    rows = [(row["name"], row["twin_of"]) for row in data(studio, comparison)["rows"]]
    assert rows == [("A", None), ("A′", "A"), ("B", None)]


def test_the_difference_of_two_prompts_gives_both_of_them_back(studio: Studio) -> None:
    pieces = data(studio, make(studio))["diffs"]["r1|r2"]
    assert "".join(text for sign, text in pieces if sign in "=-") == PROMPTS[0]
    assert "".join(text for sign, text in pieces if sign in "=+") == PROMPTS[1]
    assert {(sign, text.strip()) for sign, text in pieces if sign != "="} == {("-", "fox"), ("+", "heron")}


def test_a_cell_keeps_its_shape_before_its_picture_is_there(studio: Studio) -> None:
    cell = data(studio, make(studio, aspect_ratios=("3:2",)))["cells"][0]
    assert (cell["state"], cell["src"], cell["full"]) == ("queued", "", "")
    assert cell["width"] / cell["height"] == pytest.approx(3 / 2, rel=0.01)


def test_a_finished_cell_has_its_addresses_its_pixels_and_its_mark(studio: Studio) -> None:
    comparison = make(studio)
    finish(studio, comparison)
    cell = data(studio, comparison)["cells"][0]
    assert cell["src"].startswith("/small/")
    assert cell["full"].startswith("/large/")
    assert (cell["width"], cell["height"], cell["label"], cell["layout"]) == (64, 64, "AI-generated", True)


def test_what_can_be_done_follows_the_state(studio: Studio) -> None:
    comparison = make(studio)
    removed, kept = (cell["key"] for cell in data(studio, comparison)["cells"])
    studio.comparisons.remove(comparison.id, [removed], owner="me")
    first, second = data(studio, comparison)["cells"]
    assert (first["key"], first["state"], first["can"]) == (removed, "empty", ["retry"])
    assert (second["key"], second["state"], second["can"]) == (kept, "queued", ["cancel", "remove"])
    assert all(cell["can"] == [] for cell in data(studio, comparison, acts=False)["cells"])


def test_a_picture_in_the_trash_is_not_shown(studio: Studio) -> None:
    comparison = make(studio)
    finish(studio, comparison)
    cell = next(iter(studio.comparisons.grid(comparison.id, owner="me").cells.values()))
    studio.shelf.trash([cell.job_id], owner="me")
    gone = next(each for each in data(studio, comparison)["cells"] if each["key"] == cell.key)
    assert (gone["state"], gone["src"], gone["full"]) == ("gone", "", "")


def test_with_the_prompts_kept_back_not_a_word_of_them_is_told(studio: Studio) -> None:
    comparison = make(studio)
    finish(studio, comparison)
    told = json.dumps(data(studio, comparison, show_prompts=False))
    for word in ("fox", "heron", "snow"):
        assert word not in told
    key = cells(studio, comparison)[0].key
    detail = gridview.details(
        studio.comparisons.cell(comparison.id, key, owner="me"), catalogue=studio.catalogue, show_prompts=False
    )
    assert detail["regions"]
    assert all(region["label"] == "" and region["prompt"] == "" for region in detail["regions"])


def test_why_a_picture_failed_is_told_to_its_owner_alone(tmp_path: Path) -> None:
    def refuse(request: JobRequest, context: CallContext) -> None:
        raise RequestRejected("No: your prompt says fox.")

    studio = build_studio(tmp_path, FakeProvider(before=refuse))
    comparison = make(studio)
    with running(studio):
        until(lambda: all(cell.job.status is JobStatus.FAILED for cell in cells(studio, comparison)))
        assert "fox" in data(studio, comparison)["cells"][0]["says"]
        assert data(studio, comparison, acts=False)["cells"][0]["says"] == "Not made"


def test_a_comparison_without_a_title_is_called_by_what_differs(studio: Studio) -> None:
    title = data(studio, make(studio))["title"]
    assert "fox" in title
    assert "heron" in title
    assert "snow" not in title


def test_its_own_title_wins(studio: Studio) -> None:
    comparison = studio.comparisons.make(Axes(prompts=PROMPTS), owner="me", title="Winter")
    assert data(studio, comparison)["title"] == "Winter"


def test_each_models_price_and_cost_stand_over_its_column_for_the_owner_alone(tmp_path: Path) -> None:
    providers = (
        FakeProvider(credits=150),
        FakeProvider(name="dollars", usd=0.035),
        FakeProvider(name="own", credits=0),
    )
    studio = build_studio(tmp_path, *providers)
    made = make(studio, makers=tuple(Maker(provider=each.name) for each in providers))
    finish(studio, made)
    shown = data(studio, made)["columns"]
    assert [(column["price"], column["cost"]) for column in shown] == [
        ("150 credits · about $0.20 each", "300 credits so far"),
        ("$0.035 each", "$0.07 so far"),
        ("Free", ""),
    ]
    assert "price" not in str(data(studio, made, acts=False)["columns"])
    studio.stop(0)
