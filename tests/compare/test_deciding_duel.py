import pytest

from reve_core.compare.deciding import Judgement, duel, settles
from tests.compare.test_deciding_standing import votes


def test_it_counts_what_was_said_of_the_two_whichever_side_they_stood_on() -> None:
    cast = [
        Judgement("a", "b", "left", "1"),
        Judgement("b", "a", "right", "2"),
        Judgement("b", "a", "left", "3"),
        Judgement("a", "b", "tie", "4"),
        Judgement("b", "a", "bad", "5"),
        Judgement("a", "c", "left", "6"),
        Judgement("a", "a", "left", "7"),
    ]
    found = duel(cast, "a", "b")

    assert (found.wins_a, found.wins_b, found.ties, found.both_bad, found.votes, found.voters) == (2, 1, 1, 1, 5, 5)
    assert found.share == pytest.approx(2 / 3)
    turned = duel(cast, "b", "a")
    assert (turned.wins_a, turned.wins_b, turned.ties, turned.both_bad) == (1, 2, 1, 1)


def test_without_a_decisive_vote_there_is_no_share_and_no_forecast() -> None:
    for cast in ([], [Judgement("a", "b", "tie", "1"), Judgement("a", "b", "bad", "2")]):
        found = duel(cast, "a", "b")
        assert (found.share, found.wilson, found.always, found.more_votes) == (None, (0, 1), (0, 1), None)
        assert not found.decided


def test_one_vote_decides_nothing() -> None:
    found = duel(votes(("a", "b", 1)), "a", "b")

    assert (found.share, found.decided, found.more_votes) == (1.0, False, 8)


def test_the_better_one_is_named_for_either_sequence_of_names() -> None:
    cast = votes(("a", "b", 20), ("b", "a", 3))

    assert duel(cast, "a", "b").better == duel(cast, "b", "a").better == "a"
    assert duel(cast, "a", "b").more_votes == 0


def test_the_forecast_counts_votes_of_which_some_will_be_ties() -> None:
    clear = votes(("a", "b", 7), ("b", "a", 3))
    ties = [Judgement("a", "b", "tie", f"t{n}") for n in range(10)]
    without, having = duel(clear, "a", "b").more_votes, duel(clear + ties, "a", "b").more_votes

    assert without is not None
    assert having == 2 * without


def test_a_voter_counts_once_towards_a_decision_by_the_first_clear_choice() -> None:
    cast = [
        Judgement("a", "b", "tie", "me"),
        Judgement("a", "b", "left", "me"),
        *[Judgement("a", "b", "right", "me")] * 30,
        Judgement("a", "b", "right", "you"),
    ]
    found = duel(cast, "a", "b")

    assert (found.wins_a, found.wins_b) == (1, 31)
    assert (found.counted_a, found.counted_b) == (1, 1)
    assert not found.decided
    assert found.taste is None  # two people chose


def test_one_person_alone_settles_nothing_for_others() -> None:
    found = duel(votes(("a", "b", 40), voter="me"), "a", "b")

    assert not found.decided
    assert found.taste == "a"
    assert found.more_votes == 8


def test_the_same_prompt_against_itself_is_never_decided() -> None:
    cast = [Judgement("a", "a", "left", f"v{n}") for n in range(50)]
    found = duel(cast, "a", "a")

    assert (found.wins_a, found.wins_b, found.decided, found.more_votes) == (50, 0, False, None)
    assert settles(50, 0)


def test_a_choice_that_is_none_is_an_error_and_no_guess() -> None:
    with pytest.raises(ValueError, match="sideways"):
        duel([Judgement("a", "b", "sideways", "v")], "a", "b")  # type: ignore[arg-type]
