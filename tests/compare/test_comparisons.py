"""Comparisons through the whole core: real SQLite, real workers, providers that do as they are told."""

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from reve_core.compare.models import Axes, Cell, Comparison, Maker, Plan
from reve_core.comparisons import Comparisons
from reve_core.errors import (
    BadInput,
    ComparisonNotFound,
    ConfigurationError,
    Ended,
    IdempotencyConflict,
    JobNotFound,
    RequestRejected,
)
from reve_core.models import JobRequest, JobStatus, Picture
from reve_core.ports import CallContext
from reve_core.service import Studio
from reve_core.store.sqlite import SqliteStore
from tests.building import build_studio, running, settled, until
from tests.contracts.comparison_store import at_once
from tests.fakes import FakeProvider, GatedProvider

ME = "me"
PROMPTS = ("a fox", "a heron")
USD = 10 / 750  # of one picture of the fake


def refuses_foxes(request: JobRequest, context: CallContext) -> Picture | None:
    if "fox" in request.prompt:
        raise RequestRejected("No foxes today.")
    return None


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def studio(tmp_path: Path, provider: FakeProvider) -> Iterator[Studio]:
    """Not started: what is queued stays queued until a test starts it."""
    made = build_studio(tmp_path, provider, FakeProvider(name="plain", seed=False))
    yield made
    made.stop(5)


@pytest.fixture
def grids(studio: Studio) -> Comparisons:
    return studio.comparisons


def axes(*prompts: str, **others: object) -> Axes:
    return Axes(prompts=prompts or PROMPTS, **others)  # type: ignore[arg-type]


def make(studio: Studio, *prompts: str, **others: object) -> Comparison:
    return studio.comparisons.make(axes(*prompts, **others), owner=ME)


def cells(studio: Studio, made: Comparison) -> list[Cell]:
    return list(studio.comparisons.grid(made.id, owner=ME).cells.values())


def statuses(studio: Studio, made: Comparison) -> list[str]:
    return [cell.job.status.value if cell.job else "none" for cell in cells(studio, made)]


def finish(studio: Studio, made: Comparison) -> None:
    studio.start()
    until(lambda: not {"queued", "running"} & set(statuses(studio, made)))


def counts(plan: Plan) -> tuple[int, int, int, int]:
    return plan.pictures, plan.have, plan.new, plan.held


# -- making


def test_a_comparison_fills_with_pictures_of_its_prompts(studio: Studio, provider: FakeProvider) -> None:
    made = make(studio, samples=2)
    assert statuses(studio, made) == ["queued"] * 4
    finish(studio, made)
    assert statuses(studio, made) == ["done"] * 4
    assert sorted(provider.prompts) == ["a fox"] * 2 + ["a heron"] * 2
    for cell in cells(studio, made):
        row = made.row(cell.place.row)
        assert cell.job is not None
        assert row is not None
        assert cell.job.request.prompt == row.prompt


def test_the_plan_says_what_making_it_then_does(studio: Studio, grids: Comparisons) -> None:
    wanted = axes(makers=(Maker(), Maker(provider="plain")), aspect_ratios=("1:1", "3:2"), samples=3)
    plan = grids.plan(wanted, owner=ME)
    assert counts(plan) == (24, 0, 24, 0)
    assert plan.quote.usd == pytest.approx(24 * USD)
    assert plan.quote.credits == 240
    assert plan.quote.high_s > 0
    assert grids.listed(owner=ME) == []
    made = grids.make(wanted, owner=ME)
    assert len(cells(studio, made)) == 24
    assert grids.spending(made.id, owner=ME).committed == pytest.approx(plan.quote.usd)


def test_what_was_left_open_is_named_in_the_comparison(studio: Studio) -> None:
    made = make(studio)
    assert made.makers == (Maker(provider="fake", model="fake-1"),)
    assert made.aspect_ratios == ("1:1",)
    assert (made.rows[0].id, made.rows[1].id) == ("r1", "r2")
    assert made.axes == axes(makers=made.makers, aspect_ratios=made.aspect_ratios)


