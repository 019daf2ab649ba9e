"""Voting through the whole core: real SQLite, real pictures, and what the votes come to after each of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

import pytest

from reve_core.compare.models import OWNER, Axes, Ballot, Comparison, Maker
from reve_core.compare.result import in_words
from reve_core.compare.result_view import results_view
from reve_core.errors import BadInput, ComparisonNotFound, WrongState
from reve_core.models import JobRequest
from reve_core.polls import Polls
from reve_core.service import Studio
from reve_core.store.sqlite import SqliteStore
from tests.building import build_studio, running, until
from tests.fakes import FakeProvider

ME = "me"
PROMPTS = ("a red fox", "a red heron")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SqliteStore:
    return SqliteStore(tmp_path_factory.mktemp("polls") / "reve.db", timeout_s=2.0)


@pytest.fixture(scope="module")
def studio(store: SqliteStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One for all tests here: each has comparisons of its own, and a picture costs more than a vote."""
    folder = tmp_path_factory.mktemp("studio")
    with running(build_studio(folder, FakeProvider(), FakeProvider(name="other"), store=store)) as started:
        yield started


@pytest.fixture
def polls(studio: Studio, store: SqliteStore) -> Polls:
    """As the service has it, but for chance, which is the same in every run."""
    return Polls(grids=store, catalogue=studio.catalogue, chance=Random(11))


def make(studio: Studio, prompts: tuple[str, ...] = PROMPTS, **axes: object) -> Comparison:
    """A comparison whose pictures are there."""
    made = studio.comparisons.make(Axes(prompts=prompts, **axes), owner=ME)  # type: ignore[arg-type]
    return finished(studio, made)


def finished(studio: Studio, made: Comparison) -> Comparison:
    def jobs() -> list[object]:
        return [cell.job for cell in studio.comparisons.grid(made.id, owner=ME).cells.values()]

    until(lambda: all(job is not None and job.status == "done" for job in jobs()))  # type: ignore[attr-defined]
    return studio.comparisons.get(made.id, owner=ME)


def row_of(studio: Studio, comparison: Comparison, key: str) -> str:
    return studio.comparisons.cell(comparison.id, key, owner=ME).place.row


def favour(studio: Studio, comparison: Comparison, ballot: Ballot, row: str) -> str:
    """The choice of somebody who likes that row best."""
    if row_of(studio, comparison, ballot.left) == row:
        return "left"
    return "right" if row_of(studio, comparison, ballot.right) == row else "tie"


def vote(polls: Polls, comparison: Comparison, voter: str, choice: str = "left") -> Ballot:
    ballot = polls.next_ballot(comparison, voter)
    assert ballot is not None
    return polls.cast(comparison, ballot.id, choice, voter=voter)


# -- a ballot


def test_three_visitors_cast_three_votes(studio: Studio, polls: Polls) -> None:
    comparison = make(studio)
    for visitor in ("ann", "bob", "cy"):
        ballot = polls.next_ballot(comparison, visitor)
        assert ballot is not None
        polls.cast(comparison, ballot.id, favour(studio, comparison, ballot, "r1"), voter=visitor)
    found = polls.result(comparison)
    assert (found.votes, found.voters, found.by_visitors) == (3, 3, 3)
    [question] = found.questions
    assert [(place.wins, place.losses) for place in question.standing.places] == [(3, 0), (0, 3)]
    assert in_words(found) == "3 votes: A 100 %, not decided yet"


def test_whoever_comes_back_sees_the_ballot_that_is_open(studio: Studio, polls: Polls) -> None:
    comparison = make(studio, samples=2)
    first = polls.next_ballot(comparison, "ann")
    assert polls.next_ballot(comparison, "ann") == first
    assert polls.next_ballot(comparison, "bob") != first


def test_one_vote_per_visitor_and_pair_then_there_is_none_left(studio: Studio, polls: Polls) -> None:
    comparison = make(studio, samples=2)
    pairs = set()
    for done in range(4):
        assert polls.progress(comparison, "ann") == (done, 4 - done)
        ballot = vote(polls, comparison, "ann")
        pairs.add(frozenset((ballot.left, ballot.right)))
    assert len(pairs) == 4
    assert polls.next_ballot(comparison, "ann") is None
    assert polls.progress(comparison, "ann") == (4, 0)


