"""Which two pictures a voter sees next: one difference, every pair in its time, sides by chance."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from reve_core.compare import ballots
from reve_core.compare.ballots import Outlook, Pool, Votes, asked
from reve_core.compare.models import Choice, Comparison
from reve_core.models import JobStatus
from tests.compare.voting import cells, comparison, places, vote

NOTHING = Outlook(Votes())


def pool_of(which: Comparison) -> Pool:
    return ballots.pool(which, cells(which))


def all_pairs(pool: Pool, seed: int = 1) -> list[ballots.Pair]:
    """Everything that one voter is shown, until there is none left."""
    own, chance, found = Votes(), Random(seed), []
    while (pair := ballots.next_pair(pool, NOTHING, own, chance=chance)) is not None:
        own.add(pool, *pair)
        found.append(pair)
    return found


@pytest.mark.parametrize(
    "which",
    [
        pytest.param(comparison(), id="two prompts"),
        pytest.param(comparison(3, samples=3, twins=("r2",)), id="with noise control"),
        pytest.param(comparison(2, models=3, ratios=("1:1", "3:2"), samples=2), id="prompts, models and shapes"),
        pytest.param(comparison(3, models=2, seeds=(7, 8), samples=2, twins=("r1",)), id="seeds"),
        pytest.param(comparison(1, models=2), id="two models"),
    ],
)
def test_a_voter_gets_every_pair_that_differs_in_one_thing_and_none_twice(which: Comparison) -> None:
    at = places(which)
    legal = {frozenset((one, other)) for one in at for other in at if one < other and asked(which, at[one], at[other])}
    shown = [frozenset(pair) for pair in all_pairs(pool_of(which))]
    assert len(shown) == len(set(shown)) == pool_of(which).size
    assert set(shown) == legal


def test_what_stands_side_by_side_differs_in_the_prompt_or_in_the_model_alone() -> None:
    which = comparison(2, models=2, ratios=("1:1", "3:2"))
    at = places(which)
    for left, right in all_pairs(pool_of(which)):
        one, other = at[left], at[right]
        differs = (one.row != other.row) + (one.provider != other.provider) + (one.aspect_ratio != other.aspect_ratio)
        assert differs == 1
        assert one.aspect_ratio == other.aspect_ratio


def test_pictures_of_a_seed_meet_those_that_began_with_the_same_noise() -> None:
    which = comparison(2, seeds=(7, 8), samples=2)
    at = places(which)
    for left, right in all_pairs(pool_of(which)):
        assert (at[left].seed, at[left].sample) == (at[right].seed, at[right].sample)


def test_a_twin_meets_its_original_and_nobody_else() -> None:
    which = comparison(3, twins=("r1",))
    at = places(which)
    rows = {frozenset((at[left].row, at[right].row)) for left, right in all_pairs(pool_of(which))}
    assert {pair for pair in rows if "r1-1" in pair} == {frozenset(("r1", "r1-1"))}


def test_noise_control_comes_now_and_then_while_there_is_something_to_ask() -> None:
    which = comparison(6, samples=8, twins=("r1", "r2"))
    shown = all_pairs(pool_of(which))[:400]
    noise = sum("-1 " in left + right for left, right in shown)
    # One in eight: 50 of 400, and with luck of four standard deviations.
    assert 24 < noise < 77


def test_a_picture_that_is_not_there_is_not_shown() -> None:
    which = comparison()
    found = cells(which)
    found[0] = replace(found[0], job=None)
    assert found[1].job is not None
    found[1] = replace(found[1], job=replace(found[1].job, status=JobStatus.RUNNING))
    assert ballots.pool(which, found).size == 0


def test_sides_are_a_fair_coin_wherever_a_picture_stands_in_the_grid() -> None:
    which = comparison(samples=1)
    pool, chance = pool_of(which), Random(3)
    first = "r1 p1 1:1 None 1"
    on_the_left = sum(
        pair.left == first
        for pair in (ballots.next_pair(pool, NOTHING, Votes(), chance=chance) for _ in range(2000))
        if pair is not None
    )
    # Four standard deviations of a fair coin are 89.
    assert abs(on_the_left - 1000) < 90


def test_sides_do_not_follow_from_the_sides_before() -> None:
    which = comparison(samples=1)
    pool, chance = pool_of(which), Random(4)
    pairs = [ballots.next_pair(pool, NOTHING, Votes(), chance=chance) for _ in range(2000)]
    changes = sum(one != other for one, other in pairwise(pairs))
    assert abs(changes - 1000) < 90


def test_the_pictures_that_were_seen_least_come_first() -> None:
    which = comparison(3, samples=4)
    pool, votes, chance = pool_of(which), [], Random(5)
    for number in range(120):
        look = ballots.outlook(pool, votes)
        pair = ballots.next_pair(pool, look, Votes(), chance=chance)
        assert pair is not None
        votes.append(vote(number, *pair, "tie", voter=f"v{number}"))
    shown = Counter(key for each in votes for key in (each.left, each.right))
    # 240 places among 12 pictures: 20 each.
    assert min(shown.values()) >= 17
    assert max(shown.values()) <= 23


def test_a_visitor_is_asked_about_new_candidates_before_other_pictures_of_the_same() -> None:
    which = comparison(4, samples=3)
    at = places(which)
    first_six = all_pairs(pool_of(which))[:6]
    assert len({frozenset((at[left].row, at[right].row)) for left, right in first_six}) == 6


def test_pairs_that_can_settle_it_come_more_often_than_pairs_that_are_settled() -> None:
    which = comparison(4, samples=1)
    pool, at, chance = pool_of(which), places(which), Random(6)
    votes = []
    for number in range(240):
        pair = ballots.next_pair(pool, ballots.outlook(pool, votes), Votes(), chance=chance)
        assert pair is not None
        rows = (at[pair.left].row, at[pair.right].row)
        # Everybody likes r1 and r2 better than the others, and cannot choose between these two.
        good = [row for row in rows if row in ("r1", "r2")]
        choice = "tie" if len(good) != 1 else ("left" if rows[0] == good[0] else "right")
        votes.append(vote(number, *pair, choice, voter=f"v{number}"))
    met = Counter(frozenset((at[each.left].row, at[each.right].row)) for each in votes)
    assert met[frozenset(("r1", "r2"))] > 2 * met[frozenset(("r3", "r4"))]
    assert met[frozenset(("r1", "r2"))] > 2 * met[frozenset(("r1", "r3"))]


def test_prompts_and_models_are_both_asked_about() -> None:
    which = comparison(2, models=2, samples=4)
    pool, votes, chance = pool_of(which), [], Random(7)
    for number in range(40):
        pair = ballots.next_pair(pool, ballots.outlook(pool, votes), Votes(), chance=chance)
        assert pair is not None
        votes.append(vote(number, *pair, "tie", voter=f"v{number}"))
    kinds = ballots.outlook(pool, votes).votes.kinds
    assert kinds["prompts"] == kinds["models"] == 20


def test_what_a_voter_said_does_not_choose_what_they_are_shown_next() -> None:
    which = comparison(3, samples=2)
    pool = pool_of(which)
    others = [
        vote(number, f"r{one} p1 1:1 None 1", f"r{other} p1 1:1 None 1", "left", voter=f"v{number}")
        for number, (one, other) in enumerate([(1, 2), (2, 3), (3, 1)] * 3)
    ]

    def shown(choice: Choice) -> list[ballots.Pair | None]:
        own, chance = Votes(), Random(8)
        mine = vote(99, "r1 p1 1:1 None 1", "r2 p1 1:1 None 1", choice, voter="me")
        own.add(pool, mine.left, mine.right)
        look = ballots.outlook(pool, [*others, mine])
        return [ballots.next_pair(pool, look, own, voter="me", chance=chance) for _ in range(50)]

    assert shown("left") == shown("right") == shown("tie")