def test_every_picture_without_a_seed_gets_one_of_its_own(studio: Studio) -> None:
    found = [cell.job.request.seed for cell in cells(studio, make(studio, samples=4)) if cell.job]
    assert len(set(found)) == len(found) == 8
    assert None not in found


def test_a_model_without_seeds_makes_one_picture_for_all_of_them(studio: Studio) -> None:
    made = make(studio, makers=(Maker(provider="plain"), Maker()), seeds=(0, 5))
    found = [(each.provider, each.seed) for each in studio.comparisons.grid(made.id, owner=ME).columns]
    assert found == [("plain", None), ("fake", 0), ("fake", 5)]
    assert {(cell.place.seed, cell.job.request.seed) for cell in cells(studio, made) if cell.job} == {
        (None, None),
        (0, 0),
        (5, 5),
    }


def test_a_long_and_strange_prompt_stays_as_it_was_typed(studio: Studio) -> None:
    strange = "«'\"<b>\\{|}%s 🪶👩‍🚀\u202e\n\tend" + "x" * 150
    made = make(studio, strange, "  a fox ")
    finish(studio, made)
    assert statuses(studio, made) == ["done"] * 2
    assert studio.comparisons.get(made.id, owner=ME).rows[0].prompt == strange
    assert {cell.job.request.prompt for cell in cells(studio, made) if cell.job} == {strange, "  a fox "}


# -- only once


def test_the_same_key_buys_once_and_says_what_was_made(studio: Studio, grids: Comparisons) -> None:
    first = grids.make(axes(), owner=ME, idempotency_key="k", reuse=False)
    assert grids.make(axes(), owner=ME, idempotency_key="k", reuse=False) == first
    assert len(grids.listed(owner=ME)) == 1
    assert studio.board.feed().pending == 2
    with pytest.raises(IdempotencyConflict):
        grids.make(axes(samples=2), owner=ME, idempotency_key="k")
    assert studio.board.feed().pending == 2
    grids.delete(first.id, owner=ME)
    with pytest.raises(Ended, match="has been deleted"):
        grids.make(axes(), owner=ME, idempotency_key="k", reuse=False)


def test_two_who_send_the_same_key_at_once_buy_once(studio: Studio, grids: Comparisons) -> None:
    got = at_once(4, lambda: grids.make(axes(), owner=ME, idempotency_key="k", reuse=False).id)
    assert len(set(got)) == 1
    assert studio.board.feed().pending == 2


def test_the_same_grid_again_is_there_already_also_while_it_is_made(studio: Studio, grids: Comparisons) -> None:
    wanted = axes(samples=2, seeds=(7,))
    first = grids.make(wanted, owner=ME)
    plan = grids.plan(wanted, owner=ME)
    assert counts(plan) == (4, 4, 0, 0)
    assert (plan.quote.usd, plan.quote.credits, plan.quote.high_s) == (0, 0, 0)
    finish(studio, first)
    assert counts(grids.plan(wanted, owner=ME)) == (4, 4, 0, 0)
    second = grids.make(wanted, owner=ME)
    assert [cell.adopted for cell in cells(studio, second)] == [True] * 4
    assert {cell.job_id for cell in cells(studio, first)} == {cell.job_id for cell in cells(studio, second)}
    assert grids.spending(second.id, owner=ME).committed == 0
    assert counts(grids.plan(wanted, owner=ME, reuse=False)) == (4, 0, 4, 0)
    assert counts(grids.plan(wanted, owner="somebody else")) == (4, 0, 4, 0)


def test_a_picture_from_the_gallery_is_taken_for_one_cell_only(studio: Studio, grids: Comparisons) -> None:
    [there] = studio.submit(JobRequest(prompt="a fox", seed=5))
    assert counts(grids.plan(axes(samples=3), owner=ME)) == (6, 1, 5, 0)
    assert counts(grids.plan(axes(seeds=(6,)), owner=ME)) == (2, 0, 2, 0)
    assert counts(grids.plan(axes(seeds=(5,)), owner=ME)) == (2, 1, 1, 0)
    made = make(studio, samples=2)
    assert [cell.job_id for cell in cells(studio, made)].count(there.id) == 1
    more = grids.extend(made.id, samples=3, owner=ME)
    assert [cell.job_id for cell in cells(studio, more)].count(there.id) == 1