def test_the_first_vote_on_a_ballot_stands(studio: Studio, polls: Polls) -> None:
    comparison = make(studio)
    ballot = vote(polls, comparison, "ann", "left")
    assert ballot.choice == "left"
    assert polls.cast(comparison, ballot.id, "right", voter="ann") == ballot
    assert polls.result(comparison).votes == 1


def test_a_ballot_is_its_voters_and_its_comparisons_alone(studio: Studio, polls: Polls) -> None:
    comparison, other = make(studio), make(studio, samples=2)
    ballot = polls.next_ballot(comparison, "ann")
    assert ballot is not None
    for which, voter in ((comparison, "bob"), (other, "ann"), (comparison, OWNER)):
        with pytest.raises(ComparisonNotFound):
            polls.cast(which, ballot.id, "left", voter=voter)
        with pytest.raises(ComparisonNotFound):
            polls.ballot(which, ballot.id, voter=voter)
    with pytest.raises(BadInput, match="left, right, tie or bad"):
        polls.cast(comparison, ballot.id, "both", voter="ann")
    assert polls.result(comparison).votes == 0


def test_a_ballots_id_says_nothing_about_its_pictures(studio: Studio, polls: Polls) -> None:
    comparison = make(studio)
    ids = {polls.next_ballot(comparison, f"v{number}").id for number in range(20)}  # type: ignore[union-attr]
    assert len(ids) == 20
    keys = {cell.key for cell in studio.comparisons.grid(comparison.id, owner=ME).cells.values()}
    assert not any(key in each or each in key for each in ids for key in keys)


# -- what changes while people vote


def test_a_frozen_comparison_takes_no_votes_and_keeps_its_result(studio: Studio, polls: Polls) -> None:
    comparison = make(studio)
    vote(polls, comparison, "ann")
    ballot = polls.next_ballot(comparison, "bob")
    assert ballot is not None
    frozen = studio.comparisons.freeze(comparison.id, True, owner=ME)
    assert polls.next_ballot(frozen, "cy") is None
    assert polls.pairs(frozen) == []
    # ``comparison`` was read before the freeze, as by a request that came at the same time.
    for stale in (frozen, comparison):
        with pytest.raises(WrongState, match="closed"):
            polls.cast(stale, ballot.id, "left", voter="bob")
        with pytest.raises(WrongState, match="closed"):
            polls.score(stale, [(ballot.left, ballot.right, "left")])
    found = polls.result(frozen)
    assert (found.votes, found.frozen_at) == (1, frozen.frozen_at)
    again = studio.comparisons.freeze(comparison.id, False, owner=ME)
    polls.cast(again, ballot.id, "left", voter="bob")
    assert polls.result(again).votes == 2


def test_votes_on_a_cell_that_is_removed_disappear_from_the_result(studio: Studio, polls: Polls) -> None:
    comparison = make(studio, samples=2)
    cast = [vote(polls, comparison, "ann") for _ in range(4)]
    gone = cast[0].left
    stay = sum(gone not in (each.left, each.right) for each in cast)
    studio.comparisons.remove(comparison.id, [gone], owner=ME)
    left = polls.result(studio.comparisons.get(comparison.id, owner=ME))
    assert left.votes == stay == 2


def test_an_open_ballot_on_a_picture_in_the_trash_is_passed_over(studio: Studio, polls: Polls) -> None:
    comparison = make(studio, ("a trashed fox", "a trashed heron"), samples=2)
    ballot = polls.next_ballot(comparison, "ann")
    assert ballot is not None
    job = studio.comparisons.cell(comparison.id, ballot.left, owner=ME).job_id
    assert job is not None
    studio.shelf.trash([job], owner=ME)
    other = polls.next_ballot(comparison, "ann")
    assert other is not None
    assert ballot.left not in (other.left, other.right)


def test_a_row_that_is_added_is_asked_about(studio: Studio, polls: Polls) -> None:
    comparison = make(studio)
    vote(polls, comparison, "ann")
    assert polls.next_ballot(comparison, "ann") is None
    grown = studio.comparisons.extend(comparison.id, owner=ME, prompts=["a red cat"])
    finished(studio, grown)
    assert polls.progress(grown, "ann") == (1, 2)
    ballot = polls.next_ballot(grown, "ann")
    assert ballot is not None
    assert "r3" in {row_of(studio, grown, ballot.left), row_of(studio, grown, ballot.right)}


# -- the result


