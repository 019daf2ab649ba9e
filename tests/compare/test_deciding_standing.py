from itertools import count

import pytest

from reve_core.compare.deciding import Judgement, standing


def votes(*won: tuple[str, str, int], voter: str | None = None) -> list[Judgement]:
    """``(winner, loser, how often)``, each by somebody new unless ``voter`` cast them all; sides in turn."""
    cast = []
    for number, (winner, loser) in enumerate((w, lo) for w, lo, times in won for _ in range(times)):
        by = voter or f"voter {number}"
        cast.append(
            Judgement(winner, loser, "left", by) if number % 2 else Judgement(loser, winner, "right", by),
        )
    return cast


def test_who_beats_each_of_the_others_beyond_doubt_has_won() -> None:
    now = standing(votes(("a", "b", 20), ("a", "c", 20), ("b", "c", 3), ("c", "b", 3)), ["a", "b", "c"])

    assert now.winner == now.leader == "a"
    assert now.more_votes == 0
    assert now.open_duels == ()
    assert [place.ruled_out for place in now.places] == [False, True, True]


def test_beating_all_but_one_is_not_winning() -> None:
    now = standing(votes(("a", "b", 40), ("a", "c", 4), ("c", "a", 2), ("b", "c", 1)), ["a", "b", "c"])

    assert (now.leader, now.winner) == ("a", None)
    assert [(d.a, d.b) for d in now.open_duels] == [("a", "c")]
    assert now.more_votes is not None
    assert now.more_votes > 5
    assert [place.ruled_out for place in now.places] == [False, True, False]


def test_a_pair_that_never_met_is_foretold_from_the_strengths_but_never_won_by_them() -> None:
    now = standing(votes(("a", "b", 60), ("b", "c", 60)), ["a", "b", "c"])

    assert (now.leader, now.winner) == ("a", None)
    assert now.more_votes is not None
    assert 5 <= now.more_votes <= 20


def test_a_winners_duels_are_shown_as_decided() -> None:
    """Ten to one settles it for one winner among six, and would not for one pair among fifteen."""
    others = ["b", "c", "d", "e", "f"]
    now = standing(votes(*(("a", other, 12) for other in others)), ["a", *others])

    assert now.winner == "a"
    assert all(d.better == "a" and d.always.low > 0.5 for d in now.duels if d.a == "a")


def test_a_circle_has_no_winner_and_no_leader() -> None:
    now = standing(votes(("a", "b", 30), ("b", "c", 30), ("c", "a", 30)), ["a", "b", "c"])

    assert (now.leader, now.winner, now.more_votes) == (None, None, None)
    assert all(place.ruled_out for place in now.places)


def test_two_candidates_are_judged_as_in_a_duel() -> None:
    cast = votes(("a", "b", 14), ("b", "a", 3))
    now = standing(cast, ["a", "b"])

    (only,) = now.duels
    assert only.decided == (now.winner == "a")
    assert only.alpha == 0.05
    assert now.places[0].strength == pytest.approx(14 / 17, abs=0.05)


def test_without_votes_nothing_is_said() -> None:
    now = standing([], ["a", "b", "c"])

    assert (now.leader, now.winner, now.more_votes, now.taste) == (None,) * 4
    assert [(place.strength, place.interval) for place in now.places] == [(None, None)] * 3
    assert (now.votes, now.decisive, now.voters, len(now.duels)) == (0, 0, 0, 3)
    assert now.linked


@pytest.mark.parametrize("candidates", [[], ["a"], ["a", "a"]])
def test_fewer_than_two_candidates_decide_nothing(candidates: list[str]) -> None:
    now = standing(votes(("a", "b", 30)), candidates)

    assert (now.winner, now.duels, now.left_out) == (None, (), 30)


def test_votes_for_somebody_who_is_no_candidate_are_left_out_and_counted() -> None:
    stray = [Judgement("a", "a", "left", "v"), Judgement("a", "gone", "left", "w"), Judgement("?", "!", "tie", "x")]

    assert standing([*stray, *votes(("a", "b", 5))], ["a", "b"]).left_out == 3
    assert (
        standing([*stray, *votes(("a", "b", 5))], ["a", "b"]).places
        == standing(votes(("a", "b", 5)), ["a", "b"]).places
    )


def test_groups_that_never_met_have_no_common_scale() -> None:
    now = standing(votes(("a", "b", 5), ("c", "d", 5)), ["a", "b", "c", "d"])

    assert not now.linked
    assert now.leader is None
    assert all(place.strength is None for place in now.places)


def test_a_candidate_added_later_does_not_blank_the_others() -> None:
    now = standing(votes(("a", "b", 5), ("b", "c", 4)), ["a", "b", "c", "new"])

    assert now.linked
    assert now.places[0].strength is not None
    assert now.places[3].strength is None
    assert now.more_votes is None


def test_one_person_has_a_taste_and_names_no_winner() -> None:
    now = standing(votes(("a", "b", 20), ("a", "c", 20), voter="me"), ["a", "b", "c"])

    assert (now.winner, now.taste) == (None, "a")
    assert not any(place.ruled_out for place in now.places)


def test_a_second_person_ends_the_talk_of_one_taste() -> None:
    cast = [*votes(("a", "b", 20), voter="me"), Judgement("a", "b", "right", "you")]

    assert standing(cast, ["a", "b"]).taste is None


def test_only_ties_leave_everything_open() -> None:
    cast = [Judgement("a", "b", choice, f"v{at}") for at, choice in zip(count(), ("tie", "bad", "tie"), strict=False)]
    now = standing(cast, ["a", "b"])

    assert (now.votes, now.decisive, now.leader, now.more_votes) == (3, 0, None, None)