def test_what_failed_or_lies_in_the_trash_is_not_taken(studio: Studio, provider: FakeProvider) -> None:
    provider.before = refuses_foxes
    fox, heron = (studio.submit(JobRequest(prompt=prompt))[0].id for prompt in PROMPTS)
    with running(studio):
        settled(studio, fox, heron)
        assert counts(studio.comparisons.plan(axes(), owner=ME)) == (2, 1, 1, 0)
        studio.shelf.trash([heron])
        assert counts(studio.comparisons.plan(axes(), owner=ME)) == (2, 0, 2, 0)


# -- adding


def test_a_row_more_orders_its_own_cells_only(studio: Studio, grids: Comparisons) -> None:
    made = make(studio, samples=2)
    before = {cell.key: cell.job_id for cell in cells(studio, made)}
    assert counts(grids.plan_extension(made.id, prompts=["a crane"], owner=ME)) == (2, 0, 2, 0)
    more = grids.extend(made.id, prompts=["a crane"], owner=ME)
    after = {cell.key: cell.job_id for cell in cells(studio, more)}
    assert len(after) == 6
    assert before.items() <= after.items()
    assert more.rows[-1].prompt == "a crane"


def test_more_samples_order_the_further_ones_only(studio: Studio, grids: Comparisons) -> None:
    made = make(studio)
    before = {cell.job_id for cell in cells(studio, made)}
    more = grids.extend(made.id, samples=3, owner=ME)
    assert len(cells(studio, more)) == 6
    assert before < {cell.job_id for cell in cells(studio, more)}
    with pytest.raises(BadInput, match="more samples, not fewer"):
        grids.extend(made.id, samples=2, owner=ME)
    with pytest.raises(BadInput, match="1 to 8"):
        grids.extend(made.id, samples=9, owner=ME)


def test_an_a_vs_a_row_is_further_pictures_of_the_same_prompt(studio: Studio, grids: Comparisons) -> None:
    made = make(studio, samples=2, seeds=(7,))
    more = grids.extend(made.id, twin_of="r1", owner=ME)
    assert [row.id for row in more.rows] == ["r1", "r1-1", "r2"]
    foxes = [cell.job.request for cell in cells(studio, more) if cell.job and cell.job.request.prompt == "a fox"]
    assert len(foxes) == len({each.seed for each in foxes}) == 4
    assert counts(grids.plan_extension(made.id, twin_of="r1", owner=ME)) == (2, 0, 2, 0)


def test_nothing_more_costs_nothing(studio: Studio, grids: Comparisons) -> None:
    made = make(studio)
    assert counts(grids.plan_extension(made.id, owner=ME)) == (0, 0, 0, 0)
    grids.extend(made.id, owner=ME)
    assert studio.board.feed().pending == 2


def test_changes_from_several_places_at_once_all_come_in(studio: Studio, grids: Comparisons) -> None:
    made = make(studio)
    names = iter(["a crane", "a stork", "an egret"])
    guard = threading.Lock()

    def add() -> None:
        with guard:
            name = next(names)
        grids.extend(made.id, prompts=[name], owner=ME)

    at_once(3, add)
    now = grids.get(made.id, owner=ME)
    assert {row.prompt for row in now.rows} == {*PROMPTS, "a crane", "a stork", "an egret"}
    assert len({row.id for row in now.rows}) == 5
    assert sorted(cell.place.row for cell in cells(studio, now)) == sorted(row.id for row in now.rows)


# -- once more


