"""What a comparison may spend: kept when it is ordered, and again by every worker that takes up one of its jobs."""

from pathlib import Path

import pytest

from reve_core.compare.models import Axes, Comparison, Maker
from reve_core.errors import OutcomeUnknown, WrongState
from reve_core.models import JobRequest, JobStatus, Picture, Receipt
from reve_core.ports import CallContext
from reve_core.service import Studio
from tests.building import build_studio, running, until
from tests.fakes import FakeProvider, png

ME = "me"
USD = 10 / 750  # of one picture of the fake
FOUR = Axes(prompts=("a fox", "a heron"), samples=2)


def dear(times: int) -> FakeProvider:
    """Charges so many times its own forecast."""
    return FakeProvider(before=lambda request, context: Picture(png(request.prompt), Receipt(credits_used=10 * times)))


def states(studio: Studio, made: Comparison) -> list[str]:
    """What became of each cell; ``cap`` for what the cap stopped in the line, ``held`` for what was never ordered."""
    found = []
    for cell in studio.comparisons.grid(made.id, owner=ME).cells.values():
        job = cell.job
        found.append("held" if job is None else "cap" if job.error_code == "cap" else job.status.value)
    return found


def finished(studio: Studio, made: Comparison) -> list[str]:
    until(lambda: not {"queued", "running"} & set(states(studio, made)))
    return states(studio, made)


def spent(studio: Studio, made: Comparison) -> float:
    return studio.comparisons.spending(made.id, owner=ME).committed


def test_cells_beyond_the_cap_are_held_and_the_grid_is_usable(tmp_path: Path) -> None:
    with running(build_studio(tmp_path, FakeProvider())) as studio:
        grids = studio.comparisons
        plan = grids.plan(FOUR, owner=ME, cap_usd=2.5 * USD)
        assert (plan.pictures, plan.new, plan.held) == (4, 2, 2)
        assert plan.quote.usd == pytest.approx(2 * USD)
        made = grids.make(FOUR, owner=ME, cap_usd=2.5 * USD)
        # A whole sample first: each prompt has a picture.
        assert finished(studio, made) == ["done", "done", "held", "held"]
        assert spent(studio, made) == pytest.approx(2 * USD)


def test_the_cap_may_be_reached_to_the_cent(tmp_path: Path) -> None:
    studio = build_studio(tmp_path, FakeProvider())
    many = Axes(prompts=("a fox", "a heron"), samples=8)
    assert studio.comparisons.plan(many, owner=ME, cap_usd=16 * USD).held == 0
    assert studio.comparisons.plan(many, owner=ME, cap_usd=16 * USD - 0.001).held == 1
    studio.stop(0)


def test_what_a_provider_charged_in_dollars_counts_to_the_cent(tmp_path: Path) -> None:
    charged = FakeProvider(
        usd=0.25, before=lambda request, context: Picture(png(request.prompt), Receipt(usd_used=0.4))
    )
    with running(build_studio(tmp_path, charged, workers=1, concurrency=1)) as studio:
        # Four at the listed price would fit: two at what they really cost do not leave room for a third.
        made = studio.comparisons.make(FOUR, owner=ME, cap_usd=1.0)
        assert finished(studio, made) == ["done", "done", "cap", "cap"]
        assert spent(studio, made) == pytest.approx(0.8)


def test_adopted_pictures_take_nothing_from_the_cap(tmp_path: Path) -> None:
    studio = build_studio(tmp_path, FakeProvider())
    studio.submit(JobRequest(prompt="a fox"), count=2)
    plan = studio.comparisons.plan(FOUR, owner=ME, cap_usd=2 * USD)
    assert (plan.have, plan.new, plan.held) == (2, 2, 0)
    studio.stop(0)


def test_raising_the_cap_and_running_again_completes_the_grid(tmp_path: Path) -> None:
    with running(build_studio(tmp_path, FakeProvider())) as studio:
        grids = studio.comparisons
        made = grids.make(FOUR, owner=ME, cap_usd=2 * USD)
        finished(studio, made)
        plan = grids.plan_again(made.id, owner=ME)
        assert (plan.new, plan.held) == (0, 2)
        with pytest.raises(WrongState, match="Raise its limit"):
            grids.run_again(made.id, owner=ME)
        grids.describe(made.id, owner=ME, cap_usd=3 * USD)
        assert grids.run_again(made.id, owner=ME) == 1
        grids.describe(made.id, owner=ME, cap_usd=None)
        assert grids.run_again(made.id, owner=ME) == 1
        assert finished(studio, made) == ["done"] * 4
        assert spent(studio, made) == pytest.approx(4 * USD)