def test_a_twin_never_wins_and_its_votes_are_the_noise_line(studio: Studio, polls: Polls) -> None:
    comparison = make(studio, ("a noisy fox", "a noisy heron"))
    comparison = finished(studio, studio.comparisons.extend(comparison.id, twin_of="r1", owner=ME))
    for number in range(60):
        voter = f"v{number}"
        while (ballot := polls.next_ballot(comparison, voter)) is not None:
            rows = [row_of(studio, comparison, key) for key in (ballot.left, ballot.right)]
            # Everybody likes the twin best wherever it is.
            choice = "tie" if "r1-1" not in rows else ("left" if rows[0] == "r1-1" else "right")
            polls.cast(comparison, ballot.id, choice, voter=voter)
    found = polls.result(comparison)
    [noise] = found.noise
    assert (noise.name, noise.twin, noise.duel.wins_a, noise.duel.wins_b) == ("A", "A′", 0, 60)
    assert not noise.duel.decided
    [question] = found.questions
    assert [each.id for each in question.candidates] == ["r1", "r2"]
    assert question.standing.winner is None
    assert question.standing.votes == 60


def test_prompts_models_and_both_together_each_have_their_result(studio: Studio, polls: Polls) -> None:
    comparison = make(studio, makers=(Maker(provider="fake"), Maker(provider="other")))
    for number in range(30):
        ballot = polls.next_ballot(comparison, f"v{number}")
        assert ballot is not None
        polls.cast(comparison, ballot.id, favour(studio, comparison, ballot, "r2"), voter=f"v{number}")
    found = polls.result(comparison)
    prompts, models = found.questions
    assert (prompts.kind, models.kind) == ("prompts", "models")
    assert prompts.standing.winner == "r2"
    assert [each.name for each in models.candidates] == ["Fake", "Other"]
    assert models.standing.winner is None
    assert prompts.standing.votes + models.standing.votes == found.votes == 30
    assert len(found.crossed) == 4
    assert all(each.losses == 0 or each.row == "r1" or models.standing.votes for each in found.crossed)
    assert in_words(found).startswith("30 votes: B preferred; ")


def test_the_owners_scores_and_the_visitors_votes_can_be_told_apart(studio: Studio, polls: Polls) -> None:
    comparison = make(studio, samples=2)
    vote(polls, comparison, "ann")
    vote(polls, comparison, "bob", "tie")
    [pair] = polls.pairs(comparison, count=1)
    polls.score(comparison, [(*pair, "bad")])
    counts = {by: polls.result(comparison, by=by) for by in ("all", "visitors", "owner")}  # type: ignore[arg-type]
    assert {by: found.votes for by, found in counts.items()} == {"all": 3, "visitors": 2, "owner": 1}
    assert (counts["owner"].bad, counts["visitors"].ties) == (1, 1)
    assert all((found.by_visitors, found.by_owner) == (2, 1) for found in counts.values())


def test_a_result_is_worked_out_once_for_each_vote(studio: Studio, polls: Polls) -> None:
    comparison = make(studio, samples=2)
    vote(polls, comparison, "ann")
    first = polls.result(comparison)
    assert polls.result(comparison) is first
    vote(polls, comparison, "ann")
    assert polls.result(comparison) is not first


def test_few_pictures_behind_an_answer_are_said(studio: Studio, polls: Polls) -> None:
    comparison = make(studio)
    vote(polls, comparison, "ann")
    [question] = polls.result(comparison).questions
    assert [each.pictures for each in question.candidates] == [1, 1]
    assert question.verdict.caveat is not None


def test_a_result_without_votes_and_one_with_all_kinds_are_plain_json(studio: Studio, polls: Polls) -> None:
    comparison = make(studio, makers=(Maker(provider="fake"), Maker(provider="other")), samples=2)
    comparison = finished(studio, studio.comparisons.extend(comparison.id, twin_of="r2", owner=ME))
    empty = json.loads(json.dumps(results_view(polls.result(comparison))))
    assert empty["words"] == "No votes yet"
    assert [question["state"] for question in empty["questions"]] == ["empty", "empty"]
    for choice in ("left", "right", "tie", "bad", "left", "left", "left", "left", "right", "tie"):
        vote(polls, comparison, "ann", choice)
    shown = json.loads(json.dumps(results_view(polls.result(comparison))))
    assert (shown["votes"], shown["ties"], shown["both_bad"]) == (10, 2, 1)
    for question in shown["questions"]:
        for duel in question["duels"]:
            assert 0 <= duel["always"][0] <= duel["always"][1] <= 1
            assert duel["says"]