def test_a_failed_cell_spoils_nothing_and_is_tried_again(studio: Studio, provider: FakeProvider) -> None:
    grids = studio.comparisons
    provider.before = refuses_foxes
    made = make(studio)
    finish(studio, made)
    assert statuses(studio, made) == ["failed", "done"]
    failed = cells(studio, made)[0]
    provider.before = None
    assert counts(grids.plan_again(made.id, [failed.key], owner=ME)) == (1, 0, 1, 0)
    assert grids.run_again(made.id, [failed.key], owner=ME) == 1
    finish(studio, made)
    assert statuses(studio, made) == ["done", "done"]
    assert cells(studio, made)[0].job_id == failed.job_id


def test_a_finished_picture_makes_room_and_stays_in_the_gallery(studio: Studio, grids: Comparisons) -> None:
    made = make(studio)
    finish(studio, made)
    old = cells(studio, made)[0]
    assert grids.run_again(made.id, owner=ME) == 0
    assert grids.run_again(made.id, [old.key, old.key], owner=ME) == 1
    finish(studio, made)
    new = cells(studio, made)[0]
    assert new.key == old.key
    assert new.job_id != old.job_id
    assert studio.get(old.job_id or "").status is JobStatus.DONE


def test_what_is_under_way_is_left_alone(studio: Studio, grids: Comparisons) -> None:
    made = make(studio)
    keys = [cell.key for cell in cells(studio, made)]
    assert counts(grids.plan_again(made.id, keys, owner=ME)) == (0, 0, 0, 0)
    assert grids.run_again(made.id, keys, owner=ME) == 0
    assert studio.board.feed().pending == 2


def test_an_unclear_cell_is_left_to_the_queue(studio: Studio) -> None:
    made = make(studio)
    store = studio._store
    held = store.claim("w", lease_s=60, limits=studio.board._limits)
    assert held is not None
    store.begin_call(held, idempotent=False)
    store.unknown(held, "Nobody knows.")
    assert statuses(studio, made)[0] == "unknown"
    assert studio.comparisons.run_again(made.id, [cells(studio, made)[0].key], owner=ME) == 0


def test_a_removed_cell_comes_back_only_by_name(studio: Studio, grids: Comparisons) -> None:
    made = make(studio)
    finish(studio, made)
    key = cells(studio, made)[0].key
    assert grids.remove(made.id, [key], owner=ME) == 1
    assert counts(grids.plan_again(made.id, owner=ME)) == (0, 0, 0, 0)
    assert grids.run_again(made.id, [key], owner=ME) == 1
    assert {cell.key for cell in cells(studio, made)} >= {key}
    with pytest.raises(BadInput, match="no such cell"):
        grids.run_again(made.id, ["nonsense"], owner=ME)


def test_a_refusal_is_not_repeated_unless_somebody_names_it(studio: Studio, grids: Comparisons) -> None:
    made = make(studio)
    store = studio._store
    held = store.claim("w", lease_s=60, limits=studio.board._limits)
    assert held is not None
    store.begin_call(held, idempotent=False)
    store.fail(held, "refused", "No.", outcome="refused")
    assert counts(grids.plan_again(made.id, owner=ME)) == (0, 0, 0, 0)
    assert counts(grids.plan_again(made.id, [cells(studio, made)[0].key], owner=ME)) == (1, 0, 1, 0)


def test_a_cancelled_cell_that_was_adopted_is_bought_anew(studio: Studio, grids: Comparisons) -> None:
    [there] = studio.submit(JobRequest(prompt="a fox"))
    made = make(studio)
    studio.cancel(there.id)
    assert grids.run_again(made.id, owner=ME) == 1
    assert studio.get(there.id).status is JobStatus.CANCELLED
    assert there.id not in [cell.job_id for cell in cells(studio, made)]
    assert grids.spending(made.id, owner=ME).committed == pytest.approx(2 * USD)