def test_a_provider_that_charges_more_than_its_forecast_is_stopped_before_the_cap_is_passed(tmp_path: Path) -> None:
    with running(build_studio(tmp_path, dear(3), workers=1, concurrency=1)) as studio:
        made = studio.comparisons.make(FOUR, owner=ME, cap_usd=4 * USD)
        assert states(studio, made).count("held") == 0
        assert finished(studio, made) == ["done", "cap", "cap", "cap"]
        assert spent(studio, made) == pytest.approx(3 * USD)
        job = list(studio.comparisons.grid(made.id, owner=ME).cells.values())[1].job
        assert job is not None
        assert job.status is JobStatus.CANCELLED
        assert job.error is not None
        assert "Raise the limit" in job.error
        # Tried again under the same cap they would only be stopped again: that is said at once.
        with pytest.raises(WrongState, match="Raise its limit"):
            studio.comparisons.run_again(made.id, owner=ME)
        studio.comparisons.describe(made.id, owner=ME, cap_usd=12 * USD)
        assert studio.comparisons.run_again(made.id, owner=ME) == 3
        assert finished(studio, made) == ["done"] * 4
        assert spent(studio, made) == pytest.approx(12 * USD)


def test_at_most_the_calls_already_under_way_pass_the_cap(tmp_path: Path) -> None:
    with running(build_studio(tmp_path, dear(5), workers=4, concurrency=2)) as studio:
        made = studio.comparisons.make(Axes(prompts=("a fox", "a heron"), samples=8), owner=ME, cap_usd=16 * USD)
        done = finished(studio, made).count("done")
        # Two at a time were begun for the forecast; every later one knew the price.
        assert done <= 3 + 1
        assert spent(studio, made) <= (16 + 2 * 5) * USD


def test_a_cheaper_provider_uses_the_room_that_is_left(tmp_path: Path) -> None:
    half = FakeProvider(before=lambda request, context: Picture(png(), Receipt(credits_used=5)))
    with running(build_studio(tmp_path, half)) as studio:
        made = studio.comparisons.make(FOUR, owner=ME, cap_usd=2 * USD)
        finished(studio, made)
        assert spent(studio, made) == pytest.approx(USD)
        assert studio.comparisons.run_again(made.id, owner=ME) == 1
        assert finished(studio, made) == ["done", "done", "done", "held"]


def test_an_unclear_call_counts_as_spent(tmp_path: Path) -> None:
    def vanish(request: JobRequest, context: CallContext) -> Picture | None:
        raise OutcomeUnknown("The line went dead.")

    with running(build_studio(tmp_path, FakeProvider(before=vanish))) as studio:
        grids = studio.comparisons
        made = grids.make(FOUR, owner=ME, cap_usd=4 * USD)
        assert finished(studio, made) == ["unknown"] * 4
        assert spent(studio, made) == pytest.approx(4 * USD)
        assert grids.plan_extension(made.id, prompts=["a crane"], owner=ME).held == 2


def test_a_person_who_runs_an_unclear_job_again_does_not_pass_the_cap(tmp_path: Path) -> None:
    lost: list[str] = []

    def vanish_once(request: JobRequest, context: CallContext) -> Picture | None:
        if not lost:
            lost.append(request.prompt)
            raise OutcomeUnknown("The line went dead.")
        return None

    with running(build_studio(tmp_path, FakeProvider(before=vanish_once), workers=1)) as studio:
        made = studio.comparisons.make(Axes(prompts=("a fox", "a heron")), owner=ME, cap_usd=2 * USD)
        assert finished(studio, made) == ["unknown", "done"]
        [job_id, _] = [cell.job_id or "" for cell in studio.comparisons.grid(made.id, owner=ME).cells.values()]
        studio.resolve(job_id, "rerun")
        assert finished(studio, made) == ["cap", "done"]
        assert spent(studio, made) == pytest.approx(2 * USD)


def test_a_free_provider_is_never_stopped(tmp_path: Path) -> None:
    free = FakeProvider(credits=0)
    with running(build_studio(tmp_path, free)) as studio:
        made = studio.comparisons.make(FOUR, owner=ME, cap_usd=0.01)
        assert finished(studio, made) == ["done"] * 4
        assert spent(studio, made) == 0


def test_a_free_model_goes_on_where_a_dear_one_has_used_up_everything(tmp_path: Path) -> None:
    with running(build_studio(tmp_path, dear(9), FakeProvider(name="free", credits=0), workers=1)) as studio:
        made = studio.comparisons.make(
            Axes(prompts=("a fox",), makers=(Maker(), Maker(provider="free"))), owner=ME, cap_usd=USD
        )
        assert finished(studio, made) == ["done", "done"]
        more = studio.comparisons.extend(made.id, prompts=["a heron"], owner=ME)
        assert finished(studio, more) == ["done", "done", "held", "done"]


def test_lowering_the_cap_stops_what_still_waits(tmp_path: Path) -> None:
    studio = build_studio(tmp_path, FakeProvider(), workers=1, concurrency=1)
    made = studio.comparisons.make(FOUR, owner=ME)
    studio.comparisons.describe(made.id, owner=ME, cap_usd=2 * USD)
    with running(studio):
        assert finished(studio, made) == ["done", "done", "cap", "cap"]