# -- the owner alone


def test_pairs_on_their_way_do_not_come_again(studio: Studio, polls: Polls) -> None:
    comparison = make(studio, samples=3)
    first = polls.pairs(comparison, count=4)
    rest = polls.pairs(comparison, count=20, besides=first)
    assert len({frozenset(pair) for pair in first + rest}) == len(first + rest) == 9
    assert polls.progress(comparison, OWNER) == (0, 9)


def test_scores_that_are_sent_twice_count_once_whichever_way_round(studio: Studio, polls: Polls) -> None:
    comparison = make(studio, samples=2)
    one, other = polls.pairs(comparison, count=2)
    stored = polls.score(comparison, [(*one, "left")])
    assert polls.score(comparison, [(*one, "right"), (one.right, one.left, "left"), (*other, "tie")])[0] == stored[0]
    assert polls.result(comparison).votes == 2
    assert polls.progress(comparison, OWNER) == (2, 2)


def test_a_score_of_a_ballot_that_was_open_the_other_way_round_is_turned(studio: Studio, polls: Polls) -> None:
    comparison = make(studio)
    ballot = polls.next_ballot(comparison, OWNER)
    assert ballot is not None
    [stored] = polls.score(comparison, [(ballot.right, ballot.left, "left")])
    assert (stored.id, stored.choice) == (ballot.id, "right")


def test_a_score_of_what_is_no_pair_is_passed_over(studio: Studio, polls: Polls) -> None:
    comparison = make(studio, samples=2)
    grid = studio.comparisons.grid(comparison.id, owner=ME)
    first, second = [cell.key for cell in grid.cells.values() if cell.place.row == "r1"]
    assert polls.score(comparison, [(first, second, "left"), (first, "nothing", "left")]) == []
    with pytest.raises(BadInput, match="left, right, tie or bad"):
        polls.score(comparison, [(first, second, "maybe")])


def test_a_bracket_of_eight_has_one_picture_of_each_on_a_common_ground(studio: Studio, polls: Polls) -> None:
    comparison = make(studio, tuple(f"fox number {number}" for number in range(8)), samples=2)
    entrants = polls.entrants(comparison, "prompts")
    assert sorted(row_of(studio, comparison, key) for key in entrants) == [f"r{number}" for number in range(1, 9)]
    # Any two of them can be scored against each other.
    votes = [(one, other, "left") for one in entrants for other in entrants if one < other]
    assert len(polls.score(comparison, votes)) == 28
    assert polls.entrants(comparison, "models") == []


# -- looking after every vote


def test_two_equal_candidates_are_decided_in_at_most_one_poll_of_twenty(studio: Studio, polls: Polls) -> None:
    jobs = settled_pair(studio)
    chance, decided = Random(5), 0
    for _ in range(24):
        comparison = studio.comparisons.of_pictures(jobs, owner=ME)
        decided += any(
            _cast(polls, comparison, f"v{number}", chance.choice(("left", "right", "right", "left", "tie")))
            for number in range(25)
        )
    assert decided <= 1


def test_a_clear_favourite_is_found(studio: Studio, polls: Polls) -> None:
    comparison = studio.comparisons.of_pictures(settled_pair(studio), owner=ME)
    chance = Random(6)
    for number in range(60):
        ballot = polls.next_ballot(comparison, f"v{number}")
        assert ballot is not None
        choice = favour(studio, comparison, ballot, "r1" if chance.random() < 0.85 else "r2")
        polls.cast(comparison, ballot.id, choice, voter=f"v{number}")
        if polls.result(comparison).questions[0].standing.winner:
            break
    assert polls.result(comparison).questions[0].standing.winner == "r1"


def settled_pair(studio: Studio) -> list[str]:
    jobs = [job.id for prompt in PROMPTS for job in studio.submit(JobRequest(prompt=prompt), owner=ME)]
    until(lambda: all(studio.get(job, owner=ME).status == "done" for job in jobs))
    return jobs


def _cast(polls: Polls, comparison: Comparison, voter: str, choice: str) -> bool:
    """Whether the page says "decided" after this vote."""
    vote(polls, comparison, voter, choice)
    return polls.result(comparison).questions[0].verdict.state == "decided"