def test_a_picture_in_the_trash_is_not_in_the_grid_and_can_be_put_back_or_bought_anew(
    studio: Studio, grids: Comparisons
) -> None:
    made = make(studio)
    finish(studio, made)
    fox, heron = cells(studio, made)
    studio.shelf.trash([fox.job_id or ""])
    assert statuses(studio, made) == ["none", "done"]
    assert grids.cell(made.id, fox.key, owner=ME).job is None
    assert counts(grids.plan_again(made.id, owner=ME)) == (1, 0, 1, 0)
    studio.shelf.restore([fox.job_id or ""])
    assert statuses(studio, made) == ["done", "done"]
    studio.shelf.trash([heron.job_id or ""])
    studio.shelf.purge([heron.job_id or ""])
    assert statuses(studio, made) == ["done", "none"]
    assert grids.run_again(made.id, owner=ME) == 1
    finish(studio, made)
    assert statuses(studio, made) == ["done", "done"]


# -- taking away


def test_cancelling_stops_what_it_ordered_and_nothing_else(studio: Studio, grids: Comparisons) -> None:
    [there] = studio.submit(JobRequest(prompt="a fox"))
    made = make(studio, samples=2)
    one = next(cell for cell in cells(studio, made) if not cell.adopted)
    assert grids.cancel(made.id, [one.key, "nonsense"], owner=ME) == 1
    assert grids.cancel(made.id, owner=ME) == 2
    assert grids.cancel(made.id, owner=ME) == 0
    assert studio.get(there.id).status is JobStatus.QUEUED
    assert grids.run_again(made.id, owner=ME) == 3


def test_removing_cancels_what_was_queued_for_it_and_keeps_pictures(studio: Studio, grids: Comparisons) -> None:
    [there] = studio.submit(JobRequest(prompt="a fox"))
    made = make(studio)
    fox, heron = cells(studio, made)
    assert grids.remove(made.id, [fox.key, heron.key, "nonsense"], owner=ME) == 2
    assert cells(studio, made) == []
    assert studio.get(there.id).status is JobStatus.QUEUED
    assert studio.get(heron.job_id or "").status is JobStatus.CANCELLED


def test_what_runs_already_is_asked_to_stop(tmp_path: Path) -> None:
    provider = GatedProvider(idempotent=True)
    with running(build_studio(tmp_path, provider)) as studio:
        made = make(studio)
        assert provider.started.wait(timeout=5)
        studio.comparisons.cancel(made.id, owner=ME)
        until(lambda: set(statuses(studio, made)) == {"cancelled"})


def test_a_row_goes_with_its_twins_and_the_last_one_stays(studio: Studio, grids: Comparisons) -> None:
    made = make(studio)
    grids.extend(made.id, twin_of="r1", owner=ME)
    changed = grids.remove_row(made.id, "r1", owner=ME)
    assert [row.id for row in changed.rows] == ["r2"]
    assert [cell.place.row for cell in cells(studio, changed)] == ["r2"]
    assert studio.board.feed().pending == 1
    grids.extend(made.id, twin_of="r2", owner=ME)
    with pytest.raises(BadInput, match="last row"):
        grids.remove_row(made.id, "r2", owner=ME)
    with pytest.raises(BadInput, match="no such row"):
        grids.remove_row(made.id, "r1", owner=ME)
    assert [row.id for row in grids.remove_row(made.id, "r2-1", owner=ME).rows] == ["r2"]


def test_a_row_put_back_is_bought_or_found_again(studio: Studio, grids: Comparisons) -> None:
    made = make(studio)
    finish(studio, made)
    grids.remove_row(made.id, "r1", owner=ME)
    assert counts(grids.plan_extension(made.id, prompts=["a fox"], owner=ME)) == (1, 1, 0, 0)


def test_a_deleted_comparison_is_gone_and_its_pictures_are_not(studio: Studio, grids: Comparisons) -> None:
    made = make(studio)
    finish(studio, made)
    jobs = [cell.job_id or "" for cell in cells(studio, made)]
    studio.pause("fake")  # else a worker may have begun on the crane
    grids.extend(made.id, prompts=["a crane"], owner=ME)
    grids.delete(made.id, owner=ME)
    with pytest.raises(ComparisonNotFound):
        grids.get(made.id, owner=ME)
    assert [studio.get(job_id).status for job_id in jobs] == [JobStatus.DONE] * 2
    assert studio.board.feed().pending == 0


