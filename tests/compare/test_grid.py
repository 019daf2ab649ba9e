"""From axes to cells: columns, keys, and which picture serves for which cell."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reve_core.compare import grid
from reve_core.compare.models import Axes, Cell, Comparison, Maker, Place, Row
from reve_core.errors import BadInput
from reve_core.models import Job, JobRequest, JobStatus

FAKE = Maker(provider="fake", model="fake-1")
OTHER = Maker(provider="other", model="other-1")


def comparison(**changes: object) -> Comparison:
    made = Comparison(
        id="c",
        owner="me",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        rows=(Row(id="r1", prompt="a fox"), Row(id="r2", prompt="a heron")),
        makers=(FAKE,),
        aspect_ratios=("1:1",),
        seeds=(),
        samples=1,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def place(row: str = "r1", **changes: object) -> Place:
    return Place(row=row, provider="fake", model="fake-1", aspect_ratio="1:1").model_copy(update=changes)


def wish(prompt: str = "a fox", **changes: object) -> JobRequest:
    return JobRequest(prompt=prompt, provider="fake", model="fake-1", aspect_ratio="1:1").model_copy(update=changes)


def job(job_id: str, **changes: object) -> Job:
    return Job(job_id, 1, "me", wish(**changes), JobStatus.DONE, datetime(2026, 1, 1, tzinfo=UTC), 1)  # type: ignore[arg-type]


# -- columns and the sequence


def test_columns_go_by_model_then_shape_then_seed_then_sample() -> None:
    one = comparison(makers=(FAKE, OTHER), aspect_ratios=("1:1", "3:2"), seeds=(0, 7), samples=2)
    found = [column.column for column in grid.columns(one, lambda *_: True)]
    assert found[:5] == [
        "fake|fake-1|1:1|0|1",
        "fake|fake-1|1:1|0|2",
        "fake|fake-1|1:1|7|1",
        "fake|fake-1|1:1|7|2",
        "fake|fake-1|3:2|0|1",
    ]
    assert len(found) == len(set(found)) == 16
    assert found[8].startswith("other")


def test_a_model_without_seeds_has_no_column_for_each_of_them() -> None:
    one = comparison(makers=(FAKE, OTHER), seeds=(1, 2))
    found = [column.column for column in grid.columns(one, lambda provider, _: provider == "fake")]
    assert found == ["fake|fake-1|1:1|1|1", "fake|fake-1|1:1|2|1", "other|other-1|1:1||1"]


def test_the_seed_0_is_a_seed() -> None:
    assert place(seed=0).column != place(seed=None).column
    assert grid.key(comparison(), place(seed=0)) != grid.key(comparison(), place(seed=None))


def test_a_whole_sample_of_the_grid_comes_before_the_next() -> None:
    one = comparison(makers=(FAKE, OTHER), samples=2)
    columns = grid.columns(one, lambda *_: True)
    assert [(each.sample, each.row, each.provider) for each in grid.places(one.rows, columns)] == [
        (1, "r1", "fake"),
        (1, "r1", "other"),
        (1, "r2", "fake"),
        (1, "r2", "other"),
        (2, "r1", "fake"),
        (2, "r1", "other"),
        (2, "r2", "fake"),
        (2, "r2", "other"),
    ]


def test_a_column_that_only_a_cell_knows_is_kept_behind_its_model() -> None:
    columns = grid.columns(comparison(makers=(FAKE, OTHER)), lambda *_: True)
    cells = [
        Cell("a", place()),
        Cell("b", place(seed=9)),
        Cell("c", place("r2", seed=9)),
        Cell("d", place(model="old")),
    ]
    assert [column.column for column in grid.with_found(columns, cells)] == [
        "fake|fake-1|1:1||1",
        "fake|fake-1|1:1|9|1",
        "other|other-1|1:1||1",
        "fake|old|1:1||1",
    ]


# -- keys


@pytest.mark.parametrize(
    "changes",
    [
        {"row": "r2"},
        {"provider": "other"},
        {"model": "fake-2"},
        {"aspect_ratio": "3:2"},
        {"seed": 1},
        {"sample": 2},
        {"row": "r1-1"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_key_changes_with_everything_that_determines_the_picture(changes: dict[str, object]) -> None:
    rows = (*comparison().rows, Row(id="r1-1", prompt="a fox", twin_of="r1"))
    one = comparison(rows=rows)
    assert grid.key(one, place()) != grid.key(one, place().model_copy(update=changes))


def test_a_key_stays_when_the_grid_around_it_changes() -> None:
    before = grid.key(comparison(), place("r2"))
    later = comparison(
        rows=(Row(id="r2", prompt="a heron"), Row(id="r3", prompt="a crane")),
        makers=(OTHER, FAKE),
        samples=8,
        title="another",
        cap_usd=1.0,
    )
    assert grid.key(later, place("r2")) == before


def test_twins_have_keys_of_their_own_and_keep_them_when_one_goes() -> None:
    twins = [Row(id=f"r1-{number}", prompt="a fox", twin_of="r1") for number in (1, 2)]
    both = comparison(rows=(*comparison().rows, *twins))
    keys = {row: grid.key(both, place(row)) for row in ("r1", "r1-1", "r1-2")}
    assert len(set(keys.values())) == 3
    assert grid.key(comparison(rows=(*comparison().rows, twins[1])), place("r1-2")) == keys["r1-2"]


def test_a_row_that_is_not_there_has_no_key_and_asks_for_nothing() -> None:
    for ask in (grid.key, grid.request):
        with pytest.raises(BadInput, match="no such row"):
            ask(comparison(), place("r9"))


def test_strange_prompts_have_keys() -> None:
    for prompt in ("x" * 100_000, "🪶\u200d\u202e", "a\u2028b\t", "'; drop table cells; --"):
        one = comparison(rows=(Row(id="r1", prompt=prompt),))
        assert len(grid.key(one, place())) == 32
        assert grid.request(one, place()).prompt == prompt


# -- what is asked for


def test_without_a_seed_none_is_asked_for() -> None:
    assert grid.request(comparison(), place(sample=3)).seed is None


def test_the_first_sample_has_the_very_seed_and_no_two_cells_ask_for_the_same() -> None:
    rows = (Row(id="r1", prompt="a fox"), *(Row(id=f"r1-{n}", prompt="a fox", twin_of="r1") for n in range(1, 6)))
    one = comparison(rows=rows, seeds=(0, 1, 2, 3, 7, 8, 16, 2**32 - 1), samples=8)
    asked = [grid.request(one, each).seed for each in grid.places(one.rows, grid.columns(one, lambda *_: True))]
    assert tuple(asked[:8]) == one.seeds
    assert len(set(asked)) == len(asked) == 6 * 8 * 8
    assert all(seed is not None and 0 <= seed < 2**32 for seed in asked)


# -- adopting


def test_each_picture_serves_for_one_cell() -> None:
    wanted = {"a": wish(), "b": wish(), "c": wish()}
    assert grid.adopt(wanted, {"one": wish(seed=1), "two": wish(seed=2)}) == {"a": "one", "b": "two"}


@pytest.mark.parametrize(
    "other",
    [{"prompt": "a fox "}, {"provider": "other"}, {"model": "fake-2"}, {"aspect_ratio": "3:2"}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_picture_of_other_settings_does_not_serve(other: dict[str, object]) -> None:
    assert grid.adopt({"a": wish()}, {"one": wish().model_copy(update=other)}) == {}


def test_a_seed_asked_for_must_match_and_is_served_before_cells_that_take_any() -> None:
    pictures = {"seven": wish(seed=7), "eight": wish(seed=8), "none": wish()}
    assert grid.adopt({"any": wish(), "of 7": wish(seed=7), "of 9": wish(seed=9)}, pictures) == {
        "of 7": "seven",
        "any": "eight",
    }


# -- laying out pictures, and adding rows


def test_pictures_are_laid_out_by_prompt_model_shape_and_number() -> None:
    jobs = [job("a"), job("b", aspect_ratio="3:2"), job("c"), job("d", prompt=" a fox"), job("e", prompt="a heron")]
    axes, places = grid.lay_out(jobs)
    assert axes == Axes(prompts=("a fox", "a heron"), makers=(FAKE,), aspect_ratios=("1:1", "3:2"), samples=3)
    found = {job_id: (each.row, each.aspect_ratio, each.sample) for job_id, each in places.items()}
    assert found == {
        "a": ("r1", "1:1", 1),
        "b": ("r1", "3:2", 1),
        "c": ("r1", "1:1", 2),
        "d": ("r1", "1:1", 3),
        "e": ("r2", "1:1", 1),
    }


def test_too_many_pictures_of_one_kind_are_refused() -> None:
    with pytest.raises(BadInput, match="More than 8 of these pictures"):
        grid.lay_out([job(str(number)) for number in range(9)])


def test_twins_stand_behind_their_row_and_numbers_are_not_used_again() -> None:
    rows = grid.more_rows(comparison().rows, [], "r1")
    rows = grid.more_rows(rows, ["a crane"], "r1")
    assert [(row.id, row.twin_of) for row in rows] == [
        ("r1", None),
        ("r1-1", "r1"),
        ("r1-2", "r1"),
        ("r2", None),
        ("r3", None),
    ]
    without = [row for row in rows if row.id != "r1-1"]
    assert [row.id for row in grid.more_rows(without, [], "r1")][2] == "r1-3"


@pytest.mark.parametrize("row", ["r1-1", "r9", ""])
def test_only_a_row_of_its_own_can_be_repeated(row: str) -> None:
    rows = grid.more_rows(comparison().rows, [], "r1")
    with pytest.raises(BadInput, match="no such row to repeat"):
        grid.more_rows(rows, [], row)


def test_rows_are_named_by_letters_and_twins_by_a_stroke_more() -> None:
    rows = tuple(grid.more_rows(grid.more_rows(comparison().rows, [], "r1"), [], "r1"))
    one = comparison(rows=rows)
    assert [one.name_of(row.id) for row in rows] == ["A", "A′", "A′′", "B"]
    assert one.name_of("r9") == "?"
