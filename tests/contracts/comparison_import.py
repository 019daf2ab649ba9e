"""What every ComparisonStore promises of comparisons that come from somewhere else. Give it ``store`` and ``grids``."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reve_core.compare.models import Ballot, Comparison, Finished, Maker, NewCell, Place, Row, Spending
from reve_core.errors import Ended, IdempotencyConflict
from reve_core.layout import BBox, Layout, Region
from reve_core.models import JobFilter, JobRequest, JobStatus, Once, Receipt, StoredImage
from reve_core.ports import ComparisonStore, JobStore

NOW = datetime.fromtimestamp(1_800_000_000, UTC)
PROMPTS = ("a heron", "a fox")


def brought(number: int = 1, *, prompt: str = "a heron") -> Finished:
    job_id = f"{number:032x}"
    region = Region(label="heron", prompt="grey", bbox=BBox(x0=0.1, y0=0.1, x1=0.5, y1=0.9))
    return Finished(
        job_id=job_id,
        request=JobRequest(prompt=prompt, provider="elsewhere", model="one", aspect_ratio="3:2", seed=7),
        image=StoredImage(f"{job_id}-1.webp", f"{job_id}-1-thumb.webp", "image/webp", 96, 64, 1234, "a" * 64),
        receipt=Receipt(notes=("Imported from a file.",), layout=Layout(regions=(region,))),
    )


def comparison(**changes: object) -> Comparison:
    made = Comparison(
        id="c" * 32,
        owner="anna",
        created_at=NOW,
        rows=tuple(Row(id=f"r{number}", prompt=prompt) for number, prompt in enumerate(PROMPTS, 1)),
        makers=(Maker(provider="elsewhere", model="one"),),
        aspect_ratios=("3:2",),
        seeds=(),
        samples=1,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def cells() -> list[NewCell]:
    return [
        NewCell(
            f"{number:032x}",
            Place(row=f"r{number}", provider="elsewhere", model="one", aspect_ratio="3:2"),
            finished=brought(number, prompt=prompt),
        )
        for number, prompt in enumerate(PROMPTS, 1)
    ]


def vote(number: int, choice: str, *, voter: str = "imported-1") -> Ballot:
    return Ballot(
        id=f"b{number}",
        comparison_id="c" * 32,
        voter=voter,
        left=f"{1:032x}",
        right=f"{2:032x}",
        created_at=NOW,
        choice=choice,  # type: ignore[arg-type]
        cast_at=NOW,
    )


class ComparisonImportContract:
    def test_a_finished_picture_becomes_a_done_job_of_the_owner(self, store: JobStore, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(), cells())
        job = store.get(brought().job_id, owner="anna")
        assert job is not None
        assert (job.status, job.request, job.image, job.receipt) == (
            JobStatus.DONE,
            brought().request,
            brought().image,
            brought().receipt,
        )
        assert job.finished_at is not None
        assert store.get(brought().job_id, owner="bert") is None
        listed = store.page(JobFilter(owner="anna", words="heron"), limit=5, by_finish=True).jobs
        assert [each.id for each in listed] == [job.id]

    def test_it_is_a_cell_that_cost_nothing_and_was_called_for_by_nobody(
        self, store: JobStore, grids: ComparisonStore
    ) -> None:
        grids.create_comparison(comparison(cap_usd=1.0), cells())
        found = grids.cells("c" * 32)
        assert [(cell.job_id, cell.adopted) for cell in found] == [(brought(1).job_id, True), (brought(2).job_id, True)]
        assert grids.spending("c" * 32) == Spending()
        assert store.calls(brought().job_id) == []

    def test_no_wait_is_learnt_from_it_and_no_grid_takes_it_for_a_picture_made_here(
        self, store: JobStore, grids: ComparisonStore
    ) -> None:
        grids.create_comparison(comparison(), cells())
        assert store.durations("elsewhere", "one") == []
        assert not grids.pictures_of("anna", PROMPTS)

    def test_votes_come_along_in_their_sequence(self, grids: ComparisonStore) -> None:
        cast = [vote(1, "left"), vote(2, "bad", voter="imported-2"), vote(3, "right", voter="imported-0")]
        grids.create_comparison(comparison(), cells(), votes=cast)
        assert grids.votes("c" * 32) == cast

    def test_a_vote_cast_afterwards_comes_after_those_that_were_brought(self, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(), cells(), votes=[vote(1, "left"), vote(2, "left", voter="imported-2")])
        own = grids.add_ballot(replace(vote(9, "left", voter="carl"), choice=None, cast_at=None))
        assert grids.cast(own.id, "right", at=NOW)
        assert [each.voter for each in grids.votes("c" * 32)] == ["imported-1", "imported-2", "carl"]

    def test_nothing_of_it_is_stored_where_the_key_was_seen_before(
        self, store: JobStore, grids: ComparisonStore
    ) -> None:
        once = Once("a key", "digest")
        assert grids.create_comparison(comparison(), cells(), once=once) == "c" * 32
        again = [replace(cell, finished=replace(brought(number + 7))) for number, cell in enumerate(cells(), 1)]
        assert grids.create_comparison(comparison(id="d" * 32), again, once=once) == "c" * 32
        assert grids.comparison("d" * 32, owner=None) is None
        assert store.get(brought(8).job_id) is None
        with pytest.raises(IdempotencyConflict):
            grids.create_comparison(comparison(id="d" * 32), again, once=Once("a key", "another"))

    def test_what_was_made_with_a_key_is_known_while_it_stands(self, grids: ComparisonStore) -> None:
        once = Once("a key", "digest")
        assert grids.comparison_made_with("anna", "a key") is None
        grids.create_comparison(comparison(), cells(), once=once)
        assert grids.comparison_made_with("anna", "a key") == "c" * 32
        assert grids.comparison_made_with("bert", "a key") is None
        grids.delete_comparison("c" * 32)
        assert grids.comparison_made_with("anna", "a key") is None
        with pytest.raises(Ended):
            grids.create_comparison(comparison(id="d" * 32), [], once=once)

    def test_which_files_were_imported_is_never_forgotten(self, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(), cells(), once=Once("import\na file", "digest"))
        grids.create_comparison(comparison(id="e" * 32), [], once=Once("a key", "digest"))
        assert grids.forget_comparison_keys(-1.0) == 1
        assert grids.comparison_made_with("anna", "a key") is None
        assert grids.comparison_made_with("anna", "import\na file") == "c" * 32