# -- about one


def test_title_and_question_are_kept_tidy_and_a_cap_can_be_taken_away(studio: Studio, grids: Comparisons) -> None:
    made = make(studio)
    told = grids.describe(made.id, owner=ME, title="  two\n birds\x00\ud800 ", question="Which 👩‍🚀?", cap_usd=2)
    assert (told.title, told.question, told.cap_usd) == ("two birds", "Which 👩‍🚀?", 2)
    assert grids.describe(made.id, owner=ME, title="x").cap_usd == 2
    assert grids.describe(made.id, owner=ME, cap_usd=None) == replace(told, title="x", cap_usd=None, rev=told.rev + 2)


def test_freezing_keeps_its_first_instant_and_can_be_undone(studio: Studio, grids: Comparisons) -> None:
    made = make(studio)
    first = grids.freeze(made.id, True, owner=ME)
    assert first.frozen_at is not None
    assert grids.freeze(made.id, True, owner=ME).frozen_at == first.frozen_at
    assert grids.freeze(made.id, False, owner=ME).frozen_at is None


# -- pictures that are there


def test_pictures_from_the_gallery_make_a_comparison_and_cost_nothing(studio: Studio, grids: Comparisons) -> None:
    jobs = [job.id for prompt in PROMPTS for job in studio.submit(JobRequest(prompt=prompt, seed=3), count=2)]
    with running(studio):
        settled(studio, *jobs)
        made = grids.of_pictures([*jobs[:3], jobs[0]], owner=ME, title="birds")
        assert [(cell.place.row, cell.place.sample, cell.job_id) for cell in cells(studio, made)] == [
            ("r1", 1, jobs[0]),
            ("r1", 2, jobs[1]),
            ("r2", 1, jobs[2]),
        ]
        assert grids.get(made.id, owner=ME) == made
        assert grids.spending(made.id, owner=ME).committed == 0
        assert counts(grids.plan_again(made.id, owner=ME)) == (0, 0, 0, 0)
        with pytest.raises(BadInput, match="at least two"):
            grids.of_pictures([jobs[0], jobs[0]], owner=ME)
        with pytest.raises(BadInput, match="takes 512"):
            grids.of_pictures(map(str, range(600)), owner=ME)
        studio.shelf.trash([jobs[3]])
        for wrong in (jobs[3], "nonsense"):
            with pytest.raises(JobNotFound):
                grids.of_pictures([jobs[0], wrong], owner=ME)
        with pytest.raises(JobNotFound):
            grids.of_pictures(jobs[:2], owner="somebody else")


# -- whose it is


def test_to_anybody_else_it_does_not_exist(studio: Studio, grids: Comparisons) -> None:
    made = make(studio)
    key, before = cells(studio, made)[0].key, cells(studio, made)
    doors = [
        lambda owner: grids.get(made.id, owner=owner),
        lambda owner: grids.grid(made.id, owner=owner),
        lambda owner: grids.cell(made.id, key, owner=owner),
        lambda owner: grids.spending(made.id, owner=owner),
        lambda owner: grids.pulse(made.id, owner=owner),
        lambda owner: grids.plan_extension(made.id, prompts=["x"], owner=owner),
        lambda owner: grids.extend(made.id, prompts=["x"], owner=owner),
        lambda owner: grids.plan_again(made.id, owner=owner),
        lambda owner: grids.run_again(made.id, [key], owner=owner),
        lambda owner: grids.cancel(made.id, owner=owner),
        lambda owner: grids.remove(made.id, [key], owner=owner),
        lambda owner: grids.remove_row(made.id, "r1", owner=owner),
        lambda owner: grids.describe(made.id, owner=owner, title="mine"),
        lambda owner: grids.freeze(made.id, True, owner=owner),
        lambda owner: grids.delete(made.id, owner=owner),
    ]
    for door in doors:
        with pytest.raises(ComparisonNotFound):
            door("somebody else")
    assert grids.listed(owner="somebody else") == []
    assert grids.get(made.id, owner=ME) == made
    assert cells(studio, made) == before


