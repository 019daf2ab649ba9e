"""A comparison in the middle of which the server dies, or the database refuses."""

from pathlib import Path

import pytest

from reve_core.compare.models import Axes, Comparison
from reve_core.errors import StoreBusy
from reve_core.service import Studio
from reve_core.store.sqlite import SqliteStore
from tests.building import build_studio, running, until
from tests.faults.bank import BankProvider, charges
from tests.faults.test_kill import after_restart, killed_at
from tests.faults.test_nth_failure import FailsOnce

ME = "me"
FOUR = Axes(prompts=("a fox", "a heron"), samples=2)


def order(folder: Path) -> Comparison:
    studio = build_studio(folder, BankProvider(folder / "ledger"))
    made = studio.comparisons.make(FOUR, owner=ME, idempotency_key="k", cap_usd=1.0)
    studio.stop(0)
    return made


def states(studio: Studio, made: Comparison) -> list[str]:
    cells = studio.comparisons.grid(made.id, owner=ME).cells.values()
    return [cell.job.status.value if cell.job else "none" for cell in cells]


def finished(studio: Studio, made: Comparison) -> list[str]:
    until(lambda: not {"queued", "running"} & set(states(studio, made)), within_s=60)
    return states(studio, made)


def test_a_comparison_is_the_same_after_a_restart(tmp_path: Path) -> None:
    made = order(tmp_path)
    studio = after_restart(tmp_path)
    assert studio.comparisons.get(made.id, owner=ME) == made
    assert states(studio, made) == ["queued"] * 4
    assert studio.comparisons.make(FOUR, owner=ME, idempotency_key="k", cap_usd=1.0) == made
    with running(studio):
        assert finished(studio, made) == ["done"] * 4
    assert sorted(charges(tmp_path / "ledger").values()) == [1] * 4


@pytest.mark.parametrize(
    ("step", "becomes"),
    [
        pytest.param("after claim", "done", id="before the call"),
        pytest.param("after sending", "unknown", id="during the call"),
        pytest.param("after saving the picture", "done", id="with the picture on disk"),
    ],
)
def test_killed_in_mid_grid_nothing_is_paid_twice_and_the_rest_goes_on(tmp_path: Path, step: str, becomes: str) -> None:
    made = order(tmp_path)
    killed_at(tmp_path, step)
    with running(after_restart(tmp_path)) as studio:
        assert finished(studio, made) == [becomes, "done", "done", "done"]
        assert set(charges(tmp_path / "ledger").values()) == {1}
        again = studio.comparisons.make(FOUR, owner=ME, idempotency_key="k", cap_usd=1.0)
        assert again.id == made.id
        assert studio.board.feed().pending == 0
        assert studio.comparisons.spending(made.id, owner=ME).committed == pytest.approx(4 * 10 / 750)


@pytest.mark.parametrize("after", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("call", ["create_comparison", "change_comparison", "again"])
def test_a_write_that_fails_can_be_made_again_and_buys_nothing_twice(tmp_path: Path, call: str, after: bool) -> None:
    inner = SqliteStore(tmp_path / "reve.db")
    store = FailsOnce(inner, {call}, 1, after=after, error=StoreBusy("The database is busy."))
    studio = build_studio(tmp_path, BankProvider(tmp_path / "ledger"), store=inner)
    grids = studio.comparisons
    grids._grids = grids._orders._grids = grids._store = grids._retrying._store = store  # type: ignore[assignment]

    def make() -> Comparison:
        return grids.make(FOUR, owner=ME, idempotency_key="k", reuse=False)

    if call == "create_comparison":
        with pytest.raises(StoreBusy):
            make()
    made = make()
    assert len(grids.listed(owner=ME)) == 1
    if call == "change_comparison":
        with pytest.raises(StoreBusy):
            grids.extend(made.id, samples=3, owner=ME)
        grids.extend(made.id, samples=3, owner=ME)
        assert studio.board.feed().pending == 6
    if call == "again":
        grids.cancel(made.id, owner=ME)
        with pytest.raises(StoreBusy):
            grids.run_again(made.id, owner=ME)
        grids.run_again(made.id, owner=ME)
    with running(studio):
        assert set(finished(studio, made)) == {"done"}
    paid = charges(tmp_path / "ledger")
    assert set(paid.values()) == {1}
    assert len(paid) == (6 if call == "change_comparison" else 4)
