"""
What every ComparisonStore promises. An adapter's tests inherit ``ComparisonStoreContract`` and give it a ``store`` and,
beside it in the same place, ``grids``.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

from reve_core.compare.models import Ballot, Cell, Choice, Comparison, Maker, NewCell, Place, Row, Spending
from reve_core.errors import Ended, IdempotencyConflict
from reve_core.models import Claim, Job, JobStatus, Limits, Once, Receipt
from reve_core.ports import CallOutcome, ComparisonStore, JobStore
from tests.contracts.job_store import LIMITS, T0, Clock, claim, finish, image, request, submit

NOW = datetime.fromtimestamp(T0, UTC)
PROMPTS = ("a heron", "a fox")
T = TypeVar("T")


def comparison(number: int = 1, *, owner: str = "me", **changes: object) -> Comparison:
    made = Comparison(
        id=f"{number:032x}",
        owner=owner,
        created_at=NOW,
        rows=tuple(Row(id=f"r{at}", prompt=prompt) for at, prompt in enumerate(PROMPTS, 1)),
        makers=(Maker(provider="fake", model="fake-1"),),
        aspect_ratios=("1:1",),
        seeds=(),
        samples=2,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def cell(key: str, *, sample: int = 1, row: str = "r1", **what: object) -> NewCell:
    place = Place(row=row, provider="fake", model="fake-1", aspect_ratio="1:1", sample=sample)
    return NewCell(key, place, **what)  # type: ignore[arg-type]


def bought(key: str, usd: float = 1.0, **place: object) -> NewCell:
    """A cell whose picture is forecast to take 10 credits."""
    return cell(key, request=request(f"prompt {key}", aspect_ratio="1:1"), usd=usd, credits=10, **place)


def ballot(number: int = 1, left: str = "a", right: str = "b", *, voter: str = "vera", of: int = 1) -> Ballot:
    return Ballot(f"ballot-{of}-{number}", f"{of:032x}", voter, left, right, NOW + timedelta(seconds=number))


def by_key(grids: ComparisonStore, number: int = 1) -> dict[str, Cell]:
    return {each.key: each for each in grids.cells(f"{number:032x}")}


def job_in(grids: ComparisonStore, key: str, number: int = 1) -> Job:
    job = by_key(grids, number)[key].job
    assert job is not None
    return job


def end(store: JobStore, held: Claim, outcome: CallOutcome, credits: float | None = None) -> None:
    """A call that brought no picture."""
    assert store.begin_call(held, idempotent=False)
    assert store.fail(held, "refused", "No.", outcome=outcome, receipt=Receipt(credits_used=credits))


def at_once(times: int, what: Callable[[], T]) -> list[T]:
    """What ``what`` gives to each of so many threads that call it at the same time."""
    start, got = threading.Barrier(times), []

    def call() -> None:
        start.wait()
        got.append(what())

    threads = [threading.Thread(target=call) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


class ComparisonStoreContract:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    # -- grids

    def test_a_comparison_comes_back_as_it_was_stored(self, grids: ComparisonStore) -> None:
        one = comparison(
            title="Zwei Reiher 🪶",
            question="Which is calmer?",
            cap_usd=2.5,
            rows=(Row(id="r1", prompt="a\n“heron”"), Row(id="r1-1", prompt="a\n“heron”", twin_of="r1")),
            makers=(Maker(provider="fake", model="fake-1"), Maker(provider="other", model="")),
            aspect_ratios=("1:1", "3:2"),
            seeds=(0, 7),
            frozen_at=NOW + timedelta(hours=1),
        )
        assert grids.create_comparison(one, []) == one.id
        assert grids.comparison(one.id, owner="me") == one
        assert grids.comparison(one.id, owner=None) == one

    def test_the_comparison_of_somebody_else_does_not_exist(self, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(owner="anna"), [])
        assert grids.comparison(comparison().id, owner="bert") is None
        assert grids.comparisons("bert") == []

    def test_comparisons_are_listed_newest_first_and_page_by_page(self, grids: ComparisonStore) -> None:
        for number in range(5):
            grids.create_comparison(comparison(number), [])
        grids.create_comparison(comparison(99, owner="bert"), [])
        newest = [comparison(number) for number in (4, 3, 2, 1, 0)]
        assert grids.comparisons("me", limit=2) == newest[:2]
        assert grids.comparisons("me", before=newest[1].id, limit=2) == newest[2:4]
        assert grids.comparisons("me", before=newest[4].id) == []
        assert grids.comparisons("me", before=comparison(99).id) == []

    def test_a_cell_is_stored_with_the_job_it_orders_adopts_or_lacks(
        self, store: JobStore, grids: ComparisonStore
    ) -> None:
        [there] = submit(store)
        grids.create_comparison(comparison(), [bought("a"), cell("b", adopts=there), cell("c", sample=2)])
        ordered, adopted, held = grids.cells(comparison().id)
        assert [each.key for each in (ordered, adopted, held)] == ["a", "b", "c"]
        assert ordered.job is not None
        assert (ordered.job.status, ordered.job.owner) == (JobStatus.QUEUED, "me")
        assert ordered.job.request == request("prompt a", aspect_ratio="1:1")
        assert not ordered.adopted
        assert adopted.adopted
        assert adopted.job is not None
        assert adopted.job.id == adopted.job_id == there
        assert (held.job_id, held.job, held.adopted, held.place.sample) == (None, None, False, 2)

    def test_one_cell_comes_with_what_the_provider_said(self, store: JobStore, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(), [bought("a")])
        finish(store, claim(store))
        found = grids.cell(comparison().id, "a")
        assert found is not None
        assert found.job is not None
        assert found.job.receipt == Receipt(credits_used=10, request_id="rsid-1")
        assert job_in(grids, "a").receipt is None
        assert job_in(grids, "a") == replace(found.job, receipt=None)
        assert grids.cell(comparison().id, "b") is None
        assert grids.cell(comparison(2).id, "a") is None

    def test_a_cell_shows_what_becomes_of_its_job(self, store: JobStore, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(), [bought("a"), bought("b")])
        held = claim(store)
        assert job_in(grids, "a").status is JobStatus.RUNNING
        assert store.set_progress(held, 0.5, "half of it")
        assert job_in(grids, "a").progress == 0.5
        finish(store, held)
        assert job_in(grids, "a").status is JobStatus.DONE
        assert job_in(grids, "a").image == image(held)
        assert job_in(grids, "b").status is JobStatus.QUEUED

    def test_what_lies_in_the_trash_is_not_in_the_grid_until_it_is_taken_out_again(
        self, store: JobStore, grids: ComparisonStore
    ) -> None:
        grids.create_comparison(comparison(), [bought("a")])
        held = claim(store)
        finish(store, held)
        store.trash([held.job.id], True)
        assert by_key(grids)["a"].job is None
        assert by_key(grids)["a"].job_id == held.job.id
        one = grids.cell(comparison().id, "a")
        assert one is not None
        assert one.job is None
        store.trash([held.job.id], False)
        assert job_in(grids, "a").status is JobStatus.DONE
        store.trash([held.job.id], True)
        store.purge([held.job.id])
        assert by_key(grids)["a"].job is None
        assert by_key(grids)["a"].job_id == held.job.id

    def test_a_change_is_made_at_the_revision_that_was_read_and_at_no_other(self, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(), [bought("a")])
        first = grids.comparison(comparison().id, owner="me")
        assert first is not None
        assert grids.change_comparison(replace(first, title="one"), [bought("b")])
        assert not grids.change_comparison(replace(first, title="two"), [bought("c")], without=["a"])
        found = grids.comparison(comparison().id, owner="me")
        assert found == replace(first, title="one", rev=first.rev + 1)
        assert list(by_key(grids)) == ["a", "b"]
        assert not grids.change_comparison(comparison(2))

    def test_of_many_who_change_it_at_once_one_does(self, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(), [])
        assert sorted(at_once(6, lambda: grids.change_comparison(replace(comparison(), title="mine")))) == [
            *[False] * 5,
            True,
        ]

    def test_a_cell_of_the_same_key_makes_room_and_its_job_stays(self, store: JobStore, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(), [bought("a"), bought("b")])
        before = job_in(grids, "a")
        assert grids.change_comparison(comparison(), [bought("a")])
        assert list(by_key(grids)) == ["a", "b"]
        assert job_in(grids, "a").id != before.id
        assert store.get(before.id) is not None

    def test_cells_are_taken_out_and_pictures_stay(self, store: JobStore, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(), [bought("a"), bought("b"), bought("c")])
        jobs = {key: job_in(grids, key).id for key in "abc"}
        assert grids.remove_cells(comparison().id, ["a", "nonsense"]) == 1
        assert grids.remove_cells(comparison().id, ["a"]) == 0
        now = grids.comparison(comparison().id, owner="me")
        assert now is not None
        assert now.rev == 2
        assert grids.change_comparison(now, [bought("d")], without=["b"])
        assert list(by_key(grids)) == ["c", "d"]
        assert all(store.get(job_id) is not None for job_id in jobs.values())

    def test_a_deleted_comparison_leaves_the_pictures_and_nothing_else(
        self, store: JobStore, grids: ComparisonStore
    ) -> None:
        grids.create_comparison(comparison(), [bought("a"), bought("b")], once=Once("key", "digest"))
        job_id = job_in(grids, "a").id
        grids.add_ballot(ballot())
        grids.create_comparison(comparison(2), [bought("a")])
        assert grids.delete_comparison(comparison().id)
        assert not grids.delete_comparison(comparison().id)
        assert grids.comparison(comparison().id, owner=None) is None
        assert grids.cells(comparison().id) == []
        assert grids.ballot(ballot().id) is None
        assert grids.spending(comparison().id) == Spending()
        assert store.get(job_id) is not None
        assert list(by_key(grids, 2)) == ["a"]

    def test_a_summary_counts_cells_and_shows_a_picture_of_each_row_first(
        self, grids: ComparisonStore, store: JobStore
    ) -> None:
        cells = [bought("a1"), bought("a2", sample=2), bought("b1", row="r2"), bought("b2", sample=2, row="r2")]
        grids.create_comparison(comparison(), [*cells, cell("held", sample=3)])
        empty = grids.summary(comparison().id, faces=3)
        assert (empty.cells, empty.done, empty.pending, empty.votes, empty.faces) == (5, 0, 4, 0, ())
        for _ in cells:
            finish(store, claim(store))
        full = grids.summary(comparison().id, faces=3)
        assert (full.cells, full.done, full.pending) == (5, 4, 0)
        assert [job.id for job in full.faces] == [job_in(grids, key).id for key in ("a1", "b1", "a2")]
        store.trash([job_in(grids, "a1").id], True)
        assert grids.summary(comparison().id, faces=1).faces[0].id == job_in(grids, "a2").id

    def test_a_summary_counts_the_votes_that_count(self, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(), [bought("a"), bought("b", row="r2")])
        given = grids.add_ballot(ballot())
        assert grids.summary(comparison().id, faces=0).votes == 0
        grids.cast(given.id, "left", at=NOW)
        assert grids.summary(comparison().id, faces=0).votes == 1
        grids.remove_cells(comparison().id, ["a"])
        assert grids.summary(comparison().id, faces=0).votes == 0

    def test_the_pulse_changes_with_whatever_changes(
        self, store: JobStore, grids: ComparisonStore, clock: Clock
    ) -> None:
        seen = [grids.pulse(comparison().id)]

        def changed() -> bool:
            seen.append(grids.pulse(comparison().id))
            return seen[-1] not in seen[:-1]

        grids.create_comparison(comparison(), [bought("a"), bought("b")])
        assert changed()
        held = claim(store)
        assert changed()
        finish(store, held)
        assert changed()
        store.trash([held.job.id], True)
        assert changed()
        store.purge([held.job.id])
        assert changed()
        grids.change_comparison(replace(comparison(), title="a title"))
        assert changed()
        grids.add_ballot(ballot())
        assert not changed()
        grids.cast(ballot().id, "left", at=NOW)
        assert changed()
        grids.remove_cells(comparison().id, ["b"])
        assert changed()
        submit(store, "of no comparison")
        assert not changed()

    # -- only once

    def test_the_same_key_finds_the_first_and_orders_nothing(self, store: JobStore, grids: ComparisonStore) -> None:
        once = Once("key", "digest")
        assert grids.create_comparison(comparison(1), [bought("a")], once=once) == comparison(1).id
        assert grids.create_comparison(comparison(2), [bought("a")], once=once) == comparison(1).id
        assert grids.comparison(comparison(2).id, owner=None) is None
        assert store.pending_count("me") == 1

    def test_the_same_key_for_something_else_is_a_conflict_and_orders_nothing(
        self, store: JobStore, grids: ComparisonStore
    ) -> None:
        grids.create_comparison(comparison(1), [bought("a")], once=Once("key", "digest"))
        with pytest.raises(IdempotencyConflict):
            grids.create_comparison(comparison(2), [bought("a")], once=Once("key", "another"))
        assert grids.comparison(comparison(2).id, owner=None) is None
        assert store.pending_count("me") == 1

    def test_a_key_belongs_to_its_owner(self, grids: ComparisonStore) -> None:
        once = Once("key", "digest")
        assert grids.create_comparison(comparison(1, owner="anna"), [], once=once) == comparison(1).id
        assert grids.create_comparison(comparison(2, owner="bert"), [], once=once) == comparison(2).id

    def test_the_key_of_a_deleted_comparison_says_so(self, store: JobStore, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(1), [], once=Once("key", "digest"))
        grids.delete_comparison(comparison(1).id)
        with pytest.raises(Ended, match="has been deleted"):
            grids.create_comparison(comparison(2), [bought("a")], once=Once("key", "digest"))
        assert store.pending_count("me") == 0

    def test_old_keys_are_forgotten_and_young_ones_and_comparisons_are_not(
        self, grids: ComparisonStore, clock: Clock
    ) -> None:
        grids.create_comparison(comparison(1), [], once=Once("old", "digest"))
        clock.pass_(100)
        grids.create_comparison(comparison(2), [], once=Once("young", "digest"))
        clock.pass_(10)
        assert grids.forget_comparison_keys(50) == 1
        assert grids.forget_comparison_keys(50) == 0
        assert len(grids.comparisons("me")) == 2
        assert grids.create_comparison(comparison(3), [], once=Once("young", "digest")) == comparison(2).id
        assert grids.create_comparison(comparison(4), [], once=Once("old", "another")) == comparison(4).id

    # -- what is there already

    def test_pictures_of_a_prompt_are_those_that_are_there_or_will_be(
        self, store: JobStore, grids: ComparisonStore
    ) -> None:
        long = "a heron " * 30
        done, running, queued, other, longer, stopped, trashed = submit(
            store, "a heron", "a heron", "a heron", "a fox", long, "a heron", "a heron"
        )
        store.cancel(stopped)
        for job_id in (done, running):
            held = claim(store)
            assert held.job.id == job_id
            if job_id == done:
                finish(store, held)
        submit(store, "a heron", owner="anna")
        store.cancel(trashed)
        store.trash([trashed], True)
        assert list(grids.pictures_of("me", ["a heron", "a heron"])) == [done, running, queued]
        assert grids.pictures_of("me", ["a heron"])[done] == request("a heron")
        assert list(grids.pictures_of("me", [long, "a fox"])) == [other, longer]
        assert grids.pictures_of("me", ["a heron " * 29, "A heron", ""]) == {}
        assert store.cancel(running) == "requested"
        store.trash([done], True)
        assert list(grids.pictures_of("me", ["a heron"])) == [queued]

    # -- what it may spend

    def test_a_call_counts_with_what_the_provider_took_at_the_forecasts_price(
        self, store: JobStore, grids: ComparisonStore
    ) -> None:
        grids.create_comparison(comparison(), [bought(key) for key in "abc"])
        assert grids.spending(comparison().id).queued == pytest.approx(3.0)
        finish(store, claim(store), credits=5)
        found = grids.spending(comparison().id)
        assert found.spent == pytest.approx(0.5)
        assert found.coming == pytest.approx(2.0)
        assert found.dearest == {("fake", "fake-1"): pytest.approx(0.5)}

    @pytest.mark.parametrize(
        ("outcome", "credits", "counts"),
        [
            pytest.param("not_charged", None, 0.0, id="what was clearly not charged is free"),
            pytest.param("refused", 0, 0.0, id="a refusal that took nothing is free"),
            pytest.param("refused", None, 1.0, id="a refusal that does not say is taken for paid"),
        ],
    )
    def test_a_failed_call_counts_unless_it_was_free(
        self,
        store: JobStore,
        grids: ComparisonStore,
        outcome: CallOutcome,
        credits: float | None,
        counts: float,
    ) -> None:
        grids.create_comparison(comparison(), [bought("a")])
        end(store, claim(store), outcome, credits)
        assert grids.spending(comparison().id).committed == pytest.approx(counts)

    def test_a_call_under_way_or_unclear_counts_as_spent(self, store: JobStore, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(), [bought("a")])
        held = claim(store)
        assert grids.spending(comparison().id) == Spending(claimed=1.0)
        assert store.begin_call(held, idempotent=False)
        assert grids.spending(comparison().id).spent == pytest.approx(1.0)
        assert store.unknown(held, "Nobody knows.")
        assert grids.spending(comparison().id).spent == pytest.approx(1.0)
        store.again(held.job.id, when=(JobStatus.UNKNOWN,))
        assert grids.spending(comparison().id).committed == pytest.approx(2.0)

    def test_what_was_adopted_costs_nothing_here(self, store: JobStore, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(1), [bought("a")])
        grids.create_comparison(comparison(2), [cell("a", adopts=job_in(grids, "a").id)])
        finish(store, claim(store))
        assert grids.spending(comparison(2).id) == Spending()

    def test_a_replaced_removed_or_deleted_picture_stays_paid(self, store: JobStore, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(), [bought("a"), bought("b"), bought("c")])
        for _ in range(3):
            finish(store, claim(store))
        gone = job_in(grids, "c").id
        grids.change_comparison(comparison(), [cell("a")], without=["b"])
        store.trash([gone], True)
        store.purge([gone])
        assert grids.spending(comparison().id).spent == pytest.approx(3.0)

    def test_a_job_that_would_go_past_the_cap_is_taken_out_of_the_line_and_says_so(
        self, store: JobStore, grids: ComparisonStore
    ) -> None:
        grids.create_comparison(comparison(cap_usd=3.0), [bought(key) for key in "abc"])
        [later] = submit(store, "of no comparison")
        finish(store, claim(store), credits=25)  # 2.50 rather than 1.00
        assert claim(store).job.id == later
        assert store.claim("w", lease_s=60, limits=LIMITS) is None
        for key in "bc":
            job = job_in(grids, key)
            assert (job.status, job.error_code) == (JobStatus.CANCELLED, "cap")
            assert job.error is not None
            assert "Raise the limit" in job.error
            assert job.finished_at is not None

    def test_a_model_that_once_cost_more_is_expected_to_do_so_again(
        self, store: JobStore, grids: ComparisonStore
    ) -> None:
        grids.create_comparison(comparison(cap_usd=5.0), [bought(key) for key in "abc"])
        finish(store, claim(store), credits=30)
        # 2.00 are left, which would do for the forecast of 1.00, and not for another 3.00.
        assert store.claim("w", lease_s=60, limits=LIMITS) is None
        assert grids.spending(comparison().id).spent == pytest.approx(3.0)

    def test_calls_under_way_count_before_their_price_is_known(self, store: JobStore, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(cap_usd=2.0), [bought(key) for key in "abc"])
        first, second = claim(store), claim(store)
        assert store.begin_call(first, idempotent=False)
        assert store.claim("w", lease_s=60, limits=LIMITS) is None
        assert job_in(grids, "c").error_code == "cap"
        assert store.begin_call(second, idempotent=False)

    def test_a_job_held_back_goes_on_once_the_cap_is_raised(self, store: JobStore, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(cap_usd=1.0), [bought("a"), bought("b")])
        finish(store, claim(store))
        assert store.claim("w", lease_s=60, limits=LIMITS) is None
        grids.change_comparison(comparison(cap_usd=2.0))
        held = job_in(grids, "b").id
        assert store.again(held, when=(JobStatus.CANCELLED,))
        assert claim(store).job.id == held

    def test_a_cap_holds_for_its_own_comparison(self, store: JobStore, grids: ComparisonStore) -> None:
        grids.create_comparison(comparison(1, cap_usd=0.5), [bought("a")])
        grids.create_comparison(comparison(2), [bought("a")])
        assert claim(store).job.id == job_in(grids, "a", 2).id

    def test_a_free_model_is_never_stopped(self, store: JobStore, grids: ComparisonStore) -> None:
        cells = [bought("a"), *(bought(key, 0.0) for key in "bcd")]
        grids.create_comparison(comparison(cap_usd=1.0), cells)
        finish(store, claim(store), credits=50)
        for key in "bcd":
            held = claim(store)
            assert held.job.id == job_in(grids, key).id
            finish(store, held, credits=50)

    def test_with_many_workers_at_once_no_more_is_begun_than_the_cap_allows(
        self, store: JobStore, grids: ComparisonStore
    ) -> None:
        grids.create_comparison(comparison(cap_usd=3.0), [bought(str(number)) for number in range(8)])
        limits = {"fake": Limits(concurrency=100)}
        got = at_once(8, lambda: store.claim("w", lease_s=60, limits=limits))
        assert sum(each is not None for each in got) == 3

    # -- votes

    @pytest.fixture
    def shown(self, store: JobStore, grids: ComparisonStore) -> dict[str, str]:
        """Job ids of a comparison with the three finished pictures a, b and c."""
        grids.create_comparison(comparison(), [bought(key) for key in "abc"])
        for _ in "abc":
            finish(store, claim(store))
        return {key: job_in(grids, key).id for key in "abc"}

    @pytest.mark.usefixtures("shown")
    def test_a_ballot_comes_back_and_is_open_until_it_is_cast(self, grids: ComparisonStore) -> None:
        assert grids.add_ballot(ballot()) == ballot()
        assert grids.ballot(ballot().id) == ballot()
        assert grids.open_ballot(comparison().id, "vera") == ballot()
        assert grids.open_ballot(comparison().id, "walt") is None
        assert grids.votes(comparison().id) == []
        at = NOW + timedelta(minutes=1)
        assert grids.cast(ballot().id, "tie", at=at)
        cast = replace(ballot(), choice="tie", cast_at=at)
        assert grids.ballot(ballot().id) == cast
        assert grids.votes(comparison().id) == grids.ballots_of(comparison().id, "vera") == [cast]
        assert grids.open_ballot(comparison().id, "vera") is None
        assert grids.ballot("nonsense") is None

    @pytest.mark.usefixtures("shown")
    def test_a_voter_has_one_ballot_on_two_pictures_whichever_side(self, grids: ComparisonStore) -> None:
        grids.add_ballot(ballot(1, "a", "b"))
        assert grids.add_ballot(ballot(2, "b", "a")) == ballot(1, "a", "b")
        assert grids.ballot(ballot(2).id) is None
        assert grids.add_ballot(ballot(3, "a", "c")) == ballot(3, "a", "c")
        assert grids.add_ballot(ballot(4, "b", "a", voter="walt")) == ballot(4, "b", "a", voter="walt")
        assert [each.id for each in grids.ballots_of(comparison().id, "vera")] == [ballot(1).id, ballot(3).id]

    @pytest.mark.usefixtures("shown")
    def test_of_many_ballots_for_one_voter_at_once_there_is_one(self, grids: ComparisonStore) -> None:
        numbers = iter(range(1, 100))
        got = at_once(6, lambda: grids.add_ballot(ballot(next(numbers))))
        assert len({each.id for each in got}) == 1
        assert len(grids.ballots_of(comparison().id, "vera")) == 1

    @pytest.mark.usefixtures("shown")
    def test_a_ballot_is_cast_once_also_by_many_at_once(self, grids: ComparisonStore) -> None:
        grids.add_ballot(ballot())
        choices: list[Choice] = ["left", "right", "tie", "bad", "left", "right"]
        remaining = iter(choices)
        got = at_once(6, lambda: (choice := next(remaining), grids.cast(ballot().id, choice, at=NOW)))
        [said] = [choice for choice, was_cast in got if was_cast]
        assert [each.choice for each in grids.votes(comparison().id)] == [said]
        assert not grids.cast(ballot().id, "bad", at=NOW)
        assert not grids.cast("nonsense", "bad", at=NOW)

    @pytest.mark.usefixtures("shown")
    def test_votes_come_in_the_sequence_they_were_cast(self, grids: ComparisonStore) -> None:
        voters = ["ada", "bob", "cyd", "dan"]
        for number, voter in enumerate(voters):
            grids.add_ballot(ballot(number, voter=voter))
        for number in (2, 0, 3, 1):
            grids.cast(ballot(number).id, "left", at=NOW)  # all in one instant
        assert [each.voter for each in grids.votes(comparison().id)] == ["cyd", "ada", "dan", "bob"]

    def test_votes_on_what_was_taken_out_are_left_out(self, grids: ComparisonStore, shown: dict[str, str]) -> None:
        for number, keys in enumerate(("ab", "bc", "ca")):
            grids.add_ballot(ballot(number, *keys))
            grids.cast(ballot(number).id, "left", at=NOW)
        grids.remove_cells(comparison().id, ["a"])
        assert [each.id for each in grids.votes(comparison().id)] == [ballot(1).id]
        assert grids.ballot(ballot(0).id) is not None
        now = grids.comparison(comparison().id, owner=None)
        assert now is not None
        # The same picture put back has its votes again.
        grids.change_comparison(now, [cell("a", adopts=shown["a"])])
        assert len(grids.votes(comparison().id)) == 3

    def test_a_vote_is_on_the_picture_that_was_shown_and_not_on_the_one_that_took_its_place(
        self, store: JobStore, grids: ComparisonStore, shown: dict[str, str]
    ) -> None:
        grids.add_ballot(ballot(1, "a", "b"))
        grids.cast(ballot(1).id, "right", at=NOW)
        grids.add_ballot(ballot(2, "a", "c"))
        grids.change_comparison(comparison(), [bought("a")])
        finish(store, claim(store))
        assert grids.votes(comparison().id) == []
        assert grids.open_ballot(comparison().id, "vera") is None
        assert grids.ballots_of(comparison().id, "vera") == []
        again = ballot(3, "b", "a")
        assert grids.add_ballot(again) == again

    def test_votes_outlive_the_deletion_of_a_picture(
        self, store: JobStore, grids: ComparisonStore, shown: dict[str, str]
    ) -> None:
        grids.add_ballot(ballot())
        grids.cast(ballot().id, "left", at=NOW)
        store.trash([shown["a"]], True)
        assert len(grids.votes(comparison().id)) == 1
        store.purge([shown["a"]])
        assert len(grids.votes(comparison().id)) == 1

    @pytest.mark.usefixtures("shown")
    def test_only_ballots_that_were_never_cast_are_forgotten(self, grids: ComparisonStore) -> None:
        for number, keys in enumerate(("ab", "bc", "ca")):
            grids.add_ballot(ballot(number, *keys))
        grids.cast(ballot(0).id, "left", at=NOW)
        limit = NOW + timedelta(seconds=2)
        assert grids.forget_ballots(before=limit) == 1
        assert grids.forget_ballots(before=limit) == 0
        assert [each.id for each in grids.ballots_of(comparison().id, "vera")] == [ballot(0).id, ballot(2).id]