# -- what is refused


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        pytest.param(axes("a fox"), "two things to compare", id="one prompt"),
        pytest.param(axes("a fox", ""), "prompt is empty", id="an empty prompt"),
        pytest.param(Axes(prompts=()), "two things to compare", id="no prompt"),
        pytest.param(axes(*map(str, range(13))), "13 prompts.*takes 12.*Remove 1", id="13 prompts"),
        pytest.param(axes(*map(str, range(10_000))), "10,000 prompts", id="10,000 prompts"),
        pytest.param(axes("a fox", " a fox"), "Two of the prompts are the same", id="the same prompt twice"),
        pytest.param(axes("a fox", "x" * 201), "201 characters.*Shorten it by 1", id="a prompt too long"),
        pytest.param(axes("a fox", "a\x00b"), "control character", id="a control character"),
        pytest.param(axes("a fox", "a\ud800b"), "control character", id="half a character"),
        pytest.param(axes(samples=0), "1 to 8 pictures.*not 0", id="no samples"),
        pytest.param(axes(samples=9), "1 to 8 pictures.*not 9", id="nine samples"),
        pytest.param(axes(samples=-1), "1 to 8 pictures", id="fewer than none"),
        pytest.param(axes(makers=(Maker(), Maker(provider="fake", model="fake-1"))), "Two of the models", id="a model twice"),
        pytest.param(axes(aspect_ratios=("1:1", "1:1")), "Two of the shapes", id="a shape twice"),
        pytest.param(axes(seeds=(1, 1)), "Two of the seeds", id="a seed twice"),
        pytest.param(axes(seeds=(-1,)), "whole number from 0", id="a negative seed"),
        pytest.param(axes(seeds=(2**32,)), "whole number from 0 to 4,294,967,295", id="a seed too large"),
        pytest.param(axes(makers=(Maker(provider="nobody"),)), "no provider called “nobody”", id="an unknown provider"),
        pytest.param(axes(makers=(Maker(model="x"),)), "no model “x”", id="an unknown model"),
        pytest.param(axes(aspect_ratios=("1:1", "7:1")), "cannot make the ratio “7:1”", id="a shape it cannot make"),
        pytest.param(axes(makers=(Maker(provider="plain"),), seeds=(1,)), "Plain has no seeds", id="seeds without seeds"),
        pytest.param(
            axes(*map(str, range(12)), samples=8, aspect_ratios=("1:1", "3:2"), makers=(Maker(), Maker(provider="plain")), seeds=(1, 2)),
            "That is 576 pictures; a comparison takes 512",
            id="too many cells",
        ),
    ],
)  # fmt: skip
def test_bad_axes_are_refused_in_a_sentence_and_nothing_is_made(
    studio: Studio, grids: Comparisons, wanted: Axes, says: str
) -> None:
    for door in (grids.plan, grids.make):
        with pytest.raises(BadInput, match=says) as told:
            door(wanted, owner=ME)
        assert str(told.value).endswith(".")
    assert grids.listed(owner=ME) == []
    assert studio.board.feed().pending == 0


@pytest.mark.parametrize("cap", [0, -1, float("nan"), float("inf"), float("-inf")])
def test_a_cap_is_more_than_nothing(studio: Studio, grids: Comparisons, cap: float) -> None:
    made = make(studio)
    for refused in (
        lambda: grids.plan(axes(), owner=ME, cap_usd=cap),
        lambda: grids.make(axes(), owner=ME, cap_usd=cap),
        lambda: grids.describe(made.id, owner=ME, cap_usd=cap),
    ):
        with pytest.raises(BadInput, match="more than 0 US dollars"):
            refused()
    assert grids.listed(owner=ME) == [made]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"prompts": ["a fox "]}, "Two of the prompts are the same", id="a prompt that is there"),
        pytest.param({"prompts": list(map(str, range(11)))}, "takes 12 prompts", id="too many rows"),
        pytest.param({"prompts": [""]}, "prompt is empty", id="an empty prompt"),
        pytest.param({"twin_of": "r9"}, "no such row", id="a twin of nothing"),
        pytest.param({"samples": 0}, "not fewer", id="no samples"),
    ],
)
def test_bad_additions_are_refused_and_change_nothing(
    studio: Studio, grids: Comparisons, change: dict[str, object], says: str
) -> None:
    made = make(studio)
    before = cells(studio, made)
    for door in (grids.plan_extension, grids.extend):
        with pytest.raises(BadInput, match=says):
            door(made.id, owner=ME, **change)  # type: ignore[operator]
    assert grids.get(made.id, owner=ME) == made
    assert cells(studio, made) == before


@pytest.mark.parametrize("words", [{"title": "x" * 121}, {"question": "x" * 201}])
def test_words_too_long_are_refused(studio: Studio, grids: Comparisons, words: dict[str, str]) -> None:
    made = make(studio)
    with pytest.raises(BadInput, match=r"characters; \d+ are enough"):
        grids.describe(made.id, owner=ME, **words)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=r"characters; \d+ are enough"):
        grids.make(axes(), owner=ME, **words)  # type: ignore[arg-type]
    assert grids.listed(owner=ME) == [made]


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb"])
def test_what_is_no_key_is_refused(studio: Studio, grids: Comparisons, key: str) -> None:
    with pytest.raises(BadInput, match="Idempotency-Key"):
        grids.make(axes(), owner=ME, idempotency_key=key)
    assert studio.board.feed().pending == 0


def test_where_nothing_can_be_written_one_can_still_look(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "reve.db")) as store:
        open_one = build_studio(tmp_path, FakeProvider(), store=store)
        made = make(open_one)
        key = cells(open_one, made)[0].key
        studio = build_studio(tmp_path, FakeProvider(), store=store, read_only="The disk cannot be written.")
        grids = studio.comparisons
        assert len(cells(studio, made)) == 2
        assert counts(grids.plan(axes(), owner=ME)) == (2, 2, 0, 0)
        for door in (
            lambda: grids.make(axes(), owner=ME),
            lambda: grids.of_pictures([], owner=ME),
            lambda: grids.extend(made.id, samples=2, owner=ME),
            lambda: grids.run_again(made.id, owner=ME),
            lambda: grids.cancel(made.id, owner=ME),
            lambda: grids.remove(made.id, [key], owner=ME),
            lambda: grids.remove_row(made.id, "r1", owner=ME),
            lambda: grids.delete(made.id, owner=ME),
            lambda: grids.describe(made.id, owner=ME, title="x"),
            lambda: grids.freeze(made.id, True, owner=ME),
        ):
            with pytest.raises(ConfigurationError, match="cannot be written"):
                door()


# -- models that come and go


def test_a_model_that_is_gone_still_shows_its_pictures_and_is_named_where_it_is_missed(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "reve.db")) as store:
        before = build_studio(tmp_path, FakeProvider(), FakeProvider(name="gone"), store=store)
        made = make(before, makers=(Maker(provider="gone"), Maker()), seeds=(0, 7))
        seen = before.comparisons.grid(made.id, owner=ME)
        studio = build_studio(tmp_path, FakeProvider(), store=store)
        grids = studio.comparisons
        assert grids.grid(made.id, owner=ME) == seen
        grids.cancel(made.id, owner=ME)
        assert counts(grids.plan_again(made.id, owner=ME)) == (4, 0, 4, 0)
        lost = next(cell.key for cell in cells(studio, made) if cell.place.provider == "gone")
        for refused in (
            lambda: grids.run_again(made.id, [lost], owner=ME),
            lambda: grids.extend(made.id, prompts=["a crane"], owner=ME),
        ):
            with pytest.raises(BadInput, match="no provider called “gone”"):
                refused()
